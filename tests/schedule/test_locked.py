"""C10: somebody holds the databases; work waits for them, and nothing is lost, doubled or left unsaid."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from archive.door import Globals
from crawler.opening import opened
from schedules.alarms import FILE, Alarms
from schedules.daemon import Daemon, Orders
from schedules.plan import Address, Plan
from schedules.watching import Told, Watching
from tests.durability.judge import faults
from tests.world.watched import PATIENCE, Watched, until

HELD = ("index.sqlite", "ledger.sqlite", "watch.sqlite", "notices.sqlite")


@pytest.mark.parametrize("seconds", [7, pytest.param(60, marks=pytest.mark.full)])
async def test_all_databases_are_held(watched: Watched, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one of them for longer than a look-up takes: each address is visited, kept and read once, and nothing breaks off."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setattr("schedules.daemon.WATCHED", 0.2)
    urls, notes, orders = watched.served.world.editions(), list[str](), Orders()
    plan = Plan((), tuple(Address(url, timedelta(days=1)) for url in urls))
    async with opened(Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)) as crawl:
        watching = Watching(watched.home, floor=0)
        with contextlib.ExitStack() as held:
            for name in HELD:
                database = sqlite3.connect(watched.home / name, isolation_level=None)
                held.callback(database.close)
                database.execute("BEGIN IMMEDIATE")
            daemon = Daemon(
                crawl, plan, lambda: plan, orders, done=lambda _: None, note=notes.append, now=lambda: datetime.now(UTC),
                watching=watching,
            )  # fmt: skip
            work = asyncio.create_task(daemon.run())
            await until(lambda: bool(watched.served.log), "the first request")
            await asyncio.sleep(seconds)
            assert 0 == daemon.standing.visited
        await until(lambda: daemon.standing.visited == len(urls), "the end of the visits")
        await until(lambda: watching.alarms.through >= len(urls), "a look at them")
        orders.stop()
        await asyncio.wait_for(work, PATIENCE)
        watching.close()
    assert [] == [note for note in notes if "broken off" in note or "cannot" in note]
    assert sorted(urls) == sorted(watched.asked)
    assert [] == faults(watched.home)


async def test_a_look_that_could_not_be_written(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it folded is folded again by the next look, and is there after a restart; the mutant forgets it."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setattr("schedules.alarms.WAITED", 0.1)
    now = datetime.now(UTC)
    async with opened(Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)) as crawl:
        await crawl.url(watched.served.world.editions()[0])
    facts = []
    for sound in (True, False):
        (watched.home / FILE).unlink(missing_ok=True)
        alarms = Alarms(watched.home, floor=0)
        database = sqlite3.connect(watched.home / FILE, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked"):
            alarms.look(Plan(), now + timedelta(minutes=11))
        database.execute("ROLLBACK")
        alarms._sound = not sound
        alarms.look(Plan(), now + timedelta(minutes=11))
        facts.append(database.execute("SELECT count(*) FROM fact").fetchone()[0])
        database.close()
        alarms.close()
    assert facts[0] > facts[1] == 0


class Broken(Watching):
    """Fails as nobody foresaw, twice."""

    looks = 0

    def look(self, *asked: object) -> Told:
        self.looks += 1
        if self.looks < 3:
            raise RuntimeError("the moon is in the way")
        return super().look(*asked)  # type: ignore[arg-type]


async def test_a_watch_that_fails_goes_on_and_says_so(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is the commonest failure: a watch that ends without a word would be one."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setattr("schedules.daemon.WATCHED", 0.05)
    notes, orders = list[str](), Orders()
    async with opened(Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)) as crawl:
        watching = Broken(watched.home, floor=0)
        daemon = Daemon(
            crawl, Plan(), Plan, orders, done=lambda _: None, note=notes.append, now=lambda: datetime.now(UTC),
            watching=watching,
        )  # fmt: skip
        work = asyncio.create_task(daemon.run())
        await until(lambda: watching.looks > 3, "looks after the failures")
        orders.stop()
        await asyncio.wait_for(work, PATIENCE)
        watching.close()
    assert 2 == notes.count("alarms and news cannot be looked for: the moon is in the way")
