"""Views are made of the book and of nothing else: at once or page by page, in the file or beside it, they come out the same."""

from __future__ import annotations

import os
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import NotFound
from archive.ledger.book import Book, Entry
from archive.ledger.case import find
from archive.ledger.counted import Counted, reduced
from archive.ledger.moment import NOW
from archive.ledger.observation import Counter, CoverageWindow, Reading
from archive.ledger.rows import case_row, select
from archive.ledger.tally import Question, tally
from archive.ledger.views import FILE, Views
from tests.ledger.conftest import MIDNIGHT, capture, card, decided, entry, small_world
from tests.ledger.test_moments import histories, play


def shown(home: Path, book: Book) -> tuple[list[dict], list[Counted], str]:
    with Views.open(home, book) as views:
        return list(views.rows()), list(views.counted()), views.digest()


def folded(book: Book) -> tuple[list[dict], list[Counted]]:
    cases = NOW.cases(book)
    return [case_row(case) for case in cases], sorted((reduced(case) for case in cases), key=lambda each: each.id)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts=histories(), asked=st.sets(st.integers(0, 8)))
def test_views_follow_the_book(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, object]], asked: set[int]
) -> None:
    """Asked after some pages and not after others, they are what a fold of the whole ledger says, and what they are made at once."""
    home, fresh = tmp_path_factory.mktemp("b"), tmp_path_factory.mktemp("c")
    with Book.open(home, write=True, now=lambda: MIDNIGHT) as book:
        for number in range(len(acts)):
            play(book, acts[number : number + 1])
            if number in asked:
                rows, counted, _ = shown(home, book)
                assert (rows, counted) == folded(book)
        rows, counted, digest = shown(home, book)
        assert (rows, counted) == folded(book)
        assert digest == shown(fresh, book)[2]


def test_a_reading_takes_back_what_an_older_one_said(book, tmp_path):
    """A mended parser that finds no case in an old page leaves none in the views."""
    page = card("aaaa-1", court="57GV0001", number="1-5/2025")
    book.enter_many([entry(1, page)])
    assert 1 == len(shown(tmp_path, book)[0])
    other = card("bbbb-1", court="57GV0001", number="1-5/2025", parser="sudrf/2")
    book.enter(capture(1, page), other.reading())
    rows, counted, _ = shown(tmp_path, book)
    assert (rows, counted) == folded(book)
    assert ["case:reg:criminal-1:bbbb-1"] == [row["case"] for row in rows]


def test_a_correction_and_a_tie_reach_the_views(book, tmp_path):
    """Decisions change what is shown as pages do, and so does their being taken back."""
    book.enter_many(small_world())
    before = shown(tmp_path, book)
    made = decided(book, "correction", "reg:criminal-1:dddd-1", property="result", value="terminated")
    tied = decided(book, "identity", "reg:criminal-1:dddd-1", "reg:criminal-1:eeee-1", same=True)
    rows, counted, _ = shown(tmp_path, book)
    assert (rows, counted) == folded(book) != before[:2]
    decided(book, "correction", "reg:criminal-1:dddd-1", undoes=made)
    decided(book, "identity", "reg:criminal-1:dddd-1", "reg:criminal-1:eeee-1", undoes=tied)
    assert before == shown(tmp_path, book)


def test_what_is_asked_of_views_is_what_a_fold_answers(book, tmp_path):
    """By court, article, day, name; one case by any of its names; and the tally, figure for figure."""
    book.enter_many(small_world())
    cases = NOW.cases(book)
    questions = [
        {"court": "57GV0001"},
        {"article": "337"},
        {"article": "337/4"},
        {"query": "НЕБЫЛИЦЫН"},
        {"query": "1-78/2025"},
        {"query": "%"},
    ]
    with Views.open(tmp_path, book) as views:
        for asked in questions:
            assert [case_row(case) for case in select(cases, **asked)] == list(views.rows(**asked)), asked
        for case in cases:
            for name in (case.id, *(r.subject for r in case.registrations), *case.numbers, *filter(None, [case.uid])):
                assert find(cases, name).id == views.find(name)[0]
            again = views.case(case.id)
            assert case_row(case) == case_row(again)
        for by in ((), ("month",), ("week", "court"), ("region", "sentence")):
            assert tally(cases, Question(by=by)) == tally(views.counted(), Question(by=by))
        with pytest.raises(NotFound, match="no case is called"):
            views.find("1-9999/2025")


def test_another_process_holds_the_views(book, tmp_path):
    """A question is answered from memory, and the same, while the file is being written."""
    book.enter_many(small_world()[:3])
    before = shown(tmp_path, book)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert before == shown(tmp_path, book)
    book.enter_many(small_world()[3:])
    assert shown(tmp_path, book)[:2] == folded(book)
    other.execute("ROLLBACK")
    other.close()
    assert shown(tmp_path, book)[:2] == folded(book)


@pytest.mark.parametrize("spoilt", [b"no database at all, and long enough to be read as one", b""], ids=["octets", "empty"])
def test_the_views_are_spoilt(book, tmp_path, spoilt):
    """They are no evidence: what is not a database is made anew."""
    book.enter_many(small_world())
    before = shown(tmp_path, book)
    (tmp_path / FILE).write_bytes(spoilt * 40)
    assert before == shown(tmp_path, book)
    assert before == shown(tmp_path, book)


def test_the_ledger_was_made_anew_behind_the_views(tmp_path):
    """Views of another book, however alike its numbers, are not believed."""
    with Book.open(tmp_path, write=True) as book:
        book.enter_many(small_world())
        shown(tmp_path, book)
    for file in tmp_path.glob("ledger.sqlite*"):
        os.remove(file)
    with Book.open(tmp_path, write=True) as book:
        pages = [card(f"ffff-{n}", court="57GV0001", number=f"1-{n}/2025") for n in range(9)]
        book.enter_many([entry(n, page, at=MIDNIGHT + timedelta(days=n)) for n, page in enumerate(pages)])
        assert shown(tmp_path, book)[:2] == folded(book)


def test_a_counted_case_reads_back(book):
    """What a view keeps of a case is all of it."""
    book.enter_many(small_world())
    for case in NOW.cases(book):
        assert reduced(case) == Counted.of_text(reduced(case).text())


PAGES = st.lists(
    st.tuples(
        st.sampled_from(("57GV0001", "61GV0002")), st.integers(1, 2), st.integers(1, 2), st.sampled_from((None, "captcha")),
        st.integers(0, 5), st.sampled_from(("page", "page", "again")),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(pages=PAGES, asked=st.sets(st.integers(0, 11)))
def test_askings_follow_the_book(tmp_path_factory: pytest.TempPathFactory, pages: list, asked: set[int]) -> None:
    """Page by page, some of them read anew by another parser: what was asked and came back is what the whole book folds to."""
    home = tmp_path_factory.mktemp("b")
    with Book.open(home, write=True, now=lambda: MIDNIGHT) as book:
        for number, (court, run, part, gap, rows, how) in enumerate(pages):
            first = date(2025, part, 1)
            window = CoverageWindow("sudrf", court, "criminal-1", first, first, rows, rows, gap, f"run {run}")
            page = capture(number, f"{court} {run} {part} {number}", at=MIDNIGHT + timedelta(hours=number))
            reading = Reading("page", "sudrf/1", "utf-8", kind="listing", counter=Counter(rows, min(rows, 1), rows))
            book.enter_many([Entry(page, reading, window)])
            if how == "again":
                other = Reading("page", "sudrf/2", "utf-8", kind="listing", counter=Counter(rows + 1, 1, rows + 1))
                if number in asked:
                    with Views.open(home, book) as views:
                        views.windows()
                book.enter_many([Entry(page, other)])
            if number in asked:
                with Views.open(home, book) as views:
                    assert book.coverage() == views.windows()
        with Views.open(home, book) as views:
            assert book.coverage() == views.windows()
            digest = views.digest()
        with Views.open(tmp_path_factory.mktemp("c"), book) as fresh:
            assert digest == fresh.digest()
