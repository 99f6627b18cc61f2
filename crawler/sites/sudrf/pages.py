"""What a page of a court site is, and what it says: the listing, hearing list, card or act on it."""

from __future__ import annotations

from archive.ledger.observation import Counter, Reading
from crawler.cells import Found
from crawler.page import Page
from crawler.sites.sudrf import act, card, hearings, listing
from crawler.sites.sudrf.verdicts import judge, kind, whole

__all__ = ["judge", "read"]


def read(page: Page, parser: str) -> Reading:
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
            return Reading("empty", parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)
    return found.reading(parser, page, what, counter)
