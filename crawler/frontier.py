"""Which address next? Durable rows with due times, admitted once a crawl job, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, UniqueConstraint, func, select
from sqlalchemy.dialects.sqlite import insert

from archive import urls
from crawler.state import open_state

BATCH = 500  # rows in one transaction

_ROWS = Table(
    "frontier",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("job", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("url", String, nullable=False),
    Column("host", String, nullable=False),
    Column("note", String, nullable=False),
    Column("due", Float),  # seconds since 1970, UTC; absent when done
    Column("tries", Integer, nullable=False),
    Column("outcome", String),
    UniqueConstraint("job", "identity"),
    Index("frontier_due", "job", "host", "due"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One address of a job. note: what its admitter wants to know again; tries: turns it has had already."""

    id: int
    url: str
    host: str
    due: datetime
    note: str
    tries: int


class Frontier:
    """The rows of one crawl job. A row stays due until it is done: a killed crawl meets it again."""

    def __init__(self, path: Path | None, job: str) -> None:
        self.job = job
        self._engine = open_state(path)
        _ROWS.metadata.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def add(self, addresses: Iterable[str], *, due: datetime, note: str = "") -> int:
        """Admits those that this job has not met yet, done or not; how many. Raises ValueError for what is no address."""
        admitted = 0
        batch: list[dict[str, object]] = []
        for url in addresses:
            row = {"job": self.job, "identity": urls.identity(url), "url": url, "host": urls.host(url)}
            batch.append({**row, "note": note, "due": due.timestamp(), "tries": 0})
            if len(batch) == BATCH:
                admitted += self._insert(batch)
                batch = []
        return admitted + self._insert(batch)

    def due(self, host: str, now: datetime, limit: int) -> list[Row]:
        """The host's rows whose time has come, the longest due first."""
        mine = (_ROWS.c.job == self.job) & (_ROWS.c.host == host) & (_ROWS.c.due <= now.timestamp())
        query = select(_ROWS).where(mine).order_by(_ROWS.c.due, _ROWS.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [
                Row(row.id, row.url, row.host, datetime.fromtimestamp(row.due, UTC), row.note, row.tries)
                for row in connection.execute(query)
            ]

    def hosts_due(self, now: datetime) -> list[str]:
        """The hosts that have a row whose time has come, the longest due first."""
        mine = (_ROWS.c.job == self.job) & (_ROWS.c.due <= now.timestamp())
        query = select(_ROWS.c.host).where(mine).group_by(_ROWS.c.host).order_by(func.min(_ROWS.c.due), func.min(_ROWS.c.id))
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def next_due(self) -> datetime | None:
        """When the next row's time comes, or came; None where all are done."""
        with self._engine.connect() as connection:
            due = connection.scalar(select(func.min(_ROWS.c.due)).where(_ROWS.c.job == self.job))
        return None if due is None else datetime.fromtimestamp(due, UTC)

    def done(self, row: Row, outcome: str) -> None:
        """The row is not due again in this job."""
        self._update(row, due=None, outcome=outcome)

    def retry_at(self, row: Row, when: datetime) -> None:
        self._update(row, due=when.timestamp())

    def counts(self) -> dict[str, int]:
        """How many rows ended how; those still to do under "waiting"."""
        outcome = func.coalesce(_ROWS.c.outcome, "waiting")
        query = select(outcome, func.count()).where(_ROWS.c.job == self.job).group_by(outcome).order_by(outcome)
        with self._engine.connect() as connection:
            return {str(word): int(count) for word, count in connection.execute(query)}

    def forget(self) -> None:
        """Drops the job's rows: it is over, and its addresses may be admitted anew."""
        with self._engine.begin() as connection:
            connection.execute(_ROWS.delete().where(_ROWS.c.job == self.job))

    def _insert(self, batch: list[dict[str, object]]) -> int:
        if not batch:
            return 0
        with self._engine.begin() as connection:
            return connection.execute(insert(_ROWS).on_conflict_do_nothing().values(batch)).rowcount

    def _update(self, row: Row, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(_ROWS.update().where(_ROWS.c.id == row.id).values(tries=row.tries + 1, **values))
