"""Exchanges to WARC 1.1 records and back; the only room that knows warcio.

Writing: one gzip member a record, made by our own serialiser, so that a block's bytes are the wire's bytes.
Reading: strict and bounded, of gzip members and of plain records. Other people's files, which need a
tolerant reader, come in by `foreign_records`.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol
from urllib.parse import quote

import deflate
from isal import isal_zlib

from archive import message
from archive.capture import Exchange
from archive.errors import BadMessage, BadRecord

IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"  # WARC 1.1, 6.7.2
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"  # WARC 1.1, 6.7.3
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

HTTP_REQUEST = "application/http;msgtype=request"
HTTP_RESPONSE = "application/http;msgtype=response"
OCTETS = "application/octet-stream"

MANIFEST = "urn:kartoteka:manifest:"  # + the capture's id: no indexer takes it for the page
CHAIN = "urn:kartoteka:chain:"  # + the digest of the PEM text

LEVEL = 6  # libdeflate: smaller than zlib -9 in a third of its time
FAST = 1  # isal: five times as fast as 6, on plain bodies a seventh larger; coded bodies gain nothing from a higher one
COMPRESSED = ("application/pdf", "application/zip", "application/gzip", "application/vnd.openxmlformats")

# ---------------------------------------------------------------------------------------------- writing


class Member(NamedTuple):
    """A record as it will be appended: its gzip member, and what the manifest says of it.

    kind: warcinfo, tunnel, request, interim, response, revisit, resource, octets, surplus, chain or manifest.
    id: a UUID, without urn: and brackets. Digests are lower-case sha256 hex.
    """

    kind: str
    type: str
    id: str
    octets: bytes
    sha256: str
    block_length: int
    block_sha256: str


@dataclass(frozen=True, slots=True)
class Referent:
    """An earlier capture whose payload is this one's too."""

    capture: str
    url: str
    at: datetime
    payload_sha256: str
    mime: str | None


class Shape(NamedTuple):
    """What a response is to the archive.

    kind: response, resource (a page saved without its head), octets (no HTTP head), or None where nothing came.
    payload_length: octets of the entity-body as far as it goes; None without a head. agreed: every reader finds the same
    body in the block, so that its digest may stand in the record.
    """

    kind: str | None
    head: message.Head | None
    payload_length: int | None
    payload_sha256: str | None
    agreed: bool
    mime: str | None
    coded: bool


def shape(exchange: Exchange, content_type: str | None = None) -> Shape:
    """Looks at the response once: its head, its entity-body, their digest. Never raises for odd octets.

    content_type: of a page saved without its head.
    """
    octets = exchange.response
    if not octets:
        return Shape(None, None, None, None, False, None, False)
    head = None
    if exchange.head_length:
        try:
            head = message.parse_head(octets)
        except BadMessage:
            head = None
    if head is None:
        if exchange.outcome.whole:
            digest = hashlib.sha256(octets).hexdigest()
            return Shape("resource", None, len(octets), digest, True, media_type(content_type), False)
        return Shape("octets", None, None, None, False, None, False)
    chunked = head.get(b"transfer-encoding") is not None
    body = message.entity(octets, exchange.method) if chunked else memoryview(octets)[head.length :]
    # FastWARC ends a head at CRLF CRLF only, and validators disagree over chunks (web-archiving 4 and 7).
    agreed = not chunked and octets.find(b"\r\n\r\n") + 4 == head.length
    said = head.get(b"content-type")
    mime = media_type(None if said is None else said.decode("latin-1"))
    coded = head.get(b"content-encoding") is not None or (
        mime is not None and (mime.startswith(("image/", "video/", "audio/")) or mime.startswith(COMPRESSED))
    )
    return Shape("response", head, len(body), hashlib.sha256(body).hexdigest(), agreed, mime, coded)


MEDIA_TYPE = re.compile(r"[;\s]")


@lru_cache(256)
def media_type(content_type: str | None) -> str | None:
    """The media type alone, lower-case, cut as cdxj-indexer cuts it; None where there is none."""
    return MEDIA_TYPE.split(content_type, maxsplit=1)[0].lower() or None if content_type else None


@lru_cache(256)  # all records of an exchange share it
def warc_date(at: datetime) -> str:
    """WARC-Date, to the microsecond."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


@lru_cache(256)
def read_date(text: str) -> datetime:
    """A WARC-Date of 0 to 9 fraction digits, in UTC. Raises ValueError."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a WARC-Date: {text[:60]!r}")
    micro = (match[2] or "0")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{match[1]}.{micro}+00:00")


def member(
    kind: str,
    type_: str,
    id_: str,
    at: datetime,
    block: bytes,
    *,
    content_type: str,
    target: str | None,
    fields: Iterable[tuple[str, str]] = (),
    level: int = LEVEL,
) -> Member:
    """One record, serialised and compressed. target: None for warcinfo alone."""
    digest = hashlib.sha256(block).hexdigest()
    about = "" if target is None else f"WARC-Target-URI: {uri(target)}\r\n"
    said = "".join([f"{name}: {value}\r\n" for name, value in fields])
    head = (
        f"WARC/1.1\r\nWARC-Type: {type_}\r\nWARC-Record-ID: <urn:uuid:{id_}>\r\nWARC-Date: {warc_date(at)}\r\n{about}{said}"
        f"WARC-Block-Digest: sha256:{digest}\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    whole = b"".join((head.encode(), block, b"\r\n\r\n"))
    octets = _packed(whole, level)
    return Member(kind, type_, id_, octets, hashlib.sha256(octets).hexdigest(), len(block), digest)


def _packed(octets: bytes, level: int) -> bytes:
    """One gzip member. level: FAST, or libdeflate's 2 to 9."""
    # isal's own level 2 costs what its 1 does and is smaller; its 0 makes packed octets larger.
    return isal_zlib.compress(octets, 2, wbits=31) if level <= FAST else bytes(deflate.gzip_compress(octets, level))


_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f<>\ud800-\udfff]")


@lru_cache(256)
def uri(url: str) -> str:
    """The address as a field value: octets that would break the line or a reader are percent-encoded."""
    return _UNFIT.sub(lambda m: quote(m[0], safe="", errors="replace"), url)


@lru_cache(4096)
def ip_address(peer: str | None) -> str | None:
    """The address in `203.0.113.5:443` or `[2001:db8::1]:443`, as RFC 5952 writes it."""
    if peer is None:
        return None
    try:
        return str(ipaddress.ip_address(peer.rpartition(":")[0].strip("[]").partition("%")[0]))
    except ValueError:
        return None


def warcinfo(id_: str, at: datetime, filename: str, facts: Iterable[tuple[str, str]]) -> Member:
    """The first record of a file. Host name and paths stay out: they say where an operator lives."""
    lines = [*facts, ("format", "WARC File Format 1.1"), ("conformsTo", CONFORMS_TO)]
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in lines).encode()
    named = [("WARC-Filename", filename)]
    return member("warcinfo", "warcinfo", id_, at, block, content_type="application/warc-fields", target=None, fields=named)


@lru_cache(512)
def pem(chain: tuple[bytes, ...]) -> bytes:
    """DER certificates as one PEM text (RFC 7468, 5), in their order."""
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n"
        + b"".join(text[i : i + 64] + b"\n" for i in range(0, len(text), 64))
        + b"-----END CERTIFICATE-----\n"
        for text in map(base64.b64encode, chain)
    )


def certificates(text: bytes) -> tuple[bytes, ...]:
    """The DER certificates of a PEM text, in their order. Raises BadRecord."""
    try:
        return tuple(
            base64.b64decode(b"".join(part.split()), validate=True)
            for part in re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", text, re.DOTALL)
        )
    except ValueError as exc:
        raise BadRecord(f"a certificate of the chain is not base64: {exc}") from exc


@lru_cache(512)
def chain_sha256(chain: tuple[bytes, ...]) -> str:
    """What a chain is known by: the digest of its PEM text."""
    return hashlib.sha256(pem(chain)).hexdigest()


def chain_member(id_: str, at: datetime, chain: tuple[bytes, ...]) -> Member:
    """The certificates a server sent, named by the digest of their PEM text."""
    block = pem(chain)
    target = CHAIN + chain_sha256(chain)
    # "https" certificate records are outside the standard: a resource of our own (rule 10).
    return member("chain", "resource", id_, at, block, content_type="application/pem-certificate-chain", target=target)


def exchange_members(
    exchange: Exchange,
    seen: Shape,
    *,
    id_: str,
    new_id: Callable[[], str],
    referent: Referent | None = None,
    content_type: str | None = None,
    level: int = LEVEL,
) -> list[Member]:
    """The records of one exchange but its manifest, in the order of the wire: tunnel, request, interim, response, surplus.

    id_: the capture's. referent: makes the response a revisit. content_type: of a page saved without a head.
    All share WARC-Date, when the exchange began (WARC 1.1, 5.4), and point to the capture by Concurrent-To.
    """
    where = [("WARC-IP-Address", ip)] if (ip := ip_address(exchange.peer)) else []
    tied = [("WARC-Concurrent-To", f"<urn:uuid:{id_}>"), *where]
    at, url = exchange.began, exchange.url

    def of_its_own(kind: str, octets: bytes, content_type: str, cut: str | None = None) -> Member:
        # A urn: target, so that no indexer or replayer takes it for the page.
        own = new_id()
        fields = tied + ([("WARC-Truncated", cut)] if cut else [])
        return member(
            kind, "resource", own, at, octets, content_type=content_type, target=f"urn:kartoteka:{kind}:{own}", fields=fields
        )

    # What a proxy says is not the server's: in a record of its own, under no address of the server's.
    out = [of_its_own("tunnel", exchange.tunnel, OCTETS)] if exchange.tunnel else []
    if exchange.request:
        own, asked = new_id(), exchange.request
        out.append(
            member("request", "request", own, at, asked, content_type=HTTP_REQUEST, target=url, fields=tied, level=level)
        )
    # Not in the response's block: four readers of four fail on a 103 there (web-archiving 4).
    out += [of_its_own("interim", octets, OCTETS) for octets in exchange.interim]
    if seen.kind == "response":
        out.append(_response(exchange, seen, id_, where, referent, level))
    elif seen.kind == "resource":
        fields = [*where, ("WARC-Payload-Digest", f"sha256:{seen.payload_sha256}")]
        kind_of = content_type or OCTETS
        out.append(member("resource", "resource", id_, at, exchange.response, content_type=kind_of, target=url, fields=fields))
    elif seen.kind == "octets":
        fields = where + ([("WARC-Truncated", exchange.truncated)] if exchange.truncated else [])
        target = f"urn:kartoteka:octets:{id_}"
        out.append(member("octets", "resource", id_, at, exchange.response, content_type=OCTETS, target=target, fields=fields))
    if exchange.surplus:
        out.append(of_its_own("surplus", exchange.surplus, OCTETS))
    return out


def _response(
    exchange: Exchange, seen: Shape, id_: str, where: list[tuple[str, str]], referent: Referent | None, level: int
) -> Member:
    assert seen.head is not None
    fields = [*where, *_protocol(exchange, seen.head)]
    block = exchange.response
    kind = "response" if referent is None else "revisit"
    truncated = exchange.truncated
    if referent is not None:
        modified = seen.head.status != 304
        fields += [
            ("WARC-Profile", IDENTICAL_PAYLOAD if modified else NOT_MODIFIED),
            ("WARC-Refers-To", f"<urn:uuid:{referent.capture}>"),
            ("WARC-Refers-To-Target-URI", uri(referent.url)),
            ("WARC-Refers-To-Date", warc_date(referent.at)),
            ("WARC-Payload-Digest", f"sha256:{referent.payload_sha256}"),
        ]
        if modified:
            block, truncated = block[: seen.head.length], "length"  # WARC 1.1, 6.7.2: the head is kept
    elif seen.agreed:
        fields.append(("WARC-Payload-Digest", f"sha256:{seen.payload_sha256}"))
    if truncated:
        fields.append(("WARC-Truncated", truncated))
    return member(
        kind,
        kind,
        id_,
        exchange.began,
        block,
        content_type=HTTP_RESPONSE,
        target=exchange.url,
        fields=fields,
        level=FAST if seen.coded else level,
    )


def _protocol(exchange: Exchange, head: message.Head) -> list[tuple[str, str]]:
    """WARC-Protocol and WARC-Cipher-Suite: proposed, in use, and skipped by who does not know them (rule 13)."""
    fields = [("WARC-Protocol", f"http/{head.version.decode('ascii', 'replace')}")]
    if exchange.tls is not None and exchange.tls.version:
        fields.append(("WARC-Protocol", exchange.tls.version.lower().replace("tlsv", "tls/")))
        if (exchange.tls.cipher or "").startswith("TLS_"):  # the registered names; OpenSSL has its own for TLS 1.2
            fields.append(("WARC-Cipher-Suite", exchange.tls.cipher or ""))
    return fields


def manifest_member(exchange: Exchange, id_: str, capture: str, block: bytes, level: int = LEVEL) -> Member:
    """The record that closes a capture: its manifest. Where nothing was received it carries the capture's id."""
    where = [("WARC-IP-Address", ip)] if (ip := ip_address(exchange.peer)) else []
    tied = [("WARC-Concurrent-To", f"<urn:uuid:{capture}>")] if id_ != capture else []
    return member(
        "manifest",
        "metadata",
        id_,
        exchange.began,
        block,
        content_type="application/json",
        target=MANIFEST + capture,
        fields=[*tied, *where],
        level=level,
    )


# ---------------------------------------------------------------------------------------------- reading

STEP = 256 * 1024
PACKED_STEP = 16 * 1024  # most members are no longer: what is read beyond one is read again
LONGEST_LINE = 64 * 1024
LONGEST_HEAD = 256 * 1024
BLOCK_LIMIT = 1024 * 1024 * 1024  # of a block that is asked for as a whole
VERSION = re.compile(rb"WARC/(\d+\.\d+)", re.IGNORECASE)
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
FOLD = re.compile(rb"\r\n[ \t]+")
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in a file.

    version: "1.1". fields: name and value in order, repeated ones too. offset, length, sha256: of the gzip
    member, or of the plain record with the two line ends that close it. block_at: where the block begins in the
    record when it is not compressed. block: None when it is larger than the reader was asked to keep.
    """

    file: str
    offset: int
    length: int
    sha256: str
    version: str
    fields: tuple[tuple[str, str], ...]
    block_at: int
    block_length: int
    block_sha256: str
    block: bytes | None

    def get(self, name: str) -> str | None:
        """The first value of a field, whatever the case of its name; None where it is absent."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    @property
    def type(self) -> str | None:
        return self.get("WARC-Type")

    @property
    def id(self) -> str | None:
        """WARC-Record-ID without brackets and without urn:uuid:."""
        return bare(self.get("WARC-Record-ID"))

    @property
    def target(self) -> str | None:
        """WARC-Target-URI; the brackets that some writers put around it are not part of it."""
        value = self.get("WARC-Target-URI")
        return value[1:-1] if value and value.startswith("<") and value.endswith(">") else value


def bare(record_id: str | None) -> str | None:
    """`<urn:uuid:X>` -> `X`."""
    return None if record_id is None else record_id.strip("<>").removeprefix("urn:uuid:")


def records(path: Path, start: int = 0, *, keep: int = BLOCK_LIMIT) -> Iterator[Record]:
    """Every record from `start` on; blocks larger than `keep` octets are hashed and not kept.

    Raises BadRecord, naming file, offset and field, at the first record that cannot be read.
    """
    with path.open("rb") as file:
        offset = start
        while (reader := _begin(file, path.name, offset)) is not None:
            record = reader.whole(keep)
            yield record
            offset += record.length


def read_member(path: Path, offset: int, length: int | None = None, *, keep: int = BLOCK_LIMIT) -> Record:
    """The record that begins at `offset`. Raises BadRecord, also where it is not `length` octets long."""
    with path.open("rb") as file:
        reader = _begin(file, path.name, offset)
        if reader is None:
            raise BadRecord(f"{path.name} ends at or before {offset}: no record there")
        record = reader.whole(keep)
    if length is not None and record.length != length:
        raise BadRecord(f"{path.name} at {offset}: the record takes {record.length} octets, not {length}")
    return record


def stream_member(path: Path, offset: int) -> Iterator[bytes]:
    """The block of the record at `offset` in pieces of at most 256 KiB, for blocks that memory should not hold.

    Raises BadRecord, at the latest behind the last piece, where the record does not end as it should.
    """
    with path.open("rb") as file:
        reader = _begin(file, path.name, offset)
        if reader is None:
            raise BadRecord(f"{path.name} ends at or before {offset}: no record there")
        yield from reader.pieces()


class _Source(Protocol):
    def read(self, most: int, /) -> bytes: ...


class _Inflated:
    """A gzip member, read in bounded steps; knows what it took of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(31)
        self._rest = b""
        self.sha256 = hashlib.sha256()
        self.length = 0

    def read(self, most: int, /) -> bytes:
        while not self._inflate.eof:
            given = self._rest or self._file.read(PACKED_STEP)
            piece = self._inflate.decompress(given, most)
            self._rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            taken = given[: len(given) - len(self._rest)]
            self.sha256.update(taken)
            self.length += len(taken)
            if piece:
                return piece
            if not given:
                raise zlib.error("the gzip member ends too soon")
        return b""


def _begin(file: BinaryIO, name: str, offset: int) -> _Reader | None:
    file.seek(offset)
    first = file.read(2)
    if not first:
        return None
    file.seek(offset)
    if first != GZIP and first.upper() != b"WA":
        raise BadRecord(f"{name} at {offset}: neither a gzip member nor a WARC record: {first!r}")
    return _Reader(name, offset, file, packed=first == GZIP)


class _Reader:
    """One record while it is read: its head at once, its block in pieces, its end checked."""

    def __init__(self, name: str, offset: int, file: BinaryIO, *, packed: bool) -> None:
        self._name, self._offset = name, offset
        self._where = f"{name} at {offset}"
        self._member = _Inflated(file) if packed else None
        self._source: _Source = self._member or file
        self._ahead = b""  # read, not taken yet
        self._plain_sha256 = hashlib.sha256()
        self._plain_length = 0
        head = self._head()
        self._block_at = len(head)
        # Folded lines are in the standard's grammar, though nobody should write them (web-archiving 6, rule 1).
        lines = FOLD.sub(b" ", head[:-4]).split(b"\r\n")
        version = VERSION.fullmatch(lines[0])
        if version is None:
            raise BadRecord(f"{self._where}: not a WARC version line: {lines[0][:40]!r}")
        self._version = version[1].decode()
        self._fields = tuple(self._field(line) for line in lines[1:])
        self._block_length = self._content_length()

    def whole(self, keep: int) -> Record:
        """The record, its block kept when it has at most `keep` octets."""
        digest = hashlib.sha256()
        kept: list[bytes] | None = [] if self._block_length <= keep else None
        for piece in self.pieces():
            digest.update(piece)
            if kept is not None:
                kept.append(piece)
        member = self._member
        return Record(
            file=self._name,
            offset=self._offset,
            length=self._plain_length if member is None else member.length,
            sha256=(self._plain_sha256 if member is None else member.sha256).hexdigest(),
            version=self._version,
            fields=self._fields,
            block_at=self._block_at,
            block_length=self._block_length,
            block_sha256=digest.hexdigest(),
            block=None if kept is None else b"".join(kept),
        )

    def pieces(self) -> Iterator[bytes]:
        """The block; behind its last piece the record's end is checked."""
        left = self._block_length
        while left:
            piece = self._take(min(left, STEP))
            if not piece:
                raise BadRecord(f"{self._where}: Content-Length: {left} of {self._block_length} octets are missing")
            left -= len(piece)
            yield piece
        end = b""
        while len(end) < 4 and (piece := self._take(4 - len(end))):
            end += piece
        if end != b"\r\n\r\n":
            raise BadRecord(f"{self._where}: Content-Length: the record ends in {end!r}, not in two line ends")
        if self._member is not None and self._take(1):
            raise BadRecord(f"{self._where}: the gzip member goes on behind its record")

    def _take(self, most: int) -> bytes:
        if not self._ahead:
            self._ahead = self._more(max(most, 4096))
        piece, self._ahead = self._ahead[:most], self._ahead[most:]
        if self._member is None:
            self._plain_sha256.update(piece)
            self._plain_length += len(piece)
        return piece

    def _more(self, most: int) -> bytes:
        try:
            return self._source.read(most)
        except zlib.error as exc:
            raise BadRecord(f"{self._where}: {exc}") from exc

    def _head(self) -> bytes:
        while (end := self._ahead.find(b"\r\n\r\n")) < 0:
            if len(self._ahead) > LONGEST_HEAD or len(self._ahead) - self._ahead.rfind(b"\n") > LONGEST_LINE:
                raise BadRecord(f"{self._where}: its head, or a line of it, is too long")
            piece = self._more(4096)
            if not piece:
                raise BadRecord(f"{self._where}: it ends inside its head")
            self._ahead += piece
        head = b""
        while len(head) < end + 4:
            head += self._take(end + 4 - len(head))
        return head

    def _field(self, line: bytes) -> tuple[str, str]:
        match = FIELD.fullmatch(line)
        # A bare CR or LF would be a line that some readers see.
        if match is None or b"\r" in line or b"\n" in line or b"\0" in line or len(line) > LONGEST_LINE:
            raise BadRecord(f"{self._where}: not a field line: {line[:60]!r}")
        try:
            return match[1].decode(), match[2].decode()
        except UnicodeDecodeError as exc:
            raise BadRecord(f"{self._where}: {match[1].decode()}: not UTF-8: {match[2][:60]!r}") from exc

    def _content_length(self) -> int:
        values = [value for name, value in self._fields if name.lower() == "content-length"]
        if len(values) != 1 or not re.fullmatch(r"[0-9]{1,18}", values[0]):
            raise BadRecord(f"{self._where}: Content-Length: one number is needed, here is {values!r:.80}")
        return int(values[0])


# ------------------------------------------------------------------------------------- other people's files

FOREIGN_HEAD = 64 * 1024  # octets of a file that warcio may take for one record's head
FOREIGN_BLOCK = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record of a file made elsewhere, read tolerantly.

    fields: as the file has them; for ARC, what warcio makes of its line. block: None where it is larger than asked for.
    fault: what was wrong with it, None where nothing was noticed.
    """

    file: str
    offset: int
    type: str | None
    fields: tuple[tuple[str, str], ...]
    block: bytes | None
    fault: str | None = None

    def get(self, name: str) -> str | None:
        """The first value of a field, whatever the case of its name; None where it is absent."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field.lower() == wanted), None)

    @property
    def target(self) -> str | None:
        """WARC-Target-URI without the brackets some writers put around it."""
        value = self.get("WARC-Target-URI")
        return value[1:-1] if value and value.startswith("<") and value.endswith(">") else value


def foreign_records(path: Path, *, keep: int = FOREIGN_BLOCK) -> Iterator[Foreign]:
    """WARC and ARC records, gzipped or plain, as far as they can be read. Blocks larger than `keep` are passed over.

    Raises BadRecord where nothing further can be read: what came before stands.
    """
    from warcio.archiveiterator import ArchiveIterator  # only import needs it
    from warcio.exceptions import ArchiveLoadFailed

    with path.open("rb") as file:
        guard = _Guard(file)
        offset = 0
        try:
            records = ArchiveIterator(guard, no_record_parse=True, arc2warc=True)
            while True:
                guard.left = FOREIGN_HEAD
                record = next(records, None)
                guard.left = None
                if record is None:
                    return
                block, fault = _foreign_block(record, keep)
                offset = records.get_record_offset()
                fields = tuple((str(name), str(value)) for name, value in record.rec_headers.headers)
                yield Foreign(path.name, offset, record.rec_type, fields, block, fault)
        except (ArchiveLoadFailed, OSError, EOFError, ValueError, AttributeError, TypeError, zlib.error) as exc:
            raise BadRecord(f"{path.name} behind {offset}: {str(exc).strip()[:200] or type(exc).__name__}") from exc


def _foreign_block(record: Any, keep: int) -> tuple[bytes | None, str | None]:
    pieces: list[bytes] | None = []
    size = 0
    while piece := record.raw_stream.read(STEP):
        size += len(piece)
        if size > keep:
            pieces = None
        if pieces is not None:
            pieces.append(piece)
    fault = None
    if record.length is not None and size < record.length:
        fault = f"{record.length - size} of {record.length} octets of the block are missing"
    return None if pieces is None else b"".join(pieces), fault


class _Guard:
    """A file of which, while a head is read, only so much may be read.

    warcio reads a line until it ends: one of a gigabyte takes it past a minute (reliability 5).
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.left: int | None = None

    def read(self, most: int = -1) -> bytes:
        if self.left is not None and self.left <= 0:
            raise ValueError("a record's head is too long")
        piece = self._file.read(most)
        if self.left is not None:
            self.left -= len(piece)
        return piece

    def tell(self) -> int:
        return self._file.tell()
