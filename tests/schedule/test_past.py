"""When was it visited last, and did it answer? As the archive tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from archive.capture import Exchange, Outcome, Visit
from archive.door import Globals
from archive.ledger.book import Book
from archive.take import take
from crawler.crawl import Crawl
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named, sources
from crawler.source import Query
from schedules.past import pasts
from schedules.plan import Address, Docket, Past, Target
from tests.world.watched import Watched

DAY = timedelta(days=1)
STAVROPOL = "61GV0007"


@pytest.fixture
async def crawl(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crawl]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    async with opened(Globals(watched.home, list(watched.served.connect_to), [watched.served.ca_file], pace=0)) as crawl:
        yield crawl


async def past(crawl: Crawl, target: Target) -> Past | None:
    known = {source.name: source for source in sources()}

    def asked(book: Book) -> dict[str, Past]:
        return pasts([target], crawl.desk.store.archive, book, known, datetime.now(UTC))

    assert crawl.desk.clerk is not None
    return (await crawl.desk.clerk.ask(asked)).get(target.name)


async def test_what_an_address_answered(crawl: Crawl, watched: Watched) -> None:
    """A page is an answer, so is one behind a redirect, so is `gone`; a captcha, a block, nobody at home are none."""
    world = watched.served.world
    world.turn(1)
    redirected = world.shared_addresses()[1]
    captcha = next(s.url for s in world.seeds() if s.court == world.courts[2].code and s.first == date(2025, 3, 1))
    missing = f"{world.editions()[0]}/no-such-page"
    troubles = {
        world.editions()[0]: None,
        redirected: None,
        missing: None,
        captcha: "captcha",
        "https://nowhere.example/": "tls-failed",
    }
    targets = [Address(url, DAY) for url in troubles]
    assert [None] * 5 == [await past(crawl, target) for target in targets]
    visited = {url: (await crawl.url(url)).capture.at for url in troubles}

    assert [Past(visited[url], trouble) for url, trouble in troubles.items()] == [await past(crawl, each) for each in targets]


async def test_the_newest_visit_decides(crawl: Crawl, watched: Watched) -> None:
    """By the order of the log: not by a clock that ran ahead, and not by what others kept."""
    article = watched.served.world.editions()[0]
    ahead = datetime.now(UTC) + 400 * DAY
    await crawl.desk.keep(Visit(article, (Exchange(article, ahead, 20.0, Outcome.TIMEOUT, error="no answer"),)))
    assert Past(ahead, "timeout") == await past(crawl, Address(article, DAY))
    second = await crawl.url(article)
    saved = Path(watched.home.parent / "saved.html")
    saved.write_bytes(b"<html><title>saved</title>")
    taken = await asyncio.to_thread(lambda: list(take(crawl.desk.store, saved, url=article)))
    assert 1 == len(taken)

    assert Past(second.capture.at) == await past(crawl, Address(article, DAY))


async def test_an_asking_for_another_window(crawl: Crawl, watched: Watched, days: int) -> None:
    """What a person asks of a court for last January is not the plan's visit; the plan's own asking is, whoever made it."""
    docket, source = Docket("sudrf", STAVROPOL, days, DAY), source_named("sudrf")
    async for _ in (await Round.begin(crawl, source, docket.query(datetime.now(UTC).date()))).visits():
        pass
    told = await past(crawl, docket)
    assert told is not None and (None, True) == (told.trouble, told.ended)
    async for _ in (await Round.begin(crawl, source, Query((STAVROPOL,), date(2025, 1, 2), date(2025, 1, 30)))).visits():
        pass

    assert told == await past(crawl, docket)
    wider = await past(crawl, Docket("sudrf", STAVROPOL, days + 31, DAY))
    assert wider is not None and not wider.ended


async def test_how_often_a_page_changes(crawl: Crawl, watched: Watched) -> None:
    """By what was read of it: the same three times, then another story; a failure between says nothing."""
    article = watched.served.world.editions()[0]
    bounded = Address(article, DAY, None, DAY / 4, 8 * DAY)
    seen = []
    for _ in range(3):
        await crawl.url(article)
        told = await past(crawl, bounded)
        assert told is not None
        seen.append((told.same, told.changed))
    assert [(0, 0), (1, 0), (2, 0)] == seen
    plain = await past(crawl, Address(article, DAY))
    assert plain is not None
    assert (0, 0) == (plain.same, plain.changed)
