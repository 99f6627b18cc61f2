"""What was asked of the registers and what came back: the pages of one asking folded to a coverage window; pure.

A listing is asked for by court, register and dates; it comes in pages, each with the counter the court
prints. The pages of one run are one asking; its window stands at the last of them. A window is complete when
every page was the page, all counters agree at the end, and the rows read are as many as the counter says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from archive.ledger.observation import Counter, CoverageWindow, Reading, Window

# The gap that a page leaves which is not the page; `page` and `empty` leave none.
GAPS = {
    "captcha": "captcha", "blocked": "blocked", "login": "blocked", "outage": "outage", "wrong-query": "mismatch",
    "unreadable": "unreadable", "other-page": "unreadable", "gone": "unreachable", "soft-404": "unreachable",
    "parked": "unreachable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking of a register, as the capture's manifest keeps it (`facts.asked`)."""

    source: str
    court: str
    register: str
    first: date | None
    last: date | None
    run: str

    def facts(self) -> dict[str, object]:
        return {
            "source": self.source, "court": self.court, "register": self.register, "run": self.run,
            "from": self.first.isoformat() if self.first else None, "to": self.last.isoformat() if self.last else None,
        }  # fmt: skip

    @classmethod
    def of(cls, facts: object) -> Asked | None:
        """From a manifest's facts; None where nothing was asked. Raises ValueError where they are not such facts."""
        if not isinstance(facts, dict):
            return None
        days = [date.fromisoformat(facts[end]) if facts[end] else None for end in ("from", "to")]
        return cls(facts["source"], facts["court"], facts["register"], days[0], days[1], facts["run"])

    def page(self, reading: Reading | None) -> CoverageWindow:
        """The window of one page that answered; reading None: nothing could be fetched."""
        counter = reading.counter if reading else None
        gap = "unreachable" if reading is None else GAPS.get(reading.verdict)
        rows = counter.last - counter.first + 1 if counter and counter.total else 0
        expected = counter.total if counter else None
        return CoverageWindow(
            self.source, self.court, self.register, self.first, self.last, expected, rows, gap, self.run
        )  # fmt: skip


def fold(pages: Iterable[tuple[Window, Counter | None]]) -> list[Window]:
    """One window for each asking, from its pages and what their counters say; by time of the last page."""
    runs: dict[tuple[object, ...], list[tuple[Window, Counter | None]]] = {}
    for page, counter in sorted(pages, key=lambda each: (each[0].at, each[0].capture)):
        asked = page.asked
        key = (asked.source, asked.court, asked.register, asked.first, asked.last, asked.run)
        runs.setdefault(key, []).append((page, counter))
    return sorted((_window(run) for run in runs.values()), key=lambda window: (window.at, window.capture))


def _window(run: list[tuple[Window, Counter | None]]) -> Window:
    # A page asked twice (the first one, again at the end) is what it said last; one that failed stands by itself.
    places = {counter.first if counter else page.capture: (page.asked, counter) for page, counter in run}
    end = run[-1][0]
    counters = [counter for _, counter in run if counter]
    expected = counters[-1].total if counters else None
    read = sum(asked.read for asked, _ in places.values())
    gap = next((asked.gap for asked, _ in places.values() if asked.gap), None)
    if gap is None and (read != expected or any(c.total != expected for _, c in places.values() if c)):
        gap = "mismatch"
    return Window(replace(end.asked, expected=expected, read=read, gap=gap), end.capture, end.at)


def row(window: CoverageWindow) -> dict[str, object]:
    """The line of `crawl source --json`."""
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
