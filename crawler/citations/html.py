"""Which links does an HTML document hold? Its anchors, citations, Robust Links, JSON-LD, escaped widgets, and its text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Any

from archive.urls import resolve
from crawler.citations.text import addresses, host_fits
from crawler.citations.values import Found, Mention, Reading
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part

_LD_KEYS = frozenset(("citation", "isBasedOn", "isBasedOnUrl"))
_WIDGET = re.compile(r"""\s(?:data-[\w-]+|srcdoc)\s*=\s*("[^"]*&lt;[^"]*"|'[^']*&lt;[^']*'|"\s*<[^"]*"|'\s*<[^']*')""", re.I)
_WIDGET_LINK = re.compile(
    r"""<(a|script|iframe|blockquote|link)\b[^>]*?\s(href|src|cite)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)
ROBUST = ("data-originalurl", "data-versionurl")  # robustlinks.mementoweb.org/spec
DEEP = 64  # JSON in one another


def found(body: bytes, url: str | None = None) -> Found:
    """url: the page's own address; without it only a `base` or absolute references lead anywhere. Raises Unreadable."""
    page = Page.open(body, url or "about:blank")
    root = page.root
    base, hints = _base(page, url), list[str]()
    mentions: list[Mention] = []
    shown: Counter[str] = Counter()
    relative = 0
    for node in page.all("a[href], area[href]"):
        target, raw = None, (node.attr("href") or "").strip()
        if raw and not raw.startswith("#"):
            target = _address(raw, base, page)
            relative += target is None and base is None and ":" not in raw.partition("/")[0]
        if target:
            mentions.append(_mention(target, "href", _place(node, "href"), node.text))
            for each in addresses(node.text):
                if _same_shown(each, target):
                    shown[each.readings[0].url] += 1
        for name in ROBUST:
            if version := _address(node.attr(name) or "", base, page):
                mentions.append(_mention(version, "robust", _place(node, name), node.text))
    for node in page.all("[cite]"):
        if target := _address(node.attr("cite") or "", base, page):
            mentions.append(_mention(target, "cite", _place(node, "cite"), None))
    mentions += _linked_data(page, base)
    mentions += _widgets(page, base)
    text = _text(root)
    prose = "\n".join(line for line, _ in text)
    for said in addresses(prose):
        address = said.readings[0].url
        if shown[address]:
            shown[address] -= 1  # an anchor that shows its own address is one citation
            continue
        mentions.append(_placed(said, text))
    if relative:
        hints.append(f"{relative} relative links lead nowhere without the page's address (--url)")
    return Found(tuple(mentions), prose, hints=tuple(hints), counted=False)


def _base(page: Page, url: str | None) -> str | None:
    declared = page.all("base[href]")
    try:
        return resolve(declared[0].attr("href") or "", url) if declared else url
    except ValueError:
        return url


def _address(raw: str, base: str | None, page: Page) -> str | None:
    """As written where it is absolute, resolved where it is not; None for what is no http(s) address."""
    raw = raw.strip()
    if not raw:
        return None
    raw = re.sub(r"[\t\r\n]", "", raw)
    try:
        url = resolve(raw, base, charset="utf-8" if page.charset.startswith("utf") else page.charset)
    except ValueError:
        return None
    if not host_fits(url):
        return None
    if (
        raw.lower().startswith(("http://", "https://"))
        and " " not in raw
        and "@" not in raw.partition("//")[2].partition("/")[0]
    ):
        return raw
    mark = raw.partition("#")[2]
    return f"{url}#{mark}" if mark else url


def _mention(url: str, origin: str, part: Part | None, anchor: str | None) -> Mention:
    start, end = (part.start, part.end) if part else (None, 0)
    return Mention((Reading(url, 1.0, end, f"{origin} says it"),), origin, start, anchor or None)


def _place(node: Node, name: str) -> Part | None:
    try:
        return node.attribute(name)
    except Unreadable:
        return None


def _same_shown(said: Mention, target: str) -> bool:
    plain, other = (re.sub(r"\Ahttps?://(?:www\.)?|[#/]+\Z", "", each) for each in (said.readings[0].url, target))
    return plain == other or (said.kind == "truncated" and other.startswith(plain))


def _linked_data(page: Page, base: str | None) -> Iterator[Mention]:
    for script in page.all('script[type="application/ld+json"]'):
        try:
            code = script.code
            data = json.loads(code.text, strict=False) if code else None
        except (ValueError, RecursionError, Unreadable):
            continue
        for value in _cited(data):
            if target := _address(value, base, page):
                yield _mention(target, "json-ld", None, None)


def _cited(data: Any) -> Iterator[str]:
    """The addresses under `citation` and `isBasedOn`, wherever they stand."""
    todo: list[tuple[Any, bool, int]] = [(data, False, 0)]
    while todo:
        value, inside, depth = todo.pop()
        if depth > DEEP:
            continue
        if isinstance(value, str) and inside:
            yield value
        elif isinstance(value, list):
            todo.extend((each, inside, depth + 1) for each in reversed(value))
        elif isinstance(value, dict):
            for key, each in reversed(value.items()):
                here = key in _LD_KEYS or (inside and key in ("url", "@id", "sameAs"))
                if here or not inside:
                    todo.append((each, here, depth + 1))


def _widgets(page: Page, base: str | None) -> Iterator[Mention]:
    """Markup escaped inside an attribute or a text area: embedded graphics keep their links and their data's address there."""
    pieces = [(unescape(quoted[1][1:-1]), quoted.start(1)) for quoted in _WIDGET.finditer(page.text)]
    pieces += [(node.text, -1) for node in page.all("textarea") if "<" in node.text]
    for piece, at in pieces:
        for link in _WIDGET_LINK.finditer(piece):
            if target := _address(unescape(link[3] or link[4] or link[5] or ""), base, page):
                start = at + 1 if at >= 0 else None
                yield Mention((Reading(target, 0.95, start or 0, "an escaped widget holds it"),), "widget", start)


def _text(root: Node) -> list[tuple[str, Part | None]]:
    """The page's lines, each with its place where that is certain."""
    try:
        return [(part.text, part) for part in root.lines]
    except Unreadable:
        return [(root.text, None)]


def _placed(said: Mention, lines: list[tuple[str, Part | None]]) -> Mention:
    """The same mention, counted in the page's source; without a place where it goes over lines or none is certain."""
    at = 0
    assert said.start is not None
    text, part = "", None
    for text, part in lines:  # noqa: B007 (the line it stands in is used below)
        if said.start <= at + len(text):
            break
        at += len(text) + 1
    readings = []
    start = None
    for each in said.readings:
        end = 0
        if part is not None and at + len(text) >= each.end:
            try:
                place = part.sub(said.start - at, each.end - at)
                start, end = place.start, place.end
            except Unreadable:
                start = None
        readings.append(Reading(each.url, each.confidence, end, each.why))
    return Mention(tuple(readings), said.origin, start, kind=said.kind, broken=said.broken)
