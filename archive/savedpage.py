"""What is in a page that a person saved: one HTML file, one made by SingleFile, or MHTML with its parts? Pure.

Nothing is guessed: an address is one that the person names or that the file itself states, and a time too. Bounds are on
octets and parts; what cannot be read of an MHTML file is told, and the other parts stand (RFC 2557; RFC 2046, 5.1).
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

LARGEST_HEAD = 64 * 1024  # octets of the fields of an MHTML file, or of a part
MOST_PARTS = 10_000
LOOKED_AT = 8 * 1024  # octets in which an HTML file says where it was saved from
FIELD = re.compile(rb"([!-9;-~]+):[ \t]*(.*)", re.DOTALL)
HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
FOLD = re.compile(rb"\r?\n[ \t]+")
BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
# Browsers' mark of where a page was saved from: the number is that of the letters of the address.
SAVED_FROM = re.compile(rb"<!--\s*saved from url=\((\d{4})\)(\S{1,4000})\s*-->", re.IGNORECASE)
SINGLE_FILE = re.compile(rb"Page saved with SingleFile\s+url:\s*(\S{1,4000})\s+saved date:\s*([^\r\n]{1,200})")
SINGLE_DATE = re.compile(r"\w{3} (\w{3}) (\d\d) (\d{4}) (\d\d):(\d\d):(\d\d) GMT([+-])(\d\d)(\d\d)")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Part:
    """One document of it. number: from 1. url: as the file states it; None where it states none."""

    number: int
    url: str | None
    media: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """kind: `saved page`, `SingleFile` or `MHTML`. page: the document itself; others: what was saved with it.

    at: when it was saved, as the file says; None where it does not. faults: what could not be read, in words.
    """

    kind: str
    page: Part | None
    at: datetime | None = None
    others: tuple[Part, ...] = ()
    faults: tuple[str, ...] = ()


def saved_page(octets: bytes, name: str) -> Saved:
    """Of a file's octets. name: the file's, whose suffix may tell the media type."""
    fields = _fields(octets)
    said = fields.get("content-type", "")
    if said.lower().startswith("multipart/related") and "mime-version" in fields and (found := BOUNDARY.search(said)):
        return _mhtml(octets, fields, found[1] or found[2])
    begin = octets[:LOOKED_AT]
    media = mimetypes.guess_type(name)[0] or ("text/html" if octets.lstrip()[:1] == b"<" else "application/octet-stream")
    if single := SINGLE_FILE.search(begin):
        return Saved("SingleFile", Part(1, _text(single[1]), media, octets), _single_date(_text(single[2])))
    mark = SAVED_FROM.search(begin)
    url = _text(mark[2]) if mark and len(_text(mark[2])) == int(mark[1]) else None
    return Saved("saved page", Part(1, url, media, octets))


def _mhtml(octets: bytes, fields: dict[str, str], boundary: str) -> Saved:
    parts: list[Part] = []
    faults: list[str] = []
    for number, part in enumerate(_parts(octets, boundary.encode("utf-8", "replace")), 1):
        if number > MOST_PARTS:
            faults.append(f"more than {MOST_PARTS} parts")
            break
        read = _part(number, part)
        (parts if isinstance(read, Part) else faults).append(read)  # type: ignore[arg-type]
    if not octets.rstrip().endswith(f"--{boundary}--".encode("utf-8", "replace")):
        faults.append("the file ends before its last part does")
    wanted = fields.get("snapshot-content-location")
    page = next((part for part in parts if wanted is not None and part.url == wanted), None)
    page = page or next((part for part in parts if part.media.lower().startswith(("text/html", "application/xhtml"))), None)
    if page is None:
        faults.append("no part of it is a page")
    return Saved("MHTML", page, _date(fields.get("date")), tuple(part for part in parts if part is not page), tuple(faults))


def _parts(octets: bytes, boundary: bytes) -> Iterator[bytes]:
    """What lies between the lines of the boundary."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    begin: int | None = None
    for found in line.finditer(octets):
        if begin is not None:
            yield octets[begin : found.start()]
        begin = found.end()
        if found[1]:
            return
    if begin is not None:
        yield octets[begin:]


def _part(number: int, octets: bytes) -> Part | str:
    """One part with its transfer encoding undone; in words, why it cannot be read."""
    octets = octets.removeprefix(b"\r").removeprefix(b"\n")  # the end of the boundary's own line
    end = re.match(rb"\r?\n", octets) or HEAD_ENDS.search(octets, 0, LARGEST_HEAD)
    if end is None:
        return f"part {number}: its head has no end"
    fields = _fields(octets[: end.end()])
    body, media = octets[end.end() :], fields.get("content-type", "text/plain")
    coding = fields.get("content-transfer-encoding", "7bit").lower()
    if media.lower().startswith("multipart/"):
        return f"part {number}: parts inside a part are not read"
    if coding == "quoted-printable":
        body = quopri.decodestring(body)
    elif coding == "base64":
        try:
            body = base64.b64decode(body)
        except binascii.Error as exc:
            return f"part {number}: {exc}"
    elif coding not in ("7bit", "8bit", "binary"):
        return f"part {number}: transfer encoding {coding[:40]!r} is unknown"
    return Part(number, fields.get("content-location"), media[:200], body)


def _fields(octets: bytes) -> dict[str, str]:
    """The first value of each field of a head, by name in lower case; empty where there is none."""
    end = HEAD_ENDS.search(octets, 0, LARGEST_HEAD)
    found: dict[str, str] = {}
    for line in FOLD.sub(b" ", octets[: end.start()] if end else b"").splitlines():
        match = FIELD.fullmatch(line)
        if match is None:
            return found
        found.setdefault(match[1].decode("ascii").lower(), _text(match[2]).strip())
    return found


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _date(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(text or "")
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _single_date(text: str) -> datetime | None:
    """As ECMAScript writes a Date (21.4.4.41.4)."""
    found = SINGLE_DATE.match(text)
    if found is None or found[1] not in MONTHS:
        return None
    zone = timedelta(hours=int(found[8]), minutes=int(found[9])) * (1 if found[7] == "+" else -1)
    day, year, hour, minute, second = (int(found[n]) for n in (2, 3, 4, 5, 6))
    try:
        at = datetime(year, MONTHS.index(found[1]) + 1, day, hour, minute, second, tzinfo=timezone(zone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
