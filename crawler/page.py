"""Strict selectors over a decoded page; every text comes with its exact place in the source.

The only room that knows selectolax. A Part says where its text stands: `part.quote` is the slice of `page.text` from
the source of its first character to the source of its last. The places come from markup.py, whose marks travel
through the parser; here each is compared with the tree, and where the two differ the Part is refused (Unreadable):
an observation is right or it is not made. `Node.text` and selectors work everywhere, places or not.

To cut a whole page costs ten times what it costs to parse it. Where few places are wanted (of an article: its marks and
two ends of its text) the page is opened `sparse`: its tree is that of the source as it is, and for each place wanted only
a piece of the source is cut: its head, or the element itself where the source writes it once and as the tree does. What
is found there is compared with the tree like everything else; where that decides nothing the whole page is cut after all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode, SelectolaxError

from archive.text import fold
from crawler import charset
from crawler.errors import Unreadable
from crawler.markup import ESCAPABLE, RAW, START_TAG, Markup, Word, attribute, scan, words
from crawler.part import BROKEN, JOINED, SPACED, Part, joined
from crawler.written import Writing

__all__ = ["Node", "Page", "Part"]

# What a reader never sees as text.
UNSEEN = frozenset(("script", "style", "template", "iframe", "noembed", "noframes", "datalist"))
# A border of one of these is white space and ends a line.
_BLOCKS = """
    address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav ol optgroup option p pre
    search section select summary table tbody td textarea tfoot th thead title tr ul xmp
"""
BLOCKS = frozenset(_BLOCKS.split())
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
_SIMPLE_TAG = re.compile(r"[a-z][a-z0-9]*\Z")
# All that is asked of every page, in one pass of its tree: one more selector costs a tenth of one more pass.
_MARKS = (
    "title, meta[content], link[rel][href], base[href], script, style, h1, article, p, form, iframe, a[rel], [itemprop], "
    'time[datetime], [id*="challenge" i], [id^="ddg-" i]'
)
_KINDS = ("title", "meta", "link", "base", "script", "style", "h1", "article", "p", "form", "iframe")
_HEAD_END = re.compile(r"</head|<body", re.I)
_HTML = re.compile(r"\ufeff?[\t\n\f\r\x20]*+(?:<!doctype[^>]*+>[\t\n\f\r\x20]*+)?+(?=<html[\t\n\f\r\x20>])", re.I)


class _Atom(NamedTuple):
    """A word of the tree, or the part of a word between two tags. number: the run it came with; rank: its place there."""

    text: str
    follows: int
    number: int | None
    rank: int
    piece: list[str]  # all words that came with the run's mark


class Page:
    """One decoded page. url: its address; charset: the Python codec with which archive.text.decode_text gives `text`.

    flags: oddities of the decoding, as words (charset.py).
    """

    __slots__ = ("__dict__", "_octets", "charset", "flags", "sparse", "text", "url")

    def __init__(self, text: str, url: str, charset: str, flags: tuple[str, ...] = (), *, sparse: bool = False) -> None:
        self.text, self.url, self.charset, self.flags, self.sparse = text, url, charset, flags, sparse
        self._octets: bytes | None = None

    @classmethod
    def open(
        cls,
        body: bytes,
        url: str,
        *,
        content_type: str | None = None,
        default_charset: str = "utf-8",
        sparse: bool = False,
    ) -> Page:
        """From bytes with their content coding undone. Raises nothing: what it is shows in its text.

        sparse: few places will be asked for; nothing else tells the two kinds of page apart.
        """
        decoded = charset.decide(body, content_type, default_charset)
        page = cls(decoded.text, url, decoded.charset, decoded.flags, sparse=sparse)
        if sparse and decoded.charset == "utf-8" and charset.DAMAGED not in decoded.flags:
            page._octets = body  # what the parser takes: not encoded for it once more
        return page

    def forget(self) -> None:
        """Let go of its trees: page and nodes hold each other, and a tree is large. Made anew where it is asked for again."""
        self.__dict__.clear()

    def one(self, css: str) -> Node:
        """The one element that `css` selects. Raises Unreadable for none or several."""
        return _one(self._select(css), css, self.url)

    def maybe(self, css: str) -> Node | None:
        """The one element, or None. Raises Unreadable for several."""
        found = self._select(css)
        return _one(found, css, self.url) if found else None

    def all(self, css: str, at_least: int = 0) -> list[Node]:
        """Every element that `css` selects, in document order. Raises Unreadable for fewer than `at_least`."""
        return _enough(self._select(css), css, self.url, at_least)

    def has(self, text: str) -> bool:
        """A reader sees this text somewhere (upper and lower case, white space alike)."""
        return fold(text).casefold() in self._seen

    @cached_property
    def marks(self) -> dict[str, list[Node]]:
        """By tag, the elements in which a page says what it is and holds its text: all looked for at once.

        Under "guarded" those with an id such as guards give; under "signed" and "timed" others that are a reason to look for
        signatures and times.
        """
        found: dict[str, list[Node]] = {kind: [] for kind in (*_KINDS, "guarded", "signed", "timed")}
        for node in self.all(_MARKS):
            raw, tag = node._raw, node.tag
            if (name := raw.id) and ("challenge" in (name := name.lower()) or name.startswith("ddg-")):
                found["guarded"].append(node)
            if tag in found and (tag != "base" or "href" in raw.attributes):
                found[tag].append(node)
            elif tag == "time":
                found["timed"].append(node)
            if tag not in _KINDS or "itemprop" in raw.attributes:
                found["signed"].append(node)
        return found

    @cached_property
    def paragraphs(self) -> dict[Node, str]:
        """Every `p` and its text, in document order."""
        return {node: node.text for node in self.marks["p"]}

    def shows(self, size: int) -> bool:
        """A reader sees at least so many characters; looks no further than it must."""
        ahead = size - sum(map(len, self.paragraphs.values()))
        if ahead <= 0:
            return True
        ahead = size
        for text, _ in self.texts():
            ahead -= len(fold(text))
            if ahead <= 0:
                return True
        return len(self.root.text) >= size  # white space between texts counts too

    def texts(self) -> Iterator[tuple[str, str]]:
        """The texts that a reader sees, and the tag around each, in order; looked for only once, and no further than asked."""
        known, more = self._texts
        at = 0
        while at < len(known) or (following := next(more, None)):
            if at == len(known) and following:
                known.append(following)
            yield known[at]
            at += 1

    @cached_property
    def _texts(self) -> tuple[list[tuple[str, str]], Iterator[tuple[str, str]]]:
        return [], self._all_texts()

    def _all_texts(self) -> Iterator[tuple[str, str]]:
        for raw in self.root._raw.traverse(include_text=True):  # at the parser's speed, so without a `select`'s
            if raw.is_text_node and (up := raw.parent) is not None:
                tag = up.tag or ""
                if tag not in UNSEEN and tag not in ("option", "optgroup"):
                    yield self._plain(raw.text_content or ""), tag

    @cached_property
    def _seen(self) -> str:
        return self.root.text.casefold()

    def _plain(self, text: str) -> str:
        return text if self.sparse else self._markup.unmarked(text)

    @cached_property
    def root(self) -> Node:
        """The html element."""
        element = self._tree.root
        if element is None:
            raise Unreadable(f"{self.url}: no html element")
        return Node(self, element)

    @cached_property
    def _markup(self) -> Markup:
        return scan(self.text)

    @cached_property
    def _tree(self) -> LexborHTMLParser:
        try:
            source = (self._octets or self.text) if self.sparse else self._markup.marked
            return LexborHTMLParser(source, options=LexborDocumentOptions.WO_EVENTS)
        except (SelectolaxError, ValueError, RuntimeError) as exc:
            raise Unreadable(f"{self.url}: the HTML parser gave up: {exc}") from exc

    def _select(self, css: str, within: LexborNode | None = None) -> list[Node]:
        try:
            found = (within or self._tree).css(css)
        except SelectolaxError as exc:
            raise ValueError(f"not a selector: {css!r}") from exc
        own = None if within is None else within.mem_id  # lexbor counts the element itself as inside
        unique = {raw.mem_id: raw for raw in found if raw.mem_id != own}  # and one that two of a list's selectors fit twice
        return [Node(self, raw) for raw in unique.values()]

    @cached_property
    def _words(self) -> dict[int, tuple[list[Word], list[str]]]:
        """The words of a run, and the tree's that they were found equal to."""
        return {}

    def _word(self, atom: _Atom, selector: str) -> Word:
        """Where a word of the tree stands, after the whole of its run was compared with the tree's."""
        if atom.number is None or atom.number >= len(self._markup.runs):
            raise Unreadable(f"{selector}: the place of {atom.text[:60]!r} in the source is not known")
        known = self._words.get(atom.number)
        if known is None or known[1] is not atom.piece:
            found = known[0] if known else self._markup.words(atom.number)
            if [word.text for word in found] != atom.piece:
                raise Unreadable(f"{selector}: source and tree disagree about {atom.text[:60]!r}")
            known = self._words[atom.number] = (found, atom.piece)
        return known[0][atom.rank]

    # A sparse page's places: in other pages, cut whole, each with where it begins in this one.

    @cached_property
    def _writing(self) -> Writing:
        return Writing(self.text)

    @cached_property
    def _whole_page(self) -> Page:
        return Page(self.text, self.url, self.charset)

    @cached_property
    def _head_page(self) -> Page | None:
        """The source up to its body. What stands in it is not moved or changed by what follows, but for open elements."""
        end = _HEAD_END.search(self.text)
        return Page(self.text[: end.start()], self.url, self.charset) if end else None

    def _cut(self, node: Node, *, tag_only: bool = False) -> tuple[Node, int]:
        """The same element in a page whose places are known, and where that page begins in this one.

        tag_only: its start tag is wanted, so that its content may be another one.
        """
        path = node.path
        if (tag_only and len(path) < 2) or (len(path) > 1 and path[1][0] == "head"):
            found = self._head_page and _follow(self._head_page, path)
            if found and _same(found, node, tag_only=tag_only):
                return found, 0
        written = self._written(node)
        if written is not None:
            return written
        found = _follow(self._whole_page, path)
        if found is None or found.tag != node.tag:
            raise Unreadable(f"{node.selector}: its place in the source is not known")
        return found, 0

    def _written(self, node: Node) -> tuple[Node, int] | None:
        """The element where the source writes it as the tree does, once, and where it is no comment or script's text."""
        html = node._raw.html or ""
        start = self._writing.once(html)
        if start is None:
            return None
        page = Page(html, self.url, self.charset)
        for within in ("head", "body"):
            children = [child for part in page.all(f"html > {within}") for child in part.children]
            if children:
                return (children[0], start) if len(children) == 1 and _same(children[0], node) else None
        return None

    def _inside(self, node: Node) -> tuple[int, int] | None:
        """Where the content of an element stands that the source writes once and as the tree does."""
        html = node._raw.html or ""
        start = self._writing.once(html)
        opening = None if start is None else START_TAG.match(self.text, start)
        if start is None or opening is None:
            return None
        return opening.end(), start + len(html) - len(f"</{node.tag}>")

    def _leaf(self, node: Node) -> list[Word] | None:
        """The words of an element that holds one text alone, where the source writes it once and as the tree does."""
        inside = self._inside(node)
        if inside is None:
            return None
        kind = "raw" if node.tag in RAW else "escapable" if node.tag in ESCAPABLE else "text"
        found = words(self.text, *inside, kind)
        return found if [word.text for word in found] == node.text.split() else None

    def _ends(self, node: Node) -> tuple[int, int] | None:
        """From the first of these words to the last: at once, where the text is written without references."""
        inside = self._inside(node)
        if inside is None:
            return None
        start, end = inside
        written = self.text[start:end]
        if "&" in written or "\0" in written:
            found = self._leaf(node)
            return (found[0].start, found[-1].end) if found else None
        if not written.strip() or written.split() != node.text.split():
            return None
        return start + len(written) - len(written.lstrip()), end - len(written) + len(written.rstrip())

    def _code(self, node: Node) -> Part | None:
        """The text of a script, where the source writes it once and as the tree does."""
        html, text = node._raw.html or "", node._raw.text()
        start = self._writing.once(html) if node.tag in RAW and text.strip() else None
        opening = None if start is None else START_TAG.match(self.text, start)
        if start is None or opening is None or self.text[opening.end() : start + len(html)] != f"{text}</{node.tag}>":
            return None
        begins, ends = opening.end(), opening.end() + len(text)
        return Part(text, node.selector, begins, ends, self.text, ((0, Word(text, begins, ends)),))

    def _void(self, node: Node, name: str, value: str) -> list[Word] | None:
        """The words of an attribute of an element without content, where the source writes it once and as the tree does."""
        start = self._writing.once(node._raw.html or "")
        opening = None if start is None else START_TAG.match(self.text, start)
        if opening is None or opening.group(1).lower() != node.tag:
            return None
        found = attribute(self.text, opening.end(1), opening.end() - 1, name)
        return found if found and [word.text for word in found] == value.split() else None

    def _html(self, name: str, value: str) -> list[Word] | None:
        """The words of an attribute of the html element, where its tag comes first in the source: no later one has a say."""
        before = _HTML.match(self.text)
        opening = before and START_TAG.match(self.text, before.end())
        found = opening and attribute(self.text, opening.end(1), opening.end() - 1, name)
        return found if found and [word.text for word in found] == value.split() else None

    @cached_property
    def _places(self) -> dict[int, int]:
        """Which child of its parent an element is, from 1; by mem_id, filled a whole family at a time."""
        return {}

    def _place(self, raw: LexborNode) -> int:
        if raw.mem_id not in self._places and raw.parent is not None:
            elements = (child for child in _siblings(raw.parent.first_child) if child.is_element_node)
            self._places.update((child.mem_id, i) for i, child in enumerate(elements, 1))
        return self._places[raw.mem_id]


class Node:
    """An element of a page."""

    __slots__ = ("_known", "_page", "_raw")

    def __init__(self, page: Page, raw: LexborNode) -> None:
        self._page, self._raw = page, raw
        self._known: list[_Atom] | None = None

    def __repr__(self) -> str:
        return f"<Node {self.selector}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._page is other._page and self._raw.mem_id == other._raw.mem_id

    def __hash__(self) -> int:
        return hash(self._raw.mem_id)

    @property
    def tag(self) -> str:
        return self._raw.tag or ""

    @property
    def selector(self) -> str:
        """A CSS path from the html element that selects exactly this one."""
        _, *below = self.path
        if not below:
            return "html" if len(self._page.all("html")) == 1 else ":root"  # MathML may hold another
        steps = (f"{tag if _SIMPLE_TAG.match(tag) else '*'}:nth-child({place})" for tag, place in below)
        return f"html > {' > '.join(steps)}"

    @property
    def path(self) -> list[tuple[str, int]]:
        """From the html element to this one: each one's tag, and which child of its parent it is, from 1."""
        steps: list[tuple[str, int]] = []
        raw: LexborNode = self._raw
        while (up := raw.parent) is not None and up.is_element_node:
            steps.append((raw.tag or "", self._page._place(raw)))
            raw = up
        steps.append((raw.tag or "", 1))
        steps.reverse()
        return steps

    @property
    def children(self) -> list[Node]:
        """The elements directly inside."""
        return [Node(self._page, child) for child in _siblings(self._raw.first_child) if child.is_element_node]

    @property
    def parent(self) -> Node | None:
        up = self._raw.parent
        return Node(self._page, up) if up is not None and up.is_element_node else None

    def walk(self) -> Iterator[tuple[Node | str, bool]]:
        """What a reader sees inside, in order: each element as it begins (True) and as it ends (False), each text (True)."""
        for raw, opens in _walk(self._raw):
            if raw.is_text_node:
                yield self._page._plain(raw.text_content or ""), True
            else:
                yield Node(self._page, raw), opens is not False

    def one(self, css: str) -> Node:
        """The one element inside this one. Raises Unreadable for none or several."""
        return _one(self._page._select(css, self._raw), css, self)

    def maybe(self, css: str) -> Node | None:
        """The one element inside this one, or None. Raises Unreadable for several."""
        found = self._page._select(css, self._raw)
        return _one(found, css, self) if found else None

    def all(self, css: str, at_least: int = 0) -> list[Node]:
        """Every element inside this one. Raises Unreadable for fewer than `at_least`."""
        return _enough(self._page._select(css, self._raw), css, self, at_least)

    @property
    def _is_leaf(self) -> bool:
        only = self._raw.first_child
        return only is not None and only.is_text_node and only.next is None and self._raw.tag not in UNSEEN

    @property
    def text(self) -> str:
        """As a reader sees it: scripts, styles, comments left out, white space folded. Needs no place in the source."""
        if self._is_leaf:
            only = self._raw.first_child
            return fold(self._page._plain((only and only.text_content) or ""))
        return fold(self._page._plain("".join(_pieces(self._raw))))

    @property
    def length(self) -> int:
        """Characters of its text, scripts and styles counted in and white space not folded: at the parser's speed."""
        return len(self._raw.text(strip=True, skip_empty=True))

    @property
    def own_text(self) -> str:
        """The text directly inside, that of no other element; white space folded."""
        return fold(self._page._plain(self._raw.text(deep=False, separator=" ") or ""))

    @property
    def whole(self) -> Part | None:
        """All its text; None where there is none. Raises Unreadable where the place is not certain."""
        if self._page.sparse:
            if self._is_leaf and (found := self._page._leaf(self)):
                return joined(self._page.text, self.selector, [(SPACED, word) for word in found])
            return self._elsewhere(lambda node: node.whole) if self.text else None
        return self._located(self._atoms) if self._atoms else None

    @property
    def span(self) -> tuple[int, int]:
        """The slice of the source from its first character to its last. Raises as `whole`, and where it has no text."""
        if self._page.sparse and self._is_leaf and (found := self._page._ends(self)):
            return found
        whole = self.whole
        if whole is None:
            raise Unreadable(f"{self.selector}: no text")
        return whole.start, whole.end

    @property
    def lines(self) -> list[Part]:
        """Its text between `<br>`s and the borders of blocks; empty lines are dropped. Raises as `whole`."""
        if self._page.sparse:
            node, begins = self._page._cut(self)
            return [line.moved(self.selector, begins, self._page.text) for line in node.lines]
        lines: list[list[_Atom]] = []
        for atom in self._atoms:
            if atom.follows == BROKEN or not lines:
                lines.append([])
            lines[-1].append(atom)
        return [self._located(line) for line in lines]

    def attr(self, name: str) -> str | None:
        """An attribute's value as the parser gives it; None where it is absent."""
        attributes = self._raw.attributes
        return self._page._plain(attributes[name] or "") if name in attributes else None

    def attribute(self, name: str) -> Part | None:
        """An attribute's value, quoted inside the start tag; None where it is absent or blank."""
        value = self.attr(name)
        if not value or not value.strip():
            return None
        if self._page.sparse:
            found = self._page._void(self, name, value) if self.tag in _VOID else None
            if self.tag == "html" and self.parent is None:
                found = self._page._html(name, value)
            if found:
                return joined(self._page.text, self.selector, [(SPACED, word) for word in found])
            return self._elsewhere(lambda node: node.attribute(name), tag_only=True)
        markup = self._page._markup
        number = self._raw.attributes.get(markup.mark) or ""
        words = markup.attribute(int(number), name) if number.isdigit() and int(number) < len(markup.tags) else None
        if words is None or [word.text for word in words] != value.split():
            raise Unreadable(f"{self.selector}: the place of its {name} in the source is not known")
        return joined(self._page.text, self.selector, [(SPACED, word) for word in words])

    @property
    def code(self) -> Part | None:
        """The text of a script or style as it stands, white space and all; None where it is blank. Raises as `whole`."""
        if self._page.sparse:
            return self._page._code(self) or self._elsewhere(lambda node: node.code)
        child = self._raw.first_child
        _, *marked = (
            self._page._markup.run_mark.split(child.text_content or "") if child is not None and child.is_text_node else [""]
        )
        if self.tag not in RAW or not marked:
            return None
        number, piece = int(marked[0]), self._page._markup.unmarked("".join(marked[1:])).split()
        self._page._word(_Atom("code", BROKEN, number, 0, piece), self.selector)
        start, end, _ = self._page._markup.runs[number]
        text = self._page.text[start:end]
        return Part(text, self.selector, start, end, self._page.text, ((0, Word(text, start, end)),))

    def _elsewhere(self, part: Callable[[Node], Part | None], *, tag_only: bool = False) -> Part | None:
        """A Part of the same element, found where the page is cut."""
        node, begins = self._page._cut(self, tag_only=tag_only)
        found = part(node)
        return found and found.moved(self.selector, begins, self._page.text)

    def _located(self, atoms: list[_Atom]) -> Part:
        selector = self.selector
        words = [(atom.follows, self._page._word(atom, selector)) for atom in atoms]
        return joined(self._page.text, selector, words)

    @property
    def _atoms(self) -> list[_Atom]:
        if self._known is None:
            self._known = list(_atoms(self._raw, self._page))
        return self._known


def _siblings(raw: LexborNode | None) -> Iterator[LexborNode]:
    while raw is not None:
        yield raw
        raw = raw.next


def _one(found: list[Node], css: str, where: object) -> Node:
    if len(found) != 1:
        raise Unreadable(f"{css}: {len(found)} of 1 in {where}")
    return found[0]


def _enough(found: list[Node], css: str, where: object, at_least: int) -> list[Node]:
    if len(found) < at_least:
        raise Unreadable(f"{css}: {len(found)} of at least {at_least} in {where}")
    return found


def _atoms(top: LexborNode, page: Page) -> Iterator[_Atom]:
    """The words below an element in the tree's order, each with the mark it came with. Deep trees do not recurse."""
    mark, split = page._markup.mark, page._markup.run_mark.split
    follows = BROKEN
    for raw, opens in _walk(top):
        if not raw.is_text_node:
            if opens is None or raw.tag in BLOCKS:
                follows = BROKEN
            continue
        text = raw.text_content or ""
        if mark not in text and not text.strip():
            follows = max(follows, SPACED)
            continue
        before, *marked = split(text)
        for number, piece in [(None, before), *zip(map(int, marked[::2]), marked[1::2], strict=True)]:
            piece = page._markup.unmarked(piece)
            words = piece.split()
            if piece[:1].isspace():
                follows = max(follows, SPACED)
            for rank, word in enumerate(words):
                yield _Atom(word, follows, number, rank, words)
                follows = SPACED
            if words and not piece[-1:].isspace():
                follows = JOINED


def _walk(top: LexborNode) -> Iterator[tuple[LexborNode, bool | None]]:
    """Text nodes and elements below `top` that a reader sees; True as one begins, False as it ends, None for a `br`."""
    open_elements: list[LexborNode] = []
    raw: LexborNode | None = None if top.tag in UNSEEN else top.first_child
    while raw is not None or open_elements:
        if raw is None:
            raw = open_elements.pop()
            yield raw, False
        elif raw.is_text_node:
            yield raw, True
        elif raw.is_element_node and raw.tag not in UNSEEN:
            yield raw, None if raw.tag == "br" else True
            inside = raw.first_child
            if inside is not None:
                open_elements.append(raw)
                raw = inside
                continue
            yield raw, False
        raw = raw.next


def _pieces(top: LexborNode) -> Iterator[str]:
    """The text below an element that a reader sees, marks and white space included, and a space at each border of a block."""
    for raw, opens in _walk(top):
        if raw.is_text_node:
            yield raw.text_content or ""
        elif opens is None or raw.tag in BLOCKS:
            yield " "


def _follow(page: Page, path: list[tuple[str, int]]) -> Node | None:
    """The element at the end of a path, in another page."""
    node = page.root
    for tag, place in path[1:]:
        children = node.children
        if len(children) < place or children[place - 1].tag != tag:
            return None
        node = children[place - 1]
    return node


def _same(cut: Node, node: Node, *, tag_only: bool = False) -> bool:
    """An element of a cut page says what that of the whole page says: attributes, text, and a script's code."""
    if cut.tag != node.tag:
        return False
    own = {name: cut.attr(name) for name in cut._raw.attributes if name != cut._page._markup.mark}
    if own != {name: value or "" for name, value in node._raw.attributes.items()}:
        return False
    if node.tag in RAW:
        return cut._page._plain(cut._raw.text() or "") == (node._raw.text() or "")
    return tag_only or cut.text == node.text
