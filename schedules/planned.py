"""The plan as its file says now, and when its targets were visited; read without the lock, so beside a daemon too."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from archive.errors import NotAnArchive, NotFound
from archive.ledger.book import Book
from archive.shelf import Archive
from crawler.sites import sources
from crawler.vantage import Routes
from schedules import planfile
from schedules.past import pasts
from schedules.plan import Past, Plan


def planned(home: Path) -> Plan:
    """An empty one where there is none. Raises BadSettings."""
    return planfile.load(home, sources()) or Plan()


def route(plan: Plan, routes: Routes) -> None:
    """From where what the plan names is asked from now on. Raises BadSettings for a vantage that is not known there."""
    known = {source.name: source for source in sources()}
    hosts: dict[str, tuple[str, ...]] = {}
    for docket in plan.dockets:
        if docket.vantages:
            for place in known[docket.source].places():
                if place.court == docket.court:
                    hosts |= dict.fromkeys((place.host, *place.aliases), docket.vantages)
    routes.plan({each.url: each.vantages for each in plan.addresses if each.vantages}, hosts)


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
