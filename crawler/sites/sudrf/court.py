"""Which court a page is of: by its host, else by the code its own links or its visitor counter print."""

from __future__ import annotations

import re

from archive.ledger import courts
from crawler.cells import Found
from crawler.page import Page, Part
from crawler.sites.sudrf import addresses
from crawler.sites.sudrf.addresses import Address

_LINKED = re.compile(r"(?<=vnkod=)" + courts.CODE.pattern)
_COUNTED = re.compile(r"(?<=ssid=)" + courts.CODE.pattern)


def of(page: Page, address: Address, found: Found) -> tuple[str, Part | None]:
    """The official code of the page's court and, where the page itself prints it, that text.

    A court that neither the register nor the page knows by code is called by its host's label, and flagged `unknown-court`.
    """
    printed = next((part for part in (*_linked(page), *_counted(page)) if part.text), None)
    known = courts.by_host(address.host)
    if known is None:
        if printed is None:
            found.flag("unknown-court")
            return addresses.label(address.host), None
        if any(part.text != printed.text for part in _counted(page)) or _has_a_site(printed.text):
            found.flag("court-mismatch")  # of a court whose site we know, and this is not it
        return printed.text, printed
    if printed is not None and printed.text != known.code:
        found.flag("court-mismatch")  # its host is ours to know: the link is not believed
        return known.code, None
    return known.code, printed


def of_link(target: Address, page: Address, code: str) -> str:
    """The court a row leads to: the page's own, where the link stays on its host; another's by that host."""
    if target.host == page.host:
        return code
    known = courts.by_host(target.host)
    return known.code if known is not None else addresses.label(target.host)


def another(page: Page, address: Address) -> str | None:
    """The code of the court that sent this page, where it is not the one at this address; None where nothing speaks of another.

    Every site counts its visitors under its own code. A card of another court on this site is no such page: the courts of a
    region serve one another's cards.
    """
    known = courts.by_host(address.host)
    counted = next((part.text for part in _counted(page)), None)
    if known is None:  # a site that we do not know: it may count for any court but those whose sites we do know
        return counted if counted is not None and _has_a_site(counted) else None
    return counted if counted is not None and counted != known.code else None


def _has_a_site(code: str) -> bool:
    held = courts.by_code(code)
    return held is not None and held.host is not None


def _linked(page: Page) -> list[Part]:
    links = [node.attribute("href") for node in page.all('a[href*="vnkod="]')]
    return [code for link in links if link is not None and (code := link.find(_LINKED)) is not None]


def _counted(page: Page) -> list[Part]:
    images = [node.attribute("src") for node in page.all('img[src*="counter.sudrf.ru/"]')]
    return [code for image in images if image is not None and (code := image.find(_COUNTED)) is not None]
