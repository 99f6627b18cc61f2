"""What is small and swells, or sends a reader to and fro, costs what its octets cost and no more."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from archive import arc, records
from tests.intake.corpus import A, filedesc, packed, record

MEMORY = 1 << 29  # octets of address space
SECONDS = 30  # of processor time, for judging and taking in together
DISK = 1 << 20  # octets of the archive afterwards


def gzipped(pieces: Iterable[bytes]) -> bytes:
    """One member, made without holding what it holds."""
    deflate = zlib.compressobj(9, wbits=31)
    return b"".join([*(deflate.compress(piece) for piece in pieces), deflate.flush()])


def swelling(size: int) -> bytes:
    """A record whose block is so many octets, all alike."""
    head = record("a", block=b"", Content_Length=str(size), end=b"")
    return gzipped([head, *[b"\0" * (1 << 20)] * (size >> 20), b"\r\n\r\n"])


EMPTY = record("a", "resource", b"", Content_Type=None, WARC_Target_URI="dns:a")  # of no address that is taken in
BOMBS: dict[str, tuple[str, bytes]] = {
    "a block that swells": ("a.warc.gz", swelling(1 << 29) + packed(A)),
    "twenty thousand records in a few octets": ("a.warc.gz", gzipped([EMPTY * 1000] * 20) + packed(A)),
    "an ARC file of that kind": ("a.arc.gz", gzipped([filedesc(), *[b"dns:a 0 20080430204825 a 0\n" * 1000] * 50])),
    "a head without an end": ("a.warc.gz", gzipped([b"WARC/1.0\r\n", *[b"a: b\r\n" * 100_000] * 100]) + packed(A)),
    "a value folded over and over": ("a.warc.gz", gzipped([b"WARC/1.0\r\na: b\r\n", *[b" c\r\n" * 100_000] * 100]) + packed(A)),
    "a signature of gzip at every third octet": ("a.warc.gz", packed(A) + records.MEMBER * 60_000),
    "members that hold nothing": ("a.warc.gz", gzip.compress(b"", mtime=0) * 5_000 + packed(A)),
    "empty lines": ("a.warc", A + b"\n" * 2_000_000 + A),
    "empty lines of an ARC file": ("a.arc", filedesc() + b"\n" * 2_000_000),
    "chunks of one octet": (
        "a.warc",
        record("a", block=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n"),
    ),
    "an exabyte": ("a.warc", record("a", Content_Length="9" * 18)),
}

CHILD = """
import json, resource, sys
from pathlib import Path
from archive.foreign import verify_file
from archive.store import Settings, Store
from archive.take import Untaken, take

memory, seconds, home, path = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
judged = sum(1 for _ in verify_file(path))
with Store.open(home, settings=Settings(floor=0)) as store:
    found = list(take(store, path))
disk = sum(each.stat().st_size for each in home.rglob("*") if each.is_file())
print(json.dumps([judged, sum(not isinstance(each, Untaken) for each in found), disk]))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_judged_and_taken_in_within_bounds(name: str, tmp_path: Path) -> None:
    """In 512 MiB of address space and half a minute; the archive does not swell with it, and something is said of it."""
    file, octets = BOMBS[name]
    path = tmp_path / file
    path.write_bytes(octets)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(MEMORY), str(SECONDS), str(tmp_path / "home"), str(path)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    judged, kept, disk = json.loads(done.stdout)
    goes_on = name in (
        "a block that swells",
        "a head without an end",
        "a value folded over and over",
        "members that hold nothing",
    )

    assert (True, True) == (judged > 0, disk <= DISK), (judged, disk)
    assert kept >= (1 if goes_on else 0)


def test_records_of_one_member_are_read_while_they_are_worth_their_octets(tmp_path: Path) -> None:
    """A member that swells ends after MANY records; one of as many records that differ is read to its end."""
    swollen, honest = tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"
    swollen.write_bytes(gzipped([EMPTY * 1000] * 10))
    honest.write_bytes(gzipped(record(f"{number * 7919}", block=os.urandom(20)) for number in range(3000)))
    counted = []
    for path in (swollen, honest):
        with path.open("rb") as file:
            counted.append(sum(each.version is not None for each in records.walk(file, inner=True)))

    assert [True, True] == [counted[0] < 5 * records.MANY, counted[1] == 3000], counted


def test_records_of_an_arc_member_too(tmp_path: Path) -> None:
    """The same bound holds for ARC files."""
    path = tmp_path / "a.arc.gz"
    path.write_bytes(gzipped([filedesc(), *[b"dns:a 0 20080430204825 a 0\n" * 1000] * 10]))
    with path.open("rb") as file:
        found = list(arc.walk(file))

    assert (True, ["the gzip member swells to more records than its octets are worth"]) == (
        len(found) < 5 * records.MANY,
        [fault.text for fault in found[-1].faults],
    )


@pytest.mark.parametrize("cut", [0, 1, 63, 4095])
def test_the_member_behind_garbage_is_found_wherever_a_step_ends(cut: int, tmp_path: Path) -> None:
    """Octets that only look like members, of every length around that of a step: the record behind them is read."""
    garbage = (records.MEMBER + b"\x1f") * 20_000
    path = tmp_path / "a.warc.gz"
    for more in range(cut, cut + 4):
        path.write_bytes(packed(A) + garbage[: 65_536 - more] + packed(A))
        with path.open("rb") as file:
            types = [each.type for each in records.walk(file)]
        assert ["response", "", "response"] == types, more


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_the_record_behind_text_is_found_wherever_a_step_ends(ends: bytes, tmp_path: Path) -> None:
    """The same for a plain file: a line that begins a record may lie across two steps."""
    path = tmp_path / "a.warc"
    for more in range(16):
        path.write_bytes(A + b"x" * (records.STEP - len(A) - more) + ends + A)
        with path.open("rb") as file:
            types = [each.type for each in records.walk(file)]
        assert ["response", "", "response"] == types, more
