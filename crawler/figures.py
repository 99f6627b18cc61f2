"""Which script or data file carries the figures of a data story? pure.

The numbers of such a page are not in its HTML: it holds an escaped widget that names a hashed bundle, and the data stand in
the bundle's literals or in files that it names (ukraine-news-links 2.7). Without these an archive holds the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from archive.urls import resolve

MOST = 16  # files of one page
_WIDGET = re.compile(r"""\s(?:data-[\w-]+|srcdoc)\s*=\s*("[^"]*&lt;[^"]*"|'[^']*&lt;[^']*'|"\s*<[^"]*"|'\s*<[^']*')""", re.I)
_SOURCE = re.compile(
    r"""<(?:script|iframe|link)\b[^>]{0,1000}?\s(?:src|href|data-src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)
_SCRIPT = re.compile(r"""<script\b[^>]{0,1000}?\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_STORY = re.compile(r"/(?:infographics?|interactives?|datavi[sz]|projects?|graphics?|charts?|embeds?|widgets?|visuals?)/", re.I)
_HASHED = re.compile(r"[.-][0-9a-f]{8,}\.m?js(?:\.(?:gz|br))?\Z", re.I)
_DATA = re.compile(
    r"""["'`]([^"'`\s<>()\\]{1,300}?\.(?:json|csv|tsv|geojson|topojson)(?:\.(?:gz|br))?(?:\?[^"'`\s<>]*)?)["'`]""", re.I
)


def carriers(source: str, url: str) -> list[str]:
    """The files that a page's figures come from: what its widgets load, scripts of data stories, data files it names."""
    found: dict[str, None] = {}
    for widget in _WIDGET.finditer(source):
        piece = unescape(widget[1][1:-1])
        for named in (*_named(_SOURCE, piece), *_named(_DATA, piece)):
            _take(found, named, url)
    for named in _named(_SCRIPT, source):
        path = urlsplit(unescape(named)).path
        if _STORY.search(path) and _HASHED.search(path):
            _take(found, unescape(named), url)
    for named in _named(_DATA, source):
        if not named.endswith(("manifest.json", "package.json")):
            _take(found, unescape(named), url)
    return list(found)[:MOST]


def data_files(script: str, url: str) -> list[str]:
    """The data files that a bundle names, from its own address on."""
    found: dict[str, None] = {}
    for named in _named(_DATA, script):
        if "/" in named or re.search(r"\.(?:csv|tsv|geojson|topojson)", named) or _HASHED.search(named.replace(".json", ".js")):
            _take(found, named, url)
    return list(found)[:MOST]


def _named(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        yield next((each for each in found.groups() if each), "")


def _take(found: dict[str, None], named: str, url: str) -> None:
    try:
        target = resolve(named, url)
    except ValueError:
        return
    if urlsplit(target).path.lower().endswith((".css", ".png", ".jpg", ".svg", ".woff2", ".ico")):
        return
    found[target] = None
