"""Where do the sentences and paragraphs of a text begin and end? Full stops that end nothing minded; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONG_LINE = 200  # characters: a line so long was not broken to fit a page, so its end is the end of a paragraph
_PARAGRAPH = re.compile(r"\n[ \t\u00a0]*(?:\n\s*|\f\s*)|\f")
_STOP = re.compile(r"[.!?…][\"»”’)\]]*(?:\[\d+\])?\s+(?=[\"“«„(\[—–-]?\s?[A-ZА-ЯЁІЇЄҐ0-9])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(«\"“])(?:[A-ZА-ЯЁІЇЄҐ]|ст|ч|п|пп|гл|г|гг|р|рр|тыс|тис|млн|млрд|им|ім|т|др|ул|обл|art|arts|no|nos|mr|mrs|ms|dr|gen|col|lt|sgt|st|vs|u\.s|u\.k|e\.g|i\.e|"
    r"т\.е|т\.д|approx|jan|feb|mar|apr|aug|sept?|oct|nov|dec)\.\Z", re.I,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is the document's [start, end). paragraph: which one it stands in, from 0."""

    text: str
    start: int
    end: int
    paragraph: int


def sentences(text: str) -> list[Sentence]:
    """In the order of the text; white space around them belongs to none."""
    found: list[Sentence] = []
    for number, (start, end) in enumerate(_paragraphs(text)):
        at = start
        for stop in _STOP.finditer(text, start, end):
            if _ABBREVIATED.search(text, max(at, stop.start() - 8), stop.start() + 1):
                continue
            found.append(_cut(text, at, stop.end(), number))
            at = stop.end()
        if text[at:end].strip():
            found.append(_cut(text, at, end, number))
    return found


def _cut(text: str, start: int, end: int, paragraph: int) -> Sentence:
    kept = text[start:end]
    start += len(kept) - len(kept.lstrip())
    kept = kept.strip()
    return Sentence(kept, start, start + len(kept), paragraph)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        begins = at
        for line in re.finditer(r"[^\n]+", text[at:end]):
            if len(line[0]) > LONG_LINE:
                if text[begins : at + line.start()].strip():
                    yield begins, at + line.start()
                yield at + line.start(), at + line.end()
                begins = at + line.end()
        if text[begins:end].strip():
            yield begins, end
        at = gap.end() if gap else end
