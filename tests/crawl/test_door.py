"""The door: options anywhere, results inert, errors with an exit status."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.door import CONTROLS, hoist, json_line, visible
from archive.ledger.book import Book
from tests.world.command import crawl


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["url", "a", "--json", "--home", "h"], ["--json", "--home", "h", "url", "a"]),
        (["--home=h", "cases", "--query", "x"], ["--home=h", "cases", "--query", "x"]),
        (
            ["url", "--connect-to", ":443:127.0.0.1:1", "a", "--pace", "0"],
            ["--connect-to", ":443:127.0.0.1:1", "--pace", "0", "url", "a"],
        ),
        (["url", "--", "--json"], ["url", "--", "--json"]),
        (["url", "a", "--home"], ["--home", "url", "a"]),
    ],
)
def test_global_options_stand_before_or_after_the_command(words: list[str], first: list[str]) -> None:
    """What belongs to every command is found wherever it stands; what follows `--` is left alone."""
    assert first == hoist(words)


@given(st.text(), st.text())
def test_text_from_the_network_acts_on_no_terminal(key: str, value: str) -> None:
    """No control character reaches the output, and JSON reads back the same."""
    line = json_line({key: value})

    assert CONTROLS.search(line) is None
    assert CONTROLS.search(visible(value)) is None
    assert {key: value} == json.loads(line)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["url"], 2, "Missing argument"),
        (["no-such-command"], 2, "No such command"),
        (["source", "nowhere"], 2, "known are article, mos_gorsud, sudrf, vsrf"),
        (["source", "sudrf", "--court", "99XX9999"], 2, "has no court '99XX9999'"),
        (["tally", "--by", "weather"], 2, "cannot group by weather"),
        (["cases"], 5, "no ledger"),
        (["case", "1-1/2025"], 5, "no ledger"),
        (["url", "https://a.example/", "--connect-to", "nonsense"], 2, "HOST:PORT:ADDR:PORT2"),
        (["export", "xlsx", "-o", "x"], 2, "choose of csv, jsonl"),
        (["rebuild"], 3, "is no archive"),
        (["read", "no-such-file", "--url", "https://a.example/"], 3, "No such file"),
    ],
)
async def test_bad_input_says_what_to_do(tmp_path: Path, words: list[str], status: int, says: str) -> None:
    """A sentence on stderr, nothing on stdout, the exit status that the contract names."""
    ran = await crawl(tmp_path / "home", *words)

    assert (status, "") == (ran.status, ran.out)
    assert says in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A home with a ledger that nothing was entered in."""
    (tmp_path / "home").mkdir()
    Book.open(tmp_path / "home", write=True).close()
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["case", "1-33/2025"], "no case is called '1-33/2025': `crawl cases` lists them"),
        (["tally", "--by", "month", "--chart", "chart.svg"], "there is nothing to draw"),
    ],
)
async def test_what_a_ledger_does_not_have(bare: Path, words: list[str], says: str) -> None:
    """Where to look is said, and nothing is written."""
    ran = await crawl(bare, *words)

    assert (5, "") == (ran.status, ran.out)
    assert says in " ".join(ran.err.split())


async def test_an_archive_that_somebody_writes(tmp_path: Path) -> None:
    """The second writer is told who holds it, and changes nothing."""
    home = tmp_path / "home"
    home.mkdir()
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = await crawl(home, "url", "https://a.example/")

    assert ran.status == 6
    assert "in use by another writer" in ran.err


async def test_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    """Nothing is written into somebody's folder of papers."""
    (tmp_path / "letter.txt").write_text("Dear")
    ran = await crawl(tmp_path, "url", "https://a.example/")

    assert (ran.status, [path.name for path in tmp_path.iterdir()]) == (3, ["letter.txt"])
    assert "is no archive and not empty" in ran.err


async def test_a_setting_that_cannot_be(tmp_path: Path) -> None:
    """The setting, the file and the known names are told."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "kartoteka.toml").write_text("tries = 0\n")
    ran = await crawl(home, "url", "https://a.example/")

    assert ran.status == 2
    assert "'tries'" in ran.err and "kartoteka.toml" in ran.err
