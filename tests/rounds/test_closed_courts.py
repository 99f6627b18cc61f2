"""Three courts behind a captcha and one that blocks, as whoever gives the commands sees it: `crawl source` and `crawl tally`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crawler.demo.server import Served, serve
from crawler.demo.world import World
from crawler.sites.sudrf import queries
from schedules.cli import app
from tests.rounds.test_rounds import ASTRAKHAN, FEW, MAYKOP, PYATIGORSK, SOCHI, SOUTHERN, STAVROPOL

COURTS = (PYATIGORSK, STAVROPOL, ASTRAKHAN, SOCHI, MAYKOP, SOUTHERN)
GUARDED, BLOCKED = (PYATIGORSK, SOCHI, SOUTHERN), MAYKOP
CLOSED = {court.code: "captcha" for court in GUARDED} | {BLOCKED.code: "blocked"}
APRIL = ("--from", "2025-04-01", "--to", "2025-04-30")
KNOWN = ("court", "numbers", "received", "articles", "persons", "result", "decided", "in_force")


@contextmanager
def running(world: World) -> Iterator[Served]:
    """The courts in a thread of their own: a command has a loop for itself."""
    up, over = Event(), Event()
    held: list[Served] = []

    async def stand() -> None:
        async with serve(world) as served:
            held.append(served)
            up.set()
            while not over.is_set():
                await asyncio.sleep(0.02)

    thread = Thread(target=lambda: asyncio.run(stand()))
    thread.start()
    try:
        assert up.wait(30)
        yield held[0]
    finally:
        over.set()
        thread.join()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    monkeypatch.setattr(queries, "HEARD", timedelta(days=-20))  # the first days' hearing lists are enough here
    world = World(plans=FEW)
    world.turn(2)
    yield world


def command(home: Path, served: Served, *words: str) -> tuple[Result, list[dict[str, Any]]]:
    known = [word for rule in served.connect_to for word in ("--connect-to", rule)]
    done = CliRunner().invoke(
        app, ["--home", str(home), *known, "--ca", str(served.ca_file), "--pace", "0", "--json", *words], catch_exceptions=False
    )
    return done, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def asked(home: Path, served: Served) -> tuple[int, dict[str, str | None]]:
    """`crawl source` over April of the six courts: the exit status, and the gap of every court's criminal register."""
    courts = [word for court in COURTS for word in ("--court", court.code)]
    done, rows = command(home, served, "source", "sudrf", *courts, *APRIL)
    windows = [row for row in rows if row.get("kind") == "coverage" and row["register"] == "criminal-1"]
    assert {(row["from"], row["to"]) for row in windows} == {("2025-04-01", "2025-04-30")}
    assert [row["complete"] for row in windows] == [row["gap"] is None for row in windows]
    return done.exit_code, {row["court"]: row["gap"] for row in windows}


def counted(home: Path, served: Served) -> list[dict[str, Any]]:
    done, rows = command(home, served, "tally", *APRIL, "--by", "court")
    assert done.exit_code == 0, done.output
    return rows


def cases(home: Path, served: Served) -> dict[str, list[Any]]:
    """What `crawl cases` says of each case."""
    _, rows = command(home, served, "cases")
    return {row["case"]: [row[name] for name in KNOWN] for row in rows}


def test_closed_from_the_beginning(world: World, tmp_path: Path) -> None:
    """The tally names the four courts, their days and what stood before them, and calls no figure of theirs complete."""
    world.close("captcha", *GUARDED)
    world.close("blocked", BLOCKED)
    with running(world) as served:
        status, gaps = asked(tmp_path / "home", served)
        rows = counted(tmp_path / "home", served)
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "tally", *APRIL])
    assert status == 3
    assert gaps == {court.code: CLOSED.get(court.code) for court in COURTS}
    total = next(row for row in rows if row.get("kind") == "total")
    told = {(gap["court"], gap["from"], gap["to"], gap["gap"]) for gap in total["coverage"]["missing"]}
    assert {each for each in told if each[0] in CLOSED} == {
        (code, "2025-04-01", "2025-04-30", gap) for code, gap in CLOSED.items()
    }
    assert not total["coverage"]["complete"]
    assert {row["court"] for row in rows if row.get("kind") != "total" and row["coverage"]["complete"]} <= {
        STAVROPOL.code, ASTRAKHAN.code
    }  # fmt: skip
    assert "INCOMPLETE" in done.stdout
    assert [code for code in CLOSED if code not in done.stdout] == []
    assert "captcha: 2025-04-01..2025-04-30" in done.stdout and "blocked: 2025-04-01..2025-04-30" in done.stdout


def test_closed_after_they_were_read(world: World, tmp_path: Path) -> None:
    """Every case stands as it stood, the four courts are named with their days and the reason, and no figure of theirs is
    called complete."""
    home = tmp_path / "home"
    with running(world) as served:
        status, gaps = asked(home, served)
        before, known = counted(home, served), cases(home, served)
        assert (status, set(gaps.values())) == (0, {None})
        assert all(row["coverage"]["complete"] for row in before)
        world.close("captcha", *GUARDED)
        world.close("blocked", BLOCKED)
        status, gaps = asked(home, served)
        after, kept = counted(home, served), cases(home, served)
    assert (status, gaps) == (3, {court.code: CLOSED.get(court.code) for court in COURTS})
    assert len(known) > 20 and {name: kept.get(name) for name in known} == known  # hearing lists may have led to more
    received = {row.get("court"): row["received"] for row in before}
    assert {row.get("court"): row["received"] for row in after} == received
    assert not any(row["coverage"]["complete"] for row in after if row.get("court") in CLOSED)
    total = next(row for row in after if row.get("kind") == "total")
    assert not total["coverage"]["complete"]
    assert {(gap["court"], gap["from"], gap["to"], gap["gap"]) for gap in total["coverage"]["stale"]} == {
        (code, "2025-04-01", "2025-04-30", gap) for code, gap in CLOSED.items()
    }
