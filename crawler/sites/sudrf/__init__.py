"""The court sites of sudrf.ru (GAS "Pravosudie"): what they are asked, and how their answers are told apart and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.sites.sudrf import addresses, queries
from crawler.source import Source

if TYPE_CHECKING:
    from archive.ledger.observation import Reading
    from crawler.page import Page


def judge(page: Page) -> tuple[str, str] | None:
    from crawler.sites.sudrf import pages

    return pages.judge(page)


def read(page: Page) -> Reading:
    from crawler.sites.sudrf import pages

    return pages.read(page, SOURCE.parser)


SOURCE = Source(
    name="sudrf",
    title="Courts of the Russian Federation (GAS Pravosudie)",
    publisher="Судебный департамент при Верховном Суде Российской Федерации",
    kind="court-register",
    version=3,
    matches=addresses.ours,
    judge=judge,
    read=read,
    charset="cp1251",
    platform="sudrf",
    pause=3.0,
    platform_pause=1.5,
    follow=("card", "act"),
    seeds=queries.seeds,
    places=queries.places,
    talk=queries.talk,
    throttled=queries.throttled,
)
