"""Which addresses are one work, and why? What the rest of the house asks of this folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from urllib.parse import urlsplit

from archive.ledger.observation import Link
from archive.urls import identity
from crawler.editions.address import read
from crawler.editions.evidence import Page, links
from crawler.editions.heads import Head
from crawler.editions.houses import is_home, one_house
from crawler.editions.works import grouped

__all__ = ["Named", "beside", "is_home", "named_in", "one_house", "original", "work_of"]

Named = tuple[str | None, Collection[str]]  # what a page names: its canonical address, and its other editions


def original(url: str, canonical: str | None) -> str:
    """The address that a page says it stands under, where that may be believed; else its own."""
    if canonical is None or (is_home(canonical) and not is_home(url)):
        return url
    return canonical if one_house(url, canonical) or _same_place(url, canonical) else url


def _same_place(url: str, other: str) -> bool:
    """Only the host differs, as most mirrors have it; a syndicated copy has a path of its own."""
    one, two = urlsplit(url), urlsplit(other)
    return (one.path, one.query) == (two.path, two.query) and not is_home(url)


def named_in(links: Iterable[Link]) -> Named:
    """What a page's links name: its canonical address, and its other editions."""
    by_rel: dict[str, list[str]] = {"canonical": [], "alternate": []}
    for link in links:
        by_rel.get(link.rel, []).append(link.url)
    return next(iter(by_rel["canonical"]), None), tuple(by_rel["alternate"])


def beside(url: str, named: Callable[[str], Named | None], *, most: int = 64) -> dict[str, Named]:
    """What a held page and the held pages beside it name, by their addresses, in the form of archive.urls.identity.

    named: what a held page names (canonical, alternates), None for one that is not held. At most so many pages are looked at.
    """
    known: dict[str, Named] = {}
    ahead = [url]
    while ahead and len(known) < most:
        one = ahead.pop(0)
        if one in known or (said := named(one)) is None:
            continue
        canonical, alternates = said[0], [address for each in said[1] if (address := _identity(each))]
        known[one] = (_identity(canonical) if canonical else None, alternates)
        ahead += [address for address in (known[one][0], *alternates) if address]
    return known


def _identity(url: str) -> str | None:
    try:
        return identity(url)
    except ValueError:
        return None


def work_of(
    final_url: str,
    canonical: str | None,
    alternates: Collection[str],
    known: Mapping[str, tuple[str | None, Collection[str]]],
) -> str:
    """The work an address belongs to, by what it and the pages held beside it name: `work:` and its first address.

    alternates: the addresses that the page's hreflang links name. known: for each page held, by its address, its
    canonical address and its alternates. All addresses in the form of archive.urls.identity.
    """
    if canonical in (None, final_url) and not alternates and not known:  # most pages name nothing but themselves
        return f"work:{read(final_url).plain}"
    place = cache(read)  # the dearest part by far
    pages = [
        Page(place(url), Head((said,) if said else (), alternates=tuple(("", other) for other in others)))
        for url, (said, others) in {**known, final_url: (canonical, alternates)}.items()
    ]
    asked = place(final_url)
    others = [page.said for page in pages] + [place(each) for page in pages for each in page.head.canonicals]
    return grouped([asked, *others], links([asked, *others], pages, place=place))[0].work
