"""How far is a page to be believed that names another address as its own? pure.

canonical, og:url and JSON-LD are right on most pages and wrong on some: syndicated copies name their publisher, templates
name a section or the front page. A page is believed within its own house; on a foreign host it is believed where its
address is the origin's but for the host, which a copy with a path of its own is not (ukraine-news-links 0, 2.3, 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.editions import outlets
from crawler.editions.address import Said
from crawler.editions.houses import is_home, one_house
from crawler.editions.outlets import Placed
from crawler.editions.wrappers import opaque

NEAR = 2  # days that the dates of one article's addresses may differ


@dataclass(frozen=True, slots=True)
class Belief:
    """What the page is to the address it names, how likely (0..1), and why."""

    relation: str
    confidence: float
    reason: str


def belief(page: Said, named: Said) -> Belief | None:
    """None where the page names itself."""
    if page.place == named.place:
        return None
    if is_home(named.plain) and not is_home(page.plain):
        return Belief("original", 0.1, "names a front page")
    if opaque(page.plain) and not page.known:
        return Belief("original", 0.95, "leads to it, and is a feed's or a short address")
    if page.placed and named.placed and page.place.outlet == named.place.outlet:
        return _one_outlet(page, named, page.placed, named.placed)
    if page.known:
        if one_house(page.plain, named.plain):
            return Belief("original", 0.3, "names an address of its outlet that no article has")
        return Belief("reprint", 0.3, "an outlet's page names another house")
    if named.placed:
        return _names_outlet(page, named, named.placed)
    if one_house(page.plain, named.plain):
        if _section(named.plain, page.plain):
            return Belief("original", 0.3, "names the section that it stands in")
        return Belief("original", 0.95, "names it, and both are of one house")
    if _path(page.plain) == _path(named.plain) and not is_home(page.plain):
        return Belief("mirror", 0.92, "names it, and only the host differs")
    return Belief("reprint", 0.6, "names another house's address, which differs from its own")


def _one_outlet(page: Said, named: Said, here: Placed, there: Placed) -> Belief:
    if page.place.edition != named.place.edition:
        return Belief(here.edition.relation, 0.5, "names an address of its outlet's other edition")
    if page.soft or named.soft:
        same = here.slug == there.slug
        return Belief("original", 0.98 if same else 0.92, f"names it, with {'the same' if same else 'another'} slug")
    if _close(here, there):
        return Belief("original", 0.93, "names it, and only the date differs")
    return Belief("original", 0.4, "names another article of its outlet")


def _names_outlet(page: Said, named: Said, there: Placed) -> Belief:
    if one_house(page.plain, named.plain):
        return Belief("original", 0.93, "names an article of its own house")
    here = outlets.in_edition(there.edition, urlsplit(page.plain).path)
    if here is None:
        return Belief("reprint", 0.6, "names an outlet's article, under a path of its own")
    if here.place == there.place:
        return Belief("mirror", 0.95, "names it, and only the host differs")
    if _close(here, there) or ((here.form.soft or there.form.soft) and here.slug == there.slug):
        return Belief("mirror", 0.93, "names it, with the same slug under a path of the outlet's grammar")
    return Belief("reprint", 0.5, "names an outlet's article, and has the path of another")


def _close(one: Placed, other: Placed) -> bool:
    """The same slug, at most two days apart."""
    if one.slug is None or one.slug != other.slug or one.day is None or other.day is None:
        return False
    return abs((one.day - other.day).days) <= NEAR


def _section(named: str, page: str) -> bool:
    """`/news` is where `/news/a-slug` stands."""
    return urlsplit(page).path.startswith(urlsplit(named).path.rstrip("/") + "/") and not urlsplit(named).query


def _path(url: str) -> tuple[str, str]:
    return urlsplit(url).path, urlsplit(url).query
