"""The ledger as plain rows: what the commands print and the exports write, with the keys that scripts rely on; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from archive.ledger import coverage
from archive.ledger.case import Case, Entity, Registration, holds
from archive.ledger.observation import Correction, CoverageWindow, Quoted, Window
from archive.ledger.rules import DATES
from archive.ledger.tally import Missing, Row, Tally
from archive.ledger.timeline import Happened
from archive.ledger.words import registration as registration_of

Plain = dict[str, Any]


def time(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, without the fraction where there is none."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def select(
    cases: Iterable[Case],
    *,
    court: str | None = None,
    article: str | None = None,
    since: date | None = None,
    query: str | None = None,
) -> Iterator[Case]:
    """The cases that a person asked for. since: received that day or later. query: in a name, number, UID or court."""
    wanted = None if query is None else query.casefold()
    for case in cases:
        if court is not None and all(r.own.get("court") != court for r in case.registrations):
            continue
        if article is not None and not any(holds(held, article) for held in case.articles):
            continue
        if since is not None and (case.received is None or case.received < since.isoformat()):
            continue
        if wanted is not None and not any(wanted in text.casefold() for text in searched(case)):
            continue
        yield case


def case_row(case: Case) -> Plain:
    """One line of `crawl cases`. persons: objects with name, articles, result, decided (null where hidden or not known)."""
    return {
        "case": case.id,
        "uid": case.uid,
        "court": case.court,
        "numbers": list(case.numbers),
        "received": case.received,
        "articles": list(case.articles),
        "persons": [
            {
                "name": person.get("name"),
                "articles": list(person.all("article")),
                "result": person.get("result"),
                "decided": person.get("decided"),
            }
            for person in case.persons
        ],
        "result": case.result,
        "decided": case.decided,
        "in_force": case.in_force,
        "captures": list(case.captures),
        "of_articles": case.of_articles,
    }


def value_rows(quoted: Iterable[Quoted]) -> Iterator[Plain]:
    """Lines of `crawl case`: every value that was ever read of it, each where its newest capture shows it.

    valid: the court's date of the value: its own for a date, else the date that the same page gives the same subject.
    """
    held = list(quoted)
    dates: dict[tuple[str, str], dict[str, str]] = {}
    for sighting, *_ in held:
        if sighting.property in DATES and sighting.value is not None:
            dates.setdefault((sighting.extraction.id, sighting.subject), {}).setdefault(sighting.property, sighting.value)
    for found in newest(held):
        sighting, extraction = found.sighting, found.sighting.extraction
        stated = dates.get((extraction.id, sighting.subject), {})
        decided = stated.get("decided") if sighting.property == "result" else None
        yield {
            "subject": sighting.subject,
            "property": sighting.property,
            "value": sighting.value,
            "raw": sighting.raw,
            "valid": sighting.value if sighting.property in DATES else stated.get("date", decided),
            "observed": time(extraction.at),
            "capture": extraction.capture,
            "selector": found.selector,
            "quote": found.quote,
            "start": found.start,
            "end": found.end,
            "parser": extraction.parser,
        }


def correction_rows(corrections: Iterable[Correction], registrations: Collection[str]) -> Iterator[Plain]:
    """The same lines of what people corrected: where the decision that is kept says it."""
    for each in corrections:
        if registration_of(each.subject) in registrations:
            yield {
                "subject": each.subject, "property": each.property, "value": each.value, "raw": each.value,
                "valid": each.value if each.property in DATES else None, "observed": time(each.at), "capture": each.id,
                "selector": "body.value", "quote": each.quote, "start": each.start, "end": each.start + len(each.quote),
                "parser": "decision/1",
            }  # fmt: skip


def newest(quoted: Iterable[Quoted]) -> list[Quoted]:
    """Each observation once, where its newest capture shows it; by subject, property, place and time."""
    best: dict[str, Quoted] = {}
    for found in quoted:
        sighting = found.sighting
        before = best.get(sighting.observation)
        if before is None or _when(before) < _when(found):
            best[sighting.observation] = found
    return sorted(best.values(), key=lambda q: (q.sighting.subject, q.sighting.property, q.sighting.ordinal, *_when(q)))


def tally_rows(tally: Tally) -> Iterator[Plain]:
    """Lines of `crawl tally`: the rows; after them, where they are grouped, the total, and each case left out."""
    grouped = tally.rows != (tally.total,)
    for row in tally.rows:
        yield tally_row(row)
    if grouped:
        yield {"kind": "total", **tally_row(tally.total)}
    for left in tally.undated:
        yield {"kind": "undated", "case": left.case, "missing": left.missing}


def tally_row(row: Row) -> Plain:
    """per_working_day: the quotient of `verdicts` and `working_days` as a number, not rounded."""
    return {
        **row.group,
        "received": row.received,
        "decided": row.decided,
        "verdicts": row.verdicts,
        "convicted": row.convicted,
        "acquitted": row.acquitted,
        "pending": row.pending,
        "working_days": row.working_days,
        "per_working_day": None if row.per_working_day is None else float(row.per_working_day),
        "coverage": {
            **asdict(row.coverage),
            "as_of": time(row.coverage.as_of),
            "missing": list(map(missing_row, row.coverage.missing)),
            "stale": list(map(missing_row, row.coverage.stale)),
        },
        "definition": row.definition,
        "texts": row.texts,
        "text_share": None if row.text_share is None else float(row.text_share),
    }


def missing_row(missing: Missing) -> Plain:
    """Days of a court's register that are missing, and why."""
    return {
        "court": missing.court,
        "register": missing.register,
        "from": None if missing.first is None else missing.first.isoformat(),
        "to": None if missing.last is None else missing.last.isoformat(),
        "gap": missing.gap,
    }


def coverage_rows(windows: Collection[Window]) -> Iterator[Plain]:
    """Every asking of a register, and what was planned and never asked, which has no capture."""
    for window in windows:
        yield {**_coverage_row(window.asked), "at": time(window.at), "capture": window.capture}
    for planned in coverage.unasked(windows):
        yield {**_coverage_row(planned), "at": None, "capture": None}


def _coverage_row(window: CoverageWindow) -> Plain:
    row = coverage.row(window)
    return {**{key: value for key, value in row.items() if key != "kind"}, "run": window.run}


def person_rows(case: Case) -> Iterator[Plain]:
    """Every person of every registration of a case; `counted` are those whom the tally counts."""
    counted = {person.subject for person in case.persons}
    for registration in case.registrations:
        for person in registration.persons:
            yield {
                "person": person.subject,
                "case": case.id,
                "registration": registration.subject,
                "court": registration.own.get("court"),
                "name": person.get("name"),
                "role": person.get("role"),
                "articles": list(person.all("article")),
                "attempt": person.get("attempt"),
                "complicity": person.get("complicity"),
                "decided": person.get("decided"),
                "result": person.get("result"),
                "not_seen": person.not_seen,
                "counted": person.subject in counted,
                "captures": _captures(person),
            }


def event_rows(case: Case) -> Iterator[Plain]:
    """Events and hearings of every registration of a case, as the court dates them."""
    for registration in case.registrations:
        for event in (*registration.events, *registration.hearings):
            yield _event_row(case, registration, event)


def change_row(case: Case, happened: Happened) -> Plain:
    """One line of `crawl changes`. date: the court's own; observed: when the first capture that shows it was taken."""
    return {
        "event": happened.event,
        "case": case.id,
        "kind": happened.kind,
        "date": happened.date,
        "time": happened.time,
        "observed": time(happened.observed),
        "registration": happened.registration,
        "detail": happened.detail,
        "captures": list(happened.captures),
        "id": happened.id,
    }


def observation_row(found: Quoted) -> Plain:
    """One observation with the place where its newest capture shows it; `times`: how many captures have that page."""
    sighting, extraction = found.sighting, found.sighting.extraction
    return {
        "observation": sighting.observation,
        "subject": sighting.subject,
        "property": sighting.property,
        "ordinal": sighting.ordinal,
        "value": sighting.value,
        "raw": sighting.raw,
        "derived": sighting.derived,
        "observed": time(extraction.at),
        "url": extraction.url,
        "capture": extraction.capture,
        "payload_sha256": extraction.payload_sha256,
        "charset": extraction.charset,
        "selector": found.selector,
        "quote": found.quote,
        "start": found.start,
        "end": found.end,
        "parser": extraction.parser,
        "times": sighting.times,
    }


def _event_row(case: Case, registration: Registration, event: Entity) -> Plain:
    name = event.first("name")
    return {
        "event": event.subject,
        "case": case.id,
        "registration": registration.subject,
        "kind": "hearing" if "#hearing:" in event.subject else event.get("name"),
        "name": None if name is None else name.raw,
        "date": event.get("date"),
        "time": event.get("time"),
        "place": _raw(event, "place"),
        "result": event.get("result"),
        "result_raw": _raw(event, "result"),
        "reason": _raw(event, "reason"),
        "note": _raw(event, "note"),
        "placed": event.get("placed"),
        "not_seen": event.not_seen,
        "captures": _captures(event),
    }


def _raw(part: Entity, name: str) -> str | None:
    found = part.first(name)
    return None if found is None else found.raw


def _captures(part: Entity) -> list[str]:
    shown = {(value.seq, value.capture) for found in part.values.values() for value in found}
    return [capture for _, capture in sorted(shown)]


def searched(case: Case) -> Collection[str]:
    """The texts in which a case is looked for."""
    own = [r.own for r in case.registrations]
    said = [value.raw for part in own for name in ("court", "number", "uid", "judge") for value in part.values.get(name, ())]
    names = [value.raw for r in case.registrations for person in r.persons for value in person.values.get("name", ())]
    return [case.id, *case.numbers, *(part.get("court") or "" for part in own), *said, *names]


def _when(found: Quoted) -> tuple[datetime, int, str]:
    sighting = found.sighting
    return sighting.extraction.at, sighting.extraction.seq, sighting.observation
