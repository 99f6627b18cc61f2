"""The book of alarms over a real archive: folded as it grows, the same after a restart or from nothing, raised once."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from archive.capture import Exchange, Outcome, Visit
from archive.door import Globals
from crawler.crawl import Crawl
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.source import Query
from schedules.alarms import FILE, Alarms, standing
from schedules.plan import Docket, Plan
from schedules.watch import Raised
from tests.world.command import crawl as command
from tests.world.watched import Watched, until

DAY = timedelta(days=1)
STAVROPOL = "61GV0007"


@pytest.fixture
async def crawl(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crawl]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    async with opened(Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)) as crawl:
        yield crawl


async def fails(crawl: Crawl, url: str, at: datetime) -> str:
    visit = Visit(url, (Exchange(url, at, 20.0, Outcome.REFUSED, error="nobody there"),))
    return (await crawl.desk.keep(visit)).last.id


def unreachable(found: Iterable[Raised]) -> list[Raised]:
    """Those of hosts; that the log is behind is true of these archives, and told too."""
    return [each for each in found if each.alarm.kind == "unreachable"]


async def test_a_mirror_dies_and_the_daemon_restarts(crawl: Crawl, watched: Watched) -> None:
    """Raised at the third failure with its captures, not again after a restart, the same from nothing, cleared by an answer."""
    _, mirror, _ = watched.served.world.editions()
    await crawl.url(mirror)
    now, shown = datetime.now(UTC), list[str]()
    alarms = Alarms(watched.home, floor=0)
    for hours in (1, 25):
        shown.append(await fails(crawl, mirror, now + timedelta(hours=hours)))
        assert [] == unreachable(alarms.look(Plan(), now + timedelta(hours=hours)).raised)
    shown.append(await fails(crawl, mirror, now + timedelta(hours=50)))
    later = now + timedelta(hours=50)
    (raised,) = unreachable(alarms.look(Plan(), later).raised)
    host = mirror.split("/")[2]
    assert ("unreachable", host, tuple(shown)) == (raised.alarm.kind, raised.alarm.subject, raised.alarm.captures)
    assert [raised] == unreachable(standing(watched.home))
    alarms.close()

    alarms = Alarms(watched.home, floor=0)
    assert () == alarms.look(Plan(), later).raised
    assert [raised] == unreachable(alarms.standing())
    alarms.close()
    (watched.home / FILE).unlink()
    alarms = Alarms(watched.home, floor=0)
    assert [raised] == unreachable(alarms.look(Plan(), later).raised)

    await crawl.url(mirror)
    (cleared,) = unreachable(alarms.look(Plan(), later + DAY).cleared)
    assert (raised.id, later + DAY) == (cleared.id, cleared.cleared)
    assert [] == unreachable(standing(watched.home))
    alarms.close()


async def test_a_court_is_blocked(crawl: Crawl, watched: Watched) -> None:
    """A register that was read whole is asked again behind a captcha: its coverage has fallen, and the captures show it."""
    world = watched.served.world
    query = Query((STAVROPOL,), date(2025, 1, 1), date(2025, 5, 31))
    plan = Plan((Docket("sudrf", STAVROPOL, 365, DAY),))
    alarms = Alarms(watched.home, floor=0)
    for visit in (2, 1, 2):
        world.turn(visit)
        async for _ in (await Round.begin(crawl, source_named("sudrf"), query, revisit=True)).visits():
            pass
        look = alarms.look(plan, datetime.now(UTC) + timedelta(minutes=11))
        raised = [each.alarm for each in look.raised if each.alarm.kind == "coverage-fallen"]
        cleared = [each.alarm for each in look.cleared if each.alarm.kind == "coverage-fallen"]
        if visit == 1:
            (alarm,) = raised
            assert (f"sudrf {STAVROPOL}", True) == (alarm.subject, "captcha" in alarm.detail or "outage" in alarm.detail)
            words = {crawl.desk.store.archive.capture(capture).url.split("/")[2] for capture in alarm.captures}
            assert words
        else:
            assert [] == raised
    assert 1 == len(cleared)
    alarms.close()


async def test_a_register_that_is_being_read(crawl: Crawl, watched: Watched) -> None:
    """Half of its second asking is no fall of its coverage while it goes on; who does not know that it goes on is misled."""
    query = Query((STAVROPOL,), date(2025, 1, 1), date(2025, 5, 31))
    docket = Docket("sudrf", STAVROPOL, 365, DAY)
    alarms = Alarms(watched.home, floor=0)
    async for _ in (await Round.begin(crawl, source_named("sudrf"), query)).visits():
        pass
    later = datetime.now(UTC) + timedelta(minutes=11)
    alarms.look(Plan((docket,)), later)
    watched.served.world.turn(1)  # its second listing is behind an outage: the first half of the asking has nothing whole
    once = await Round.begin(crawl, source_named("sudrf"), replace(query, first=date(2025, 5, 1)), again=True)
    async for _ in once.visits():
        break
    kinds = {each.alarm.kind for each in alarms.look(Plan((docket,)), later, {docket.name}).raised}
    assert "coverage-fallen" not in kinds
    misled = {each.alarm.kind for each in alarms.look(Plan((docket,)), later).raised}
    assert "coverage-fallen" in misled
    alarms.close()


async def test_the_daemon_tells(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that was dead for days when it began: told on stderr and in `crawl status`; the next daemon tells nothing new."""
    article, mirror, _ = watched.served.world.editions()
    watched.plan(f"[[links]]\nurls = ['{article}']\nevery = '1d'\n")
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    async with opened(Globals(watched.home, []), read=False) as crawl:
        shown = [await fails(crawl, mirror, datetime.now(UTC) - hours * timedelta(hours=1)) for hours in (60, 30, 1)]
    running = await watched.daemon()
    await running.says("alarm=unreachable subject=" + mirror.split("/")[2])
    assert 0 == await running.ends(signal.SIGTERM)
    rows = (await command(watched.home, "status")).rows
    assert [shown] == [row["captures"] for row in rows if row["kind"] == "alarm" and row["alarm"] == "unreachable"]

    was = (watched.home / FILE).stat().st_mtime_ns
    running = await watched.daemon()
    await running.says("1 targets are watched")
    await until(lambda: (watched.home / FILE).stat().st_mtime_ns > was, "its first look")
    assert 0 == await running.ends(signal.SIGTERM)
    assert "unreachable" not in running.said
