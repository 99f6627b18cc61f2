"""What of alarms and notices may still be told: takedowns reach those too that were written before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from archive.errors import NotFound
from archive.ledger import discretion
from archive.ledger.book import Book
from archive.ledger.views import Views
from archive.ledger.withheld import WITHHELD, Takedown, Veil, drawn
from archive.ledger.words import registration
from schedules.notices import Notice
from schedules.watch import Alarm


class Hidden:
    """The takedowns of one archive, as they stand when `now` was called last. Raises ArchiveError where it cannot be read."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._standing: tuple[Takedown, ...] = ()
        self._veil: Veil = drawn((), (), None)

    def now(self) -> Hidden:
        standing = discretion.takedowns(self._home)
        if standing != self._standing:
            self._veil = self._drawn()
            self._standing = standing
        return self

    def _drawn(self) -> Veil:
        try:
            with Book.open(self._home) as book, Views.open(self._home, book) as views:
                return discretion.over(self._home, views)
        except NotFound:
            return drawn(discretion.takedowns(self._home), (), None)

    def notice(self, notice: Notice) -> Notice | None:
        """As it may be told; None where it is of a case or a page that was taken down."""
        if registration(notice.subject.removeprefix("case:")) in self._veil.gone:
            return None
        return replace(notice, title=self._veil.free(notice.title), text=self._veil.free(notice.text))

    def alarm(self, alarm: Alarm) -> Alarm:
        """As it may be told: that something is wrong stays true of a page that was taken down."""
        subject = WITHHELD if alarm.subject in self._veil.gone else self._veil.free(alarm.subject)
        return replace(alarm, subject=subject, detail=self._veil.free(alarm.detail))
