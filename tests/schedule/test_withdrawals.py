"""A registration withdrawn from a listing is told, once; never for a court that is down, blocks us, or is read in part."""

from __future__ import annotations

import calendar
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from archive.door import Globals
from archive.ledger.observation import CoverageWindow
from crawler.crawl import Crawl
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.source import Query
from schedules.channels import Wanted, Webhook
from schedules.notices import Notice
from schedules.plan import Plan
from schedules.watching import Watching
from tests.world.command import crawl as command
from tests.world.watched import Watched

HOUR = timedelta(hours=1)
NOBODY = Webhook("http://127.0.0.1:9/", Wanted(("withdrawn",)))  # nothing is sent: what waits for it is looked at


class Desk:
    """One court's register for the month in which a case is lost, asked again and again."""

    def __init__(self, crawl: Crawl, watched: Watched) -> None:
        self.crawl, self.watched, self.world = crawl, watched, watched.served.world
        self.world.turn(1)
        self.watching = Watching(watched.home, floor=0)
        self.lost = self.world.lost
        assert self.lost is not None
        first = self.lost.received.replace(day=1)
        last = date(first.year, first.month, calendar.monthrange(first.year, first.month)[1])
        self.query = Query((self.lost.court.code,), first, last, ("criminal-1",))
        self.seen: set[str] = set()

    async def asks(self) -> list[Notice]:
        """One round; what is told of withdrawals that was not told before."""
        async for _ in (await Round.begin(self.crawl, source_named("sudrf"), self.query, again=True)).visits():
            pass
        self.looks()
        told = [each.notice for each in self.watching.outbox.due(datetime.now(UTC) + HOUR) if each.notice.id not in self.seen]
        self.seen |= {each.id for each in told}
        assert len(told) == len({each.id for each in told})
        return told

    def looks(self) -> None:
        self.watching.look(Plan(channels=(NOBODY,)), datetime.now(UTC) + timedelta(minutes=11))


@pytest.fixture
async def desk(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    options = Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)
    async with opened(options) as crawl:
        made = Desk(crawl, watched)
        yield made
        made.watching.close()


async def test_a_case_is_withdrawn_and_told_once(desk: Desk) -> None:
    """Quiet while it is there and while the court does not answer; told with the listing that shows it gone, as
    `crawl changes` says it; not again by the next listing; and once more where it came back and went again."""
    court = desk.lost.court
    assert [] == await desk.asks()
    assert [] == await desk.asks()
    for how in ("outage", "blocked", "captcha"):
        desk.world.close(how, court)
        assert [] == await desk.asks(), how
        desk.world.closed.clear()

    desk.world.turn(2)
    (told,) = await desk.asks()
    assert ("withdrawn", court.code, True) == (told.kind, told.court, told.title.startswith("withdrawn-from-site: "))
    assert told.captures
    ran = await command(desk.watched.home, "changes")
    (row,) = [row for row in ran.rows if row["event"] == "withdrawn-from-site"]
    assert (row["case"], row["captures"], row["detail"]) == (told.subject, list(told.captures), told.text)
    assert row["registration"].endswith(desk.lost.case_uid)
    assert [] == await desk.asks()

    desk.world.turn(1)
    assert [] == await desk.asks()
    desk.world.turn(2)
    (again,) = await desk.asks()
    assert (told.subject, True) == (again.subject, told.captures[0] != again.captures[0])


async def test_a_listing_in_part_taken_for_a_whole_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: where every window counts as whole, a court that is down empties its register. So it is the counter that
    keeps us quiet."""
    assert [] == await desk.asks()
    monkeypatch.setattr(CoverageWindow, "complete", property(lambda self: True))
    desk.world.close("outage", desk.lost.court)
    assert len(await desk.asks()) > 1


async def test_a_kill_between_two_looks(desk: Desk) -> None:
    """A look that was made again, by another process, tells nothing twice."""
    await desk.asks()
    await desk.asks()
    desk.world.turn(2)
    (told,) = await desk.asks()
    desk.watching.close()
    desk.watching = Watching(desk.watched.home, floor=0)
    desk.looks()
    assert {told.id} == {each.notice.id for each in desk.watching.outbox.due(datetime.now(UTC) + HOUR)}
