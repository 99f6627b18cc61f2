"""`crawl demo --full`: the full-size world crawled until its registers are read whole, counted, and crawled once more.

The figures are those of `crawl tally`: counted from the ledger, and set beside what the world holds.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path

from archive import door
from archive.door import Globals, Shown
from archive.ledger.book import Book
from archive.ledger.case import Case, fold
from archive.ledger.observation import Window
from archive.ledger.tally import Question, Tally, tally
from crawler.crawl import Crawl, Done
from crawler.demo.census import FullWorld
from crawler.demo.deal import APRIL, SPRING, Census
from crawler.demo.server import serve
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named
from crawler.source import Query

ROUNDS = 4  # by then every court has had its turn at outage
REGISTERS = ("criminal-1", "criminal-appeal", "criminal-cassation")


@dataclass(frozen=True, slots=True)
class Counted:
    """What `crawl tally` says of a ledger. day: verdicts per working day in April 2025, as published."""

    census: Census
    day: str | None
    missing: tuple[tuple[str, str], ...]  # court and register of every hole


def counted(cases: Sequence[Case], windows: Sequence[Window], census: Census) -> Counted:
    """The figures of a census, as the tally has them; the first day is the census's own."""

    def ask(question: Question) -> Tally:
        return tally(cases, question, windows=windows)

    by_case, by_man = (ask(Question(by=("article",), unit=unit)) for unit in ("case", "person"))
    articles = {str(row.group["article"]): row.received for row in by_case.rows if row.group["article"] in census.articles}
    men = [row for row in by_man.rows if row.group["article"] in census.articles]
    april, spring = ask(Question(*APRIL)).total, ask(Question(*SPRING)).total
    found = Census(
        articles, sum(row.received for row in men), sum(row.convicted for row in men), april.verdicts, spring.received,
        census.begin,
    )  # fmt: skip
    holes = tuple(sorted({(hole.court, hole.register) for hole in spring.coverage.missing}))
    return Counted(found, april.published, holes)


def read(book: Book) -> tuple[tuple[Case, ...], list[Window]]:
    """The cases and windows of a book, as `crawl tally` reads them."""
    return fold(book.sightings(events=False), book.ties()), book.coverage()


@dataclass(slots=True)
class Pace:
    """How many pages came in how many seconds. bad: those that could not be fetched or read when they were asked for."""

    pages: int = 0
    bad: int = 0
    seconds: float = 0.0

    def add(self, done: Done, out: Shown) -> None:
        self.pages += 1
        self.bad += not done.fine
        if self.pages % 1000 == 0:
            out.note(f"{self.pages} pages")

    def row(self, home: Path) -> dict[str, object]:
        """The line of measures. CPU and peak memory: of this process, the courts' side included, and of its ended children."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "kind": "pace",
            "pages": self.pages,
            "failed": self.bad,
            "seconds": round(self.seconds, 1),
            "pages_per_second": round(self.pages / self.seconds, 1) if self.seconds else None,
            "cpu_seconds": [round(each.ru_utime + each.ru_stime, 1) for each in used],
            "peak_mib": [each.ru_maxrss // 1024 for each in used],
            "ledger_mib": _mebibytes(home.glob("ledger.sqlite*")),
            "archive_mib": _mebibytes(chain(home.rglob("*.warc.gz"), home.glob("index.sqlite*"))),
        }


def _mebibytes(files: Iterable[Path]) -> float:
    return round(sum(file.stat().st_size for file in files) / 2**20, 1)


async def crawl_all(crawl: Crawl, world: FullWorld, pace: Pace, out: Shown, *, every: int) -> int:
    """Rounds until every register that can be asked is whole, then the other addresses; how many rounds it took."""
    query = Query((), world.census.begin, date(2025, 5, 31), REGISTERS)
    if len(world.courts) < 100:
        query = replace(query, courts=tuple(court.code for court in world.courts))
    began = time.monotonic()
    rounds, gaps, bad = 0, True, -1
    while rounds < ROUNDS and (gaps or bad < pace.bad):
        rounds, bad = rounds + 1, pace.bad
        once = await Round.begin(crawl, source_named("sudrf"), query)
        async for done in once.visits():
            pace.add(done, out)
        gaps = any(not window.complete and window.gap != "not-visited" for window in await once.coverage())
    async for done in crawl.urls(world.aliases(every) if world.visit == 1 else ()):
        pace.add(done, out)
    pace.seconds += time.monotonic() - began
    return rounds


async def recount(options: Globals, out: Shown, world: FullWorld, *, every: int = 10) -> int:
    """Crawls, counts, compares, crawls again; 0 where both crawls end at what the world holds.

    every: of so many cases one is visited at its other addresses too.
    """
    pace = Pace()
    async with serve(world) as served:
        options.connect_to, options.ca, options.pace = list(served.connect_to), [served.ca_file], 0
        async with opened(options) as crawl:
            assert crawl.desk.clerk is not None
            book, found = crawl.desk.clerk.book, list[tuple[Counted, int]]()
            for visit in (1, 2):
                world.turn(visit)
                out.text(f"Crawl {visit}: {len(world.cases)} registrations at {len(world.courts)} courts")
                rounds = await crawl_all(crawl, world, pace, out, every=every)
                began = time.monotonic()
                cases, windows = read(book)
                found.append((counted(cases, windows, world.census), len(cases)))
                out.note(f"{rounds} rounds; folded and counted in {time.monotonic() - began:.1f} s")
                del cases, windows  # the next crawl has its own, and two are twice as much
                _show(out, world, *found[-1], pace, options.home)
    same = all(each.census == world.census for each, _ in found)
    added = found[1][1] - found[0][1]
    out.text(
        f"The ledger {'holds what the world holds' if same else 'DIFFERS from the world'}; a second crawl added {added} cases."
    )
    return door.DONE if same and not added else door.FAILED


def _show(out: Shown, world: FullWorld, found: Counted, cases: int, pace: Pace, home: Path) -> None:
    told = found.census
    row: dict[str, object] = {
        "kind": "counted", "visit": world.visit, "cases": cases, "articles": dict(told.articles), "men": told.men,
        "convicted": told.convicted, "april": told.april, "a_day": found.day, "spring": told.spring,
        "failed_once": world.failed, "missing": [list(hole) for hole in found.missing],
    }  # fmt: skip
    for line in (row, pace.row(home)):
        if out.json:
            out.line(line)
        else:
            out.text("  ".join(f"{name} {value}" for name, value in line.items() if name != "kind"))
