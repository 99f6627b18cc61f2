"""Is this a card or a search of mos-gorsud.ru, or one of the other pages it sends? And what it says."""

from __future__ import annotations

from archive.ledger.observation import Counter, Reading
from crawler.cells import Found
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.sites.mos_gorsud import card, search


def judge(page: Page) -> tuple[str, str] | None:
    """A card by its pairs, a search by its rows or its count of none."""
    if card.is_card(page):
        return "page", "a card"
    if search.rows_of(page):
        return "page", "the table of a search"
    if page.has("ничего не найдено") or page.has("по вашему запросу не найдено"):
        return "empty", "nothing found"
    return "other-page", "none of the marks of a card or a search"


def read(page: Page, parser: str) -> Reading:
    """The card or the search's rows; raises Unreadable where the page breaks off, or rows and count do not agree."""
    source = page.text.lower()
    if source.rfind("</html") < source.rfind("</div"):
        raise Unreadable(f"{page.url}: the page breaks off")
    found = Found()
    if card.is_card(page):
        card.read(page, found)
        return found.reading(parser, page, "card")
    if search.rows_of(page):
        return found.reading(parser, page, "listing", search.read(page, found))
    return Reading("empty", parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)
