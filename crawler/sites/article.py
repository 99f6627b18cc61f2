"""Any news page: what it says of itself, the text of its article, and what it links to. Taken where no other source is.

What a page states (title, times, language, addresses) is read from its own marks, each quoted where it stands. The body
is found by trafilatura and so `derived`: quoted from its first word to its last, in the smallest element that holds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

from archive.ledger.observation import Link, Observation, Reading
from archive.text import fold
from archive.urls import resolve
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.source import Source

BODY_AT_LEAST = 200  # characters: a caption or a notice is no article
PLAIN_BODY_AT_LEAST = 600  # of a page that nowhere says it is an article
DATE_LINE = 60  # characters: a line that shows a date says little more
BORDER_LETTERS = 40  # so many letters of the body's first and last lines are looked for in the page
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting)\Z")
_NO_LETTER = re.compile(r"[\W_]+")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.S)
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?![0-9])")
_DOTTED = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?![0-9])")
_MONTHS = (
    "январ|січ|jan", "феврал|лют|feb", "март|берез|mar", "апрел|квіт|apr", "ма[йя]|трав|may", "июн|черв|jun", "июл|лип|jul",
    "август|серп|aug", "сентябр|верес|sep", "октябр|жовт|oct", "ноябр|листопад|nov", "декабр|груд|dec",
)  # fmt: skip
_NAME = rf"((?:{'|'.join(_MONTHS)})\w*)\.?"
_NAMED = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+{_NAME}|{_NAME}\s+(\d{{1,2}}))(?:,|\s+of)?\s+(\d{{4}})\b", re.I)


@dataclass(frozen=True, slots=True)
class Stated:
    """One value of a page's JSON-LD: the path of keys to it and the string literal that says it."""

    path: tuple[str | int, ...]
    part: Part


def matches(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")


def judge(page: Page) -> tuple[str, str] | None:
    """A page is an article when it has a title and a body, and says that it is one or has much to say."""
    if title(page) is None:
        return None
    text, found = body(page)
    if found is None or len(text) < BODY_AT_LEAST:
        return None
    if _says_article(page):
        return "page", "it says that it is an article"
    if urlsplit(page.url).path.strip("/") and len(text) >= PLAIN_BODY_AT_LEAST:
        return "page", f"it has a title and {len(text)} characters of text"
    return None


def read(page: Page) -> Reading:
    """Observations of the page's address, in the order of properties; links cited in the body, canonical, alternate, amp."""
    text, found = body(page)
    said = [part.says(page.url, "title", part.text) for part in [title(page)] if part]
    said += (part.says(page.url, "authors", part.text) for part in authors(page))
    said += _dates(page)
    said += _first(page, "language", _languages(page), _language)
    links: list[Link] = []
    for rel, css in (("canonical", "link[rel~=canonical][href]"), ("alternate", "link[rel~=alternate][hreflang][href]")):
        for node in page.all(css):
            url, part = address(page, node), _attribute(node, "href")
            if url and part:
                language = node.attr("hreflang") if rel == "alternate" else None
                said.append(part.says(page.url, rel, f"{language} {url}" if language else url))
                links.append(Link(url, rel, "", node.selector, language))
    said += _first(
        page, "image", [*_meta(page, "og:image"), *_ld(page, "image"), *_ld(page, "image", "url")], lambda raw: _join(page, raw)
    )
    said += _first(page, "outlet", [*_meta(page, "og:site_name"), *_ld(page, "publisher", "name")], str)
    if found:
        part = found
        said.append(Observation(page.url, "body", text, None, part.selector, part.quote, part.start, part.end, derived=True))
        links += _cited(page, page.one(part.selector))
    links += (
        Link(url, "amp", "", node.selector) for node in page.all("link[rel~=amphtml][href]") if (url := address(page, node))
    )
    return Reading("page", SOURCE.parser, page.charset, observations=tuple(said), links=tuple(links), kind="article")


def title(page: Page) -> Part | None:
    """As the page gives it to others; else its one main heading; else the window's title."""
    headings = page.all("h1")
    for found in (
        _meta(page, "og:title"),
        _ld(page, "headline"),
        [_whole(h) for h in headings[:1]],
        [_whole(t) for t in page.all("head title")],
    ):
        if found and found[0]:
            return found[0]
    return None


def authors(page: Page) -> list[Part]:
    """From the first place that names any."""
    marked = [_whole(node) for node in page.all('a[rel~=author], [itemprop="author"] [itemprop="name"]')]
    for found in (
        _ld(page, "author", "name") or _ld(page, "author"),
        _meta(page, "author"),
        _meta(page, "article:author"),
        marked,
    ):
        named = {part.text: part for part in found if part and not part.text.startswith(("http://", "https://"))}
        if named:
            return list(named.values())
    return []


def _dates(page: Page) -> Iterator[Observation]:
    timed = [part for node in page.all("time[datetime]") if (part := _attribute(node, "datetime"))]
    own = [
        *_meta(page, "article:published_time"), *_ld(page, "datePublished"), *_meta(page, "datePublished"),
        *_meta(page, "date"), *_meta(page, "pubdate"), *timed,
    ]  # fmt: skip
    published = list(_first(page, "published", own, day))
    yield from published or list(_shown_date(page)) or _guessed_date(page)
    changed = [*_meta(page, "article:modified_time"), *_ld(page, "dateModified"), *_meta(page, "og:updated_time")]
    yield from _first(page, "modified", changed, day)


def _shown_date(page: Page) -> Iterator[Observation]:
    """The first short text in a place named for dates: derived, for a name is no statement."""
    for node in page.all('time, [itemprop="datePublished"], [class*="date"], [class*="time"]'):
        part = _whole(node) if len(node.text) <= DATE_LINE else None
        if part and (found := day(part.text)):
            yield part.says(page.url, "published", found, derived=True)
            return


def _guessed_date(page: Page) -> Iterator[Observation]:
    """What htmldate concludes, where the page's text shows that day."""
    from htmldate import find_date

    found = find_date(page.text, original_date=True, extensive_search=False)  # the extensive one can take seconds
    if not found:
        return
    for node in page.all("p, div, span, li, td, h1, h2, h3"):
        if len(node.text) <= DATE_LINE and day(node.text) == found and (part := _whole(node)):
            yield part.says(page.url, "published", found, derived=True)
            return


def day(raw: str) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` where no more is said, as the page's own clock has it; None where it is no date."""
    if found := _ISO.search(raw):
        year, month, number = found.groups()
    elif found := _DOTTED.search(raw):
        number, month, year = found.groups()
    elif found := _NAMED.search(raw):
        number, year = found.group(1) or found.group(4), found.group(5)
        name = (found.group(2) or found.group(3)).lower()
        month = next(str(i) for i, starts in enumerate(_MONTHS, 1) if re.match(starts, name))
    else:
        return None
    try:
        whole = date(int(year), int(month), int(number or 1)).isoformat()
    except ValueError:
        return None
    return whole if number else whole[:7]


def _languages(page: Page) -> list[Part]:
    attributes = [
        _attribute(page.root, "lang"),
        *(_attribute(node, "content") for node in page.all('meta[http-equiv="content-language"]')),
    ]
    return (
        [part for part in attributes if part]
        + _ld(page, "inLanguage")
        + _ld(page, "inLanguage", "name")
        + _meta(page, "og:locale")
    )


def _language(raw: str) -> str | None:
    found = re.match(r"([A-Za-z]{2,3})(?:[-_]|\Z)", raw.strip())
    return found.group(1).lower() if found else {"english": "en", "russian": "ru", "ukrainian": "uk"}.get(raw.strip().lower())


def _first(page: Page, property: str, parts: list[Part], value) -> Iterator[Observation]:  # type: ignore[no-untyped-def]
    """The first of these places whose text has a normal form."""
    for part in parts:
        if normal := value(part.text):
            yield part.says(page.url, property, normal)
            return


def _meta(page: Page, name: str) -> list[Part]:
    """The contents of a meta element, however it is labelled."""
    found = page.all(f'meta[property="{name}"][content], meta[name="{name}"][content], meta[itemprop="{name}"][content]')
    return [part for node in found if (part := _attribute(node, "content"))]


def _attribute(node: Node, name: str) -> Part | None:
    """A value that cannot be shown in the source (of an `html` tag merged into another) is not taken."""
    try:
        return node.attribute(name)
    except Unreadable:
        return None


def _whole(node: Node) -> Part | None:
    try:
        return node.whole
    except Unreadable:
        return None


# JSON-LD. The values are read by a small scanner of our own: a JSON library does not say where a value stands.


def _ld(page: Page, *keys: str) -> list[Part]:
    """Values of the page's article, lists looked through: `author name` finds `{"author": [{"name": ...}]}`."""
    return [stated.part for stated in _statements(page) if tuple(k for k in stated.path if isinstance(k, str)) == keys]


@lru_cache(maxsize=1)
def _statements(page: Page) -> list[Stated]:
    """What the JSON-LD objects that are articles state, with paths from that object."""
    out: list[Stated] = []
    for script in page.all('script[type="application/ld+json"]'):
        if code := script.code:
            stated = list(_values(code))
            types = [s.path[: s.path.index("@type")] for s in stated if "@type" in s.path and _ARTICLE.search(s.part.text)]
            for base in types[:1]:
                out += (Stated(s.path[len(base) :], s.part) for s in stated if s.path[: len(base)] == base)
    return out


def _values(code: Part) -> Iterator[Stated]:
    """Every string value of a piece of JSON with its path; broken JSON gives what can be read of it."""
    path: list[str | int | None] = []  # None: an object whose next key is not read yet
    for token in _JSON.finditer(code.text):
        mark = token.group()
        if mark in "{[":
            path.append(None if mark == "{" else 0)
        elif mark in "}]":
            del path[-1:]
        elif mark == ",":
            if path:
                path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
        elif mark != ":":
            try:
                text = fold(json.loads(mark, strict=False))
            except ValueError:
                continue
            if path and path[-1] is None:
                path[-1] = text
            elif text and mark[1:-1].strip():
                yield Stated(
                    tuple(key for key in path if key is not None), code.sub(token.start() + 1, token.end() - 1).reads(text)
                )


# The body.


def _says_article(page: Page) -> bool:
    kinds = [part.text for part in _meta(page, "og:type")]
    return bool(
        "article" in kinds or _statements(page) or _meta(page, "article:published_time") or page.all("article time[datetime]")
    )


@lru_cache(maxsize=1)
def body(page: Page) -> tuple[str, Part | None]:
    """The article's text, white space folded, and where it stands: from its first word to its last."""
    from trafilatura import extract  # 0.8 s to import: only where articles are read

    lines = [line for line in (extract(page.text, include_comments=False) or "").splitlines() if _letters(line)]
    text = fold(" ".join(lines))
    for head in lines[:3]:
        for tail in reversed(lines[-3:]):
            if part := _between(page, _letters(head)[:BORDER_LETTERS], _letters(tail)[-BORDER_LETTERS:]):
                return text, part
    return text, None


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text).casefold()


def _between(page: Page, head: str, tail: str) -> Part | None:
    """The stretch from the first `head` to the last `tail`, in the smallest element that holds both; None where none does."""
    holder = page.root
    if not _holds(holder.text, head, tail):
        return None
    while inner := next((child for child in holder.children if _holds(child.text, head, tail)), None):
        holder = inner
    whole, span = _whole(holder), _span(holder.text, head, tail)
    return whole.sub(*span) if whole and span else None


def _holds(text: str, head: str, tail: str) -> bool:
    """Whether `_span` finds one; asked of every element on the way, so without its letter by letter."""
    letters = _letters(text)
    return 0 <= letters.find(head) <= letters.rfind(tail)


def _span(text: str, head: str, tail: str) -> tuple[int, int] | None:
    """Where in `text` it goes from `head` to `tail`, compared by letters alone."""
    kept = [(i, c) for i, letter in enumerate(text) if letter.isalnum() for c in letter.casefold()]
    letters = "".join(c for _, c in kept)
    first = letters.find(head)
    last = letters.rfind(tail)
    if first < 0 or last < first:
        return None
    return kept[first][0], kept[last + len(tail) - 1][0] + 1


# Addresses.


def address(page: Page, node: Node) -> str | None:
    """The absolute http(s) address an element points to; None where it is none."""
    return _join(page, node.attr("href") or "")


def _join(page: Page, raw: str) -> str | None:
    bases = page.all("base[href]")
    charset = "utf-8" if page.charset.startswith("utf") else page.charset  # WHATWG Encoding, 4.3
    try:
        base = resolve(bases[0].attr("href") or "", page.url) if bases else page.url
        return resolve(raw, base, charset=charset) if raw.strip() else None
    except ValueError:
        return None  # `mailto:`, `javascript:`, `http://[`


def _cited(page: Page, holder: Node) -> Iterator[Link]:
    """Links inside the element that holds the body, each address once; those within the page are none."""
    seen = {_join(page, page.url)}
    for node in holder.all("a[href]"):
        url = address(page, node)
        if url and url not in seen:
            seen.add(url)
            yield Link(url, "cited", node.text, node.selector, node.attr("hreflang") or None)


SOURCE = Source(
    name="article",
    title="Any article",
    publisher="as the page says",
    kind="publication",
    version=1,
    matches=matches,
    judge=judge,
    read=read,
    last_resort=True,
)
