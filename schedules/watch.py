"""What looks wrong: a silent register, a changed layout, a court that blocks us, a page withdrawn; pure, time passed in.

Visits are folded, in the order of the log, into a few facts by subject; the facts are judged. An alarm stands while its rule
holds and clears itself when it does not; each names the captures that show it. Nothing here alters the ledger.

    silent              new cases came in a rhythm, and for three times its longest gap none came, though the court answered
    counter-mismatch    a register says it has more rows, or fewer, than we read
    layout-changed      a page that used to be read no longer is, or has tables and columns that it never had
    verdicts-changed    a host that answered with pages answers with captchas, blocks or outages, half of the time or more
    page-withdrawn      a page that we hold is gone: three visits over two days
    unreachable         a host answers nobody: three visits over two days
    blocked-here        a host answers from one vantage, and from another neither three visits in a row nor at all
    vantage-failing     three visits in a row could not be made, because a vantage's proxy let none of them through
    certificate-changed the host shows another certificate long before the old one ends, or one that is not valid
    certificate-ending  it ends within two weeks
    coverage-fallen     a register's newest asking is less complete than it was, and none since was as complete again
    disk-low            space is near the floor below which nothing new is taken in
    log-behind          captures have waited for the log longer than two hours
    anchoring-pending   captures of the log have waited for six hours for a stamp of the authorities that the settings name
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")

GOOD = frozenset(("page", "empty", "captured", "revisit", "not-modified"))
GONE = frozenset(("gone", "soft-404", "parked", "dns-failed"))
NOBODY = frozenset(("dns-failed", "refused", "timeout", "reset", "tls-failed", "too-slow", "outage"))
# Oddities of a reading that tell of another layout; the others are the page's own slips.
LAYOUT = frozenset(
    ("columns-doubled", "columns-reordered", "counter-missing", "header-unknown", "tab-missing", "table-unknown")
)
UNREADABLE = "unreadable"
SHUT = NOBODY | {"blocked"}  # what a vantage meets that is blocked
HERE = "here"  # this machine itself

RECENT = 20  # visits of a host that its share of bad answers is drawn from
SPOILED, SOUND = 0.5, 0.2  # shares of bad answers: from the first on an alarm, where it used to be below the second
SLOWLY = 0.01  # weight of one visit in what is usual
SETTLED = 3  # pages of a kind in a row that show an old trouble to be over
CONFIRMED, OVER = 3, timedelta(hours=48)  # visits, and the time they span, before a page is called gone (reliability.md 4.2)
LONG_BEFORE = timedelta(days=45)  # a certificate that is changed this long before its end was not simply renewed
ENDING = timedelta(days=14)
ARRIVALS = 5  # days with news before a rhythm is known
REMEMBERED = 30  # such days that are kept
TIMES = 3  # the longest gap of the rhythm
AT_LEAST = timedelta(days=7)  # shorter silences are nobody's concern
PATIENT = timedelta(hours=2)
ANCHORED = timedelta(hours=6)  # written each hour, stamped an hour later: at thrice that something is wrong
SHOWN = 5  # captures named by one alarm


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. detail: for a person; captures: that show it, the newest last."""

    kind: str
    subject: str
    detail: str
    captures: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Seen:
    """How one visit ended, as archive and ledger tell it. word: the page's verdict, else the outcome. flags: of its reading.

    vantage: from where. fault: why its proxy did not let it out: nothing was asked of the host then.
    """

    capture: str
    at: datetime
    url: str
    host: str
    word: str
    flags: tuple[str, ...] = ()
    vantage: str = HERE
    fault: str | None = None

    @property
    def known_as(self) -> str:
        """The host as this vantage sees it."""
        return self.host if self.vantage == HERE else f"{self.host}@{self.vantage}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of a host, as the first capture that shows it kept it. valid: by the trust store of that day."""

    capture: str
    at: datetime
    sha256: str
    ends: datetime
    valid: bool


@dataclass(slots=True)
class Host:
    """Words of its newest visits, the oldest first; the usual share of bad ones; certificates, this one and the one before."""

    recent: list[tuple[str, str, str]] = field(default_factory=list)  # capture, time, word
    visits: int = 0
    usual: float = 0.0
    silent_since: list[tuple[str, str]] = field(default_factory=list)  # capture and time of failures in a row
    certificate: Certificate | None = None
    before: Certificate | None = None
    looked: datetime | None = None  # when its certificate was looked at last

    def fold(self, seen: Seen) -> None:
        bad = seen.word not in GOOD
        self.visits += 1
        self.recent = [*self.recent, (seen.capture, _stamp(seen.at), seen.word)][-RECENT:]
        if self.visits <= RECENT:
            self.usual = self.share()
        elif self.share() < SPOILED:  # what is usual is learnt from good days
            self.usual += SLOWLY * (bad - self.usual)
        if seen.word in NOBODY:
            self.silent_since = _kept([*self.silent_since, (seen.capture, _stamp(seen.at))])
        else:
            self.silent_since = []

    def meet(self, certificate: Certificate) -> None:
        """The certificate of one exchange more; one that is known stays as it was met first."""
        self.looked, mine = certificate.at, self.certificate
        if mine is None or certificate.sha256 != mine.sha256:
            self.before, self.certificate = mine, certificate
        elif certificate.valid != mine.valid:
            self.certificate = certificate

    def shut_out(self) -> list[tuple[str, str, str]]:
        """Its newest visits in a row that were blocked or met silence."""
        return list(itertools.takewhile(lambda each: each[2] in SHUT, reversed(self.recent)))[::-1]

    def share(self) -> float:
        return sum(word not in GOOD for _, _, word in self.recent) / max(len(self.recent), 1)

    def alarms(self, name: str, now: datetime) -> Iterator[Alarm]:
        if self.visits >= 2 * RECENT and self.share() >= SPOILED and self.usual <= SOUND:
            bad = [(capture, word) for capture, _, word in self.recent if word not in GOOD]
            words = ", ".join(sorted({word for _, word in bad}))
            yield Alarm(
                "verdicts-changed",
                name,
                f"{len(bad)} of the last {len(self.recent)} visits: {words}; usually {self.usual:.0%}",
                tuple(capture for capture, _ in bad[-SHOWN:]),
            )
        if _confirmed(self.silent_since):
            captures = tuple(capture for capture, _ in self.silent_since[-SHOWN:])
            yield Alarm("unreachable", name, f"no answer since {self.silent_since[0][1]}", captures)
        yield from self._certificates(name, now)

    def _certificates(self, name: str, now: datetime) -> Iterator[Alarm]:
        mine, old = self.certificate, self.before
        if mine is None:
            return
        if not mine.valid:
            yield Alarm(
                "certificate-changed", name, f"its certificate is not valid; it ends {_stamp(mine.ends)}", (mine.capture,)
            )
        elif old is not None and old.ends - mine.at > LONG_BEFORE and now - mine.at < AT_LEAST:
            detail = f"another certificate {(old.ends - mine.at).days} days before the old one ends; compare the two"
            yield Alarm("certificate-changed", name, detail, (old.capture, mine.capture))
        if mine.valid and mine.ends - now < ENDING:
            yield Alarm("certificate-ending", name, f"its certificate ends {_stamp(mine.ends)}", (mine.capture,))


@dataclass(slots=True)
class Way:
    """A vantage's proxy. failed: capture, time and fault of the visits in a row that it did not let through."""

    failed: list[tuple[str, str, str]] = field(default_factory=list)

    def fold(self, seen: Seen) -> None:
        self.failed = _kept([*self.failed, (seen.capture, _stamp(seen.at), seen.fault)]) if seen.fault else []

    def alarms(self, name: str) -> Iterator[Alarm]:
        if len(self.failed) >= CONFIRMED:
            detail = f"no visit could be made since {self.failed[0][1]}: {self.failed[-1][2]}"
            yield Alarm("vantage-failing", name, detail, tuple(capture for capture, *_ in self.failed[-SHOWN:]))


@dataclass(slots=True)
class Family:
    """Pages of one form: one host, one path, the same parameters. flags: those that its pages always had."""

    last: list[tuple[str, str, list[str]]] = field(default_factory=list)  # capture, word, flags that are new
    read: bool = False
    flags: list[str] = field(default_factory=list)

    def fold(self, seen: Seen) -> None:
        """Only pages and what should have been pages say something of a layout."""
        if seen.word not in ("page", "empty", UNREADABLE):
            return
        odd = sorted(LAYOUT & set(seen.flags))
        if seen.word == "page" and not self.read:
            self.read, self.flags = True, odd
        self.last = [*self.last, (seen.capture, seen.word, [flag for flag in odd if flag not in self.flags])][-SETTLED:]

    def alarms(self, name: str) -> Iterator[Alarm]:
        wrong = [(capture, word, odd) for capture, word, odd in self.last if word == UNREADABLE or odd]
        if self.read and wrong:
            what = sorted(
                {UNREADABLE for _, word, _ in wrong if word == UNREADABLE} | {flag for *_, odd in wrong for flag in odd}
            )
            yield Alarm("layout-changed", name, ", ".join(what), tuple(capture for capture, *_ in wrong))


@dataclass(slots=True)
class Address:
    """One page that was held and then was not: the visits since. A page that is there leaves no facts."""

    gone: list[tuple[str, str, str]] = field(default_factory=list)  # capture, time, word

    def alarms(self, name: str) -> Iterator[Alarm]:
        if _confirmed([(capture, at) for capture, at, _ in self.gone]):
            words = ", ".join(sorted({word for *_, word in self.gone}))
            yield Alarm("page-withdrawn", name, f"{words} since {self.gone[0][1]}", tuple(c for c, *_ in self.gone[-SHOWN:]))


@dataclass(frozen=True, slots=True)
class Asking:
    """One asking of a register, whole. complete, windows: how many of them; gaps: why not, by word; captures: that show it."""

    run: str
    at: datetime
    complete: int
    windows: int
    gaps: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()


@dataclass(slots=True)
class Register:
    """A court's register, as the plan asks it. days: on which cases came that were not known before.

    askings: what the newest one is measured by, and that one. Of one that is less complete than another nothing is measured:
    what has fallen has fallen until it is up again, however often it is asked meanwhile.
    """

    askings: list[Asking] = field(default_factory=list)
    known: int = 0
    days: list[str] = field(default_factory=list)
    news: str | None = None  # the capture of the newest asking that brought any

    def fold(self, asking: Asking, registrations: int) -> None:
        if self.askings and self.askings[-1].run == asking.run:
            self.askings[-1] = asking  # it went on
        elif self.fallen():
            self.askings = [self.askings[0], asking]
        else:
            self.askings = [*self.askings, asking][-2:]
        day = f"{asking.at:%Y-%m-%d}"
        if registrations > self.known:
            self.known = registrations
            self.news = asking.captures[-1] if asking.captures else self.news
            if not self.days or self.days[-1] != day:
                self.days = [*self.days, day][-REMEMBERED:]

    def alarms(self, name: str) -> Iterator[Alarm]:
        if not self.askings:
            return
        newest = self.askings[-1]
        if "mismatch" in newest.gaps:
            detail = "its counter and the rows that were read do not agree"
            yield Alarm("counter-mismatch", name, detail, newest.captures[-SHOWN:])
        if self.fallen():
            before, why = self.askings[0], f": {', '.join(newest.gaps)}" if newest.gaps else ""
            yield Alarm(
                "coverage-fallen",
                name,
                f"{newest.complete} of {newest.windows} windows whole, before {before.complete} of {before.windows}{why}",
                newest.captures[-SHOWN:],
            )
        yield from self._silence(name, newest)

    def fallen(self) -> bool:
        """Is the newest asking less complete than what it is measured by?"""
        if len(self.askings) < 2:
            return False
        before, newest = self.askings
        return bool(before.windows and newest.windows) and newest.complete / newest.windows < before.complete / before.windows

    def _silence(self, name: str, newest: Asking) -> Iterator[Alarm]:
        days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in self.days]
        if len(days) < ARRIVALS or not newest.complete:
            return  # no rhythm is known, or it did not answer: that is another alarm
        longest = max(later - earlier for earlier, later in itertools.pairwise(days))
        quiet = newest.at - days[-1]
        if quiet > max(TIMES * longest, AT_LEAST):
            detail = f"no new case for {quiet.days} days, though it answers; the longest pause was {longest.days}"
            yield Alarm("silent", name, detail, tuple(c for c in (self.news, *newest.captures[-1:]) if c))


@dataclass(frozen=True, slots=True)
class Machine:
    """free, floor: octets. waiting_since: of the oldest capture that the log has not taken, UTC.

    unstamped_since: when the oldest one that is logged and has no stamp was first seen to have none; None also where nobody was
    named who stamps. Each with the capture it is of.
    """

    free: int
    floor: int
    waiting_since: datetime | None = None
    waiting: int = 0
    first_waiting: str | None = None
    unstamped_since: datetime | None = None
    first_unstamped: str | None = None

    def alarms(self, now: datetime) -> Iterator[Alarm]:
        if self.free < 2 * self.floor:
            yield Alarm("disk-low", "disk", f"{self.free >> 20} MiB free; below {self.floor >> 20} nothing new is taken in")
        if self.waiting_since is not None and now - self.waiting_since > PATIENT:
            detail = f"{self.waiting} captures wait for the log, since {_stamp(self.waiting_since)}"
            yield Alarm("log-behind", "log", detail, _named(self.first_waiting))
        if self.unstamped_since is not None and now - self.unstamped_since > ANCHORED:
            detail = f"no stamp has come since {_stamp(self.unstamped_since)}; what was kept since is dated by our clock alone"
            yield Alarm("anchoring-pending", "log", detail, _named(self.first_unstamped))


@dataclass(slots=True)
class Facts:
    """All of it, by subject. held: was a page under this address kept before it was gone?"""

    hosts: dict[str, Host] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    addresses: dict[str, Address] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    vantages: dict[str, Way] = field(default_factory=dict)

    def fold(self, seen: Seen, *, held: bool) -> None:
        """One visit more, in the order of the log."""
        if seen.vantage != HERE:
            self.vantages.setdefault(seen.vantage, Way()).fold(seen)
        host = self.hosts.setdefault(seen.known_as, Host())
        if seen.fault:
            return  # a proxy's fault says nothing of a host, nor of a page
        host.fold(seen)
        self.families.setdefault(family(seen.url), Family()).fold(seen)
        if seen.word in GONE and (held or seen.url in self.addresses):
            address = self.addresses.setdefault(seen.url, Address())
            address.gone = _kept([*address.gone, (seen.capture, _stamp(seen.at), seen.word)])
        elif seen.word in GOOD:
            self.addresses.pop(seen.url, None)

    def alarms(self, now: datetime, machine: Machine | None = None) -> list[Alarm]:
        """What stands now, in a fixed order."""
        found: list[Alarm] = []
        blocked = {alarm.subject: alarm for alarm in self._blocked()}
        found += blocked.values()
        for name, host in self.hosts.items():
            ours = host.alarms(name, now)
            found += (each for each in ours if name not in blocked or each.kind not in ("unreachable", "verdicts-changed"))
        for name, way in self.vantages.items():
            found += way.alarms(name)
        for name, pages in self.families.items():
            found += pages.alarms(name)
        for name, address in self.addresses.items():
            found += address.alarms(name)
        for name, register in self.registers.items():
            found += register.alarms(name)
        if machine is not None:
            found += machine.alarms(now)
        return sorted(found, key=lambda alarm: alarm.key)

    def _blocked(self) -> Iterator[Alarm]:
        """Hosts that answer from one vantage and not from another: that is no court's silence."""
        places: dict[str, dict[str, Host]] = {}
        for name, host in self.hosts.items():
            bare, _, vantage = name.partition("@")
            places.setdefault(bare, {})[vantage or HERE] = host
        for bare, seen_from in places.items():
            for vantage, host in seen_from.items():
                shut = host.shut_out()
                if len(shut) < CONFIRMED:
                    continue
                lets = {
                    other: each.recent[-1][0]
                    for other, each in seen_from.items()
                    if other != vantage and each.recent and each.recent[-1][2] in GOOD and each.recent[-1][1] >= shut[0][1]
                }
                if lets:
                    words = ", ".join(sorted({word for *_, word in shut}))
                    detail = f"from {vantage} {words} since {shut[0][1]}; from {', '.join(sorted(lets))} it answers"
                    name = bare if vantage == HERE else f"{bare}@{vantage}"
                    shown = (*(capture for capture, *_ in shut[1 - SHOWN :]), lets[min(lets)])
                    yield Alarm("blocked-here", name, detail, shown)


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm in the book of alarms. id: hash of what it is and when it was raised. cleared: None while it stands."""

    id: str
    alarm: Alarm
    raised: datetime
    cleared: datetime | None = None

    def as_raised(self) -> Raised:
        """As it was before it cleared itself."""
        return replace(self, cleared=None)

    def row(self) -> dict[str, object]:
        return {
            "kind": "alarm",
            "id": self.id,
            "alarm": self.alarm.kind,
            "subject": self.alarm.subject,
            "raised": _stamp(self.raised),
            "cleared": None if self.cleared is None else _stamp(self.cleared),
            "detail": self.alarm.detail,
            "captures": list(self.alarm.captures),
        }


def settle(standing: Iterable[Raised], found: Iterable[Alarm], now: datetime) -> tuple[list[Raised], list[Raised]]:
    """What is raised now, and what is cleared. An alarm that stands is raised once, whatever its detail says by now."""
    stands = {each.alarm.key: each for each in standing}
    there = {alarm.key: alarm for alarm in found}
    raised = [Raised(_id(alarm, now), alarm, now) for key, alarm in there.items() if key not in stands]
    cleared = [replace(each, cleared=now) for key, each in stands.items() if key not in there]
    return raised, cleared


def _id(alarm: Alarm, now: datetime) -> str:
    evidence = alarm.captures[0] if alarm.captures else _stamp(now)
    return hashlib.sha256("\n".join((alarm.kind, alarm.subject, evidence)).encode()).hexdigest()[:32]


def family(url: str) -> str:
    """Which form a page has, as its address tells: host, the path's first two steps, the parameters. Numbers count as one."""
    parts = urlsplit(url)
    steps = re.sub(r"\d+", "N", parts.path).split("/")[1:]
    path = "/".join([*steps[:2], *(["*"] if len(steps) > 2 else [])])
    fields = parse_qsl(parts.query, keep_blank_values=True)
    names = sorted({f"name_op={value}" if name == "name_op" else name for name, value in fields})
    return f"{parts.netloc}/{path}" + (f"?{'&'.join(names)}" if names else "")


def _named(capture: str | None) -> tuple[str, ...]:
    return () if capture is None else (capture,)


def _kept(rows: list[T]) -> list[T]:
    """The first, which says since when, and the newest."""
    return rows if len(rows) <= RECENT else [rows[0], *rows[-RECENT + 1 :]]


def _confirmed(failures: list[tuple[str, str]]) -> bool:
    if len(failures) < CONFIRMED:
        return False
    return datetime.fromisoformat(failures[-1][1]) - datetime.fromisoformat(failures[0][1]) >= OVER


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
