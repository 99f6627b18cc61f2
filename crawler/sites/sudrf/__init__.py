"""The court sites of sudrf.ru (GAS "Pravosudie"): what they are asked, and how their answers are told apart and read."""

from __future__ import annotations

from archive.ledger.observation import Counter, Reading
from crawler.cells import Found
from crawler.page import Page
from crawler.sites.sudrf import act, addresses, card, hearings, listing, queries
from crawler.sites.sudrf.verdicts import judge, kind, whole
from crawler.source import Source


def read(page: Page) -> Reading:
    """The listing, hearing list, card or act on this page; raises Unreadable where it is none of these as we know them."""
    found = Found()
    what = kind(page)
    whole(page)
    counter: Counter | None = None
    match what:
        case "listing":
            counter = listing.read(page, found)
        case "hearings":
            hearings.read(page, found)
        case "card":
            card.read(page, found)
        case "act":
            act.read(page, found)
        case _:
            return Reading("empty", SOURCE.parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)
    return found.reading(SOURCE.parser, page, what, counter)


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
