"""The small SQLite file that remembers, over a restart, what the crawl owes to hosts and still has to do.

It is not evidence: lost, the crawl starts politely anew. Commits go to the write-ahead log without a sync of their own: a
killed process loses nothing, a power cut the last moments. Used from the event loop's thread only.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool


def open_state(path: Path | None, *, checkpoints: bool = True) -> Engine:
    """An engine on the file with one connection, or on memory where there is none.

    checkpoints: false for all but one of the processes that share the file (SQLite before 3.51.3 can corrupt a log that
    two of them move into it).
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}" if path else "sqlite://", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def prepared(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "trusted_schema=OFF"):
            cursor.execute(f"PRAGMA {pragma}")
        if not checkpoints:
            cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.close()

    return engine
