"""What has a run that was stopped read, and may it still be taken as read? A private file, that the next run goes on from.

It lies outside the archive, in the user's own cache, since what comes with an archive proves nothing of it; it is there
only while a run is unfinished. After each WARC file it keeps what the pass has met and found so far, and what that was
of: the file's size, times, inode and both of its ends, and the index's rows of it. A later run takes over the files from the
first one on for which all of that still holds, as it stands; it reads the others anew. Nothing is taken over from a program
with other checks, nor where another run is under way.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from archive.finding import Finding, Verdict
from archive.verify.scene import Scene

ENDS = 64 * 1024  # octets of each end of a file that are looked at again
CODE = (
    "verify",
    "finding",
    "glance",
    "glimpse",
    "message",
    "records",
    "standard",
)  # rooms that the first ten checks are made of
STATE = """
CREATE TABLE IF NOT EXISTS run (home TEXT, code TEXT);
CREATE TABLE IF NOT EXISTS done (place INTEGER PRIMARY KEY, serial INTEGER, name TEXT, file TEXT, rows TEXT, made TEXT,
    state TEXT);
CREATE TABLE IF NOT EXISTS found (place INTEGER, "check" TEXT, subject TEXT, detail TEXT, outcome TEXT);
"""
# A capture's row as the manifest and the records tell it too, in the order of `plain`'s `row_agrees`; its row in the outbox.
BY_SEQ = """
SELECT c.seq, id, visit, hop, url, outcome, status, mime, payload_sha256, size, error, at, refers_to, trusted, foreign_file,
    record_offset, record_length, record_sha256, serial, manifest_offset, manifest_length, manifest_member_sha256,
    c.manifest_sha256, o.manifest_sha256
FROM captures c LEFT JOIN outbox o ON o.seq = c.seq WHERE c.seq >= ? ORDER BY c.seq"""
MEMBERS = "SELECT offset, length, sha256 FROM members WHERE serial = ? ORDER BY offset"
MANY = 4096  # rows that are hashed at once
TABLES = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384;"


@dataclass(frozen=True, slots=True)
class State:
    """Where the pass stands behind a file. looked, failed: of each check, since the pass began.

    expected: the number of the next capture's manifest; next_seq: of the next row of the index.
    """

    expected: int
    next_seq: int
    looked: dict[int, int]
    failed: dict[int, int]

    def text(self) -> str:
        return json.dumps([self.expected, self.next_seq, self.looked, self.failed])

    @classmethod
    def parse(cls, text: str) -> State:
        expected, next_seq, looked, failed = json.loads(text)
        return cls(expected, next_seq, *({int(n): count for n, count in each.items()} for each in (looked, failed)))


class Carried:
    """The file of one home. db: also holds what the run has met (`met`); to be written to between two `keep`."""

    def __init__(self, path: Path, db: sqlite3.Connection, scene: Scene, now: Callable[[], datetime]) -> None:
        self.path, self.db, self.scene, self._now = path, db, scene, now
        self.names: list[str] = []  # files that are taken over
        self.made: list[str] = []  # and when each was read
        self.why_not: str | None = None  # why what was read is read anew, where it is
        self.rows = Rows()  # of the file that is read now

    @classmethod
    def open(cls, path: Path, scene: Scene, stack: ExitStack, now: Callable[[], datetime]) -> Carried | None:
        """None where it cannot be had: the run is made without it. stack: closes it."""
        for _ in range(2):
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.touch(mode=0o600)
                db = sqlite3.connect(path, timeout=0, isolation_level=None)
                stack.enter_context(closing(db))
                db.row_factory = sqlite3.Row
                db.executescript(TABLES + STATE)
                db.execute("BEGIN IMMEDIATE")
                if db.execute("PRAGMA quick_check").fetchone()[0] == "ok":
                    return cls(path, db, scene, now)
            except sqlite3.DatabaseError as exc:
                if getattr(exc, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    return None  # another run is under way
            except OSError:
                return None
            db.close()
            forget(path)  # it was cut off with the machine
        return None

    # -- taking over

    def take_over(self, present: Sequence[tuple[int, str, Path]], forget_behind: Callable[[int], None]) -> State | None:
        """The state behind the last file that still is what was read. forget_behind: drops what was met of later ones."""
        said = self.db.execute("SELECT home, code FROM run").fetchone()
        bound = (str(self.scene.home.resolve()), code())
        done = self.db.execute("SELECT * FROM done ORDER BY place").fetchall()
        state: State | None = None
        first = 0
        if said is not None and tuple(said) != bound:
            self.why_not, done = "it was made by a program with other checks", []
        for row, (serial, name, path) in zip(done, present, strict=False):
            then = State.parse(row["state"])
            if (row["serial"], row["name"]) != (serial, name) or row["file"] != file_is(path):
                self.why_not = f"{name} has changed since"
                break
            if row["rows"] != self.rows_are(serial, first, then.next_seq):
                self.why_not = f"the index's rows of {name} have changed since"
                break
            state, first = then, then.next_seq
            self.names.append(name)
            self.made.append(row["made"])
        self.db.execute("DELETE FROM done WHERE place >= ?", (len(self.names),))
        self.db.execute("DELETE FROM found WHERE place >= ?", (len(self.names),))
        forget_behind(len(self.names))
        self.db.execute("DELETE FROM run")
        self.db.execute("INSERT INTO run VALUES (?, ?)", bound)
        self._commit()
        return state

    def found(self) -> Iterator[Finding]:
        """What was found in the files that are taken over, and when."""
        for row in self.db.execute("SELECT * FROM found ORDER BY rowid").fetchall():
            detail = f"{row['detail']} (found on {self.made[row['place']]} by a run that was stopped)"
            yield Finding(row["check"], row["subject"], Verdict(row["outcome"]), detail)

    @property
    def words(self) -> str:
        """What the sums say of it; empty where nothing was taken over."""
        if not self.names:
            return ""
        count = f"{len(self.names)} file" + ("s" if len(self.names) > 1 else "")
        return f", {count} of them as read on {self.made[-1]} by a run that was stopped"

    def told(self) -> str | None:
        """For a person: what is taken over, and what is not; None where there was nothing."""
        said = []
        if self.names:
            count = f"{len(self.names)} file" + ("s" if len(self.names) > 1 else "")
            since = f"{count} read until {self.made[-1]}, unchanged since"
            said.append(f"going on behind {self.names[-1]}: {since}; --fresh begins anew")
        if self.why_not:
            said.append(f"read anew: {self.why_not}")
        return "; ".join(said) or None

    # -- keeping

    def note(self, finding: Finding) -> None:
        """A finding of the file that is read now."""
        place = self.db.execute("SELECT count(*) FROM done").fetchone()[0]
        row = (place, finding.check, finding.subject, finding.detail, finding.outcome.value)
        self.db.execute("INSERT INTO found VALUES (?, ?, ?, ?, ?)", row)

    def keep(self, serial: int, name: str, path: Path, file: str, state: State) -> None:
        """One file more is read. file: what it was (`file_is`) before it was; one that changed meanwhile is not kept."""
        place = self.db.execute("SELECT count(*) FROM done").fetchone()[0]
        rows = self.rows.digest(state.next_seq)
        # A file that changed while it was read is never the same again, and what follows it is not taken over either.
        now = file if file_is(path) == file else "changed while it was read"
        made = self._now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.db.execute("INSERT INTO done VALUES (?, ?, ?, ?, ?, ?, ?)", (place, serial, name, now, rows, made, state.text()))
        self._commit()

    def _commit(self) -> None:
        self.db.execute("COMMIT")
        self.db.execute("BEGIN IMMEDIATE")

    def finish(self) -> None:
        """The run came to its end: nothing is left to go on with."""
        self.db.close()
        forget(self.path)

    def rows_are(self, serial: int, first: int, beyond: int) -> str:
        """A digest of the index's rows of a file: what `Rows` makes of them while they go by."""
        assert self.scene.index is not None
        rows, seen = self.scene.index.cursor(), Rows()
        rows.row_factory = None
        for _ in seen.members(rows.execute(MEMBERS, (serial,))):
            pass
        for row in seen.captures(rows.execute(BY_SEQ, (first,))):
            if row[0] >= beyond:
                break
        return seen.digest(beyond)


class Rows:
    """A digest of the rows of the index that go by, kept beside the pass that looks at them anyway."""

    def __init__(self) -> None:
        self._members, self._captures = hashlib.sha256(), hashlib.sha256()
        self._some: list[tuple[Any, ...]] = []
        self._seqs: list[tuple[Any, ...]] = []

    def members(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self._some.append(row)
            if len(self._some) >= MANY:
                self._members.update(repr(self._some).encode())
                self._some = []
            yield row

    def captures(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self._seqs.append(row)
            if len(self._seqs) > MANY:
                self._fold(MANY)
            yield row

    def _fold(self, count: int) -> None:
        # The log takes rows out of the outbox as it goes: what is still in it must be what the captures say.
        plain = [(*row[:-1], row[-1] in (None, row[-2])) for row in self._seqs[:count]]
        self._captures.update(repr(plain).encode())
        del self._seqs[:count]

    def digest(self, beyond: int) -> str:
        """Of all that went by since the last asking, but captures from the number `beyond` on, which belong to what follows."""
        self._members.update(repr(self._some).encode())
        self._fold(sum(1 for row in self._seqs if row[0] < beyond))
        found = f"{self._members.hexdigest()} {self._captures.hexdigest()}"
        self._members, self._captures, self._some = hashlib.sha256(), hashlib.sha256(), []
        return found


def file_is(path: Path) -> str:
    """What a file is known by without reading it whole. The time of its last change of any kind cannot be set by hand."""
    try:
        with path.open("rb") as file:
            told = os.fstat(file.fileno())
            ends = hashlib.sha256(file.read(ENDS))
            file.seek(max(0, told.st_size - ENDS))
            ends.update(file.read(ENDS))
    except OSError as exc:
        return f"cannot be read: {exc.strerror}"
    return f"{told.st_size} {told.st_mtime_ns} {told.st_ctime_ns} {told.st_dev}:{told.st_ino} {ends.hexdigest()}"


@cache
def code() -> str:
    """A digest of the code that makes the checks."""
    digest = hashlib.sha256()
    here = Path(__file__).parents[1]
    for path in sorted(path for room in CODE for path in (*here.glob(f"{room}.py"), *here.glob(f"{room}/*.py"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def forget(path: Path) -> None:
    """Nothing is taken over from what was there."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
