"""What must hold of a daemon's month, judged from outside: by what hosts saw and sent, and by what it told people.

It keeps its own account of when each target is due, of who is to be left alone and of what was acknowledged, and asks the
daemon's rooms for none of it. Times are monotonic seconds.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from archive.capture import Capture
from archive.ledger.book import Book
from archive.store import Archive
from crawler.crawl import Done
from schedules.plan import Address, Docket, Plan, Quiet, Target
from tests.simulation.net import Net, Request
from tests.simulation.time import Clock
from tests.simulation.world import COURTS

MINUTE = 60.0
SLACK = 0.001  # seconds
PAUSES = {True: 3.0, False: 2.0}  # of a court's host, of another's
PLATFORM = 1.5  # seconds between two begins on the courts' platform
TROUBLES = ("captcha", "blocked", "outage", "login", "unreachable")
LATEST_RETRY = 6 * 3600.0
INF = float("inf")
SPEAK = ("page", "slow", "layout")  # what may change a case
_TURN = re.compile(rb"\r\nX-Turn: (\d+)\r\n")


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass(slots=True)
class Turn:
    """When a target's next visit may begin, and by when it must have. since: begun and not ended. over: and told so."""

    soonest: float
    latest: float
    since: float | None = None
    over: bool = False


class Oracle:
    """Of one seed."""

    def __init__(self, home: Path, clock: Clock, net: Net, log: Callable[[str], None]) -> None:
        self.home, self.clock, self.net, self.log = home, clock, net, log
        self.acknowledged: set[str] = set()
        self.known: dict[str, int] = {}  # captures by id, and their number in the log
        self.turns: dict[str, Turn] = {}
        self.targets: dict[str, Target] = {}
        self.visits = self.checks = 0
        self.longest: dict[str, float] = {}  # seconds that a target was late
        self._kinds: dict[str, str] = {}  # what the captures truly are
        self._unread: dict[str, int] = {}  # captures that may be read yet, and at which judgement they came
        self._by_turn: dict[int, str] = {}
        self._alone: dict[str, tuple[float, str, float]] = {}  # until when a host is to be left alone, why, since when
        self._last: dict[str, Request] = {}
        self._freed: dict[str, float] = {}  # when a visit of an address of a host ended last
        self._up: float | None = None
        self._jumped = -INF  # when the wall clock was set last, or the machine slept
        self._excused: set[str] = set()
        self.taken: dict[str, int] = {}

    # What the daemon does

    def begun(self, plan: Plan) -> None:
        """A life begins: all that is known is what the archive says, by the wall clock."""
        self._up = self.clock.steady
        self._recovered()
        self.turns.clear()
        self.planned(plan)

    def ended(self) -> None:
        self._up = None

    def planned(self, plan: Plan) -> None:
        """The plan says something else from now on."""
        before, self.targets = self.targets, {target.name: target for target in plan.targets}
        kept = {name for name, target in self.targets.items() if before.get(name) == target}
        self.turns = {name: turn for name, turn in self.turns.items() if name in kept or turn.since is not None or turn.over}
        for name, target in self.targets.items():
            if name not in self.turns:
                self.turns[name] = self._from_archive(target)

    def set(self, by: timedelta) -> None:
        """The wall clock is set while the daemon runs."""
        self._jumped = self.clock.steady
        if by > timedelta():  # it may have been asleep: what would have been due meanwhile is due now, once
            for name, turn in self.turns.items():
                turn.soonest, turn.latest = -INF, max(turn.latest - by.total_seconds(), self.clock.steady)
                if name in self.targets:
                    self._quieted(turn, self.targets[name])

    def told(self, told: dict[str, object]) -> None:
        """What is under way now."""
        running = set(told["running"])  # type: ignore[call-overload]
        for name, turn in self.turns.items():
            turn.over = turn.over and name in running
            if name in running and turn.since is None and not turn.over:
                self._begins(name, turn)
            elif name not in running and turn.since is not None:
                target = self.targets.get(name)
                if target is not None:  # it ended without a word: broken off
                    self._next(turn, target, turn.since, None)
        self._due()

    def visited(self, url: str) -> None:
        """A visit begins: of an address, or within the round of a court."""
        name = url if url in self.targets else self._docket(url)
        turn = self.turns.get(name or "")
        if name is not None and turn is not None and turn.since is None and name not in self._excused:
            self._begins(name, turn)

    def _docket(self, url: str) -> str | None:
        court = next((court.code for court in COURTS if court.dash in url), None)
        return next((name for name, each in self.targets.items() if isinstance(each, Docket) and each.court == court), None)

    def done(self, done: Done) -> None:
        """A visit was reported."""
        self.visits += 1
        self.acknowledged |= {capture.id for capture in done.snapshot.captures}
        capture, name = done.capture, done.url
        target, turn = self.targets.get(name), self.turns.get(name)
        verdict = done.reading.verdict if done.reading else None
        if isinstance(target, Address) and turn is not None:
            self._excused.discard(name)
            trouble = not capture.outcome.whole or verdict is None or verdict in TROUBLES
            self._next(turn, target, self.clock.steady_at(capture.at), trouble)
            turn.over = True

    def ordered(self, url: str) -> None:
        """Somebody asks for an address beside the plan: that is a visit of it too."""
        self._excused.add(url)

    def notice(self, id_: str) -> None:
        """A notice was taken by who is told."""
        life = self.net.life
        if self.taken.get(id_) == life:
            raise Broken(f"notice {id_} was delivered twice")
        self.taken[id_] = life

    # When

    def _begins(self, name: str, turn: Turn) -> None:
        now = self.clock.steady
        turn.since = now
        if name in self._excused:  # not the daemon's will
            return
        if now < turn.soonest - MINUTE:
            raise Broken(f"{name} is visited {turn.soonest - now:.0f} s before its turn")
        quiet = self.targets[name].quiet if name in self.targets else None
        if quiet is not None and _inside(quiet, self.clock.now()) and _inside(quiet, self.clock.now() - timedelta(minutes=1)):
            raise Broken(f"{name} is begun in its quiet hours, at {self.clock.now().astimezone(quiet.zone)}")
        self.longest[name] = max(self.longest.get(name, 0.0), now - max(turn.latest, self._up or 0.0))

    def _next(self, turn: Turn, target: Target, at: float, trouble: bool | None) -> None:
        """After a visit that began at `at`. trouble: None where it is not known."""
        every = target.every.total_seconds()
        again = min(every / 4, LATEST_RETRY)
        soonest, latest = every, every
        if isinstance(target, Address) and (target.soonest or target.latest):
            soonest = (target.soonest or target.every).total_seconds()
            latest = (target.latest or target.every).total_seconds()
        began = turn.since if turn.since is not None else at
        turn.since = None
        self._freed[_host(target)] = self.clock.steady
        if began < self._jumped:  # by which clock it was dated, nobody can know
            turn.soonest, turn.latest = -INF, self.clock.steady + max(latest, again)
            return self._quieted(turn, target)
        match trouble:
            case True:
                turn.soonest, turn.latest = at + again, at + again
            case False:
                turn.soonest, turn.latest = at + soonest, at + latest
            case None:
                # A round's begin is its first page's, and what came of it is in many pages.
                turn.soonest, turn.latest = began + min(again, soonest), self.clock.steady + max(latest, again)
        self._quieted(turn, target)

    def _quieted(self, turn: Turn, target: Target) -> None:
        """In quiet hours nothing is due."""
        if target.quiet is None or turn.latest == INF:
            return
        at = self.clock.now() + timedelta(seconds=max(turn.latest, self.clock.steady) - self.clock.steady)
        while _inside(target.quiet, at):
            at += timedelta(minutes=1)
        turn.latest = max(turn.latest, self.clock.steady_at(at))

    def _due(self) -> None:
        now = self.clock.steady
        if self._up is None:
            return
        for name, turn in self.turns.items():
            late = now - max(turn.latest, self._up)
            if turn.since is None and late > MINUTE and name in self.targets and _host(self.targets[name]) not in self._busy():
                quiet = self.targets[name].quiet
                if quiet is not None and _inside(quiet, self.clock.now() - timedelta(minutes=1)):
                    continue
                raise Broken(f"{name} was due {late:.0f} s ago and is not begun")

    def _busy(self) -> set[str]:
        """Hosts of which an address is being visited, or was within the last minute: the others of it wait for their turn."""
        hosts = {host for host, at in self._freed.items() if self.clock.steady - at < MINUTE}
        return hosts | {_host(self.targets[name]) for name, turn in self.turns.items() if turn.since and name in self.targets}

    def _from_archive(self, target: Target) -> Turn:
        """What a daemon can know that has just been started."""
        now = self.clock.steady
        turn = Turn(-INF, now)
        if isinstance(target, Docket):
            # Whether its round was broken off lies in many pages: it may be due at once, or in its time.
            turn.latest = now + target.every.total_seconds() if any(target.name in key for key in self.longest) else now
            self._quieted(turn, target)
            return turn
        last = self._last_visit(target.url)
        if last is not None:
            at, outcome, verdict = last
            if at <= self.clock.now() + timedelta(minutes=1):
                trouble = outcome not in ("captured", "revisit", "not-modified") or verdict is None or verdict in TROUBLES
                self._next(turn, target, self.clock.steady_at(at), trouble)
                turn.since = None
                turn.soonest = min(turn.soonest, now) if turn.latest <= now else turn.soonest
        self._quieted(turn, target)
        return turn

    def _last_visit(self, url: str) -> tuple[datetime, str, str | None] | None:
        path = self.home / "index.sqlite"
        if not path.exists():
            return None
        with Archive.open(self.home) as archive:
            visits = [capture for capture in archive.captures(url) if capture.url == url and capture.hop == 0]
            if not visits:
                return None
            last = archive.snapshot(visits[-1].visit).last
        with closing(sqlite3.connect(f"file:{self.home / 'ledger.sqlite'}?mode=ro", uri=True)) as db:
            rows = db.execute(
                "SELECT r.verdict FROM extraction e JOIN reading r ON r.id = e.reading WHERE e.capture = ?", (last.id,)
            ).fetchall()
        return last.at, str(last.outcome), rows[-1][0] if rows else None

    # Who is asked

    def asked(self, request: Request) -> None:
        """A request came in at a host."""
        self.log(f"asked {request.number} {request.kind} {request.url[:90]}")
        now, host = request.at, request.host
        court = host.endswith("sudrf.ru")
        for name in (host, "platform") if court else (host,):
            until, why, since = self._alone.get(name, (-INF, "", 0.0))
            if now < until - SLACK and not self._believes(since):
                raise Broken(f"{host} is asked {until - now:.1f} s before the end of its pause: {why}")
        last = self._last.get(host)
        if last is not None and not (last.reset and not last.sent):  # a connection that broke unanswered is made anew at once
            if last.ended is None and last.life == request.life:
                raise Broken(f"{host} is asked twice at once")
            since = now - (last.ended if last.ended is not None and last.life == request.life else last.at)
            if since < PAUSES[court] - 0.1 - SLACK and not self._believes(last.at):
                raise Broken(f"{host} is asked again after {since:.3f} s")
        if court:
            other = self._last.get("platform")
            if other is not None and now - other.at < PLATFORM - 0.1 and not other.reset and not self._believes(other.at):
                raise Broken(f"the platform is asked again after {now - other.at:.3f} s")
            self._last["platform"] = request
        self._last[host] = request

    def answered(self, request: Request) -> None:
        """A host sent all of an answer: what it wants by it holds from now on."""
        if request.pause is not None:
            until = request.at + request.pause
            name = "platform" if request.platform else request.host
            if until > self._alone.get(name, (-INF,))[0]:
                self._alone[name] = until, f"{request.kind} with {request.pause:g} s", self.clock.steady

    def _believes(self, since: float) -> bool:
        """Was the clock set since then, and the daemon started after that? It goes by the clock."""
        return self._up is not None and since <= self._jumped <= self._up

    # What is kept

    def hour(self, archive: Archive, book: Book) -> None:
        """After each hour: what came is as it was sent, once, and says nothing where it is not the page."""
        self.checks += 1
        self._due()
        since = len(self.known)
        if archive.index.next_seq() > since:
            fresh = list(archive.captures(since_seq=since))
            if [capture.seq for capture in fresh] != list(range(since, since + len(fresh))):
                raise Broken(f"numbers of captures after {since}: {[capture.seq for capture in fresh]}")
            for capture in fresh:
                self._as_sent(archive, capture)
            self.known |= {capture.id: capture.seq for capture in fresh}
            self._unread |= {capture.id: self.checks for capture in fresh if capture.id in self._kinds}
        if lost := self.acknowledged - self.known.keys():
            raise Broken(f"acknowledged, and not there: {sorted(lost)[:3]}")
        if self._unread:
            self._says_nothing(book)

    def _as_sent(self, archive: Archive, capture: Capture) -> None:
        if capture.record is None:
            return
        exchange = archive.exchange(capture)
        match = _TURN.search(exchange.response[:400])
        if match is None:
            if exchange.response:
                raise Broken(f"capture {capture.id} holds octets that nobody sent")
            return
        request = self.net.requests[int(match[1])]
        if exchange.response != bytes(request.sent[: len(exchange.response)]):
            raise Broken(f"capture {capture.id} is not what {request.host} sent")
        if capture.outcome.whole and len(exchange.response) != len(request.sent):
            raise Broken(f"capture {capture.id} is called whole, and lacks octets")
        if capture.outcome.whole and request.kind == "truncated":
            raise Broken(f"capture {capture.id} is called whole, and was cut short")
        if request.number in self._by_turn:
            raise Broken(f"answer {request.number} of {request.host} was kept twice")
        self._by_turn[request.number] = capture.id
        if request.kind != "robots":
            self._kinds[capture.id] = request.kind

    def _says_nothing(self, book: Book) -> None:
        """Only pages speak. What was kept an hour ago may not be read yet: it is looked at once more."""
        ids, kinds = set(self._unread), self._kinds
        said = book.extractions(captures=ids)
        for extraction in said:
            kind = kinds.get(extraction.capture, "nothing")
            if extraction.observations and kind not in SPEAK:
                raise Broken(f"a page that is {kind} says {extraction.observations} things: {extraction.capture}")
        runs = {window.asked.run for window in book.windows() if window.capture in ids}
        for window in book.coverage(runs=runs) if runs else ():
            kind = kinds.get(window.capture, "nothing")
            if window.asked.complete and kind not in SPEAK:
                raise Broken(f"a window is whole by a page that is {kind}: {window.capture}")
        read = {extraction.capture for extraction in said}
        self._unread = {id_: at for id_, at in self._unread.items() if id_ not in read and at == self.checks}

    def _recovered(self) -> None:
        """After a start all that was ever seen in the archive is in it."""
        if not (self.home / "index.sqlite").exists():
            return
        with closing(sqlite3.connect(f"file:{self.home / 'index.sqlite'}?mode=ro", uri=True)) as db:
            held = dict(db.execute("SELECT id, seq FROM captures"))
            members = db.execute("SELECT name, offset, length, sha256 FROM members JOIN files USING (serial)").fetchall()
        held_files: dict[str, bytes] = {}
        if lost := [id_ for id_, seq in self.known.items() if held.get(id_) != seq] + sorted(self.acknowledged - held.keys()):
            raise Broken(f"acknowledged before the last end, and not there after it: {lost[:3]}")
        for name, offset, length, sha256 in members:
            octets = held_files.setdefault(name, (self.home / "warc" / name).read_bytes())
            if hashlib.sha256(octets[offset : offset + length]).hexdigest() != sha256:
                raise Broken(f"acknowledged before the last end, and not as it was after it: {name} at {offset}")


def _host(target: Target) -> str:
    """Of a register its name: nothing else is there."""
    return urlsplit(target.url).hostname or "" if isinstance(target, Address) else target.name


def _inside(quiet: Quiet, at: datetime) -> bool:
    """Do the clocks of its zone stand within these hours? An hour that comes twice is over the first time."""
    local = at.astimezone(quiet.zone)
    minutes, start, end = (each.hour * 60 + each.minute for each in (local, quiet.start, quiet.end))
    inside = start <= minutes < end if start < end else minutes >= start or minutes < end
    return inside and not local.fold
