"""Of which days does a sentence speak? Periods, days up to which was counted, and rates; pure.

Russian, Ukrainian and English. A month without a year is the last such month before the text's own date; without that date
it is none.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

_MONTHS = (
    r"jan(?:uary)?|январ[ьяею]|січ(?:ень|ня|ні)", r"feb(?:ruary)?|феврал[ьяею]|лют(?:ий|ого|ому)", r"mar(?:ch)?|"
    r"март[аеу]?|берез(?:ень|ня|ні)",
    r"apr(?:il)?|апрел[ьяею]|квіт(?:ень|ня|ні)", r"may|ма[йяею]|трав(?:ень|ня|ні)", r"june?|июн[ьяею]|черв(?:ень|ня|ні)",
    r"july?|июл[ьяею]|лип(?:ень|ня|ні)", r"aug(?:ust)?|август[аеу]?|серп(?:ень|ня|ні)", r"sept?(?:ember)?|сентябр[ьяею]|"
    r"верес(?:ень|ня|ні)",
    r"oct(?:ober)?|октябр[ьяею]|жовт(?:ень|ня|ні)", r"nov(?:ember)?|ноябр[ьяею]|листопад[аіу]?", r"dec(?:ember)?|"
    r"декабр[ьяею]|груд(?:ень|ня|ні)",
)  # fmt: skip
_MONTH_OF = [re.compile(words, re.I) for words in _MONTHS]
_M = rf"(?:{'|'.join(_MONTHS)})\b\.?"
_Y = r"(?:19|20)\d\d(?:-?(?:го|м|му|й|ого|ому))?(?:\s+(?:года|году|год|г\.|року|рік|році|р\.))?"
_OF_Y = r"(?:,?\s+(?:of\s+)?(?P<year>(?:19|20)\d\d)(?:\s+(?:года|году|год|г\.|року|рік|році|р\.))?)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|-?го)?"
_ORD = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "перв": 1,
    "втор": 2,
    "трет": 3,
    "четв": 4,
    "перш": 1,
    "друг": 2,
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
}
_NUM = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "два": 2,
"три": 3, "четыре": 4,
        "пять": 5, "шесть": 6, "семь": 7, "восемь": 8, "девять": 9, "десять": 10, "чотири": 4, "шість": 6, "сім": 7,
        "вісім": 8}  # fmt: skip
_SEASONS = {"spring": 3, "весн": 3, "summer": 6, "лет": 6, "літ": 6, "autumn": 9, "осен": 9, "осін": 9, "осе": 9}
_TOKEN = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"\b(?:19|20)\d\d(?!\d)")
_AS_OF = (
    r"(?:by|as\s+of|as\s+at|at|until|up\s+to|на|к|ко|до|станом\s+на|по\s+состоянию\s+на|на\s+момент)\s+"
    r"(?:the\s+)?"
)
_YEAR_WORD = r"(?:года|году|год|г\.|року|рік|році|р\.)"


Said: TypeAlias = tuple[str, date | None, date | None] | None
Reading: TypeAlias = Callable[[re.Match[str], date | None], Said]


@dataclass(frozen=True, slots=True)
class Span:
    """An expression of time and where it stands. kind: `period`, `as-of`, `same` (as the one before), `day` (of no "
    "claim). Both ends inclusive."""

    kind: str
    start: int
    end: int
    first: date | None = None
    last: date | None = None


# Each with what must stand in the sentence, in lower case, before it is worth a look (one of these), and with which word in it:
# a month, a year, or any.
_RULES: list[tuple[tuple[str, ...], str, re.Pattern[str], Reading]] = []


def _rule(pattern: str, *needs: str, by: str = "") -> Callable[[Reading], Reading]:
    def add(read: Reading) -> Reading:
        _RULES.append((needs, by, re.compile(pattern, re.I), read))
        return read

    return add


def _month(text: str) -> int:
    return next(number for number, words in enumerate(_MONTH_OF, 1) if words.match(text))


def _year(text: str | None, month: int, told: date | None) -> int | None:
    """The year said; else that of the last such month before the text's own date."""
    if text:
        return int(text[:4])
    return None if told is None else told.year - (month > told.month)


def _end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


@_rule(
    rf"{_AS_OF}(?:кін(?:ець|ця)|конц[ау]|end\s+of|начал[ау]|start\s+of|beginning\s+of|почат(?:ок|ку))\s+(?P<month>{_M}){_OF_Y}",
    "end of",
    "start of",
    "beginning of",
    "конц",
    "начал",
    "кін",
    "почат",
    by="month",
)
def _turn_of_month(found: re.Match[str], told: date | None) -> Said:
    month = _month(found["month"])
    year = _year(found["year"], month, told)
    begins = re.search(r"начал|start|beginning|почат", found[0], re.I)
    return ("as-of", None, date(year, month, 1) if begins else _end(year, month)) if year else None


@_rule(rf"{_AS_OF}(?:кін(?:ець|ця)|конц[ау]|the\s+end\s+of|end\s+of)\s+(?P<year>{_Y})", "end of", "конц", "кін", by="year")
def _end_of_year(found: re.Match[str], told: date | None) -> Said:
    return "as-of", None, date(int(found["year"][:4]), 12, 31)


@_rule(rf"{_AS_OF}(?:(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_M})|(?P<emonth>{_M})\s+(?P<eday>{_DAY})){_OF_Y}", by="month")
def _on_day(found: re.Match[str], told: date | None) -> Said:
    month, day = _month(found["month"] or found["emonth"]), re.sub(r"\D", "", found["day"] or found["eday"])
    year = _year(found["year"], month, told)
    return ("as-of", None, date(year, month, int(day))) if year else None


@_rule(r"(?:as\s+of|by|на|к|до|станом\s+на|по\s+состоянию\s+на)\s+(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})", ".20", ".19")
def _on_dotted(found: re.Match[str], told: date | None) -> Said:
    return "as-of", None, date(int(found["y"]), int(found["m"]), int(found["d"]))


@_rule(rf"(?:on\s+)?(?:{_DAY}\s+(?:of\s+)?{_M}|{_M}\s+{_DAY},?)\s+(?:19|20)\d\d(?:\s+{_YEAR_WORD})?", by="month")
def _some_day(found: re.Match[str], told: date | None) -> Said:
    return "day", None, None  # a dateline, or the day of one event: no period that is counted over


@_rule(
    rf"(?:between\s+|from\s+|in\s+|с\s+|з\s+|за\s+|в\s+|у\s+|від\s+)?(?P<a>{_M})(?:,?\s+(?P<ya>(?:19|20)\d\d)(?:\s+{_YEAR_WORD})?)?"
    rf"\s*(?:[-–—]|\s(?:and|to|through|until|по|до)\s)\s*(?P<b>{_M}){_OF_Y}",
    by="month",
)
def _months(found: re.Match[str], told: date | None) -> Said:
    first, last = _month(found["a"]), _month(found["b"])
    year = _year(found["year"], last, told)
    if not year:
        return None
    begins = int(found["ya"]) if found["ya"] else year - (first > last)
    return "period", date(begins, first, 1), _end(year, last)


@_rule(
    rf"(?P<n>first|second|third|fourth|перв\w+|втор\w+|трет\w+|четв[её]рт\w+|перш\w+|друг\w+|четверт\w+|IV|I{{1,3}})\s+"
    rf"(?P<what>half|quarter|полугоди\w+|половин\w+|квартал\w*|півріччя|півріччі|кварталі)(?:\s+of)?\s+(?P<year>{_Y})",
    "half",
    "quarter",
    "полугод",
    "половин",
    "квартал",
    "півріч",
)
def _part_of_year(found: re.Match[str], told: date | None) -> Said:
    number = next(n for word, n in sorted(_ORD.items(), key=lambda each: -len(each[0])) if found["n"].lower().startswith(word))
    size = 3 if found["what"].lower()[:2] in ("qu", "кв") else 6
    if number * size > 12:
        return None
    year = int(found["year"][:4])
    return "period", date(year, (number - 1) * size + 1, 1), _end(year, number * size)


@_rule(
    rf"(?:first|перв\w+|перш\w+)\s+(?P<n>\d{{1,2}}|{'|'.join(_NUM)})\s+(?:months|месяц\w*|місяц\w*)(?:\s+of)?\s+(?P<year>{_Y})"
    rf"|(?:за|for)\s+(?P<n2>\d{{1,2}}|{'|'.join(_NUM)})\s+(?:months|месяц\w*|місяц\w*)(?:\s+of)?\s+(?P<year2>{_Y})",
    "months",
    "месяц",
    "місяц",
)
def _first_months(found: re.Match[str], told: date | None) -> Said:
    said, year = found["n"] or found["n2"], int((found["year"] or found["year2"])[:4])
    number = int(said) if said.isdigit() else _NUM[said.lower()]
    return ("period", date(year, 1, 1), _end(year, number)) if 1 <= number <= 12 else None


@_rule(
    rf"(?:so\s+far\s+(?:in\s+)?|since\s+the\s+(?:start|beginning)\s+of\s+|с\s+начала\s+|з\s+початку\s+|від\s+початку\s+)(?P<year>{_Y}|this\s+year|года|року|(?:этого|цього)\s+(?:года|року))",
    "so far",
    "since the",
    "начала",
    "початку",
)
def _so_far(found: re.Match[str], told: date | None) -> Said:
    year = int(found["year"][:4]) if found["year"][0].isdigit() else told and told.year
    if not year:
        return None
    return "period", date(year, 1, 1), told if told and told.year == year else None


@_rule(rf"(?:since|starting\s+(?:in|from)|начиная\s+с|с|з|від|починаючи\s+з)\s+(?P<month>{_M}){_OF_Y}", by="month")
def _since(found: re.Match[str], told: date | None) -> Said:
    month = _month(found["month"])
    year = _year(found["year"], month, told)
    return ("period", date(year, month, 1), None) if year else None


@_rule(
    rf"(?:(?:in|during|for|за|в|у|на|протягом|в\s+течение)\s+)?(?P<month>{_M})\s+(?:of\s+)?(?P<year>(?:19|20)\d\d)(?:\s+{_YEAR_WORD})?",
    by="month",
)
def _month_of_year(found: re.Match[str], told: date | None) -> Said:
    year, month = int(found["year"]), _month(found["month"])
    return "period", date(year, month, 1), _end(year, month)


@_rule(rf"(?:in|during|за|в|у|протягом)\s+(?P<month>{_M})(?!\s*\d)", by="month")
def _month_alone(found: re.Match[str], told: date | None) -> Said:
    month = _month(found["month"])
    year = _year(None, month, told)
    return ("period", date(year, month, 1), _end(year, month)) if year else None


@_rule(
    rf"(?P<season>spring|summer|autumn|весн\w+|лет[оау]м?|літ[оауі]м?|осен\w+|осін\w+|восени)\s+(?:of\s+)?(?P<year>{_Y})",
    "spring",
    "summer",
    "autumn",
    "весн",
    "лет",
    "літ",
    "осен",
    "осін",
    "восени",
)
def _season(found: re.Match[str], told: date | None) -> Said:
    said, year = found["season"].lower(), int(found["year"][:4])
    month = 9 if said == "восени" else next(n for word, n in _SEASONS.items() if said.startswith(word))
    return "period", date(year, month, 1), _end(year, month + 2)


@_rule(
    rf"(?:in\s+(?:all\s+of\s+|the\s+whole\s+of\s+)?|during\s+|throughout\s+|over\s+|for\s+|of\s+|за\s+(?:весь\s+)?|в\s+|у\s+|протягом\s+|с\s+)"
    rf"(?P<year>(?:19|20)\d\d(?:-?(?:м|му|й|го))?(?:\s+{_YEAR_WORD})?)(?![\d.,]*\d)(?!\s*[-–—]\s*(?:19|20)\d\d)",
    by="year",
)
def _whole_year(found: re.Match[str], told: date | None) -> Said:
    year = int(found["year"][:4])
    return "period", date(year, 1, 1), date(year, 12, 31)


@_rule(
    r"(?:over|in|during|for)\s+the\s+same\s+(?:period|time|months?)|за\s+(?:тот|этот)\s+же\s+(?:период|срок|месяц)|за\s+это\s+(?:же\s+)?время"
    r"|by\s+(?:that|this|the\s+same)\s+(?:day|date|time|point)|(?:к\s+(?:этому|тому)|на\s+(?:этот|тот)|на\s+(?:цей|той))\s+(?:дню|времени|моменту|день|момент)\b"
    r"|за\s+(?:той|цей)\s+(?:самий|же)\s+(?:період|час|місяць)|за\s+такий\s+самий\s+період",
    "same",
    "же",
    "это ",
    "самий",
)
def _same(found: re.Match[str], told: date | None) -> Said:
    return "same", None, None


_DATE = re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_M}(?:,?\s+{_Y})?|\b{_M}\s+{_DAY}\b(?:,?\s+(?:19|20)\d\d)?", re.I)
_WHOLE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})\s+(?:of\s+)?(?P<month>{_M})|(?P<emonth>{_M})\s+(?P<eday>\d{{1,2}}))(?:,)?\s+(?P<year>(?:19|20)\d\d)\b",
    re.I,
)
_IN_DIGITS = re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{2,4}\b|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b")
_PER = {
    "working-day": r"(?:every|each|per|a)\s+(?:working|business)\s+day|(?:кажд\w+|в|за)\s+рабочий\s+день|"
        r"за\s+(?:один\s+)?робочий\s+день|(?:кожн\w+|щодня\s+в)\s+робочий\s+день",
    "day": r"(?:every|each|per|a)\s+day|daily|(?:кажд\w+|в|за)\s+день|ежедневно|щодня|на\s+день",
    "week": r"(?:every|each|per|a)\s+week|weekly|(?:кажд\w+|в|за)\s+неделю|еженедельно|щотижня|на\s+тиждень",
    "month": r"(?:every|each|per|a)\s+month|monthly|(?:кажд\w+|в)\s+месяц|ежемесячно|щомісяця|на\s+місяць|щомісячно",
    "year": r"(?:every|each|per|a)\s+year|annually|yearly|(?:кажд\w+|в)\s+год|ежегодно|щороку|на\s+рік",
}  # fmt: skip
_RATE = re.compile("|".join(rf"(?P<{name.replace('-', '_')}>\b(?:{words})\b)" for name, words in _PER.items()), re.I)


def periods(sentence: str, told: date | None, months: Sequence[int] = ()) -> list[Span]:
    """Expressions of time in the order of the text.

    told: the text's own date, for months without a year. months: where the words begin that are months.
    """
    lowered = sentence.lower()
    found: list[Span] = []
    begins = [match.start() for match in _TOKEN.finditer(sentence)]
    by_month = _ahead(begins, months)
    by_year = _ahead(begins, [match.start() for match in _YEAR.finditer(sentence)])
    for needs, kind, pattern, read in _RULES:
        if kind == "month":
            matches: Iterable[re.Match[str] | None] = (pattern.match(sentence, at) for at in by_month)
        elif kind == "year":
            matches = (pattern.match(sentence, at) for at in by_year)
        elif any(word in lowered for word in needs):
            matches = pattern.finditer(sentence)
        else:
            continue
        if needs and kind and not any(word in lowered for word in needs):
            continue
        for match in matches:
            if match is None:
                continue
            start, end = match.span()
            if (start and sentence[start - 1].isalnum()) or any(span.start < end and start < span.end for span in found):
                continue
            try:
                said = read(match, told)
            except ValueError:  # no such day
                continue
            if said:
                found.append(Span(said[0], start, end, said[1], said[2]))
    return sorted(found, key=lambda span: span.start)


def _ahead(begins: list[int], anchors: Sequence[int]) -> list[int]:
    """Where an expression may begin that has a word at one of these places: there, or up to six words before."""
    found: dict[int, None] = {}
    for anchor in anchors:
        n = bisect_right(begins, anchor)
        found.update(dict.fromkeys(begins[max(0, n - 7) : n]))
    return list(found)


def dates(sentence: str, *, month: bool) -> Iterator[tuple[int, int]]:
    """Where days and times of day stand: their numbers count nothing."""
    for pattern in (_IN_DIGITS, _DATE) if month else (_IN_DIGITS,):
        yield from (found.span() for found in pattern.finditer(sentence))


def rates(sentence: str) -> list[tuple[int, int, str]]:
    """Where it says `a month`, and what a rate is per."""
    return [(*found.span(), (found.lastgroup or "").replace("_", "-")) for found in _RATE.finditer(sentence)]


def whole_dates(text: str) -> Iterator[date]:
    """Days with month and year that a text names, in its order."""
    for found in _WHOLE.finditer(text):
        with suppress(ValueError):
            yield date(int(found["year"]), _month(found["month"] or found["emonth"]), int(found["day"] or found["eday"]))
