"""Which captures are held, and where they lie, by address and time: SQLite, rebuildable from the WARC files.

One connection writes, in one thread, and checkpoints; readers open read-only (reliability 3.1, R9). A row
is entered only when its bytes are durable, so a row never points at bytes that are not there. What the tables are, and
what the statements of `index.sql` ask, is said in schema.py.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from archive.capture import Capture, Outcome, Span
from archive.database import Database
from archive.errors import BadRecord, Damaged, DiskFull, NotFound, Poisoned, TooNew

VERSION = 1
NAME = re.compile(r"kartoteka-\d{14}-(\d{5,})\.warc\.gz")
PAGE = 1000
LATEST_EVER = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

WRITING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "mmap_size=0")
READING = ("query_only=ON", "trusted_schema=OFF", "mmap_size=0")

_STATEMENT = re.compile(r"^-- ([A-Za-z_ ]+)\n([^;]+);$", re.MULTILINE)
SQL = dict(_STATEMENT.findall(Path(__file__).with_name("index.sql").read_text("utf-8")))
MAKE = [statement for name, statement in SQL.items() if name.startswith("MAKE ")]


class Entry(NamedTuple):
    """One gzip member as the index knows it. kind: as in warc.Member. seq: None for warcinfo."""

    span: Span
    kind: str
    seq: int | None


@lru_cache(1024)
def serial(name: str) -> int:
    """The number in a file's name. Raises BadRecord where the name is not one of ours."""
    match = NAME.fullmatch(name)
    if match is None:
        raise BadRecord(f"not the name of a file of this archive: {name[:80]!r}")
    return int(match[1])


class Index:
    """The tables, open for reading, or for writing by the one thread that holds the archive's lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.made = False  # its tables are new: none were there before, or they were lost
        self._names: dict[int, str] = {}
        self._entered: str | None = None  # the last file that has a row

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> Index:
        """Raises NotFound where there is none to read, TooNew, Damaged (make it again: crawl rebuild)."""
        if not write and not path.is_file():
            raise NotFound(f"{path} is missing: `crawl rebuild` makes it from the WARC files")
        with _renamed():
            database = Database(path, write=write, pragmas=WRITING if write else READING)
        index = cls(database)
        try:
            with _renamed():
                ((version,),) = database.rows("PRAGMA user_version")
                if version > VERSION:
                    raise TooNew(f"{path} has version {version}; this program knows {VERSION}: use a newer one")
                if write and version == 0:
                    with database.transaction() as db:  # a kill between two tables would leave half a schema
                        for statement in MAKE:
                            db.execute(statement)
                        db.execute(f"PRAGMA user_version = {VERSION}")
                    index.made = True
                elif version == 0:
                    raise NotFound(f"{path} is empty: `crawl rebuild` makes it from the WARC files")
        except BaseException:
            database.close()
            raise
        return index

    def close(self) -> None:
        self._database.close()

    # -- writing

    def enter(self, kept: Sequence[Capture], entries: Sequence[Entry]) -> None:
        """One transaction, durable when this returns: rows of captures, of their members, and the log's outbox.

        Raises DiskFull or Poisoned; whether the rows are there is then known only by asking.
        """
        if not entries:
            return
        named = sorted({(serial(name), name) for name in {e.span.file for e in entries} - {self._entered}})
        with _renamed(), self._database.transaction() as db:
            if named:
                db.executemany(SQL["NAME_FILE"], named)
            db.executemany(SQL["ENTER_MEMBER"], map(_entry_row, entries))
            db.executemany(SQL["ENTER_CAPTURE"], map(_row, kept))
            db.executemany(SQL["ENTER_OUTBOX"], [(c.seq, c.manifest_sha256) for c in kept])
        self._entered = entries[-1].span.file

    def posted(self, through: int) -> None:
        """The log holds every capture up to and including `through`: they leave the outbox."""
        with _renamed(), self._database.transaction() as db:
            db.execute(SQL["POSTED"], {"through": through})

    # -- reading

    def waiting(self, most: int = PAGE) -> list[tuple[int, str]]:
        """The outbox: seq and manifest_sha256 of what the log has not taken, in order."""
        return [(seq, digest) for seq, digest in self._all("WAITING", most=most)]

    def leaves(self, first: int, last: int) -> list[tuple[int, str, str, int]]:
        """What the log says of these captures: seq, manifest_sha256, outcome, and at in microseconds since 1970, in order."""
        return [(*row,) for row in self._all("LEAVES", first=first, last=last)]

    def waits(self) -> int:
        """How many captures the log has not taken."""
        return int(self._all("WAITS")[0][0])

    def next_seq(self) -> int:
        last = self._all("LAST_SEQ")[0][0]
        return 0 if last is None else int(last) + 1

    def files(self) -> list[str]:
        """Names of the WARC files that rows point into, in the order they were written."""
        return [name for _, name in self._all("FILES")]

    def end(self, name: str) -> int | None:
        """Where the last member of a file ends; None for a file that no row names."""
        rows = self._all("END", serial=serial(name))
        return int(rows[0][0]) if rows else None

    def entries(self, name: str, kind: str | None = None) -> Iterator[Entry]:
        """The members of one file, in its order."""
        after = -1
        while True:
            asked = {"serial": serial(name), "after": after, "most": PAGE}
            rows = self._all("MEMBERS", **asked) if kind is None else self._all("MEMBERS_OF_KIND", **asked, kind=kind)
            found = [_entry(row, name) for row in rows]
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1].span.offset

    def last(self, name: str, most: int) -> list[Entry]:
        """The last members of a file."""
        return [_entry(row, name) for row in self._all("LAST_MEMBERS", serial=serial(name), most=most)]

    def capture(self, id_: str) -> Capture | None:
        found = self._captures("ONE", id=id_)
        return found[0] if found else None

    def taken(self, ids: Iterable[str], seqs: Iterable[int]) -> tuple[set[str], set[int]]:
        """Those of the ids and of the numbers that a row has already."""
        by_id = self._all("TAKEN_IDS", ids=json.dumps(list(ids)))
        by_seq = self._all("TAKEN_SEQS", seqs=json.dumps(list(seqs)))
        return {id_ for (id_,) in by_id}, {seq for (seq,) in by_seq}

    def captures(
        self, key: str | None = None, until: datetime | None = None, since_seq: int | None = None
    ) -> Iterator[Capture]:
        """In the order of the log. until: began no later; since_seq: that number or a later one."""
        latest = LATEST_EVER if until is None else _micro(until)
        since = since_seq or 0
        while True:
            asked = {"since": since, "until": latest, "most": PAGE}
            found = self._captures("CAPTURES", **asked) if key is None else self._captures("CAPTURES_OF_KEY", **asked, key=key)
            yield from found
            if len(found) < PAGE:
                return
            since = found[-1].seq + 1

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, each once, sorted."""
        return [key for (key,) in self._all("KEYS", first=prefix, beyond=prefix + chr(0x10FFFF))]

    def visit(self, visit: str) -> list[Capture]:
        """The captures of one visit, in order."""
        return self._captures("VISIT", visit=visit)

    def deciding(self, keys: Mapping[str, str]) -> dict[str, Capture]:
        """The capture that ended the newest visit of each address, by address. keys: the addresses, and the key of each.

        Newest in the order of the log, whatever the clock said. Addresses that we never visited are left out: what was
        imported is no visit of ours.
        """
        found: dict[str, Capture] = {}
        wanted = sorted(keys)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            newest = self._all("NEWEST_VISITS", keys=json.dumps(sorted({keys[url] for url in some})), urls=json.dumps(some))
            visits = dict(newest)
            last = {each.visit: each for each in self._captures("ENDS_OF_VISITS", visits=json.dumps(list(visits.values())))}
            found |= {url: last[visit] for url, visit in visits.items()}
        return found

    def nearest(self, key: str, at: datetime | None) -> Capture | None:
        """The whole capture nearest in time; the latest where no time is given."""
        found = self._captures("LATEST", key=key) if at is None else self._captures("NEAREST", key=key, at=_micro(at))
        return found[0] if found else None

    def latest(self, keys: Iterable[str]) -> dict[str, Capture]:
        """The latest whole capture under each of these keys, by key; one question for all of them."""
        return {each.key: each for each in self._captures("LATEST_OF", keys=json.dumps(list(keys)))}

    def referable(self, payloads: Iterable[str]) -> dict[str, list[Capture]]:
        """Captures whose stored body a revisit may refer to, by payload digest, the oldest first."""
        found: dict[str, list[Capture]] = {}
        wanted = list(payloads)
        for capture in self._captures("SAME_PAYLOAD", payloads=json.dumps(wanted)) if wanted else ():
            assert capture.payload_sha256 is not None
            found.setdefault(capture.payload_sha256, []).append(capture)
        return found

    def earlier(self, key: str, url: str, most: int) -> list[Capture]:
        """Whole, trusted captures of exactly this address, the latest first: what a 304 may stand for."""
        return self._captures("EARLIER", key=key, url=url, most=most)

    def digest(self) -> tuple[int, str]:
        """How many rows there are, and the sha256 over them in the order of their keys; the outbox, which drains, left out."""
        count, digest = 0, hashlib.sha256()
        with _renamed(), self._database.connection() as db:
            for name in ("files", "members", "captures"):
                for row in db.execute(SQL[f"ALL_{name.upper()}"]):
                    digest.update(json.dumps([name, *row], ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                    count += 1
        return count, digest.hexdigest()

    def _all(self, question: str, **asked: object) -> list[tuple[Any, ...]]:
        with _renamed():
            return self._database.rows(SQL[question], asked)

    def _captures(self, question: str, **asked: object) -> list[Capture]:
        rows = self._all(question, **asked)
        if any(row[SERIAL] not in self._names for row in rows):
            self._names = dict(self._all("FILES"))
        return [_capture(row, self._names[row[SERIAL]]) for row in rows]


def cdxj(kept: Iterable[Capture]) -> list[str]:
    """CDXJ 0.1.0 lines, byte-sorted, of what a replayer can show: responses, revisits and saved pages.

    Key, time, offset, length and digest are those that cdxj-indexer makes of the same files; where a record
    leaves its payload digest out (chunked), this one is sha256 over the entity-body.
    """
    lines = []
    for c in kept:
        # Octets that are no HTTP have a record, and are no page.
        if c.record is None or c.payload_sha256 is None:
            continue
        mime = "warc/revisit" if c.refers_to is not None else c.mime
        told = {
            "url": c.url,
            "mime": mime,
            "status": None if c.status is None else str(c.status),
            "digest": f"sha256:{c.payload_sha256}",
            "length": str(c.record.length),
            "offset": str(c.record.offset),
            "filename": c.record.file,
        }
        said = json.dumps({name: value for name, value in told.items() if value is not None})
        lines.append(f"{c.key} {c.at:%Y%m%d%H%M%S} {said}\n")
    return sorted(lines, key=str.encode)


@contextmanager
def _renamed() -> Iterator[None]:
    """SQLite's errors in this archive's words."""
    try:
        yield
    except sqlite3.Error as exc:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull("no room for the index: free some, then go on") from exc
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Damaged("the index is damaged: `crawl rebuild` makes it from the WARC files") from exc
        raise Poisoned(f"the index did not take it: {exc}") from exc


def _micro(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


# In the order of the columns.


def _entry(row: Sequence[Any], name: str) -> Entry:
    _, offset, length, sha256, kind, seq = row
    return Entry(Span(name, offset, length, sha256), kind, seq)


def _entry_row(e: Entry) -> tuple[object, ...]:
    return serial(e.span.file), e.span.offset, e.span.length, e.span.sha256, e.kind, e.seq


def _row(c: Capture) -> tuple[object, ...]:
    record, own = c.record, c.manifest
    return (
        *(c.seq, c.id, c.visit, c.hop, c.url, c.key, _micro(c.at), c.outcome.value, c.status, c.mime, c.payload_sha256, c.size),
        serial(own.file),
        *((None, None, None) if record is None else (record.offset, record.length, record.sha256)),
        *(own.offset, own.length, own.sha256, c.manifest_sha256, c.refers_to, c.error, int(c.trusted), c.foreign),
    )


SERIAL = 12  # its column in a capture's row


def _capture(row: Sequence[Any], name: str) -> Capture:
    seq, id_, visit, hop, url, key, at, outcome, status, mime, payload, size, _, *rest = row
    offset, length, member, own_offset, own_length, own_member, own, refers_to, error, trusted, foreign = rest
    return Capture(
        id=id_,
        seq=seq,
        visit=visit,
        hop=hop,
        url=url,
        key=key,
        at=EPOCH + at * MICROSECOND,
        outcome=Outcome(outcome),
        status=status,
        mime=mime,
        payload_sha256=payload,
        size=size,
        record=None if offset is None else Span(name, offset, length, member),
        manifest=Span(name, own_offset, own_length, own_member),
        manifest_sha256=own,
        refers_to=refers_to,
        error=error,
        trusted=bool(trusted),
        foreign=foreign,
    )
