"""When may this host be asked again?

Pauses by host and by platform, exchanges at once, Retry-After, cool-downs and a circuit breaker; all of it survives a
restart. Deadlines are monotonic inside a process and wall-clock on disk; every duration is in seconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import quote

from archive.capture import Exchange, Outcome
from archive.urls import host as host_of
from crawler.state import State

DAY = 86_400.0
TROUBLED = 10  # failures in a row that open a host's breaker: the tries of two or three visits
BREAKER = 60.0  # its first cool-down; each further one is twice as long
BREAKER_LONGEST = 6 * 3_600.0
COOL_DOWN = 1_800.0  # after a 429 that names no time: what the platform of the courts wants
LONG = 5.0  # a wait that whoever watches is told of
IDLE_HOSTS = 10_000  # hosts held in memory before those that owe nothing are let go

# What says that the host is in trouble, and not that it dislikes this one address.
TROUBLE = frozenset(
    (Outcome.DNS_FAILED, Outcome.REFUSED, Outcome.TIMEOUT, Outcome.RESET, Outcome.TOO_SLOW, Outcome.TRUNCATED),
)
TROUBLE_STATUSES = frozenset((500, 502, 503, 504))
NEVER_LET_OUT = frozenset((Outcome.GUARDED, Outcome.ROBOTS, Outcome.PAUSED))


class Clock(Protocol):
    """Time, as it is passed in."""

    def wall(self) -> float: ...  # seconds since 1970, UTC

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's time."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a source's hosts are treated.

    pause: between the end of one exchange with a host and the begin of the next. platform: hosts with one platform share
    platform_pause (between begins) and the cool-down after a 429. robots: "obey", or the reason why robots.txt is not
    followed. cool_down: after a 429 that names no time. unverified: where a certificate fails, capture once more without
    verifying it; such a capture feeds no ledger value.
    """

    pause: float
    platform: str | None = None
    platform_pause: float = 0
    per_host: int = 1
    robots: str = "obey"
    cool_down: float = COOL_DOWN
    unverified: bool = False

    def __post_init__(self) -> None:
        if min(self.pause, self.platform_pause, self.cool_down) < 0 or self.per_host < 1 or not self.robots:
            raise ValueError(f"not manners: {self!r}")


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """A Retry-After field as far as it can be honoured. note: what was odd about it."""

    seconds: float | None
    note: str | None = None


def date_said(text: str) -> datetime | None:
    """A date as fields of HTTP have it (RFC 9110, 5.6.7); None for what is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def retry_after(value: str, now: datetime) -> RetryAfter:
    """Both forms of RFC 9110, 10.2.3, within 1 second and 24 hours. now: by the clock of who said it."""
    text = value.strip()
    if text.isascii() and text.lstrip("-").isdigit():
        seconds = float(text[:12])
    else:
        at = date_said(text)
        if at is None:
            return RetryAfter(None, f"Retry-After is no time: {text[:60]!r}")
        seconds = (at - now).total_seconds()
    kept = min(max(seconds, 1.0), DAY)
    return RetryAfter(kept, None if kept == seconds else f"Retry-After of {text[:60]!r} taken as {kept:g} seconds")


class CoolingDown(Exception):
    """The host, or its platform, is to be left alone for so many seconds more."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(f"{why}; {seconds:.0f} seconds more")
        self.seconds = seconds
        self.why = why


# name: a host, or "platform:" and its name. next, until: wall time before which nothing is asked, for the pause and for the
# cool-down.
_DEBTS = """
    name VARCHAR NOT NULL PRIMARY KEY, next FLOAT NOT NULL, until FLOAT NOT NULL, why VARCHAR NOT NULL,
    failures INTEGER NOT NULL, opened INTEGER NOT NULL
"""


@dataclass(slots=True)
class _Debt:
    """What is owed to one host or platform. Times are monotonic."""

    name: str
    slots: asyncio.Semaphore
    whole: _Debt | None = None  # of a host that is seen from another vantage (`host@vantage`): the host's own, pause and all
    next: float = 0.0
    until: float = 0.0
    why: str = ""
    failures: int = 0  # in a row
    opened: int = 0  # times the breaker opened in a row
    probing: bool = field(default=False)  # the one exchange let through after the breaker's cool-down is under way
    busy: int = 0


def _nobody_told(_host: str, _seconds: float, _why: str) -> None:
    pass


class _HostTurn:
    """One exchange's leave. A class of its own: a generator's costs a page a twentieth of its fetching."""

    __slots__ = ("_debt", "_floor", "_manners", "_patience", "_politeness", "_probe")

    def __init__(self, politeness: Politeness, debt: _Debt, manners: Manners, floor: float, patience: float) -> None:
        self._politeness, self._debt, self._manners = politeness, debt, manners
        self._floor, self._patience = floor, patience
        self._probe = False

    async def __aenter__(self) -> None:
        debt = self._debt
        debt.busy += 1
        try:
            await debt.slots.acquire()
            try:
                await self._politeness._wait(debt, self._manners, self._floor, self._patience)
            except BaseException:
                debt.slots.release()
                raise
        except BaseException:
            debt.busy -= 1
            raise
        self._probe = debt.opened > 0
        debt.probing = debt.probing or self._probe

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        debt, politeness = self._debt, self._politeness
        try:
            debt.probing = debt.probing and not self._probe
            after = politeness.clock.monotonic() + politeness._pause(self._manners, self._floor)
            politeness._pause_until(debt, max(debt.next, after))
        finally:
            debt.slots.release()
            debt.busy -= 1


class Politeness:
    """Lets exchanges with hosts begin when their time has come.

    waiting: told of each long wait, with the host, the seconds and why. pace overrides every pause (0: no pause, no
    cool-down, no breaker at all, for tests); per_host the exchanges at once. checkpoints: as State.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        pace: float | None = None,
        per_host: int | None = None,
        clock: Clock | None = None,
        waiting: Callable[[str, float, str], None] = _nobody_told,
        checkpoints: bool = True,
    ) -> None:
        if (pace is not None and pace < 0) or (per_host is not None and per_host < 1):
            raise ValueError(f"not a pace of {pace} with {per_host} at once")
        self.pace = pace
        self.per_host = per_host
        self.clock = clock or SystemClock()
        self.tell_waiting = waiting
        self.state = State(path, checkpoints=checkpoints)
        self.state.table("debts", _DEBTS)
        self._debts: dict[str, _Debt] = {}

    def close(self) -> None:
        self.state.close()

    def turn(self, host: str, manners: Manners, *, floor: float = 0.0, patience: float = 0.0) -> _HostTurn:
        """Waits for the host's turn and holds it, as an async context manager. floor: a longer pause than the manners', as
        robots.txt may ask for.

        Raises CoolingDown where the host or its platform is to be left alone for longer than patience.
        """
        return _HostTurn(self, self._debt(host, manners), manners, floor, patience)

    def cooling(self, host: str, manners: Manners) -> CoolingDown | None:
        """Why the host is to be left alone now, and for how long; None where it is not."""
        if self.pace == 0:
            return None
        now = self.clock.monotonic()
        debt = max(self._of(host, manners), key=lambda debt: debt.until)
        if debt.until > now:
            return CoolingDown(debt.until - now, debt.why)
        return None

    def tell(self, host: str, manners: Manners, exchange: Exchange, wait: RetryAfter | None = None) -> None:
        """What came of an exchange with the host. wait: its Retry-After."""
        if self.pace == 0 or exchange.outcome in NEVER_LET_OUT:
            return
        debt = self._debt(host, manners)
        asked = wait.seconds if wait else None
        if exchange.status == 429:
            whole = self._of(host, manners)[-1]  # the platform's, where there is one: it counts all hosts together
            self._rest(whole, asked if asked is not None else manners.cool_down, "429 Too Many Requests")
            return
        if asked is not None and exchange.status is not None and exchange.status >= 400:
            self._rest(debt.whole or debt, asked, f"{exchange.status} with Retry-After")
        if exchange.outcome in TROUBLE or exchange.status in TROUBLE_STATUSES:
            debt.failures += 1
            if debt.failures >= TROUBLED or debt.opened:
                word = exchange.outcome if exchange.outcome in TROUBLE else exchange.status
                self._rest(debt, min(BREAKER * 2**debt.opened, BREAKER_LONGEST), f"{debt.failures} failures in a row, {word}")
                debt.opened = min(debt.opened + 1, 16)
        elif debt.failures or debt.opened:
            debt.failures = debt.opened = 0
        else:
            return
        self._save(debt)

    def rest(self, host: str, manners: Manners, why: str, *, alone: bool = False) -> None:
        """A page asked for a pause that its status does not tell of: the platform's cool-down; alone: only this host's."""
        if self.pace != 0:
            owed = self._of(host, manners)
            self._rest(owed[0 if alone else -1], manners.cool_down, why)

    def facts(self, manners: Manners, floor: float = 0.0) -> dict[str, object]:
        """What a capture's manifest says of the politeness it was made with."""
        facts: dict[str, object] = {"pause": self._pause(manners, floor), "per_host": self.per_host or manners.per_host}
        if self.pace is not None or self.per_host is not None:
            facts["overridden"] = True
        return facts

    def _pause(self, manners: Manners, floor: float) -> float:
        return max(manners.pause, floor) if self.pace is None else self.pace

    async def _wait(self, debt: _Debt, manners: Manners, floor: float, patience: float) -> None:
        while True:
            now = self.clock.monotonic()
            if cooling := self.cooling(debt.name, manners):
                if cooling.seconds > patience:
                    raise cooling
                begin = now + cooling.seconds
            elif debt.probing and self.pace != 0:
                raise CoolingDown(BREAKER, f"{debt.why}; being tried again")
            else:
                begin = max(owed.next for owed in (*self._of(debt.name, manners), debt.whole or debt))
            if begin <= now:
                break
            if begin - now > LONG:
                self.tell_waiting(debt.name, begin - now, cooling.why if cooling else "the pause between two visits")
            await self.clock.sleep(begin - now)
        self._pause_until(debt, now + self._pause(manners, floor))
        if manners.platform is not None:
            platform = self._of(debt.name, manners)[-1]
            shared = manners.platform_pause if self.pace is None else min(self.pace, manners.platform_pause)
            self._pause_until(platform, now + shared)

    def _pause_until(self, debt: _Debt, begin: float) -> None:
        debt.next = begin
        if begin > self.clock.monotonic():
            self._save(debt)
        if debt.whole is not None:
            self._pause_until(debt.whole, max(debt.whole.next, begin))

    def _rest(self, debt: _Debt, seconds: float, why: str) -> None:
        until = self.clock.monotonic() + min(seconds, DAY)
        if until > debt.until:
            debt.until, debt.why = until, why
        self._save(debt)

    def _of(self, host: str, manners: Manners) -> list[_Debt]:
        """The host's debt, then its platform's. Seen from another vantage it owes what it asked for itself, and not what a
        breaker made of the silence that one vantage met."""
        debts = [self._debt(host, manners)]
        if (whole := debts[0].whole) is not None and not whole.opened:
            debts.append(whole)
        if manners.platform is not None:
            debts.append(self._debt(f"platform:{manners.platform}", manners))
        return debts

    def _debt(self, name: str, manners: Manners) -> _Debt:
        if (known := self._debts.get(name)) is not None:
            return known
        if len(self._debts) >= IDLE_HOSTS:
            now = self.clock.monotonic()
            self._debts = {debt.name: debt for debt in self._debts.values() if debt.busy or max(debt.next, debt.until) > now}
        whole = self._debt(name.partition("@")[0], manners) if "@" in name else None
        debt = _Debt(name, whole.slots if whole else asyncio.Semaphore(self.per_host or manners.per_host), whole)
        self._debts[name] = debt
        if self.pace == 0:
            return debt
        if (row := self.state.get("debts", "name", name)) is not None:
            # Never more than a day, whatever the wall clock has done in between.
            since = self.clock.monotonic() - self.clock.wall()
            day = self.clock.monotonic() + DAY
            debt.next, debt.until = min(row["next"] + since, day), min(row["until"] + since, day)
            debt.why, debt.failures, debt.opened = row["why"], row["failures"], row["opened"]
        return debt

    def _save(self, debt: _Debt) -> None:
        if self.pace == 0:
            return
        since = self.clock.wall() - self.clock.monotonic()
        row = {"name": debt.name, "next": debt.next + since, "until": debt.until + since, "why": debt.why}
        self.state.put("debts", row | {"failures": debt.failures, "opened": debt.opened})


class Rests:
    """The pauses that pages ask for, and how long they last still; for whoever waits them out. manners: of an address."""

    def __init__(self, politeness: Politeness, manners: Callable[[str], Manners]) -> None:
        self._politeness, self._manners = politeness, manners

    def begin(self, url: str, why: str, *, alone: bool = False) -> None:
        """Leave the platform of this address alone from now on, for its cool-down; alone: only its host."""
        self._politeness.rest(host_of(url), self._manners(url), why, alone=alone)

    async def over(self, url: str) -> None:
        """Returns when this address may be asked for again, or is to be left alone for longer than a cool-down."""
        host, manners = host_of(url), self._manners(url)
        while (cooling := self._politeness.cooling(host, manners)) is not None and cooling.seconds <= manners.cool_down:
            self._politeness.tell_waiting(host, cooling.seconds, cooling.why)
            await self._politeness.clock.sleep(cooling.seconds)


def pauses(path: Path) -> dict[str, tuple[datetime, str]]:
    """Hosts, and `platform:NAME`s, that are left alone now: until when (UTC) and why. For who only looks."""
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT name, until, why FROM debts WHERE until > ?", (time.time(),)).fetchall()
    except sqlite3.Error:
        return {}  # nothing was owed yet
    return {name: (datetime.fromtimestamp(until, UTC), why) for name, until, why in rows}
