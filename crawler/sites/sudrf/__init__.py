"""The court sites of sudrf.ru (GAS "Pravosudie"): what they are asked, and how their answers are told apart and read."""

from __future__ import annotations

from archive.ledger.observation import Counter, Reading
from crawler.page import Page
from crawler.sites.sudrf import addresses, card, hearings, listing, queries
from crawler.sites.sudrf.cells import Found
from crawler.sites.sudrf.verdicts import judge, kind, whole
from crawler.source import Source


def read(page: Page) -> Reading:
    """The listing, hearing list or card on this page; raises Unreadable where it is none of them, or not as we know them."""
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
        case _:
            counter = Counter(0, 0, 0)
    return Reading(
        verdict="empty" if what == "empty" else "page",
        parser=SOURCE.parser,
        charset=page.charset,
        observations=tuple(found.observations),
        links=tuple(found.links),
        unread=tuple(found.unread),
        counter=counter,
        flags=(*page.flags, *found.flags),
        kind="" if what == "empty" else what,
    )


SOURCE = Source(
    name="sudrf",
    title="Courts of the Russian Federation (GAS Pravosudie)",
    publisher="Судебный департамент при Верховном Суде Российской Федерации",
    kind="court-register",
    version=1,
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
