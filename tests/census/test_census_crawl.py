"""A crawl of the full-size world, from an empty archive through failures and outages, counted by `crawl tally`."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archive import door
from archive.door import Globals, Shown
from archive.ledger.book import Book
from crawler.demo.census import FullWorld
from crawler.demo.deal import HUNDREDTH, PUBLISHED, Census
from crawler.demo.recount import counted, read, recount
from schedules.cli import app

NOWHERE = {"61GV0020", "61GV0021", "61GV0022", "61GV0023"}  # courts without a known site


def crawled(home: Path, world: FullWorld, *, every: int) -> tuple[int, list[dict[str, object]]]:
    """Crawled twice: the exit status, and what was counted after each crawl."""
    out = io.StringIO()
    status = asyncio.run(recount(Globals(home), Shown(json=True, quiet=True, out=out), world, every=every))
    rows = [json.loads(line) for line in out.getvalue().splitlines() if line.startswith("{")]
    return status, [row for row in rows if row["kind"] == "counted"]


def tally(home: Path, *asked: str) -> str:
    """What `crawl tally` prints to a person; with --json, to a program."""
    done = CliRunner().invoke(app, ["--home", str(home), *asked])
    assert done.exit_code == 0, done.output
    return done.stdout


def tallied(home: Path, *asked: str) -> list[dict[str, object]]:
    """The rows of `crawl tally --json`, without their total."""
    rows = [json.loads(line) for line in tally(home, "--json", "tally", *asked).splitlines()]
    return [row for row in rows if row.get("kind") != "total"]


@pytest.fixture(scope="module")
def hundredth(tmp_path_factory) -> tuple[Path, int, list[dict[str, object]]]:
    """The world at one part in a hundred, four garrison courts and those above them, crawled twice."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KARTOTEKA_FREE_BYTES", "0")
        home = tmp_path_factory.mktemp("census") / "home"
        return home, *crawled(home, FullWorld(HUNDREDTH, few=4), every=6)


def test_both_crawls_end_at_what_the_world_holds(hundredth):
    """Every answer that failed, and every court that was out, was asked again; a second crawl adds no case."""
    _, status, rows = hundredth
    assert status == door.DONE
    assert [row["missing"] for row in rows] == [[], []]
    assert rows[0]["cases"] == rows[1]["cases"]
    assert rows[0]["failed_once"] > 5


def test_crawl_tally_prints_the_figures(hundredth):
    """Cases by article, men and convicted by article, verdicts of April and their rate, cases received in spring."""
    home, _, _ = hundredth
    assert figures(home, HUNDREDTH) == HUNDREDTH
    assert "0 (0.36)" in tally(home, "tally", *APRIL)  # 8 verdicts on 22 working days


APRIL = ("--from", "2025-04-01", "--to", "2025-04-30")
SPRING = ("--from", "2025-01-01", "--to", "2025-05-31")


def figures(home: Path, census: Census) -> Census:
    """As a person would ask for them."""
    cases = {row["article"]: row["received"] for row in tallied(home, "--by", "article")}
    men = [row for row in tallied(home, "--by", "article", "--unit", "person") if row["article"] in census.articles]
    (april,), (spring,) = tallied(home, *APRIL), tallied(home, *SPRING)
    return Census(
        {name: cases[name] for name in census.articles}, sum(row["received"] for row in men),
        sum(row["convicted"] for row in men), april["verdicts"], spring["received"], census.begin,
    )  # fmt: skip


def test_a_case_lost_or_counted_twice_is_seen(hundredth):
    """The mutant: a ledger without one of its cases, or with one twice, does not hold what the world holds."""
    home, _, _ = hundredth
    with Book.open(home) as book:
        cases, windows = read(book)
    assert counted(cases, windows, HUNDREDTH).census == HUNDREDTH
    men = {case.id: case for case in cases if set(case.articles) & {"337/5"}}
    one = next(iter(men.values()))
    for mutant in ([case for case in cases if case is not one], [*cases, replace(one, id="case:again")]):
        assert counted(mutant, windows, HUNDREDTH).census != HUNDREDTH


@pytest.mark.full
def test_the_full_size_is_counted_digit_for_digit(tmp_path, monkeypatch):
    """All courts, some 40,000 pages: the published figures, 38 (38.55) verdicts a working day, and no case more the second time."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    home = tmp_path / "home"
    status, rows = crawled(home, FullWorld(), every=10)
    assert status == door.DONE
    assert rows[0]["cases"] == rows[1]["cases"]
    assert {court for court, _ in rows[1]["missing"]} == NOWHERE
    assert figures(home, PUBLISHED) == PUBLISHED
    assert "38 (38.55)" in tally(home, "tally", *APRIL)
