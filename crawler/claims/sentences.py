"""Where do the sentences and paragraphs of a text begin and end? Full stops that end nothing minded; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONG_LINE = 200  # characters: a line so long was not broken to fit a page, so its end is the end of a paragraph
_PARAGRAPH = re.compile(r"\n[ \t\u00a0]*(?:\n\s*|\f\s*)|\f")
_UNPAGED = re.compile(r"\n[ \t\u00a0]*\n\s*")  # the same where no page ends: found eight times as fast
_LINE = re.compile(r"[^\n]+")
_STOP = re.compile(r"[.!?…][\"»”’)\]]*(?:\[\d+\])?\s+(?=[\"“«„(\[—–-]?\s?[A-ZА-ЯЁІЇЄҐ0-9])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(«\"“])(?:[A-ZА-ЯЁІЇЄҐ]|ст|ч|п|пп|гл|г|гг|р|рр|тыс|тис|млн|млрд|им|ім|т|др|ул|обл|art|arts|no|nos|mr|mrs|ms|dr|gen|col|lt|sgt|st|vs|u\.s|u\.k|e\.g|i\.e|"
    r"т\.е|т\.д|approx|jan|feb|mar|apr|aug|sept?|oct|nov|dec)\.\Z", re.I,
)  # fmt: skip


class Sentence(NamedTuple):
    """`text` is the document's [start, end). paragraph: which one it stands in, from 0. (A tuple, since texts have many.)"""

    text: str
    start: int
    end: int
    paragraph: int


def sentences(text: str) -> list[Sentence]:
    """In the order of the text; white space around them belongs to none."""
    return [each for number, (start, end) in enumerate(paragraphs(text)) for each in within(text, start, end, number)]


def within(text: str, start: int, end: int, paragraph: int) -> Iterator[Sentence]:
    """The sentences of one paragraph of a text."""
    for stop in _STOP.finditer(text, start, end):
        ends = stop.start()
        if text[ends] == "." and _ABBREVIATED.search(text, max(start, ends - 8), ends + 1):
            continue
        yield _cut(text, start, stop.end(), paragraph)
        start = stop.end()
    if text[start:end].strip():
        yield _cut(text, start, end, paragraph)


def _cut(text: str, start: int, end: int, paragraph: int) -> Sentence:
    kept = text[start:end]
    start += len(kept) - len(kept.lstrip())
    kept = kept.strip()
    return Sentence(kept, start, start + len(kept), paragraph)


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The slices of a text that are its paragraphs, in its order."""
    at = 0
    for gap in [*(_PARAGRAPH if "\f" in text else _UNPAGED).finditer(text), None]:
        end = gap.start() if gap else len(text)
        begins = at
        for line in _LINE.finditer(text, at, end) if text.find("\n", at, end) >= 0 else ():
            if line.end() - line.start() > LONG_LINE:
                if text[begins : line.start()].strip():
                    yield begins, line.start()
                yield line.span()
                begins = line.end()
        if text[begins:end].strip():
            yield begins, end
        at = gap.end() if gap else end
