"""One seed's month, from the first start to the last judgement.

    python -m tests.simulation.run --seed 7 [--days 30] [--trace] [--seeds 100]

A promise that is not kept ends it with the seed, the virtual hour and what was broken; the same seed does the same again.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import sys
import time as machine
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from zoneinfo import ZoneInfo

from archive.errors import ArchiveError
from archive.inbox import Inbox
from archive.ledger.book import Book
from archive.store import Archive
from crawler.errors import BadSettings
from crawler.sites import sources
from schedules import planfile
from schedules.plan import Plan
from tests.durability.judge import faults
from tests.simulation.disk import Faulty
from tests.simulation.life import SIZES, Bell, Gathering, Life, virtual
from tests.simulation.net import Net, Request
from tests.simulation.oracle import Broken, Oracle
from tests.simulation.time import Clock, Killed
from tests.simulation.world import ARTICLES, COURTS, DAY, HOSTS, HOURS, START, Spell, World

ZONE = ZoneInfo("Europe/Berlin")  # its clocks go forward on 29 March


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """What happens beside the hosts' own spells. at: monotonic seconds."""

    at: float
    what: str
    amount: float = 0.0


@dataclass(slots=True)
class Report:
    """What one seed saw. trace: sha256 over all that happened, in order."""

    seed: int
    lives: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    captures: int = 0
    visits: int = 0
    hours: int = 0
    notices: int = 0
    latest: float = 0.0
    trace: str = ""
    broken: str | None = None
    at: str = ""
    cpu: float = 0.0


class Month:
    """One seed: its world, its daemon's lives, its oracle."""

    def __init__(self, seed: int, days: int, folder: Path, say: Callable[[str], None] | None = None) -> None:
        self.seed, self.days = seed, days
        self.chance = random.Random(f"simulation:{seed}")
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.clock = Clock(START)
        self.world = World(random.Random(f"world:{seed}"), days, self.clock)
        self.net = Net(self.clock, HOSTS, self.world.answer, self.world.befalls, self._asked, self._answered)
        self.disk = Faulty(random.Random(f"disk:{seed}"))
        self._digest, self._say = hashlib.sha256(), say
        self.oracle = Oracle(self.home, self.clock, self.net, self.log)
        self.watch = seed % 5 == 0
        self.events = sorted(self._events())
        self.report = Report(seed)
        self.orders: dict[str, tuple[str, ...]] = {}
        self.life: Life | None = None
        self._bytes = random.Random(f"octets:{seed}")
        self.text = self._plan(0)
        self.plan = self._read(self.text)

    def log(self, text: str) -> None:
        line = f"{self.clock.steady:12.3f} {self.clock.now():%m-%d %H:%M:%S} {text}"
        self._digest.update(line.encode())
        if self._say is not None:
            self._say(line)

    def deals(self, plan: str, events: Iterable[Event] = (), spells: Iterable[Spell] = ()) -> None:
        """This, and nothing that the seed had in store."""
        self.text, self.events = plan, sorted(events)
        self.plan = self._read(plan)
        self.world.spells, self.world.luck, self.world.withdrawn = list(spells), 0.0, {}

    # What a seed deals

    def _events(self) -> list[Event]:
        chance, month = self.chance, self.days * DAY
        often = max(self.days / 30, 0.2)

        def drawn(what: str, most: float, *amounts: float) -> list[Event]:
            count = chance.randint(0, max(round(most * often), 1))
            return [Event(chance.uniform(60, month), what, chance.choice(amounts or (0.0,))) for _ in range(count)]

        events = [
            *drawn("kill", 6), *drawn("power", 3), *drawn("stop", 3), *drawn("reload", 3), *drawn("order", 4),
            *drawn("act", 8, 3, 10, 30, 100), *drawn("eio", 2, 1, 4, 20), *drawn("short", 4, 1, 7), *drawn("full", 1, 1, 8),
            *drawn("sleep", 3, 0.2, 3, 30), *drawn("set", 2, -1, -0.1, 0.5, 24), *drawn("network", 2),
        ]  # fmt: skip
        if chance.random() < 0.1:
            at = chance.uniform(DAY, month)
            events += [Event(at, "set", 400 * 24), Event(at + chance.uniform(1, 48) * HOURS, "set", -400 * 24)]
        return events

    def _plan(self, version: int) -> str:
        """A plan's text; a later version differs from it in something."""
        chance = random.Random(f"plan:{self.seed}:{version if version > 1 else 0}")
        courts = chance.sample([court.code for court in COURTS], chance.choice((1, 1, 1, 2)))
        window = chance.choice(("days = 20", "months = 1", "months = 2"))
        quiet = chance.choice(("", "", 'quiet = "22:00-02:30"', 'quiet = "09:00-17:30"', 'quiet = "02:15-02:45"'))
        lines = [
            'zone = "Europe/Berlin"',
            f"[[source]]\nname = 'sudrf'\ncourts = {courts}\nevery = {chance.choice(('1d', '2d', '2d', '4d'))!r}\n{window}\n{quiet}",
        ]
        for article in ARTICLES:
            if chance.random() < 0.5:
                bounds = chance.choice(("", "", 'soonest = "6h"\nlatest = "1w"', 'soonest = "2h"', 'latest = "4d"'))
                hours = chance.choice(("", "", 'quiet = "23:30-06:00"'))
                every = chance.choice(("8h", "1d", "1d", "2d", "3d"))
                lines.append(f"[[links]]\nurls = ['{article.url}']\nevery = '{every}'\n{bounds}\n{hours}")
        if version == 1:
            lines.append("[[links]]\nevery = 'often'")
        if self.watch:
            lines.append("[[notify]]\nwebhook = 'https://bell.example/'\n[[feed]]\nname = 'all'")
        return "\n".join(lines) + "\n"

    def _read(self, text: str) -> Plan:
        return planfile.read(text, sources(), lambda name: "", self.home)

    # What happens

    def run(self) -> Report:
        began = machine.process_time()
        try:
            with virtual(self.clock, self._bytes.randbytes, Bell(self._rings), self._judged(self.oracle.visited)):
                while self.clock.steady < self.days * DAY:
                    self._live()
            self._last_judgement()
        except (Broken, ArchiveError) as exc:
            self.report.broken = str(exc)
            self.report.at = (
                f"{self.clock.now():%Y-%m-%d %H:%M:%S} (hour {self.clock.steady / HOURS:.2f}, life {self.net.life})"
            )
        self.report.cpu = machine.process_time() - began
        self.report.requests, self.report.captures = len(self.net.requests), len(self.oracle.known)
        self.report.visits, self.report.hours = self.oracle.visits, self.oracle.checks
        self.report.notices, self.report.trace = len(self.oracle.taken), self._digest.hexdigest()
        self.report.latest = max(self.oracle.longest.values(), default=0.0)
        return self.report

    def _live(self) -> None:
        self.net.life += 1
        self.disk.begin()
        self.broken: Broken | None = None
        life = self.life = Life(
            self.home, self.clock, self.net, self.disk, self._reload,
            done=self._done, note=self._note, told=self._judged(self.oracle.told), uniform=self.chance.uniform, watch=self.watch,
        )  # fmt: skip
        self.log(f"life {self.net.life} begins")
        how = life.run(self._begun)
        self.log(f"life {self.net.life} ends: {how}")
        self.oracle.ended()
        if self.broken is not None:
            raise self.broken
        if how.startswith("failed") and not self.disk.failed:
            raise Broken(f"it does not go on, though the disk is well: {how}")
        if how == "power":
            self.disk.lose_power()
        self.report.lives[how[:40]] = self.report.lives.get(how[:40], 0) + 1
        down = self.chance.choice((1.0, 5.0, 60.0, 900.0, 3 * HOURS))
        due = [event for event in self.events if event.at < self.clock.steady + down]
        for event in due:  # what nobody is there to see
            self.events.remove(event)
            if event.what == "set":
                self.clock.set(timedelta(hours=event.amount))
                self.oracle.set(timedelta(0))
        self.clock.steady += down

    def _begun(self, life: Life) -> None:
        loop = life.loop
        self._judged(self.oracle.begun)(life.plan())
        for event in self.events:
            loop.call_at(max(event.at, self.clock.steady), self._happens, event)
        loop.call_at(max(self.days * DAY, self.clock.steady + 1), self._end)
        self._tick()

    def _tick(self) -> None:
        assert self.life is not None and self.life.store is not None and self.life.book is not None
        self._judged(self.oracle.hour)(self.life.store.archive, self.life.book)
        self.life.loop.tick_at(self.clock.steady + HOURS, self._tick)

    def _end(self) -> None:
        self.log("the month is over")
        assert self.life is not None
        self.life.orders.stop()

    def _happens(self, event: Event) -> None:
        assert self.life is not None
        if event not in self.events:
            return
        self.events.remove(event)
        self.log(f"{event.what} {event.amount:g}")
        hours = timedelta(hours=event.amount)
        match event.what:
            case "kill" | "power":
                self.disk.dead = True
                raise Killed(event.what)
            case "stop":
                self.life.orders.stop()
            case "reload":
                self.text = self._plan(self.chance.choice((0, 1, 2, 3)))
                self.life.orders.reload()
            case "order":
                self._order()
            case "act":
                self.disk.befall(int(event.amount), self.chance.choice(("kill", "power")))
            case "eio" | "short":
                self.disk.befall(int(event.amount), event.what)
            case "full":
                self.disk.full = True
                self.life.loop.call_later(event.amount * HOURS, self._freed)
            case "sleep":
                self.world.slept += event.amount * HOURS
                self.clock.set(hours)
                self.oracle.set(hours)
                self.net.cut()
            case "set":
                self.clock.set(hours)
                self.oracle.set(hours)
            case "network":
                self.net.cut()

    def _freed(self) -> None:
        self.log("room on the disk")
        self.disk.full = False

    def _order(self) -> None:
        urls = [article.url for article in self.chance.sample(ARTICLES, self.chance.randint(1, 3))]
        order = Inbox(self.home).hand_in(urls, read=self.chance.random() < 0.8)
        self.orders[order.id] = order.urls
        for url in urls:
            self.oracle.ordered(url)

    # What is told

    def _reload(self) -> Plan:
        try:
            plan = self._read(self.text)
        except BadSettings:
            if self.life is not None and self.life.orders.stale:
                raise
            return self.plan
        self.plan = plan
        return plan

    def _asked(self, request: Request) -> None:
        self._judged(self.oracle.asked)(request)

    def _answered(self, request: Request) -> None:
        self.oracle.answered(request)
        if request.pause is not None and self.life is not None and self.chance.random() < 0.4:
            # Who was just told to wait is the one to be killed.
            event = Event(self.clock.steady + self.chance.uniform(0.1, 60), self.chance.choice(("kill", "stop")))
            self.events.append(event)
            self.life.loop.call_at(event.at, self._happens, event)

    def _done(self, done: object) -> None:
        self._judged(self.oracle.done)(done)
        self.log(f"done {done.url[:90]} {done.capture.outcome} {done.reading.verdict if done.reading else None}")  # type: ignore[attr-defined]

    def _note(self, text: str) -> None:
        self.log(f"note {text}")
        if text.startswith("the plan was read anew"):
            self._judged(self.oracle.planned)(self.plan)

    def _rings(self, notice: str) -> bool:
        if self.chance.random() < 0.2:
            return False
        self._judged(self.oracle.notice)(notice)
        return True

    def _judged(self, judge: Callable[..., None]) -> Callable[..., None]:
        """What it finds ends the month, and reaches no code of the daemon, which would take it for its own."""

        def judging(*said: object) -> None:
            try:
                judge(*said)
            except Broken as exc:
                if self.broken is None:
                    self.broken = exc
                    self.disk.dead = True
                raise Killed("broken") from exc

        return judging

    # The end

    def _last_judgement(self) -> None:
        """When whatever the last end left behind is mended."""
        Gathering.open(self.home, disk=Faulty(random.Random(self.seed)), now=self.clock.now, settings=SIZES).close()
        Book.open(self.home, write=True, now=self.clock.now).close()
        with Archive.open(self.home) as archive, Book.open(self.home) as book:
            self.oracle.hour(archive, book)
        if found := faults(self.home, whole=self.seed % 10 == 0):
            raise Broken("; ".join(found[:3]))


def run(
    seed: int,
    days: int = 30,
    say: Callable[[str], None] | None = None,
    dealt: Callable[[Month], None] = lambda _: None,
) -> Report:
    """One seed, in memory where there is such a place. dealt: may deal otherwise than the seed did."""
    memory = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="kartoteka-sim-", dir=memory if memory.is_dir() else None))
    try:
        month = Month(seed, days, folder, say)
        dealt(month)
        return month.run()
    finally:
        shutil.rmtree(folder)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seeds", type=int, default=1)
    words.add_argument("--days", type=int, default=30)
    words.add_argument("--trace", action="store_true")
    asked = words.parse_args()
    broken = 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        report = run(seed, asked.days, print if asked.trace else None)
        print(report, flush=True)
        broken += report.broken is not None
    print(f"{asked.seeds} seeds, {broken} broken")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
