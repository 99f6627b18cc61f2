"""The numbers by which courts call a case: case numbers with their re-registrations, and judicial UIDs; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.ledger.glyphs import cyrillic, latin


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


# The index of a register and, in some, the number of the building or judge: 1, 2а, 3/1, 22К, 8Г, М, ДА, П16, 7.1, 1-2.
_SERIES = r"(?:\d{1,3}(?:[/.]\d{1,2}(?:\.\d{1,2})?)?[а-я]{0,3}|[а-я]{1,3}\d{0,2})(?:\s?-\s?\d{1,2})?"
_CASE = re.compile(
    # A justice of the peace puts the number of the district between (5-12/109/2024) or behind (1-12/2024-109).
    rf"(?<![\w/-]){_SERIES}\s?-\s?\d{{1,6}}\s?(?:/\s?\d{{1,3}}\s?)?/\s?(?:19|20)\d{{2}}(?:[а-я]|-\d{{1,3}})?(?![\w/-])"
    # The Supreme Court: region, kind and year of the proceedings, number, court below (45-КФ23-1180-К7, 228-УД24-5-А6).
    r"|(?<![\w/-])\d{1,3}-[а-я]{1,4}\d{2}-\d{1,5}(?:-[а-я]{1,2}\d{1,2})?(?![\w/-])"
    # An intake number without a year: (К/21548).
    r"|(?<![\w/-])[а-я]{1,2}/\d{1,6}(?![\w/-])",
    re.IGNORECASE,
)
# What may stand around numbers: marks, brackets, and the words for a part severed from another case.
_AROUND = re.compile(
    r"(?:[\s;,()\[\]~∼≈-]|№|(?:выделенн\w+\s)?(?:материал\w*\s)?из\s(?:у/д|уголовного\sдела)|дел[оа]|материал|производство)*",
    re.IGNORECASE,
)


def numbers(text: str) -> list[CaseNumber]:
    """The numbers of a registration, current ones first as printed, then what it was before.

    `1-17/2026 (1-648/2025;)`: current and previous. `7У-1297/2026 [77-655/2026]`: two current ones (intake, proceedings).
    `2-5/2026 (2-13/2025;) ~ М-2773/2024`: all but the first are previous. Text that is more than numbers is one item
    without a normal form.
    """
    folded = cyrillic(text)
    found = [m.span() for m in _CASE.finditer(folded)]
    between = [0, *(edge for span in found for edge in span), len(folded)]
    rest = [folded[a:b] for a, b in zip(between[::2], between[1::2], strict=True)]
    if not found or not all(_AROUND.fullmatch(piece) for piece in rest):
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return [CaseNumber(text[start:end], None, start, end)] if end > start else []
    return [CaseNumber(text[a:b], _number(folded[a:b]), a, b, _previous(folded[:a])) for a, b in found]


def mentioned(text: str) -> list[CaseNumber]:
    """The numbers in a text that is more than numbers (a clerk's note: `соединено с делом № 1-12/2025`), where they stand."""
    folded = cyrillic(text)
    return [CaseNumber(text[m.start() : m.end()], _number(m[0]), m.start(), m.end()) for m in _CASE.finditer(folded)]


def _previous(before: str) -> bool:
    return before.count("(") > before.count(")") or any(mark in before for mark in "~∼≈")


def _number(folded: str) -> str:
    number = "".join(folded.split()).upper()
    return re.sub(r"(?<=\d)А(?=-)", "а", number)


# The pattern of the courts' own search form; the first eight characters are the code of the court that registered first.
UID = re.compile(
    r"\d{2}(?:VS|KJ|AJ|OS|RS|KV|AV|OV|GV|AO|AA|AS|UD|KS|US|GU|MS|IC)\d{4}-0[1-9]-(?:19|20)\d{2}-\d{6}-\d{2}"
)  # fmt: skip


def uid(text: str) -> str | None:
    """A judicial UID (`26RS0023-01-2020-000159-48`) whose check digits hold; None for anything else.

    ISO 7064 mod 97-10: without separators, A=10 ... Z=35, the number leaves 1 over 97. 00, 01 and 99 are never made.
    """
    written = latin("".join(text.split()).upper())
    if not UID.fullmatch(written) or written[-2:] in ("00", "01", "99"):
        return None
    digits = "".join(str(int(sign, 36)) for sign in written.replace("-", ""))
    return written if int(digits) % 97 == 1 else None
