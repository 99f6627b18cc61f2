"""Which addresses are one work; pure.

Two statements join: a canonical address on the same registrable domain, or with the same path and query on another (a
mirror that says whose it is), and hreflang pairs that name each other, both pages held. Some pages name another
publisher's address as canonical, and alternates are often home pages: neither joins. What likeness of texts or figures
suggests is for a person to decide, and is not done here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.ledger.observation import Link
from archive.urls import identity

if TYPE_CHECKING:
    import tldextract

Named = tuple[str | None, Collection[str]]  # what a page names: its canonical address, and its other editions

_HOME = re.compile(r"/?(?:[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?/?)?(?:index\.\w+)?\Z")


@cache
def _suffixes() -> tldextract.TLDExtract:
    import tldextract  # it brings a network client along, which takes an eighth of the start of every command

    # Its own snapshot of the Public Suffix List, never the network; `a.appspot.com` and `b.appspot.com` are two owners'.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def one_house(url: str, other: str) -> bool:
    """Both addresses are on one host, or under one registrable domain."""
    hosts = [(urlsplit(each).hostname or "").removeprefix("www.") for each in (url, other)]
    if hosts[0] == hosts[1]:
        return bool(hosts[0])
    return bool(_house(hosts[0])) and _house(hosts[0]) == _house(hosts[1])


def _house(host: str) -> str:
    """The registrable domain; empty for what has none (an IP address, a public suffix)."""
    found = _suffixes()(host)
    if found.suffix or found.ipv4 or found.ipv6 or "." not in host:
        return found.top_domain_under_public_suffix
    return ".".join(host.split(".")[-2:])  # publicsuffix.org, algorithm: where no rule matches, the rule is `*`


def is_home(url: str) -> bool:
    """The front page of a site or of one of its languages: it is nobody's edition."""
    parts = urlsplit(url)
    return bool(_HOME.match(parts.path)) and not parts.query


def original(url: str, canonical: str | None) -> str:
    """The address that a page says it stands under, where that may be believed; else its own."""
    if canonical is None or canonical == url or (is_home(canonical) and not is_home(url)):
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


def work_of_held(url: str, named: Callable[[str], Named | None], *, most: int = 64) -> str | None:
    """The work of a page that is held. named: what a held page names (canonical, alternates), None for one that is not held.

    Addresses are compared in the form of archive.urls.identity. At most so many pages are looked at.
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
    return work_of(url, *known.pop(url), known) if url in known else None


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
    """The work an address belongs to: `work:` and the first, in order of text, of the addresses that are one.

    alternates: the addresses that the page's hreflang links name. known: for each page held, by its address, its
    canonical address and its alternates. All addresses in the form of archive.urls.identity.
    """
    pages = {**known, final_url: (canonical, alternates)}
    originals = {url: original(url, said) for url, (said, _) in pages.items()}
    named: dict[str, set[str]] = {}
    for url, (_, others) in pages.items():
        targets = {originals.get(other, other) for other in others if not is_home(other)}
        if not is_home(url):
            named.setdefault(originals[url], set()).update(targets)
    group, ahead = set(), [originals[final_url]]
    while ahead:
        one = ahead.pop()
        if one not in group:
            group.add(one)
            ahead += (other for other in named.get(one, ()) if one in named.get(other, ()))
    return f"work:{min(group)}"
