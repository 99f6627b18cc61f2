"""One SQLite file, by Python's own driver: one connection writes, each thread that reads has one of its own."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

# Seconds that a writer waits while another process holds its database: who holds one longer than a minute holds it for good.
WAITED = 90.0


class Connection(sqlite3.Connection):
    """Every statement goes through one of these: what tests count, and make fail."""


class Database:
    """Open for reading, or for writing by whoever holds the archive's lock. Raises the driver's own errors.

    A writer's statements go one after another, whichever thread asks; a reader's connection is kept by its thread: to
    make one costs a hundred times a question.
    """

    def __init__(self, path: Path, *, write: bool = False, pragmas: Sequence[str] = ()) -> None:
        how = "mode=rwc" if write else "mode=ro"
        if not write and not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
            how += "&immutable=1"  # on a read-only medium SQLite cannot make the files that readers share
        self._address = f"file:{quote(str(path))}?{how}"
        self._pragmas = pragmas
        self._mine = threading.local()
        self._all: list[Connection] = []
        self._turn = threading.RLock()
        self._writer = self._connected() if write else None

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._writer = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """The one that writes, for as long as this lasts; a reader's own."""
        if self._writer is None:
            held = getattr(self._mine, "connection", None)
            if held is None:
                held = self._mine.connection = self._connected()
            yield held
            return
        with self._turn:
            yield self._writer

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All of it, durable when this ends, or nothing; where it raises at its end only asking tells which."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have ended it already, and what counts is the first error
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                raise

    def rows(self, question: str, asked: Mapping[str, object] | Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        with self.connection() as db:
            return db.execute(question, asked).fetchall()

    def _connected(self) -> Connection:
        connection = sqlite3.connect(
            self._address, uri=True, timeout=WAITED, isolation_level=None, check_same_thread=False, factory=Connection
        )
        try:
            for pragma in self._pragmas:
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        self._all.append(connection)
        return connection
