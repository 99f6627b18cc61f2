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
        self._begun = 0  # the number of the first capture of the file that is read now

    @classmethod
    def open(cls, path: Path, scene: Scene, stack: ExitStack, now: Callable[[], datetime]) -> Carried | None:
        """None where it cannot be had: the run is made without it. stack: closes it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for _ in range(2):
            try:
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
        self._begun = first
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
        rows = self.rows_are(serial, self._begun, state.next_seq)
        # A file that changed while it was read is never the same again, and what follows it is not taken over either.
        now = file if file_is(path) == file else "changed while it was read"
        made = self._now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.db.execute("INSERT INTO done VALUES (?, ?, ?, ?, ?, ?, ?)", (place, serial, name, now, rows, made, state.text()))
        self._begun = state.next_seq
        self._commit()

    def _commit(self) -> None:
        self.db.execute("COMMIT")
        self.db.execute("BEGIN IMMEDIATE")

    def finish(self) -> None:
        """The run came to its end: nothing is left to go on with."""
        self.db.close()
        forget(self.path)

    def rows_are(self, serial: int, first: int, beyond: int) -> str:
        """A digest of the index's rows of a file, and of what the log's outbox has of its captures."""
        assert self.scene.index is not None
        rows, digest = self.scene.index.cursor(), hashlib.sha256()
        rows.row_factory = None
        for row in rows.execute('SELECT * FROM members WHERE serial = ? ORDER BY "offset"', (serial,)):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        for row in rows.execute("SELECT * FROM captures WHERE seq >= ? AND seq < ? ORDER BY seq", (first, beyond)):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        # The log takes rows out of the outbox as it goes: what is still in it must be what the captures say.
        query = (
            "SELECT o.seq FROM outbox o JOIN captures c USING (seq) "
            "WHERE c.seq >= ? AND c.seq < ? AND o.manifest_sha256 != c.manifest_sha256 ORDER BY o.seq"
        )
        for row in rows.execute(query, (first, beyond)):
            digest.update(repr(row).encode())
        return digest.hexdigest()


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
