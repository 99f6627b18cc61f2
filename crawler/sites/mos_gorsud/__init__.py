"""The courts of Moscow (mos-gorsud.ru): cards of pairs and tables, and the table of a search; read by labels and headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crawler.source import Place, Source, host_of

if TYPE_CHECKING:
    from archive.ledger.observation import Reading
    from crawler.page import Page


def matches(url: str) -> bool:
    return host_of(url).removeprefix("www.") == "mos-gorsud.ru"


def judge(page: Page) -> tuple[str, str] | None:
    from crawler.sites.mos_gorsud import pages

    return pages.judge(page)


def read(page: Page) -> Reading:
    from crawler.sites.mos_gorsud import pages

    return pages.read(page, SOURCE.parser)


def places() -> Iterable[Place]:
    return (Place("Московский городской суд и районные суды Москвы", "mos-gorsud.ru", None, ("www.mos-gorsud.ru",)),)


SOURCE = Source(
    name="mos_gorsud",
    title="Courts of the city of Moscow",
    publisher="Московский городской суд",
    kind="court-register",
    version=2,
    matches=matches,
    judge=judge,
    read=read,
    follow=("card",),
    places=places,
)
