"""When is a case's card to be visited again, and why? Pure, time passed in.

A case is watched from its receipt until it is in force, and long after: the stamp at the foot of a card moves weeks after the
last event, the entry into force is filled in later, acts are published, withdrawn and made anonymous. No case is ever done
with; the older its state, the rarer the visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from archive.ledger.observation import Sighting

DAY = timedelta(days=1)
# (age of the state in days, days between two visits); the last line has no end.
OPEN = ((90, 2), (365, 7), (None, 30))  # since receipt: hearings are set and moved
DECIDED = ((60, 7), (365, 30), (None, 180))  # since the decision: appeals, entry into force
IN_FORCE = ((90, 30), (365, 90), (None, 365))  # since then: acts published late, withdrawn, anonymised
GONE = 30  # a card that was removed may come back under its address
RETRY = timedelta(hours=6)  # after a captcha, a block, an outage in the card's place

_DATES = ("received", "decided", "in_force")
TOLD = frozenset(("number", "number_previous", *_DATES, "result", "act"))  # what a row of a listing tells of its card's state


@dataclass(frozen=True, slots=True)
class Known:
    """What decides a card's next visit. Dates are the court's, None where unknown.

    read: when the newest readable capture of the card was taken. tried: the newest visit, where it is later and brought no
    card (UTC). gone: that visit was told that the card is not there.
    """

    received: date | None = None
    decided: date | None = None
    in_force: date | None = None
    read: datetime | None = None
    tried: datetime | None = None
    gone: bool = False

    @classmethod
    def of(cls, sightings: Iterable[Sighting], tried: datetime | None = None, *, gone: bool = False) -> Known:
        """From what stands in the book of one registration; of each date the newest."""
        held = list(sightings)
        newest: dict[str, tuple[tuple[bool, datetime, int], str]] = {}
        for each in held:
            if each.property in _DATES and each.value is not None and "#" not in each.subject:
                rank = (each.extraction.kind == "card", each.extraction.at, each.extraction.seq)
                newest[each.property] = max(newest.get(each.property, (rank, each.value)), (rank, each.value))
        read = max((each.extraction.at for each in held if each.extraction.kind == "card"), default=None)
        dates = {name: _first_day(value) for name, (_, value) in newest.items()}
        return cls(**dates, read=read, tried=tried, gone=gone)


@dataclass(frozen=True, slots=True)
class Next:
    """When a card's next visit is due (UTC), and why."""

    due: datetime
    reason: str


def turn(known: Known, now: datetime) -> Next:
    """The next visit of a card."""
    if known.tried is not None and known.gone:
        return Next(known.tried + GONE * DAY, f"removed by its court; looked for again every {GONE} days")
    if known.read is None:
        return Next(now, "never read")
    if known.tried is not None:
        return Next(known.tried + RETRY, "the last visit brought no card")
    for since, rule, state in (
        (known.in_force, IN_FORCE, "in force"),
        (known.decided, DECIDED, "decided, not in force"),
        (known.received, OPEN, "open"),
    ):
        if since is not None:
            age = (now - datetime.combine(since, time(), UTC)) / DAY
            every = next(days for limit, days in rule if limit is None or age < limit)
            return Next(known.read + every * DAY, f"{state} for {max(int(age), 0)} days: every {every} days")
    return Next(known.read + OPEN[1][1] * DAY, f"no date of receipt: every {OPEN[1][1]} days")


def news(row: Mapping[str, set[str | None]], sightings: Iterable[Sighting], before: int) -> list[str]:
    """What a listing's row tells that no page before it told: names of TOLD, in order. before: its place in the log."""
    known: dict[str, set[str | None]] = {}
    for each in sightings:
        if each.first < before:
            known.setdefault(each.property, set()).add(each.value)
    return sorted(name for name, values in row.items() if name in TOLD and not values <= known.get(name, set()))


def _first_day(value: str) -> date | None:
    """`2023-07` is its first day: a visit too early is better than one too late. None for what is no date."""
    year, *rest = value.split("-")
    try:
        return date(int(year), *(int(part) for part in (*rest, "1", "1")[:2]))
    except ValueError:
        return None
