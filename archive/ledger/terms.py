"""What the words of court registers mean: the door to articles, outcomes and numbers; here the dates and times; pure.

Every function takes text as a reader of the page sees it (white space folded) and answers with normal forms; spans are
indices into that text. What has no normal form that we know gets None or `unknown`: it is never guessed.
"""

from __future__ import annotations

import re
from datetime import date as _date

from archive.ledger.articles import Article, articles
from archive.ledger.glyphs import words
from archive.ledger.numbers import UID, CaseNumber, mentioned, numbers, uid
from archive.ledger.outcomes import event, outcome, result

__all__ = [
    "UID", "Article", "CaseNumber", "articles", "date", "dated", "event", "mentioned", "numbers", "oddity", "outcome", "result",
    "stamp", "time", "uid",
]  # fmt: skip

# The courts of these sites exist since 1991; what stands before it, or a lifetime ahead, is a slip of the clerk's hand.
FIRST_YEAR, LAST_YEAR = 1991, 2060

_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_STAMP = re.compile(r"(\d{2}\.\d{2}\.\d{4}) (\d{1,2}:\d{2})")
_MONTHS = ("январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр")
_IN_WORDS = re.compile(
    r"(?:(?:[«\"](?P<quoted>\d{1,2})[»\"]|(?P<day>\d{1,2})) )?"
    rf"(?P<month>{'|'.join(_MONTHS)})(?:ь|я|е|а|й|и|ю)? (?P<year>\d{{4}})(?: ?(?:г\.?|год[ау]?))?"
)


def date(text: str) -> str | None:
    """`10.08.2026` -> `2026-08-10`; None for what is no date, and for a day that cannot be (31.02.2025, 10.08.0226).

    A slip is not mended: 04.22.2026 may be the 22nd of April, and has no value. `oddity` says what is wrong with it.
    """
    written = _DATE.fullmatch(text.strip())
    if written is None:
        return None
    day, month, year = (int(part) for part in written.groups())
    return _day(year, month, day)


def dated(text: str) -> str | None:
    """A date in words, as precise as it is: `14 мая 2026 года` -> `2026-05-14`, `май 2026 г.` -> `2026-05`; numerals too."""
    numerals = date(text)
    if numerals is not None:
        return numerals
    written = _IN_WORDS.fullmatch(words(text))
    if written is None:
        return None
    year, month = int(written["year"]), _MONTHS.index(written["month"]) + 1
    day = written["quoted"] or written["day"]
    if day is not None:
        return _day(year, month, int(day))
    return f"{year}-{month:02}" if FIRST_YEAR <= year <= LAST_YEAR else None


def oddity(text: str) -> str | None:
    """What is wrong with a date that has the shape of one and no value, in a word; None where nothing is.

    `impossible-year` (0226, 1925, 2205), `day-and-month-swapped` (04.22.2026: so it would be a day),
    `impossible-day` (31.02.2025).
    """
    written = _DATE.fullmatch(text.strip())
    if written is None or date(text) is not None:
        return None
    day, month, year = (int(part) for part in written.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return "impossible-year"
    return "day-and-month-swapped" if _day(year, day, month) else "impossible-day"


def _day(year: int, month: int, day: int) -> str | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return _date(year, month, day).isoformat()
    except ValueError:
        return None


def time(text: str) -> str | None:
    """`9:05` -> `09:05`, in whatever zone the court keeps; None for what is no time of day."""
    written = _TIME.fullmatch(text.strip())
    if written is None or int(written[1]) > 23 or int(written[2]) > 59:
        return None
    return f"{int(written[1]):02}:{written[2]}"


def stamp(text: str) -> str | None:
    """`22.04.2026 18:54` -> `2026-04-22T18:54`, no zone stated; None for anything else."""
    written = _STAMP.fullmatch(text.strip())
    if written is None:
        return None
    day, hour = date(written[1]), time(written[2])
    return f"{day}T{hour}" if day and hour else None
