"""The judge itself: of an archive that is well it says nothing, and each kind of damage it calls by its name."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.disk import Disk
from tests.durability import cycle
from tests.durability.judge import Told, faults


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Told]]:
    home, told = tmp_path_factory.mktemp("well") / "home", list[Told]()
    cycle.run(home, Disk(), told.append)
    return home, told


def _do(home: Path, table: str, *statements: str) -> None:
    with closing(sqlite3.connect(home / f"{table}.sqlite")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            db.execute(statement)
        db.commit()


def _flip(home: Path) -> None:
    path = min((home / "warc").glob("*.gz"))
    octets = bytearray(path.read_bytes())
    octets[600] ^= 1
    path.write_bytes(octets)


def _tail(home: Path) -> None:
    with max((home / "warc").glob("*.gz")).open("ab") as file:
        file.write(b"more")


MUTANTS: dict[str, Callable[[Path], None]] = {
    "dangling: kartoteka": _flip,
    "tail:": _tail,
    "gap:": lambda home: _do(home, "index", "DELETE FROM members WHERE offset > 0 AND kind = 'request'"),
    "numbers:": lambda home: _do(home, "index", "UPDATE captures SET seq = 99 WHERE seq = 3"),
    "lost: capture": lambda home: _do(home, "index", "DELETE FROM captures WHERE seq = 0"),
    "doubled:": lambda home: _do(
        home, "ledger", "INSERT INTO observation SELECT 'x' || id, registration, subject, property, ordinal, raw, value, "
        "derived, parser FROM observation LIMIT 1",
    ),
    "dangling: the ledger reads": lambda home: _do(home, "ledger", "UPDATE extraction SET capture = 'nowhere' WHERE seq = 0"),
    "values read from": lambda home: _do(home, "ledger", "DELETE FROM extraction WHERE seq = 0"),
    "verify: 5": lambda home: _do(home, "index", "UPDATE captures SET manifest_sha256 = 'x' WHERE seq = 1"),
    "rebuild:": lambda home: _do(home, "index", "UPDATE captures SET mime = 'text/odd' WHERE seq = 1"),
}  # fmt: skip


def test_an_archive_that_is_well(well: tuple[Path, list[Told]], tmp_path: Path) -> None:
    """Five visits, read and entered: nothing to say."""
    home = tmp_path / "home"
    shutil.copytree(well[0], home)

    assert [] == faults(home, well[1])
    assert [5, 4] == [len(well[1]), sum(bool(told.observations) for told in well[1])]


@pytest.mark.parametrize("says", MUTANTS)
def test_each_damage_has_its_word(well: tuple[Path, list[Told]], tmp_path: Path, says: str) -> None:
    """What no proof would catch, no proof may rely on."""
    home = tmp_path / "home"
    shutil.copytree(well[0], home)
    MUTANTS[says](home)

    assert [fault for fault in faults(home, well[1]) if says in fault]


def test_another_body_is_a_lost_one(well: tuple[Path, list[Told]]) -> None:
    """The digest that was told is looked at, not the name alone."""
    home, told = well
    other = [replace(told[0], payload="0" * 64), *told[1:]]

    assert [f"lost: the body of {told[0].capture} is not there as it was"] == faults(home, other, whole=False)
