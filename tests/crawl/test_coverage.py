"""Coverage: what was asked, and whether the answer was whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from archive.ledger.coverage import Asked, Run, fold, unasked, uncovered
from archive.ledger.observation import Counter, CoverageWindow, Reading, Window

ASKED = Asked("sudrf", "61GV0008", "criminal-1", date(2025, 4, 1), date(2025, 4, 30), "run")
BEGAN = datetime(2025, 6, 1, tzinfo=UTC)


def reading(total: int | None, first: int = 1, last: int = 0, verdict: str = "page") -> Reading:
    return Reading(verdict, "sudrf/1", "cp1251", counter=None if total is None else Counter(total, first, last))


def folded(*answers: Reading | None, asked: Asked = ASKED) -> list[tuple[int | None, int, str | None, bool]]:
    pages = [
        (Window(asked.page(answer), f"capture {n}", BEGAN + timedelta(seconds=n)), answer.counter if answer else None)
        for n, answer in enumerate(answers)
    ]
    return [(w.asked.expected, w.asked.read, w.asked.gap, w.asked.complete) for w in fold(pages)]


@pytest.mark.parametrize(
    ("answers", "window"),
    [
        ([reading(9, 1, 9)], (9, 9, None, True)),
        # nothing bears the zero out: no other window of this register, and no control
        ([reading(0, 0, 0, "empty")], (0, 0, "not-visited", False)),
        ([reading(27, 1, 25), reading(27, 26, 27), reading(27, 1, 25)], (27, 27, None, True)),
        ([reading(27, 1, 25)], (27, 25, "not-visited", False)),
        ([reading(27, 1, 25), reading(27, 26, 27)], (27, 27, "not-visited", False)),
        # the site answers its first page for every other, or nothing
        ([reading(27, 1, 25), reading(27, 1, 25), reading(27, 1, 25)], (27, 25, "not-visited", False)),
        ([reading(27, 1, 25), reading(0, 0, 0, "empty"), reading(27, 1, 25)], (27, 25, "mismatch", False)),
        # one case more while the pages were turned: the first page, read again, tells
        ([reading(26, 1, 25), reading(26, 26, 26), reading(27, 1, 25)], (27, 26, "mismatch", False)),
        ([reading(25, 1, 25), reading(26, 26, 26), reading(26, 1, 25)], (26, 26, None, True)),
        ([reading(None, verdict="captcha")], (None, 0, "captcha", False)),
        # made good by what came later; and the first page again is part of it
        ([reading(None, verdict="outage"), reading(9, 1, 9)], (9, 9, None, True)),
        ([None, reading(None, verdict="wrong-query"), reading(9, 1, 9)], (9, 9, None, True)),
        ([reading(27, 1, 25), None, reading(27, 26, 27), reading(27, 1, 25)], (27, 27, None, True)),
        ([reading(27, 1, 25), reading(27, 26, 27), reading(None, verdict="outage")], (27, 27, "outage", False)),
        ([reading(0, 0, 0, "empty"), reading(9, 1, 9)], (9, 9, None, True)),
        ([reading(27, 1, 25), reading(None, verdict="outage")], (27, 25, "outage", False)),
        ([reading(27, 1, 25), None], (27, 25, "unreachable", False)),
        ([reading(None, verdict="wrong-query")], (None, 0, "mismatch", False)),
        ([reading(None, verdict="unreadable")], (None, 0, "unreadable", False)),
    ],
)
def test_what_came_back(answers: list[Reading | None], window: tuple[int | None, int, str | None, bool]) -> None:
    """Complete only when every page was the page, and rows and counters agree at the end."""
    assert [window] == folded(*answers)


def windows(*told: tuple[tuple[int, int], Reading | None, bool], run: str = "run") -> list[tuple[object, ...]]:
    """The windows that pages fold to: days of April, expected, read, gap. told: days, answer, and whether it is a control."""
    pages = []
    for n, ((first, last), answer, control) in enumerate(told):
        asked = Asked("sudrf", "61GV0008", "criminal-1", date(2025, 4, first), date(2025, 4, last), run, control)
        page = Window(asked.page(answer), f"capture {n}", BEGAN + timedelta(seconds=n))
        pages.append((page, answer.counter if answer else None))
    return [
        (w.asked.first.day, w.asked.last.day, w.asked.expected, w.asked.read, w.asked.gap)
        for w in sorted(fold(pages), key=lambda window: str(window.asked.first))
        if w.asked.first and w.asked.last
    ]


NOTHING = reading(0, 0, 0, "empty")


def test_a_zero_is_borne_out_by_a_control_or_by_another_window() -> None:
    """An honest zero and a bad request look alike: the same register must have found something in the same run."""
    assert windows(((1, 9), NOTHING, False), ((1, 9), reading(400, 1, 25), True)) == [(1, 9, 0, 0, None)]
    assert windows(((1, 9), NOTHING, False), ((10, 30), reading(3, 1, 3), False)) == [
        (1, 9, 0, 0, None), (10, 30, 3, 3, None),
    ]  # fmt: skip
    assert windows(((1, 9), NOTHING, False), ((1, 9), NOTHING, True)) == [(1, 9, 0, 0, "mismatch")]
    assert windows(((1, 9), NOTHING, False), ((1, 9), reading(None, verdict="captcha"), True)) == [(1, 9, 0, 0, "captcha")]
    # the second, wider control decides
    assert windows(((1, 9), NOTHING, False), ((1, 9), NOTHING, True), ((1, 9), reading(9, 1, 9), True)) == [(1, 9, 0, 0, None)]


def test_the_rows_of_a_control_are_no_window_s() -> None:
    """A control alone makes no window, and adds nothing to one."""
    assert windows(((1, 9), reading(400, 1, 25), True)) == []


def test_a_window_in_parts_is_their_sum() -> None:
    """What could not be had whole and came in halves is complete; a half that is missing is the reason of the gap."""
    out = reading(None, verdict="outage")
    left, right = ((1, 15), reading(4, 1, 4), False), ((16, 30), reading(3, 1, 3), False)
    assert windows(((1, 30), out, False), left, right) == [(1, 30, 7, 7, None)]
    assert windows(((1, 30), out, False), left, ((16, 30), None, False)) == [(1, 30, None, 4, "unreachable")]
    assert windows(((1, 30), out, False), left) == [(1, 30, None, 4, "not-visited")]
    quarters = (((16, 23), reading(2, 1, 2), False), ((24, 30), reading(1, 1, 1), False))
    assert windows(((1, 30), out, False), left, ((16, 30), out, False), *quarters) == [(1, 30, 7, 7, None)]


@pytest.mark.parametrize(
    "run",
    [
        Run("sudrf", (), (), date(2025, 5, 1), date(2025, 5, 31), "20250605T101500Z-0a1b2c3d"),
        Run("sudrf", ("77GV0021", "61OV0000"), ("criminal-1",), None, None, "x"),
    ],
)
def test_a_run_is_known_by_its_name(run: Run) -> None:
    """What was planned stands in the name: courts that were never asked are known to be missing."""
    assert Run.of(str(run)) == run


@pytest.mark.parametrize("name", ["", "run 1", "a b c d e", "sudrf * * 2025-05-41.. x", "60b82655-eb5c-4a1f-96ed-926ed92c3906"])
def test_another_name_is_no_plan(name: str) -> None:
    """Runs of older archives have names of other kinds."""
    assert Run.of(name) is None


def test_what_was_planned_and_never_asked_is_named() -> None:
    """A run that was killed after its first window: the other days, registers and courts are not visited."""
    run = Run("sudrf", ("77GV0021", "54KV0000"), (), date(2025, 4, 1), date(2025, 5, 31), "x")
    asked = CoverageWindow("sudrf", "77GV0021", "criminal-1", date(2025, 4, 1), date(2025, 4, 30), 1, 1, None, str(run))
    assert [(w.court, w.register, w.first, w.last, w.gap) for w in unasked([Window(asked, "c", BEGAN)])] == [
        ("54KV0000", "criminal-cassation", date(2025, 4, 1), date(2025, 5, 31), "not-visited"),
        ("77GV0021", "criminal-1", date(2025, 5, 1), date(2025, 5, 31), "not-visited"),
        ("77GV0021", "material", date(2025, 4, 1), date(2025, 5, 31), "not-visited"),
    ]


def test_days_that_no_window_asks_for() -> None:
    """Windows may touch, overlap, be open, or leave holes."""

    def one(first: int | None, last: int | None) -> CoverageWindow:
        days = [date(2025, 4, day) if day else None for day in (first, last)]
        return CoverageWindow("s", "c", "r", *days, 1, 1)

    begin, end = date(2025, 4, 5), date(2025, 4, 25)
    assert uncovered([], begin, end) == [(begin, end)]
    assert uncovered([one(None, None)], begin, end) == []
    assert uncovered([one(None, None)], begin, date.max) == []
    assert uncovered([one(1, 9), one(10, 25)], begin, end) == []
    assert uncovered([one(20, 30), one(1, 9), one(3, 12)], begin, end) == [(date(2025, 4, 13), date(2025, 4, 19))]
    assert uncovered([one(1, 4), one(26, 30)], begin, end) == [(begin, end)]


def test_two_runs_are_two_askings() -> None:
    """Half of yesterday's answer and half of today's are no whole one."""
    yesterday = (Window(ASKED.page(reading(27, 1, 25)), "a", BEGAN), Counter(27, 1, 25))
    today_asked = Asked("sudrf", "61GV0008", "criminal-1", date(2025, 4, 1), date(2025, 4, 30), "another run")
    today = (Window(today_asked.page(reading(27, 26, 27)), "b", BEGAN + timedelta(days=1)), Counter(27, 26, 27))

    assert [window.asked.complete for window in fold([yesterday, today])] == [False, False]


def test_an_asking_comes_back_from_its_manifest() -> None:
    """What a capture's manifest keeps of an asking is all of it."""
    assert Asked.of(ASKED.facts()) == ASKED
    control = replace(ASKED, control=True)
    assert Asked.of(control.facts()) == control
    assert Asked("s", "c", "other", None, None, "r") == Asked.of(Asked("s", "c", "other", None, None, "r").facts())
    assert Asked.of(None) is None
