"""Which records lie in a WARC file, one after another, and where; bounded, and nothing in it is trusted.

`walk` reads a file as it lies: plain, or gzip member by gzip member. It holds at most one step of octets and
one head at a time, goes on behind what it cannot read where a next record can be found, and says what it
skipped. It judges only how records are laid out; whether one follows the standard is `standard.py`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

STEP = 64 * 1024
LONGEST_LINE = 64 * 1024  # octets of one header line, reliability 5
LONGEST_HEAD = 1024 * 1024  # octets of one header
MOST_LINES = 10_000  # of one header
FREE = 1024 * 1024 * 1024  # octets a member may decode to, whatever it is coded in
RATIO = 200  # decoded : coded beyond that, reliability 4.1
GZIP = b"\x1f\x8b"
MEMBER = b"\x1f\x8b\x08"  # RFC 1952, 2.3.1: deflate is the only method
MANY = 1000  # records of one gzip member, beyond which RATIO holds from its first octet on
PROBE = 4096  # octets looked at where a gzip member may begin; a longer header of one is passed over
VERSION = re.compile(rb"WARC/([0-9]+\.[0-9]+)", re.IGNORECASE)
NEXT = re.compile(rb"\nWARC/[0-9]\.[0-9]", re.IGNORECASE)
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)", re.DOTALL)  # WARC 1.1, File and record model: token
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: with which field (None: with none), what, and the clause that says so."""

    clause: str
    text: str
    field: str | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.text} ({self.clause})" if self.field else f"{self.text} ({self.clause})"


MODEL = "WARC 1.1, File and record model"
ONE_MEMBER = "WARC 1.1, Annex D.2"


@dataclass(slots=True, eq=False)
class Record:
    """One record as it lies.

    number: from 1. offset: of its gzip member, or of its first octet in a plain file; octets.
    version: `1.1`; None where the first line is no version line.
    fields: (name, value) in order, folded lines joined by one space, UTF-8. unknown octets replaced.
    block(): the octets of the block, in steps, once. After `finish`: length (octets in the file), sha256 of
        the gzip member (None in a plain file), taken (octets of the block that were there), and every fault.
    """

    number: int
    offset: int
    version: str | None
    fields: tuple[tuple[str, str], ...]
    faults: list[Fault] = field(default_factory=list)
    length: int = 0
    sha256: str | None = None
    taken: int = 0
    readable: bool = True  # False: there is no block, because its length or its head could not be read
    _octets: Octets | None = None
    _first: dict[str, str] | None = None  # by lower-case name: asked for often
    _end: Callable[[], None] | None = None

    def get(self, name: str) -> str | None:
        """The first value of a field, None where it is absent."""
        if self._first is None:
            self._first = {field_name.lower(): value for field_name, value in reversed(self.fields)}
        return self._first.get(name.lower())

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for field_name, value in self.fields if field_name.lower() == wanted]

    @property
    def type(self) -> str:
        """WARC-Type in lower case; `` where there is none."""
        return (self.get("WARC-Type") or "").strip().lower()

    @property
    def size(self) -> int | None:
        """What Content-Length says; None where it is no number of at most 18 digits."""
        value = (self.get("Content-Length") or "").strip()
        return int(value) if re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) else None

    def block(self) -> Iterator[bytes]:
        """The block in steps of at most STEP octets; ends early, with a fault, where the file does."""
        if self._octets is None or not self.readable:
            return
        left = (self.size or 0) - self.taken
        while left:
            piece = self._octets.take(min(left, STEP))
            if not piece:
                self.faults.append(Fault(MODEL, f"the block ends after {self.taken} of {self.size} octets", "Content-Length"))
                self.readable = False
                return
            self.taken += len(piece)
            left -= len(piece)
            yield piece


class Octets:
    """Octets pulled in steps, given out by line or by count. The source says why it ended."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.buffer = bytearray()

    def pull(self) -> bytes:
        return self.file.read(STEP)

    def line(self, limit: int) -> bytes | None:
        """Up to and including the next LF, shorter at the end; None when longer than `limit`."""
        start = 0
        while True:
            end = self.buffer.find(b"\n", start)
            if end >= 0:
                return self._cut(end + 1) if end < limit else None
            if len(self.buffer) >= limit:
                return None
            start = len(self.buffer)
            more = self.pull()
            if not more:
                return self._cut(len(self.buffer))
            self.buffer += more

    def take(self, count: int) -> bytes:
        if not self.buffer:
            self.buffer += self.pull()
        return self._cut(min(count, len(self.buffer)))

    def peek(self, count: int) -> bytes:
        while len(self.buffer) < count:
            more = self.pull()
            if not more:
                break
            self.buffer += more
        return bytes(self.buffer[:count])

    def pass_over(self, octets: bytes) -> None:
        """A run of these octets, however long."""
        while True:
            self.buffer = self.buffer.lstrip(octets)
            if self.buffer:
                return
            more = self.pull()
            if not more:
                return
            self.buffer += more

    @property
    def swollen(self) -> bool:
        """So little was coded for what came out that nobody wrote it to keep anything."""
        return False

    def _cut(self, count: int) -> bytes:
        piece = bytes(self.buffer[:count])
        del self.buffer[:count]
        return piece


class Member(Octets):
    """One gzip member that begins at `offset`: octets decoded, and which coded octets it is."""

    def __init__(self, file: IO[bytes], offset: int) -> None:
        super().__init__(file)
        self.offset = offset
        self.length = 0  # coded octets taken so far
        self.decoded = 0
        self.trouble: str | None = None
        self._inflate = zlib.decompressobj(31)
        self._hash = hashlib.sha256()
        self._coded = b""

    @property
    def done(self) -> bool:
        return self._inflate.eof

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def swollen(self) -> bool:
        return self.decoded > RATIO * self.length

    def pull(self) -> bytes:
        while not self._inflate.eof and self.trouble is None:
            if not self._coded:
                self.file.seek(self.offset + self.length)
                self._coded = self.file.read(STEP)
            coded = self._coded
            try:
                piece = self._inflate.decompress(coded, STEP)
            except zlib.error as exc:
                self.trouble = f"the gzip member is broken: {exc}"
                return b""
            rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            used = coded[: len(coded) - len(rest)]
            self._hash.update(used)
            self.length += len(used)
            self._coded = b"" if self._inflate.eof else rest
            self.decoded += len(piece)
            if self.decoded > max(FREE, RATIO * self.length):
                self.trouble = f"the gzip member swells to more than {self.decoded - len(piece)} octets from {self.length}"
                return b""
            if piece:
                return piece
            if not coded:
                self.trouble = "the file ends inside a gzip member"
        return b""

    def drain(self) -> int:
        """Reads to the member's end; how many decoded octets were left."""
        left = len(self.buffer)
        self.buffer.clear()
        while piece := self.pull():
            left += len(piece)
        return left


Resume = Callable[[int], int | None]


def walk(file: IO[bytes], start: int = 0, *, resume: Resume = lambda _: None, inner: bool = False) -> Iterator[Record]:
    """Every record of a seekable file from `start` on, in order. One is finished when the next one is asked for.

    Where octets are no record, a Record without a version stands for them: its faults say why, its offset and
    length which octets they are. Nothing is raised for what the file holds; an empty file has no records.
    resume: where behind an offset the next gzip member is known to begin, for a caller that has an index; else
    it is looked for. inner: records that share a gzip member are given too, each with the member's offset; the last
    one has its length, the others have 0.
    """
    file.seek(0, 2)
    size = file.tell()
    if start and size <= start:
        return
    yield from _members(file, size, start, resume, inner=inner) if is_gzip(file) else _plain(file, size, start)


def is_gzip(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(2) == GZIP


def begins(file: IO[bytes], count: int) -> bytes:
    """The first octets of a file, decoded where it is gzip."""
    if is_gzip(file):
        return Member(file, 0).peek(count)
    file.seek(0)
    return file.read(count)


def finish(record: Record) -> None:
    """Reads what is left of a record: afterwards its faults and its measures are final."""
    if record._end is not None:
        record._end()
        record._end = None


def _members(file: IO[bytes], size: int, start: int, resume: Resume, *, inner: bool) -> Iterator[Record]:
    offset, number = start, 0
    while offset < size:
        file.seek(offset)
        number += 1
        first = number
        if file.read(2) != GZIP:
            end = resume(offset) or _next_member(file, offset + 1, size)
            yield _skipped(number, offset, end, "the octets are no gzip member", ONE_MEMBER)
            offset = end
            continue
        member = Member(file, offset)
        empty = not member.peek(1) and member.trouble is None
        record = _read_head(member, number, offset)
        if empty:
            record.faults = [Fault(ONE_MEMBER, "the gzip member is empty")]
        while True:
            record._end = partial(_end_member, record, member, size, resume, inner=inner)
            yield record
            finish(record)
            if record.length:
                break
            number += 1
            if number - first > MANY and member.swollen:
                member.trouble = f"the gzip member swells to {member.decoded} octets and {number - first} records"
            record = _read_head(member, number, offset)
            record.faults.append(Fault(ONE_MEMBER, "it is not the first record in its gzip member"))
        offset += record.length


def _end_member(record: Record, member: Member, size: int, resume: Resume, *, inner: bool) -> None:
    _end_record(record)
    if inner and record.readable and not member.trouble and VERSION.match(member.peek(8)):
        return  # the next one lies in the same member
    left = 0 if member.trouble else member.drain()
    if member.trouble:
        record.faults.append(Fault(ONE_MEMBER, member.trouble))
        end = resume(record.offset) or _next_member(member.file, record.offset + 1, size)
    else:
        if left and record.version is not None:
            record.faults.append(Fault(ONE_MEMBER, f"{left} octets follow the record in its gzip member"))
        end = record.offset + member.length
        record.sha256 = member.sha256
    record.length = end - record.offset


def _plain(file: IO[bytes], size: int, start: int) -> Iterator[Record]:
    file.seek(start)
    octets = Octets(file)
    number = 0
    while True:
        offset = file.tell() - len(octets.buffer)
        if offset >= size:
            return
        number += 1
        if VERSION.match(octets.peek(8)) is None:
            skipped = _to_next_record(octets)
            yield _skipped(number, offset, offset + skipped, "the octets are no WARC record", MODEL)
            continue
        record = _read_head(octets, number, offset)
        record._end = partial(_end_plain, record, octets)
        yield record
        finish(record)


def _end_plain(record: Record, octets: Octets) -> None:
    _end_record(record)
    if not record.readable:
        _to_next_record(octets)  # its end is not known: the next one may be found
    record.length = octets.file.tell() - len(octets.buffer) - record.offset


def _skipped(number: int, start: int, end: int, why: str, clause: str) -> Record:
    record = Record(number, start, None, (), [Fault(clause, f"{why}: octets {start} to {end} of the file")])
    record.readable = False
    record.length = end - start
    return record


def _read_head(octets: Octets, number: int, offset: int) -> Record:
    faults: list[Fault] = []
    record = Record(number, offset, None, (), faults, _octets=octets)
    first = octets.line(LONGEST_LINE)
    version = VERSION.fullmatch((first or b"").rstrip(b"\r\n"))
    if first is None or version is None:
        faults.append(Fault(MODEL, f"the first line is no version line: {(first or b'')[:40]!r}"))
        record.readable = False
        return record
    record.version = version[1].decode()
    lines = [first]
    taken = len(first)
    while True:
        line = octets.line(LONGEST_LINE)
        if line is None or taken + len(line) > LONGEST_HEAD or len(lines) > MOST_LINES:
            most = f"{LONGEST_HEAD} octets or {MOST_LINES} lines, or a line of {LONGEST_LINE}"
            faults.append(Fault(MODEL, f"a header of more than {most}"))
            record.readable = False
            return record
        taken += len(line)
        lines.append(line)
        if line in (b"\r\n", b"\n", b"", b"\r"):
            break
    if not lines[-1].endswith(b"\n"):
        faults.append(Fault(MODEL, "the header has no end"))
    if any(not line.endswith(b"\r\n") for line in lines if line.endswith(b"\n")):
        faults.append(Fault(MODEL, "a header line ends in LF alone"))
    record.fields = tuple(_fields(lines[1:-1], faults))
    if record.size is None:
        record.readable = False  # where the block ends is not known; the field's own fault is the standard's
    return record


def _fields(lines: list[bytes], faults: list[Fault]) -> Iterator[tuple[str, str]]:
    joined: list[bytearray] = []
    for line in lines:
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and joined:  # LWS: a folded value
            joined[-1] += b" " + line.strip(b" \t")
        else:
            joined.append(bytearray(line))
    for line in map(bytes, joined):
        match = FIELD.fullmatch(line)
        if match is None:
            faults.append(Fault(MODEL, f"not a field line: {line[:80]!r}"))
            continue
        name, value = match[1].decode("ascii"), match[2].strip(b" \t")
        if CONTROL.search(value):
            faults.append(Fault(MODEL, "a control character in the value", name))
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            faults.append(Fault(MODEL, "the value is not UTF-8", name))
            text = value.decode("utf-8", errors="replace")
        yield name, text


def _end_record(record: Record) -> None:
    """The rest of the block is passed over, and what must follow it is looked for."""
    for _ in record.block():
        pass
    octets = record._octets
    if not record.readable or record.version is None or octets is None:
        return
    trailer = octets.peek(4)
    if trailer == b"\r\n\r\n":
        octets.take(4)
    else:
        record.faults.append(Fault(MODEL, f"two empty lines must follow the block, not {trailer!r}"))
        octets.pass_over(b"\r\n")


def _next_member(file: IO[bytes], start: int, size: int) -> int:
    """Where the next gzip member that holds a WARC record begins; the file's end where none does."""
    window, base = b"", start
    while base + len(window) < size:
        file.seek(base + len(window))
        window += file.read(STEP)
        last = base + len(window) >= size
        found = window.find(MEMBER)
        while found >= 0 and (last or found + PROBE <= len(window)):
            if _begins_record(window[found : found + PROBE]):
                return base + found
            found = window.find(MEMBER, found + 1)
        keep = found if found >= 0 else max(0, len(window) - len(MEMBER) + 1)
        window, base = window[keep:], base + keep
    return size


def _begins_record(coded: bytes) -> bool:
    try:
        return VERSION.match(zlib.decompressobj(31).decompress(coded, 8)) is not None
    except zlib.error:
        return False


def _to_next_record(octets: Octets) -> int:
    """Passes over octets up to a line that begins a record; how many."""
    passed = 0
    while True:
        found = NEXT.search(octets.buffer)
        if found:
            return passed + len(octets.take(found.start() + 1))
        passed += len(octets.take(max(0, len(octets.buffer) - 8)))  # the rest may be the begin of such a line
        more = octets.pull()
        if not more:
            return passed + len(octets.take(len(octets.buffer)))
        octets.buffer += more
