"""What was asked of the registers and what came back: pages of one asking folded to coverage windows; pure.

A listing is asked for by court, register and dates; it comes in pages, each with the counter the court
prints. Pages of one run are one asking. A later run of the same asking replaces an earlier one, except
that an asking that failed never takes away a complete one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from archive.ledger.observation import Counter, CoverageWindow

# The gap that a page leaves which is not the page. `page` and `empty` leave none.
GAP_OF = {
    "captcha": "captcha", "blocked": "blocked", "login": "blocked", "outage": "outage", "wrong-query": "mismatch",
    "unreadable": "unreadable", "gone": "unreachable", "soft-404": "unreachable", "parked": "unreachable", "other-page": "unreadable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking of a register: by one run, for one court, register and span of dates (inclusive)."""

    source: str
    court: str
    register: str
    first: date | None
    last: date | None
    run: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One page that came back. verdict: None where nothing could be fetched. registrations: the subjects it lists."""

    seq: int
    asked: Asked
    verdict: str | None
    counter: Counter | None = None
    registrations: frozenset[str] = frozenset()


def fold(answers: Iterable[Answer]) -> list[CoverageWindow]:
    """One window for each (source, court, register, dates), from its best run: the newest complete one, else the newest."""
    runs: dict[tuple[str, str, str, date | None, date | None], dict[str, list[Answer]]] = {}
    for answer in sorted(answers, key=lambda each: each.seq):
        asked = answer.asked
        key = (asked.source, asked.court, asked.register, asked.first, asked.last)
        runs.setdefault(key, {}).setdefault(asked.run, []).append(answer)
    windows = []
    for key in sorted(runs, key=lambda k: tuple(str(part) for part in k)):
        folded = [(pages[-1].seq, _window(pages)) for pages in runs[key].values()]
        windows.append(max(folded, key=lambda each: (each[1].complete, each[0]))[1])
    return windows


def _window(pages: list[Answer]) -> CoverageWindow:
    asked = pages[0].asked
    # The same page asked twice (the first one, again at the end): what it said last counts.
    last = {page.counter.first if page.counter else -page.seq: page for page in pages}
    registrations = frozenset[str]().union(*(page.registrations for page in pages))
    totals = [page.counter.total for page in pages if page.counter]
    expected = 0 if not totals and all(page.verdict == "empty" for page in pages) else totals[-1] if totals else None
    gap = next((gap_of(page.verdict) for page in last.values() if gap_of(page.verdict)), None)
    if gap is None and expected != len(registrations):
        gap = "mismatch"
    return CoverageWindow(asked.source, asked.court, asked.register, asked.first, asked.last, expected, len(registrations), gap)


def gap_of(verdict: str | None) -> str | None:
    """The gap word for a verdict; None for a page that is one."""
    return "unreachable" if verdict is None else GAP_OF.get(verdict)


def row(window: CoverageWindow) -> dict[str, object]:
    """The line of `crawl source --json` (CONTRACT)."""
    return {
        "kind": "coverage",
        "source": window.source,
        "court": window.court,
        "register": window.register,
        "from": window.first.isoformat() if window.first else None,
        "to": window.last.isoformat() if window.last else None,
        "expected": window.expected,
        "read": window.read,
        "complete": window.complete,
        "gap": window.gap,
    }
