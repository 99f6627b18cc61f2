"""What must hold of an archive after any accident, said with eyes of its own: standard library, files and tables.

`faults` gives sentences, none where all is well. Acknowledged is what somebody was told: a JSON line of the command,
or a future that was resolved.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.index import Index
from archive.store import Archive, rebuild
from archive.verify import Verdict, verify

DOUBLED = {
    "index": (
        "SELECT visit, hop FROM captures GROUP BY visit, hop HAVING count(*) > 1",
        "SELECT id FROM captures GROUP BY id HAVING count(*) > 1",
    ),
    "ledger": (
        "SELECT subject, property, ordinal, raw FROM observation "
        "GROUP BY subject, property, ordinal, raw, value, derived, parser HAVING count(*) > 1",
        "SELECT capture, reading FROM extraction GROUP BY capture, reading HAVING count(*) > 1",
        "SELECT reading, place FROM sighting GROUP BY reading, place HAVING count(*) > 1",
    ),
}
HOMELESS = (
    "SELECT observation FROM sighting WHERE observation NOT IN (SELECT id FROM observation)",
    "SELECT id FROM observation WHERE id NOT IN (SELECT observation FROM sighting)",
    "SELECT id FROM extraction WHERE reading NOT IN (SELECT id FROM reading)",
    "SELECT id FROM reading WHERE id NOT IN (SELECT reading FROM extraction)",
    "SELECT r.id FROM reading r WHERE observations != (SELECT count(*) FROM sighting s WHERE s.reading = r.id)",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One acknowledgement. payload: sha256 over the stored entity-body. observations: None where nothing was read."""

    capture: str
    payload: str | None
    observations: int | None = None


def faults(home: Path, acknowledged: Iterable[Told] = (), *, whole: bool = True) -> list[str]:
    """whole: `verify` too, and the index made anew beside the one that stands; seconds on a large archive."""
    found = [*_index(home), *_ledger(home), *_lost(home, acknowledged)]
    if whole:
        found += [f"verify: {f.check} {f.subject}: {f.detail}" for f in verify(home) if f.outcome is Verdict.FAIL]
        found += _rebuilt(home)
    return found


def _tables(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))


def _index(home: Path) -> Iterator[str]:
    with _tables(home / "index.sqlite") as db:
        yield from (f"index: {line}" for (line,) in db.execute("PRAGMA integrity_check") if line != "ok")
        ends: dict[str, int] = {}
        octets: dict[str, bytes] = {}
        for name, offset, length, sha256 in db.execute(
            "SELECT name, offset, length, sha256 FROM members JOIN files USING (serial) ORDER BY serial, offset"
        ):
            if name not in octets:
                path = home / "warc" / name
                octets[name] = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(octets[name][offset : offset + length]).hexdigest() != sha256:
                yield f"dangling: {name} at {offset} is not what the row says"
            if ends.get(name, 0) != offset:
                yield f"gap: {name} has no row from {ends.get(name, 0)} to {offset}"
            ends[name] = offset + length
        for path in sorted((home / "warc").glob("*.warc.gz")):
            if path.stat().st_size != ends.get(path.name, 0):
                yield f"tail: {path.name} has {path.stat().st_size} octets, the rows reach {ends.get(path.name, 0)}"
        for place, (seq,) in enumerate(db.execute("SELECT seq FROM captures ORDER BY seq")):
            if place != seq:
                yield f"numbers: {seq} stands where {place} should"
                break
        dangling = "SELECT id FROM captures c WHERE (serial, manifest_offset) NOT IN (SELECT serial, offset FROM members)"
        yield from (f"dangling: capture {id_} has no manifest" for (id_,) in db.execute(dangling))
        for query in DOUBLED["index"]:
            yield from (f"doubled: {row}" for row in db.execute(query))


def _ledger(home: Path) -> Iterator[str]:
    path = home / "ledger.sqlite"
    if not path.exists() or (not path.stat().st_size and not path.with_name("ledger.sqlite-wal").exists()):
        return
    with _tables(path) as db, _tables(home / "index.sqlite") as index:
        yield from (f"ledger: {line}" for (line,) in db.execute("PRAGMA integrity_check") if line != "ok")
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            return  # made, and not yet filled with tables
        held = dict(index.execute("SELECT id, payload_sha256 FROM captures"))
        for capture, payload in db.execute("SELECT capture, payload_sha256 FROM extraction"):
            if capture not in held or held[capture] != payload:
                yield f"dangling: the ledger reads {capture}, and the archive does not hold it"
        for (capture,) in db.execute("SELECT capture FROM coverage"):
            if capture not in held:
                yield f"dangling: coverage by {capture}, and the archive does not hold it"
        for query in HOMELESS:
            yield from (f"dangling: {row[0]} ({query})" for row in db.execute(query))
        for query in DOUBLED["ledger"]:
            yield from (f"doubled: {row}" for row in db.execute(query))


def _lost(home: Path, acknowledged: Iterable[Told]) -> Iterator[str]:
    told = list(acknowledged)
    if not told:
        return
    read: dict[str, set[int]] = {}
    if any(each.observations is not None for each in told):
        if not (home / "ledger.sqlite").is_file():
            yield "lost: the ledger"
            return
        with _tables(home / "ledger.sqlite") as db:
            for capture, count in db.execute(
                "SELECT capture, (SELECT count(*) FROM sighting s WHERE s.reading = e.reading) FROM extraction e"
            ):
                read.setdefault(capture, set()).add(count)
    with Archive.open(home) as archive:
        kept = {capture.id: capture for capture in archive.captures()}
        for each in told:
            capture = kept.get(each.capture)
            if capture is None:
                yield f"lost: capture {each.capture} was acknowledged"
            elif each.payload is not None and _entity(archive, capture) != each.payload:
                yield f"lost: the body of {each.capture} is not there as it was"
            elif each.observations is not None and each.observations not in read.get(each.capture, ()):
                yield f"lost: {each.observations} values read from {each.capture}; the ledger has {read.get(each.capture)}"


def _entity(archive: Archive, capture: Capture) -> str | None:
    try:
        return hashlib.sha256(archive.memento(capture).entity).hexdigest()
    except (ArchiveError, OSError):
        return None


def _rebuilt(home: Path) -> Iterator[str]:
    """Made anew from the files alone the index is the same."""
    before = _digest(home)
    rebuild(home)
    if before != _digest(home):
        yield "rebuild: the index made anew is another one"


def _digest(home: Path) -> tuple[int, str]:
    index = Index.open(home / "index.sqlite")
    try:
        return index.digest()
    finally:
        index.close()
