"""Which court a page is of: by its host, else by the code its own links print."""

from __future__ import annotations

import re

from archive.ledger import courts
from crawler.page import Page, Part
from crawler.sites.sudrf import addresses
from crawler.sites.sudrf.addresses import Address
from crawler.sites.sudrf.cells import Found

_PRINTED = re.compile(r"(?<=vnkod=)" + courts.CODE.pattern)


def of(page: Page, address: Address, found: Found) -> tuple[str, Part | None]:
    """The official code of the page's court and, where a link of the page prints it, that text.

    A court that neither the register nor the page knows by code is called by its host's label, and flagged `unknown-court`.
    """
    printed = next((part for part in _codes(page) if part.text), None)
    known = courts.by_host(address.host)
    if known is None:
        if printed is None:
            found.flag("unknown-court")
            return addresses.label(address.host), None
        return printed.text, printed
    if printed is not None and printed.text != known.code:
        found.flag("court-mismatch")  # its host is ours to know: the link is not believed
        return known.code, None
    return known.code, printed


def _codes(page: Page) -> list[Part]:
    links = [node.attribute("href") for node in page.all('a[href*="vnkod="]')]
    return [code for link in links if link is not None and (code := link.find(_PRINTED)) is not None]
