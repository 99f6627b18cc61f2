"""A register that answers talks: how many cases entered on which day, what it can do, and what stands before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from archive.ledger.coverage import Asked, fold
from archive.ledger.observation import Counter, CoverageWindow, Reading, Window
from crawler.sites.sudrf import addresses, queries
from crawler.source import Answer, Ask, Past, Query, Seed

COURT = "63GV0001"
MAY = (date(2025, 5, 1), date(2025, 5, 31))


@dataclass
class Register:
    """One court's one register, as its site shows it.

    entries: cases by day of receipt. rows: of a page. cap: rows it ever shows of one answer. days: of a query that it can count.
    dialect: the only one it understands. strict: in the other it says so; else it finds nothing.
    before: what stands before its form. accident: told of each asking by number, may answer in its place.
    """

    entries: dict[date, int] = field(default_factory=dict)
    rows: int = 25
    cap: int | None = None
    days: int | None = None
    dialect: str = queries.PRIMARY
    strict: bool = True
    before: str | None = None
    accident: Callable[[int], Answer | None] = lambda _: None
    asked: list[Ask] = field(default_factory=list)

    def answer(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        if "H_date=" in ask.url:
            return Answer("empty", "no case is set for that day")
        if (met := self.accident(len(self.asked))) is not None:
            return met
        if self.before is not None:
            return Answer(self.before, "before the form")
        if (queries.VNKOD if "_deloId" in ask.url else queries.PRIMARY) != self.dialect:
            return Answer("wrong-query", "the form came back") if self.strict else Answer("empty", "", Counter(0, 0, 0))
        first, last = (self._day(ask.url, end) for end in "12")
        if self.days is not None and (last - first).days >= self.days:
            return Answer("outage", "throttled, or the court's module is down")
        total = sum(count for day, count in self.entries.items() if first <= day <= last)
        page = int(match[1]) if (match := re.search(r"[?&]_?page=(\d+)", ask.url)) else 1
        begin = self.rows * (page - 1) + 1
        end = min(begin + self.rows - 1, total, self.cap or total)
        if begin > end:
            return Answer("empty", "", Counter(0, 0, 0))
        return Answer("page", "", Counter(total, begin, end))

    @staticmethod
    def _day(url: str, end: str) -> date:
        found = re.search(rf"ENTRY_DATE{end}D=(\d\d)\.(\d\d)\.(\d{{4}})", url, re.IGNORECASE)
        assert found is not None, url
        return date(int(found[3]), int(found[2]), int(found[1]))


@dataclass(frozen=True)
class Told:
    """How a talk went: what was asked, and the windows that its answers fold to."""

    asked: list[Ask]
    windows: list[CoverageWindow]

    @property
    def pages(self) -> int:
        return len([ask for ask in self.asked if ask.seed is not None and not ask.control])

    @property
    def result(self) -> list[tuple[int | None, int, str | None]]:
        return [(window.expected, window.read, window.gap) for window in self.windows]


def converse(
    register: Register, seeds: Sequence[Seed], *, understood: bool = False, answered: str | None = None, most: int = 500
) -> Told:
    """A whole talk; each answer becomes a page of coverage, as a round makes it."""
    talk = queries.talk(seeds, Past(understood, answered), date(2025, 6, 5))
    pages: list[tuple[Window, Counter | None]] = []
    at = datetime(2025, 6, 5, tzinfo=UTC)
    ask = next(talk, None)
    while ask is not None:
        answer = register.answer(ask)
        assert len(register.asked) <= most, "a talk without an end"
        if ask.seed is not None:
            seed = ask.seed
            asked = Asked("sudrf", seed.court, seed.register, seed.first, seed.last, "run", ask.control)
            reading = None
            if answer.verdict is not None:
                reading = Reading(answer.verdict, "sudrf/1", "cp1251", counter=answer.counter)
            pages.append((Window(asked.page(reading), f"{len(pages):04}", at + timedelta(seconds=len(pages))), answer.counter))
        try:
            ask = talk.send(answer)
        except StopIteration:
            ask = None
    return Told(register.asked, [window.asked for window in fold(pages)])


def planned(first: date = MAY[0], last: date = MAY[1], register: str = "criminal-1", court: str = COURT) -> list[Seed]:
    return list(queries.seeds(Query((court,), first, last, (register,))))


@pytest.fixture
def register() -> type[Register]:
    return Register


@pytest.fixture
def talk() -> Callable[..., Told]:
    return converse


@pytest.fixture
def plan() -> Callable[..., list[Seed]]:
    return planned


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    """The same for a property, which takes no fixture of a single test."""
    return SimpleNamespace(Register=Register, converse=converse, planned=planned)


@pytest.fixture
def parse() -> Callable[..., addresses.Address]:
    return addresses.parse
