"""One HTTP/1.1 message: where its head ends, what its fields say, how its body is framed; pure.

The same code cuts the wire while it is read and re-reads what was kept, so both always agree. It takes
what real servers send (bare LF, folded lines, 8-bit octets, repeated lengths that agree) and says so in
`flags`; it refuses, with BadMessage, what cannot be cut without guessing.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

from archive.errors import BadMessage

HEAD_END = re.compile(rb"\n\r?\n")
STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([0-9]{3})(?: (.*))?", re.DOTALL)
# A head without any oddity, which most are: read in two passes of one expression each.
PLAIN_HEAD = re.compile(
    rb"HTTP/1\.([0-9]) ([0-9]{3})(?: ([^\r\n\0]*))?\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*\r\n)*)\r\n", re.DOTALL
)
PLAIN_FIELD = re.compile(rb"([^:]+):[ \t]*((?:[^\r]*[^\r \t])?)[ \t]*\r\n")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*", re.DOTALL)  # RFC 9112, 5.1: no space before the colon
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?\r?", re.DOTALL)  # RFC 9112, 7.1
CHUNK_BEGUN = re.compile(rb"(?:[0-9A-Fa-f]{1,16}(?:[ \t;\r].*)?)?", re.DOTALL)
PLAIN_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n")
COMMA = re.compile(rb"[ \t]*,[ \t]*")
LONGEST_CHUNK_LINE = 16_384
LONGEST_TRAILER = 65_536


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and fields of a response.

    fields: name and value as sent, in order, duplicates kept; surrounding white space stripped, folded
        lines joined by one space. length: octets up to and including the empty line.
    """

    status: int
    version: bytes  # b"1.1"
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    length: int
    flags: tuple[str, ...] = ()
    _values: dict[bytes, list[bytes]] = field(init=False, repr=False, compare=False)  # by name in lower case

    def __post_init__(self) -> None:
        values: dict[bytes, list[bytes]] = {}
        for name, value in self.fields:
            values.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "_values", values)

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field, None where it is absent. name: in lower case."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field, in order. name: in lower case."""
        return list(self._values.get(name, ()))


@dataclass(frozen=True, slots=True)
class Framing:
    """How the end of a body is known. kind: none, length (octets in `length`), chunked, or close."""

    kind: str
    length: int | None = None
    flags: tuple[str, ...] = ()


def parse_head(octets: bytes | bytearray, start: int = 0) -> Head | None:
    """The head that begins at `start`; None while its end has not come. Raises BadMessage when it can never be one."""
    begin = bytes(octets[start : start + 7])
    if not b"HTTP/1."[: len(begin)] == begin[:7]:
        raise BadMessage(f"not an HTTP/1 status line: {bytes(octets[start : start + 40])!r}")
    end = HEAD_END.search(octets, start)
    if end is None:
        return None
    block = bytes(octets[start : end.end()])
    return _short(block) if len(block) <= 4096 else _parsed(block)


def _parsed(block: bytes) -> Head:
    """The head whose octets these are, its empty line included. Raises BadMessage."""
    if (plain := PLAIN_HEAD.fullmatch(block)) is not None:
        version, code, reason, lines = plain.groups()
        return Head(_final(int(code)), b"1." + version, reason or b"", tuple(PLAIN_FIELD.findall(lines)), len(block))
    return _odd(block)


def _final(code: int) -> int:
    if code < 100:
        raise BadMessage(f"status {code:03d} is below 100")
    if code == 101:
        raise BadMessage("101 Switching Protocols was not asked for")
    return code


def _odd(block: bytes) -> Head:
    """The same, line by line."""
    length = len(block)
    block = block[:-3] if block.endswith(b"\n\r\n") else block[:-2]
    bare = not block.endswith(b"\r")
    if b"\0" in block:
        raise BadMessage("NUL in the head")
    flags = []
    lines = block.split(b"\n")
    if bare or any(not line.endswith(b"\r") for line in lines[:-1]):
        flags.append("bare-lf")
    lines = [line.removesuffix(b"\r") for line in lines]
    if b"\r" in block.replace(b"\r\n", b"").removesuffix(b"\r"):
        flags.append("bare-cr")
    status = STATUS_LINE.fullmatch(lines[0])
    if status is None:
        raise BadMessage(f"not a status line: {lines[0][:80]!r}")
    code = _final(int(status[2]))
    fields = _fields(lines[1:], flags)
    return Head(code, b"1." + status[1], status[3] or b"", fields, length, tuple(flags))


# The wire cuts a head, and the store looks at the same one again.
_short = lru_cache(1024)(_parsed)


def _fields(lines: list[bytes], flags: list[str]) -> tuple[tuple[bytes, bytes], ...]:
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):  # obs-fold, RFC 9112, 5.2
            if not fields:
                raise BadMessage("the first field line is a folded one")
            name, value = fields[-1]
            fields[-1] = (name, (value + b" " + line.strip(b" \t")).strip(b" \t"))
            if "obs-fold" not in flags:
                flags.append("obs-fold")
            continue
        match = FIELD.fullmatch(line)
        if match is None:
            raise BadMessage(f"not a field line: {line[:80]!r}")
        fields.append((match[1], match[2]))
    return tuple(fields)


def framing(head: Head, method: str = "GET") -> Framing:
    """How the body after this head ends (RFC 9112, 6.3). Raises BadMessage where lengths conflict or are no numbers."""
    if head.status < 200 or head.status in (204, 304) or method == "HEAD" or (method == "CONNECT" and head.status < 300):
        return Framing("none")
    length = _content_length(head)
    codings = [c for value in head.all(b"transfer-encoding") for c in COMMA.split(value.lower().strip(b" \t")) if c]
    codings = [c for c in codings if c != b"identity"]
    if codings == [b"chunked"]:
        # Both fields: the chunks rule, and a server that sends both is worth a mark (RFC 9112, 6.3.3).
        return Framing("chunked", None, ("ambiguous-framing",) if length is not None else ())
    if codings:
        raise BadMessage(f"transfer coding {b', '.join(codings)[:60]!r} was not asked for")
    return Framing("close") if length is None else Framing("length", length)


def _content_length(head: Head) -> int | None:
    values = head.all(b"content-length")
    if not values:
        return None
    parts = {part.strip(b" \t") for value in values for part in value.split(b",")}
    if len(parts) != 1:
        raise BadMessage(f"Content-Length says {b' and '.join(sorted(parts))[:60]!r}")
    (part,) = parts
    if not re.fullmatch(rb"[0-9]{1,18}", part):
        raise BadMessage(f"Content-Length is no number: {part[:40]!r}")
    return int(part)


class Dechunker:
    """Finds the end of a chunked body, and where its data lies, while it arrives.

    feed(octets) -> how many of them belong to the body: all, until `done`. `spans` are the data's
    (start, end) counted from the first octet fed. Raises BadMessage.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []
        self.data_length = 0
        self.done = False
        self._at = 0  # octets taken so far
        self._left = 0  # of the chunk's data
        self._line = b""  # a line that has not ended yet
        self._state = "size"
        self._trailer = 0
        self._bare = False  # the chunk's size line ended with a bare LF

    def feed(self, octets: bytes | bytearray | memoryview) -> int:
        octets = bytes(octets)
        i = 0
        while i < len(octets) and not self.done:
            if self._state == "data":
                i = self._data(octets, i)
                continue
            before = i
            if self._state == "size" and not self._line:
                i = self._plain(octets, i)
            if i == before:
                i = self._take_line(octets, i)
        return i

    def _plain(self, octets: bytes, i: int) -> int:
        """Plain chunks that are all there, one after another: a flood of one-octet chunks must not cost the loop its time."""
        base = self._at - i
        while (size := PLAIN_CHUNK.match(octets, i)) is not None:
            start = size.end()
            stop = start + int(size[1], 16)
            if stop == start or octets[stop : stop + 2] != b"\r\n":
                break
            self.spans.append((base + start, base + stop))
            self.data_length += stop - start
            i = stop + 2
        self._at = base + i
        return i

    def _data(self, octets: bytes, i: int) -> int:
        n = min(self._left, len(octets) - i)
        if self.spans and self.spans[-1][1] == self._at:
            self.spans[-1] = (self.spans[-1][0], self._at + n)
        else:
            self.spans.append((self._at, self._at + n))
        self._at += n
        self._left -= n
        self.data_length += n
        if self._left == 0:
            self._state = "data-end"
        return i + n

    def _take_line(self, octets: bytes, i: int) -> int:
        end = octets.find(b"\n", i)
        stop = len(octets) if end < 0 else end + 1
        self._line += octets[i:stop]
        self._at += stop - i
        if len(self._line) > (LONGEST_TRAILER if self._state == "trailer" else LONGEST_CHUNK_LINE):
            raise BadMessage(f"a chunk's line of more than {len(self._line) - 1} octets")
        if end >= 0:
            line, self._line = self._line[:-1], b""
            self._line_ended(line)
        elif self._state == "size" and not re.match(rb"[0-9A-Fa-f]", self._line):
            raise BadMessage(f"not a chunk size: {self._line[:20]!r}")
        elif self._state == "data-end" and self._line != b"\r":
            raise BadMessage(f"a chunk runs over its size: {self._line[:20]!r}")
        return stop

    def _line_ended(self, line: bytes) -> None:
        if self._state == "size":
            match = CHUNK_LINE.fullmatch(line)
            if match is None:
                raise BadMessage(f"not a chunk size: {line[:20]!r}")
            self._left = int(match[1], 16)
            self._bare = not line.endswith(b"\r")
            self._state = "data" if self._left else "trailer"
        elif self._state == "data-end":
            # A sender of bare LFs is let pass; a CR before one is data only where the size line was such a one.
            if line != b"\r" and not (line == b"" and self._bare):
                raise BadMessage(f"a chunk runs over its size: {line[:20]!r}")
            self._state = "size"
        else:
            self._trailer += len(line)
            if self._trailer > LONGEST_TRAILER:
                raise BadMessage(f"trailers of more than {LONGEST_TRAILER} octets")
            self.done = line in (b"", b"\r")


def entity(message: bytes, method: str = "GET") -> bytes:
    """The entity-body of a stored response: transfer coding undone as far as the octets go, content coding kept.

    What was received beyond a declared length was kept apart, so the octets kept here are the body, whatever length
    the head declares; and a body said to be chunked that does not begin as one was de-chunked before it was kept
    (both stand in other people's WARC files). Raises BadMessage where the octets have no head.
    """
    head = parse_head(message)
    if head is None:
        raise BadMessage("the head has no end")
    try:
        frame = framing(head, method)
    except BadMessage:
        return message[head.length :]  # kept as octets: no claim of a framing
    if frame.kind == "none":
        return b""
    body = message[head.length :]
    if frame.kind != "chunked" or begins_chunked(body) is False:
        return body
    chunks = Dechunker()
    with contextlib.suppress(BadMessage):  # what came before the fault is data
        chunks.feed(body)
    return b"".join(body[start:end] for start, end in chunks.spans)


def begins_chunked(body: bytes | bytearray) -> bool | None:
    """The first line is a chunk's; None while the line has not ended and may become one."""
    line, end, _ = bytes(body[: LONGEST_CHUNK_LINE + 1]).partition(b"\n")
    if end:
        return CHUNK_LINE.fullmatch(line) is not None
    return None if len(line) <= LONGEST_CHUNK_LINE and CHUNK_BEGUN.fullmatch(line) else False
