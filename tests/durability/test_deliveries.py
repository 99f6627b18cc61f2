"""C8: the same work delivered once to five times, in any order and any company: the state is that of one delivery."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.ledger.book import Book, Entry
from archive.ledger.case import fold
from archive.ledger.observation import CoverageWindow
from archive.store import Settings, Store
from crawler.readers import read
from tests.durability import cycle
from tests.durability.drives import Unsynced
from tests.durability.judge import faults


@cache
def entries(folder: Path) -> tuple[Entry, ...]:
    """Readings of kept pages: two of one page (the later by a newer parser), one with a window, one that was unreadable."""
    with Store.open(folder / "home", disk=Unsynced(), settings=Settings(floor=0)) as store:
        kept = [store.keep(visit).result(30).last for visit in cycle.mixed(3, 6)]
        made = [Entry(capture, read(store.archive.memento(capture))) for capture in kept]
    window = CoverageWindow("sudrf", "26GV0001", "criminal-1", None, None, 3, 3, None, "run")
    made[1] = replace(made[1], window=window)
    newer = replace(made[2].reading, parser="sudrf/9999")
    unread = replace(made[3].reading, verdict="unreadable", observations=(), links=(), unread=(), counter=None, kind="")
    return (*made, replace(made[2], reading=newer), replace(made[3], reading=unread))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, ...]:
    return entries(tmp_path_factory.mktemp("pages"))


def deliver(home: Path, rnd: random.Random, work: Sequence[Entry]) -> tuple[tuple[int, str], object]:
    """Everything once to five times, shuffled, in transactions of random size; what the book holds, and what it folds to."""
    again = [entry for entry in work for _ in range(rnd.randint(1, 5))]
    rnd.shuffle(again)
    home.mkdir()
    with Book.open(home, write=True) as book:
        while again:
            some = rnd.randint(1, 6)
            book.enter_many(again[:some])
            del again[:some]
        return book.digest(), fold(book.sightings(), book.ties())


def sequences(place: Path, seed: int, count: int, work: Sequence[Entry]) -> list[int]:
    """Those of the drawn sequences whose end is not that of one delivery."""
    (place / "once").mkdir()
    with Book.open(place / "once", write=True) as book:
        for entry in work:
            book.enter_many([entry])
        once = book.digest(), fold(book.sightings(), book.ties())
    differ = []
    for number in range(count):
        if once != deliver(place / f"many{number}", random.Random(f"{seed}:{number}"), work):
            differ.append(number)
    return differ


def test_15_storms(place: Path, seed: int, pages: tuple[Entry, ...]) -> None:
    """The ledger and the cases folded from it are the same, to the last row."""
    assert [] == sequences(place, seed, 15, pages)


@pytest.mark.full
@pytest.mark.parametrize("part", range(5))
def test_5000_storms(place: Path, seed: int, part: int, pages: tuple[Entry, ...]) -> None:
    """The long form, a thousand sequences a part."""
    assert [] == sequences(place, seed, 1000, pages)


def test_the_same_page_fetched_again_adds_no_value(place: Path) -> None:
    """A visit that is tried again is a capture more, and the same observations."""
    home, (visit, *_) = place / "home", list(cycle.visits())
    counts = []
    with Store.open(home, settings=Settings(floor=0)) as store, Book.open(home, write=True) as book:
        for _ in range(4):
            capture: Capture = store.keep(visit).result(30).last
            book.enter(capture, read(store.archive.memento(capture)))
            counts.append([book.counts()[name] for name in ("observation", "sighting", "extraction")])

    assert [counts[0][:2]] * 4 == [count[:2] for count in counts]
    assert [1, 2, 3, 4] == [count[2] for count in counts]
    assert [] == faults(home)


def test_a_book_that_numbers_its_entries_is_found(place: Path, seed: int, pages: tuple[Entry, ...], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """The mutant: each delivery is a new extraction."""
    import itertools

    from archive.ledger import book

    real, number = book._extraction, itertools.count()
    monkeypatch.setattr(book, "_extraction", lambda *a: replace(real(*a), id=f"{next(number):032}"))

    assert sequences(place, seed, 3, pages) == [0, 1, 2]
