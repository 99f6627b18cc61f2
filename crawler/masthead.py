"""Which outlet is an address of, and what does the outlet call that article? Hosts and forms of ids, as data; pure.

An id is the article's own within its outlet and language: `a81889` of the English Moscow Times and of the Russian one are
two articles. What no form here fits has none: a slug is no id (ukraine-news-links 2.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Masthead:
    """hosts: without `www.`; id: the path's part that is the article's own, its first group."""

    name: str
    hosts: tuple[str, ...]
    id: re.Pattern[str] | None = None


def _head(name: str, hosts: str, id_: str | None = None) -> Masthead:
    return Masthead(name, tuple(hosts.split()), re.compile(id_) if id_ else None)


MASTHEADS = (
    _head("Медиазона", "zona.media"),
    _head("Mediazona", "en.zona.media"),
    _head("Медиазона. Беларусь", "mediazona.by mediazonaby.com"),
    _head("Медиазона. Центральная Азия", "mediazona.ca"),
    _head("The Moscow Times", "themoscowtimes.com moscowtimes.com", r"/\d{4}/\d\d/\d\d/[^/]*?-?(a\d+)(?:/pdf)?/?\Z|"
        r"/(?:all|live)/(\d+)"),
    _head("The Moscow Times. Русская служба", "ru.themoscowtimes.com moscowtimes.ru moscowtimes.io",
    r"/\d{4}/\d\d/\d\d/[^/]*?-?(a\d+)/?\Z"),
    _head("The Insider", "theins.ru theins.press", r"/(?:en/)?[^/]+/(?:[^/]+/)?(\d{3,})/?\Z"),
    _head("The Kyiv Independent", "kyivindependent.com"),
    _head("Українська правда", "pravda.com.ua", r"/(?:eng/|rus/)?(?:news|articles|columns)/\d{4}/\d\d/\d\d/(\d+)"),
    _head("Meduza", "meduza.io"),
    _head("Радио Свобода", "svoboda.org", r"/a/(?:[^/]+/)?(\d+)\.html"),
    _head("Радіо Свобода", "radiosvoboda.org", r"/a/(?:[^/]+/)?(\d+)\.html"),
    _head("RFE/RL", "rferl.org", r"/a/(?:[^/]+/)?(\d+)\.html"),
    _head("Крым.Реалии", "ru.krymr.com krymr.com", r"/a/(?:[^/]+/)?(\d+)\.html"),
    _head("Укрінформ", "ukrinform.ua ukrinform.ru ukrinform.net ukrinform.de ukrinform.es", r"/rubric-[^/]+/(\d+)-"),
    _head("УНН", "unn.com.ua unn.ua", r"/(?:uk|ru|en)/news/(\d+)"),
    _head("Zerkalo", "zerkalo.io news.zerkalo.io", r"/[^/]+/(\d+)\.html"),
    _head("ЄДРСР", "reyestr.court.gov.ua", r"/Review/(\d+)"),
)  # fmt: skip


@cache
def _by_host() -> dict[str, Masthead]:
    return {host: each for each in MASTHEADS for host in each.hosts}


def masthead(url: str) -> Masthead | None:
    """Whose address it is; None for an outlet that is not known here."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return None
    return _by_host().get(host)


def id_of(url: str) -> tuple[str, int] | None:
    """The article's own id in the path of an address of a known outlet, and where it begins in the address."""
    known = masthead(url)
    if known is None or known.id is None:
        return None
    path = urlsplit(url).path
    if (found := known.id.search(path)) is None:
        return None
    said = next(group for group in found.groups() if group)
    at = url.find(said, url.find(path))
    return (said, at) if at >= 0 else None
