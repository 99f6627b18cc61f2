"""Lists of articles as courts print them, taken apart: article, part, points, attempt, complicity, episodes; pure.

Cards and listings write from the whole to the part (`ст.158 ч.3 п.г УК РФ`), acts from the part to the whole
(`п. «г» ч. 3 ст. 158 УК РФ`); the Bulk search portal writes `Статья 337 Часть 5`. One list keeps to one order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.ledger.glyphs import cyrillic


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a list of articles, text[start:end] without the name of the code.

    property: `article`; `attempt` (article 30) or `complicity` (article 33) where the item qualifies the article after it.
    value: `337/5`, `205.1/1.1`, `158/3/г`, `105/2/а,в`: article / part / points, points in the order printed, an absent
        part before points left empty (`102//а`). None where the item is not of this grammar, or of a code that names no
        offence (УПК, УИК): kept raw.
    code: the code named with the item or with a later one of the list (`УК`, `КоАП`, `УПК`, ...); None where none is named.
    times: how often, where the list says so in words (`(2 эпизода)`); a repeated item is several items.
    """

    property: str
    value: str | None
    start: int
    end: int
    code: str | None = None
    times: int = 1


_NUMBER = r"\d+(?:\.\d+)*"
_POINT = r"[«\"'“„]?(?:[а-яё]|\d{1,2})[»\"'”“]?"
_POINTS = rf"(?:п\s*\.?\s*п\.?|подпункт\w*|пункт\w*|п\.?)\s*(?P<points>{_POINT}(?:\s*(?:,|и)\s*{_POINT})*)\.?"
_PART = rf"ч(?:аст\w+)?\.{{0,2}}\s*(?P<part>{_NUMBER})\.?"
_SIGN = r"(?<![а-яё])ст(?:ать\w+|\.ст)?\.{0,2}\s*"
_ARTICLE = rf"{_SIGN}(?P<article>{_NUMBER})\.?"
# The `ст.` is forgotten now and then: a number before a part is an article all the same.
_SIGNED_OR_NOT = rf"(?:{_SIGN}|(?={_NUMBER}\s*ч))(?P<article>{_NUMBER})\.?"
_TIMES = r"(?:\s*\((?P<times>\d+|два|две|три|четыре|пять)\s+(?:эпизод|преступлени|факт)\w*\))?"
_FORWARD = re.compile(rf"{_SIGNED_OR_NOT}(?:\s*,?\s*{_PART})?(?:\s*,?\s*{_POINTS})?{_TIMES}", re.IGNORECASE)
_BACKWARD = re.compile(rf"(?:{_POINTS}\s*,?\s*)?(?:{_PART}\s*,?\s*)?{_ARTICLE}{_TIMES}", re.IGNORECASE)

# `УК РФ` stands after the last item only; some portals put it before the first (`КоАП: ст. 20.2 ч.5`).
_RF = r"(?:\s*(?:РФ|РСФСР|Российской\s+Федерации))?"
_NAMES = (
    r"УК|КоАП|КРФоАП|УПК|УИК|КАС|Уголовн\w+\s+кодекс\w*"
    r"|Кодекс\w*\s+(?:Российской\s+Федерации\s+)?об\s+административных\s+правонарушениях"
)
_CODE = re.compile(rf"[\s,.]*(?<![а-яё])(?P<code>{_NAMES}){_RF}(?:\s*\(в\s+ред[^()]*\))?\s*\.?\s*$", re.IGNORECASE)
_CODE_FIRST = re.compile(rf"\s*(?P<code>{_NAMES}){_RF}\s*:\s*", re.IGNORECASE)
_CODES = {"ук": "УК", "коап": "КоАП", "крфоап": "КоАП", "упк": "УПК", "уик": "УИК", "кас": "КАС"}
_OFFENCES = (None, "УК", "КоАП")

# A comma or a hyphen parts two items only before the next `ст`: points have commas of their own.
_BETWEEN = re.compile(r"\s*;[\s;]*|\s*(?:[,-]|\bи\b)\s*(?=ст(?:ать\w+)?\.{0,2}\s*\d)", re.IGNORECASE)
_SMALLER = r"п\s*\.?\s*п|п\.|пункт|подпункт|ч\.|част"
_BETWEEN_BACKWARD = re.compile(rf"\s*;[\s;]*|\s*(?:[,-]|\bи\b)\s*(?={_SMALLER}|ст\.|стать)", re.IGNORECASE)
_BEGINS_BACKWARD = re.compile(rf"\s*(?:{_SMALLER})", re.IGNORECASE)
_QUALIFIES = {"30": "attempt", "33": "complicity"}
_COUNTS = {"два": 2, "две": 2, "три": 3, "четыре": 4, "пять": 5}


def articles(text: str) -> list[Article]:
    """The items of a list such as `ст. 30 ч.3, ст.222.1 ч.4; ст.33 ч.5-ст.105 ч.2 п.п.а,в УК РФ`, in order, repeats kept.

    Articles 30 and 33 of the criminal code are no offences: they say how the article after them was to be committed,
    whether `,`, `-` or `;` stands between (`ст.33 ч.5; ст.286 ч.3`).
    """
    folded = cyrillic(text)
    first = _CODE_FIRST.match(folded)
    begin = first.end() if first else 0
    backward = _BEGINS_BACKWARD.match(folded, begin) is not None
    between, grammar = (_BETWEEN_BACKWARD, _BACKWARD) if backward else (_BETWEEN, _FORWARD)
    found: list[Article] = []
    code = _name(first["code"]) if first else None
    for start, end in reversed(_pieces(folded, between, begin)):
        named = _CODE.search(folded, start, end)
        if named:
            code = _name(named["code"])
            end = named.start()
        if not folded[start:end].strip():
            continue
        item = grammar.fullmatch(folded, start, end)
        value = _normal(item) if item and code in _OFFENCES else None
        property = "article"
        if item and code != "КоАП" and not item["points"]:
            property = _QUALIFIES.get(item["article"], "article")
        times = (item["times"] or "1").lower() if item else "1"
        found.append(Article(property, value, start, end, code, _COUNTS.get(times) or int(times)))
    return found[::-1]


def _name(written: str) -> str:
    folded = " ".join(written.lower().split())
    return _CODES.get(folded) or ("УК" if folded.startswith("уголовн") else "КоАП")


def _pieces(text: str, between: re.Pattern[str], begin: int) -> list[tuple[int, int]]:
    """The spans between separators from `begin` on, outer white space left out, empty ones dropped."""
    cuts = [m.span() for m in between.finditer(text, begin)]
    starts = [begin, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    spans = []
    for start, end in zip(starts, ends, strict=True):
        piece = text[start:end]
        if piece.strip():
            spans.append((start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())))
    return spans


def _normal(item: re.Match[str]) -> str:
    # `и` between points is a word, and a point is never called so: the alphabet of points leaves ё, й, ъ, ы, ь out, not и.
    points = ",".join(re.findall(r"[а-яё]|\d+", re.sub(r"(?<=[\s»\"'])и(?=[\s«\"'])", ",", (item["points"] or "").lower())))
    parts = [item["article"], item["part"] or "", points]
    while not parts[-1]:
        parts.pop()
    return "/".join(parts)
