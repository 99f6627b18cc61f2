"""What happened to a case and when it was first seen: the courts' dated events, and what captures show to have changed; pure.

An event has the court's date (None where the court states none) and the time of the first capture that shows it: the one
is never made of the other. What a page leaves out has not ended: an act is withdrawn, and a case withdrawn from the site,
only where a listing whose counter was met shows it without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    """What one capture says of one registration. before: what older parsers had read in that same capture."""

    extraction: Extraction
    said: tuple[Said, ...]
    before: tuple[Page, ...] = ()

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

    kind: `source` (the court's page says so), `parser` (the same bytes, read by a newer parser), `identity` (what is one case
    was judged otherwise), `correction` (a person corrected a value). observed: when the first capture that shows it was taken;
    of what a parser or a person did, when that was. detail: the court's words, or old and new; never a name. captures: where
    it is shown. id: the same in every ledger that has seen it, whatever came later.
    """

    event: str
    registration: str
    date: str | None
    time: str | None
    observed: datetime
    detail: str
    kind: str
    captures: tuple[str, ...]
    id: str = ""


def event_id(*parts: object) -> str:
    """64 bits of sha256 over the parts as JSON."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]


# What a registration's own result and date amount to as an event, by the instance of its register.
_DECISIONS: Final = {
    "verdict": "verdict", "convicted": "verdict", "acquitted": "verdict", "transferred": "transferred", "joined": "joined",
    "returned-to-prosecutor": "returned",
}  # fmt: skip


def pages(
    sightings: Iterable[Sighting],
    extractions: Iterable[Extraction],
    older: Mapping[str, Sequence[Page]] | None = None,
) -> dict[str, tuple[Page, ...]]:
    """By registration every capture that speaks of it, by time of capture. extractions: all that stand, not only the newest.

    older: the same of readings that newer ones have taken the place of.
    """
    replaced: dict[tuple[str, str], list[Page]] = {}
    for registration, history in (older or {}).items():
        for page in history:
            replaced.setdefault((registration, page.extraction.capture), []).append(page)
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
            before = tuple(replaced.get((registration, extraction.capture), ()))
            found_pages.setdefault(registration, []).append(Page(extraction, values, before))
    return {registration: tuple(found) for registration, found in found_pages.items()}


def timeline(case: Case, held: Mapping[str, Sequence[Page]], listings: Iterable[Listing] = ()) -> tuple[Happened, ...]:
    """All that happened to a case: by the court's date where there is one, else by the time it was seen.

    held: as `pages` makes it; listings: complete ones. The order of either decides nothing.
    """
    found: list[Happened] = []
    for one in case.registrations:
        history = held.get(one.subject, ())
        # A man whose case was severed may go on standing on the first card, with the verdict of the other.
        elsewhere = {(p.get("decided"), p.get("result")) for told, p in case.people if told.subject != one.subject}
        own = {(p.get("decided"), p.get("result")) for told, p in case.people if told.subject == one.subject}
        found += _dated(one.subject, history, elsewhere - own)
        found += _numbers(one.subject, history)
        found += _acts(one.subject, history)
        found += _names(one.subject, history)
    found += _withdrawn(case, held, sorted(listings, key=lambda listing: (listing.at, listing.captures)))
    return tuple(sorted(found, key=_order))


def _order(event: Happened) -> tuple[object, ...]:
    when = event.date or event.observed.date().isoformat()
    return (when, event.time or "", event.observed, event.registration, event.event, event.detail)


def _dated(subject: str, history: Sequence[Page], elsewhere: Collection[_Outcome]) -> Iterable[Happened]:
    """The events a court dates, each once, where it is first shown: rows of its list, and the dates of the registration.

    A row with an hour tells more than the registration's own date of the same word and day: then it stands for both.
    """
    first: dict[tuple[str, str | None, str | None, int], Happened] = {}
    for at, page in enumerate(history):
        alike: dict[tuple[str, str | None, str | None], int] = {}
        for word, date, hour, detail in _facts(subject, page, elsewhere):
            alike[word, date, hour] = again = alike.get((word, date, hour), 0) + 1
            if (word, date, hour, again) not in first:
                event = _seen(word, subject, page, history[:at], detail, _has(subject, (word, date, hour), elsewhere))
                id_ = event_id(subject, word, date, hour, again)
                first[word, date, hour, again] = replace(event, date=date, time=hour, id=id_)
    timed = {(word, date): key for key in reversed(first) if key[2] is not None for word, date in [key[:2]]}
    for key in [key for key in first if key[2] is None and key[:2] in timed]:
        bare, whole = first.pop(key), first[timed[key[:2]]]
        if bare.observed < whole.observed:
            captures = (*bare.captures, *whole.captures)
            first[timed[key[:2]]] = replace(whole, observed=bare.observed, kind=bare.kind, captures=captures, id=bare.id)
    return first.values()


_Outcome = tuple[str | None, str | None]  # of a person: the day, and the word of it


def _has(subject: str, fact: tuple[str, str | None, str | None], elsewhere: Collection[_Outcome]) -> Callable[[Page], object]:
    return lambda page: fact in {told[:3] for told in _facts(subject, page, elsewhere)}


def _facts(subject: str, page: Page, elsewhere: Collection[_Outcome] = ()) -> Iterable[tuple[str, str | None, str | None, str]]:
    """Word, date, time and the court's words of every event on a page. elsewhere: outcomes that other registrations tell."""
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
    for word, date, detail in _verdicts(subject, page, elsewhere):
        listed.add((word, date))
        yield word, date, None, detail
    for word, date, detail in _own(subject, page):
        if (word, date) not in listed:
            yield word, date, None, detail


def _verdicts(subject: str, page: Page, elsewhere: Collection[_Outcome]) -> Iterable[tuple[str, str, str]]:
    """What became of each person, with his articles: a court may decide of several on several days."""
    people: dict[str, list[Said]] = {}
    for said in page.said:
        if said.subject.startswith(f"{subject}#person:") and not said.subject.endswith("#sentence"):
            people.setdefault(said.subject, []).append(said)
    if not subject.split(":", 2)[1].endswith("-1"):
        return
    for person in sorted(people, key=lambda name: (len(name), name)):
        first = {said.property: said for said in reversed(people[person])}
        decided, result = first.get("decided"), first.get("result")
        if decided is None or result is None or (decided.value, result.value) in elsewhere:
            continue
        if decided.value and result.value:
            articles = dict.fromkeys(said.value for said in people[person] if said.property == "article" and said.value)
            yield (
                _DECISIONS.get(result.value, "other"),
                decided.value,
                f"{', '.join(articles)}: {result.raw}".removeprefix(": "),
            )


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


def _kind(page: Page, before: Sequence[Page], told: Callable[[Page], object]) -> str:
    """The same bytes as an earlier capture, or this very capture, read by another parser, tell nothing new of the court."""
    if page.before and all(told(older) != told(page) for older in page.before):
        return "parser"
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
            yield _seen("number-changed", subject, page, history[:at], detail, lambda p: p.values(subject, "number"))
        known += [*fresh, *page.values(subject, "number_previous")]
        bore = current


def _acts(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """Acts placed on the site, counted: their addresses differ between a card and a listing. Fewer on a card say nothing."""
    published, listed = 0, 0
    for at, page in enumerate(history):
        acts = list(dict.fromkeys(page.values(subject, "act")))
        for address in acts[published:]:
            yield _seen("act-published", subject, page, history[:at], address, lambda p: p.values(subject, "act"))
        if page.extraction.kind == "listing" and page.extraction.counter is not None:
            if len(acts) < listed:
                gone = f"{listed} -> {len(acts)}"
                yield _seen("act-withdrawn", subject, page, history[:at], gone, lambda p: p.values(subject, "act"))
                published = len(acts)
            listed = len(acts)
        published = max(published, len(acts))


def _names(subject: str, history: Sequence[Page]) -> Iterable[Happened]:
    """Names that the court printed and then hid, by pages of one kind: a name that is hidden says so on the page."""
    shown: dict[str, tuple[int, int]] = {}
    for at, page in enumerate(history):
        open_, hidden = _shown_names(subject, page)
        before = shown.get(page.extraction.kind)
        if before is not None and open_ < before[0] and hidden > before[1]:
            count = min(before[0] - open_, hidden - before[1])
            said = f"{count} of {open_ + hidden}"
            yield _seen("anonymised", subject, page, history[:at], said, lambda p: _shown_names(subject, p))
        if open_ + hidden:
            shown[page.extraction.kind] = (open_, hidden)


def _shown_names(subject: str, page: Page) -> tuple[int, int]:
    """How many names a page prints, and how many it hides."""
    names = [s for s in page.said if s.property == "name" and s.subject.startswith(f"{subject}#person:")]
    return sum(s.value is not None for s in names), sum(s.value is None for s in names)


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
                    "withdrawn-from-site", one.subject, None, None, listing.at, detail, "source", listing.captures,
                    event_id(one.subject, "withdrawn-from-site", listing.captures[:1]),
                )  # fmt: skip


def _covers(asked: CoverageWindow, court: str, register: str, received: str) -> bool:
    if not asked.complete or (asked.court, asked.register) != (court, register):
        return False
    first, last = (None if day is None else day.isoformat() for day in (asked.first, asked.last))
    return (first is None or first <= received) and (last is None or received <= last)


def _seen(word: str, subject: str, page: Page, before: Sequence[Page], detail: str, told: Callable[[Page], object]) -> Happened:
    """An event that this page is the first to show. told: what of a page it is seen by."""
    extraction = page.extraction
    kind = _kind(page, before, told)
    # What a newer parser saw in an old capture was seen when it read it.
    at = extraction.recorded if kind == "parser" and page.before and extraction.recorded is not None else extraction.at
    id_ = event_id(subject, word, detail, extraction.capture)
    return Happened(word, subject, None, None, at, detail, kind, (extraction.capture,), id_)


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
