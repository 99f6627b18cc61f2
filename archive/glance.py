"""A record of the plainest kind, told at one glance: whole, by the standard, and hashing to what it says; or None.

For the verifier, which meets hundreds of thousands of them. Nothing is found wrong here: what this does not know
goes the long way (`records`, `standard`), where every fault has its name. What it does accept, the long way accepts:
the field rules are asked of `standard` itself, once for each set of fields; a test holds the two against each other.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from deflate import DeflateError, crc32, gzip_decompress

from archive import standard
from archive.records import Record

LARGEST = 16 * 1024 * 1024  # octets of a member, once inflated, that is held at a time
MOST = 1100  # inflated : coded; deflate cannot do more than 1,032 : 1
UUID = r"[0-9a-f\-]{36}"
URI = r"[A-Za-z][A-Za-z0-9+.\-]*:[!-;=?-~]+"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
SHA256 = r"sha256:([0-9a-f]{64})"
HEAD = re.compile(
    r"WARC/1\.1\r\nWARC-Type: (request|response|revisit|resource|metadata)\r\n"
    rf"WARC-Record-ID: <urn:uuid:({UUID})>\r\nWARC-Date: ({DATE})\r\nWARC-Target-URI: ({URI})\r\n"
    rf"(WARC-Concurrent-To: <urn:uuid:{UUID}>\r\n)?(?:WARC-IP-Address: ([0-9a-f.:]+)\r\n)?"
    r"(?:WARC-Protocol: [!-~]+\r\n)*(?:WARC-Cipher-Suite: [!-~]+\r\n)?"
    rf"(?:WARC-Profile: ({URI})\r\nWARC-Refers-To: <urn:uuid:({UUID})>\r\n"
    rf"WARC-Refers-To-Target-URI: {URI}\r\nWARC-Refers-To-Date: ({DATE})\r\n)?"
    rf"(?:WARC-Payload-Digest: {SHA256}\r\n)?(?:WARC-Truncated: ([a-z]+)\r\n)?"
    rf"WARC-Block-Digest: {SHA256}\r\nContent-Type: ([!-~][ -~]*[!-~])\r\nContent-Length: (0|[1-9][0-9]{{0,9}})\r\n\r\n",
    re.ASCII,
)  # fmt: skip
# The head of an HTTP answer that needs no second look: lines that end in CR LF, none folded.
HTTP = re.compile(
    rb"HTTP/1\.[01] ([2-5][0-9][0-9])(?: [\t -~]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)+\r\n"
)
CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
CHUNK = re.compile(rb"([0-9a-fA-F]{1,7})\r\n")
TRAILER = Struct("<II")  # CRC and length of a gzip member, RFC 1952, 2.3.1
ID = "<urn:uuid:00000000-0000-4000-8000-000000000000>"


class Plain(NamedTuple):
    """What the verifier keeps of a record. Digests: lower-case hex. The first six stand in a manifest too."""

    id: str
    type: str
    length: int
    sha256: str
    block_length: int
    block_sha256: str
    target: str
    date: str
    status: int | None
    payload_sha256: str | None
    refers_to: str | None


def glance(coded: bytes) -> tuple[Plain, memoryview] | None:
    """What a record is, and its block. coded: what should be one gzip member with one record, as far as the index says."""
    length = len(coded)
    if length < 20:
        return None
    crc, size = TRAILER.unpack_from(coded, length - 8)
    if size > LARGEST or size > MOST * length:
        return None
    try:
        octets = gzip_decompress(coded)
    except (DeflateError, ValueError, MemoryError):
        return None
    # libdeflate holds the CRC against the member's own trailer and says nothing of octets behind it: the trailer
    # must be that of these octets, and stand nowhere before the end.
    if len(octets) != size or coded.find(coded[-8:]) != length - 8 or crc32(octets) != crc:
        return None
    begin = octets.find(b"\r\n\r\n") + 4
    match = HEAD.fullmatch(str(octets[:begin], "latin-1"))
    if match is None:
        return None
    kind, id_, date, target, tied, ip, profile, refers, refers_date, payload, cut, digest, media, number = match.groups()
    block_length = int(number)
    if begin + block_length + 4 != size or not octets.endswith(b"\r\n\r\n"):
        return None
    http = _allowed(kind, media, ip, tied is None, profile, payload is None, cut)
    if http is None or not _is_time(date) or (refers_date is not None and not _is_time(refers_date)):
        return None
    block = memoryview(octets)[begin : size - 4]
    block_sha256 = sha256(block).hexdigest()
    if block_sha256 != digest:
        return None
    status = body = None
    if http and kind != "request":
        status, body = _answer(octets, begin, block, payload_too=kind == "response")
        if body is None:
            return None
    elif kind == "resource":
        body = block_sha256
    if payload is not None and payload != body and kind != "revisit":
        return None
    member_sha256 = sha256(coded).hexdigest()
    return Plain(
        id_, kind, length, member_sha256, block_length, block_sha256, target, date, status, body or None, refers
    ), block  # fmt: skip


def _answer(octets: bytearray, begin: int, block: memoryview, *, payload_too: bool) -> tuple[int | None, str | None]:
    """(status, sha256 of the entity-body) of an HTTP answer; the digest is `` where none is asked for, None: look twice."""
    head = HTTP.match(octets, begin, begin + len(block))
    if head is None:
        return None, None
    status = int(head[1])
    if not payload_too:
        return status, ""
    body = block[head.end() - begin :]
    fields = octets[begin : head.end()].lower()
    if status not in (204, 304) and b"transfer-encoding" not in fields:
        return status, sha256(body).hexdigest()
    once = fields.count(b"transfer-encoding") == 1 and b"content-length" not in fields
    if once and status not in (204, 304) and CHUNKED in fields:
        digest = _of_chunks(body, octets, head.end())
        if digest is not None:
            return status, digest
    found, hashed = standard.Body(), sha256()
    for entity, _ in found.feed(bytes(block)):
        hashed.update(entity)
    if found.head is None or found.head.status != status:
        return None, None
    return status, hashed.hexdigest()


def _of_chunks(body: memoryview, octets: bytearray, start: int) -> str | None:
    """sha256 of a chunked body's data, where its chunks are of the plainest kind, end with the block, and have no trailer."""
    digest, at, end = sha256(), 0, len(body)
    while at < end:
        line = CHUNK.match(octets, start + at)
        if line is None:
            return None
        size = int(line[1], 16)
        begin = line.end() - start
        at = begin + size + 2
        if bytes(body[at - 2 : at]) != b"\r\n":
            return None
        if not size:
            return digest.hexdigest() if at == end else None
        digest.update(body[begin : at - 2])
    return None


@lru_cache(64)  # the records of one capture share their date
def _is_time(date: str) -> bool:
    """Of the form DATE: there is such a time. A leap second goes the long way."""
    try:
        datetime.fromisoformat(date[:26])
    except ValueError:
        return False
    return True


@lru_cache(4096)
def _allowed(
    kind: str, media: str, ip: str | None, untied: bool, profile: str | None, undigested: bool, cut: str | None
) -> bool | None:
    """The standard lets such a set of fields pass: whether the block is HTTP; None where it finds a fault."""
    fields = [
        ("WARC-Type", kind), ("WARC-Record-ID", ID), ("WARC-Date", "2026-01-01T00:00:00.000000Z"),
        ("WARC-Target-URI", "urn:x"), ("Content-Type", media), ("Content-Length", "1"),
        ("WARC-Block-Digest", "sha256:" + "0" * 64),
    ]  # fmt: skip
    if not untied:
        fields.append(("WARC-Concurrent-To", ID))
    if ip is not None:
        fields.append(("WARC-IP-Address", ip))
    if profile is not None:
        fields += [("WARC-Profile", profile), ("WARC-Refers-To", ID), ("WARC-Refers-To-Target-URI", "urn:x")]
        fields.append(("WARC-Refers-To-Date", "2026-01-01T00:00:00.000000Z"))
    if not undigested:
        fields.append(("WARC-Payload-Digest", "sha256:" + "0" * 64))
    if cut is not None:
        fields.append(("WARC-Truncated", cut))
    record = Record(1, 0, "1.1", tuple(fields))
    return None if next(standard.faults(record), None) is not None else standard.is_http(record)
