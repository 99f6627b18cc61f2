"""Where in a sentence do figures stand, and how much do they say? Digits and words, ranges, `more than`, `twice`; pure.

Russian, Ukrainian and English. What looks like a figure and counts nothing (dates, times, money, ages, numbers of articles,
cases and pages) is no figure here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

_ONES = (
    "one|один|одна|одно|одного|одну", "two|два|две|двух|дві|двох", "three|три|трёх|трех|трьох", "four|четыре|четырёх|"
    "четырех|чотири|чотирьох",
    "five|пять|пяти|п'ять|п’ять", "six|шесть|шести|шість", "seven|семь|семи|сім|семеро", "eight|восемь|восьми|вісім",
    "nine|девять|девяти|дев'ять|дев’ять", "ten|десять|десяти", "eleven|одиннадцать|одинадцять", "twelve|двенадцать|дванадцять",
    "thirteen|тринадцать|тринадцять", "fourteen|четырнадцать|чотирнадцять", "fifteen|пятнадцать|п'ятнадцять|п’ятнадцять",
    "sixteen|шестнадцать|шістнадцять", "seventeen|семнадцать|сімнадцять", "eighteen|восемнадцать|вісімнадцять",
    "nineteen|девятнадцать|дев'ятнадцять|дев’ятнадцять",
)  # fmt: skip
_TENS = (
    "twenty|двадцать|двадцати|двадцять", "thirty|тридцать|тридцати|тридцять", "forty|сорок", "fifty|пятьдесят|п'ятдесят|"
    "п’ятдесят",
    "sixty|шестьдесят|шістдесят", "seventy|семьдесят|сімдесят", "eighty|восемьдесят|вісімдесят", "ninety|девяносто|"
    "дев'яносто|дев’яносто",
)  # fmt: skip
_HUNDREDS = (
    "сто", "двести|двісті", "триста", "четыреста|чотириста", "пятьсот|п'ятсот|п’ятсот", "шестьсот|шістсот", "семьсот|сімсот",
    "восемьсот|вісімсот", "девятьсот|дев'ятсот|дев’ятсот",
)  # fmt: skip
_SCALES = {
    "hundred|сотня|сотни|сотню": 100, "thousand|тысяча|тысячи|тысячу|тысяч|тыс|тисяча|тисячі|тисячу|тисяч|тис": 1000,
    "million|миллион|миллиона|миллионов|млн|мільйон|мільйона|мільйонів": 1_000_000,
}  # fmt: skip


def _table(lists: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {word: value for words, value in lists for word in words.split("|")}


_ONES_EN = [words.split("|")[0] for words in _ONES[:9]]
_TENS_EN = [words.split("|")[0] for words in _TENS]
_SMALL = _table([
    *((words, i) for i, words in enumerate(_ONES, 1)), *((words, 10 * i) for i, words in enumerate(_TENS, 2)),
    *((words, 100 * i) for i, words in enumerate(_HUNDREDS, 1)),
])  # fmt: skip
_SCALE = _table(_SCALES.items())
# A share, or how many times: what a figure in words is, and its unit.
_SHARES = {
    r"two[-\s]thirds|две\s+трети|двух\s+третей|дві\s+третини|двох\s+третин": Decimal("66.67"),
    r"three[-\s]quarters|три\s+четверти|три\s+чверті": Decimal(75),
    r"(?:one[-\s]|(?<=\ba\s))third|треть|третина": Decimal("33.33"),
    r"(?:one[-\s]|(?<=\ba\s))quarter|четверть|чверть": Decimal(25),
    r"half|половин[аыу]|половини": Decimal(50),
}
_TIMES = {
    r"doubl(?:e|ed)|twice|two\s+times|twofold|вдвое|два\s+раза|удвоил[а-я]+|вдвічі|два\s+рази|подвоїл[а-яії]+|удвічі": Decimal(
        2
    ),
    r"tripl(?:e|ed)|three\s+times|threefold|втрое|три\s+раза|утроил[а-я]+|втричі|утричі|три\s+рази": Decimal(3),
    r"quadrupl(?:e|ed)|four\s+times|fourfold|вчетверо|четыре\s+раза|чотири\s+рази": Decimal(4),
    r"five\s+times|fivefold|впятеро|пять\s+раз|вп['’]ятеро|п['’]ять\s+разів": Decimal(5),
    r"полтора\s+раза|півтора\s+раз[уаи]": Decimal("1.5"),
}
_SHARE = {re.compile(words, re.I): value for words, value in _SHARES.items()}
_GAP = "[ \u00a0\u2007\u2009\u202f]"
_DIGITS = r"\d{1,3}(?:[ \u00a0\u2007\u2009\u202f]\d{3})+(?!\d)|\d{1,3}(?:[,.'’]\d{3})+(?!\d)|\d+(?:[.,]\d+)?"
_SMALL_WORD = "|".join(sorted(map(re.escape, _SMALL), key=len, reverse=True))
_SCALE_WORD = "|".join(sorted(map(re.escape, _SCALE), key=len, reverse=True))
_WORDED = (
    rf"(?:{_SMALL_WORD})(?:[-\s]+(?:and\s+)?(?:{_SMALL_WORD}|{_SCALE_WORD})\b)*"
    rf"|(?:hundred|сотня|сотню|тысячу|тысяча|тисячу|тисяча)\b(?:\s+(?:{_SMALL_WORD})\b)*"
)
# `thousands of`: more than one, and no more than ten of them.
_PLENTY = {"hundreds": 100, "сотни": 100, "сотні": 100, "thousands": 1000, "тысячи": 1000, "тисячі": 1000}
_DIGIT = re.compile(r"[0-9]")
_SOME = (
    r"(?P<some>few|several|несколько|кілька|декілька)\s+(?P<of>hundred|thousand|dozen|сот|тысяч|десятков|сотень|тисяч|десятків)"
)
_NOT_WITHIN = r"(?<![\w№#/.,:+])(?<![^\W\d][-–])"
_IN_DIGITS = re.compile(
    rf"{_NOT_WITHIN}(?:(?P<times>(?:\d+(?:[.,]\d+)?)(?=\s*(?:times|-?fold|раза?\b|рази\b|разів\b)))"
    rf"|(?P<digits>{_DIGITS})(?:{_GAP}*(?P<scale>(?:{_SCALE_WORD})\b\.?))?(?P<percent>\s*(?:%|per\s*cent\b|percent\b|"
    rf"процент|відсотк))?)", re.I,
)  # fmt: skip
_IN_WORDS = re.compile(
    rf"{_NOT_WITHIN}(?:(?P<times>{'|'.join(_TIMES)})|(?P<share>{'|'.join(_SHARES)})|{_SOME}|"
    rf"(?P<plenty>{'|'.join(_PLENTY)})\b|(?P<worded>{_WORDED})\b)",
    re.I,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
# `2025 cases` counts cases; any other bare 2025 is a year.
_COUNTED = re.compile(
    r"\s+(?:(?:new\s+criminal|new|criminal|уголовн\w+|кримінальн\w+|нов\w+)\s+)?(?:cases|men|people|soldiers|verdicts|sentences|дел\b|дела\b|"
    r"человек|приговор|справ\b|осіб|вирок|проваджен|военнослужащ|військовослужбовц)", re.I,
)  # fmt: skip
_NUMERAL = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Words with which a figure in words begins.
_OPENING = frozenset((
    *_SMALL, *_PLENTY, "hundred", "сотня", "сотню", "тысячу", "тысяча", "тисячу", "тисяча", "few", "several", "несколько",
    "кілька",
    "декілька", "half", "половина",
    "половину", "половины", "половини", "third", "треть", "третина", "quarter", "четверть", "чверть", "double", "doubled",
    "twice", "twofold", "вдвое",
    "вдвічі", "удвічі", "втрое", "втричі", "утричі", "triple", "tripled", "threefold", "quadruple", "quadrupled",
    "fourfold", "вчетверо", "fivefold", "впятеро",
    "вп'ятеро", "вп’ятеро", "полтора", "півтора", "удвоилось", "удвоились", "подвоїлась", "подвоїлися", "две", "дві",
    "двух", "двох", "три", "three",
))  # fmt: skip
_HYPHENED = frozenset((
    "two-thirds", "three-quarters", "one-third", "one-quarter",
    *(f"{ten}-{one}" for ten in _TENS_EN for one in _ONES_EN),
))  # fmt: skip
_BEGINNINGS = _OPENING | _HYPHENED
_LEAD = re.compile(
    r"(?:(?P<low>more\s+than|over|at\s+least|upwards\s+of|exceed(?:s|ed|ing)?|не\s+менее|более(?:\s+чем)?|больше(?:\s+чем)?|свыше|как\s+минимум|минимум|"
    r"понад|більше(?:\s+ніж)?|більш\s+(?:як|ніж)|щонайменше|не\s+менше(?:\s+ніж)?)"
    r"|(?P<high>fewer\s+than|less\s+than|under|nearly|almost|up\s+to|at\s+most|no\s+more\s+than|почти|менее(?:\s+чем)?|меньше(?:\s+чем)?|не\s+более(?:\s+чем)?|до|майже|"
    r"менше(?:\s+ніж)?|менш\s+(?:як|ніж)|не\s+більше(?:\s+ніж)?|щонайбільше)"
    r"|(?P<about>about|around|approximately|roughly|some|circa|около|примерно|порядка|приблизительно|близко|близько|приблизно|орієнтовно))"
    r"(?:\s+(?:the|чем|ніж|в|у))?\s+\Z", re.I,
)  # fmt: skip
_RANGE = re.compile(r"\s*[-–—]\s*|\s+(?:and|to|до|и|та|і|й)\s+", re.I)
_FROM = re.compile(r"(?:between|from|от|від|между|між|с|з)\s+\Z", re.I)
# What makes a number count nothing: beside it, before and behind.
_MONEY = (
    r"(?:USD|EUR|RUB|UAH|GBP|dollars?|euros?|rubles?|roubles?|hryvnias?|руб\w*|доллар\w*|евро|гривен\w*|гривн\w*|грн|"
    r"долар\w*|євро|тенге)"
)
_NOT_AFTER = re.compile(
    rf"{_GAP}*(?:[$€£₽₴]|{_MONEY}\b|°|(?:км|км/ч|км²|km|kg|кг|mm|мм|ГБ|GB|m|м|mph|p\.m|a\.m|pm|am|UTC|GMT|MSK|МСК)\b|[:/]\d|th\b|st\b|nd\b|rd\b|s\b"
    r"|-(?:year|летн|річн|month|day|месячн|дневн|й\b|я\b|го\b|му\b|м\b|х\b|ма\b|та\b|ті\b|ої\b|го\b))", re.I,
)  # fmt: skip
_SCALED_MONEY = re.compile(rf"{_GAP}*(?:{_SCALE_WORD})\.?{_GAP}*(?:[$€£₽₴]|{_MONEY}\b)", re.I)
_NOT_BEFORE = re.compile(
    r"(?:[$€£₽₴№#]|\b(?:no|nos|number|page|p|pp|стр|с|part|paragraph|point|section|chapter|episode|aged|age|part|parts|ч|часть|части|частью|частям|"
    r"частина|частини|частиною|п|пункт|пункта|пункту|глава|глави|в возрасте|at|until|unit|часті|в/ч|USD|EUR|Article|Art|"
    r"ст)\.?)\s*\Z", re.I,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """What a figure says and where: `sentence[start:end]`, words like `more than` included; `core` is where its digits begin.

    unit: `percent` or `times` where the figure says so itself.
    """

    low: Decimal | None
    high: Decimal | None
    start: int
    end: int
    core: int
    unit: str | None = None
    about: bool = False
    in_words: bool = False


def openings(lowered: str) -> frozenset[str]:
    """The words of a text, in lower case, with which figures in words may begin."""
    return _BEGINNINGS.intersection(lowered.split())


def may_state(lowered: str, among: frozenset[str] | None = None) -> bool:
    """Might this text, in lower case, state a figure? among: the openings of a text that it is part of, where known."""
    if _DIGIT.search(lowered):
        return True
    if among is not None and not any(map(lowered.__contains__, among)):
        return False
    return not _BEGINNINGS.isdisjoint(lowered.split())


def figures(sentence: str, masked: Iterable[tuple[int, int]] = ()) -> list[Figure]:
    """In the order of the text. masked: slices that say something else (articles, dates)."""
    taken = sorted(masked)
    found: list[Figure] = []
    for one in _plain(sentence, taken):
        last = found[-1] if found else None
        between = sentence[last.end : one.start] if last else ""
        if last and last.unit in (None, one.unit) and _RANGE.fullmatch(between) and _reach(sentence, last, one, between):
            scaled = _scaled(last, one)
            found[-1] = Figure(scaled, one.high, last.start, one.end, last.core, one.unit, last.about, last.in_words)
        else:
            found.append(one)
    return [_led(sentence, one) for one in found]


def _plain(sentence: str, taken: list[tuple[int, int]]) -> Iterator[Figure]:
    at = 0
    for begins in _begins(sentence):
        if begins < at:
            continue
        digits = sentence[begins].isdigit()
        found = (_IN_DIGITS if digits else _IN_WORDS).match(sentence, begins)
        if found is None:
            continue
        start, end = found.span()
        at = end
        if any(a < end and start < b for a, b in taken):
            at = max((b for a, b in taken if a <= start < b), default=end)
            continue
        if sentence[end : end + 1] == ")" and sentence[max(0, start - 1) : start] != "(" and end - start <= 2:
            continue  # `1) ... 2) ...`: the number of an item
        said = _of_digits(sentence, found) if digits else _of_words(found)
        if said is not None and not (
            _NOT_AFTER.match(sentence, end) or _NOT_BEFORE.search(sentence, max(0, start - 16), start)
        ):
            low, high, unit = said
            yield Figure(low, high, start, end, start, unit, in_words=not digits)


def _begins(sentence: str) -> list[int]:
    """Where a figure may begin."""
    places = [found.start() for found in _NUMERAL.finditer(sentence)]
    if not _OPENING.isdisjoint(_WORD.findall(sentence.lower())):
        places += (found.start() for found in _WORD.finditer(sentence) if found[0].lower() in _OPENING)
        places.sort()
    return places


_Said: TypeAlias = tuple[Decimal, Decimal, str | None] | None


def _of_digits(sentence: str, found: re.Match[str]) -> _Said:
    if said := found["times"]:
        return _decimal(said), _decimal(said), "times"
    text, scale, percent = found["digits"], found["scale"], found["percent"]
    if _SCALED_MONEY.match(sentence, found.end("digits")):
        return None
    if not scale and not percent:
        if text.startswith("0") or (text.isdigit() and len(text) > 9):
            return None
        if _YEAR.fullmatch(text) and not _COUNTED.match(sentence, found.end()):
            return None
    value = _decimal(text) * (_SCALE[scale.rstrip(".").lower()] if scale else 1)
    return value, value, "percent" if percent else None


def _of_words(found: re.Match[str]) -> _Said:
    if said := found["times"]:
        times = next(value for words, value in _TIMES.items() if re.fullmatch(words, said, re.I))
        return times, times, "times"
    if said := found["share"]:
        share = next(value for words, value in _SHARE.items() if words.match(found.string, found.start()))
        return share, share, "percent"
    if found["some"]:
        of = found["of"].lower()
        unit = 10 if of[0] == "d" or of.startswith("десят") else 1000 if of.startswith(("th", "тыс", "тис")) else 100
        return Decimal(unit), Decimal(10 * unit), None  # "a few hundred": hundreds, and not thousands
    if said := found["plenty"]:
        one = Decimal(_PLENTY[said.lower()])
        return one, 10 * one, None
    worded = _in_words(found["worded"])
    return None if worded is None else (worded, worded, None)


def _decimal(text: str) -> Decimal:
    whole = re.fullmatch(r"\d{1,3}(?:[\s,.'’]\d{3})+", text)
    return Decimal(re.sub(r"\D", "", text)) if whole else Decimal(text.replace(",", "."))


def _in_words(text: str) -> Decimal | None:
    """`twenty-five`, `сорок восемь`, `two hundred and seven`, `пять тысяч двести`."""
    total = part = 0
    for word in re.split(r"[-\s]+", text.lower()):
        if word in ("and", "a"):
            continue
        if word in _SMALL:
            part += _SMALL[word]
        elif (scale := _SCALE.get(word)) == 100:
            part = (part or 1) * 100
        elif scale:
            total, part = total + (part or 1) * scale, 0
        else:
            return None
    return Decimal(total + part)


def _reach(sentence: str, first: Figure, second: Figure, between: str) -> bool:
    """Are these two the ends of one range?"""
    if first.low is None or second.high is None or not _scaled(first, second) < second.high:
        return False
    return between.strip() in ("-", "–", "—") or bool(_FROM.search(sentence[max(0, first.start - 12) : first.start]))


def _scaled(first: Figure, second: Figure) -> Decimal:
    """The lower end: `15-20 thousand` is from 15 thousand."""
    assert first.low is not None and second.low is not None
    if first.low < 1000 <= second.low and second.low % 1000 == 0 and first.low < second.low / 1000:
        return first.low * (1_000_000 if second.low % 1_000_000 == 0 else 1000)
    return first.low


def _led(sentence: str, one: Figure) -> Figure:
    """The figure with the words before it that say how exact it is."""
    found = _LEAD.search(sentence[max(0, one.start - 24) : one.start])
    if one.low != one.high and not (found and found["low"] and one.in_words):  # `more than a thousand` is said of one
        lead = _FROM.search(sentence[max(0, one.start - 12) : one.start])
        return replace(one, start=one.start - len(lead[0])) if lead else one
    if found is None:
        return one
    start = one.start - len(found[0])
    if start > 0 and sentence[start - 1].isalpha():
        return one
    if found["low"]:
        return replace(one, high=None, start=start)
    if found["high"]:
        return replace(one, low=None, start=start)
    return replace(one, about=True, start=start)
