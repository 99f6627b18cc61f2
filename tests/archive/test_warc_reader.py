"""Records are read strictly and within bounds, whoever wrote them."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import warc
from archive.capture import Span
from archive.errors import BadRecord
from archive.member import opened
from archive.store import Store

AT = datetime(2026, 3, 1, tzinfo=UTC)


def member(block: bytes = b"text", target: str = "urn:x:1") -> bytes:
    return warc.member("octets", "resource", "id-1", AT, block, content_type="text/plain", target=target).octets


def written(tmp_path: Path, octets: bytes) -> Path:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(octets)
    return path


def test_a_record_is_what_was_written(tmp_path: Path) -> None:
    """Fields in order, place, length and digests; packed and plain alike."""
    packed = member(b"\x00block\r\n\r\nmore")
    path = written(tmp_path, packed + member(b""))
    first, second = warc.records(path)

    assert (first.version, first.type, first.id, first.target) == ("1.1", "resource", "id-1", "urn:x:1")
    assert (b"\x00block\r\n\r\nmore", 0, len(packed)) == (first.block, first.offset, first.length)
    assert first.fields[0][0] == "WARC-Type" and first.fields[-1][0] == "Content-Length"
    assert (b"", len(packed)) == (second.block, second.offset)

    plain = gzip.decompress(path.read_bytes())
    again = list(warc.records(written(tmp_path, plain)))
    assert [first.block, second.block] == [r.block for r in again]
    assert [0, again[0].length] == [r.offset for r in again]
    assert first.block == plain[again[0].block_at : again[0].block_at + again[0].block_length]


def test_we_and_warcio_read_the_same(world: Any, home: Path, opened: Callable[..., Store]) -> None:
    """Places, types and blocks agree with an independent reader on everything we write."""
    with opened() as store:
        for exchange in world.shapes().values():
            store.keep(world.visit(exchange))
    (path,) = (home / "warc").glob("*.warc.gz")
    ours = [(r.offset, r.type, r.block) for r in warc.records(path)]
    theirs = []
    with path.open("rb") as file:
        records = ArchiveIterator(file, no_record_parse=True)
        for record in records:
            block = record.raw_stream.read()
            theirs.append((records.get_record_offset(), record.rec_type, block))

    assert theirs == ours
    assert [(r.offset, r.type, r.block) for r in warc.foreign_records(path)] == ours


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda plain: plain.replace(b"WARC/1.1", b"WORC/1.1"), "not a WARC version line"),
        (lambda plain: plain.replace(b"WARC-Type: ", b"WARC-Type "), "not a field line"),
        (lambda plain: plain.replace(b"urn:x:1", b"urn:x\n:1"), "not a field line"),
        (lambda plain: plain.replace(b"urn:x:1", b"urn:x:\xff"), "WARC-Target-URI: not UTF-8"),
        (lambda plain: plain.replace(b"Content-Length: 4", b"Content-Length: 5"), "Content-Length"),
        (lambda plain: plain.replace(b"Content-Length: 4", b"Content-Length: 3"), "Content-Length"),
        (lambda plain: plain.replace(b"Content-Length: 4", b"Content-Length: -4"), "Content-Length"),
        (lambda plain: plain.replace(b"Content-Length: 4", b"Content-Length: 4\r\nContent-Length: 4"), "Content-Length"),
        (lambda plain: plain.replace(b"Content-Length: 4\r\n", b""), "Content-Length"),
        (lambda plain: plain + b"more", "goes on behind its record"),
        (lambda plain: plain + plain, "goes on behind its record"),
        (lambda plain: plain[:-2], "two line ends"),
        (lambda plain: plain[:60], "ends inside its head"),
        (lambda plain: plain.replace(b"urn:x:1", b"u" * 70_000), "too long"),
        (lambda plain: plain.replace(b"urn:x:1", b"u\r\nX: " * 60_000), "too long"),
    ],
)
def test_what_breaks_the_standard_is_named_with_file_and_offset(tmp_path: Path, damage: Any, said: str) -> None:
    """A record that cannot be read says where it lies and which field is wrong; those before it are read."""
    good = member()
    path = written(tmp_path, good + gzip.compress(damage(gzip.decompress(good))))
    read = []
    with pytest.raises(BadRecord, match=rf"a\.warc\.gz at {len(good)}: .*{said}"):
        for record in warc.records(path):
            read.append(record.offset)

    assert read == [0]


def test_a_flipped_bit_is_always_noticed(tmp_path: Path) -> None:
    """Every single bit of a member: BadRecord, or a header bit of gzip that changes the member's digest."""
    good = member(b"some text that is compressed, text")
    sound = warc.read_member(written(tmp_path, good), 0)
    missed = []
    for at in range(len(good) * 8):
        bad = bytearray(good)
        bad[at // 8] ^= 1 << at % 8
        try:
            record = warc.read_member(written(tmp_path, bytes(bad)), 0)
        except BadRecord:
            continue
        if record.sha256 == sound.sha256:
            missed.append(at)

    assert missed == []


def test_a_bomb_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    """A header line of 200 MB inside 200 KB of gzip ends at the bound."""
    squeeze = zlib.compressobj(9, wbits=31)
    octets = squeeze.compress(b"WARC/1.1\r\nWARC-Type: ")
    for _ in range(200):
        octets += squeeze.compress(b"a" * 1_000_000)
    path = written(tmp_path, octets + squeeze.flush())
    tracemalloc.start()
    with pytest.raises(BadRecord, match="too long"):
        list(warc.records(path))
    ours = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with pytest.raises(BadRecord, match="too long"):
        list(warc.foreign_records(path))

    assert ours < 2_000_000


def test_a_large_block_is_streamed(tmp_path: Path) -> None:
    """A block beyond `keep` is hashed and passed over; `stream_member` gives it in pieces."""
    block = random.Random(1).randbytes(1_000_000) * 8
    path = written(tmp_path, member(block) + member(b"next"))
    large, after = warc.records(path, keep=1000)
    pieces = list(warc.stream_member(path, 0))

    assert (None, len(block), b"next") == (large.block, large.block_length, after.block)
    assert large.block_sha256 == warc.read_member(path, 0).block_sha256
    assert block == b"".join(pieces)
    assert max(map(len, pieces)) <= warc.STEP


def test_a_place_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    """Behind the end, inside a member, or of another length: BadRecord, never another record."""
    good = member()
    path = written(tmp_path, good)
    said = []
    for offset, length in ((len(good), None), (3, None), (0, len(good) - 1)):
        with pytest.raises(BadRecord) as caught:
            warc.read_member(path, offset, length)
        said.append(str(caught.value).partition(": ")[2][:25])

    assert ["no record there", "neither a gzip member nor", f"the record takes {len(good)} octets"[:25]] == said


def test_an_address_never_breaks_out_of_its_line(tmp_path: Path) -> None:
    """Line ends, spaces and controls in an address are percent-encoded in the record."""
    record = warc.read_member(written(tmp_path, member(target="http://a.example/ b\r\nX: y\u2028\u0416")), 0)

    assert record.target == "http://a.example/%20b%0D%0AX:%20y\u2028\u0416"
    assert record.all("X") == []


def test_arc_and_foreign_oddities_are_read(tmp_path: Path) -> None:
    """ARC, brackets around addresses, LF line ends: what an import meets; a short block says so."""
    version = b"1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n"
    arc = (
        b"filedesc://x.arc 0.0.0.0 20260301000000 text/plain %d\n%s\n" % (len(version), version)
        + b"http://a.example/ 203.0.113.5 20260301000000 text/html 24\nHTTP/1.0 200 OK\r\n\r\nhello\n\n"
    )
    path = tmp_path / "old.arc"
    path.write_bytes(arc)
    last = list(warc.foreign_records(path))[-1]
    assert (last.type, last.target, last.block) == ("response", "http://a.example/", b"HTTP/1.0 200 OK\r\n\r\nhello")

    path.write_bytes(b"WARC/1.0\nWARC-Type: resource\nWARC-Target-URI: <http://b.example/>\nContent-Length: 9\n\nshort")
    (short,) = warc.foreign_records(path)
    assert (short.target, short.block, short.fault) == ("http://b.example/", b"short", "4 of 9 octets of the block are missing")


@pytest.mark.real
def test_what_four_readers_accept_we_read(realdata: Path) -> None:
    """Files that warcio, FastWARC, jwarc and JWAT accept, and those that JHOVE names valid, are read to their end."""
    folder = realdata / "warc"
    verdicts = json.loads((folder / "VERDICTS.json").read_text())
    must = [
        folder / name
        for name, said in verdicts.items()
        if isinstance(said, dict)
        and all(said.get(k, {}).get("rc") == 0 for k in ("warcio_check", "fastwarc_check", "jwarc_validate"))
        and said.get("jwat", {}).get("compliant") == "true"
    ]
    must = [p for p in must if p.is_file() and p.suffix != ".wacz"]
    must += sorted(folder.glob("openpreserve__jhove/**/valid-*.warc*"))
    refused = {}
    for path in must:
        try:
            for _ in warc.records(path, keep=0):
                pass
        except BadRecord as exc:
            refused[path.name] = str(exc)

    assert refused == {}
    assert len(must) > 20


@pytest.mark.real
def test_no_foreign_file_does_more_than_fail(realdata: Path) -> None:
    """Every sample, good or broken, is read or ends in BadRecord."""
    read, failed = 0, 0
    for path in sorted((realdata / "warc").rglob("*arc*")):
        if path.is_file() and path.suffix in (".arc", ".warc", ".gz", ".open"):
            for reader in (warc.foreign_records, warc.records):
                try:
                    read += sum(1 for _ in reader(path))
                except BadRecord:
                    failed += 1

    assert read > 1000
    assert failed > 10


def span_of(octets: bytes, offset: int = 0) -> Span:
    return Span("a.warc.gz", offset, len(octets), hashlib.sha256(octets).hexdigest())


@pytest.mark.parametrize("block", [b"", b"text", b"\r\n\r\nContent-Type: x/y\r\nContent-Length: 3\r\n\r\n", b"\0" * 200_000])
def test_our_own_record_is_opened_at_one_look(tmp_path: Path, block: bytes) -> None:
    """The short way and the long way give the same type, media type and block."""
    packed = member(block)
    path = written(tmp_path, member(b"before") + packed + member(b"behind"))
    at = len(member(b"before"))

    record = warc.read_member(path, at)
    assert (record.type, record.get("Content-Type"), record.block) == opened(path, span_of(packed, at))


def test_what_is_not_as_we_wrote_it_goes_the_long_way(tmp_path: Path) -> None:
    """A flipped bit anywhere, another digest, a record cut short or one that is not packed: nothing is taken at one look."""
    packed = member(b"<p>a page of a court</p>" * 20)
    known = span_of(packed)
    assert opened(written(tmp_path, packed), known) is not None

    seed = random.randrange(2**32)
    print("seed", seed)
    for bit in random.Random(seed).sample(range(8 * len(packed)), 200):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << bit % 8
        assert opened(written(tmp_path, bytes(flipped)), known) is None, bit
    plain = gzip.decompress(packed)
    odd = [
        plain,
        packed[:-1],
        gzip.compress(plain + b"more"),
        gzip.compress(plain[:-4]),
        gzip.compress(b"no record, but long enough"),
    ]
    assert [None] * len(odd) == [opened(written(tmp_path, octets), span_of(octets)) for octets in odd]
    assert opened(tmp_path / "none.warc.gz", known) is None
