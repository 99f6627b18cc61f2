"""The disk fails at the n-th act: nothing acknowledged is lost, nothing dangles, and the writer goes on."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Snapshot
from archive.disk import Disk
from archive.errors import DiskFull, Poisoned
from archive.store import Store, rebuild

Opened = Callable[..., Store]


def keep_six(store: Store, world: Any) -> list[str | type[BaseException]]:
    """Six visits, one after another: the id of each that was acknowledged, the class of error of each that was not."""
    kept: list[str | type[BaseException]] = []
    for n in range(6):
        future: Future[Snapshot] = store.keep(world.visit(world.page(b"<p>%d" % n * 100)))
        error = future.exception(20)
        kept.append(future.result().last.id if error is None else type(error))
    return kept


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("act", ["create", "write", "datasync", "sync_folder", "rename", "cut"])
def test_the_nth_act_fails(
    world: Any, home: Path, opened: Opened, failing: Any, read_back: Any, dumped: Any, act: str, short: bool, error: int
) -> None:
    """Every n until none is left to fail: acknowledged visits read back, and the index is what the files make of it."""
    if short and act != "write":
        return  # only a write can be short
    nth, reached = 0, True
    while reached:
        nth += 1
        before = set(read_back(home)) if home.exists() and (home / "index.sqlite").exists() else set()
        disk = failing(act=act, nth=nth, error=error, short=short)
        kept: list[Any] = []
        try:
            with opened(disk=disk, rotate=2500) as store:
                kept = keep_six(store, world)
        except (OSError, DiskFull):
            assert disk.failed
        reached = disk.failed > 0
        opened(rotate=2500).close()
        acknowledged = {k for k in kept if isinstance(k, str)}
        held = set(read_back(home))

        assert before | acknowledged <= held
        # One failure costs at most one visit, and only where there is no room: a file that failed is left for a new one.
        assert [DiskFull] * (len(kept) - len(acknowledged)) == [k for k in kept if not isinstance(k, str)]
        assert len(kept) - len(acknowledged) <= (1 if error != errno.EIO and disk.failed else 0)
    rows = dumped(home)
    rebuild(home)
    assert rows == dumped(home)
    assert nth > 1 or act == "cut"  # nothing is cut where nothing failed


def test_a_file_whose_sync_failed_is_never_written_again(
    world: Any, home: Path, opened: Opened, failing: Any, read_back: Any
) -> None:
    """It ends at its last good end; the visit goes to a new file and is acknowledged there."""
    disk = failing(act="datasync", nth=4)  # the format file's, then one a visit
    with opened(disk=disk) as store:
        kept = keep_six(store, world)
        files = [store.archive.capture(str(id_)).manifest.file for id_ in kept]
        ends = {p.name: p.stat().st_size for p in store.archive.files()}

    assert files == sorted(files)
    assert [files.count(name) for name in sorted(set(files))] == [2, 4]
    assert set(ends) == set(files)
    assert set(kept) == set(read_back(home))


def test_a_disk_that_keeps_failing_is_said_to_and_the_writer_lives(
    world: Any, home: Path, opened: Opened, failing: Any, read_back: Any
) -> None:
    """Each visit fails by name while it lasts, no empty files are left, and when it is over visits are kept again."""
    disk = failing(act="datasync", nth=3, until_freed=True)
    with opened(disk=disk) as store:
        during = keep_six(store, world)
        disk.act = ""
        after = keep_six(store, world)
        names = {p.name for p in (home / "warc").iterdir()}

        assert names == {p.name for p in store.archive.files()}
    assert [Poisoned] * 5 == during[1:]
    assert isinstance(during[0], str)
    assert {during[0], *after} == set(read_back(home))


def test_a_full_disk_loses_nothing_and_the_writer_goes_on_by_itself(
    world: Any, home: Path, opened: Opened, failing: Any, read_back: Any
) -> None:
    """Half a record that fitted is cut off again; with room, the same file goes on."""
    disk = failing(act="write", nth=4, error=errno.ENOSPC, short=True, until_freed=True)
    with opened(disk=disk) as store:
        during = keep_six(store, world)
        disk.act = ""
        after = keep_six(store, world)

    assert [DiskFull] * 4 == during[2:]
    assert {*during[:2], *after} == set(read_back(home))
    assert len(list((home / "warc").iterdir())) == 1


def test_the_floor_is_kept_free(world: Any, home: Path, opened: Opened, read_back: Any) -> None:
    """Work stops before the disk is full, while there is room for the index and for people; it resumes unaided."""

    class Tight(Disk):
        free = 5000

        def space(self, path: Path) -> int:
            return self.free

    disk = Tight()
    with opened(disk=disk, floor=4500) as store:
        during = keep_six(store, world)
        disk.free = 10_000
        after = keep_six(store, world)

    assert [DiskFull] * 6 == during
    assert set(after) == set(read_back(home))


def test_a_disk_that_takes_one_octet_at_a_time_is_only_slow(world: Any, home: Path, opened: Opened, read_back: Any) -> None:
    """A short write is no error where the rest can follow (R5)."""

    class Slow(Disk):
        def write(self, fd: int, octets: memoryview) -> int:
            return super().write(fd, octets[:1])

    with opened(disk=Slow()) as store:
        kept = keep_six(store, world)

    assert set(kept) == set(read_back(home))


def test_an_index_without_room_costs_no_capture(world: Any, home: Path, opened: Opened, read_back: Any) -> None:
    """The octets are durable and the transaction finds no room: they are adopted when there is some."""
    with opened() as store:
        first = store.keep(world.visit(world.page(b"first"))).result(10).last.id
        with store.index._database.connection() as db:
            ((pages,),) = db.execute("PRAGMA page_count")
            db.execute(f"PRAGMA max_page_count = {pages}")
        during: list[Any] = []
        while DiskFull not in during:
            during += keep_six(store, world)
        with store.index._database.connection() as db:
            db.execute("PRAGMA max_page_count = 1000000")
        after = keep_six(store, world)

    held = set(read_back(home))
    assert {first, *after, *(k for k in during if isinstance(k, str))} <= held
    assert len({first, *after, *(k for k in during if isinstance(k, str))}) < len(held)


@pytest.mark.root
def test_a_tiny_disk_that_really_fills(world: Any, tmp_path: Path, settings: Any, read_back: Any) -> None:
    """A file system of 4 MB, filled, freed, filled: 5 rounds, 0 lost, and it resumes unaided."""
    import os
    import subprocess

    if os.geteuid():
        pytest.skip("needs root to mount")
    place = tmp_path / "tiny"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        acknowledged = set()
        ballast = place / "ballast"
        with Store.open(place / "home", settings=settings) as store:
            for turn in range(5):
                free = os.statvfs(place)
                ballast.write_bytes(b"x" * (free.f_bavail * free.f_frsize - 300_000))
                errors = 0
                for n in range(400):
                    future = store.keep(world.visit(world.page(b"%d %d " % (turn, n) + os.urandom(3000))))
                    if future.exception(20) is None:
                        acknowledged.add(future.result().last.id)
                    else:
                        assert isinstance(future.exception(), DiskFull), future.exception()
                        errors += 1
                        if errors == 3:
                            break
                assert errors == 3
                ballast.unlink()
                assert store.keep(world.visit(world.page(b"after %d" % turn))).exception(20) is None
        assert acknowledged <= set(read_back(place / "home"))
        assert len(acknowledged) > 20
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_an_archive_on_a_read_only_medium_is_read(world: Any, tmp_path: Path, settings: Any, read_back: Any) -> None:
    """Somebody who is handed a disc can find and open every capture."""
    import os
    import subprocess

    if os.geteuid():
        pytest.skip("needs root to mount")
    place = tmp_path / "disc"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with Store.open(place / "home", settings=settings) as store:
            kept = keep_six(store, world)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        assert set(kept) == set(read_back(place / "home"))
    finally:
        subprocess.run(["umount", place], check=True)
