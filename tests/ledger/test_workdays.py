"""The production calendar, by known months and by the official table."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from pathlib import Path

import pytest

from archive.ledger.workdays import BACKED, backed, working_days

REAL = Path(__file__).parents[3].parent / "shared" / "realdata" / "linkage" / "xmlcalendar"
if not REAL.exists():
    REAL = Path(__file__).parents[2].parent / "shared" / "realdata" / "linkage" / "xmlcalendar"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 4, 1), date(2025, 4, 30), 22),  # 848 verdicts, 38 a working day
        (date(2024, 3, 1), date(2024, 3, 31), 20),  # 684 verdicts, 34 a working day; Monday to Friday alone gives 21
        (date(2024, 4, 27), date(2024, 4, 27), 1),  # a Saturday worked for a Monday
        (date(2024, 4, 29), date(2024, 4, 30), 0),
        (date(2024, 12, 30), date(2025, 1, 9), 1),  # over a year's end
        (date(2025, 4, 2), date(2025, 4, 1), 0),
        (date(2022, 1, 1), date(2026, 12, 31), 247 + 247 + 248 + 247 + 247),
    ],
)
def test_known_spans(first, last, expected):
    """Both ends belong to the span."""
    assert working_days(first, last) == expected


def test_a_year_that_was_not_compared():
    """It is computed, and said not to be backed."""
    assert backed(date(2022, 1, 1), date(2026, 12, 31))
    assert not backed(date(2019, 12, 31), date(2020, 1, 1))
    assert not backed(date(2026, 12, 31), date(2030, 1, 1))


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="no ../shared/realdata")
@pytest.mark.parametrize("year", sorted(BACKED))
def test_the_official_calendar(year):
    """Every day of every backed year is as the official table has it (t=1 day off, 2 shortened, 3 worked weekend)."""
    marked = {day.get("d"): day.get("t") for day in ET.parse(REAL / f"ru-{year}.xml").getroot().iter("day")}
    day, wrong = date(year, 1, 1), []
    while day.year == year:
        mark = marked.get(f"{day:%m.%d}")
        official = day.weekday() < 5 if mark is None else mark != "1"
        if working_days(day, day) != official:
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []
