"""What one reading of one capture found: Observation, Link, Unread, CoverageWindow, Reading; values.

A Reading is what a source's `read` returns; entered in the book for a capture it is an Extraction.
Every observation carries its quote: an exact slice of the page's decoded source. What later captures say again
is a Sighting of the same observation, with the selector and quote of its own page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from archive.ledger import words


@dataclass(frozen=True, slots=True)
class Observation:
    """One value, read from one page.

    raw: the text as a reader of the page sees it, white space folded.
    value: its normal form (dates YYYY-MM-DD or as precise as known, articles `337/5`, closed words ...);
        None where the raw text has no normal form that we know: kept, and flagged so.
    quote: the exact slice [start, end) of the decoded source, in characters, markup included.
    derived: concluded, not stated.
    """

    subject: str
    property: str
    raw: str
    value: str | None
    selector: str
    quote: str
    start: int
    end: int
    derived: bool = False

    def __post_init__(self) -> None:
        known = words.PROPERTIES.get(words.form(self.subject))
        if known is None or self.property not in known:
            raise ValueError(f"{self.subject} has no property {self.property!r}")
        if self.end - self.start != len(self.quote) or not self.quote:
            raise ValueError(f"the quote of {self.subject} {self.property} is not the slice [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True)
class Link:
    """An address a page points to. rel: card, act, page, hearing, uid, previous, canonical, alternate, amp, cited."""

    url: str
    rel: str
    text: str = ""
    selector: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Text in a place where values stand that no observation took: a new column, an unknown row."""

    text: str
    selector: str


@dataclass(frozen=True, slots=True)
class CoverageWindow:
    """What was asked of a register, how many rows it said it has, how many we read.

    first, last: days of receipt, inclusive; None: no bound. run: which crawl asked. In the book a window stands for one page of
    the answer (`read`: its rows); `ledger.coverage` folds the pages of a run to the window as a whole.
    """

    source: str
    court: str
    register: str
    first: date | None
    last: date | None
    expected: int | None
    read: int
    gap: str | None = None
    run: str = ""

    def __post_init__(self) -> None:
        if self.gap is not None and self.gap not in words.GAPS:
            raise ValueError(f"not a gap: {self.gap!r}")

    @property
    def complete(self) -> bool:
        return self.gap is None and self.expected is not None and self.read == self.expected


@dataclass(frozen=True, slots=True)
class Counter:
    """What a listing says of itself: rows found in all, rows `first` to `last` on this page (from 1)."""

    total: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one parser read on one page. Empty observations are a fault unless the verdict says why.

    verdict: one of words.VERDICTS; only `page` and `empty` may carry observations or a counter.
    charset: the Python codec the source was decoded with, so that a quote can be re-checked.
    flags: oddities met and let pass (`charset-mismatch`, `unknown-court`, ...), as words.
    kind: what the page is, one of words.KINDS; "" where its source does not say. A value is called not seen only by a
        later page of the same kind, and the kind decides which of two values is shown.
    """

    verdict: str
    parser: str  # name of the source and version of its reader: "sudrf/1"
    charset: str
    reason: str = ""
    observations: tuple[Observation, ...] = ()
    links: tuple[Link, ...] = ()
    unread: tuple[Unread, ...] = ()
    counter: Counter | None = None
    flags: tuple[str, ...] = ()
    kind: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in words.VERDICTS:
            raise ValueError(f"not a verdict: {self.verdict!r}")
        if self.kind and self.kind not in words.KINDS:
            raise ValueError(f"not a kind of page: {self.kind!r}")
        if self.observations and self.verdict != "page":
            raise ValueError(f"observations from a page that is {self.verdict}")


@dataclass(frozen=True, slots=True)
class Extraction:
    """One run of one parser over one capture, as it stands in the book.

    seq, at, url, payload_sha256: of the capture. id: hash of the capture's id and of all that was read.
    observations: how many values the reading holds.
    """

    id: str
    capture: str
    seq: int
    at: datetime
    url: str
    payload_sha256: str | None
    parser: str
    verdict: str
    reason: str
    kind: str
    charset: str
    counter: Counter | None
    flags: tuple[str, ...]
    observations: int
    reading: str  # hash of what was read: captures with the same bytes and parser share it
    known: datetime | None = None  # since when the archive has held the capture; None: since it was taken
    recorded: datetime | None = field(default=None, compare=False, repr=False)  # our clock

    @property
    def held(self) -> datetime:
        """Since when we could know of it."""
        return self.known or self.at


class Sighting(NamedTuple):
    """One value, and the newest capture whose page says it so (a tuple, since a ledger holds millions).

    ordinal: place among the values of the same subject and property on the page, from 0.
    first: log position of the first capture with this reading; times: how many captures have it; since: when the earliest of
    them was held.
    """

    observation: str
    subject: str
    property: str
    ordinal: int
    raw: str
    value: str | None
    derived: bool
    extraction: Extraction
    first: int
    times: int
    since: datetime | None = None


class Quoted(NamedTuple):
    """A sighting with the place in the page where the value stands (offsets in characters of the decoded source)."""

    sighting: Sighting
    selector: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A coverage window as it stands in the book: what was asked, and which capture brought the answer."""

    asked: CoverageWindow
    capture: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tie:
    """A judgement that two registrations are one case, or are not.

    tier: 1 official cross-link, 2 unique composite candidate, 3 scored, and 0 for a person's decision, which no tier
        overrides. method: name and version of what judged. undoes: the id of the tie that this one takes back.
    score, features: what a tier 3 link, or who decided, went by. who, at: of a person's decision.
    """

    left: str
    right: str
    same: bool
    tier: int
    method: str
    reason: str
    undoes: str | None = None
    score: float | None = None
    features: tuple[tuple[str, str], ...] = ()
    who: str | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.reason or not self.method:
            raise ValueError(f"a tie of {self.left} and {self.right} without a method or a reason")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says a value should be; it stands beside what the court says, and wins only in what is shown.

    name: of the person in the case whom it is about, where there is one: pages number persons anew. was: what was shown when
    it was made. at: when it was decided; id, seq: the capture that keeps the decision, and in its text (UTF-8) quote and start
    are the place of the value, as JSON writes it.
    """

    id: str
    subject: str
    property: str
    value: str
    reason: str
    at: datetime
    seq: int
    name: str | None = None
    was: tuple[str, ...] = ()
    who: str | None = None
    quote: str = ""
    start: int = 0
