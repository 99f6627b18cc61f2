"""The whole path, in the small world: what is fetched is kept, what is kept is read, and the ledger says what is true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from archive.capture import Outcome
from archive.door import Globals
from archive.ledger.case import fold
from archive.ledger.tally import Question, Row, tally
from crawler.crawl import Crawl
from crawler.demo.server import Served, serve
from crawler.demo.truth import Figures
from crawler.demo.world import World
from crawler.opening import opened
from crawler.rebuild import rebuild
from crawler.rounds import Round
from crawler.sites import source_named


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(World()) as served:
        yield served


@pytest.fixture
async def crawl(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Crawl]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    options = Globals(tmp_path / "home", list(served.connect_to), [served.ca_file], pace=0)
    async with opened(options, fetchers=getattr(request, "param", 0)) as crawl:
        yield crawl


async def visit(crawl: Crawl, world: World, number: int) -> None:
    world.turn(number)
    once = await Round.begin(crawl, source_named("sudrf"), world.query())
    async for _ in once.visits():
        pass
    async for _ in crawl.urls(world.addresses()):
        pass


def figures(crawl: Crawl) -> dict[tuple[str, ...], list[int]]:
    assert crawl.desk.clerk is not None
    book = crawl.desk.clerk.book
    counted = tally(fold(book.sightings(), book.ties()), Question(by=("month", "court")), windows=book.coverage())
    return {(str(row.group["month"]), str(row.group["court"])): counts(row) for row in counted.rows}


def counts(row: Row | Figures) -> list[int]:
    return [row.received, row.decided, row.verdicts, row.convicted, row.acquitted]


def truth(world: World) -> dict[tuple[str, ...], list[int]]:
    return {key: counts(row) for key, row in world.truth().tally(("month", "court")).items()}


@pytest.mark.parametrize("crawl", [0, 2], ids=["one process", "two that fetch"], indirect=True)
async def test_every_accident_of_two_visits(crawl: Crawl, served: Served) -> None:
    """After captchas, outages, blocks, resets and a withdrawn page the ledger says what is true; made anew it is the same."""
    world = served.world
    await visit(crawl, world, 1)
    first = figures(crawl)
    await visit(crawl, world, 2)

    assert world.script.missing() == ()
    assert first != truth(world)  # the first visit met a captcha, an outage and a block
    assert truth(world) == figures(crawl)

    assert crawl.desk.clerk is not None and crawl.desk.readers is not None
    before = crawl.desk.clerk.book.digest()
    home = crawl.desk.store.home.path
    errors = [error async for error in rebuild(crawl.desk.store.archive, crawl.desk.readers, home)]
    assert {None} == set(errors)
    with crawl.desk.clerk.book.open(home) as anew:
        assert before == anew.digest()


async def test_a_captcha_leaves_a_gap_that_has_its_name(crawl: Crawl, served: Served) -> None:
    """Coverage says which window of which court is missing, and why."""
    await visit(crawl, served.world, 1)

    assert crawl.desk.clerk is not None
    gaps = {w.asked.court: w.asked.gap for w in crawl.desk.clerk.book.coverage() if not w.asked.complete}
    assert {hidden.court.code: hidden.gap for hidden in served.world.hidden} == gaps


async def test_one_card_under_three_addresses(crawl: Crawl, served: Served) -> None:
    """Dot and dash host, another order of parameters, another host of the region: one registration."""
    assert crawl.desk.clerk is not None
    for address in served.world.shared_addresses():
        await crawl.url(address)

    cases = fold(crawl.desk.clerk.book.sightings(), crawl.desk.clerk.book.ties())
    assert [len(case.registrations) for case in cases] == [1]
    assert len(crawl.desk.clerk.book.extractions()) == 3


async def test_three_editions_are_one_work(crawl: Crawl, served: Served) -> None:
    """Original and mirror by canonical, original and English by two-way hreflang; known once all are held."""
    editions = served.world.editions()
    for _ in range(2):
        works = [(await crawl.url(address)).work for address in editions]

    assert len(set(works)) == 1 and works[0]


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("no address at all", Outcome.GUARDED),
        ("ftp://pgvs--stv.sudrf.ru/", Outcome.GUARDED),
        ("http://", Outcome.GUARDED),
        ("https://[::1]:22/", Outcome.GUARDED),
        ("https://user:secret@10.0.0.7:8443/", Outcome.GUARDED),
    ],
)
async def test_an_address_that_is_not_let_out(crawl: Crawl, served: Served, address: str, outcome: Outcome) -> None:
    """It is kept as a visit with its reason, and no connection leaves."""
    crawl.fetcher._wire._connect_to = type(crawl.fetcher._wire._connect_to)()  # type: ignore[attr-defined]
    done = await crawl.url(address)

    assert (outcome, False) == (done.capture.outcome, done.fine)
    assert done.error
    assert "secret" not in str(done.row()) + str(crawl.desk.store.archive.manifest(done.capture))
    assert served.log == []
