"""What happened to a case and when it was first seen: the courts' dated events, and what captures show to have changed; pure.

An event has the court's date (None where the court states none) and the time of the first capture that shows it: the one
is never made of the other. What a page leaves out has not ended: an act is withdrawn, and a case withdrawn from the site,
only where a listing whose counter was met shows it without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from archive.ledger.case import Case
from archive.ledger.observation import CoverageWindow, Extraction, Sighting, Window
from archive.ledger.words import registration as registration_of


class Said(NamedTuple):
    """One value of a page. subject, property, raw and value as in an Observation; ordinal: its place among its like."""

    subject: str
    property: str
    ordinal: int
    raw: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What one capture says of one registration."""

    extraction: Extraction
    said: tuple[Said, ...]

    def values(self, subject: str, property: str) -> list[str]:
        return [s.value for s in self.said if s.subject == subject and s.property == property and s.value is not None]


@dataclass(frozen=True, slots=True)
class Listing:
    """A register asked and read to its end, its counter met: the registrations that it lists. captures: its pages."""

    asked: CoverageWindow
    at: datetime
    captures: tuple[str, ...]
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event. event: a word of words.EVENTS. date: the court's own, as precise as it gives it.

    kind: `source` (the court's page says so), `parser` (the same bytes, read by a newer parser). observed: when the first
    capture that shows it was taken. detail: the court's words, or old and new; never a name. captures: where it is shown.
    """

    event: str
    registration: str
    date: str | None
    time: str | None
    observed: datetime
    detail: str
    kind: str
    captures: tuple[str, ...]


# What a registration's own result and date amount to as an event, by the instance of its register.
_DECISIONS: Final = {
    "verdict": "verdict", "convicted": "verdict", "acquitted": "verdict", "transferred": "transferred", "joined": "joined",
    "returned-to-prosecutor": "returned",
}  # fmt: skip


def pages(sightings: Iterable[Sighting], extractions: Iterable[Extraction]) -> dict[str, tuple[Page, ...]]:
    """By registration every capture that speaks of it, by time of capture. extractions: all that stand, not only the newest."""
    said: dict[tuple[str, str], list[Said]] = {}
    for s in sightings:
        if s.subject.startswith("reg:"):
            found = said.setdefault((s.extraction.reading, registration_of(s.subject)), [])
            found.append(Said(s.subject, s.property, s.ordinal, s.raw, s.value))
    by_reading: dict[str, list[str]] = {}
    for reading, registration in said:
        by_reading.setdefault(reading, []).append(registration)
    found_pages: dict[str, list[Page]] = {}
    for extraction in sorted(extractions, key=lambda e: (e.at, e.seq, e.id)):
        for registration in by_reading.get(extraction.reading, ()):
            values = tuple(sorted(said[extraction.reading, registration], key=lambda v: (v.subject, v.property, v.ordinal)))
            found_pages.setdefault(registration, []).append(Page(extraction, values))
    return {registration: tuple(found) for registration, found in found_pages.items()}


def timeline(case: Case, held: Mapping[str, Sequence[Page]], listings: Iterable[Listing] = ()) -> tuple[Happened, ...]:
    """All that happened to a case: by the court's date where there is one, else by the time it was seen.

    held: as `pages` makes it; listings: complete ones. The order of either decides nothing.
    """
    found: list[Happened] = []
    for one in case.registrations:
        history = held.get(one.subject, ())
        found += _dated(one.subject, history)
        found += _numbers(one.subject, history)
        found += _acts(one.subject, history)
        found += _names(one.subject, history)
    found += _withdrawn(case, held, sorted(listings, key=lambda listing: (listing.at, listing.captures)))
    return tuple(sorted(found, key=_order))


def _order(event: Happened) -> tuple[object, ...]:
    when = event.date or event.observed.date().isoformat()
    return (when, event.time or "", event.observed, event.registration, event.event, event.detail)


def _dated(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """The events a court dates, each once, where it is first shown: rows of its list, and the dates of the registration.

    A row with an hour tells more than the registration's own date of the same word and day: then it stands for both.
    """
    first: dict[tuple[str, str | None, str | None, int], Happened] = {}
    for at, page in enumerate(history):
        alike: dict[tuple[str, str | None, str | None], int] = {}
        for word, date, hour, detail in _facts(subject, page):
            alike[word, date, hour] = again = alike.get((word, date, hour), 0) + 1
            kind, capture = _kind(page, history[:at]), page.extraction.capture
            event = Happened(word, subject, date, hour, page.extraction.at, detail, kind, (capture,))
            first.setdefault((word, date, hour, again), event)
    timed = {(word, date): key for key in reversed(first) if key[2] is not None for word, date in [key[:2]]}
    for key in [key for key in first if key[2] is None and key[:2] in timed]:
        bare, whole = first.pop(key), first[timed[key[:2]]]
        if bare.observed < whole.observed:
            captures = (*bare.captures, *whole.captures)
            first[timed[key[:2]]] = replace(whole, observed=bare.observed, kind=bare.kind, captures=captures)
    return first.values()


def _facts(subject: str, page: Page) -> Iterable[tuple[str, str | None, str | None, str]]:
    """Word, date, time and the court's words of every event on a page."""
    rows: dict[str, dict[str, Said]] = {}
    for said in page.said:
        if "#event:" in said.subject or "#hearing:" in said.subject:
            rows.setdefault(said.subject, {}).setdefault(said.property, said)
    listed: set[tuple[str, str | None]] = set()
    for part, row in sorted(rows.items(), key=lambda item: (len(item[0]), item[0])):
        name = row.get("name")
        word = "hearing" if "#hearing:" in part else (name.value if name and name.value else "other")
        date, hour = (row[key].value if key in row else None for key in ("date", "time"))
        result = row.get("result")
        detail = ": ".join(said.raw for said in (name, result) if said is not None)
        listed.add((word, date))
        yield word, date, hour, detail
    for word, date, detail in _own(subject, page):
        if (word, date) not in listed:
            yield word, date, None, detail


def _own(subject: str, page: Page) -> Iterable[tuple[str, str, str]]:
    """The dated facts of the registration itself."""
    own = {said.property: said for said in reversed(page.said) if said.subject == subject}
    register = subject.split(":", 2)[1]
    received, decided, result, force = (own.get(name) for name in ("received", "decided", "result", "in_force"))
    if received is not None and received.value:
        yield "received", received.value, received.raw
    if decided is not None and decided.value and result is not None and result.value:
        if register.endswith("-cassation"):
            word = "cassation"
        elif register.endswith("-appeal"):
            word = "appeal-result"
        else:
            word = _DECISIONS.get(result.value, "other")
        yield word, decided.value, result.raw
    if force is not None and force.value:
        yield "in-force", force.value, force.raw


def _kind(page: Page, before: Sequence[Page]) -> str:
    """The same bytes as an earlier capture, read by another parser, tell nothing new of the court."""
    digest = page.extraction.payload_sha256
    same = [p for p in before if digest is not None and p.extraction.payload_sha256 == digest]
    return "parser" if same and all(p.extraction.parser != page.extraction.parser for p in same) else "source"


def _numbers(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """Each time that a number is met which the registration did not bear before, with the one that it bore.

    The first page of all may tell of an older number itself: `1-17/2026 (1-648/2025;)`.
    """
    known: list[str] = []
    bore: list[str] = []
    for at, page in enumerate(history):
        current = page.values(subject, "number")
        fresh = [number for number in current if number not in known]
        if not fresh:
            continue
        bore = bore or [n for n in page.values(subject, "number_previous") if n not in current]
        if bore:
            detail = f"{', '.join(dict.fromkeys(bore))} -> {', '.join(dict.fromkeys(fresh))}"
            yield _seen("number-changed", subject, page, history[:at], detail)
        known += [*fresh, *page.values(subject, "number_previous")]
        bore = current


def _acts(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """Acts placed on the site, counted: their addresses differ between a card and a listing. Fewer on a card say nothing."""
    published, listed = 0, 0
    for at, page in enumerate(history):
        acts = list(dict.fromkeys(page.values(subject, "act")))
        for address in acts[published:]:
            yield _seen("act-published", subject, page, history[:at], address)
        if page.extraction.kind == "listing" and page.extraction.counter is not None:
            if len(acts) < listed:
                yield _seen("act-withdrawn", subject, page, history[:at], f"{listed} -> {len(acts)}")
                published = len(acts)
            listed = len(acts)
        published = max(published, len(acts))


def _names(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """Names that the court printed and then hid, by pages of one kind: a name that is hidden says so on the page."""
    shown: dict[str, tuple[int, int]] = {}
    for at, page in enumerate(history):
        names = [s for s in page.said if s.property == "name" and s.subject.startswith(f"{subject}#person:")]
        open_, hidden = sum(s.value is not None for s in names), sum(s.value is None for s in names)
        before = shown.get(page.extraction.kind)
        if before is not None and open_ < before[0] and hidden > before[1]:
            count = min(before[0] - open_, hidden - before[1])
            yield _seen("anonymised", subject, page, history[:at], f"{count} of {len(names)}")
        if names:
            shown[page.extraction.kind] = (open_, hidden)


def _withdrawn(case: Case, held: Mapping[str, Sequence[Page]], listings: Sequence[Listing]) -> Iterable[Happened]:
    """Registrations that a complete listing leaves out although it covers them, and which it, or a page, showed before."""
    for one in case.registrations:
        court, received = one.own.get("court"), one.own.get("received")
        seen = [page.extraction.at for page in held.get(one.subject, ())]
        if court is None or received is None or len(received) < 10 or not seen:
            continue
        here = {r.subject for r in case.registrations if r.own.get("court") == court and r.register == one.register}
        gone_since: datetime | None = None
        for listing in listings:
            if not _covers(listing.asked, court, one.register, received) or listing.at <= min(seen):
                continue
            if gone_since is not None and any(gone_since < at <= listing.at for at in seen):
                gone_since = None
            if here & listing.subjects:
                gone_since = None
            elif gone_since is None:
                gone_since = listing.at
                window = f"{listing.asked.first or ''}..{listing.asked.last or ''}"
                detail = f"not among the {listing.asked.read} received {window} at {court}"
                yield Happened(
                    "withdrawn-from-site", one.subject, None, None, listing.at, detail, "source", listing.captures
                )  # fmt: skip


def _covers(asked: CoverageWindow, court: str, register: str, received: str) -> bool:
    if not asked.complete or (asked.court, asked.register) != (court, register):
        return False
    first, last = (None if day is None else day.isoformat() for day in (asked.first, asked.last))
    return (first is None or first <= received) and (last is None or received <= last)


def _seen(word: str, subject: str, page: Page, before: Sequence[Page], detail: str) -> Happened:
    extraction = page.extraction
    return Happened(word, subject, None, None, extraction.at, detail, _kind(page, before), (extraction.capture,))


def listings(wholes: Iterable[Window], answered: Iterable[Window], held: Mapping[str, Sequence[Page]]) -> tuple[Listing, ...]:
    """The complete listings: wholes as the book folds its windows, answered page by page (`Book.coverage`, `Book.windows`)."""
    shown: dict[str, set[str]] = {}
    for subject, history in held.items():
        for page in history:
            shown.setdefault(page.extraction.capture, set()).add(subject)
    captures: dict[tuple[object, ...], list[Window]] = {}
    for page_window in answered:
        captures.setdefault(_asking(page_window.asked), []).append(page_window)
    found = []
    for whole in wholes:
        if whole.asked.complete:
            taken = [w.capture for w in sorted(captures.get(_asking(whole.asked), ()), key=lambda w: (w.at, w.capture))]
            subjects = frozenset(subject for capture in taken for subject in shown.get(capture, ()))
            found.append(Listing(whole.asked, whole.at, tuple(dict.fromkeys(taken)), subjects))
    return tuple(found)


def _asking(asked: CoverageWindow) -> tuple[object, ...]:
    return asked.source, asked.court, asked.register, asked.first, asked.last, asked.run
