"""C5: the disk fills up and is freed, again and again."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from archive.errors import DiskFull
from archive.ledger.book import Book, Entry
from archive.store import Settings, Store
from crawler.readers import read
from tests.durability import cycle
from tests.durability.drives import Quota
from tests.durability.judge import Told, faults

ROUNDS = 20


@pytest.mark.parametrize("floor", [0, 30_000])
def test_20_times_full_and_freed(place: Path, seed: int, floor: int) -> None:
    """Each time it stops by name, loses nothing, and goes on by itself when there is room; with and without a floor."""
    home, told, stops = place / "home", list[Told](), 0
    disk = Quota(200)  # for the format file
    rnd = random.Random(seed)
    with Store.open(home, disk=disk, settings=Settings(floor=floor, rotate=150_000)) as store:
        for turn in range(ROUNDS):
            disk.left = rnd.randrange(20_000, 90_000)
            full = 0
            for visit in cycle.mixed(seed + turn, 100):
                try:
                    last = store.keep(visit).result(30).last
                except DiskFull:
                    full += 1
                    if full == 3:
                        break
                    continue
                told.append(Told(last.id, last.payload_sha256))
            stops += full == 3
            disk.left = 10**6
            last = store.keep(visit).result(30).last
            told.append(Told(last.id, last.payload_sha256))

    assert ROUNDS == stops
    assert [] == faults(home, told)
    assert [] == list((home / "warc").glob("*.torn"))


@pytest.mark.root
def test_a_tiny_disk_with_its_tables(tmp_path: Path, seed: int) -> None:
    """A file system of 4 MB, 20 rounds: files, index and ledger share it; what was told is kept and read."""
    if os.geteuid():
        pytest.skip("needs root to mount")
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tiny], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        home, ballast, told, stops = tiny / "home", tiny / "ballast", list[Told](), 0
        with Store.open(home, settings=Settings(floor=0)) as store, Book.open(home, write=True) as book:
            for turn in range(ROUNDS):
                free = os.statvfs(tiny)
                ballast.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - 100_000))
                for visit in cycle.mixed(seed + turn, 200):
                    try:
                        last = store.keep(visit).result(30).last
                        reading = read(store.archive.memento(last))
                        book.enter_many([Entry(last, reading)])
                    except DiskFull:
                        stops += 1
                        break
                    told.append(Told(last.id, last.payload_sha256, len(reading.observations)))
                ballast.unlink()
            last = store.keep(next(cycle.visits())).result(30).last
            told.append(Told(last.id, last.payload_sha256))
        assert ROUNDS == stops
        assert [] == faults(home, told)
    finally:
        subprocess.run(["umount", tiny], check=True)


class Bottomless(Quota):
    """The mutant: what does not fit is said to be written."""

    def write(self, fd: int, octets: memoryview) -> int:
        try:
            return super().write(fd, octets)
        except OSError:
            return len(octets)

    def space(self, path: Path) -> int:
        return 10**9


def test_a_disk_that_hides_that_it_is_full_is_found(place: Path, seed: int) -> None:
    """The mutant: nobody is told that there is no room."""
    told = list[Told]()
    with Store.open(place / "home", disk=Bottomless(30_000), settings=Settings(floor=0)) as store:
        for visit in cycle.mixed(seed, 20):
            last = store.keep(visit).result(30).last
            told.append(Told(last.id, last.payload_sha256))

    assert faults(place / "home", told, whole=False)
