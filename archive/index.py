"""Which captures are held, and where they lie, by address and time: SQLite, rebuildable from the WARC files.

One connection writes, in one thread, and checkpoints; readers open read-only (reliability 3.1, R9). A row
is entered only when its bytes are durable, so a row never points at bytes that are not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from archive.capture import Capture, Outcome, Span
from archive.errors import BadRecord, Damaged, DiskFull, NotFound, Poisoned, TooNew

VERSION = 1
NAME = re.compile(r"kartoteka-\d{14}-(\d{5,})\.warc\.gz")
PAGE = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

tables = sa.MetaData()

# serial: the number in the file's name; files are written one after another, so it orders them.
files = sa.Table(
    "files",
    tables,
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sqlite_strict=True,
)

# Every gzip member of every file, without gaps: sha256sum over the range is a check anyone can run.
members = sa.Table(
    "members",
    tables,
    sa.Column("serial", sa.Integer, sa.ForeignKey("files.serial"), primary_key=True, autoincrement=False),
    sa.Column("offset", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer),  # of the capture it was written with; none for warcinfo
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

captures = sa.Table(
    "captures",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("visit", sa.Text, nullable=False),
    sa.Column("hop", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),  # microseconds since 1970, UTC
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("mime", sa.Text),
    sa.Column("payload_sha256", sa.Text),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("serial", sa.Integer, sa.ForeignKey("files.serial"), nullable=False),
    sa.Column("record_offset", sa.Integer),
    sa.Column("record_length", sa.Integer),
    sa.Column("record_sha256", sa.Text),
    sa.Column("manifest_offset", sa.Integer, nullable=False),
    sa.Column("manifest_length", sa.Integer, nullable=False),
    sa.Column("manifest_member_sha256", sa.Text, nullable=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sa.Column("refers_to", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("trusted", sa.Integer, nullable=False),
    sa.Column("foreign_file", sa.Text),
    sqlite_strict=True,
)
sa.Index("captures_by_key", captures.c.key, captures.c.at)
sa.Index("captures_by_visit", captures.c.visit)
# Only bodies that a revisit may refer to: received whole, by ourselves, over a connection that verified.
REFERABLE = (captures.c.outcome == Outcome.CAPTURED.value) & (captures.c.trusted == 1) & captures.c.foreign_file.is_(None)
sa.Index("captures_by_payload", captures.c.payload_sha256, sqlite_where=REFERABLE)

# What the log has not taken yet; entered in the transaction of its capture.
outbox = sa.Table(
    "outbox",
    tables,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sqlite_strict=True,
)


def _compiled(statement: sa.Insert | sa.Select[Any]) -> str:
    return str(statement.compile(dialect=sqlite_dialect(), compile_kwargs={"literal_binds": True}))


# Compiled once: going through the expression for every row costs as much as the row, and for what is asked before every
# visit it costs fifteen times the answer.
INSERT = {table: str(sa.insert(table).compile(dialect=sqlite_dialect())) for table in (members, captures, outbox)}
ASKED: sa.ColumnClause[Any] = sa.literal_column("?")
WHOLE = [o.value for o in Outcome if o.whole]
LATEST = _compiled(
    sa.select(captures)
    .where(captures.c.key == ASKED, captures.c.outcome.in_(WHOLE))
    .order_by(captures.c.at.desc(), captures.c.seq.desc())
    .limit(1)
)
SAME_PAYLOAD = _compiled(
    sa.select(captures)
    .where(captures.c.payload_sha256.in_(sa.select(sa.literal_column("value")).select_from(sa.text("json_each(?)"))), REFERABLE)
    .order_by(captures.c.seq)
)
LEAVES = "SELECT seq, manifest_sha256, outcome, at FROM captures WHERE seq BETWEEN ? AND ? ORDER BY seq"
ONE = _compiled(sa.select(captures).where(captures.c.id == ASKED))


@dataclass(frozen=True, slots=True)
class Entry:
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

    def __init__(self, engine: sa.Engine, *, write: bool = False) -> None:
        self._engine = engine
        self._write = write
        self._mine = threading.local()
        self._kept: list[sa.PoolProxiedConnection] = []  # of the threads that read
        self.made = False  # its tables are new: none were there before, or they were lost
        self._names: dict[int, str] = {}
        self._entered: str | None = None  # the last file that has a row

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> Index:
        """Raises NotFound where there is none to read, TooNew, Damaged (make it again: crawl rebuild)."""
        if not write and not path.is_file():
            raise NotFound(f"{path} is missing: `crawl rebuild` makes it from the WARC files")
        how = {"mode": "rwc" if write else "ro", "uri": "true"}
        if not write and not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
            how["immutable"] = "1"  # on a read-only medium SQLite cannot make the files that readers share
        address = sa.URL.create("sqlite+pysqlite", database=f"file:{quote(str(path))}", query=how)
        # One connection writes and checkpoints, whichever thread asks (R9); reading threads get one each.
        pool = {"pool_size": 1, "max_overflow": 0} if write else {}
        engine = sa.create_engine(
            address, connect_args={"isolation_level": "IMMEDIATE" if write else None, "timeout": 60}, **pool
        )
        sa.event.listen(engine, "connect", _writing if write else _reading)
        index = cls(engine, write=write)
        try:
            with _renamed(), engine.begin() as db:
                version = db.exec_driver_sql("PRAGMA user_version").scalar_one()
                if version > VERSION:
                    raise TooNew(f"{path} has version {version}; this program knows {VERSION}: use a newer one")
                if write and version == 0:
                    # The driver opens no transaction for DDL by itself: a kill between two tables would leave half a schema.
                    db.exec_driver_sql("BEGIN IMMEDIATE")
                    tables.create_all(db)
                    db.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
                    index.made = True
                elif version == 0:
                    raise NotFound(f"{path} is empty: `crawl rebuild` makes it from the WARC files")
        except BaseException:
            engine.dispose()
            raise
        return index

    def close(self) -> None:
        for connection in self._kept:
            connection.invalidate()  # closed, whichever thread had it
        self._engine.dispose()

    # -- writing

    def enter(self, kept: Sequence[Capture], entries: Sequence[Entry]) -> None:
        """One transaction, durable when this returns: rows of captures, of their members, and the log's outbox.

        Raises DiskFull or Poisoned; whether the rows are there is then known only by asking.
        """
        if not entries:
            return
        named = sorted({(serial(name), name) for name in {e.span.file for e in entries} - {self._entered}})
        with _renamed(), self._engine.begin() as db:
            if named:
                db.execute(sqlite_insert(files).on_conflict_do_nothing(), [{"serial": n, "name": f} for n, f in named])
            db.exec_driver_sql(INSERT[members], [_entry_row(e) for e in entries])
            if kept:
                db.exec_driver_sql(INSERT[captures], [_row(c) for c in kept])
                db.exec_driver_sql(INSERT[outbox], [(c.seq, c.manifest_sha256) for c in kept])
        self._entered = entries[-1].span.file

    def posted(self, through: int) -> None:
        """The log holds every capture up to and including `through`: they leave the outbox."""
        with _renamed(), self._engine.begin() as db:
            db.execute(sa.delete(outbox).where(outbox.c.seq <= through))

    # -- reading

    def waiting(self, most: int = PAGE) -> list[tuple[int, str]]:
        """The outbox: seq and manifest_sha256 of what the log has not taken, in order."""
        return [(r.seq, r.manifest_sha256) for r in self._all(sa.select(outbox).order_by(outbox.c.seq).limit(most))]

    def leaves(self, first: int, last: int) -> list[tuple[int, str, str, int]]:
        """What the log says of these captures: seq, manifest_sha256, outcome, and at in microseconds since 1970, in order."""
        with _renamed():
            return self._own().execute(LEAVES, (first, last)).fetchall()

    def waits(self) -> int:
        """How many captures the log has not taken."""
        return int(self._all(sa.select(sa.func.count()).select_from(outbox))[0][0])

    def next_seq(self) -> int:
        last = self._all(sa.select(sa.func.max(captures.c.seq)))[0][0]
        return 0 if last is None else int(last) + 1

    def files(self) -> list[str]:
        """Names of the WARC files that rows point into, in the order they were written."""
        return [r.name for r in self._all(sa.select(files.c.name).order_by(files.c.serial))]

    def end(self, name: str) -> int | None:
        """Where the last member of a file ends; None for a file that no row names."""
        last = sa.select(members.c.offset + members.c.length).where(members.c.serial == serial(name))
        rows = self._all(last.order_by(members.c.offset.desc()).limit(1))
        return int(rows[0][0]) if rows else None

    def entries(self, name: str, kind: str | None = None) -> Iterator[Entry]:
        """The members of one file, in its order."""
        number, after = serial(name), -1
        while True:
            query = sa.select(members).where(members.c.serial == number, members.c.offset > after)
            if kind is not None:
                query = query.where(members.c.kind == kind)
            rows = self._all(query.order_by(members.c.offset).limit(PAGE))
            for r in rows:
                yield Entry(Span(name, r.offset, r.length, r.sha256), r.kind, r.seq)
            if len(rows) < PAGE:
                return
            after = rows[-1].offset

    def last(self, name: str, most: int) -> list[Entry]:
        """The last members of a file."""
        query = sa.select(members).where(members.c.serial == serial(name)).order_by(members.c.offset.desc()).limit(most)
        return [Entry(Span(name, r.offset, r.length, r.sha256), r.kind, r.seq) for r in self._all(query)]

    def capture(self, id_: str) -> Capture | None:
        found = self._held(ONE, id_)
        return found[0] if found else None

    def taken(self, ids: Iterable[str], seqs: Iterable[int]) -> tuple[set[str], set[int]]:
        """Those of the ids and of the numbers that a row has already."""
        by_id = sa.select(captures.c.id).where(captures.c.id.in_(list(ids)))
        by_seq = sa.select(captures.c.seq).where(captures.c.seq.in_(list(seqs)))
        return {r.id for r in self._all(by_id)}, {r.seq for r in self._all(by_seq)}

    def captures(
        self, key: str | None = None, until: datetime | None = None, since_seq: int | None = None
    ) -> Iterator[Capture]:
        """In the order of the log. until: began no later; since_seq: that number or a later one."""
        query = sa.select(captures).order_by(captures.c.seq).limit(PAGE)
        if key is not None:
            query = query.where(captures.c.key == key)
        if until is not None:
            query = query.where(captures.c.at <= _micro(until))
        since = since_seq or 0
        while True:
            found = self._captures(query.where(captures.c.seq >= since))
            yield from found
            if len(found) < PAGE:
                return
            since = found[-1].seq + 1

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, each once, sorted."""
        mine = (captures.c.key >= prefix) & (captures.c.key < prefix + chr(0x10FFFF))
        return [r.key for r in self._all(sa.select(captures.c.key).where(mine).distinct().order_by(captures.c.key))]

    def visit(self, visit: str) -> list[Capture]:
        """The captures of one visit, in order."""
        return self._captures(sa.select(captures).where(captures.c.visit == visit).order_by(captures.c.hop))

    def deciding(self, keys: Mapping[str, str]) -> dict[str, Capture]:
        """The capture that ended the newest visit of each address, by address. keys: the addresses, and the key of each.

        Newest in the order of the log, whatever the clock said. Addresses that we never visited are left out: what was
        imported is no visit of ours.
        """
        found: dict[str, Capture] = {}
        wanted = sorted(keys)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            mine = (
                captures.c.key.in_({keys[url] for url in some}) & captures.c.url.in_(some) & captures.c.foreign_file.is_(None)
            )
            newest = sa.select(sa.func.max(captures.c.seq)).where(mine).group_by(captures.c.url)
            asked = sa.select(captures.c.url, captures.c.visit).where(captures.c.seq.in_(newest))
            visits = {r.url: r.visit for r in self._all(asked)}
            ends = self._captures(sa.select(captures).where(captures.c.visit.in_(visits.values())).order_by(captures.c.seq))
            last = {each.visit: each for each in ends}
            found |= {url: last[visit] for url, visit in visits.items()}
        return found

    def nearest(self, key: str, at: datetime | None) -> Capture | None:
        """The whole capture nearest in time; the latest where no time is given."""
        if at is None:
            found = self._held(LATEST, key)
        else:
            query = sa.select(captures).where(captures.c.key == key, captures.c.outcome.in_(WHOLE)).limit(1)
            found = self._captures(query.order_by(sa.func.abs(captures.c.at - _micro(at)), captures.c.seq.desc()))
        return found[0] if found else None

    def referable(self, payloads: Iterable[str]) -> dict[str, list[Capture]]:
        """Captures whose stored body a revisit may refer to, by payload digest, the oldest first."""
        found: dict[str, list[Capture]] = {}
        wanted = list(payloads)
        for capture in self._held(SAME_PAYLOAD, json.dumps(wanted)) if wanted else ():
            assert capture.payload_sha256 is not None
            found.setdefault(capture.payload_sha256, []).append(capture)
        return found

    def earlier(self, key: str, url: str, most: int) -> list[Capture]:
        """Whole, trusted captures of exactly this address, the latest first: what a 304 may stand for."""
        kinds = (Outcome.CAPTURED.value, Outcome.REVISIT.value)
        query = sa.select(captures).where(
            captures.c.key == key,
            captures.c.url == url,
            captures.c.outcome.in_(kinds),
            captures.c.trusted == 1,
            captures.c.payload_sha256.is_not(None),
        )
        return self._captures(query.order_by(captures.c.at.desc(), captures.c.seq.desc()).limit(most))

    def digest(self) -> tuple[int, str]:
        """How many rows there are, and the sha256 over them in the order of their keys; the outbox, which drains, left out."""
        count, digest = 0, hashlib.sha256()
        with _renamed(), self._engine.connect() as connection:
            for table in (files, members, captures):
                for row in connection.execute(sa.select(table).order_by(*table.primary_key)).yield_per(10_000):
                    digest.update(json.dumps([table.name, *row], ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                    count += 1
        return count, digest.hexdigest()

    def _all(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with _renamed(), self._engine.connect() as db:
            return db.execute(query).all()

    def _captures(self, query: sa.Select[Any]) -> list[Capture]:
        return self._named(self._all(query))

    def _held(self, compiled: str, asked: str) -> list[Capture]:
        """The captures that one of the compiled questions finds."""
        with _renamed():
            if self._write:
                with closing(self._engine.raw_connection()) as db:
                    rows = cast(sqlite3.Connection, db.driver_connection).execute(compiled, (asked,)).fetchall()
            else:
                rows = self._own().execute(compiled, (asked,)).fetchall()
        return self._named(rows)

    def _own(self) -> sqlite3.Connection:
        """This thread's connection, kept: to take one from the pool and give it back costs four times the question."""
        held = getattr(self._mine, "connection", None)
        if held is None:
            held = self._mine.connection = self._engine.raw_connection()
            self._kept.append(held)
        return cast(sqlite3.Connection, held.driver_connection)

    def _named(self, rows: Sequence[Sequence[Any]]) -> list[Capture]:
        if any(r[SERIAL] not in self._names for r in rows):
            self._names = {r.serial: r.name for r in self._all(sa.select(files))}
        return [_capture(r, self._names[r[SERIAL]]) for r in rows]


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


def _writing(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}")


def _reading(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("query_only=ON", "trusted_schema=OFF", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _renamed() -> Iterator[None]:
    """SQLite's errors in this archive's words."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as exc:
        problem = exc.orig if isinstance(exc, sa.exc.DBAPIError) else exc
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull("no room for the index: free some, then go on") from exc
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Damaged("the index is damaged: `crawl rebuild` makes it from the WARC files") from exc
        raise Poisoned(f"the index did not take it: {problem}") from exc


def _micro(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


# Both in the order of the columns.


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


SERIAL = list(captures.c).index(captures.c.serial)


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
