"""Any news page: what it says of itself, the text of its article, and what it links to. Taken where no other source is.

What a page states (title, times, language, addresses) is read from its own marks, each quoted where it stands. The body
is concluded and so `derived`: quoted from its first word to its last, in the smallest element that holds it. Where the page
is plainly built (prose.py) it is taken at sight, else trafilatura finds it; a page without marks of an article and without
running text, as a register's listing, has none, and cites nothing.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import accumulate, chain
from urllib.parse import urlsplit

from archive.ledger.observation import Link, Observation, Reading
from archive.text import fold
from archive.urls import resolve
from crawler import evident
from crawler.datelines import addressed, day, guessed, shown
from crawler.editions import outlets
from crawler.editions.canonical import Decision, decide
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.prose import Stretch, between, has_prose, is_most, letters, paragraphs, passing, prose, tells
from crawler.source import Source

BODY_AT_LEAST = 200  # characters: a caption or a notice is no article
PLAIN_BODY_AT_LEAST = 600  # of a page that nowhere says it is an article
BORDER_LETTERS = 40  # so many letters of the body's first and last lines are looked for in the page
_GAP = "\n\n"  # between paragraphs, for what reads them together
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting)\Z")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.S)


@dataclass(frozen=True, slots=True)
class Stated:
    """One value of a page's JSON-LD: the path of keys to it, what it says, and its literal `code.text[start:end]`."""

    path: tuple[str | int, ...]
    text: str
    code: Part
    start: int
    end: int

    @property
    def part(self) -> Part:
        return self.code.sub(self.start, self.end).reads(self.text)


def matches(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def judge(page: Page) -> tuple[str, str] | None:
    """A page is an article when it has a title and a body, and says that it is one or has much to say.

    Another one that has much to say is read for what it states of itself.
    """
    if title(page) is None:
        return None
    found, deep = body(page), bool(urlsplit(page.url).path.strip("/"))
    if found is None:
        other = deep and _build(page) == "other" and tells(page, PLAIN_BODY_AT_LEAST)
        return ("page", "it has a title, and text that is no article") if other else None
    if _says_article(page) and len(found.text) >= BODY_AT_LEAST:
        return "page", "it says that it is an article"
    if deep and len(found.text) >= PLAIN_BODY_AT_LEAST:
        return "page", f"it has a title and {len(found.text)} characters of text"
    return None


def read(page: Page) -> Reading:
    """Observations of the page's address, in the order of properties; links cited in the body, canonical, alternate, amp."""
    found = body(page)
    said = [part.says(page.url, "title", part.text) for part in [title(page)] if part]
    said += (part.says(page.url, "authors", part.text) for part in authors(page))
    said += _dates(page)
    said += _first(page, "language", _languages(page), _language)
    links: list[Link] = []
    own = canonical(page)
    for rel in ("canonical", "alternate"):
        for node in _related(page, rel):
            language = node.attr("hreflang") if rel == "alternate" else None
            if rel == "alternate" and language is None:
                continue
            url, part = address(page, node), evident.attribute(node, "href")
            if url and part:
                followed = url if rel == "alternate" or (own and own.url) else None
                said.append(part.says(page.url, rel, f"{language} {url}" if language else followed))
                links.append(Link(url, rel, "", node.selector, language))
    images = chain(_meta(page, "og:image"), _ld(page, "image"), _ld(page, "image", "url"))
    said += _first(page, "image", images, lambda raw: _join(page, raw))
    said += list(_first(page, "outlet", chain(_meta(page, "og:site_name"), _ld(page, "publisher", "name")), str)) or _outlet(
        page
    )
    said += _outlet_id(page)
    if found:
        start, end = found.start, found.end
        selector, quote = found.holder.selector, page.text[start:end]
        said.append(Observation(page.url, "body", found.text, None, selector, quote, start, end, derived=True))
        said += _claims(page, found, next((each.value for each in said if each.property == "published"), None))
        links += _cited(page, found.holder)
    links += (Link(url, "amp", "", node.selector) for node in _related(page, "amphtml") if (url := address(page, node)))
    kind = "article" if found else ""
    flags = (f"canonical-{own.why}",) if own and own.url is None else ()
    return Reading("page", SOURCE.parser, page.charset, observations=tuple(said), links=tuple(links), flags=flags, kind=kind)


@lru_cache(maxsize=1)
def title(page: Page) -> Part | None:
    """As the page gives it to others; else its one main heading; else the window's title."""
    windows = (node for node in page.marks["title"] if any(tag == "head" for tag, _ in node.path))
    for found in (
        _meta(page, "og:title"),
        _ld(page, "headline"),
        (evident.whole(node) for node in page.marks["h1"][:1]),
        (evident.whole(node) for node in windows),
    ):
        if part := next(iter(found), None):
            return part
    return None


def canonical(page: Page) -> Decision | None:
    """Whether the address that the page calls its own is to be followed; None where it names none."""
    named = [url for node in _related(page, "canonical") if (url := address(page, node))]
    if not named:
        bare = [node for node in _related(page, "canonical") if (node.attr("href") or "").strip()]
        return Decision(None, "no-host") if bare else None
    og_url = next((part.text for part in _meta(page, "og:url")), None)
    return decide(page.url, named, og_url and _join(page, og_url))


def _own_addresses(page: Page) -> Iterator[Part]:
    """Where the page writes its own address."""
    yield from (part for node in _related(page, "canonical") if (part := evident.attribute(node, "href")))
    yield from chain(
        _meta(page, "og:url"), _ld(page, "url"), _ld(page, "mainEntityOfPage"), _ld(page, "mainEntityOfPage", "@id")
    )


def _outlet(page: Page) -> Iterator[Observation]:
    """Derived: an outlet that is known by its host, where the page names none."""
    for part in _own_addresses(page):
        if known := outlets.title(part.text):
            yield part.says(page.url, "outlet", known, derived=True)
            return


def _outlet_id(page: Page) -> Iterator[Observation]:
    """The article's id in its own address, where its outlet is known to write one there."""
    own = outlets.own_id(page.url)
    for part in _own_addresses(page):
        if (found := outlets.own_id(part.text)) and (own is None or own[0] == found[0]):
            yield part.sub(found[1], found[1] + len(found[0])).says(page.url, "outlet_id", found[0], derived=True)
            return


def authors(page: Page) -> list[Part]:
    """From the first place that names any."""
    for found in (
        list(_ld(page, "author", "name")) or _ld(page, "author"),
        _meta(page, "author"),
        _meta(page, "article:author"),
        (evident.whole(node) for node in _signatures(page)),
    ):
        named = {part.text: part for part in found if part and not part.text.startswith(("http://", "https://"))}
        if named:
            return list(named.values())
    return []


def _signatures(page: Page) -> Iterator[Node]:
    if page.marks["signed"]:
        yield from page.all('a[rel~=author], [itemprop="author"] [itemprop="name"]')


def _dates(page: Page) -> Iterator[Observation]:
    own = chain(
        _meta(page, "article:published_time"), _ld(page, "datePublished"), _meta(page, "datePublished"), _meta(page, "date"),
        _meta(page, "pubdate"), _times(page),
    )  # fmt: skip
    published = list(_first(page, "published", own, day))
    if published or body(page) is None:
        yield from published
    else:
        yield from _concluded(page)
    changed = chain(_meta(page, "article:modified_time"), _ld(page, "dateModified"), _meta(page, "og:updated_time"))
    yield from _first(page, "modified", changed, day)


def _times(page: Page) -> Iterator[Part]:
    if page.marks["timed"] and body(page) is not None:  # of a list of articles each has its own
        yield from (part for node in page.all("time[datetime]") if (part := evident.attribute(node, "datetime")))


def _concluded(page: Page) -> Iterator[Observation]:
    """Derived: a place named for dates is no statement, and what htmldate concludes is none either.

    Of a text on a page that nowhere says it is an article, a court's act perhaps, only its own address is asked further.
    """
    article = _says_article(page) or _build(page) == "strange"
    found = list(shown(page)) or list(guessed(page) if article else addressed(page))
    yield from (part.says(page.url, "published", value, derived=True) for part, value in found)


def _languages(page: Page) -> Iterator[Part]:
    said = [node for node in page.marks["meta"] if node.attr("http-equiv") == "content-language"]
    attributes = (evident.attribute(node, name) for node, name in [(page.root, "lang"), *((node, "content") for node in said)])
    yield from (part for part in attributes if part)
    yield from chain(_ld(page, "inLanguage"), _ld(page, "inLanguage", "name"), _meta(page, "og:locale"))


def _language(raw: str) -> str | None:
    found = re.match(r"([A-Za-z]{2,3})(?:[-_]|\Z)", raw.strip())
    return found.group(1).lower() if found else {"english": "en", "russian": "ru", "ukrainian": "uk"}.get(raw.strip().lower())


def _first(page: Page, property: str, parts: Iterable[Part], value) -> Iterator[Observation]:  # type: ignore[no-untyped-def]
    """The first of these places whose text has a normal form."""
    for part in parts:
        if normal := value(part.text):
            yield part.says(page.url, property, normal)
            return


@lru_cache(maxsize=1)
def _named(page: Page) -> dict[str, list[Node]]:
    """The meta elements by what they are labelled with."""
    found: dict[str, list[Node]] = {}
    for node in page.marks["meta"]:
        for label in {node.attr("property"), node.attr("name"), node.attr("itemprop")} - {None}:
            found.setdefault(label or "", []).append(node)
    return found


def _related(page: Page, rel: str) -> list[Node]:
    return [node for node in page.marks["link"] if rel in (node.attr("rel") or "").split()]


def _meta(page: Page, name: str) -> Iterator[Part]:
    """The contents of a meta element, however it is labelled."""
    return (part for node in _named(page).get(name, ()) if (part := evident.attribute(node, "content")))


# JSON-LD. The values are read by a small scanner of our own: a JSON library does not say where a value stands.


def _ld(page: Page, *keys: str) -> Iterator[Part]:
    """Values of the page's article, lists looked through: `author name` finds `{"author": [{"name": ...}]}`."""
    for stated in _statements(page):
        if tuple(key for key in stated.path if isinstance(key, str)) == keys:
            yield stated.part


@lru_cache(maxsize=1)
def _statements(page: Page) -> list[Stated]:
    """What the JSON-LD objects that are articles state, with paths from that object."""
    out: list[Stated] = []
    for script in page.marks["script"]:
        if (script.attr("type") or "").lower() == "application/ld+json" and (code := script.code):
            stated = list(_values(code))
            types = [s.path[: s.path.index("@type")] for s in stated if "@type" in s.path and _ARTICLE.search(s.text)]
            for base in types[:1]:
                out += (replace(s, path=s.path[len(base) :]) for s in stated if s.path[: len(base)] == base)
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
                yield Stated(tuple(key for key in path if key is not None), text, code, token.start() + 1, token.end() - 1)


# The body.


@lru_cache(maxsize=1)
def _says_article(page: Page) -> bool:
    kinds = (part.text for part in _meta(page, "og:type"))
    return bool(
        _statements(page)
        or "article" in kinds
        or next(_meta(page, "article:published_time"), None)
        or (page.marks["timed"] and any(article.all("time[datetime]") for article in page.marks["article"]))
    )


@lru_cache(maxsize=1)
def body(page: Page) -> Stretch | None:
    """The article's text and where it stands: from its first word to its last; None where there is none to show."""
    match _build(page):
        case "plain":
            return prose(page)
        case "strange":
            return _extracted(page)
        case _:
            return None


@lru_cache(maxsize=1)
def _build(page: Page) -> str:
    """`plain`: an article with its text at sight; `strange`: perhaps one; `other`: none, by its marks and its build."""
    try:
        plain = prose(page)
    except Unreadable:
        return "strange"
    if _says_article(page) or page.marks["article"]:
        return "plain" if plain else "strange"
    if plain:
        return "plain" if is_most(page, plain) else "other"
    return "strange" if has_prose(page) else "other"


def _extracted(page: Page) -> Stretch | None:
    from trafilatura import extract  # 0.8 s to import: only where articles are read

    taken = (extract(page.text, include_comments=False) or "").splitlines()
    lines = [line for line in taken if letters(line) and not passing(line)]
    text = fold(" ".join(lines))
    for head in lines[:3]:
        for tail in reversed(lines[-3:]):
            with suppress(Unreadable):
                if found := between(page, text, letters(head)[:BORDER_LETTERS], letters(tail)[-BORDER_LETTERS:]):
                    return found
    return None


def _claims(page: Page, found: Stretch, published: str | None) -> Iterator[Observation]:
    """The figures on courts that the text states, each property quoted where the text says it.

    Of a page that is dated or says that it is an article: a court's own card states figures enough, and claims nothing.
    """
    if not (published or page.marks["article"] or _says_article(page)):
        return
    from crawler.claims import may_claim, placed, told  # a tenth of a second of expressions, where pages are read alone

    if not may_claim(found.text):
        return
    try:
        known = list(paragraphs(page, found))
    except Unreadable:
        return
    begins = list(accumulate((len(text) + len(_GAP) for text, _ in known), initial=0))
    parts: dict[int, Part] = {}

    def part(at: int) -> Part:
        """The paragraph in the source: looked for once, and only where a claim stands in it."""
        if at not in parts:
            text, found_in_source = known[at]
            whole = found_in_source()
            if whole is None or whole.text != text:
                raise Unreadable(f"{page.url}: a paragraph is not found in the source as it is read")
            parts[at] = whole
        return parts[at]

    def place(start: int, end: int) -> Part:
        at = bisect_right(begins, start) - 1
        return part(at).sub(start - begins[at], end - begins[at])

    own_day = date.fromisoformat(published) if published and len(published) == len("2031-05-06") else None
    for n, each in enumerate(told(_GAP.join(text for text, _ in known), own_day), 1):
        with suppress(Unreadable):
            subject, said = f"{page.url}#claim:{n}", placed(each)
            places = {span: place(*span) for _, _, span in said}
            yield from [places[span].says(subject, name, value, derived=True) for name, value, span in said]


# Addresses.


def address(page: Page, node: Node) -> str | None:
    """The absolute http(s) address an element points to; None where it is none."""
    return _join(page, node.attr("href") or "")


def _join(page: Page, raw: str) -> str | None:
    bases = page.marks["base"]
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
    version=3,
    matches=matches,
    judge=judge,
    read=read,
    last_resort=True,
)
