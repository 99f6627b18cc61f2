"""Coverage: what was asked, and whether the answer was whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.ledger.coverage import Asked, fold
from archive.ledger.observation import Counter, Reading, Window

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
        ([reading(0, 0, 0, "empty")], (0, 0, None, True)),
        ([reading(27, 1, 25), reading(27, 26, 27), reading(27, 1, 25)], (27, 27, None, True)),
        ([reading(27, 1, 25)], (27, 25, "mismatch", False)),
        # one case more while the pages were turned: the first page, read again, tells
        ([reading(26, 1, 25), reading(26, 26, 26), reading(27, 1, 25)], (27, 26, "mismatch", False)),
        ([reading(25, 1, 25), reading(26, 26, 26), reading(26, 1, 25)], (26, 26, None, True)),
        ([reading(None, verdict="captcha")], (None, 0, "captcha", False)),
        ([reading(27, 1, 25), reading(None, verdict="outage")], (27, 25, "outage", False)),
        ([reading(27, 1, 25), None], (27, 25, "unreachable", False)),
        ([reading(None, verdict="wrong-query")], (None, 0, "mismatch", False)),
        ([reading(None, verdict="unreadable")], (None, 0, "unreadable", False)),
    ],
)
def test_what_came_back(answers: list[Reading | None], window: tuple[int | None, int, str | None, bool]) -> None:
    """Complete only when every page was the page, and rows and counters agree at the end."""
    assert [window] == folded(*answers)


def test_two_runs_are_two_askings() -> None:
    """Half of yesterday's answer and half of today's are no whole one."""
    yesterday = (Window(ASKED.page(reading(27, 1, 25)), "a", BEGAN), Counter(27, 1, 25))
    today_asked = Asked("sudrf", "61GV0008", "criminal-1", date(2025, 4, 1), date(2025, 4, 30), "another run")
    today = (Window(today_asked.page(reading(27, 26, 27)), "b", BEGAN + timedelta(days=1)), Counter(27, 26, 27))

    assert [window.asked.complete for window in fold([yesterday, today])] == [False, False]


def test_an_asking_comes_back_from_its_manifest() -> None:
    """What a capture's manifest keeps of an asking is all of it."""
    assert Asked.of(ASKED.facts()) == ASKED
    assert Asked("s", "c", "other", None, None, "r") == Asked.of(Asked("s", "c", "other", None, None, "r").facts())
    assert Asked.of(None) is None
