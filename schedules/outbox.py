"""Notices that are to be delivered, each once to each who wants it; in `notices.sqlite`, beside the archive.

A notice and its deliveries are written in one transaction before anything is sent, and crossed out after it was taken: a kill
between the two sends it again under the same id, which a receiver knows it by (`webhook-id`, `Message-ID`). Who is named in
the plan today is told of what comes from today on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from archive.database import WAITED
from schedules.channels import Channel, Feed
from schedules.hidden import Hidden
from schedules.notices import Notice, feed

FILE = "notices.sqlite"
FEEDS = "feeds"
# How long after each failure the next try comes; after the last of them it is given up, and said so.
AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440, 1440))
KEPT = 10_000  # notices; an older one that is told everywhere is forgotten: a feed shows 200 at most

_tables = sa.MetaData()
_notices = sa.Table(
    "notice",
    _tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),  # JSON
)
_deliveries = sa.Table(
    "delivery",
    _tables,
    sa.Column("notice", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("due", sa.Text),  # None: delivered, or given up
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("trouble", sa.Text),  # why the last try failed; with no `due`: given up
)
_marks = sa.Table("mark", _tables, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice for one channel. tries: that failed so far."""

    notice: Notice
    channel: str
    tries: int


class Outbox:
    """Open for the one process that tells; each call opens the file for itself."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._engine = sa.create_engine(f"sqlite:///{home / FILE}", poolclass=sa.NullPool, connect_args={"timeout": WAITED})
        self._hidden = Hidden(home)
        with self._engine.connect() as db:
            db.exec_driver_sql("PRAGMA journal_mode=WAL")
        _tables.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @property
    def through(self) -> int | None:
        """The number of the last capture whose news was posted; None before the first."""
        with self._engine.connect() as db:
            row = db.execute(_marks.select().where(_marks.c.name == "through")).one_or_none()
        return None if row is None else int(row.value)

    def post(self, notices: Iterable[Notice], channels: Iterable[Channel], now: datetime, through: int | None = None) -> int:
        """Durable on return, with `through`; how many were new. What was posted before is not posted again, whoever wants it
        now."""
        new, named = 0, list(channels)
        with self._engine.begin() as db:
            for notice in notices:
                if db.execute(sa.select(_notices.c.id).where(_notices.c.id == notice.id)).first() is not None:
                    continue
                new += 1
                db.execute(_notices.insert().values(id=notice.id, at=_stamp(notice.at), said=json.dumps(notice.row())))
                for channel in named:
                    if notice.wanted(channel.wanted):
                        due = {"notice": notice.id, "channel": channel.name, "due": _stamp(now), "tries": 0}
                        db.execute(_deliveries.insert().values(**due))
            if through is not None:
                db.execute(_marks.delete().where(_marks.c.name == "through"))
                db.execute(_marks.insert().values(name="through", value=str(through)))
            self._forget(db)
        return new

    def _forget(self, db: sa.Connection) -> None:
        """By their number and by no clock: one that ran ahead for an hour would have all alarms told once more."""
        number = sa.literal_column("notice.rowid", sa.Integer)
        newest = sa.select(number).select_from(_notices).order_by(sa.desc(number))
        last = db.execute(newest.offset(KEPT).limit(1)).scalar()
        if last is None:
            return
        old = sa.select(_notices.c.id).where(number <= last)
        waits = sa.select(_deliveries.c.notice).where(_deliveries.c.due.is_not(None))
        gone = [row.id for row in db.execute(old.where(_notices.c.id.not_in(waits)))]
        for id_ in gone:
            db.execute(_deliveries.delete().where(_deliveries.c.notice == id_))
            db.execute(_notices.delete().where(_notices.c.id == id_))

    def due(self, now: datetime, most: int = 100) -> list[Delivery]:
        """Deliveries whose time has come, the oldest notice first."""
        both = sa.select(_notices.c.said, _deliveries.c.channel, _deliveries.c.tries).join(
            _deliveries, _deliveries.c.notice == _notices.c.id
        )
        query = both.where(_deliveries.c.due <= _stamp(now)).order_by(_notices.c.at, _notices.c.id).limit(most)
        with self._engine.connect() as db:
            found = [Delivery(Notice.of(json.loads(row.said)), row.channel, row.tries) for row in db.execute(query)]
        told, hidden = [], self._hidden.now() if found else self._hidden
        for delivery in found:
            notice = hidden.notice(delivery.notice)
            if notice is None:  # what it is of was taken down since
                self._set(delivery, due=None, tries=delivery.tries, trouble="taken down")
            else:
                told.append(replace(delivery, notice=notice))
        return told

    def delivered(self, delivery: Delivery) -> None:
        self._set(delivery, due=None, tries=delivery.tries, trouble=None)

    def failed(self, delivery: Delivery, why: str, now: datetime) -> bool:
        """Whether it will be tried again."""
        again = AGAIN[delivery.tries] if delivery.tries < len(AGAIN) else None
        due = None if again is None else _stamp(now + again)
        self._set(delivery, due=due, tries=delivery.tries + 1, trouble=why)
        return again is not None

    def _set(self, delivery: Delivery, **values: object) -> None:
        mine = (_deliveries.c.notice == delivery.notice.id) & (_deliveries.c.channel == delivery.channel)
        with self._engine.begin() as db:
            db.execute(_deliveries.update().where(mine).values(**values))

    def waits(self) -> int:
        """How many deliveries are still to be made."""
        with closing(self._engine.connect()) as db:
            return int(db.execute(sa.select(sa.func.count()).where(_deliveries.c.due.is_not(None))).scalar_one())

    def feeds(self, feeds: Iterable[Feed]) -> list[Path]:
        """Writes each feed anew where it is another than before; the files written."""
        with self._engine.connect() as db:
            said = [Notice.of(json.loads(row.said)) for row in db.execute(_notices.select())]
        hidden = self._hidden.now()
        held = [notice for each in said if (notice := hidden.notice(each)) is not None]
        written = []
        folder = self.home / FEEDS
        for each in feeds:
            octets = feed(each.name, (notice for notice in held if notice.wanted(each.wanted)))
            path = folder / f"{each.name}.atom"
            if path.is_file() and path.read_bytes() == octets:
                continue
            folder.mkdir(exist_ok=True)
            new = path.with_suffix(".new")
            new.write_bytes(octets)
            new.replace(path)
            written.append(path)
        return written


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
