"""Does every value of the ledger stand in a kept page where its row says? Check (9) of `verify`.

Reads the ledger's tables with the standard library. What it proves of a value: its row is what was entered (the id
is a digest of it), a kept and trusted capture shows it, and the quote is the slice [start, end) of the decoded
source. That the selector leads there and that the quote means the value is for `crawl reread --check`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archive.errors import ArchiveError
from archive.finding import Check, Finding
from archive.text import decode_text

if TYPE_CHECKING:
    from archive.shelf import Archive

VERSION = 2  # of the ledger's tables
EXTRACTIONS = """
SELECT e.id, e.capture, e.seq, e.url, e.payload_sha256, e.reading, r.parser, r.charset, r.observations
FROM extraction e LEFT JOIN reading r ON r.id = e.reading"""
PLACES = """
SELECT s.quote, s.start, s."end", s.observation, o.id, o.subject, o.property
FROM sighting s LEFT JOIN observation o ON o.id = s.observation WHERE s.reading = ? ORDER BY s.place"""
VALUES = """
SELECT o.*, EXISTS (SELECT 1 FROM sighting s JOIN extraction e ON e.reading = s.reading WHERE s.observation = o.id) AS sighted
FROM observation o"""


def ledger(
    check: Check, book: sqlite3.Connection, index: sqlite3.Connection, archive: Archive, captures: Sequence[str] | None
) -> Iterator[Finding]:
    """captures: only what was read from these; None: all of it."""
    yield from _extractions(check, book, index, archive, captures)
    if captures is None:
        yield from _values(check, book)
        yield from _coverage(check, book, index)
        yield from _decisions(check, book, archive)


def _extractions(
    check: Check, book: sqlite3.Connection, index: sqlite3.Connection, archive: Archive, captures: Sequence[str] | None
) -> Iterator[Finding]:
    order = " ORDER BY e.reading, e.payload_sha256, e.seq"
    if captures is None:
        rows: Iterator[sqlite3.Row] = iter(book.execute(EXTRACTIONS + order))
    else:
        rows = (row for one in captures for row in book.execute(EXTRACTIONS + " WHERE e.capture = ?" + order, (one,)))
    done: tuple[str, str | None] | None = None  # a reading of a body that was looked at
    for row in rows:
        subject = f"{row['parser']} on {row['capture']}"
        kept = index.execute(
            "SELECT seq, url, payload_sha256, trusted FROM captures WHERE id = ?", (row["capture"],)
        ).fetchone()
        if kept is None:
            yield from check.fail(subject, f"capture {row['capture']} is not kept")
            continue
        for column in ("seq", "url", "payload_sha256"):
            if kept[column] != row[column]:
                yield from check.fail(subject, f"the ledger has {column} {row[column]!r}; the capture {kept[column]!r}")
        if row["charset"] is None:
            yield from check.fail(subject, f"reading {row['reading']} is not in the ledger")
            continue
        if row["observations"] and not kept["trusted"]:
            yield from check.fail(subject, "values were read from a capture whose connection did not verify")
        same = (row["reading"], row["payload_sha256"])
        if same != done and row["observations"]:
            yield from _quotes(check, book, archive, row)
        done = same


def _quotes(check: Check, book: sqlite3.Connection, archive: Archive, row: sqlite3.Row) -> Iterator[Finding]:
    """Every quote of one reading stands at its place in the decoded source of one of its captures."""
    reading = f"{row['parser']} on {row['capture']}"
    try:
        source = decode_text(archive.memento(archive.capture(row["capture"])).body, row["charset"])
    except (ArchiveError, LookupError, AssertionError) as exc:
        yield from check.fail(reading, f"the source cannot be read: {exc}")
        return
    found = 0
    for place in book.execute(PLACES, (row["reading"],)):
        found += 1
        check.looked += 1
        start, end = place["start"], place["end"]
        if place["id"] is None:
            yield from check.fail(reading, f"observation {place['observation']} is not in the ledger")
        elif not 0 <= start < end or source[start:end] != place["quote"]:
            subject = f"{place['subject']} {place['property']}"
            yield from check.fail(subject, f"the quote does not stand at [{start}, {end}) of the source of {row['capture']}")
    if found != row["observations"]:
        yield from check.fail(reading, f"the reading holds {found} values; {row['observations']} were entered")


def _values(check: Check, book: sqlite3.Connection) -> Iterator[Finding]:
    """A value's id is the digest of what it says, and every value stands somewhere."""
    for row in book.execute(VALUES):
        subject = f"{row['subject']} {row['property']}"
        said = [row[key] for key in ("subject", "property", "ordinal", "raw", "value")]
        if observation_id(row["registration"], [*said, bool(row["derived"]), row["parser"]]) != row["id"]:
            yield from check.fail(subject, f"the row says {row['value']!r}, and its id is that of something else")
        if not row["sighted"]:
            yield from check.fail(subject, "no capture shows this value")


def _coverage(check: Check, book: sqlite3.Connection, index: sqlite3.Connection) -> Iterator[Finding]:
    """What is said of completeness was said by a kept capture, or by a kept failure."""
    for row in book.execute("SELECT source, court, register, capture FROM coverage"):
        if index.execute("SELECT 1 FROM captures WHERE id = ?", (row["capture"],)).fetchone() is None:
            subject = f"coverage {row['source']} {row['court']} {row['register']}"
            yield from check.fail(subject, f"capture {row['capture']} is not kept")


def _decisions(check: Check, book: sqlite3.Connection, archive: Archive) -> Iterator[Finding]:
    """The ledger goes by decisions as they are kept, and by no other."""
    for row in book.execute("SELECT id, said FROM decision ORDER BY seq"):
        check.looked += 1
        try:
            kept = archive.memento(archive.capture(row["id"]))
        except ArchiveError as exc:
            yield from check.fail(f"decision {row['id']}", f"it cannot be read: {exc}")
            continue
        if kept.capture is None or not kept.capture.decision or kept.entity != row["said"].encode():
            yield from check.fail(f"decision {row['id']}", "the ledger has it otherwise than it is kept")


def observation_id(registration: str, said: Sequence[object]) -> str:
    """What an observation is named by: 48 bits of its registration, so that those of one lie together, then 80 of itself."""
    return _digest([registration])[:12] + _digest(said)[12:]


def _digest(parts: Sequence[object]) -> str:
    """128 bits of sha256 over the parts as JSON, lower-case hex."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
