"""The small SQLite file that remembers, over a restart, what the crawl owes to hosts.

It is not evidence: lost, the crawl starts politely anew. Commits go to the write-ahead log without a sync of their own: a
killed process loses nothing, a power cut the last moments. Used from the event loop's thread only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "trusted_schema=OFF")


class State:
    """Rows of the file's small tables, each under one key; in memory where there is no file.

    By the driver itself: what is owed to a host is two tables and a row at a time, and a library for it is a third of a
    second of every start. checkpoints: false for all but one of the processes that share the file (SQLite before 3.51.3 can
    corrupt a log that two of them move into it).
    """

    def __init__(self, path: Path | None, *, checkpoints: bool = True) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        for pragma in (*PRAGMAS, *(() if checkpoints else ("wal_autocheckpoint=0",))):
            self._db.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        self._db.close()

    def table(self, name: str, columns: str) -> None:
        """There is such a table from now on. columns: as SQLite is told them, the key first; names are our own."""
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")

    def get(self, table: str, key: str, value: str) -> dict[str, Any] | None:
        """The row whose key has this value."""
        found = self._db.execute(f"SELECT * FROM {table} WHERE {key} = ?", (value,))  # noqa: S608  # names are our own
        row = found.fetchone()
        return None if row is None else dict(zip((column[0] for column in found.description), row, strict=True))

    def put(self, table: str, row: Mapping[str, object]) -> None:
        """The row, in place of the one with its key."""
        holes = ", ".join("?" * len(row))
        self._db.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({holes})", tuple(row.values()))  # noqa: S608
