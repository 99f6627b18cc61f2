"""A record of our own, opened at its known place: read, hashed and inflated at one look each; None: go the long way.

A capture is opened right after it was kept, page after page. Its row has the digest of the whole member: where that
agrees, the octets are those we wrote, so they are taken as we write them (`warc.member`). Nothing is found wrong here:
what is larger, older or other than expected goes the long way (`warc.read_member`), where every fault has its name.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from deflate import DeflateError, gzip_decompress

from archive.capture import Span

LARGEST = 16 * 1024 * 1024  # octets, inflated, that are held at a time
HEAD_ENDS = re.compile(rb"\r\nContent-Type: ([ -~]+)\r\nContent-Length: ([0-9]{1,10})\r\n\r\n")
BEGINS = re.compile(rb"WARC/1\.1\r\nWARC-Type: ([a-z]+)\r\n")
_SIZE = Struct("<I")  # of the inflated octets: the last four of a gzip member (RFC 1952, 2.3.1)


class Opened(NamedTuple):
    """What opening a capture needs of a record."""

    type: str
    content_type: str
    block: bytes


def opened(path: Path, span: Span) -> Opened | None:
    """The record at a place, where it hashes to what its row says and is written as ours are; None: look again."""
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(span.offset)
            octets = file.read(span.length)
    except OSError:
        return None
    if len(octets) != span.length or span.length < 20 or sha256(octets).hexdigest() != span.sha256:
        return None
    if not octets.startswith(b"\x1f\x8b") or _SIZE.unpack_from(octets, span.length - 4)[0] > LARGEST:
        return None
    try:
        whole = gzip_decompress(octets)
    except (DeflateError, ValueError, MemoryError):
        return None
    begins = BEGINS.match(whole)
    end = whole.find(b"\r\n\r\n")
    ends = HEAD_ENDS.match(whole, whole.rfind(b"\r\nContent-Type: ", 0, end)) if end >= 0 else None
    if begins is None or ends is None or ends.end() + int(ends[2]) + 4 != len(whole) or not whole.endswith(b"\r\n\r\n"):
        return None
    return Opened(begins[1].decode(), ends[1].decode(), bytes(memoryview(whole)[ends.end() : -4]))
