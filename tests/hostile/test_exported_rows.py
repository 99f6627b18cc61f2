"""Files for others' tools say how many rows they hold: as many as another reader counts in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from archive.disk import Disk
from archive.store import Archive
from tests.durability import cycle
from tests.world.command import crawl


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An archive of six exchanges: one was refused and holds no record, one stands for the same body."""
    home = tmp_path / "home"
    cycle.run(home, Disk(), lambda _told: None)
    return home


async def test_export_cdxj_wrote_blank_lines(home: Path, tmp_path: Path) -> None:
    """A line for each capture that holds something, none of them empty, and the number that the command says."""
    file = tmp_path / "out.cdxj"
    (told,) = (await crawl(home, "export", "cdxj", "-o", str(file))).rows
    lines = file.read_text("utf-8").split("\n")
    with Archive.open(home) as archive:
        held = [capture for capture in archive.captures() if capture.record is not None]

    assert lines.pop() == ""
    assert [] == [number for number, line in enumerate(lines) if not line.strip()]
    assert len(held) == len(lines) == told["rows"] == 5
    assert sorted(lines) == lines
    assert sorted(capture.record.offset for capture in held if capture.record) == sorted(
        int(json.loads(line.split(" ", 2)[2])["offset"]) for line in lines
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_the_rows_that_are_told_are_the_rows_that_are_there(home: Path, tmp_path: Path, form: str) -> None:
    """Counted by other readers than the writer: the csv module, and one JSON value a line."""
    told = {Path(row["file"]): row["rows"] for row in (await crawl(home, "export", form, "-o", str(tmp_path / "out"))).rows}
    counted = {
        file: len(list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))) - 1
        if form == "csv"
        else len([json.loads(line) for line in file.read_text("utf-8").splitlines()])
        for file in told
    }

    assert told == counted
    assert any(told.values())
