"""How many working days lie between two days, by the Russian production calendar.

Shortened days count whole. In 2020 and 2021 the calendar's "non-working days" of the pandemic count as working days, as
courts sat on urgent cases only by their own decision and no statistic we reproduce leaves them out.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

# Years on whose every day the calendar of `holidays` equals the official one (compared day by day, 2013-2026; the
# others differ: 2014 on 1 day, 2020 on 29, 2021 on 7). A year not yet decreed is an expectation.
BACKED = frozenset({2013, *range(2015, 2020), *range(2022, 2027)})

_DAY = timedelta(days=1)


def working_days(first: date, last: date) -> int:
    """Working days from `first` to `last`, both inclusive; 0 where `last` comes before `first`."""
    if last < first:
        return 0
    if first.year == last.year:
        return _until(last) - _until(first) + _working(first)
    years = (date(year, 12, 31) for year in range(first.year, last.year))
    return sum(_until(end) for end in years) - _until(first) + _working(first) + _until(last)


def backed(first: date, last: date) -> bool:
    """Every year of the period is one whose calendar was compared with the official one and found equal."""
    return all(year in BACKED for year in range(first.year, last.year + 1))


def _until(last: date) -> int:
    """Working days from the first of January of that year, inclusive."""
    return _running(last.year)[last.timetuple().tm_yday - 1]


def _working(day: date) -> bool:
    before = _until(day - _DAY) if day.timetuple().tm_yday > 1 else 0
    return _until(day) > before


@cache
def _running(year: int) -> tuple[int, ...]:
    """For each day of the year, the working days until it."""
    import holidays  # a twentieth of a second, and most commands count no days

    calendar = holidays.country_holidays("RU", years=year)
    day, count, running = date(year, 1, 1), 0, []
    while day.year == year:
        count += calendar.is_working_day(day)
        running.append(count)
        if day == date.max:
            break
        day += _DAY
    return tuple(running)
