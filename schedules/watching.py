"""One look at what was kept since the last one: alarms settled, news and alarms posted, feeds written."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from archive.disk import Disk
from archive.errors import NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.shelf import Archive
from schedules.alarms import Alarms, shown
from schedules.hidden import Hidden
from schedules.journal import Event, Tell
from schedules.news import news
from schedules.notices import Notice, of_alarm
from schedules.outbox import Delivery, Outbox
from schedules.plan import Plan
from schedules.watch import Raised

LATELY = timedelta(days=7)  # alarms that are posted again after a kill; those that were posted before stay as they are


@dataclass(frozen=True, slots=True)
class Told:
    """lines: for the log. posted: notices that were new. more: it is worth looking again at once.

    standing: alarms; undelivered: notices that are still to be taken by somebody.
    """

    lines: tuple[str, ...]
    posted: int
    more: bool
    standing: int = 0
    undelivered: int = 0


class Watching:
    """Alarms and outbox of one archive, used from one thread at a time. tell: told of alarms and of what becomes of notices, in
    place of lines. The rest: as `Alarms` has it."""

    def __init__(
        self,
        home: Path,
        *,
        floor: int,
        disk: Disk | None = None,
        stamped: bool = False,
        vantages: bool = False,
        tell: Tell | None = None,
    ) -> None:
        self._home, self._tell = home, tell
        self.carried = None if tell is None else partial(_carried, tell)
        self.alarms = Alarms(home, floor=floor, disk=disk, stamped=stamped, vantages=vantages)
        self.outbox = Outbox(home)
        self._hidden = Hidden(home)

    def close(self) -> None:
        self.alarms.close()
        self.outbox.close()

    def look(self, plan: Plan, now: datetime, busy: Container[str] = ()) -> Told:
        """busy: names of targets that are being visited. Raises ArchiveError where the archive cannot be read."""
        look = self.alarms.look(plan, now, busy)
        if look.more:
            return Told((), 0, more=True)
        notices = list(self._alarms(now))
        found, through = self._news()
        posted = self.outbox.post((*notices, *found), plan.channels, now, through)
        self.outbox.feeds(plan.feeds)
        more = through is not None and through < self.alarms.through
        hidden = self._hidden.now()
        seen = [replace(each, alarm=hidden.alarm(each.alarm)) for each in (*look.raised, *look.cleared)]
        if self._tell is not None:
            for each in seen:
                _told_of(self._tell, each)
        lines = tuple(shown(seen)) if self._tell is None else ()
        return Told(lines, posted, more, len(self.alarms.standing()), self.outbox.waits())

    def _alarms(self, now: datetime) -> Iterator[Notice]:
        """Of each that was raised lately, that it was; of each that is over, that too."""
        hidden = self._hidden.now()
        for one in self.alarms.lately(now - LATELY):
            each = replace(one, alarm=hidden.alarm(one.alarm))
            if each.raised >= now - LATELY:
                yield of_alarm(each.as_raised())
            if each.cleared is not None:
                yield of_alarm(each)

    def _news(self) -> tuple[list[Notice], int | None]:
        after = self.outbox.through
        if after is None:
            return [], self.alarms.through  # what was there before anybody was told is no news
        with contextlib.ExitStack() as stack:
            try:
                archive = stack.enter_context(Archive.open(self._home))
                book = stack.enter_context(Book.open(self._home))
            except (NotAnArchive, NotFound):
                return [], after
            return news(archive, book, after, self.alarms.through)


def _told_of(tell: Tell, each: Raised) -> None:
    alarm, over = each.alarm, each.cleared is not None
    told = {"alarm": alarm.kind, "subject": alarm.subject, "detail": alarm.detail, "captures": alarm.captures}
    tell(Event.CLEARED if over else Event.RAISED, **told)
    if alarm.kind == "disk-low" and not over:
        tell(Event.DISK_LOW, detail=alarm.detail)


def _carried(tell: Tell, delivery: Delivery, why: str | None, again: bool) -> None:
    """As Notifier asks. A webhook is told by its host alone: the rest of its address may be all that keeps others out of it."""
    parts = urlsplit(delivery.channel)
    receiver = f"{parts.scheme}://{parts.hostname}" if parts.hostname else delivery.channel
    if why is None:
        tell(Event.DELIVERED, notice=delivery.notice.id, kind=delivery.notice.kind, receiver=receiver)
    else:
        why = why.replace(delivery.channel, receiver)
        tell(Event.UNDELIVERED, notice=delivery.notice.id, receiver=receiver, why=why, again=again)
