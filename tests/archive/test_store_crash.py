"""A crash at any moment loses nothing acknowledged, leaves nothing dangling, and throws no octet away."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import recovery, warc
from archive.disk import Disk
from archive.index import Index
from archive.store import Archive, Store, rebuild

Opened = Callable[..., Store]
LOOP = Path(__file__).with_name("crash_loop.py")


class Unsynced(Disk):
    """Thousands of recoveries in one test: what is looked at is the logic, not the medium."""

    def datasync(self, fd: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass

    def cut(self, path: Path, length: int) -> None:
        os.truncate(path, length)


def crash(home: Path, kills: int, read_back: Any, dumped: Any) -> dict[str, Any]:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    home.parent.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, LOOP, home, str(kills), str(seed)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(found)
    read_back(home)
    rows = dumped(home)
    rebuild(home)
    assert rows == dumped(home)
    return found


def test_kill_9_at_random_moments_loses_nothing(home: Path, read_back: Any, dumped: Any) -> None:
    """20 kills under load: every acknowledged exchange reads back, no row dangles, no visit is there twice."""
    found = crash(home, 20, read_back, dumped)

    assert (found["lost"], found["gaps"], found["doubled"]) == ([], [], 0)
    assert found["acknowledged"] > 0


@pytest.mark.full
def test_300_kills_lose_nothing(home: Path, read_back: Any, dumped: Any) -> None:
    """The long form: 300 kills, torn tails among them."""
    found = crash(home, 300, read_back, dumped)

    assert (found["lost"], found["gaps"], found["doubled"]) == ([], [], 0)
    assert found["acknowledged"] > 1000
    assert found["torn"] + found["adopted"] > 0


KILLED_AT = """
import os, sys
from pathlib import Path
from archive import database
from archive.index import Index

left = int(sys.argv[2])

class Killed(database.Connection):
    def execute(self, *asked):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return super().execute(*asked)

database.Connection = Killed
Index.open(Path(sys.argv[1]), write=True).close()
"""


def test_a_kill_at_any_statement_of_a_new_index(tmp_path: Path) -> None:
    """Half a schema is none: whenever the first opening stops, the next one makes the index whole."""
    Index.open(tmp_path / "whole", write=True).close()
    with sqlite3.connect(tmp_path / "whole") as db:
        whole = sorted(db.iterdump())
    statuses = []
    for n in range(40):
        path = tmp_path / f"killed at {n}"
        statuses.append(subprocess.run([sys.executable, "-c", KILLED_AT, path, str(n)], check=False).returncode)
        Index.open(path, write=True).close()
        with sqlite3.connect(path) as db:
            assert whole == sorted(db.iterdump()), f"killed at statement {n}"
        if statuses[-1] == 0:
            break

    assert (9, 0) == (statuses[0], statuses[-1])


@pytest.fixture
def half_indexed(world: Any, home: Path, opened: Opened) -> tuple[Path, bytes, int, int]:
    """The last visit is in the file and not in the index: file, octets, where that visit begins, captures before it."""
    with opened() as store:
        before = [store.keep(world.visit(e)).result(10).last for e in list(world.shapes().values())[:6]]
    shutil.copy(home / "index.sqlite", home / "index.before")
    with opened() as store:
        store.keep(world.visit(world.page(b"<p>the last one"))).result(10)
    (path,) = (home / "warc").glob("*.warc.gz")
    (home / "index.before").rename(home / "index.sqlite")
    end = before[-1].manifest.offset + before[-1].manifest.length
    return path, path.read_bytes(), end, len(before)


def test_a_torn_tail_is_found_at_every_octet(half_indexed: tuple[Path, bytes, int, int], home: Path) -> None:
    """Cut anywhere in the last visit's records: the tail is set aside whole, and everything before it reads."""
    path, octets, end, before = half_indexed
    index = Index.open(home / "index.sqlite", write=True)
    wrong = []
    for cut in range(end + 1, len(octets)):
        path.write_bytes(octets[:cut])
        found = recovery.recover(path.parent, index, Unsynced())
        sides = [(p, p.read_bytes()) for p in path.parent.glob("*.torn")]
        if path.read_bytes() != octets[:end] or [s for _, s in sides] != [octets[end:cut]] or found.adopted:
            wrong.append(cut)
        for side, _ in sides:
            side.unlink()
    index.close()
    with Archive.open(home) as archive:
        assert before == len([archive.exchange(c) for c in archive.captures()])

    assert wrong == []
    assert len(octets) - end > 1000


def test_a_whole_capture_beyond_the_last_row_is_adopted(half_indexed: tuple[Path, bytes, int, int], opened: Opened) -> None:
    """Written and synced, and the machine stopped before the transaction: it is kept, with its number."""
    path, octets, _, before = half_indexed
    with opened() as store:
        captures = list(store.archive.captures())
        last = store.archive.memento(captures[-1]).body
        outbox = store.waiting()

    assert octets == path.read_bytes()
    assert [*range(before + 1)] == [c.seq for c in captures]
    assert last == b"<p>the last one"
    assert (captures[-1].seq, captures[-1].manifest_sha256) == outbox[-1]


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"garbage" * 100, b"\x1f\x8b\x08" + b"\xff" * 50, b"\x1f"])
def test_garbage_behind_the_last_record_is_set_aside(
    world: Any, home: Path, opened: Opened, read_back: Any, tail: bytes
) -> None:
    """Zeros after a power failure, or anything else: other people's readers never meet it, and it is not thrown away."""
    with opened() as store:
        store.keep(world.visit(world.page(b"one"))).result(10)
    (path,) = (home / "warc").iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with opened() as store:
        (side,) = store.recovery.aside
        store.keep(world.visit(world.page(b"two"))).result(10)
    with path.open("rb") as file:
        types = [record.rec_type for record in ArchiveIterator(file)]

    assert tail == side.read_bytes()
    assert ["warcinfo", *["request", "response", "metadata"] * 2] == types
    assert len(read_back(home)) == 2


def test_a_tail_is_set_aside_once_however_often_recovery_is_cut_short(
    half_indexed: tuple[Path, bytes, int, int], failing: Any, opened: Opened
) -> None:
    """The machine stops between side file and cut: the next opening ends in one side file, not in two."""
    path, octets, end, _ = half_indexed
    path.write_bytes(octets[:-1])
    for act in ("datasync", "rename", "sync_folder", "cut"):
        with pytest.raises(OSError, match="error"):
            opened(disk=failing(act=act, nth=1))
    opened().close()
    sides = sorted(p.name for p in path.parent.iterdir() if p != path)

    assert octets[:end] == path.read_bytes()
    assert [octets[end:-1]] == [(path.parent / name).read_bytes() for name in sides]


def test_a_file_that_was_made_and_never_written_is_taken_away(world: Any, home: Path, opened: Opened) -> None:
    """Also when only a piece of its warcinfo is there, which is set aside."""
    with opened() as store:
        store.keep(world.visit(world.page(b"one"))).result(10)
    (first,) = (home / "warc").iterdir()
    empty = first.with_name("kartoteka-20260302000000-00002.warc.gz")
    empty.touch()
    opened().close()
    assert [first] == list((home / "warc").iterdir())

    empty.write_bytes(first.read_bytes()[:100])
    with opened() as store:
        assert [first.read_bytes()[:100]] == [p.read_bytes() for p in store.recovery.aside]
    assert not empty.exists()


def test_an_old_index_catches_up_with_its_files(world: Any, home: Path, opened: Opened, dumped: Any) -> None:
    """Put back from a backup, over files that went on: every later capture is adopted, over several files."""
    with opened(rotate=6000) as store:
        store.keep(world.visit(world.page(b"first"))).result(10)
    shutil.copy(home / "index.sqlite", home.parent / "backup")
    with opened(rotate=6000) as store:
        for exchange in world.shapes().values():
            store.keep(world.visit(exchange)).result(10)
    late = dumped(home)
    shutil.copy(home.parent / "backup", home / "index.sqlite")
    with opened(rotate=6000) as store:
        assert (store.recovery.findings, store.recovery.adopted) == ([], 17)

    assert late == dumped(home)
    assert len(list((home / "warc").iterdir())) > 2


def test_what_is_there_twice_is_reported_and_entered_once(world: Any, home: Path, opened: Opened) -> None:
    """A copy of a file under a later number adds no capture."""
    with opened() as store:
        captures = [store.keep(world.visit(world.page(b"%d" % n))).result(10).last for n in range(3)]
    (first,) = (home / "warc").iterdir()
    shutil.copy(first, first.with_name("kartoteka-20260302000000-00009.warc.gz"))
    found = rebuild(home)
    with Archive.open(home) as archive:
        assert captures == list(archive.captures())

    assert sum("there" in finding for finding in found.findings) == 3
    assert len({r.id for r in warc.records(first) if r.type == "warcinfo"}) == 1
