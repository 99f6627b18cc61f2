"""Rounds over the demo courts: broken off and taken up, closed courts, and what the ledger says of it all."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import date, timedelta
from pathlib import Path

import pytest

from archive.door import Globals
from archive.ledger.case import fold
from archive.ledger.observation import CoverageWindow
from archive.ledger.rows import coverage_rows
from archive.ledger.tally import Question, Tally, tally
from crawler.crawl import Crawl, Done
from crawler.demo.census import FullWorld
from crawler.demo.deal import HUNDREDTH
from crawler.demo.docket import Court
from crawler.demo.invent import ASTRAKHAN, PYATIGORSK, SOUTHERN, STAVROPOL, Plan
from crawler.demo.server import Served, serve
from crawler.demo.world import Limit, World
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.sites.sudrf import queries
from crawler.source import Query, host_of
from crawler.visits import OPEN

SOCHI = Court(
    "61GV0009", "Сочинский гарнизонный военный суд", "Сочинский ГВС", "sgvs", "krd", "23 - Краснодарский край", "Сочи"
)
MAYKOP = Court(
    "61GV0010", "Майкопский гарнизонный военный суд", "Майкопский ГВС", "gvs", "adg", "1 - Республика Адыгея", "Майкоп"
)
FEW = (
    Plan(PYATIGORSK, (1, 0, 2, 27, 2), 301),
    Plan(STAVROPOL, (2, 1, 1, 1, 1), 12),
    Plan(ASTRAKHAN, (2, 1, 1, 2, 1), 5),
    Plan(SOCHI, (1, 1, 1, 1, 1), 7),
    Plan(MAYKOP, (1, 0, 1, 1, 1), 9),
    Plan(SOUTHERN, (1, 0, 1, 1, 1), 2),
)
FIRST = ("criminal-1",)


@pytest.fixture
def world() -> World:
    """Six courts, and no accident but those that a test makes."""
    world = World(plans=FEW)
    world.turn(2)
    return world


@pytest.fixture
async def served(world: World) -> AsyncIterator[Served]:
    async with serve(world) as served:
        yield served


@pytest.fixture
def options(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Globals:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    return Globals(tmp_path / "home", list(served.connect_to), [served.ca_file], pace=0)


def asked(served: Served) -> list[str]:
    """Every address of a court's module that came in since the last look."""
    urls = [request.url for request in served.log if "modules.php" in request.url]
    served.log.clear()
    return urls


def query(*courts: Court, first: date = date(2025, 4, 1), last: date = date(2025, 5, 31)) -> Query:
    return Query(tuple(court.code for court in courts), first, last, FIRST)


async def whole(crawl: Crawl, question: Query, **how: bool) -> tuple[list[Done], list[CoverageWindow]]:
    once = await Round.begin(crawl, source_named("sudrf"), question, **how)
    return [done async for done in once.visits()], await once.coverage()


def told(crawl: Crawl, **question: object) -> Tally:
    assert crawl.desk.clerk is not None
    book = crawl.desk.clerk.book
    cases = fold(book.sightings(events=False), book.ties())
    return tally(cases, Question(**question), windows=book.coverage(), as_of=book.as_of())  # type: ignore[arg-type]


async def test_a_round_that_was_killed_goes_on_where_it_stood(options: Globals, served: Served) -> None:
    """Broken off again and again, each time after some visits: in the end everything was asked for once, and all is there."""
    question = query(PYATIGORSK, STAVROPOL, ASTRAKHAN)
    urls, begun, windows = list[str](), list[str](), list[CoverageWindow]()
    for _ in range(40):
        async with opened(options) as crawl:
            once = await Round.begin(crawl, source_named("sudrf"), question)
            begun.append(once.start.run)
            async with aclosing(once.visits()) as visits:  # type: ignore[type-var]
                left = 15
                async for _ in visits:
                    left -= 1
                    if not left:
                        break
            urls += asked(served)
            windows = await once.coverage()
            if left:
                break
    broken = len(begun) - 1
    assert broken > 1 and len(set(begun)) == 1
    assert [(window.court, window.complete) for window in windows] == [(window.court, True) for window in windows]
    cards = Counter(url for url in urls if "name_op=case" in url)
    # A kill leaves what was in flight in each of three lanes to be asked for again, and nothing else.
    assert sum(cards.values()) - len(cards) <= 3 * broken
    true = {e.card for e in served.world.cases if e.court in (PYATIGORSK, STAVROPOL, ASTRAKHAN)
            and e.register.word == "criminal-1" and date(2025, 4, 1) <= e.received <= date(2025, 5, 31)}  # fmt: skip
    assert set(cards) == true


async def test_what_is_settled_is_not_asked_for_again(options: Globals, served: Served) -> None:
    """Taken up after one of its windows: that listing is not fetched again."""
    question = query(STAVROPOL)
    async with opened(options) as crawl:
        once = await Round.begin(crawl, source_named("sudrf"), question)
        async with aclosing(once.visits()) as visits:  # type: ignore[type-var]
            async for _ in visits:
                break
        before = asked(served)
        again = await Round.begin(crawl, source_named("sudrf"), question)
        assert again.start.run == once.start.run
        assert {key[2] for key in again.start.settled} == {date(2025, 4, 1)}
        assert [done async for done in again.visits()]
        assert all(window.complete for window in await again.coverage())
    listings = Counter(url for url in (*before, *asked(served)) if "name_op=r&" in url)
    assert set(listings.values()) == {1} and len(listings) == 2


async def test_a_second_round_adds_no_case(options: Globals, served: Served) -> None:
    """A run that came to its end is followed by a new one: its listings are asked for, and only cards that are due."""
    question = query(ASTRAKHAN, SOUTHERN)
    async with opened(options) as crawl:
        _, first = await whole(crawl, question)
        one, urls = told(crawl, by=("court",)), asked(served)
        _, second = await whole(crawl, question)
        two, more = told(crawl, by=("court",)), asked(served)
        _, third = await whole(crawl, question, again=True)
        everything = asked(served)
    assert [row.received for row in one.rows] == [row.received for row in two.rows] == [3, 2]
    assert all(window.complete for window in (*first, *second, *third))
    assert ("name_op=case" in "".join(urls), "name_op=case" in "".join(more)) == (True, False)
    assert sorted(everything) == sorted(urls)


async def test_a_court_of_the_other_template_is_learnt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once in the form that it does not understand, and that is no failure; its cards in its own names; the next
    round asks in its form at once."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    world = FullWorld(HUNDREDTH, few=4, failing=0)
    world.calm = True
    court = next(court for court in world.courts if court.vnkod)
    async with serve(world) as served:
        home = Globals(tmp_path / "home", list(served.connect_to), [served.ca_file], pace=0)
        async with opened(home) as crawl:
            first, windows = await whole(crawl, query(court, first=date(2025, 3, 1)))
            urls = asked(served)
            second, _ = await whole(crawl, query(court, first=date(2025, 3, 1)))
            more = asked(served)
    assert all(window.complete for window in windows) and len(windows) == 3
    assert [done.reading.verdict for done in first if done.excused and done.reading] == ["wrong-query"]
    assert all(done.fine for done in (*first, *second))
    assert [url for url in urls if "name_op=case" in url and "_uid=" not in url.replace("case_uid=", "")] == []
    assert any("name_op=case" in url for url in urls)
    assert [len([url for url in each if "delo_table=" in url]) for each in (urls, more)] == [1, 0]


async def test_what_a_round_asks_of_the_book(options: Globals, served: Served) -> None:
    """A court's cases by an index and not by reading the ledger through, its own values alone, and how it was asked last."""
    async with opened(options) as crawl:
        await whole(crawl, query(STAVROPOL, SOCHI))
        assert crawl.desk.clerk is not None
        book = crawl.desk.clerk.book
        said = book.sightings()
        known = {court.code: book.registrations(court.code) for court in (STAVROPOL, SOCHI, MAYKOP)}
        own, answered = book.sightings(own=True), book.answered("sudrf")
        plan = sqlite3.connect(options.home / "ledger.sqlite").execute(
            "EXPLAIN QUERY PLAN SELECT DISTINCT registration FROM observation WHERE property = 'court' AND value = ?", ("x",)
        )
        assert "registration_by_court" in plan.fetchone()[3]
    for code, registrations in known.items():
        assert registrations == sorted({s.subject for s in said if (s.property, s.value) == ("court", code)})
    assert known[STAVROPOL.code] and known[SOCHI.code] and not known[MAYKOP.code]
    assert sorted(map(repr, own)) == sorted(repr(s) for s in said if "#" not in s.subject)
    assert own and len(own) < len(said)
    assert {key: host_of(url) for key, url in answered.items()} == {
        (court.code, "criminal-1"): court.dash for court in (STAVROPOL, SOCHI)
    }


async def test_a_row_that_changed_leads_to_its_card(options: Globals, served: Served, world: World) -> None:
    """A verdict that a listing tells of is a reason to visit the card, though its turn has not come."""
    world.turn(1)
    world.hidden = ()
    entry = world.entry(world.changed)
    assert entry is not None
    month = entry.received.replace(day=1)
    question = query(entry.court, first=month, last=(month + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    async with opened(options) as crawl:
        await whole(crawl, question)
        asked(served)
        world.turn(2)
        await whole(crawl, question)
        assert [url for url in asked(served) if "name_op=case" in url] == [entry.card]


async def test_three_courts_behind_a_captcha_and_one_blocked(
    options: Globals, served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tally says which courts and windows are missing and why, calls no figure complete, and loses nothing known before."""
    monkeypatch.setattr(queries, "HEARD", timedelta(days=-20))  # the first days' hearing lists are enough here
    courts = [plan.court for plan in FEW]
    question = query(*courts)
    async with opened(options) as crawl:
        _, windows = await whole(crawl, question)
        before = told(crawl, first=date(2025, 4, 1), last=date(2025, 5, 31), by=("court",))
        assert all(window.complete for window in windows)
        assert before.total.coverage.missing == ()

        world.close("captcha", PYATIGORSK, SOCHI, SOUTHERN)
        world.close("blocked", MAYKOP)
        later = query(*courts, first=date(2025, 3, 1))
        _, windows = await whole(crawl, later)
        gaps = {(window.court, window.first and window.first.month): window.gap for window in windows}
        after = told(crawl, first=date(2025, 4, 1), last=date(2025, 5, 31), by=("court",))
        wider = told(crawl, first=date(2025, 3, 1), last=date(2025, 5, 31), by=("court",))

    closed = {PYATIGORSK.code: "captcha", SOCHI.code: "captcha", SOUTHERN.code: "captcha", MAYKOP.code: "blocked"}
    assert gaps == {(court.code, month): closed.get(court.code) for court in courts for month in (3, 4, 5)}
    assert [row.received for row in before.rows] == [row.received for row in after.rows]
    assert before.total.coverage.stale == ()
    assert {(gap.court, gap.gap) for gap in after.total.coverage.stale} == set(closed.items())
    assert before.total.coverage.complete
    # April and May were read whole once: nothing of them is missing, and nobody knows what came since.
    assert after.total.coverage.missing == () and not after.total.coverage.complete
    assert {row.group["court"]: row.coverage.complete for row in after.rows} == {
        court.code: court.code not in closed for court in courts
    }
    assert not wider.total.coverage.complete
    assert {(gap.court, gap.first, gap.last, gap.gap) for gap in wider.total.coverage.missing} == {
        (code, date(2025, 3, 1), date(2025, 3, 31), gap) for code, gap in closed.items()
    }
    assert {row.group["court"]: row.coverage.complete for row in wider.rows} == {
        court.code: court.code not in closed for court in courts
    }


async def test_a_run_that_was_killed_early_makes_no_figure_complete(options: Globals, served: Served) -> None:
    """Courts that were planned and never asked are missing, in the tally and in every export."""
    async with opened(options) as crawl:
        once = await Round.begin(crawl, source_named("sudrf"), query(*(plan.court for plan in FEW)))
        lanes = {court.code for court in served.world.courts}
        assert crawl.desk.clerk is not None
        done = await crawl.url(served.world.seeds()[3].url, None)  # a visit of no run
        assert done.fine
        only = [seed for seed in once.planned if seed.court == SOCHI.code]
        once.planned = tuple(only)
        async for _ in once.visits():
            pass
        counted = told(crawl, first=date(2025, 4, 1), last=date(2025, 5, 31))
        exported = list(coverage_rows(crawl.desk.clerk.book.coverage()))
    assert counted.total.coverage.courts_expected == 6 and not counted.total.coverage.complete
    assert {gap.court: gap.gap for gap in counted.total.coverage.missing} == dict.fromkeys(
        sorted(lanes - {SOCHI.code}), "not-visited"
    )
    assert {row["court"]: row["gap"] for row in exported} == {
        **dict.fromkeys(lanes, "not-visited"), SOCHI.code: None,
    }  # fmt: skip
    json.dumps(exported)


async def test_hearing_lists_lead_where_a_captcha_guards_the_form(
    options: Globals, served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cases of a court that cannot be searched are found by its hearings; its windows stay gaps, and no code is sent."""
    monkeypatch.setattr(queries, "HEARD", timedelta(days=30))
    world.close("captcha", PYATIGORSK)
    async with opened(options) as crawl:
        _, windows = await whole(crawl, query(PYATIGORSK, last=date(2025, 4, 30)))
        counted = told(crawl, first=date(2025, 4, 1), last=date(2025, 4, 30))
    heard = {
        entry.card
        for day in world.hearing_days(PYATIGORSK)
        if date(2025, 4, 1) <= day <= date(2025, 5, 30)
        for entry, _ in world.hearings(PYATIGORSK, day)
    }
    urls = asked(served)
    assert [window.gap for window in windows] == ["captcha"]
    assert heard and heard <= set(urls)
    assert not any("captcha" in url for url in urls)
    assert len(urls) == len(set(urls))  # no list, card or act twice
    assert counted.total.received > 10 and not counted.total.coverage.complete


@pytest.mark.parametrize("limit", [Limit(rows=10), Limit(days=15)])
async def test_a_court_that_cannot_answer_a_month(options: Globals, served: Served, world: World, limit: Limit) -> None:
    """It shows ten rows of 27, or cannot count so many days: asked in halves, and the month's line is the sum."""
    world.limits[PYATIGORSK.code] = limit
    async with opened(options) as crawl:
        _, windows = await whole(crawl, query(PYATIGORSK, last=date(2025, 4, 30)))
        counted = told(crawl, first=date(2025, 4, 1), last=date(2025, 4, 30))
    assert [(window.expected, window.read, window.gap) for window in windows] == [(27, 27, None)]
    assert (counted.total.received, counted.total.coverage.complete) == (27, True)


async def test_cards_whose_turn_has_come(
    options: Globals, served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open card is visited again by its age, though no listing of the round names it."""
    async with opened(options) as crawl:
        await whole(crawl, query(STAVROPOL, first=date(2025, 1, 1)))
        asked(served)
        now = crawl.now
        monkeypatch.setattr(crawl, "now", lambda: now() + timedelta(days=OPEN[-1][1] + 1))
        done, _ = await whole(crawl, query(STAVROPOL, first=date(2025, 5, 1)), revisit=True)
        cards = {url for url in asked(served) if "name_op=case" in url}
    assert done
    opening = {e.card for e in world.cases if e.court == STAVROPOL and e.register.word == "criminal-1" and not e.decided}
    assert opening and opening <= cards


async def test_a_throttled_platform_is_left_alone(
    options: Globals, served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Информация временно недоступна` rests the whole platform once, and a court that goes on saying so only itself."""
    world.close("outage", STAVROPOL)
    rests: list[tuple[str, bool]] = []
    async with opened(options) as crawl:
        assert crawl.rests is not None

        def begin(url: str, why: str, *, alone: bool = False) -> None:
            rests.append((url.split("/")[2], alone))

        monkeypatch.setattr(crawl.rests, "begin", begin)
        _, windows = await whole(crawl, query(STAVROPOL, ASTRAKHAN))
    assert {(window.court, window.gap) for window in windows} == {(STAVROPOL.code, "outage"), (ASTRAKHAN.code, None)}
    assert rests == [(STAVROPOL.dash, False), *[(STAVROPOL.dash, True)] * (len(rests) - 1)] and len(rests) > 1


@pytest.fixture
def closed_world() -> Callable[[], World]:
    return lambda: World(plans=FEW)


def test_a_court_is_closed_in_a_known_way(closed_world: Callable[[], World]) -> None:
    """A way that the demo does not know is refused: a test that misspells it would test nothing."""
    with pytest.raises(ValueError, match="capcha"):
        closed_world().close("capcha", SOCHI)


async def test_every_register_that_a_court_keeps_is_asked(options: Globals, served: Served) -> None:
    """First instance and materials of a garrison, appeals of the court above; a month without any is borne out by a control."""
    question = Query((STAVROPOL.code, SOUTHERN.code), date(2025, 4, 1), date(2025, 4, 30))
    async with opened(options) as crawl:
        _, windows = await whole(crawl, question)
    true = Counter(
        (entry.court.code, entry.register.word) for entry in served.world.cases if f"{entry.received:%Y-%m}" == "2025-04"
    )
    assert {(window.court, window.register): (window.expected, window.gap) for window in windows} == {
        (court, register): (true[court, register], None)
        for court, register in (
            (STAVROPOL.code, "criminal-1"), (STAVROPOL.code, "material"),
            (SOUTHERN.code, "criminal-1"), (SOUTHERN.code, "criminal-appeal"), (SOUTHERN.code, "material"),
        )
    }  # fmt: skip
    assert true[SOUTHERN.code, "material"] == 0
