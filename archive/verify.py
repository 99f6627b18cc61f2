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
    be trusted feeds none
(10) the versions of the index, the ledger, the manifests and the records are known

A check that checked nothing is NOT CHECKED, never PASS. The verifier reads files and tables with the standard
library and eyes of its own (`records`, `standard`), not with the code that wrote them; only canonical JSON and
the bodies of revisits are asked of that code. It holds one step of octets, one manifest and one page of text at a
time; what it must remember of every record lies in a table on disk.

What it cannot find without a log that others hold: a whole archive written anew, with all of its digests, or one
cut off behind a capture together with its index. `prove` says so in its report.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from archive import manifest as manifests
from archive import records, standard
from archive.errors import ArchiveError, Damaged, NotFound
from archive.records import ONE_MEMBER, Record
from archive.store import Archive
from archive.text import decode_text

CHECKS = (
    "1 format and files",
    "2 gzip members",
    "3 records and block digests",
    "4 payload digests",
    "5 manifests",
    "6 sequence without gaps",
    "7 revisits",
    "8 index rows",
    "9 ledger values",
    "10 versions",
)
FORMAT = 1
INDEX_VERSION = 1
LEDGER_VERSION = 1
MANIFEST_VERSION = 1
MANIFEST = "urn:kartoteka:manifest:"
MANIFEST_LIMIT = 16 * 1024 * 1024  # octets of a manifest that is read; ours have some thousand
MOST = 1000  # failures of one check that are told one by one
ASIDE = re.compile(r"\.(?:torn|damaged|aside)(?:\.\d+)?$|\.torn")

Progress = Callable[[str, int, int], None]  # what is read, octets done, octets in all


class Verdict(StrEnum):
    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome on one subject. check: number and name; subject: a file and offset, a capture, a value."""

    check: str
    subject: str
    outcome: Verdict
    detail: str

    def row(self) -> dict[str, str]:
        return {"check": self.check, "subject": self.subject, "outcome": self.outcome.value, "detail": self.detail}


def status(findings: Sequence[Finding]) -> int:
    """CONTRACT's exit status: 4 where a check failed, 5 where nothing was checked, else 0."""
    outcomes = {finding.outcome for finding in findings}
    if Verdict.FAIL in outcomes:
        return 4
    return 0 if Verdict.PASS in outcomes else 5


def verify(home: Path, ids: Sequence[str] = (), *, progress: Progress | None = None) -> Iterator[Finding]:
    """All checks over an archive, or over the captures named; findings as they come, each check's sum at the end.

    Raises NotFound where an id names no capture.
    """
    with contextlib.ExitStack() as stack:
        run = _Run(home, tuple(ids), progress or (lambda *_: None), stack)
        yield from run.findings()


@dataclass(slots=True)
class _Check:
    """One check while it runs: how much it looked at, how often it failed, and why it did not look."""

    name: str
    looked: int = 0
    failed: int = 0
    of: str = ""
    why_not: str = "nothing of the kind is kept"

    def fail(self, subject: str, detail: str) -> Iterator[Finding]:
        self.failed += 1
        if self.failed <= MOST:
            yield Finding(self.name, subject, Verdict.FAIL, detail)

    def sum(self, subject: str) -> Iterator[Finding]:
        if self.failed > MOST:
            yield Finding(self.name, subject, Verdict.FAIL, f"{self.failed - MOST} failures more, not told one by one")
        elif not self.failed and self.looked:
            yield Finding(self.name, subject, Verdict.PASS, f"{self.looked} {self.of}")
        elif not self.failed:
            yield Finding(self.name, subject, Verdict.NOT_CHECKED, self.why_not)


SCRATCH = """
CREATE TABLE lies (file TEXT, serial INTEGER, offset INTEGER, length INTEGER, sha256 TEXT, id TEXT, type TEXT, target TEXT,
    date TEXT, status INTEGER, block_length INTEGER, block_sha256 TEXT, payload_sha256 TEXT, refers_to TEXT, named INTEGER,
    PRIMARY KEY (file, offset)) WITHOUT ROWID;
CREATE INDEX lies_by_id ON lies (id);
CREATE TABLE told (seq INTEGER, id TEXT, file TEXT, offset INTEGER, place INTEGER, refers_to TEXT, payload_sha256 TEXT);
CREATE INDEX told_by_id ON told (id);
CREATE INDEX told_by_seq ON told (seq);
"""


class _Run:
    """One verification: the tables it reads, what it has seen, and the checks."""

    def __init__(self, home: Path, ids: tuple[str, ...], progress: Progress, stack: contextlib.ExitStack) -> None:
        self.home, self.ids, self.progress, self.stack = home, ids, progress, stack
        self.checks = {int(name.partition(" ")[0]): _Check(name) for name in CHECKS}
        for number, of in (
            (1, "files"), (2, "gzip members"), (3, "records"), (4, "entity-bodies"), (5, "manifests"), (6, "captures"),
            (7, "revisits"), (8, "index rows"), (9, "values at their places"), (10, "versions"),
        ):  # fmt: skip
            self.checks[number].of = of
        # A private database that spills to disk: memory stays bounded, however many records there are.
        self.seen = stack.enter_context(contextlib.closing(sqlite3.connect("", isolation_level=None)))
        self.seen.row_factory = sqlite3.Row
        self.seen.executescript("PRAGMA cache_size=-16384;" + SCRATCH)
        self.index: sqlite3.Connection | None = None
        self.place = 0  # manifests met, in the order of the files

    def findings(self) -> Iterator[Finding]:
        yield from self.format_and_tables()
        scope = self.scope()
        if scope is None:
            yield from self.files()
            yield from self.records_and_manifests()
            yield from self.sequence()
        else:
            self.checks[6].why_not = "needs the whole archive: run `verify` without an id"
            yield from self.members_of(scope)
        captures = None if scope is None else [row["id"] for row in scope]
        yield from self.revisits(captures)
        yield from self.index_rows(captures)
        yield from self.ledger(captures)
        subject = ", ".join(self.ids) if self.ids else str(self.home)
        for check in self.checks.values():
            yield from check.sum(subject)

    # Opening -------------------------------------------------------------------------------------------------------

    def format_and_tables(self) -> Iterator[Finding]:
        versions = self.checks[10]
        path = self.home / "format"
        if not path.is_file():
            for check in self.checks.values():
                check.why_not = f"no archive in {self.home}"
            return
        try:
            said = json.loads(path.read_bytes())["format"]
        except (ValueError, KeyError, TypeError):
            yield from self.checks[1].fail("format", "the file does not say which format the archive has")
            return
        versions.looked += 1
        if said != FORMAT:
            yield from versions.fail("format", f"the archive has format {said}; this verifier knows {FORMAT}: use a newer one")
        self.checks[1].looked += 1
        index = self.home / "index.sqlite"
        if not index.is_file():
            if any((self.home / "warc").glob("*")):
                yield from self.checks[1].fail("index.sqlite", "the index is missing: `crawl rebuild` makes it from the WARC files")
            return
        try:
            self.index = self.stack.enter_context(contextlib.closing(_read_only(index)))
            self.index.execute("BEGIN")  # one moment of the index, though a writer may be at work
            version = self.index.execute("PRAGMA user_version").fetchone()[0]
            broken = [row[0] for row in self.index.execute("PRAGMA quick_check") if row[0] != "ok"]
        except sqlite3.Error as exc:
            self.index = None
            yield from self.checks[1].fail("index.sqlite", f"the index cannot be read: {exc}")
            return
        versions.looked += 1
        if version != INDEX_VERSION:
            yield from versions.fail("index.sqlite", f"version {version}; this verifier knows {INDEX_VERSION}")
        for line in broken:
            yield from self.checks[1].fail("index.sqlite", f"the index is damaged: {line}")

    def scope(self) -> list[sqlite3.Row] | None:
        if not self.ids:
            return None
        if self.index is None:
            raise NotFound(f"no index in {self.home} that could say where {', '.join(self.ids)} lies")
        found = []
        for wanted in self.ids:
            rows = self.index.execute(
                "SELECT c.*, f.name FROM captures c JOIN files f USING (serial) WHERE c.id = ? OR c.visit = ?", (wanted, wanted)
            ).fetchall()
            if not rows:
                raise NotFound(f"no capture {wanted} in {self.home}")
            found += rows
        return found

    # (1) -----------------------------------------------------------------------------------------------------------

    def names(self) -> list[tuple[int, str]]:
        if self.index is not None:
            return [(row["serial"], row["name"]) for row in self.index.execute("SELECT serial, name FROM files ORDER BY serial")]
        return list(enumerate(sorted(path.name for path in (self.home / "warc").glob("*.warc.gz"))))

    def files(self) -> Iterator[Finding]:
        check = self.checks[1]
        named = {name for _, name in self.names()}
        folder = self.home / "warc"
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for name in sorted(named):
            check.looked += 1
            if name not in there:
                yield from check.fail(name, "the index names this file, and it is not there")
        for name in sorted(there - named):
            if ASIDE.search(name):
                size = (folder / name).stat().st_size
                yield Finding(check.name, name, Verdict.NOT_CHECKED, f"set aside by a recovery: {size} octets, no part of the archive")
            elif (folder / name).stat().st_size == 0 or self.writing():
                yield Finding(check.name, name, Verdict.NOT_CHECKED, "a file that was begun and holds no capture yet")
            else:
                yield from check.fail(name, "the file is there, and the index does not name it")

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

    # (2) to (5): one pass over the octets ---------------------------------------------------------------------------

    def records_and_manifests(self) -> Iterator[Finding]:
        present = [(serial, name, self.home / "warc" / name) for serial, name in self.names()]
        present = [(serial, name, path) for serial, name, path in present if path.is_file()]
        whole = sum(path.stat().st_size for _, _, path in present)
        done = 0
        for serial, name, path in present:
            with path.open("rb") as file:
                for record in records.walk(file, resume=lambda at, serial=serial: self.next_member(serial, at)):  # type: ignore[misc]
                    yield from self.record(serial, name, record)
                    self.progress(name, done + record.offset + record.length, whole)
                size = file.seek(0, 2)
            done += size
            yield from self.missing_members(serial, name)
        yield from self.unnamed_records()

    def members_of(self, scope: Sequence[sqlite3.Row]) -> Iterator[Finding]:
        """The records of some captures: those of their rows, and those that their manifests name."""
        for number, row in enumerate(scope, 1):
            path = self.home / "warc" / row["name"]
            self.checks[1].looked += 1
            if not path.is_file():
                yield from self.checks[1].fail(row["name"], "the index names this file, and it is not there")
                continue
            with path.open("rb") as file:
                told = yield from self.one(file, row["serial"], row["name"], row["manifest_offset"])
                offsets = {row["record_offset"]} | {span.offset for _, span in _spans(told)} if told else {row["record_offset"]}
                for offset in sorted(offset for offset in offsets if offset is not None):
                    yield from self.one(file, row["serial"], row["name"], offset)
                if told:
                    yield from self.manifest_names(row["name"], told)
            self.progress(row["id"], number, len(scope))

    def one(self, file: BinaryIO, serial: int, name: str, offset: int) -> Any:
        """The record at one offset; what a manifest there says, None where it is none."""
        if self.seen.execute("SELECT 1 FROM lies WHERE file = ? AND offset = ?", (name, offset)).fetchone():
            return None
        for record in records.walk(file, offset):
            return (yield from self.record(serial, name, record, whole=False))
        yield from self.checks[2].fail(f"{name} at {offset}", "the file ends before this record")
        return None

    def next_member(self, serial: int, offset: int) -> int | None:
        if self.index is None:
            return None
        query = "SELECT min(offset) FROM members WHERE serial = ? AND offset > ?"
        found: int | None = self.index.execute(query, (serial, offset)).fetchone()[0]
        return found

    def record(self, serial: int, name: str, record: Record, *, whole: bool = True) -> Any:
        """Checks (2) to (4) of one record, and (5) of a manifest; returns what a manifest says."""
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
        yield from self.standard(where, record, digests)
        has_payload = record.type == "resource" or (record.type == "response" and body is not None)
        self.seen.execute(
            "INSERT OR IGNORE INTO lies VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
            (
                name, serial, record.offset, record.length, record.sha256, _bare(record.get("WARC-Record-ID")), record.type, target,
                record.get("WARC-Date"), body.head.status if body and body.head else None, record.taken, block.hexdigest(),
                payload.hexdigest() if has_payload and record.readable else None, _bare(record.get("WARC-Refers-To")),
            ),
        )  # fmt: skip
        if not is_manifest or not record.readable:
            return None
        return (yield from self.manifest(name, record, bytes(kept), target.removeprefix(MANIFEST), whole=whole))

    def member(self, serial: int, where: str, record: Record) -> Iterator[Finding]:
        # (2)
        check = self.checks[2]
        check.looked += 1
        for fault in record.faults:
            if fault.clause == ONE_MEMBER or record.version is None:
                yield from check.fail(where, str(fault))
        if self.index is None or (record.version is None and record.sha256 is None):
            return
        row = self.index.execute(
            "SELECT length, sha256 FROM members WHERE serial = ? AND offset = ?", (serial, record.offset)
        ).fetchone()
        if row is None:
            end = self.index.execute("SELECT max(offset + length) FROM members WHERE serial = ?", (serial,)).fetchone()[0]
            if end is not None and record.offset >= end and self.writing():
                return  # a writer appends just now
            yield from check.fail(where, "no row of the index names this member")
        elif record.sha256 is not None and (record.length, record.sha256) != (row["length"], row["sha256"]):
            yield from check.fail(
                where, f"{record.length} octets that hash to {record.sha256}; kept: {row['length']} octets, {row['sha256']}"
            )

    def missing_members(self, serial: int, name: str) -> Iterator[Finding]:
        if self.index is None:
            return
        for row in self.index.execute("SELECT offset, kind, length FROM members WHERE serial = ? ORDER BY offset", (serial,)):
            seen = self.seen.execute("SELECT 1 FROM lies WHERE file = ? AND offset = ?", (name, row["offset"])).fetchone()
            if not seen:
                yield from self.checks[2].fail(f"{name} at {row['offset']}", f"the {row['kind']} record is not there")

    def standard(self, where: str, record: Record, digests: standard.Digests) -> Iterator[Finding]:
        # (3) and the record's own word in (4)
        check = self.checks[3]
        check.looked += 1
        self.checks[10].looked += 1
        if record.version != "1.1":
            yield from self.checks[10].fail(where, f"WARC/{record.version}; this archive writes 1.1")
        for fault in [*(f for f in record.faults if f.clause != ONE_MEMBER), *standard.faults(record)]:
            yield from check.fail(where, str(fault))
        if not (record.get("WARC-Block-Digest") or "").startswith("sha256:"):
            yield from check.fail(where, "WARC-Block-Digest: every record of this archive has a sha256 digest of its block")
        if record.readable:
            for fault in digests.faults():
                number = 3 if fault.field == "WARC-Block-Digest" else 4
                yield from self.checks[number].fail(where, str(fault))

    # (5) -----------------------------------------------------------------------------------------------------------

    def manifest(self, name: str, record: Record, block: bytes, capture: str, *, whole: bool) -> Any:
        check, where = self.checks[5], f"{name} at {record.offset}"
        check.looked += 1
        self.checks[10].looked += 1
        try:
            told = json.loads(block)
            version = told["v"]
            if version != MANIFEST_VERSION:
                yield from self.checks[10].fail(where, f"a manifest of version {version!r}; this verifier knows {MANIFEST_VERSION}")
                return None
            if manifests.canonical(told) != block:
                yield from check.fail(where, "the manifest is not in its canonical form (RFC 8785)")
            spans = _spans(told)
            facts = (told["id"], told["seq"], told["file"], told["payload_sha256"])
        except (ValueError, KeyError, TypeError) as exc:
            yield from check.fail(where, f"not a manifest: {exc!r}")
            return None
        if told["id"] != capture:
            yield from check.fail(where, f"the record is the manifest of {capture}, and what it holds is that of {told['id']}")
        if told["file"] != name:
            yield from check.fail(where, f"the manifest says that it lies in {told['file']}")
        yield from self.manifest_row(where, record, told, hashlib.sha256(block).hexdigest())
        self.place += 1
        refers = told["refers_to"]["capture"] if told["refers_to"] else None
        self.seen.execute(
            "INSERT INTO told VALUES (?,?,?,?,?,?,?)", (facts[1], facts[0], name, record.offset, self.place, refers, facts[3])
        )
        self.seen.execute("UPDATE lies SET named = named + 1 WHERE file = ? AND offset = ?", (name, record.offset))
        if whole:
            yield from self.manifest_names(name, told)
        del spans
        return told

    def manifest_row(self, where: str, record: Record, told: Any, sha256: str) -> Iterator[Finding]:
        """The row of the capture, and the log's outbox, keep the manifest's digest."""
        if self.index is None:
            return
        row = self.index.execute(
            "SELECT manifest_offset, manifest_sha256 FROM captures WHERE id = ?", (told["id"],)
        ).fetchone()
        if row is None:
            if not self.writing():
                yield from self.checks[5].fail(where, f"the index has no capture {told['id']}, whose manifest this is")
            return
        if row["manifest_offset"] == record.offset and row["manifest_sha256"] != sha256:
            yield from self.checks[5].fail(where, f"the manifest of {told['id']} hashes to {sha256}; kept: {row['manifest_sha256']}")
        posted = self.index.execute("SELECT manifest_sha256 FROM outbox WHERE seq = ?", (told["seq"],)).fetchone()
        if posted is not None and posted[0] != sha256:
            yield from self.checks[5].fail(where, f"the log's outbox keeps {posted[0]} for {told['id']}, and the manifest hashes to {sha256}")

    def manifest_names(self, name: str, told: Any) -> Iterator[Finding]:
        """Every record that the manifest names is there, and is what it says."""
        check = self.checks[5]
        for said in _said(told):
            row = self.seen.execute("SELECT * FROM lies WHERE file = ? AND offset = ?", (name, said["offset"])).fetchone()
            if row is None:
                yield from check.fail(told["id"], f"its {said['kind']} record is not at {said['offset']} of {name}")
                continue
            for key in ("id", "type", "length", "sha256", "block_length", "block_sha256"):
                if row[key] != said[key]:
                    yield from check.fail(
                        told["id"], f"its {said['kind']} record at {said['offset']} of {name} has {key} {row[key]}; the manifest: {said[key]}"
                    )
            shared = said["kind"] == "chain"  # one chain serves all captures of a file
            if not shared or not row["named"]:
                self.seen.execute("UPDATE lies SET named = named + 1 WHERE file = ? AND offset = ?", (name, said["offset"]))

    def unnamed_records(self) -> Iterator[Finding]:
        query = "SELECT file, offset, type, id, named FROM lies WHERE type != 'warcinfo' AND named != 1 ORDER BY serial, offset"
        for row in self.seen.execute(query):
            how = "no manifest names" if not row["named"] else f"{row['named']} manifests name"
            yield from self.checks[5].fail(f"{row['file']} at {row['offset']}", f"{how} this {row['type']} record, {row['id']}")

    # (6) -----------------------------------------------------------------------------------------------------------

    def sequence(self) -> Iterator[Finding]:
        check = self.checks[6]
        last: int | None = None
        for row in self.seen.execute("SELECT seq, id, file, offset FROM told ORDER BY place"):
            check.looked += 1
            expected = 0 if last is None else last + 1
            if row["seq"] != expected:
                why = f"number {expected} should come here" if row["seq"] > expected else f"it comes behind number {last}"
                yield from check.fail(row["id"], f"{row['file']} at {row['offset']}: the capture has number {row['seq']}; {why}")
            last = row["seq"]
        for row in self.seen.execute("SELECT id, count(*) n, min(file) file FROM lies GROUP BY id HAVING n > 1"):
            yield from check.fail(row["id"] or "a record without an id", f"the record is there {row['n']} times")
        if self.index is None:
            return
        expected = 0
        for row in self.index.execute("SELECT seq, id FROM captures ORDER BY seq"):
            if row["seq"] != expected:
                yield from check.fail(row["id"], f"the index has number {row['seq']} where {expected} should come")
            expected = row["seq"] + 1
            if not self.seen.execute("SELECT 1 FROM told WHERE seq = ? AND id = ?", (row["seq"], row["id"])).fetchone():
                yield from check.fail(row["id"], f"the index has this capture as number {row['seq']}, and no manifest does")

    # (4), (7) and (8): the index against what lies there --------------------------------------------------------------

    def index_captures(self, captures: Sequence[str] | None) -> Iterator[sqlite3.Row]:
        if self.index is None:
            return
        query = "SELECT c.*, f.name FROM captures c LEFT JOIN files f USING (serial)"
        if captures is None:
            yield from self.index.execute(query + " ORDER BY c.seq")
        for wanted in captures or ():
            yield from self.index.execute(query + " WHERE c.id = ?", (wanted,))

    def lying(self, name: str, offset: int | None) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.seen.execute("SELECT * FROM lies WHERE file = ? AND offset = ?", (name, offset)).fetchone()
        return found

    def revisits(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check = self.checks[7]
        check.why_not = "no revisit is kept" if self.index is not None else check.why_not
        for row in self.index_captures(captures):
            lies = self.lying(row["name"], row["record_offset"])
            if row["refers_to"] is None:
                if lies is not None and lies["type"] == "revisit":
                    check.looked += 1
                    yield from check.fail(row["id"], "its record is a revisit, and the index does not say of what")
                continue
            check.looked += 1
            assert self.index is not None
            meant = self.index.execute(
                "SELECT c.*, f.name FROM captures c LEFT JOIN files f USING (serial) WHERE c.id = ?", (row["refers_to"],)
            ).fetchone()
            if meant is None:
                yield from check.fail(row["id"], f"it stands for capture {row['refers_to']}, which is not kept")
                continue
            if meant["payload_sha256"] != row["payload_sha256"]:
                yield from check.fail(
                    row["id"], f"it stands for {meant['id']}, whose body hashes to {meant['payload_sha256']}, not to {row['payload_sha256']}"
                )
            if lies is not None and lies["refers_to"] != row["refers_to"]:
                yield from check.fail(row["id"], f"its record refers to {lies['refers_to']}, the index to {row['refers_to']}")
            if captures is None:
                source = self.lying(meant["name"], meant["record_offset"])
                if source is None or (meant["refers_to"] is None and source["payload_sha256"] != row["payload_sha256"]):
                    yield from check.fail(row["id"], f"the body of {meant['id']}, for which it stands, is not there")

    def index_rows(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check, payloads = self.checks[8], self.checks[4]
        if self.index is None:
            check.why_not = "there is no index"
        for row in self.index_captures(captures):
            check.looked += 1
            told = yield from self.told(row)
            if told is not None:
                yield from self.agree(row, told)
            if row["record_offset"] is None:
                continue
            lies = self.lying(row["name"], row["record_offset"])
            if lies is None or lies["id"] != row["id"]:
                yield from check.fail(row["id"], f"its record is not at {row['record_offset']} of {row['name']}")
                continue
            yield from self.record_agrees(row, lies)
            if lies["payload_sha256"] is not None and row["payload_sha256"] is not None and row["refers_to"] is None:
                payloads.looked += 1
                said = (("the index", row["payload_sha256"]), ("the manifest", told and told["payload_sha256"]))
                for who, digest in said:
                    if digest is not None and digest != lies["payload_sha256"]:
                        yield from payloads.fail(row["id"], f"the entity-body hashes to {lies['payload_sha256']}; {who} has {digest}")

    def told(self, row: sqlite3.Row) -> Any:
        """The manifest a row points to, read again; None, with a finding, where there is none."""
        try:
            with (self.home / "warc" / row["name"]).open("rb") as file:
                for record in records.walk(file, row["manifest_offset"]):
                    octets = b"".join(record.block())
                    told = json.loads(octets)
                    if (record.get("WARC-Target-URI") or "") == MANIFEST + row["id"] and told["v"] == MANIFEST_VERSION:
                        return told
                    break
        except (OSError, TypeError, ValueError, KeyError):
            pass
        yield from self.checks[8].fail(row["id"], f"its manifest is not at {row['manifest_offset']} of {row['name']}")
        return None

    def agree(self, row: sqlite3.Row, told: Any) -> Iterator[Finding]:
        """The row is what its manifest makes of it."""
        facts = told.get("facts") or {}
        tls = told.get("tls")
        foreign = facts.get("foreign")
        said = {
            "seq": told.get("seq"), "id": told.get("id"), "visit": told.get("visit"), "hop": told.get("hop"), "url": told.get("url"),
            "at": _microseconds(told.get("began")), "outcome": told.get("outcome"), "status": told.get("status"),
            "mime": told.get("mime"), "payload_sha256": told.get("payload_sha256"), "size": told.get("size"),
            "refers_to": (told.get("refers_to") or {}).get("capture"), "error": told.get("error"),
            "trusted": int(tls is None or bool(tls.get("verified"))), "foreign_file": None if foreign is None else str(foreign),
        }  # fmt: skip
        for column, value in said.items():
            if row[column] != value:
                yield from self.checks[8].fail(row["id"], f"the index has {column} {row[column]!r}; the manifest {value!r}")
        place = next((s for k, s in _spans(told) if k in ("response", "revisit", "resource", "octets")), None)
        kept = (row["record_offset"], row["record_length"], row["record_sha256"])
        if kept != ((place.offset, place.length, place.sha256) if place else (None, None, None)):
            yield from self.checks[8].fail(row["id"], f"the index has its record at {kept[0]}; the manifest {place and place.offset}")

    def record_agrees(self, row: sqlite3.Row, lies: sqlite3.Row) -> Iterator[Finding]:
        """The row and the WARC record itself say the same address, time and status."""
        if _microseconds(lies["date"]) != row["at"]:
            yield from self.checks[8].fail(row["id"], f"its record has the date {lies['date']}; the index another time")
        if lies["status"] is not None and lies["status"] != row["status"]:
            yield from self.checks[8].fail(row["id"], f"its record has status {lies['status']}; the index {row['status']}")
        if not lies["target"].startswith("urn:kartoteka:") and lies["target"] != _as_written(row["url"]):
            yield from self.checks[8].fail(row["id"], f"its record is of {lies['target']}; the index has {row['url']}")

    # (9) -----------------------------------------------------------------------------------------------------------

    def ledger(self, captures: Sequence[str] | None) -> Iterator[Finding]:
        check, path = self.checks[9], self.home / "ledger.sqlite"
        if not path.is_file():
            check.why_not = "there is no ledger: nothing was read yet"
            return
        try:
            with contextlib.closing(_read_only(path)) as book, Archive.open(self.home) as archive:
                version = book.execute("PRAGMA user_version").fetchone()[0]
                self.checks[10].looked += 1
                if version != LEDGER_VERSION:
                    yield from self.checks[10].fail("ledger.sqlite", f"version {version}; this verifier knows {LEDGER_VERSION}")
                    return
                yield from self.extractions(book, archive, captures)
                if captures is None:
                    yield from self.observations(book)
        except (sqlite3.Error, ArchiveError) as exc:
            yield from check.fail("ledger.sqlite", f"the ledger or the index cannot be read: {exc}")

    def extractions(self, book: sqlite3.Connection, archive: Archive, captures: Sequence[str] | None) -> Iterator[Finding]:
        check = self.checks[9]
        query = """SELECT e.id, e.capture, e.seq, e.url, e.payload_sha256, e.reading, r.parser, r.charset, r.observations
                   FROM extraction e LEFT JOIN reading r ON r.id = e.reading"""
        order = " ORDER BY e.reading, e.payload_sha256, e.seq"
        if captures is None:
            rows: Iterator[sqlite3.Row] = iter(book.execute(query + order))
        else:
            rows = (row for wanted in captures for row in book.execute(query + " WHERE e.capture = ?" + order, (wanted,)))
        done: tuple[str, str | None] | None = None  # a reading of a body that was looked at
        for row in rows:
            subject = f"{row['parser']} on {row['capture']}"
            assert self.index is not None
            kept = self.index.execute(
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
            if (row["reading"], row["payload_sha256"]) != done and row["observations"]:
                yield from self.quotes(book, archive, row)
            done = (row["reading"], row["payload_sha256"])

    def quotes(self, book: sqlite3.Connection, archive: Archive, row: sqlite3.Row) -> Iterator[Finding]:
        """Every quote of one reading stands at its place in the decoded source of one of its captures."""
        check = self.checks[9]
        try:
            source = decode_text(archive.memento(archive.capture(row["capture"])).body, row["charset"])
        except (ArchiveError, LookupError) as exc:
            yield from check.fail(f"{row['parser']} on {row['capture']}", f"the source cannot be read: {exc}")
            return
        found = 0
        query = """SELECT s.quote, s.start, s.end, s.observation, o.id, o.subject, o.property
                   FROM sighting s LEFT JOIN observation o ON o.id = s.observation WHERE s.reading = ? ORDER BY s.place"""
        for place in book.execute(query, (row["reading"],)):
            found += 1
            check.looked += 1
            subject = f"{place['subject']} {place['property']}"
            if place["id"] is None:
                yield from check.fail(f"{row['parser']} on {row['capture']}", f"observation {place['observation']} is not in the ledger")
            elif source[place["start"] : place["end"]] != place["quote"]:
                yield from check.fail(
                    subject, f"the quote does not stand at [{place['start']}, {place['end']}) of the source of {row['capture']}"
                )
        if found != row["observations"]:
            subject = f"{row['parser']} on {row['capture']}"
            yield from check.fail(subject, f"the reading holds {found} values; {row['observations']} were entered")

    def observations(self, book: sqlite3.Connection) -> Iterator[Finding]:
        """A value's id is the digest of what it says, and every value stands somewhere."""
        query = """SELECT o.*, EXISTS (SELECT 1 FROM sighting s JOIN extraction e ON e.reading = s.reading
                   WHERE s.observation = o.id) AS sighted FROM observation o"""
        for row in book.execute(query):
            subject = f"{row['subject']} {row['property']}"
            said = [row[key] for key in ("subject", "property", "ordinal", "raw", "value")] + [bool(row["derived"]), row["parser"]]
            if _content_id(said) != row["id"]:
                yield from self.checks[9].fail(subject, f"the row says {row['value']!r}, and its id is that of something else")
            if not row["sighted"]:
                yield from self.checks[9].fail(subject, "no capture shows this value")


def _read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _bare(record_id: str | None) -> str | None:
    return None if record_id is None else record_id.strip("<>").removeprefix("urn:uuid:")


def _said(told: Any) -> list[Any]:
    """What a manifest says of each record it names, the chain last."""
    chain = told["tls"]["chain"] if told["tls"] else None
    return [*told["records"], *([chain] if chain else [])]


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
    sha256: str


def _spans(told: Any) -> list[tuple[str, _Place]]:
    return [(said["kind"], _Place(said["offset"], said["length"], said["sha256"])) for said in _said(told)]


def _microseconds(date: str | None) -> int | None:
    """A WARC-Date of our own as the index keeps it: microseconds since 1970; None for anything else."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", date or "")
    if match is None:
        return None
    from datetime import UTC, datetime, timedelta

    try:
        second = datetime.fromisoformat(match[1] + "+00:00") - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    return second // timedelta(microseconds=1) + int((match[2] or "0").ljust(6, "0"))


def _as_written(url: str) -> str:
    """An address as it stands in WARC-Target-URI: what would break the line is percent-encoded."""
    return re.sub(r"[\x00-\x20\x7f-\x9f<>\ud800-\udfff]", lambda m: quote(m[0], safe="", errors="replace"), url)


def _content_id(parts: Sequence[object]) -> str:
    """What a row of the ledger is named by: 128 bits of sha256 over its content as JSON."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


__all__ = ["CHECKS", "Damaged", "Finding", "Verdict", "status", "verify"]
