"""Which records lie in an ARC file (versions 1 and 2), told in WARC's words; bounded, and nothing in it is trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import IO

from archive.records import LONGEST_LINE, MANY, Fault, Member, Octets, Record, finish, is_gzip

CLAUSE = "ARC File Format, URL-record-definition"
# URL, address, time, media type, in version 2 also result code, checksum, location, offset, file name; length.
LINE = re.compile(r"(\S.*?) (\S+) (\d{4,17}) (\S+)(?: \S+ \S+ \S+ \S+ \S+)? (\d{1,18})")


def walk(file: IO[bytes]) -> Iterator[Record]:
    """Every record but the file's own description, in order; finished when the next one is asked for.

    What cannot be read ends the walk of a plain file, or of one gzip member, with a record whose faults say why.
    """
    file.seek(0, 2)
    size = file.tell()
    offset, number = 0, 0
    if not is_gzip(file):
        file.seek(0)
        yield from _run(Octets(file), 0, number)
        return
    while offset < size:
        member = Member(file, offset)
        for record in _run(member, offset, number):
            number = record.number
            yield record
        if member.trouble or not member.done or not member.length:
            swollen = "the gzip member swells to more records than its octets are worth" if member.swollen else None
            yield _unread(number + 1, offset, member.trouble or swollen or "the gzip member has no end")
            return
        offset += member.length


def _run(octets: Octets, offset: int, number: int) -> Iterator[Record]:
    before = number
    while True:
        octets.pass_over(b"\r\n")
        if not octets.peek(1):
            return
        if number - before > MANY and octets.swollen:
            return  # `walk` says why
        line = octets.line(LONGEST_LINE)
        match = LINE.fullmatch((line or b"").decode("utf-8", "replace").rstrip("\r\n"))
        number += 1
        if match is None:
            yield _unread(number, offset, f"not the line of a record: {(line or b'')[:80]!r}")
            return
        record = Record(number, offset, "arc", tuple(_fields(match)), _octets=octets)
        record._end = partial(_end, record)
        if not match[1].startswith("filedesc:"):
            yield record
        finish(record)
        if not record.readable:
            return


def _unread(number: int, offset: int, why: str) -> Record:
    record = Record(number, offset, None, (), [Fault(CLAUSE, why)])
    record.readable = False
    return record


def _fields(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    url, ip, date, mime, length = match.groups()
    yield "WARC-Type", "response" if url.lower().startswith(("http:", "https:")) else "resource"
    yield "WARC-Target-URI", url
    yield "WARC-Date", date
    yield "WARC-IP-Address", ip
    yield "Content-Type", "application/http; msgtype=response" if url.lower().startswith("http") else mime
    yield "Content-Length", length


def _end(record: Record) -> None:
    for _ in record.block():
        pass
