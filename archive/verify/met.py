"""Which records were met, where do they lie, and what is known of them? A private table on disk while a run lasts.

All of them by place and a number made of their id; those that no sound capture settled with what the long way asks of them.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from archive.glance import Plain, glance
from archive.verify.scene import ROWS, Scene

BATCH = 500  # rows that are written at once
LONGEST_MEMBER = 32 << 20  # octets of a member that is read whole; a longer one goes by in steps
ALONE = "PRAGMA cache_size = -16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
SCRATCH = """
CREATE TABLE IF NOT EXISTS lies (serial INTEGER, offset INTEGER, file TEXT, length INTEGER, sha256 TEXT, id TEXT,
    type TEXT, target TEXT, date TEXT, status INTEGER, block_length INTEGER, block_sha256 TEXT, payload_sha256 TEXT,
    refers_to TEXT, named INTEGER, PRIMARY KEY (serial, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ids (hash INTEGER, serial INTEGER, offset INTEGER);
CREATE TABLE IF NOT EXISTS told (seq INTEGER, id TEXT, serial INTEGER, PRIMARY KEY (seq, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS doubtful (seq INTEGER PRIMARY KEY, serial INTEGER);
"""
LIES = "INSERT OR IGNORE INTO lies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
Lies = tuple[Any, ...]  # a row of that table, in the order of its columns
Place = tuple[int, Plain]  # offset into its file, and what the glance told


class Met:
    """What a run has met. reached: how far into each file, by its serial, the pass over its octets has come; reading: the
    serial of the file that it is in.

    kept: a database that may hold what an earlier run has met (`carried`); None: one of this run alone.
    """

    def __init__(self, scene: Scene, kept: sqlite3.Connection | None = None) -> None:
        self.home, self.index = scene.home, scene.index
        self.seen = kept or _alone(scene)
        for statement in SCRATCH.split(";\n"):
            self.seen.execute(statement)
        self.ready: list[Lies] = []  # rows on their way into the table
        self.ids_met: list[tuple[int, int, int]] = []  # and into that of ids
        self.reached: dict[int, int] = {}
        self.reading: int | None = None
        self.serials = {name: serial for serial, name in scene.names()}

    def forget_others(self, serials: Sequence[int]) -> None:
        """Only what was met while these files were read was met."""
        for table in ("lies", "ids", "told", "doubtful"):
            query = f"DELETE FROM {table} WHERE serial NOT IN (SELECT value FROM json_each(?))"  # noqa: S608  # names of ours
            self.seen.execute(query, (json.dumps(list(serials)),))

    def met_id(self, id_: str | None, serial: int, offset: int) -> None:
        self.ids_met.append((_number(id_), serial, offset))

    def add(self, row: Lies) -> None:
        """A record that is asked for again."""
        self.ready.append(row)

    def write(self) -> None:
        self.seen.executemany(LIES, self.ready)
        self.ready.clear()
        self.seen.executemany("INSERT INTO ids VALUES (?, ?, ?)", self.ids_met)
        self.ids_met.clear()

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
        self.seen.execute(LIES, lies(serial, name, (offset, told[0]), named=1))
        return True

    def serial(self, name: str) -> int | None:
        return self.serials.get(name)

    def doubt(self, seq: int) -> None:
        self.seen.execute("INSERT OR IGNORE INTO doubtful VALUES (?, ?)", (seq, self.reading))

    def is_doubtful(self, seq: int) -> bool:
        return self.seen.execute("SELECT 1 FROM doubtful WHERE seq = ?", (seq,)).fetchone() is not None

    def remember(self, seq: int, id_: str) -> None:
        self.seen.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", (seq, id_, self.reading))

    def named_once_more(self, name: str, offset: int) -> None:
        self.write()
        query = "UPDATE lies SET named = named + 1 WHERE serial = ? AND offset = ?"
        self.seen.execute(query, (self.serial(name), offset))

    def captures(self, captures: Sequence[str] | None, *, doubtful: bool = False) -> Iterator[sqlite3.Row]:
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


def _alone(scene: Scene) -> sqlite3.Connection:
    db = scene.stack.enter_context(closing(sqlite3.connect("", isolation_level=None)))
    db.row_factory = sqlite3.Row
    db.executescript(ALONE)
    db.execute("BEGIN")  # never committed: it is gone when the run is
    return db


def _number(id_: str | None) -> int:
    """Of a record's id, the same in every run: ids of one number are looked at again."""
    try:
        return int((id_ or "").replace("-", "")[:15], 16)
    except ValueError:
        return int.from_bytes(hashlib.blake2b((id_ or "").encode("utf-8", "surrogatepass"), digest_size=7).digest())


def lies(serial: int, name: str, place: Place, *, named: int = 0) -> Lies:
    """What is known of a plain record, as a row."""
    offset, plain = place
    id_, type_, length, sha256, block_length, block_sha256, target, date, status, payload, refers_to = plain
    return (
        serial, offset, name, length, sha256, id_, type_, target, date, status, block_length, block_sha256, payload, refers_to,
        named,
    )  # fmt: skip
