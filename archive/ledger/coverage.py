"""What was asked of the registers and what came back: the pages of one asking folded to a coverage window; pure.

A listing is asked for by court, register and dates; it comes in pages, each with the counter the court prints. The pages of
one run are one asking; its window stands at the last of them. A window is complete when

    every row that the counters tell of was read, and all counters agree at the end
    the first page was read again after the others (newest cases come first: one that arrives shifts every page)
    a zero is borne out: an honest zero and a bad request look alike, so the same court and register must have found
      something in the same run, for another window or for a control query

What failed and was asked again with success leaves no gap. A window that was cut into parts is what its parts are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from archive.ledger import courts
from archive.ledger.observation import Counter, CoverageWindow, Reading, Window

# The gap that a page leaves which is not the page; `page` and `empty` leave none.
GAPS = {
    "captcha": "captcha", "blocked": "blocked", "login": "blocked", "outage": "outage", "wrong-query": "mismatch",
    "unreadable": "unreadable", "other-page": "unreadable", "gone": "unreachable", "soft-404": "unreachable",
    "parked": "unreachable",
}  # fmt: skip
Page = tuple[Window, Counter | None]


@dataclass(frozen=True, slots=True)
class Run:
    """One asking of a source, as its name keeps it: what was planned is known although nothing was asked yet.

    courts: official codes; (): every court of the register that has such registers. registers: (): all that a court has.
    mark: what tells it from another run of the same plan.
    """

    source: str
    courts: tuple[str, ...]
    registers: tuple[str, ...]
    first: date | None
    last: date | None
    mark: str

    def __str__(self) -> str:
        return f"{self.plan} {self.mark}"

    @property
    def plan(self) -> str:
        """The same for every run of one plan: `sudrf * criminal-1 2025-05-01..2025-05-31`."""
        days = f"{self.first or ''}..{self.last or ''}"
        return f"{self.source} {','.join(self.courts) or '*'} {','.join(self.registers) or '*'} {days}"

    @property
    def asked_of(self) -> set[tuple[str, str]]:
        """The courts of the register that it meant to ask, each with each register that it keeps and was asked for."""
        chosen = map(courts.by_code, self.courts) if self.courts else courts.courts()
        return {
            (court.code, register)
            for court in chosen
            if court is not None
            for register in court.registers
            if not self.registers or register in self.registers
        }

    @classmethod
    def of(cls, name: str) -> Run | None:
        """From a run's name; None where it is the name of something else."""
        match name.split(" "):
            case [source, courts, registers, days, mark] if days.count("..") == 1:
                try:
                    first, last = (date.fromisoformat(day) if day else None for day in days.split(".."))
                except ValueError:
                    return None
                return cls(source, _several(courts), _several(registers), first, last, mark)
        return None


def _several(text: str) -> tuple[str, ...]:
    return () if text == "*" else tuple(text.split(","))


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking of a register, as the capture's manifest keeps it (`facts.asked`).

    control: the query only shows that its form is one the court understands; its rows belong to no window.
    """

    source: str
    court: str
    register: str
    first: date | None
    last: date | None
    run: str
    control: bool = False

    def facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "source": self.source, "court": self.court, "register": self.register, "run": self.run,
            "from": self.first.isoformat() if self.first else None, "to": self.last.isoformat() if self.last else None,
        }  # fmt: skip
        return {**facts, "control": True} if self.control else facts

    @classmethod
    def of(cls, facts: object) -> Asked | None:
        """From a manifest's facts; None where nothing was asked. Raises ValueError where they are not such facts."""
        if not isinstance(facts, dict):
            return None
        days = [date.fromisoformat(facts[end]) if facts[end] else None for end in ("from", "to")]
        control = facts.get("control") is True
        return cls(facts["source"], facts["court"], facts["register"], days[0], days[1], facts["run"], control)

    def page(self, reading: Reading | None, *, let_out: bool = True) -> CoverageWindow:
        """The window of one page that answered; reading None: nothing could be fetched, or, not let_out, nothing was asked.

        A control that found something expects nothing and has no gap: no other page is so.
        """
        counter = reading.counter if reading else None
        silent = "unreachable" if let_out else "not-visited"
        gap = silent if reading is None else GAPS.get(reading.verdict)
        rows = counter.last - counter.first + 1 if counter and counter.total else 0
        expected = counter.total if counter else None
        if self.control:
            gap = gap or (None if expected else "mismatch")
            expected, rows = None, 0
        return CoverageWindow(
            self.source, self.court, self.register, self.first, self.last, expected, rows, gap, self.run
        )  # fmt: skip


def fold(pages: Iterable[Page]) -> list[Window]:
    """One window for each asking, from its pages and what their counters say; by time of the last page."""
    runs: dict[tuple[str, ...], list[Page]] = {}
    for page, counter in sorted(pages, key=lambda each: (each[0].at, each[0].capture)):
        asked = page.asked
        runs.setdefault((asked.source, asked.court, asked.register, asked.run), []).append((page, counter))
    windows = [window for askings in runs.values() for window in _register(askings)]
    return sorted(windows, key=lambda window: (window.at, window.capture))


def _register(pages: list[Page]) -> Iterable[Window]:
    """The windows of one register in one run."""
    spans: dict[tuple[date | None, date | None], list[Page]] = {}
    for page, counter in pages:
        # A control's counter is not its window's.
        own = counter if page.asked.expected is not None else None
        spans.setdefault((page.asked.first, page.asked.last), []).append((page, own))
    understood = any(_control(page) or (page.asked.expected or 0) > 0 for page, _ in pages)
    # Why no zero of this register is believed: what stood before the control, or that it found nothing.
    doubt = next((page.asked.gap for page, _ in pages if page.asked.gap and page.asked.expected is None), "not-visited")
    believed = None if understood else doubt
    windows = [_window(asked, believed) for asked in spans.values() if not all(_control(page) for page, _ in asked)]
    return _whole(windows)


def _control(page: Window) -> bool:
    return page.asked.expected is None and page.asked.gap is None


def _window(run: list[Page], doubt: str | None) -> Window:
    """The pages of one window folded. doubt: the gap that a zero is; None where this register found something in this run."""
    # A page asked twice is what it said last, and `nothing found` is what the first page says. What failed and was made good
    # by later pages leaves nothing behind.
    own = [(page, counter) for page, counter in run if not _control(page)]
    answered = [counter for _, counter in own if counter]
    places = {max(counter.first, 1): (page.asked, counter) for page, counter in own if counter}
    end, last = own[-1]
    expected = answered[-1].total if answered else None
    read = sum(asked.read for asked, _ in places.values())
    agree = read == expected and all(counter.total == expected for _, counter in places.values())
    failed = next((page.asked.gap for page, _ in own if page.asked.gap), None)
    gap: str | None = None
    if agree and expected == 0:
        # Rows that were counted once do not become none: then the site shows less than it has. Nor is a zero believed that was
        # asked for once more, in vain: in the other dialect it may be none. A form that found nothing, or was not understood,
        # is another matter: the control tells.
        vain = last is None and end.asked.gap != "mismatch"
        lost = vain or any(counter.total for counter in answered)
        gap = (end.asked.gap or failed or "mismatch") if lost else doubt
    elif last is None or not agree:
        steady = all(counter.total == expected for counter in answered) and _cut_short(places, expected)
        gap = failed or ("not-visited" if steady else "mismatch")
    elif len(places) > 1 and last.first != 1:
        gap = "not-visited"
    return Window(replace(end.asked, expected=expected, read=read, gap=gap), end.capture, end.at)


def _cut_short(places: dict[int, tuple[CoverageWindow, Counter]], expected: int | None) -> bool:
    """Are these the first pages of several, in accord, and the others were just not asked for?"""
    counters = [counter for _, counter in sorted(places.values(), key=lambda place: place[1].first)]
    reach = 0
    for counter in counters:
        if counter.total != expected or counter.first != reach + 1:
            return False
        reach = counter.last
    return expected is not None and 0 < reach < expected


def _whole(windows: list[Window]) -> Iterable[Window]:
    """A window that was cut because it could not be had whole is the sum of its parts, which are told of no more."""
    left = sorted(windows, key=_length, reverse=True)
    while left:
        window = left.pop(0)
        parts = [each for each in left if _inside(each.asked, window.asked)]
        if window.asked.complete or not parts:
            yield window
            continue
        left = [each for each in left if each not in parts]
        sums = list(_whole(parts))
        asked = window.asked
        assert asked.first is not None and asked.last is not None
        bare = uncovered([each.asked for each in sums if each.asked.complete], asked.first, asked.last)
        gap = next((each.asked.gap for each in sums if each.asked.gap), "not-visited" if bare else None)
        counted = [each.asked.expected for each in sums]
        expected = None if bare or None in counted else sum(count or 0 for count in counted)
        end = max([window, *sums], key=lambda each: (each.at, each.capture))
        read = sum(each.asked.read for each in sums)
        yield Window(replace(asked, expected=expected, read=read, gap=gap), end.capture, end.at)


def _length(window: Window) -> timedelta:
    first, last = window.asked.first, window.asked.last
    return timedelta.max if first is None or last is None else last - first


def _inside(part: CoverageWindow, whole: CoverageWindow) -> bool:
    if None in (part.first, part.last, whole.first, whole.last):
        return False
    assert part.first and part.last and whole.first and whole.last  # for the type checker
    return whole.first <= part.first and part.last <= whole.last and (part.first, part.last) != (whole.first, whole.last)


def uncovered(windows: Collection[CoverageWindow], begin: date, end: date) -> list[tuple[date, date]]:
    """The days from `begin` to `end` that none of these windows asks for, as spans, both ends inclusive."""
    bare: list[tuple[date, date]] = []
    day: date | None = begin  # the first one that is not asked for yet; None: none is left
    for window in sorted(windows, key=lambda each: each.first or date.min):
        first, last = window.first or date.min, window.last or date.max
        if day is None or first > end:
            break
        if first > day:
            bare.append((day, first - timedelta(days=1)))
        if last >= day:
            day = last + timedelta(days=1) if last < end else None
    if day is not None and day <= end:
        bare.append((day, end))
    return bare


def unasked(windows: Iterable[Window]) -> list[CoverageWindow]:
    """What the newest run of each plan meant to ask and never did: a run that was killed, a court without a known site."""
    runs: dict[str, tuple[Run, list[Window]]] = {}
    for window in sorted(windows, key=lambda each: (each.at, each.capture)):
        run = Run.of(window.asked.run)
        if run is None:
            continue
        if run.plan not in runs or runs[run.plan][0] != run:
            runs[run.plan] = run, []
        runs[run.plan][1].append(window)
    found = []
    for run, held in runs.values():
        for court, register in sorted(run.asked_of):
            asked = [each.asked for each in held if (each.asked.court, each.asked.register) == (court, register)]
            for first, last in uncovered(asked, run.first or date.min, run.last or date.max):
                days = (None if first == date.min else first, None if last == date.max else last)
                found.append(CoverageWindow(run.source, court, register, *days, None, 0, "not-visited", str(run)))
    return found


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
