"""What a document cites, as it was found: Reading, Mention, Found, Citation; values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.citations.references import Reference

# Where an address was found, the surest first: what a program wrote for programs, then what a person reads.
ORIGINS = ("annotation", "href", "relation", "field", "cite", "robust", "json-ld", "widget", "text")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a place: the address, how likely it is (0..1), where it ends, and why it may be so."""

    url: str
    confidence: float
    end: int
    why: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence of {self.confidence}")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names an address.

    readings: the likeliest first; several where a line's end, a look-alike or a glued digit leaves room for doubt.
    start: where it begins in the decoded text (`end` is each reading's own); None where the place has none.
    rectangles: how many annotations it was painted as, one a line.
    kind: `address`; `bare` (no scheme is written); `truncated` (shown with an ellipsis).
    broken: the place ends at a line's end, so that more of the address may stand elsewhere.
    """

    readings: tuple[Reading, ...]
    origin: str
    start: int | None = None
    anchor: str | None = None
    page: int | None = None
    kind: str = "address"
    broken: bool = False
    rectangles: int = 0

    def __post_init__(self) -> None:
        if not self.readings or self.origin not in ORIGINS:
            raise ValueError(f"a mention of {len(self.readings)} readings from {self.origin!r}")


@dataclass(frozen=True, slots=True)
class Named:
    """A source named in the text without a link: `name` as written, and the words that name it."""

    name: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """Everything one document says, before it is weighed.

    text: as a reader sees it. counted: places count its characters (those of HTML count the source's). unread: what could
    not be read, in words. hints: what a person could do to have more read.
    """

    mentions: tuple[Mention, ...]
    text: str = ""
    unread: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """One cited address, or one source named without any (`url` None, `kind` says why).

    alternatives: the readings not taken, the likeliest first. occurrences: in how many places it is cited. spans: those of
    them that have a place in the text, [start, end). name: of a source that is only named. rectangles: PDF annotations.
    """

    url: str | None
    confidence: float
    alternatives: tuple[Reading, ...]
    occurrences: int
    spans: tuple[tuple[int, int], ...]
    anchor: str | None
    origin: str
    kind: str = "address"
    page: int | None = None
    why: str = ""
    name: str | None = None
    rectangles: int = 0

    def row(self) -> dict[str, Any]:
        """A line of `crawl links --json` (CONTRACT)."""
        row: dict[str, Any] = {
            "url": self.url, "confidence": round(self.confidence, 3), "alternatives": [each.url for each in self.alternatives],
            "occurrences": self.occurrences, "span": list(self.spans[0]) if self.spans else None, "anchor": self.anchor,
            "from": self.origin, "spans": [list(each) for each in self.spans], "page": self.page, "reason": self.why or None,
            "source": self.name, "rectangles": self.rectangles or None,
            "readings": [
                {"url": each.url, "confidence": round(each.confidence, 3), "reason": each.why or None}
                for each in self.alternatives
            ],
        }  # fmt: skip
        return row if self.kind == "address" else {"kind": self.kind} | row


@dataclass(frozen=True, slots=True)
class Cited:
    """What a document cites. unread: parts of it that could not be read; hints: what a person could do to have more.

    references: cases and articles that its text names, without any address.
    """

    citations: tuple[Citation, ...]
    unread: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
