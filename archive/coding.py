"""Content codings undone, within bounds: gzip, deflate, br, zstd, at most two of them stacked; pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

from archive.errors import BadCoding

LIMIT = 256 * 1024 * 1024  # octets decoded, reliability 4.1
RATIO = 200  # decoded : coded, looked at after the first FREE octets
FREE = 1024 * 1024
STEP = 64 * 1024
ZSTD_STEP = 256  # zstd gives no bound on its output: one block (128 KiB) may come of a few octets
STACKED = 2
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
        entity = _bounded(name, undo(entity), limit, ratio)
    return entity


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
    "gzip": lambda data: _inflate(data, GZIP),
    "x-gzip": lambda data: _inflate(data, GZIP),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
