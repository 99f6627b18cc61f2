"""Whose house is a host of, and which addresses are its front door? pure."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import tldextract

_HOME = re.compile(r"/?(?:[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?/?)?(?:index\.\w+)?\Z")
_NUMBERS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|\Z)){4}")  # an IPv4 address
# Delivery networks whose hosts belong to whoever rents them; the Public Suffix List has the others (appspot.com,
# cloudfront.net, global.ssl.fastly.net, translate.goog) and lacks these (ukraine-news-links 2.3).
_RENTED = ("b-cdn.net", "kxcdn.com", "azureedge.net", "akamaized.net")


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
    return bool(house(hosts[0])) and house(hosts[0]) == house(hosts[1])


@cache
def house(host: str) -> str:
    """The registrable domain; empty for what has none (an IP address, a public suffix)."""
    if _NUMBERS.fullmatch(host):
        return ""
    for network in _RENTED:
        if host.endswith(f".{network}"):
            return ".".join(host.split(".")[-network.count(".") - 2 :])
    found = _suffixes()(host)
    if found.suffix or found.ipv4 or found.ipv6 or "." not in host:
        return found.top_domain_under_public_suffix
    return ".".join(host.split(".")[-2:])  # publicsuffix.org, algorithm: where no rule matches, the rule is `*`


def is_home(url: str) -> bool:
    """The front page of a site or of one of its languages: it is nobody's edition."""
    parts = urlsplit(url)
    return bool(_HOME.match(parts.path)) and not parts.query
