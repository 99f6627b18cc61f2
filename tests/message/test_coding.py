"""Content codings: undone whole, or refused within bounds."""

import gzip
import random
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archive.coding import decode
from archive.errors import BadCoding
from archive.memento import Memento


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


CODERS = {
    "gzip": gzip.compress,
    "X-Gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@given(st.binary(max_size=3000), st.sampled_from(sorted(CODERS)))
def test_every_coding_comes_back(data: bytes, coding: str) -> None:
    """What was coded is what is read, the empty body too."""
    assert data == decode(CODERS[coding](data), coding)
    assert decode(b"", coding) == b""


def test_two_codings_are_undone_in_turn() -> None:
    """The last one named was applied last (RFC 9110, 8.4)."""
    assert decode(gzip.compress(brotli.compress(b"text")), "br, gzip") == b"text"


def test_a_gzip_body_of_many_members() -> None:
    """Members follow one another; octets after the last one are no part of it."""
    data = b"".join(gzip.compress(b"%d," % n) for n in range(1000))

    assert b"".join(b"%d," % n for n in range(1000)) == decode(data + b"tail", "gzip")


def step_by_step(data: bytes) -> bytes | str:
    """The judge: zlib, member after member, as browsers do."""
    whole, rest = b"", data
    while rest.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(31)
        try:
            whole += stream.decompress(rest)
        except zlib.error:
            return "broken"
        if not stream.eof:
            return "broken"
        rest = stream.unused_data
    return whole


ONE = gzip.compress(b"<p>one page</p>" * 9, mtime=0)
ODD_GZIPS = {
    "one member": ONE,
    "the same member twice": ONE + ONE,
    "octets behind it": ONE + b"tail",
    "its own trailer behind it": ONE + ONE[-8:],
    "a wrong check sum": ONE[:-8] + b"\0\0\0\0" + ONE[-4:],
    "a wrong length": ONE[:-4] + b"\1\0\0\0",
    "a length of gigabytes": ONE[:-4] + b"\xff\xff\xff\xff",
    "an empty member behind it": ONE + gzip.compress(b"", mtime=0),
}


@pytest.mark.parametrize("data", ODD_GZIPS.values(), ids=ODD_GZIPS)
def test_a_whole_member_is_undone_at_once_and_no_otherwise(data: bytes) -> None:
    """The short way gives what the long way gives, and takes nothing for whole that is not."""
    try:
        found: bytes | str = decode(data, "gzip")
    except BadCoding:
        found = "broken"

    assert step_by_step(data) == found


@pytest.mark.parametrize("coding", ["foo", "gzip,gzip,gzip", "gzip, br, gzip"])
def test_codings_that_are_not_undone(coding: str) -> None:
    """Unknown ones and towers of them are refused by name."""
    with pytest.raises(BadCoding, match="coding"):
        decode(b"abc", coding)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_body_cut_in_the_middle(coding: str) -> None:
    """Half a body is never taken for a whole one."""
    data = random.Random(7).randbytes(5000)
    with pytest.raises(BadCoding, match="middle"):
        decode(CODERS[coding](data)[:-30], coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_stops_at_its_ratio(coding: str) -> None:
    """64 MiB of nothing are refused after a few MiB, whatever the coding."""
    with pytest.raises(BadCoding, match="swells"):
        decode(CODERS[coding](b"\0" * (64 << 20)), coding)


def test_a_body_at_its_bound() -> None:
    """The bound itself is allowed, one octet more is not."""
    data = random.Random(8).randbytes(2000)

    assert data == decode(gzip.compress(data), "gzip", limit=2000)
    with pytest.raises(BadCoding):
        decode(gzip.compress(data), "gzip", limit=1999)


def test_a_memento_of_a_coded_answer() -> None:
    """The entity keeps its coding, the body has it undone, and fields keep order and repetition."""
    coded = gzip.compress(b"<p>page</p>")
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX: 1\r\nx: 2\r\nContent-Length: %d\r\n\r\n" % len(coded) + coded
    memento = Memento.of_message("https://a.example/", raw)

    assert (coded, b"<p>page</p>") == (memento.entity, memento.body)
    assert [value for name, value in memento.fields if name.lower() == "x"] == ["1", "2"]
