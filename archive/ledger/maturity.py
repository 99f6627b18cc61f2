"""How late are courts in publishing? Of what belongs to a month, how much was known so many weeks after it ended; pure.

Courts publish late, so the newest months are always too low. How late they are is learnt from months that are old: those that
ended while this ledger was already watching, and that had LONGEST weeks to come in. A month is mature where, by what they
teach, at least RIPE of it is known at its age; where no month is old enough to teach, one younger than LONGEST weeks is not.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Final, Literal

from archive.ledger.counted import VERDICTS, Counted

WEEKS: Final = (0, 1, 2, 4, 8, 13, 26)  # after the end of the month
LONGEST: Final = WEEKS[-1]
RIPE: Final = Fraction(19, 20)
Measure = Literal["received", "verdicts"]


@dataclass(frozen=True, slots=True)
class Month:
    """One month. known: by WEEKS, how many of its cases (or verdicts) were known so many weeks after it ended; None: not yet.

    watched: it ended after this ledger's first capture, so that being late was the court's doing. expected: by older months,
    the share of it that is known at its age; None where none is old enough to tell.
    """

    month: str
    count: int
    known: tuple[int | None, ...]
    watched: bool
    expected: Fraction | None
    mature: bool


def maturity(
    cases: Iterable[Counted], *, as_of: datetime | None, since: datetime | None, measure: Measure = "received",
    registers: tuple[str, ...] = ("criminal-1",),
) -> list[Month]:  # fmt: skip
    """The months of what was counted, in order. as_of, since: the newest and the first capture of the ledger (UTC)."""
    if as_of is None or since is None:
        return []
    held: dict[str, list[datetime | None]] = {}
    for case in cases:
        if case.register in registers and not case.of_articles:
            for day, known in _facts(case, measure):
                if day is not None and len(day) == 10:
                    held.setdefault(day[:7], []).append(None if known is None else datetime.fromisoformat(known))
    counted = {month: _known(month, found, as_of) for month, found in sorted(held.items())}
    watched = {month: _end(month) >= since for month in held}
    teachers = [month for month in counted if watched[month] and counted[month][-1] is not None]
    curve = _curve([counted[month] for month in teachers])
    return [_month(month, len(held[month]), counted[month], watched[month], curve, as_of) for month in counted]


def _facts(case: Counted, measure: Measure) -> Iterable[tuple[str | None, str | None]]:
    if measure == "received":
        yield case.received, case.known
    else:
        yield from ((person.decided, person.known) for person in case.persons if person.result in VERDICTS)


def _end(month: str) -> datetime:
    year, number = int(month[:4]), int(month[5:])
    return datetime.combine(date(year, number, calendar.monthrange(year, number)[1]), time.max, UTC)


def _known(month: str, found: Iterable[datetime | None], as_of: datetime) -> tuple[int | None, ...]:
    held = [at for at in found if at is not None]
    marks = [_end(month) + timedelta(weeks=weeks) for weeks in WEEKS]
    return tuple(sum(at <= mark for at in held) if mark <= as_of else None for mark in marks)


def _curve(taught: Iterable[tuple[int | None, ...]]) -> Mapping[int, Fraction]:
    """By weeks, the share that was known then of what was known in the end, over all months that teach."""
    rows = [tuple(count or 0 for count in row) for row in taught]
    whole = sum(row[-1] for row in rows)
    return {weeks: Fraction(sum(row[at] for row in rows), whole) for at, weeks in enumerate(WEEKS)} if whole else {}


def _month(
    month: str, count: int, known: tuple[int | None, ...], watched: bool, curve: Mapping[int, Fraction], as_of: datetime
) -> Month:
    age = (as_of - _end(month)) / timedelta(weeks=1)
    reached = [weeks for weeks in WEEKS if weeks <= age]
    expected = (curve[reached[-1]] if reached else Fraction(0)) if curve else None
    mature = age >= LONGEST or (expected is not None and expected >= RIPE)
    return Month(month, count, known, watched, expected, mature)


def rows(months: Iterable[Month], measure: Measure) -> Iterable[dict[str, object]]:
    """Lines of `crawl tally --maturity`."""
    for each in months:
        yield {
            "kind": "maturity", "measure": measure, "month": each.month, "count": each.count,
            "known": {str(weeks): count for weeks, count in zip(WEEKS, each.known, strict=True)}, "watched": each.watched,
            "expected": None if each.expected is None else float(each.expected), "mature": each.mature,
        }  # fmt: skip
