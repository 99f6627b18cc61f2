"""Text of a page and where in its source it stands; pure.

A Part is made by page.py, of words whose places are known, and taken apart here: every piece of it has its own place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from archive.ledger.observation import Observation
from crawler.errors import Unreadable
from crawler.markup import Word

JOINED, SPACED, BROKEN = 0, 1, 2  # how a word follows the one before it


@dataclass(frozen=True, slots=True)
class Part:
    """Text of a page and where it stands.

    text: as a reader sees it, white space folded, never empty. start, end: `page.text[start:end]` is the quote,
    markup and references between included. selector: the element that holds it.
    """

    text: str
    selector: str
    start: int
    end: int
    source: str = field(repr=False)
    words: tuple[tuple[int, Word], ...] = field(repr=False)  # each with the index in `text` where it begins

    @property
    def quote(self) -> str:
        return self.source[self.start : self.end]

    def moved(self, selector: str, by: int, source: str) -> Part:
        """The same Part of a longer source, in which the one it was found in begins at `by`."""
        if not by:
            return replace(self, selector=selector, source=source)
        words = tuple((at, word.moved(by)) for at, word in self.words)
        return Part(self.text, selector, self.start + by, self.end + by, source, words)

    def sub(self, i: int, j: int) -> Part:
        """`text[i:j]`, white space at its ends left out. Raises Unreadable where nothing remains."""
        i, j, _ = slice(i, j).indices(len(self.text))
        kept = self.text[i:j]
        if not kept.strip():
            raise Unreadable(f"{self.selector}: no text between {i} and {j} of {self.text[:60]!r}")
        i += len(kept) - len(kept.lstrip())
        j = i + len(kept.strip())
        begins = [at for at, _ in self.words]
        first, last = bisect_right(begins, i) - 1, bisect_right(begins, j - 1)
        kept_words = tuple((at - i, word) for at, word in self.words[first:last])
        return _of_words(self.source, self.selector, self.text[i:j], kept_words)

    def find(self, pattern: re.Pattern[str]) -> Part | None:
        """The first match of `pattern` in the text; None where there is none or an empty one."""
        found = pattern.search(self.text)
        return self.sub(*found.span()) if found and found.group().strip() else None

    def split(self, pattern: re.Pattern[str]) -> list[Part]:
        """The pieces between the matches of `pattern`; empty ones are dropped."""
        at, spans = 0, []
        for found in pattern.finditer(self.text):
            spans.append((at, found.start()))
            at = found.end()
        return [self.sub(i, j) for i, j in [*spans, (at, len(self.text))] if self.text[i:j].strip()]

    def reads(self, text: str) -> Part:
        """The same place, read as `text`: for a notation in which characters are escaped (JSON in a script)."""
        everywhere = ((self.start, self.end),) * len(text)
        return Part(
            text, self.selector, self.start, self.end, self.source, ((0, Word(text, self.start, self.end, everywhere)),)
        )

    def says(self, subject: str, property: str, value: str | None = None, *, derived: bool = False) -> Observation:
        """The observation that this text is the subject's property; `value`: its normal form where it has one."""
        return Observation(subject, property, self.text, value, self.selector, self.quote, self.start, self.end, derived)


def _of_words(source: str, selector: str, text: str, words: tuple[tuple[int, Word], ...]) -> Part:
    """A Part of located words; indices in `words` may begin before the text: the first word may be cut."""
    (first_at, first), (last_at, last) = words[0], words[-1]
    start = first.where(-first_at)[0]
    end = last.where(len(text) - 1 - last_at)[1]
    return Part(text, selector, start, end, source, words)


def joined(source: str, selector: str, words: list[tuple[int, Word]]) -> Part:
    """The Part of these words, in the order of the source. Raises Unreadable where the tree has them in another."""
    text: list[str] = []
    placed: list[tuple[int, Word]] = []
    size, last = 0, 0
    for follows, word in words:
        if word.start < last:
            raise Unreadable(f"{selector}: {word.text[:60]!r} stands elsewhere in the source than in the tree")
        last = word.end
        if follows != JOINED and size:
            text.append(" ")
            size += 1
        placed.append((size, word))
        text.append(word.text)
        size += len(word.text)
    return _of_words(source, selector, "".join(text), tuple(placed))
