"""Content codings undone, within bounds: gzip, deflate, br, zstd, at most two of them stacked; pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from struct import Struct

import brotli
import zstandard
from deflate import DeflateError, crc32, gzip_decompress

from archive.errors import BadCoding

LIMIT = 256 * 1024 * 1024  # octets decoded, reliability 4.1
RATIO = 200  # decoded : coded, looked at after the first FREE octets
FREE = 1024 * 1024
STEP = 64 * 1024
ZSTD_STEP = 256  # zstd gives no bound on its output: one block (128 KiB) may come of a few octets
STACKED = 2
TRAILER = Struct("<II")  # CRC and length of a gzip member, RFC 1952, 2.3.1
WINDOW = 8 * 1024 * 1024  # RFC 9659: the largest zstd window a client need accept


def decode(entity: bytes, codings: str | None, *, limit: int = LIMIT, ratio: int = RATIO) -> bytes:
    """The body inside `entity`, whose Content-Encoding field says `codings` (None: none).

    Raises BadCoding for a coding that is unknown, broken or cut short, for more than two stacked, and for a
    body that swells beyond `limit` octets or `ratio` times what has been taken in.
    """
    names = [name.strip().lower() for name in (codings or "").split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > STACKED:
        raise BadCoding(f"{len(names)} content codings stacked; at most {STACKED} are undone")
    for name in reversed(names):
        undo = CODINGS.get(name)
        if undo is None:
            raise BadCoding(f"content coding {name[:40]!r} is unknown")
        if not entity:
            return entity
        most = min(limit, max(FREE, ratio * len(entity)))
        plain = _one_member(entity, most) if undo is _gzip else None
        entity = _bounded(name, undo(entity), limit, ratio) if plain is None else plain
    return entity


def _one_member(data: bytes, most: int) -> bytes | None:
    """One whole gzip member of at most so many octets, undone at once; None: step by step, which names what is wrong.

    libdeflate, two to three times as fast as zlib, says nothing of octets behind a member: the trailer must be that of
    these octets, and stand nowhere before the end.
    """
    if len(data) < 20 or not data.startswith(b"\x1f\x8b"):
        return None
    crc, size = TRAILER.unpack_from(data, len(data) - 8)
    if size > most:
        return None
    try:
        octets = gzip_decompress(data)
    except (DeflateError, ValueError, MemoryError):
        return None
    if len(octets) != size or data.find(data[-8:]) != len(data) - 8 or crc32(octets) != crc:
        return None
    return bytes(octets)


def _bounded(name: str, pieces: Iterator[tuple[bytes, int]], limit: int, ratio: int) -> bytes:
    whole = bytearray()
    try:
        for piece, taken in pieces:
            whole += piece
            if len(whole) > min(limit, max(FREE, ratio * taken)):
                raise BadCoding(f"{name} swells to more than {len(whole) - 1} octets from {taken}")
    except (zlib.error, brotli.error, zstandard.ZstdError) as exc:
        raise BadCoding(f"{name} is broken: {exc}") from exc
    return bytes(whole)


# Each yields (octets decoded, octets of the coded body taken in so far), in steps that bound both.


def _inflate(data: bytes, bits: int) -> Iterator[tuple[bytes, int]]:
    at = 0
    while at < len(data):  # RFC 1952, 2.2: members follow one another
        stream = zlib.decompressobj(bits)
        while not stream.eof and at < len(data):
            step = data[at : at + STEP]
            piece = stream.decompress(step, STEP)
            at += len(step) - len(stream.unconsumed_tail) - len(stream.unused_data)
            yield piece, at
        if not stream.eof:
            # What zlib still holds came out of octets already counted.
            yield stream.flush(), at
            if not stream.eof:
                raise zlib.error("it ends in the middle")
        if bits != GZIP or data[at : at + 2] != b"\x1f\x8b":
            return  # what follows is no member: left aside, as browsers do


GZIP, ZLIB, RAW = 31, 15, -15


def _gzip(data: bytes) -> Iterator[tuple[bytes, int]]:
    return _inflate(data, GZIP)


def _deflate(data: bytes) -> Iterator[tuple[bytes, int]]:
    # RFC 9110, 8.4.1.2: some send the raw stream without the zlib wrapper.
    wrapped = len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return _inflate(data, ZLIB if wrapped else RAW)


def _brotli(data: bytes) -> Iterator[tuple[bytes, int]]:
    stream = brotli.Decompressor()
    at = 0
    while not stream.is_finished():
        step = data[at : at + STEP] if stream.can_accept_more_data() else b""
        piece = stream.process(step, output_buffer_limit=STEP)
        if not piece and not step and stream.can_accept_more_data():
            raise brotli.error("it ends in the middle")
        at += len(step)
        yield piece, at


def _zstd(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 0
    while at < len(data):  # frames follow one another
        stream = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        while not stream.eof and at < len(data):
            step = data[at : at + ZSTD_STEP]
            piece = stream.decompress(step)
            at += len(step) - len(stream.unused_data)
            yield piece, at
        if not stream.eof:
            raise zstandard.ZstdError("it ends in the middle")


CODINGS: dict[str, Callable[[bytes], Iterator[tuple[bytes, int]]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
