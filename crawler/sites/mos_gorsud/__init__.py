"""The courts of Moscow (mos-gorsud.ru): cards of pairs and tables, and the table of a search; read by labels and headers."""

from __future__ import annotations

from collections.abc import Iterable

from archive.ledger.observation import Counter, Reading
from crawler.cells import Found
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.sites.mos_gorsud import card, search
from crawler.source import Place, Source, host_of


def matches(url: str) -> bool:
    return host_of(url).removeprefix("www.") == "mos-gorsud.ru"


def judge(page: Page) -> tuple[str, str] | None:
    """A card by its pairs, a search by its rows or its count of none."""
    if card.is_card(page):
        return "page", "a card"
    if search.rows_of(page):
        return "page", "the table of a search"
    if page.has("ничего не найдено") or page.has("по вашему запросу не найдено"):
        return "empty", "nothing found"
    return "other-page", "none of the marks of a card or a search"


def read(page: Page) -> Reading:
    """The card or the search's rows; raises Unreadable where the page breaks off, or rows and count do not agree."""
    source = page.text.lower()
    if source.rfind("</html") < source.rfind("</div"):
        raise Unreadable(f"{page.url}: the page breaks off")
    found = Found()
    if card.is_card(page):
        card.read(page, found)
        return found.reading(SOURCE.parser, page, "card")
    if search.rows_of(page):
        return found.reading(SOURCE.parser, page, "listing", search.read(page, found))
    return Reading("empty", SOURCE.parser, page.charset, counter=Counter(0, 0, 0), flags=page.flags)


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
