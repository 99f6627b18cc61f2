"""One look at what was kept since the last one: alarms settled, news and alarms posted, feeds written."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from archive.disk import Disk
from archive.errors import NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.shelf import Archive
from schedules.alarms import Alarms, shown
from schedules.news import news
from schedules.notices import Notice, of_alarm
from schedules.outbox import Outbox
from schedules.plan import Plan

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
    """Alarms and outbox of one archive, used from one thread at a time. The rest: as `Alarms` has it."""

    def __init__(
        self, home: Path, *, floor: int, disk: Disk | None = None, stamped: bool = False, vantages: bool = False
    ) -> None:
        self._home = home
        self.alarms = Alarms(home, floor=floor, disk=disk, stamped=stamped, vantages=vantages)
        self.outbox = Outbox(home)

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
        lines = tuple(shown((*look.raised, *look.cleared)))
        return Told(lines, posted, more, len(self.alarms.standing()), self.outbox.waits())

    def _alarms(self, now: datetime) -> Iterator[Notice]:
        """Of each that was raised lately, that it was; of each that is over, that too."""
        for each in self.alarms.lately(now - LATELY):
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
