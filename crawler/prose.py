"""Where in a page its running text stands: told by how the page is built, or by the text's two ends; pure.

Most pages with something to say say it in paragraphs that are children of one element, with hardly anything else beside
them. Where a page is built so, its text is taken at sight; where it is not, nothing is decided here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate

from crawler.errors import Unreadable
from crawler.page import Node, Page, Part

CHUNK = 600  # characters: so much running text is no caption, notice or cell
# Shares: of all that the page's paragraphs say in one element; of what stands there in them; of all the page in them.
ONE_PLACE, IN_PARAGRAPHS, OF_THE_PAGE = 0.8, 0.95, 0.4
_SAID = frozenset(("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"))
_BESIDE = frozenset((
    "h1", "script", "style", "figure", "aside", "nav", "time", "iframe", "form", "button", "header", "footer", "noscript",
    "template", "svg", "img", "hr", "br", "video", "audio", "picture", "ins", "input", "select", "link", "meta", "object",
    "canvas",
))  # fmt: skip
_FAR = re.compile(r">[^<]{600,}")  # a style, a script or a text; found in a third of the time of the next one
_LONG = re.compile(r">[^<>{}]{600,}")  # text without a tag; braces: of a script or style
_LINED = re.compile(r">((?:[^<>{}]++|</?(?:br|[abiu]|em|strong|span|font)(?=[\s/>])[^<>]*+>)++)", re.I)
_PASSING = 200  # characters: what passes is short
_HEADLINE = 20
_COUNT = r"\d[\d\s.,\u00a0\u202f]*(?:[KkMmкКтТ]\b|тыс\.?|тис\.?|млн)?"
_READERS = (
    r"(?:просмотр\w*|прочтени\w*|прочитали|комментари\w*|лайк\w*|репост\w*|поделились|перегляд\w*|коментар\w*|поширен\w*|views?|reads?|comments?|shares?|likes?|"
    r"people\s+(?:read|like)\s+this|читают\s+сейчас|онлайн)"
)
_COUNTER = re.compile(
    rf"\W*(?:{_READERS}\W*{_COUNT}|{_COUNT}\W*{_READERS}|(?:updated\s+|обновлено\s+|оновлено\s+)?(?:\d+|an?|one)\s+(?:seconds?|minutes?|mins?|hours?|days?)\s+ago"
    r"|(?:обновлено\s+|оновлено\s+)?\d*\s*(?:секунд\w*|минут\w*|хвилин\w*|час\w*|годин\w*|дн\w+|день)\s+(?:назад|"
    r"тому))\W*",
    re.I,
)
_MARKET = (
    r"(?:курс\w*(?:\s+(?:валют|цб|нбу|доллара|евро|долара|євро))?|usd|eur|cny|rub|uah|pln|btc|brent|urals|нефть|нафта|золото|gold|oil|"
    r"индекс\s+\w+|moex|rts|ртс|доллар\w*|евро|долар\w*|євро|юань|[$€¥₽₴])"
)
_MARKETS = re.compile(_MARKET, re.I)
_RATE = re.compile(rf"(?:{_MARKET}|\d[\d\s.,]*|[▲▼↑↓+–—-]|руб\.?|грн\.?|[%:/|,;])\s*", re.I)
_DIGIT = re.compile(r"\d")
_NO_WORD = re.compile(r"[\W\d_]+")
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Running text, white space folded, and where it stands: `page.text[start:end]`, in the element `holder`."""

    text: str
    holder: Node
    start: int
    end: int


def passing(text: str) -> bool:
    """A line that is another one at every visit: rates, counters of readers and remarks, `three minutes ago`."""
    if len(text) > _PASSING:
        return False
    return bool(_COUNTER.fullmatch(text)) or (
        bool(_MARKETS.match(text) and _DIGIT.search(text)) and len(_RATE.sub("", text)) <= 1
    )


def _passes(node: Node, text: str) -> bool:
    """The same, and a headline of something else: a link alone, which no sentence is."""
    if text.endswith((".", "!", "?", "…", "»", "”", '"', ":", ";", ",", ")")):
        return passing(text)
    links = node.all("a")
    return passing(text) or (bool(links) and len(text) >= _HEADLINE and sum(len(link.text) for link in links) >= len(text))


@lru_cache(maxsize=1)
def prose(page: Page) -> Stretch | None:
    """The text of the element that plainly holds it; None where none does, or it holds other things too, or says little.

    Raises Unreadable where its place in the source is not certain.
    """
    sizes = _sizes(page)
    holder = max(sizes, key=lambda parent: sizes[parent], default=None)
    if holder is None or sizes[holder] < max(CHUNK, ONE_PLACE * sum(sizes.values())):
        return None
    known = _families(page)[holder]
    odds = len(holder.own_text)
    said: list[tuple[str, Node]] = []
    for child in holder.children:
        if (text := known.get(child)) is not None:
            if text and not (len(text) <= _PASSING and _passes(child, text)):
                said.append((text, child))
            continue
        tag = child.tag
        if tag in _BESIDE:
            continue
        text = child.text
        if tag in _SAID and not _mere_links(child, text):
            if text and not (len(text) <= _PASSING and passing(text)):
                said.append((text, child))
        else:
            odds += len(text)
    whole = " ".join(text for text, _ in said)
    if len(whole) < max(CHUNK, IN_PARAGRAPHS * (len(whole) + odds)):
        return None
    start, end = said[0][1].span[0], said[-1][1].span[1]
    return Stretch(whole, holder, start, end) if start < end else None


def paragraphs(page: Page, stretch: Stretch) -> Iterator[tuple[str, Callable[[], Part | None]]]:
    """The paragraphs of a text and how each is found in the source: to be asked for only where it is wanted.

    Raises Unreadable where their places are not certain.
    """
    if prose(page) is not stretch:
        inside = (line for line in stretch.holder.lines if line.start < stretch.end and line.end > stretch.start)
        yield from ((line.text, partial(_same, line)) for line in inside)
        return
    for child in stretch.holder.children:
        if child.tag == "p":
            yield page.paragraphs.get(child) or child.text, partial(_whole, child)
        elif child.tag in _SAID and not _mere_links(child, child.text):
            yield from ((line.text, partial(_same, line)) for line in child.lines)


def _same(part: Part) -> Part:
    return part


def _whole(node: Node) -> Part | None:
    return node.whole


@lru_cache(maxsize=1)
def _families(page: Page) -> dict[Node, dict[Node, str]]:
    """What the paragraphs say, by the element they are children of."""
    found: dict[Node, dict[Node, str]] = {}
    for paragraph, text in page.paragraphs.items():
        if (parent := paragraph.parent) is not None:
            found.setdefault(parent, {})[paragraph] = text
    return found


@lru_cache(maxsize=1)
def _sizes(page: Page) -> dict[Node, int]:
    return {parent: sum(map(len, family.values())) for parent, family in _families(page).items()}


def _mere_links(node: Node, text: str) -> bool:
    return sum(len(link.text) for link in node.all("a")) > len(text) / 2


def is_most(page: Page, stretch: Stretch) -> bool:
    """The page has hardly more to say than this: it is no register, front page or form with a few words under it."""
    unseen = sum(node.length for tag in ("script", "style") for node in page.marks[tag])
    return len(stretch.text) >= OF_THE_PAGE * (page.root.length - unseen)


def has_prose(page: Page) -> bool:
    """Somewhere in the page there may be running text, however it is marked."""
    if sum(_sizes(page).values()) >= CHUNK or any(_LONG.search(far.group()) for far in _FAR.finditer(page.text)):
        return True
    return bool(page.all("br")) and any(len(found.group(1)) >= CHUNK for found in _LINED.finditer(page.text))


def tells(page: Page, size: int) -> bool:
    """The page says at least so many letters that are no links; looks no further than it must."""
    said = (len(_NO_WORD.sub("", text)) for text, around in page.texts() if around != "a")
    return any(so_far >= size for so_far in accumulate(said))


def letters(text: str) -> str:
    """What is compared: letters and digits, upper and lower case alike."""
    return _NO_LETTER.sub("", text).casefold()


def between(page: Page, text: str, head: str, tail: str) -> Stretch | None:
    """`text`, where its first letters are `head` and its last are `tail`: from the first `head` to the last `tail`.

    In the smallest element that holds both; None where none does. Raises Unreadable where a place is not certain.
    """
    seen = _seen(page)
    holder, (start, end) = page.root, (0, len(seen.letters))
    if seen.ends(head, tail, start, end) is None:
        return None
    while inner := next((child for child in holder.children if seen.ends(head, tail, *seen.spans.get(child, (0, 0)))), None):
        holder, (start, end) = inner, seen.spans[inner]
    ends = seen.ends(head, tail, start, end)
    assert ends is not None
    first, last = seen.place(ends[0])[0], seen.place(ends[1] - 1)[1]
    return Stretch(text, holder, first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The letters of a page as a reader sees them. spans: those of each element. begins: of each text; texts: its element."""

    letters: str
    spans: dict[Node, tuple[int, int]]
    begins: list[int]
    texts: list[Node]

    def ends(self, head: str, tail: str, start: int, end: int) -> tuple[int, int] | None:
        first, last = self.letters.find(head, start, end), self.letters.rfind(tail, start, end)
        return (first, last + len(tail)) if 0 <= first <= last else None

    def place(self, at: int) -> tuple[int, int]:
        """The slice of the source that is the letter `at`."""
        node = self.texts[bisect_right(self.begins, at) - 1]
        part = node.whole
        at -= self.spans[node][0]
        for i, letter in enumerate(part.text if part else ""):
            at -= len(letters(letter))
            if at < 0:
                assert part is not None
                found = part.sub(i, i + 1)
                return found.start, found.end
        raise Unreadable(f"{node.selector}: letters that are none")


@lru_cache(maxsize=1)
def _seen(page: Page) -> _Seen:
    said: list[str] = []
    size = 0
    spans: dict[Node, tuple[int, int]] = {}
    begins: list[int] = []
    texts: list[Node] = []
    around: list[Node] = [page.root]
    for met, opens in page.root.walk():
        if isinstance(met, str):
            if kept := letters(met):
                begins.append(size)
                texts.append(around[-1])
                said.append(kept)
                size += len(kept)
        elif not opens:
            spans[met] = (spans[around.pop()][0], size)
        else:
            spans[met] = (size, size)
            around.append(met)
    spans[page.root] = (0, size)
    return _Seen("".join(said), spans, begins, texts)
