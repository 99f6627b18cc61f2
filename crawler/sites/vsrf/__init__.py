"""The Supreme Court (vsrf.ru): its search of cases and complaints, and the pages of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.source import Place, Source, host_of

if TYPE_CHECKING:
    from archive.ledger.observation import Reading
    from crawler.page import Page

COURT = "vsrf"  # its official code is not known: called by its host


def matches(url: str) -> bool:
    return host_of(url).removeprefix("www.") == "vsrf.ru" and urlsplit(url).path.startswith("/lk/practice")


def judge(page: Page) -> tuple[str, str] | None:
    from crawler.sites.vsrf import pages

    return pages.judge(page)


def read(page: Page) -> Reading:
    from crawler.sites.vsrf import pages

    return pages.read(page, SOURCE.parser)


def places() -> Iterable[Place]:
    return (Place("Верховный Суд Российской Федерации", "vsrf.ru", COURT, ("www.vsrf.ru",)),)


SOURCE = Source(
    name="vsrf",
    title="Supreme Court of the Russian Federation",
    publisher="Верховный Суд Российской Федерации",
    kind="court-register",
    version=2,
    matches=matches,
    judge=judge,
    read=read,
    follow=("card",),
    places=places,
)
