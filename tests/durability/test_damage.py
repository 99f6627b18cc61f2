"""C6: every cut and every flipped bit in the last two records of a file is found, and named."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from archive.disk import Disk
from archive.index import Entry, Index
from archive.store import Settings, Store
from archive.verify import Verdict, verify
from tests.durability import cycle


@pytest.fixture
def last_two(place: Path) -> tuple[Path, Path, list[Entry]]:
    """An archive of two visits, its file, and where its last two records lie: the response and its manifest."""
    home = place / "home"
    with Store.open(home, disk=Disk(), settings=Settings(floor=0)) as store:
        hop = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>last</"
        first = next(cycle.visits())
        store.keep(first).result(30)
        last = cycle.exchange(1, 9, response=hop, head_length=hop.index(b"<p>"), url="http://court.example/last", tls=None)
        store.keep(cycle.Visit(last.url, (last,))).result(30)
    (path,) = (home / "warc").iterdir()
    index = Index.open(home / "index.sqlite")
    found = index.last(path.name, 2)
    index.close()
    return home, path, sorted(found, key=lambda entry: entry.span.offset)


def named(home: Path, path: Path, entry: Entry) -> bool:
    """A check failed, and says which record it is."""
    where = f"{path.name} at {entry.span.offset}"
    return any(f.outcome is Verdict.FAIL and f.subject == where for f in verify(home))


def flipped(home: Path, path: Path, entries: list[Entry], bits: Iterable[int]) -> list[int]:
    """The flipped bits that were not found, or not named. Bits are counted from the first of the two records."""
    octets, wrong = path.read_bytes(), []
    begin = entries[0].span.offset
    for bit in bits:
        damaged = bytearray(octets)
        damaged[begin + bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        entry = entries[begin + bit // 8 >= entries[1].span.offset]
        if not named(home, path, entry):
            wrong.append(bit)
    path.write_bytes(octets)
    return wrong


def cut(home: Path, path: Path, entries: list[Entry], lengths: Iterable[int]) -> list[int]:
    octets, wrong = path.read_bytes(), []
    for length in lengths:
        path.write_bytes(octets[:length])
        # The record that the cut went through, or the first that is gone.
        entry = entries[length >= entries[1].span.offset]
        if not named(home, path, entry):
            wrong.append(length)
    path.write_bytes(octets)
    return wrong


def bounds(entries: list[Entry]) -> tuple[int, int]:
    return entries[0].span.offset, entries[1].span.offset + entries[1].span.length


def test_some_flipped_bits(last_two: tuple[Path, Path, list[Entry]], seed: int) -> None:
    """150 drawn bits of the last two records: each is found, and its record named."""
    begin, end = bounds(last_two[2])
    bits = random.Random(seed).sample(range(8 * (end - begin)), 150)

    assert [] == flipped(*last_two, bits)


def test_some_cuts(last_two: tuple[Path, Path, list[Entry]], seed: int) -> None:
    """100 drawn cuts, and those at the borders of records."""
    begin, end = bounds(last_two[2])
    drawn = random.Random(seed).sample(range(begin, end), 100)

    assert [] == cut(*last_two, [begin, last_two[2][1].span.offset, end - 1, *drawn])


@pytest.mark.full
def test_every_flipped_bit(last_two: tuple[Path, Path, list[Entry]]) -> None:
    """The long form: all of them."""
    begin, end = bounds(last_two[2])
    print(f"{8 * (end - begin)} bits")

    assert [] == flipped(*last_two, range(8 * (end - begin)))


@pytest.mark.full
def test_every_cut(last_two: tuple[Path, Path, list[Entry]]) -> None:
    """The long form: at every octet."""
    begin, end = bounds(last_two[2])
    print(f"{end - begin} cuts")

    assert [] == cut(*last_two, range(begin, end))


def test_a_file_that_is_whole_names_nothing(last_two: tuple[Path, Path, list[Entry]]) -> None:
    """Where nothing is damaged, nothing is named."""
    home, path, entries = last_two

    assert [False, False] == [named(home, path, entry) for entry in entries]


def test_a_verifier_that_hashes_no_member_is_found(
    last_two: tuple[Path, Path, list[Entry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: the time in a gzip header is under no other check than the member's digest."""
    time = range(4 * 8, 8 * 8)  # MTIME (RFC 1952, 2.3)
    assert [] == flipped(*last_two, time)
    monkeypatch.setattr("archive.verify.octets.Octets.member", lambda *_: iter(()))

    assert [*time] == flipped(*last_two, time)
