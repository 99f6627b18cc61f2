"""Does one WARC record follow the standard (WARC 1.1, ISO 28500:2017)? Its fields, and the digests of its block.

The rules are tables: what a field's value must look like, and on which types of record it must or must not
stand. WARC 1.0 and its drafts 0.17 and 0.18 are read by the same rules; where 1.1 changed one, `_since`
says so. Records of unknown type and unknown fields are passed over (WARC 1.1, 5.1 and 5.5).
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from archive import message
from archive.capture import TRUNCATIONS
from archive.errors import BadMessage
from archive.records import LONGEST_HEAD, Fault, Record

UNKNOWN_VERSION = "WARC 1.1, 4: version"
VERSIONS = ("0.17", "0.18", "1.0", "1.1")
TYPES = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
IDENTICAL = "http://netpreserve.org/warc/1.{}/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.{}/revisit/server-not-modified"
PROFILES = tuple(form.format(minor) for form in (IDENTICAL, NOT_MODIFIED) for minor in (0, 1))

WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
MEDIA_TYPE = re.compile(rf'{WORD}/{WORD}(?:[ \t]*;[ \t]*{WORD}=(?:{WORD}|"(?:[^"\\]|\\.)*"))*[ \t]*;?', re.DOTALL)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>]+")
DATE_10 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII | re.IGNORECASE)
DATE_11 = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z)?)?)?", re.ASCII | re.IGNORECASE)
LABELLED = re.compile(r"([A-Za-z0-9\-]+):([A-Za-z0-9+/=_\-]+)")

Rule = Callable[[str, "Record"], str | None]  # what is wrong with a value, None where nothing is


def _record_id(value: str, record: Record) -> str | None:
    # 1.0 had the brackets in its examples and not in its grammar; 1.1 has them in both.
    inner = value[1:-1] if value.startswith("<") and value.endswith(">") else None
    if inner is None and record.version == "1.1":
        return "not in angle brackets"
    return None if URI.fullmatch(inner if inner is not None else value) else "not a URI"


def _uri(value: str, record: Record) -> str | None:
    if value.startswith("<") and value.endswith(">"):
        if record.version == "1.1":
            return "in angle brackets"
        value = value[1:-1]
    return None if URI.fullmatch(value) else "not a URI"


def _number(value: str, _: Record) -> str | None:
    return None if re.fullmatch(r"[0-9]{1,18}", value) else "not a number"


def _segment(value: str, record: Record) -> str | None:
    if wrong := _number(value, record):
        return wrong
    if record.type == "continuation":
        return None if int(value) > 1 else "a continuation is segment 2 or later"
    return None if int(value) == 1 else "only the first segment is no continuation"


def _date(value: str, record: Record) -> str | None:
    form = DATE_11 if record.version == "1.1" else DATE_10
    if not form.fullmatch(value):
        return f"not a UTC time as WARC {record.version} writes it"
    try:
        _check_date(value)
    except ValueError as exc:
        return f"no such time: {exc}"
    return None


def _check_date(value: str) -> None:
    parts = [int(part) for part in re.split(r"[-T:.Z]", value.upper()) if part][:6]
    parts += [1] * (3 - len(parts)) + [0] * 3
    year, month, day, hour, minute, second = parts[:6]
    datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second)  # noqa: DTZ001  # a leap second


def _type(value: str, _: Record) -> str | None:
    return None if re.fullmatch(WORD, value) else "not a token"


def _media_type(value: str, _: Record) -> str | None:
    return None if MEDIA_TYPE.fullmatch(value) else "not a media type"


def _content_type(value: str, record: Record) -> str | None:
    if wrong := _media_type(value, record):
        return wrong
    mime = value.partition(";")[0].strip().lower()
    if record.type == "warcinfo" and mime != "application/warc-fields":
        return "a warcinfo record holds application/warc-fields"  # 6.2: recommended; we take it as the rule
    if mime == "application/http" and record.type in ("request", "response"):
        said = re.search(r';\s*msgtype\s*=\s*"?([^";\s]+)', value, re.IGNORECASE)
        if said and said[1].lower() != record.type:
            return f"msgtype {said[1]} in a {record.type} record"
    return None


def _ip(value: str, _: Record) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "not an IP address"
    return None


def _digest(value: str, _: Record) -> str | None:
    match = LABELLED.fullmatch(value)
    if match is None:
        return "not algorithm:value"
    name = _algorithm(match[1])
    if name in LENGTHS and digest(value) is None:
        return f"not a value of {name} in base 16, 32 or 64"
    return None


def _truncated(value: str, _: Record) -> str | None:
    return None if value.lower() in TRUNCATIONS or re.fullmatch(WORD, value) else "not a reason"


def _profile(value: str, record: Record) -> str | None:
    return _uri(value, record)


def _text(value: str, _: Record) -> str | None:
    return None if value else "empty"


class Field(NamedTuple):
    """A field of the standard: how its value is judged, and the types of record that must not have it."""

    name: str
    rule: Rule
    clause: str
    never: tuple[str, ...] = ()


def _but(*types: str) -> tuple[str, ...]:
    return tuple(t for t in TYPES if t not in types)


FIELDS: dict[str, Field] = {
    field.name.lower(): field
    for field in (
        Field("WARC-Record-ID", _record_id, "5.2"),
        Field("Content-Length", _number, "5.3"),
        Field("WARC-Date", _date, "5.4"),
        Field("WARC-Type", _type, "5.5"),
        Field("Content-Type", _content_type, "5.6"),
        Field("WARC-Concurrent-To", _record_id, "5.7", ("warcinfo", "conversion", "continuation")),
        Field("WARC-Block-Digest", _digest, "5.8"),
        Field("WARC-Payload-Digest", _digest, "5.9"),
        Field("WARC-IP-Address", _ip, "5.10", ("warcinfo", "conversion", "continuation")),
        Field("WARC-Refers-To", _record_id, "5.11", ("warcinfo", "response", "resource", "request", "continuation")),
        Field("WARC-Refers-To-Target-URI", _uri, "5.12", _but("revisit")),
        Field("WARC-Refers-To-Date", _date, "5.13", _but("revisit")),
        Field("WARC-Target-URI", _uri, "5.14", ("warcinfo",)),
        Field("WARC-Truncated", _truncated, "5.15"),
        Field("WARC-Warcinfo-ID", _record_id, "5.16", ("warcinfo",)),
        Field("WARC-Filename", _text, "5.17", _but("warcinfo")),
        Field("WARC-Profile", _profile, "5.18", _but("revisit")),
        Field("WARC-Identified-Payload-Type", _media_type, "5.19"),
        Field("WARC-Segment-Number", _segment, "5.20"),
        Field("WARC-Segment-Origin-ID", _record_id, "5.21", _but("continuation")),
        Field("WARC-Segment-Total-Length", _number, "5.22", _but("continuation")),
    )
}
MANDATORY = ("WARC-Record-ID", "Content-Length", "WARC-Date", "WARC-Type")
# Which types must have a field beside the four, and the clause.
NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    "response": (("WARC-Target-URI", "5.14"),),
    "resource": (("WARC-Target-URI", "5.14"),),
    "request": (("WARC-Target-URI", "5.14"),),
    "conversion": (("WARC-Target-URI", "5.14"),),
    "revisit": (("WARC-Target-URI", "5.14"), ("WARC-Profile", "5.18")),
    "continuation": (("WARC-Target-URI", "5.14"), ("WARC-Segment-Origin-ID", "5.21"), ("WARC-Segment-Number", "5.20")),
}


def faults(record: Record) -> Iterator[Fault]:
    """What is wrong with a record's version and fields. How it is laid out, `records` has said; digests: `Digests`."""
    if record.version is None:
        return
    if record.version not in VERSIONS:
        yield Fault(UNKNOWN_VERSION, f"WARC/{record.version} is no version that is known: {', '.join(VERSIONS)}")
    seen: set[str] = set()
    kind = record.type
    for name, value in record.fields:
        known = FIELDS.get(name.lower())
        if known is None:
            continue  # 5.1: fields with unrecognised names are ignored
        if known.name in seen and known.name != "WARC-Concurrent-To":
            yield Fault("WARC 1.1, 5.1", "the field is repeated", known.name)
        seen.add(known.name)
        if kind in known.never:
            yield Fault(f"WARC 1.1, {known.clause}", f"the field must not stand in a {kind} record", known.name)
        wrong = known.rule(value, record)
        if wrong:
            yield Fault(f"WARC 1.1, {known.clause}", f"{value[:80]!r} is {wrong}", known.name)
    for name in MANDATORY:
        if name not in seen:
            yield Fault(f"WARC 1.1, {FIELDS[name.lower()].clause}", "the field is missing", name)
    for name, clause in NEEDED.get(kind, ()):
        if name not in seen:
            yield Fault(f"WARC 1.1, {clause}", f"the field is missing in a {kind} record", name)
    yield from _of_revisit(record, seen)
    if record.size and kind in TYPES and kind != "continuation" and "Content-Type" not in seen:
        # 5.6 says "should"; without it a reader has to guess what the block is.
        yield Fault("WARC 1.1, 5.6", "a record with a block has no media type", "Content-Type")


def _of_revisit(record: Record, seen: set[str]) -> Iterator[Fault]:
    if record.type != "revisit":
        return
    profile = (record.get("WARC-Profile") or "").strip("<>")
    if profile in (IDENTICAL.format(0), IDENTICAL.format(1)) and "WARC-Payload-Digest" not in seen:
        yield Fault("WARC 1.1, 6.7.2", "the field is missing in a revisit of an identical payload", "WARC-Payload-Digest")


# Digests -------------------------------------------------------------------------------------------------------

LENGTHS = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}  # octets of the value


def _algorithm(label: str) -> str:
    return label.lower().replace("sha-", "sha")


def digest(labelled: str) -> tuple[str, str] | None:
    """(algorithm, lower-case hex) of a labelled digest in base 16, 32 or 64 (warc-specifications 48, 80); else None."""
    match = LABELLED.fullmatch(labelled.strip())
    if match is None or (name := _algorithm(match[1])) not in LENGTHS:
        return None
    value, octets = match[2], LENGTHS[name]
    if len(value) == 2 * octets and re.fullmatch(r"[0-9a-fA-F]+", value):
        return name, value.lower()
    for form, block in ((base64.b32decode, 8), (_base64, 4)):  # base 64: rare, and it is in the corpora
        bare = value.rstrip("=")
        if len(bare) != -(-octets * 8 // (5 if block == 8 else 6)):
            continue
        try:
            decoded = form((bare.upper() if block == 8 else bare) + "=" * (-len(bare) % block))
        except ValueError:
            continue
        if len(decoded) == octets:
            return name, decoded.hex()
    return None


def _base64(value: str) -> bytes:
    return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)


class Digests:
    """The digests of a record's block and payload, taken while the block goes by; faults() says where they differ.

    The payload of an HTTP message is its entity-body, transfer coding undone, content coding kept (5.9, 6.3.2).
    Where the transfer coding is broken, or the answer should have no body and has one, there is no entity-body, and a digest
    over what was sent is as good as one over what could be made of it. A digest by an algorithm Python does not have, of a
    segment, or of a payload that lies in another record (a revisit) is not checked: `unchecked` has a word on each. checked:
    how many digests were compared.
    """

    def __init__(self, record: Record) -> None:
        self.unchecked: list[str] = []
        self.checked = 0
        self._block = self._wanted(record, "WARC-Block-Digest")
        self._payload = self._wanted(record, "WARC-Payload-Digest")
        if self._payload and (record.type == "revisit" or record.get("WARC-Segment-Number") is not None):
            self.unchecked.append("WARC-Payload-Digest: the payload is not in this record alone")
            self._payload = None
        self._body = Body() if is_http(record) else None
        self._sent = self._payload and (self._payload[0], self._payload[1].copy())

    def _wanted(self, record: Record, name: str) -> tuple[str, Any] | None:
        """(lower-case hex that was written, hash to be fed); None where none was written or it is of no known kind."""
        value = record.get(name)
        normal = digest(value) if value is not None else None
        if value is not None and normal is None:
            self.unchecked.append(f"{name}: {value[:40]!r}")
        return (normal[1], hashlib.new(normal[0], usedforsecurity=False)) if normal else None

    def feed(self, octets: bytes) -> None:
        if self._block:
            self._block[1].update(octets)
        if self._payload is None or self._sent is None:
            return
        for entity, sent in self._body.feed(octets) if self._body else ((octets, b""),):
            self._payload[1].update(entity)
            self._sent[1].update(sent)

    def faults(self) -> Iterator[Fault]:
        """After the whole block went by."""
        if self._block and self._differs(self._block):
            yield Fault("WARC 1.1, 5.8", f"the block hashes to {self._block[1].hexdigest()}", "WARC-Block-Digest")
        if self._payload is None or not self._differs(self._payload):
            return
        over = ""
        if self._sent and self._sent[0] == self._sent[1].hexdigest():
            if self._body is not None and (self._body.broken or self._body.bodiless):
                return
            over = "; the digest is over the chunks, and not over the entity-body"
        yield Fault("WARC 1.1, 5.9", f"the payload hashes to {self._payload[1].hexdigest()}{over}", "WARC-Payload-Digest")

    def _differs(self, kept: tuple[str, Any]) -> bool:
        self.checked += 1
        return bool(kept[0] != kept[1].hexdigest())


def is_http(record: Record) -> bool:
    """The block is an HTTP message."""
    mime = (record.get("Content-Type") or "").partition(";")[0].strip().lower()
    return mime == "application/http" and record.type in ("response", "request", "revisit")


class Body:
    """The body inside an HTTP message that goes by in pieces: feed() gives (entity-body, body as sent) piecewise.

    The entity-body is that of `message.entity`. A head that cannot be read as HTTP/1.1 ends at its first empty line,
    and what follows is the body as it is. head: parsed; None until it has ended, or where it cannot be.
    """

    def __init__(self) -> None:
        self.head: message.Head | None = None
        self._ahead: bytearray | None = bytearray()  # octets of the head, until it has ended
        self._first: bytearray | None = None  # octets of what may be a first chunk, until that is known
        self._chunks: message.Dechunker | None = None
        self._empty = False  # a message of this kind has no body
        self._at = 0

    @property
    def broken(self) -> bool:
        """The body is chunked, and the chunks do not run to their end."""
        return self._chunks is not None and not self._chunks.done

    @property
    def bodiless(self) -> bool:
        """An answer of 204 or 304 has no body, whatever follows its head."""
        return self.head is not None and self.head.status in (204, 304)

    def feed(self, octets: bytes) -> Iterator[tuple[bytes, bytes]]:
        if self._ahead is None:
            yield self._entity(octets), octets
            return
        self._ahead += octets
        end = message.HEAD_END.search(self._ahead)
        if end is None and len(self._ahead) <= LONGEST_HEAD:
            return
        head, rest = bytes(self._ahead), b""
        if end is not None:
            head, rest = head[: end.end()], head[end.end() :]
        self._ahead = None
        try:
            self.head = message.parse_head(head)
            frame = message.framing(self.head) if self.head else None
        except BadMessage:
            frame = None
        if frame is not None and frame.kind == "chunked":
            self._first = bytearray()
        self._empty = frame is not None and frame.kind == "none"
        yield self._entity(rest), rest

    def _entity(self, octets: bytes) -> bytes:
        if self._first is not None:
            self._first += octets
            begins = message.begins_chunked(self._first)
            if begins is None:
                return b""
            octets, self._first = bytes(self._first), None
            self._chunks = message.Dechunker() if begins else None
        if self._empty or self._chunks is None:
            return b"" if self._empty else octets
        try:
            self._chunks.feed(octets)
        except BadMessage:
            self._empty = True  # what came before the fault is data, and nothing behind it is
        entity = b"".join(octets[start - self._at : end - self._at] for start, end in self._chunks.spans)
        self._chunks.spans.clear()
        self._at += len(octets)
        return entity
