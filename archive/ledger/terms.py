"""What the words of court registers mean: articles, results, events, dates, case numbers, judicial UIDs; pure.

Every function takes text as a reader of the page sees it (white space folded) and answers with normal forms; spans are
indices into that text. What has no normal form that we know gets None or `unknown`: it is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date as _date

# Clerks type Latin letters that look like Cyrillic ones, and the other way round. One for one, so that spans hold.
_CYRILLIC = str.maketrans("ABCEHKMOPTXYaceopxykm", "АВСЕНКМОРТХУасеорхукм")
_LATIN = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")
_DASHES = str.maketrans("‐‑‒–—−", "------")


# ---------------------------------------------------------------------------------------------------- articles


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a list of articles, text[start:end] without the name of the code.

    property: `article`; `attempt` (article 30) or `complicity` (article 33) where the item qualifies the article after it.
    value: `337/5`, `205.1/1.1`, `158/3/г`, `105/2/а,в`: article / part / points, points in the order printed, an absent
        part before points left empty (`102//а`). None where the item is not of this grammar: kept raw.
    code: the code named after the item or after a later one of the list (`УК`, `КоАП`); None where none is named.
    """

    property: str
    value: str | None
    start: int
    end: int
    code: str | None = None


_NUMBER = r"\d+(?:\.\d+)*"
_POINT = r"[«\"]?(?:[а-яё]|\d{1,2})[»\"]?"
_ITEM = re.compile(
    rf"(?:ст(?:атья|атьи)?\.?)\s*(?P<article>{_NUMBER})\.?"
    rf"(?:\s*,?\s*ч(?:асть)?\.?\s*(?P<part>{_NUMBER})\.?)?"
    rf"(?:\s*,?\s*(?:п\.?\s*п\.?|пункты?|п\.?)\s*(?P<points>{_POINT}(?:\s*,\s*{_POINT})*)\.?)?",
    re.IGNORECASE,
)
# `УК РФ` stands after the last item only.
_CODE = re.compile(r"[\s,]*\b(?P<code>УК|КоАП|КРФоАП)\s*(?:РФ|РСФСР)?\s*$", re.IGNORECASE)
_CODES = {"ук": "УК", "коап": "КоАП", "крфоап": "КоАП"}
# A comma or a hyphen parts two items only before the next `ст`: points have commas of their own.
_BETWEEN = re.compile(r"\s*;\s*|\s*[,-]\s*(?=ст(?:атья)?\.?\s*\d)", re.IGNORECASE)
_QUALIFIES = {"30": "attempt", "33": "complicity"}


def articles(text: str) -> list[Article]:
    """The items of a list such as `ст. 30 ч.3, ст.222.1 ч.4; ст.33 ч.5-ст.105 ч.2 п.п.а,в УК РФ`, in order, repeats kept.

    Articles 30 and 33 of the criminal code are no offences: they say how the article after them was to be committed,
    whether `,`, `-` or `;` stands between (`ст.33 ч.5; ст.286 ч.3`).
    """
    folded = text.translate(_CYRILLIC).translate(_DASHES)
    found: list[Article] = []
    code: str | None = None
    for start, end in reversed(_pieces(folded)):
        named = _CODE.search(folded, start, end)
        if named:
            code = _CODES[named["code"].lower()]
            end = named.start()
        if not folded[start:end].strip():
            continue
        item = _ITEM.fullmatch(folded, start, end)
        property = "article"
        if item and code != "КоАП" and not item["points"]:
            property = _QUALIFIES.get(item["article"], "article")
        found.append(Article(property, _normal(item) if item else None, start, end, code))
    return found[::-1]


def _pieces(text: str) -> list[tuple[int, int]]:
    """The spans between separators, outer white space left out, empty ones dropped."""
    cuts = [(m.start(), m.end()) for m in _BETWEEN.finditer(text)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    spans = []
    for start, end in zip(starts, ends, strict=True):
        piece = text[start:end]
        if piece.strip():
            spans.append((start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())))
    return spans


def _normal(item: re.Match[str]) -> str:
    points = ",".join(re.findall(r"[а-яё]|\d+", (item["points"] or "").lower()))
    parts = [item["article"], item["part"] or "", points]
    while not parts[-1]:
        parts.pop()
    return "/".join(parts)


# ---------------------------------------------------------------------------------------------------- results and events

# The first rule that fits decides: more particular ones stand above. Two words that exclude one another give no word.
_RESULTS = [
    (re.compile(pattern), word)
    for pattern, word in (
        (r"(?=.*\bосужд[её]н)(?=.*\bоправдан)", "unknown"),
        (r"\bусловн\w+ осужден", "unknown"),  # a ruling on a sentence being served
        (r"\bмер\w+ пресечения", "unknown"),
        (r"оставлен\w* без изменени", "upheld"),
        (r"(представлени\w*.*жалоб|жалоб\w*.*представлени).*оставлен\w* без удовлетворени", "upheld"),
        (r"снят\w* с (апелляционного |кассационного )?рассмотрени", "withdrawn"),
        (r"\bотозван", "withdrawn"),
        (r"(апелляционн|кассационн)\w+ производств\w+ прекращен", "appeal-terminated"),
        (r"(приговор|постановлени|определени|решени|судебн\w+ акт)\w*\b.*\bотменен", "reversed"),
        (r"^отменен[оы]?\b", "reversed"),
        (r"(приговор|постановлени|определени|решени|судебн\w+ акт)\w*\b.*\bизменен[оы]?\b", "changed"),
        (r"^изменен[оы]?\b", "changed"),
        (r"возвра(щен[оы]?|тить|щение|щается)\b.*(прокурор|руководител\w+ следственн)", "returned-to-prosecutor"),
        (r"(направлен|передан)\w*\b.*\bпо (подсудности|подведомственности)", "transferred"),
        (r"присоединен\w* к другому", "joined"),
        (r"применен\w* принудительн\w+ мер\w+ медицинского", "medical-measures"),
        (r"о применении принудительн\w+ мер медицинского", "medical-measures"),
        (r"(?=.*обвинительн)(?=.*оправдательн)", "unknown"),
        (r"(вынесен|постановлен\w*)\b.*\bобвинительн\w+\b.*\bприговор", "convicted"),
        (r"(вынесен|постановлен\w*)\b.*\bоправдательн\w+\b.*\bприговор", "acquitted"),
        (r"^осужден[аы]?\b", "convicted"),
        (r"^оправдан[аы]?\b", "acquitted"),
        (r"^(вынесен|постановление|постановлен|провозглашен) приговор", "verdict"),
        (r"^(уголовное )?(дело|преследование|производство по делу)\b.*\bпрекращен[оы]?\b", "terminated"),
        (r"^вынесено другое постановление", "other-ruling"),
    )
]  # fmt: skip


def result(text: str) -> str:
    """The word of words.RESULTS for what a court wrote as the result; `unknown` where it says no direction that we know.

    `Вынесен ПРИГОВОР` is `verdict`: it does not say convicted or acquitted. `ВЫНЕСЕНО РЕШЕНИЕ (ОПРЕДЕЛЕНИЕ)` is `unknown`.
    """
    return _first(_RESULTS, text, "unknown")


_EVENTS = [
    (re.compile(pattern), word)
    for pattern, word in (
        (r"^регистрация жалоб\w* \(представлени", "appealed"),
        (r"^регистрация (поступивш|иска|дела|материал|заявлени|ходатайств)", "received"),
        (r"^поступление (дела|материал|иска|жалоб)", "received"),
        (r"^передача (материалов )?(дела |материала |жалобы )?судье", "assigned"),
        (r"^передача материалов судье", "assigned"),
        (r"предварительно(е|го) (судебное |судебного )?(слушани|заседани)", "preliminary-hearing"),
        (r"отложен", "postponed"),
        (r"(объявлен|объявление)\w* перерыв", "recess"),
        (r"^провозглашение приговора", "announced"),
        (r"^(постановление|вынесен|вынесение) приговор", "verdict"),
        (r"возвра\w+\b.*прокурор", "returned"),
        (r"(направлен|передан)\w*\b.*\bпо (подсудности|подведомственности)", "transferred"),
        (r"присоединен\w* к другому|объединен\w* .*в одно производство", "joined"),
        (r"выделен\w* .*в отдельное производство", "severed"),
        (r"вступ\w+ .*в законную силу", "in-force"),
        (r"^(сдача|сдано|передача|передано|дело сдано|дело передано)\b.*\bархив", "archived"),
        (r"^судебное заседание", "hearing"),
    )
]  # fmt: skip


def event(text: str) -> str:
    """The word of words.EVENTS for the name of an event; `other` where it is none of them."""
    return _first(_EVENTS, text, "other")


def outcome(text: str) -> str:
    """What came of an event or a hearing: a word of RESULTS, else of EVENTS (`postponed`, `recess` ...), else `unknown`."""
    word = result(text)
    if word != "unknown":
        return word
    word = event(text)
    # An appointment is not the hearing it appoints.
    return word if word in ("postponed", "recess", "joined", "severed", "returned", "verdict") else "unknown"


def _first(rules: list[tuple[re.Pattern[str], str]], text: str, otherwise: str) -> str:
    folded = " ".join(text.casefold().replace("ё", "е").split())
    return next((word for pattern, word in rules if pattern.search(folded)), otherwise)


# ---------------------------------------------------------------------------------------------------- dates and times

_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_STAMP = re.compile(r"(\d{2}\.\d{2}\.\d{4}) (\d{1,2}:\d{2})")


def date(text: str) -> str | None:
    """`10.08.2026` -> `2026-08-10`; None for what is no date, and for a day that never was (31.02.2025)."""
    written = _DATE.fullmatch(text.strip())
    if written is None:
        return None
    day, month, year = (int(part) for part in written.groups())
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


# ---------------------------------------------------------------------------------------------------- case numbers


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """A number as a court prints it, text[start:end], and as we compare it.

    normal: no spaces, Cyrillic letters, capitals but for the `а` of КАС (`2а-`, `33а-`); None where the text is no number.
    previous: an earlier registration of the same case, printed in parentheses or after `~`.
    """

    printed: str
    normal: str | None
    start: int
    end: int
    previous: bool = False


_SERIES = r"(?:\d{1,3}(?:/\d{1,2}(?:\.\d{1,2})?)?[а-я]{0,3}|[а-я]{1,3})(?:\s?-\s?\d{1,2})?"
_CASE = re.compile(
    rf"(?<![\w/-]){_SERIES}\s?-\s?\d{{1,6}}\s?/\s?(?:19|20)\d{{2}}[а-я]?(?![\w/-])"
    # An intake number without a year: (К/21548).
    r"|(?<![\w/-])[а-я]{1,2}/\d{1,6}(?![\w/-])",
    re.IGNORECASE,
)
# What may stand around numbers: marks, brackets, and the words for a part severed from another case.
_AROUND = re.compile(
    r"(?:[\s;,()\[\]~∼-]|№|(?:выделенный\s)?материал\sиз\s(?:у/д|уголовного\sдела)|дело|материал|производство)*", re.IGNORECASE
)


def numbers(text: str) -> list[CaseNumber]:
    """The numbers of a registration, current ones first as printed, then what it was before.

    `1-17/2026 (1-648/2025;)`: current and previous. `7У-1297/2026 [77-655/2026]`: two current ones (intake, proceedings).
    `2-5/2026 (2-13/2025;) ~ М-2773/2024`: all but the first are previous. Text that is more than numbers is one item
    without a normal form.
    """
    folded = text.translate(_CYRILLIC).translate(_DASHES)
    found = [m.span() for m in _CASE.finditer(folded)]
    between = [0, *(edge for span in found for edge in span), len(folded)]
    rest = [folded[a:b] for a, b in zip(between[::2], between[1::2], strict=True)]
    if not found or not all(_AROUND.fullmatch(piece) for piece in rest):
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return [CaseNumber(text[start:end], None, start, end)] if end > start else []
    return [CaseNumber(text[a:b], _number(folded[a:b]), a, b, _previous(folded[:a])) for a, b in found]


def _previous(before: str) -> bool:
    return before.count("(") > before.count(")") or "~" in before or "∼" in before


def _number(folded: str) -> str:
    number = "".join(folded.split()).upper()
    return re.sub(r"(?<=\d)А(?=-)", "а", number)


# ---------------------------------------------------------------------------------------------------- judicial UIDs

# The pattern of the court's own search form.
UID = re.compile(
    r"\d{2}(?:VS|KJ|AJ|OS|RS|KV|AV|OV|GV|AO|AA|AS|UD|KS|US|GU|MS|IC)\d{4}-0[1-9]-(?:19|20)\d{2}-\d{6}-\d{2}"
)  # fmt: skip


def uid(text: str) -> str | None:
    """A judicial UID (`26RS0023-01-2020-000159-48`) whose check digits hold; None for anything else.

    ISO 7064 mod 97-10: without separators, A=10 ... Z=35, the number leaves 1 over 97. 00, 01 and 99 are never made.
    """
    written = "".join(text.split()).translate(_DASHES).upper().translate(_LATIN)
    if not UID.fullmatch(written) or written[-2:] in ("00", "01", "99"):
        return None
    digits = "".join(str(int(sign, 36)) for sign in written.replace("-", ""))
    return written if int(digits) % 97 == 1 else None
