"""Is the archive what it was when it was written? Numbered checks, findings out; never repairs, never fetches.

(1) the format is known, and files and rows name one another: every WARC file that the index names is there,
    and no file is there that it does not name; what a recovery set aside is named
(2) every gzip member is one whole record, they follow each other without a gap to the end of the file, and
    each hashes to what the index keeps
(3) every record follows WARC 1.1, and its block hashes to the digest it was written with
(4) every entity-body hashes to what the index, the manifest and the record say
(5) every manifest is canonical, hashes to what the index and the log's outbox keep, and names records that are
    there; every record belongs to one manifest
(6) the captures are numbered from 0 without a gap, in the order of the files, and no record is there twice
(7) every revisit stands for a kept capture with the body it names
(8) every row of the index says what its record and its manifest say
(9) every value of the ledger stands in the decoded source of a kept capture, where its row says; what could not
    be trusted feeds none (`quotes`)
(10) the versions of the index, the ledger, the manifests and the records are known

A check that checked nothing is NOT CHECKED, never PASS. The verifier reads files and tables with the standard
library and with eyes of its own (`records`, `standard`), not with the code that wrote them; only the bodies of quotes
are asked of that code. It holds one step of octets, one manifest and one page at a
time; what it must remember of every record lies in a table on disk.

Most captures of a sound archive are plain: their records are told at one glance (`glance`), and their manifest and
their row agree with them field by field while they go by. Whatever does not is looked at again the long way, which
alone finds faults.

What it cannot find without a log that others hold: an archive written anew as a whole, with all of its digests, or
one cut off behind a capture together with its index. `prove` says so in its report.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from archive import quotes, records, standard
from archive.errors import ArchiveError, NotFound
from archive.finding import CHECKS, Check, Finding, Verdict, status
from archive.glance import Plain, glance
from archive.glimpse import ENCODE, Said, glimpse, offset_of, spelled
from archive.records import ONE_MEMBER, Record

__all__ = ["CHECKS", "Finding", "Verdict", "status", "verify"]

FORMAT = INDEX_VERSION = MANIFEST_VERSION = 1
MANIFEST = "urn:kartoteka:manifest:"
CHAIN = "urn:kartoteka:chain:"
MANIFEST_LIMIT = 16 * 1024 * 1024  # octets of a manifest that is read; ours have some thousand
ASIDE = ".torn"  # recovery's side files
COUNTED = (
    "files", "gzip members", "records", "entity-bodies", "manifests", "captures", "revisits", "index rows",
    "values at their places", "versions",
)  # fmt: skip
ROWS = "SELECT c.*, f.name FROM captures c LEFT JOIN files f USING (serial)"
# A capture's row as the manifest and the records tell it too, in the order of `_Run.row_agrees`, and its row in the outbox.
BY_SEQ = """
SELECT c.seq, id, visit, hop, url, outcome, status, mime, payload_sha256, size, error, at, refers_to, trusted, foreign_file,
    record_offset, record_length, record_sha256, serial, manifest_offset, manifest_length, manifest_member_sha256,
    c.manifest_sha256, o.manifest_sha256
FROM captures c LEFT JOIN outbox o ON o.seq = c.seq ORDER BY c.seq"""
PENDING = 1000  # records that may wait for their manifest
BATCH = 500  # rows that are written at once
AHEAD = 1 << 20  # octets of a file that are read at once
LONGEST_MEMBER = 32 << 20  # octets of a member that is read whole; a longer one goes by in steps
KINDS = ("response", "revisit", "resource", "octets")  # of the record that is the capture

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[str, int, int], None]  # what is read, octets (or captures) done, and in all
Told = dict[str, Any]  # what a manifest says


def verify(home: Path, ids: Sequence[str] = (), *, progress: Progress | None = None) -> Iterator[Finding]:
    """All checks over an archive, or over the captures (or visits) named; findings as they come, sums at the end.

    Raises NotFound where an id names nothing.
    """
    with ExitStack() as stack:
        yield from _Run(home, tuple(ids), progress or (lambda *_: None), stack).findings()


# Every record that was met: all of them by place and a hash of their id, those that no sound capture settled with what the
# long way asks of them; a private database that spills to disk.
SCRATCH = """
PRAGMA cache_size = -16384;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE lies (serial INTEGER, offset INTEGER, file TEXT, length INTEGER, sha256 TEXT, id TEXT, type TEXT, target TEXT,
    date TEXT, status INTEGER, block_length INTEGER, block_sha256 TEXT, payload_sha256 TEXT, refers_to TEXT, named INTEGER,
    PRIMARY KEY (serial, offset)) WITHOUT ROWID;
CREATE TABLE ids (hash INTEGER, serial INTEGER, offset INTEGER);
CREATE TABLE told (seq INTEGER, id TEXT, PRIMARY KEY (seq, id)) WITHOUT ROWID;
CREATE TABLE doubtful (seq INTEGER PRIMARY KEY);
"""
TWICE = "SELECT * FROM ids WHERE hash IN (SELECT hash FROM ids GROUP BY hash HAVING count(*) > 1)"
LIES = "INSERT OR IGNORE INTO lies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
Lies = tuple[Any, ...]  # a row of that table, in the order of its columns
Place = tuple[int, Plain]  # offset into its file, and what the glance told


class _Run:
    """One verification: the tables it reads, what it has seen, and the checks."""

    def __init__(self, home: Path, ids: tuple[str, ...], progress: Progress, stack: ExitStack) -> None:
        self.home, self.ids, self.progress, self.stack = home, ids, progress, stack
        self.checks = {n: Check(name, of) for n, (name, of) in enumerate(zip(CHECKS, COUNTED, strict=True), 1)}
        self.seen = stack.enter_context(closing(sqlite3.connect("", isolation_level=None)))
        self.seen.row_factory = sqlite3.Row
        self.seen.executescript(SCRATCH)
        self.seen.execute("BEGIN")  # never committed: it is gone when the run is
        self.index: sqlite3.Connection | None = None
        self.ready: list[Lies] = []  # rows on their way into the table
        self.ids_met: list[tuple[int, int, int]] = []  # and into that of ids
        self.reached: dict[int, int] = {}  # how far into each file the pass over its octets has come
        self.pending: list[Place] = []  # records whose manifest may come next
        self.chains: dict[int, Place] = {}  # certificate chains of the file, by offset
        self.serials: dict[str, int] = {}
        self.expected = 0  # the number of the next capture
        self.rows_by_seq: Iterator[tuple[Any, ...]] = iter(())  # BY_SEQ
        self.row: tuple[Any, ...] | None = None  # the next of them

    def findings(self) -> Iterator[Finding]:
        yield from self.format_and_index()
        self.serials = {name: serial for serial, name in self.names()}
        scope = self.scope()
        if scope is None:
            yield from self.files()
            yield from self.all_records()
            yield from self.sequence()
        else:
            self.checks[6].why_not = "needs the whole archive: run `verify` without an id"
            yield from self.records_of(scope)
        captures = None if scope is None else [row["id"] for row in scope]
        yield from self.revisits(captures)
        yield from self.index_rows(captures)
        yield from self.ledger(captures)
        subject = ", ".join(self.ids) if self.ids else str(self.home)
        if not self.checks[3].looked and not self.checks[10].failed:
            self.checks[10].looked = 0  # an archive that holds nothing has nothing whose version could be known
        for check in self.checks.values():
            yield from check.sum(subject)

    # What is opened -------------------------------------------------------------------------------------------------

    def format_and_index(self) -> Iterator[Finding]:
        files, versions = self.checks[1], self.checks[10]
        path = self.home / "format"
        if not path.is_file():
            for check in self.checks.values():
                check.why_not = f"no archive in {self.home}"
            return
        try:
            said = json.loads(path.read_bytes())["format"]
        except (ValueError, KeyError, TypeError):
            yield from files.fail("format", "the file does not say which format the archive has")
            return
        versions.looked += 1
        if said != FORMAT:
            yield from versions.fail("format", f"the archive has format {said}; this verifier knows {FORMAT}: use a newer one")
        index = self.home / "index.sqlite"
        if not index.is_file():
            if any((self.home / "warc").glob("*.warc.gz")):
                yield from files.fail("index.sqlite", "the index is missing: `crawl rebuild` makes it from the WARC files")
            return
        yield from self.open_index(index)

    def open_index(self, path: Path) -> Iterator[Finding]:
        try:
            index = self.stack.enter_context(closing(_read_only(path)))
            index.execute("BEGIN")  # one moment of the index, though a writer may be at work
            version = index.execute("PRAGMA user_version").fetchone()[0]
            broken = [row[0] for row in index.execute("PRAGMA quick_check") if row[0] != "ok"]
            index.execute("SELECT 1 FROM captures, members, files, outbox LIMIT 1").fetchone()
        except sqlite3.Error as exc:
            yield from self.checks[1].fail("index.sqlite", f"the index cannot be read: {exc}")
            return
        self.index = index
        self.checks[10].looked += 1
        if version != INDEX_VERSION:
            yield from self.checks[10].fail("index.sqlite", f"version {version}; this verifier knows {INDEX_VERSION}")
        for line in broken:
            yield from self.checks[1].fail("index.sqlite", f"the index is damaged: {line}")

    def scope(self) -> list[sqlite3.Row] | None:
        if not self.ids:
            return None
        if self.index is None:
            raise NotFound(f"no index in {self.home} that could say where {', '.join(self.ids)} lies")
        found = []
        for wanted in self.ids:
            rows = self.index.execute(f"{ROWS} WHERE c.id = ? OR c.visit = ?", (wanted, wanted)).fetchall()
            if not rows:
                raise NotFound(f"no capture {wanted} in {self.home}")
            found += rows
        return found

    def writing(self) -> bool:
        """A writer holds the archive's lock now."""
        try:
            import fcntl

            with (self.home / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except (ImportError, OSError):
            return False
        return False

    # (1) ------------------------------------------------------------------------------------------------------------

    def names(self) -> list[tuple[int, str]]:
        """Serial and name of the files, in the order they were written."""
        if self.index is None:
            return list(enumerate(sorted(path.name for path in (self.home / "warc").glob("*.warc.gz"))))
        return [(row["serial"], row["name"]) for row in self.index.execute("SELECT * FROM files ORDER BY serial")]

    def files(self) -> Iterator[Finding]:
        check, folder = self.checks[1], self.home / "warc"
        named = {name for _, name in self.names()}
        there = {path.name: path.stat().st_size for path in folder.iterdir()} if folder.is_dir() else {}
        for name in sorted(named):
            check.looked += 1
            if name not in there:
                yield from check.fail(name, "the index names this file, and it is not there")
        for name, size in sorted(there.items()):
            if name in named:
                continue
            if name.endswith(ASIDE):
                yield from check.skip(name, f"{size} octets that a recovery set aside: no part of the archive")
            elif self.writing():
                yield from check.skip(name, "a writer is at work, and has begun this file")
            else:
                yield from check.fail(name, "the file is there, and the index does not name it")

    # (2) to (5): one pass over the octets ---------------------------------------------------------------------------

    def all_records(self) -> Iterator[Finding]:
        present = [(serial, name, self.home / "warc" / name) for serial, name in self.names()]
        present = [(serial, name, path) for serial, name, path in present if path.is_file()]
        whole = sum(path.stat().st_size for _, _, path in present)
        done = 0
        if self.index is not None:
            rows = self.index.cursor()
            rows.row_factory = None
            self.rows_by_seq = rows.execute(BY_SEQ)
        self.row = next(self.rows_by_seq, None)
        for serial, name, path in present:
            self.chains.clear()
            with path.open("rb", buffering=AHEAD) as file:
                yield from self.one_file(serial, name, file, partial(self.told_of, name, done, whole))
                done += file.seek(0, 2)
            self.hold(serial, name)
        while self.row is not None:  # rows that no manifest stands for
            self.doubt(self.row[0])
            self.row = next(self.rows_by_seq, None)
        yield from self.loose_records()

    def told_of(self, name: str, done: int, whole: int, at: int) -> None:
        self.progress(name, done + at, whole)

    def one_file(self, serial: int, name: str, file: BinaryIO, progress: Callable[[int], None]) -> Iterator[Finding]:
        """Member after member, as the index knows them; what is not as it says goes the long way."""
        members: Iterator[tuple[int, int, str]] = iter(())
        if self.index is not None:
            rows = self.index.cursor()
            rows.row_factory = None
            members = rows.execute("SELECT offset, length, sha256 FROM members WHERE serial = ? ORDER BY offset", (serial,))
        member, unsure = next(members, None), []
        size = file.seek(0, 2)
        offset, looked = file.seek(0), 0
        while offset < size:
            if not looked % 128:
                progress(offset)
            while member is not None and member[0] < offset:
                unsure.append(member[0])
                member = next(members, None)
            if member is not None and member[0] == offset and member[1] <= LONGEST_MEMBER:
                told = glance(file.read(member[1]))
                if told is not None and told[0].length == member[1] and told[0].sha256 == member[2]:
                    if findings := self.plain(serial, name, offset, *told):
                        yield from findings
                    offset = self.reached[serial] = offset + member[1]
                    looked += 1
                    member = next(members, None)
                    continue
            self.hold(serial, name)
            record = next(records.walk(file, offset, resume=self.known_members(serial)), None)
            if record is None:
                break
            yield from self.record(serial, name, record)
            offset = self.reached[serial] = file.seek(offset + record.length)
        progress(size)
        for number in (2, 3, 10):
            self.checks[number].looked += looked
        unsure += [row[0] for row in (*([member] if member else []), *members)]
        yield from self.missing_members(serial, name, unsure)

    # What is plain: a sound capture is settled while it goes by -------------------------------------------------------

    def plain(self, serial: int, name: str, offset: int, plain: Plain, block: memoryview) -> Iterable[Finding]:
        """(2) to (4) hold of this record. A manifest settles the records before it, and its row."""
        place = (offset, plain)
        self.ids_met.append((hash(plain.id), serial, offset))
        target = plain.target
        if not target.startswith(MANIFEST) or plain.type != "metadata":
            if target.startswith(CHAIN):
                self.chains[offset] = place
            self.pending.append(place)
            if len(self.pending) > PENDING:
                self.hold(serial, name)
            return ()
        said = glimpse(block)
        if said is None or not self.agrees(said, name, plain):
            return self.unsettled_manifest(serial, name, place, bytes(block))
        for number in (5, 6, 10):
            self.checks[number].looked += 1
        out_of_order = said.seq != self.expected
        settled = self.row_agrees(said, serial, place)
        self.pending.clear()  # all of them are where they belong
        if len(self.ids_met) >= BATCH:
            self.write()
        if settled and not out_of_order:
            self.expected += 1
            return ()
        self.checks[6].looked -= 1  # counted where it is found
        return self.astray(said, name, place, settled=settled)

    def unsettled_manifest(self, serial: int, name: str, place: Place, block: bytes) -> Iterator[Finding]:
        """A manifest that is not canonical, or does not fit the records before it, or may not."""
        self.hold(serial, name)
        self.ready.append(_lies(serial, name, place))
        told = yield from self.manifest(name, place[0], block, place[1].target.removeprefix(MANIFEST))
        if told is not None:
            yield from self.in_order(told["seq"], told["id"], name, place[0])
            yield from self.named_records(name, told)

    def astray(self, said: Said, name: str, place: Place, *, settled: bool) -> Iterator[Finding]:
        """A manifest that fits its records, and does not come where it should, or does not fit its row."""
        offset, plain = place
        yield from self.in_order(said.seq, said.id, name, offset)
        if not settled:
            yield from self.manifest_digest(f"{name} at {offset}", offset, said.seq, said.id, plain.block_sha256)
            self.remember(said.seq, said.id)

    def agrees(self, said: Said, name: str, manifest: Plain) -> bool:
        """(5) The manifest is of the record it lies in, and names the records before it, all of them, as they are."""
        if said.file != name or MANIFEST + said.id != manifest.target or said.began != manifest.date:
            return False
        pending = self.pending
        if said.chain is not None:
            held = self.chains.get(offset_of(said.chain) or 0)
            if held is None or said.chain != spelled("chain", *held):
                return False
            pending = [each for each in pending if each is not held]
        if len(said.kinds) != len(pending):
            return False
        named = [spelled(kind, *each) for kind, each in zip(said.kinds, pending, strict=True)]
        return said.records == f"[{','.join(named)}]"

    def row_agrees(self, said: Said, serial: int, place: Place) -> bool:
        """(4), (5), (8): the capture's row says what its manifest and its records say. Else it is looked at again."""
        seq, row = said.seq, self.row
        while row is not None and row[0] < seq:
            self.doubt(row[0])
            row = self.row = next(self.rows_by_seq, None)
        if row is None or row[0] != seq:
            return False
        self.row = next(self.rows_by_seq, None)
        offset, manifest = place
        main = self.main_record(said.kinds)
        expected = (
            *said[:11], _plain_microseconds(manifest.date), *said[11:14],
            *((main[0], main[1].length, main[1].sha256) if main else (None, None, None)),
            serial, offset, manifest.length, manifest.sha256, manifest.block_sha256,
        )  # fmt: skip
        if (
            row[:-1] != expected
            or row[-1] not in (None, manifest.block_sha256)
            or (main is not None and not self.record_agrees(said, main[1]))
        ):
            self.doubt(seq)
            return False
        self.checks[8].looked += 1
        return True

    def main_record(self, kinds: list[str]) -> Place | None:
        """That of the waiting records which is the capture, by what the manifest calls them."""
        number = next((number for number, kind in enumerate(kinds) if kind in KINDS), None)
        if number is None:
            return None
        if len(kinds) == len(self.pending):
            return self.pending[number]
        return [each for each in self.pending if not each[1].target.startswith(CHAIN)][number]  # `agrees` counted them

    def record_agrees(self, said: Said, main: Plain) -> bool:
        """(8): the record's own address, time and status; (4): its body."""
        url, payload = said.url, said.payload_sha256
        if main.id != said.id or main.date != said.began or main.status not in (None, said.status):
            return False
        if main.target != url and not main.target.startswith("urn:kartoteka:") and main.target != _as_written(url):
            return False
        if said.refers_to is not None:
            return main.type == "revisit" and main.refers_to == said.refers_to
        if main.type == "revisit" or main.refers_to is not None or (payload is not None and main.payload_sha256 != payload):
            return False
        self.checks[4].looked += payload is not None
        return True

    def hold(self, serial: int, name: str) -> None:
        """Records whose manifest is not met at once are kept in the table: the long way asks it."""
        for place in self.pending:
            self.chains.pop(place[0], None)
            self.ready.append(_lies(serial, name, place))
        self.pending.clear()

    def write(self) -> None:
        self.seen.executemany(LIES, self.ready)
        self.ready.clear()
        self.seen.executemany("INSERT INTO ids VALUES (?, ?, ?)", self.ids_met)
        self.ids_met.clear()

    def met_again(self, serial: int | None, name: str, offset: int | None) -> bool:
        """A record that went by and was settled is asked for: what was known of it is known again."""
        if self.index is None or serial is None or offset is None or offset >= self.reached.get(serial, 0):
            return False
        query = "SELECT length FROM members WHERE serial = ? AND offset = ? AND length <= ?"
        found = self.index.execute(query, (serial, offset, LONGEST_MEMBER)).fetchone()
        if found is None:
            return False
        with (self.home / "warc" / name).open("rb") as file:
            file.seek(offset)
            told = glance(file.read(found[0]))
        if told is None:
            return False
        self.seen.execute(LIES, _lies(serial, name, (offset, told[0]), named=1))
        return True

    def doubt(self, seq: int) -> None:
        self.seen.execute("INSERT OR IGNORE INTO doubtful VALUES (?)", (seq,))

    def remember(self, seq: int, id_: str) -> None:
        self.seen.execute("INSERT OR IGNORE INTO told VALUES (?, ?)", (seq, id_))

    # What is not, or may not be ----------------------------------------------------------------------------------------

    def records_of(self, scope: Sequence[sqlite3.Row]) -> Iterator[Finding]:
        """The records of some captures: those of their rows, and those that their manifests name."""
        for number, row in enumerate(scope, 1):
            path = self.home / "warc" / str(row["name"])
            self.checks[1].looked += 1
            if not path.is_file():
                yield from self.checks[1].fail(row["id"], f"{row['name']}, which the index names, is not there")
                continue
            with path.open("rb") as file:
                told = yield from self.record_at(file, row, row["manifest_offset"])
                named = {said["offset"] for said in _named(told)} if told else set()
                for offset in sorted(named | ({row["record_offset"]} - {None})):
                    yield from self.record_at(file, row, offset)
                if told:
                    yield from self.named_records(row["name"], told)
            self.progress(row["id"], number, len(scope))

    def record_at(self, file: BinaryIO, row: sqlite3.Row, offset: int) -> Generator[Finding, None, Told | None]:
        """The record at one offset, once; what a manifest there says."""
        if self.lying(row["name"], offset):
            return None
        for record in records.walk(file, offset):
            return (yield from self.record(row["serial"], row["name"], record, whole=False))
        yield from self.checks[2].fail(f"{row['name']} at {offset}", "the file ends before this record")
        return None

    def known_members(self, serial: int) -> Callable[[int], int | None]:
        """Where behind a broken member the next one begins, as the index knows it."""

        def resume(offset: int) -> int | None:
            if self.index is None:
                return None
            query = "SELECT min(offset) FROM members WHERE serial = ? AND offset > ?"
            found: int | None = self.index.execute(query, (serial, offset)).fetchone()[0]
            return found

        return resume

    def record(self, serial: int, name: str, record: Record, *, whole: bool = True) -> Generator[Finding, None, Told | None]:
        """(2) to (4) of one record, and (5) where it is a manifest: what that says is returned."""
        where = f"{name} at {record.offset}"
        target = (record.get("WARC-Target-URI") or "").strip("<>")
        is_manifest = record.type == "metadata" and target.startswith(MANIFEST)
        digests, block, payload = standard.Digests(record), hashlib.sha256(), hashlib.sha256()
        body = standard.Body() if standard.is_http(record) else None
        kept = bytearray()
        for piece in record.block():
            digests.feed(piece)
            block.update(piece)
            for entity, _ in body.feed(piece) if body else ((piece, piece),):
                payload.update(entity)
            if is_manifest and len(kept) <= MANIFEST_LIMIT:
                kept += piece
        records.finish(record)
        yield from self.member(serial, where, record)
        if record.version is None:
            return None
        yield from self.follows_the_standard(where, record, digests)
        has_payload = record.readable and (record.type == "resource" or (record.type == "response" and body is not None))
        lies: list[Any] = [serial, record.offset, name, record.length, record.sha256, _bare(record.get("WARC-Record-ID"))]
        lies += [record.type, target, record.get("WARC-Date"), body.head.status if body and body.head else None]
        lies += [record.taken, block.hexdigest(), payload.hexdigest() if has_payload else None]
        self.ready.append((*lies, _bare(record.get("WARC-Refers-To")), 0))
        self.ids_met.append((hash(lies[5]), serial, record.offset))
        if not is_manifest or not record.readable:
            return None
        told = yield from self.manifest(name, record.offset, bytes(kept), target.removeprefix(MANIFEST))
        if told is not None and whole:
            yield from self.in_order(told["seq"], told["id"], name, record.offset)
            yield from self.named_records(name, told)
        return told

    def member(self, serial: int, where: str, record: Record) -> Iterator[Finding]:
        # (2)
        check = self.checks[2]
        check.looked += 1
        for fault in record.faults:
            if fault.clause == ONE_MEMBER or record.version is None:
                yield from check.fail(where, str(fault))
        if self.index is None or (record.version is None and record.sha256 is None):
            return
        query = "SELECT length, sha256 FROM members WHERE serial = ? AND offset = ?"
        row = self.index.execute(query, (serial, record.offset)).fetchone()
        if row is None:
            end = self.index.execute("SELECT max(offset + length) FROM members WHERE serial = ?", (serial,)).fetchone()[0]
            if not (record.offset >= (end or 0) and self.writing()):  # a writer may append just now
                yield from check.fail(where, "no row of the index names this member")
        elif record.sha256 is not None and (record.length, record.sha256) != (row["length"], row["sha256"]):
            kept = f"kept: {row['length']} octets, {row['sha256']}"
            yield from check.fail(where, f"{record.length} octets that hash to {record.sha256}; {kept}")

    def missing_members(self, serial: int, name: str, offsets: Sequence[int]) -> Iterator[Finding]:
        """Of the rows that no plain record stood for: those that no record stood for."""
        if self.index is None:
            return
        for offset in offsets:
            if not self.unsettled(serial, offset):
                query = "SELECT kind FROM members WHERE serial = ? AND offset = ?"
                kind = self.index.execute(query, (serial, offset)).fetchone()[0]
                yield from self.checks[2].fail(f"{name} at {offset}", f"the {kind} record is not there")

    def follows_the_standard(self, where: str, record: Record, digests: standard.Digests) -> Iterator[Finding]:
        # (3), and in (4) and (10) what the record says of itself
        self.checks[3].looked += 1
        self.checks[10].looked += 1
        if record.version != "1.1":
            yield from self.checks[10].fail(where, f"WARC/{record.version}; this archive writes 1.1")
        for fault in [*(f for f in record.faults if f.clause != ONE_MEMBER), *standard.faults(record)]:
            yield from self.checks[3].fail(where, str(fault))
        if not (record.get("WARC-Block-Digest") or "").startswith("sha256:"):
            yield from self.checks[3].fail(where, "WARC-Block-Digest: every record of this archive has one, by sha256")
        for fault in digests.faults() if record.readable else ():
            number = 3 if fault.field == "WARC-Block-Digest" else 4
            yield from self.checks[number].fail(where, str(fault))

    # (5) ------------------------------------------------------------------------------------------------------------

    def manifest(self, name: str, offset: int, block: bytes, capture: str) -> Generator[Finding, None, Told | None]:
        check, where = self.checks[5], f"{name} at {offset}"
        check.looked += 1
        self.checks[10].looked += 1
        try:
            told: Told = json.loads(block)
            if told["v"] != MANIFEST_VERSION:
                why = f"a manifest of version {told['v']!r}; this verifier knows {MANIFEST_VERSION}"
                yield from self.checks[10].fail(where, why)
                return None
            if ENCODE(told).encode() != block:
                yield from check.fail(where, "the manifest is not in its canonical form (RFC 8785)")
            for said in _named(told):
                {key: said[key] for key in NAMED}
            id_, seq, file = told["id"], told["seq"], told["file"]
        except (ValueError, KeyError, TypeError) as exc:
            yield from check.fail(where, f"not a manifest: {exc!r}")
            return None
        if id_ != capture:
            yield from check.fail(where, f"the record is the manifest of {capture}, and what it holds is that of {id_}")
        if file != name:
            yield from check.fail(where, f"the manifest says that it lies in {file}")
        if type(seq) is not int:
            yield from check.fail(where, f"not a manifest: its number is {seq!r:.80}")
            return None
        yield from self.manifest_digest(where, offset, seq, id_, hashlib.sha256(block).hexdigest())
        self.remember(seq, id_)
        self.named_once_more(name, offset)
        return told

    def in_order(self, seq: int, id_: str, name: str, offset: int) -> Iterator[Finding]:
        # (6)
        check = self.checks[6]
        check.looked += 1
        if seq != self.expected:
            where = f"{name} at {offset}"
            yield from check.fail(id_, f"{where}: the capture has number {seq} where {self.expected} should come")
        self.expected = seq + 1

    def named_once_more(self, name: str, offset: int) -> None:
        self.write()
        query = "UPDATE lies SET named = named + 1 WHERE serial = ? AND offset = ?"
        self.seen.execute(query, (self.serial(name), offset))

    def manifest_digest(self, where: str, offset: int, seq: int, id_: str, sha256: str) -> Iterator[Finding]:
        """The capture's row and the log's outbox keep the manifest's digest."""
        if self.index is None:
            return
        check = self.checks[5]
        row = self.index.execute("SELECT manifest_offset, manifest_sha256 FROM captures WHERE id = ?", (id_,)).fetchone()
        if row is None:
            if not self.writing():
                yield from check.fail(where, f"the index has no capture {id_}, whose manifest this is")
            return
        if row["manifest_offset"] == offset and row["manifest_sha256"] != sha256:
            yield from check.fail(where, f"the manifest of {id_} hashes to {sha256}; kept: {row['manifest_sha256']}")
        posted = self.index.execute("SELECT manifest_sha256 FROM outbox WHERE seq = ?", (seq,)).fetchone()
        if posted is not None and posted[0] != sha256:
            yield from check.fail(where, f"the manifest of {id_} hashes to {sha256}; the log's outbox has {posted[0]}")

    def named_records(self, name: str, told: Told) -> Iterator[Finding]:
        """Every record that the manifest names is there, and is what it says."""
        check = self.checks[5]
        for said in _named(told):
            place = f"its {said['kind']} record at {said['offset']} of {name}"
            row = self.lying(name, said["offset"])
            if row is None:
                yield from check.fail(told["id"], f"{place} is not there")
                continue
            for key in NAMED:
                if row[key] != said[key]:
                    yield from check.fail(told["id"], f"{place} has {key} {row[key]}; the manifest has {said[key]}")
            if said["kind"] != "chain" or not row["named"]:  # one chain serves all captures of a file
                self.named_once_more(name, said["offset"])

    def loose_records(self) -> Iterator[Finding]:
        self.write()
        query = "SELECT * FROM lies WHERE type != 'warcinfo' AND named != 1 ORDER BY serial, offset"
        for row in self.seen.execute(query):
            how = f"{row['named']} manifests name" if row["named"] else "no manifest names"
            where = f"{row['file']} at {row['offset']}"
            yield from self.checks[5].fail(where, f"{how} this {row['type']} record, {row['id']}")

    # (6) ------------------------------------------------------------------------------------------------------------

    def sequence(self) -> Iterator[Finding]:
        """The rest of (6): what stands twice, and the index's own numbers."""
        check = self.checks[6]
        self.write()
        names = {serial: name for name, serial in self.serials.items()}
        found = ((row, self.lying(names[row["serial"]], row["offset"])) for row in self.seen.execute(TWICE).fetchall())
        twice = Counter(lies["id"] for _, lies in found if lies is not None)
        for id_, count in sorted(twice.items(), key=str):
            if count > 1:
                yield from check.fail(id_ or "a record without an id", f"the record is there {count} times")
        if self.index is None:
            return
        count, first, last = self.index.execute("SELECT count(*), min(seq), max(seq) FROM captures").fetchone()
        if count and (first, last) != (0, count - 1):
            yield from self.numbers()
        for row in self.rows(None, doubtful=True):
            if not self.seen.execute("SELECT 1 FROM told WHERE seq = ? AND id = ?", (row["seq"], row["id"])).fetchone():
                yield from check.fail(row["id"], f"the index has this capture as number {row['seq']}, and no manifest does")

    def numbers(self) -> Iterator[Finding]:
        assert self.index is not None
        expected = 0
        for row in self.index.execute("SELECT seq, id FROM captures ORDER BY seq"):
            if row["seq"] != expected:
                yield from self.checks[6].fail(row["id"], f"the index has number {row['seq']} where {expected} should come")
            expected = row["seq"] + 1

    # (7), (8) and the rest of (4): the index against what lies there ---------------------------------------------------

    def rows(self, captures: Sequence[str] | None, *, doubtful: bool = False) -> Iterator[sqlite3.Row]:
        """The captures named; None: those that are not settled yet, and (doubtful False) all that stand for others."""
        if self.index is None:
            return
        if captures is None:
            for (seq,) in self.seen.execute("SELECT seq FROM doubtful ORDER BY seq"):
                yield from self.index.execute(f"{ROWS} WHERE c.seq = ?", (seq,))
            if not doubtful:
                for row in self.index.execute(f"{ROWS} WHERE c.refers_to IS NOT NULL ORDER BY c.seq"):
                    if not self.is_doubtful(row["seq"]):
                        yield row
        for wanted in captures or ():
            yield from self.index.execute(f"{ROWS} WHERE c.id = ?", (wanted,))

    def serial(self, name: str) -> int | None:
        return self.serials.get(name)

    def lying(self, name: str, offset: int | None) -> sqlite3.Row | None:
        """What is known of the record at a place; None where none is there."""
        serial = self.serial(name)
        found = self.unsettled(serial, offset)
        if found is None and self.met_again(serial, name, offset):
            found = self.unsettled(serial, offset)
        return found

    def unsettled(self, serial: int | None, offset: int | None) -> sqlite3.Row | None:
        if self.ready:
            self.write()
        query = "SELECT * FROM lies WHERE serial = ? AND offset = ?"
        found: sqlite3.Row | None = self.seen.execute(query, (serial, offset)).fetchone()
        return found

    def is_doubtful(self, seq: int) -> bool:
        return self.seen.execute("SELECT 1 FROM doubtful WHERE seq = ?", (seq,)).fetchone() is not None

    def revisits(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check = self.checks[7]
        if self.index is not None:
            check.why_not = "no revisit among them"
        for row in self.rows(captures):
            settled = captures is None and not self.is_doubtful(row["seq"])  # its record refers to what its row says
            lies = None if settled else self.lying(row["name"], row["record_offset"])
            is_revisit = lies is not None and lies["type"] == "revisit"
            if row["refers_to"] is None and not is_revisit:
                continue
            check.looked += 1
            if row["refers_to"] is None:
                yield from check.fail(row["id"], "its record is a revisit, and the index does not say of what")
            else:
                yield from self.revisit(row, lies, whole=captures is None)

    def revisit(self, row: sqlite3.Row, lies: sqlite3.Row | None, *, whole: bool) -> Iterator[Finding]:
        check = self.checks[7]
        meant = next(self.rows([row["refers_to"]]), None)
        if meant is None:
            yield from check.fail(row["id"], f"it stands for capture {row['refers_to']}, which is not kept")
            return
        if meant["payload_sha256"] != row["payload_sha256"]:
            bodies = f"{meant['payload_sha256']}, and its own to {row['payload_sha256']}"
            yield from check.fail(row["id"], f"it stands for {meant['id']}, whose body hashes to {bodies}")
        if lies is not None and lies["refers_to"] != row["refers_to"]:
            yield from check.fail(row["id"], f"its record refers to {lies['refers_to']}; the index to {row['refers_to']}")
        has_body = meant["refers_to"] is None and meant["record_offset"] is not None
        if not whole or (has_body and not self.is_doubtful(meant["seq"])):
            return  # (8) holds of the row that is meant: its body is there, and hashes to what it says
        source = self.lying(meant["name"], meant["record_offset"])
        if source is None or source["payload_sha256"] != row["payload_sha256"]:
            yield from check.fail(row["id"], f"the body of {meant['id']}, for which it stands, is not there")

    def index_rows(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        if self.index is None:
            self.checks[8].why_not = "there is no index"
        for row in self.rows(captures, doubtful=True):
            self.checks[8].looked += 1
            told = self.told(row)
            if told is None:
                where = f"{row['manifest_offset']} of {row['name']}"
                yield from self.checks[8].fail(row["id"], f"its manifest is not at {where}")
            else:
                yield from self.agrees_with_manifest(row, told)
            if row["record_offset"] is not None:
                yield from self.agrees_with_record(row, told)

    def told(self, row: sqlite3.Row) -> Told | None:
        """The manifest that a row points to, read again; None where none of this capture is there."""
        try:
            with (self.home / "warc" / str(row["name"])).open("rb") as file:
                for record in records.walk(file, row["manifest_offset"]):
                    if record.get("WARC-Target-URI") != MANIFEST + row["id"] or (record.size or 0) > MANIFEST_LIMIT:
                        return None
                    told: Told = json.loads(b"".join(record.block()))
                    return told if told["v"] == MANIFEST_VERSION and [_named(told)] else None
        except (OSError, TypeError, ValueError, KeyError):
            pass
        return None

    def agrees_with_manifest(self, row: sqlite3.Row, told: Told) -> Iterator[Finding]:
        # (8)
        same = ("seq", "id", "visit", "hop", "url", "outcome", "status", "mime", "payload_sha256", "size", "error")
        said: Told = {key: told.get(key) for key in same}
        tls, foreign = told.get("tls"), (told.get("facts") or {}).get("foreign")
        said["at"] = _microseconds(told.get("began"))
        said["refers_to"] = (told.get("refers_to") or {}).get("capture")
        said["trusted"] = int(tls is None or bool(tls.get("verified")))
        said["foreign_file"] = None if foreign is None else str(foreign)
        place = next((named for named in _named(told) if named["kind"] in KINDS), None) or dict.fromkeys(NAMED | {"offset"})
        said |= {f"record_{key}": place[key] for key in ("offset", "length", "sha256")}
        for column, value in said.items():
            if row[column] != value:
                yield from self.checks[8].fail(row["id"], f"the index has {column} {row[column]!r}; the manifest {value!r}")

    def agrees_with_record(self, row: sqlite3.Row, told: Told | None) -> Iterator[Finding]:
        # (8): the record's own address, time and status; (4): its body
        check, payloads = self.checks[8], self.checks[4]
        lies = self.lying(row["name"], row["record_offset"])
        if lies is None or lies["id"] != row["id"]:
            yield from check.fail(row["id"], f"its record is not at {row['record_offset']} of {row['name']}")
            return
        if _microseconds(lies["date"]) != row["at"]:
            yield from check.fail(row["id"], f"its record has the date {lies['date']}; the index another time")
        if lies["status"] is not None and lies["status"] != row["status"]:
            yield from check.fail(row["id"], f"its record has status {lies['status']}; the index {row['status']}")
        if not lies["target"].startswith("urn:kartoteka:") and lies["target"] != _as_written(row["url"]):
            yield from check.fail(row["id"], f"its record is of {lies['target']}; the index has {row['url']}")
        if lies["payload_sha256"] is None or row["payload_sha256"] is None or row["refers_to"] is not None:
            return
        payloads.looked += 1
        for who, digest in (("the index", row["payload_sha256"]), ("the manifest", told and told["payload_sha256"])):
            if digest is not None and digest != lies["payload_sha256"]:
                yield from payloads.fail(row["id"], f"the entity-body hashes to {lies['payload_sha256']}; {who} has {digest}")

    # (9) ------------------------------------------------------------------------------------------------------------

    def ledger(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check, path = self.checks[9], self.home / "ledger.sqlite"
        if not path.is_file():
            if self.checks[10].looked:
                check.why_not = "there is no ledger: nothing was read yet"
            return
        if self.index is None:
            check.why_not = "there is no index to find captures with"
            return
        from archive.shelf import Archive  # it brings SQLAlchemy, which costs more than a small archive's whole verification

        try:
            with closing(_read_only(path)) as book, Archive.open(self.home) as archive:
                version = book.execute("PRAGMA user_version").fetchone()[0]
                self.checks[10].looked += 1
                if version == quotes.VERSION:
                    yield from quotes.ledger(check, book, self.index, archive, captures)
                else:
                    why = f"version {version}; this verifier knows {quotes.VERSION}"
                    yield from self.checks[10].fail("ledger.sqlite", why)
        except (sqlite3.Error, ArchiveError) as exc:
            yield from check.fail("ledger.sqlite", f"the ledger cannot be read: {exc}")


NAMED = {"id", "type", "length", "sha256", "block_length", "block_sha256"}  # what a manifest says of a record


def _named(told: Told) -> list[Told]:
    """What a manifest says of each record it names, the chain last."""
    chain = told["tls"]["chain"] if told["tls"] else None
    return [*told["records"], *([chain] if chain else [])]


def _lies(serial: int, name: str, place: Place, *, named: int = 0) -> Lies:
    offset, plain = place
    id_, type_, length, sha256, block_length, block_sha256, target, date, status, payload, refers_to = plain
    return (
        serial, offset, name, length, sha256, id_, type_, target, date, status, block_length, block_sha256, payload, refers_to,
        named,
    )  # fmt: skip


def _plain_microseconds(date: str) -> int:
    """The date of a plain record as the index keeps it."""
    return _second(date[:19]) * 1_000_000 + int(date[20:26])


@lru_cache(64)
def _second(date: str) -> int:
    return int((datetime.fromisoformat(date + "+00:00") - EPOCH).total_seconds())


def _read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _bare(record_id: str | None) -> str | None:
    return None if record_id is None else record_id.strip("<>").removeprefix("urn:uuid:")


def _microseconds(date: str | None) -> int | None:
    """A WARC-Date of ours as the index keeps it: microseconds since 1970; None for anything else."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", date or "")
    if match is None:
        return None
    try:
        second = datetime.fromisoformat(match[1] + "+00:00") - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    return second // timedelta(microseconds=1) + int((match[2] or "0").ljust(6, "0"))


def _as_written(url: str) -> str:
    """An address as it stands in WARC-Target-URI: what would break the line is percent-encoded."""
    return re.sub(r"[\x00-\x20\x7f-\x9f<>\ud800-\udfff]", lambda m: quote(m[0], safe="", errors="replace"), url)
