"""What is watched, how often, and what of it is due; pure, time passed in.

A target is one court's register or one address. When it was visited last is told by the archive (room `past`), in the order of
its log: a clock that jumps costs each target at most one visit too many, and no target its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from crawler.source import Query
from schedules.channels import Channel, Feed

BEAT = timedelta(seconds=30)  # a daemon looks at its plan at least this often (reliability.md 3.1, R10)
SKEW = timedelta(minutes=1)  # a visit may seem to lie this far ahead: clocks are set right in small steps
STEPS = 12  # doublings and halvings; beyond them every bound is reached
SETTLED = 2  # visits that found the same, for each doubling of an interval
LATEST_RETRY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is begun, from `start` until `end` by the clocks of `zone`; over midnight where end <= start."""

    start: time
    end: time
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("quiet hours that never end")

    def over(self, moment: datetime) -> datetime:
        """The moment itself, or, where it lies in the quiet hours, their end; in UTC."""
        local = moment.astimezone(self.zone)
        clock = local.timetz().replace(tzinfo=None)
        if self.start < self.end:
            inside, wraps = self.start <= clock < self.end, False
        else:
            inside, wraps = clock >= self.start or clock < self.end, clock >= self.start
        if not inside:
            return moment
        day = local.date() + timedelta(days=wraps)
        # An hour that a change of clocks repeats must not end before it began.
        return max(datetime.combine(day, self.end, self.zone).astimezone(UTC), moment)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Docket:
    """One court's registers, as one source reads them.

    days: how far back cases are asked for, by day of receipt. months: in place of days, whole months: 2 are this one and the
    last, and so the same windows every day. vantages: from where it is asked, in turn; (): as the settings say.
    """

    source: str
    court: str
    days: int
    every: timedelta
    quiet: Quiet | None = None
    months: int | None = None
    vantages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source} {self.court}"

    def query(self, day: date) -> Query:
        """What is asked on a day (UTC)."""
        if self.months is None:
            return Query((self.court,), day - timedelta(days=self.days), day)
        before = day.year * 12 + day.month - self.months  # months since the year 0, January of it being 0
        first = date(before // 12, before % 12 + 1, 1)
        return Query((self.court,), first, (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Address:
    """One address, as an article cites it; canonical (archive.urls.identity).

    soonest, latest: bounds between which what is seen of the page sets how often it is visited; None: `every` stands.
    vantages: as in Docket.
    """

    url: str
    every: timedelta
    quiet: Quiet | None = None
    soonest: timedelta | None = None
    latest: timedelta | None = None
    vantages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.url


Target = Docket | Address


@dataclass(frozen=True, slots=True)
class Plan:
    """All targets, each once; and who is told of what comes of them."""

    dockets: tuple[Docket, ...] = ()
    addresses: tuple[Address, ...] = ()
    channels: tuple[Channel, ...] = ()
    feeds: tuple[Feed, ...] = ()

    @property
    def targets(self) -> tuple[Target, ...]:
        return (*self.dockets, *self.addresses)


@dataclass(frozen=True, slots=True)
class Past:
    """The newest visit of a target. at: its begin, UTC. trouble: why it was not answered, None where it was.

    ended: False where it was broken off, by a kill or a stop. same, changed: its newest visits in a row that found what the one
    before had found, or that did not; one of the two is 0.
    """

    at: datetime
    trouble: str | None = None
    ended: bool = True
    same: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """When a target's next visit is due, and why. last: when the newest one began."""

    target: Target
    due: datetime
    last: datetime | None
    reason: str

    def row(self) -> dict[str, object]:
        """The line of `crawl due --json` (CONTRACT)."""
        last = None if self.last is None else _stamp(self.last)
        return {"source": self.target.name, "due": _stamp(self.due), "last": last, "reason": self.reason}


def retry(every: timedelta) -> timedelta:
    """How soon a target is tried again that did not answer: sooner than its turn, and never so often that it is a siege."""
    return min(every / 4, LATEST_RETRY)


def pace(target: Target, past: Past) -> timedelta:
    """How long until the next visit of a target that answered: an address within bounds comes sooner the more often it
    changed, and later the longer it stayed the same."""
    if not isinstance(target, Address) or (target.soonest is None and target.latest is None):
        return target.every
    steps = min(past.same // SETTLED, STEPS) - min(past.changed, STEPS)
    every = target.every * 2.0**steps
    return min(max(every, target.soonest or target.every), target.latest or target.every)


def turn(target: Target, past: Past | None, now: datetime) -> Due:
    """The next visit of a target. One that is overdue is due once, however many turns it missed."""
    if past is None:
        moment, reason = now, "never visited"
    elif past.at - now > SKEW:
        # Only the clock can tell how long ago that was, and it was wrong then or is now.
        moment, reason = now, "visited at a time that has not come: the clock was set back"
    elif not past.ended:
        moment, reason = past.at, "the last visit was broken off"
    elif past.trouble is not None:
        moment = past.at + retry(target.every)
        reason = f"not answered ({past.trouble}), tried again after {spoken(retry(target.every))}"
    else:
        every = pace(target, past)
        moment, reason = past.at + every, f"every {spoken(every)}"
        if every != target.every:
            found = f"changed {past.changed} times" if past.changed else f"the same {past.same} times"
            reason += f" in place of {spoken(target.every)}: {found} in a row"
    if target.quiet is not None:
        begun = max(moment, now)
        over = target.quiet.over(begun)
        if over != begun:
            moment, reason = over, f"{reason}; quiet hours until {_stamp(over)}"
    return Due(target, moment, None if past is None else past.at, reason)


def turns(plan: Plan, last: Mapping[str, Past], now: datetime) -> list[Due]:
    """Every target's next visit, the earliest first. last: by the target's name."""
    return sorted((turn(t, last.get(t.name), now) for t in plan.targets), key=lambda each: (each.due, each.target.name))


def due(plan: Plan, last: Mapping[str, Past], now: datetime) -> list[Due]:
    """What is due now, the longest due first; each target at most once."""
    return [each for each in turns(plan, last, now) if each.due <= now]


def wake(coming: Iterable[Due], now: datetime) -> datetime:
    """When to look again: at the first turn that comes, and within BEAT at the latest, whatever the clock does meanwhile."""
    return min([now + BEAT, *(each.due for each in coming if each.due > now)])


def spoken(interval: timedelta) -> str:
    """An interval as the plan writes it: 1d, 90m."""
    minutes = max(round(interval.total_seconds() / 60), 1)
    for unit, size in (("w", 10_080), ("d", 1_440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
