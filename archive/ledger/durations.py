"""Terms in digits and in words, in the grammar of acts: `5 (пять) лет 6 (шесть) месяцев` -> `P5Y6M`; pure."""

from __future__ import annotations

import re
from typing import Final

_STEMS: Final = (
    (1, "один одного одному одним одна одной одну одно"),
    (2, "два две двух двум двумя"), (3, "три трех трем тремя"), (4, "четыре четырех четырем"), (5, "пять пяти"),
    (6, "шесть шести"), (7, "семь семи"), (8, "восемь восьми"), (9, "девять девяти"), (10, "десять десяти"),
    (11, "одиннадцать одиннадцати"), (12, "двенадцать двенадцати"), (13, "тринадцать тринадцати"),
    (14, "четырнадцать четырнадцати"), (15, "пятнадцать пятнадцати"), (16, "шестнадцать шестнадцати"),
    (17, "семнадцать семнадцати"), (18, "восемнадцать восемнадцати"), (19, "девятнадцать девятнадцати"),
    (20, "двадцать двадцати"), (30, "тридцать тридцати"), (40, "сорок сорока"), (50, "пятьдесят пятидесяти"),
    (60, "шестьдесят шестидесяти"), (70, "семьдесят семидесяти"), (80, "восемьдесят восьмидесяти"),
    (90, "девяносто девяноста"), (100, "сто ста"), (200, "двести двухсот двумстам"), (300, "триста трехсот тремстам"),
    (400, "четыреста четырехсот четыремстам"),
)  # fmt: skip
_WORDS: Final = {word: number for number, forms in _STEMS for word in forms.split()}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_IN_WORDS = rf"\b(?:{_WORD})(?:\s(?:{_WORD}))*\b"
_UNITS = r"год(?:а|у|ам|ом|ов)?|лет|месяц\w*|недел\w*|сут\w+|день|дн(?:я|ей|ю|ям)|час(?:а|ов|ам|у)?"
_ITEM = re.compile(
    rf"(?P<number>\b\d{{1,4}}\b|{_IN_WORDS})(?:\s?\((?P<again>[^()]{{1,40}})\))?\s(?:полных\s)?(?P<unit>{_UNITS})\b",
    re.IGNORECASE,
)
_LETTERS = (("лет", "Y"), ("год", "Y"), ("мес", "M"), ("нед", "W"), ("сут", "D"), ("д", "D"), ("час", "H"))

# To be put into other patterns, where е stands for ё: a term as a whole.
TERM: Final = (
    rf"(?:\b\d{{1,4}}\b|{_IN_WORDS})(?:\s?\([^()]{{1,40}}\))?\s(?:полных\s)?(?:{_UNITS})\b"
    rf"(?:\s?(?:,|и)?\s?(?:\b\d{{1,4}}\b|{_IN_WORDS})(?:\s?\([^()]{{1,40}}\))?\s(?:{_UNITS})\b){{0,3}}"
)


def duration(text: str) -> str | None:
    """A term as ISO 8601 (`P5Y6M`, `PT300H`); None where it is no term, or its digits and words contradict one another."""
    amounts: dict[str, int] = {}
    at = 0
    for item in _ITEM.finditer(text.replace("ё", "е").replace("Ё", "Е")):
        if text[at : item.start()].strip(" ,") not in ("", "и"):
            return None
        number, again = _number(item["number"]), _number(item["again"] or item["number"])
        letter = next(letter for sign, letter in _LETTERS if item["unit"].lower().startswith(sign))
        if number is None or letter in amounts or (again is not None and again != number):
            return None
        amounts[letter] = number
        at = item.end()
    if not amounts or text[at:].strip():
        return None
    days = "".join(f"{amounts[letter]}{letter}" for letter in "YMWD" if letter in amounts)
    return f"P{days}" + (f"T{amounts['H']}H" if "H" in amounts else "")


def _number(text: str) -> int | None:
    """A numeral in digits or words; None for anything else (a bracket that court staff blackened)."""
    folded = text.lower().split()
    if len(folded) == 1 and folded[0].isdigit():
        return int(folded[0])
    parts = [_WORDS.get(word) for word in folded]
    if not parts or None in parts:
        return None
    return sum(part for part in parts if part is not None)
