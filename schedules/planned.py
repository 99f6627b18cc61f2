"""The plan as its file says now, and when its targets were visited; read without the lock, so beside a daemon too."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from archive.errors import NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.shelf import Archive
from crawler.sites import sources
from schedules import planfile
from schedules.past import pasts
from schedules.plan import Past, Plan


def planned(home: Path) -> Plan:
    """An empty one where there is none. Raises BadSettings."""
    return planfile.load(home, sources()) or Plan()


def past(home: Path, plan: Plan, at: datetime) -> dict[str, Past]:
    """When each target was visited last."""
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(Archive.open(home))
        except (NotAnArchive, NotFound):
            return {}  # nothing was ever kept
        book: Book | None = None
        with contextlib.suppress(NotFound):
            book = stack.enter_context(Book.open(home))
        return pasts(plan.targets, archive, book, {source.name: source for source in sources()}, at)
