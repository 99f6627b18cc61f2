"""Which cases and articles does a text name? Judicial UIDs, case numbers with their courts, articles of a code; pure.

Russian, Ukrainian and English. A number counts only where the text says that it is a case's (`дело № 1-12/2031`), or a
court is named beside it; a UID counts by its check digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archive.ledger import courts, numbers

MOST = 2000  # in one document
NEAR = 160  # characters around a number in which its court and its article stand
UID, CASE, UKRAINIAN, ARTICLE = "uid", "case", "case-ua", "article"

_DASH = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
_UID = re.compile(r"(?<![0-9A-Za-zА-Яа-я-])\d{2}[A-ZА-Я]{2}\d{4}\s?-\s?\d{2}\s?-\s?\d{4}\s?-\s?\d{6}\s?-\s?\d{2}(?!\d)", re.I)
_SAYS_CASE = re.compile(
    r"(?:дел[оауе]м?\w{0,3}|справ[аиіуою]{1,2}|провадження|производств\w+|материал\w*|приговор\w*|case|No|Nr)\W{0,3}(?:№|No\.?|N|number)?"
    r"\W{0,3}\Z|№\s*\Z",
    re.I,
)
_UKRAINIAN = re.compile(
    r"(?<![\d/])(?:справ\w+|провадження|case)\s*(?:№|No\.?|N)?\s*(\d{3,4}/\d{1,6}/\d{2}(?:-[а-яіїєґa-z]{1,3})?)(?![\d/])", re.I
)
_COURT = re.compile(
    r"((?:\d-?(?:й|ый|ой)\s+)?[А-ЯЁ][а-яё-]+(?:\s+[А-ЯЁа-яё-]+){0,4}?\s+"
    r"(?:(?:гарнизонн|окружн|флотск|районн|городск|областн|краев|апелляционн|кассационн)\w+\s+)?(?:военн\w+\s+)?суд\w{0,3})\b"
    r"|([А-ЯЁ][а-яё-]+(?:-[А-Яа-яё]+)?\s+(?:ГВС|ОВС|ФВС))\b"
)
_KODEX = (
    r"(?P<code>(?:УК|КоАП|КК|КУпАП)(?![А-Яа-яёіїєґ])|Уголовн\w+\s+кодекс\w*|Кримінальн\w+\s+кодекс\w*)"
    r"\s*(?P<land>РФ|Росс\w+(?:\s+Федерации)?|Укра[їи]н\w+|РК|РБ)?"
)
_SIGN = r"(?:ст\.?|стать[а-яё]{1,3}|статт[а-яії]{1,2}|статей)"
_NUMBER = r"(?P<article>\d{1,3}(?:[.\u2011-]\d{1,2})?)"
_ARTICLES = (
    re.compile(rf"(?:ч(?:аст[а-яіїє]+)?\.?\s*(?P<part>\d{{1,2}}(?:\.\d)?)\s*,?\s*)?(?<![А-Яа-яёі]){_SIGN}\s*{_NUMBER}"
               rf"(?:\s*,?\s*ч(?:аст[а-яіїє]+)?\.?\s*(?P<after>\d{{1,2}}(?:\.\d)?))?\s*\(?\s*{_KODEX}", re.I),
    re.compile(rf"(?<![\d.,/]){_NUMBER}(?:-[а-яї]{{1,3}})?\s+{_KODEX}"),
    re.compile(
        r"\bArticles?\s+(?P<article>\d{1,3}(?:\.\d{1,2})?)(?:\s*,?\s*(?:Part|part|§)\s*(?P<after>\d{1,2}))?"
        r"(?:\s+(?:of|in)\s+(?:the\s+)?(?P<land>Russia\w*|Ukrain\w*)?(?:['\u2019]s)?\s*(?P<code>Criminal\s+Code|Code\s+of\s+Administrative\s+\w+))?"
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """A case or an article that a text names, text[start:end].

    kind: `uid`, `case` (a Russian number), `case-ua`, `article`. value: in the ledger's form (`1-12/2031`, `337/5`); None
    where it is none (a UID whose check digits are wrong). court: official code of a court named beside a number, where the
    register of courts has it; court_name: as written. article: named beside a number. country: `ru`, `ua` or None.
    placed: start and end count the document's own characters, not those of a text that was made of it.
    """

    kind: str
    value: str | None
    quote: str
    start: int
    end: int
    court: str | None = None
    court_name: str | None = None
    article: str | None = None
    country: str | None = None
    placed: bool = True

    def row(self) -> dict[str, object]:
        """A line of `crawl links --json` (CONTRACT's keys, those of a plain row that has no address, and its own)."""
        return {
            "kind": "reference", "url": None, "confidence": 1.0 if self.value else 0.0, "alternatives": [], "occurrences": 1,
            "span": [self.start, self.end] if self.placed else None, "anchor": self.quote, "from": "text",
            "reference": self.kind, "value": self.value, "court": self.court, "court_name": self.court_name,
            "article": self.article, "country": self.country,
        }  # fmt: skip


def references(text: str) -> list[Reference]:
    """In the order of the text; each place once."""
    found = sorted([*_uids(text), *_cases(text), *_ukrainian(text), *_named(text)], key=lambda each: (each.start, -each.end))
    kept: list[Reference] = []
    for each in found[:MOST]:
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    articles = [each for each in kept if each.kind == ARTICLE]
    return [_with_article(each, articles, text) for each in kept]


def _uids(text: str) -> Iterator[Reference]:
    for found in _UID.finditer(text.translate(_DASH)):
        value = numbers.uid(found[0])
        yield Reference(UID, value, text[found.start() : found.end()], found.start(), found.end(), country="ru")


def _cases(text: str) -> Iterator[Reference]:
    for found in numbers.mentioned(text.translate(_DASH)):
        before = text[max(0, found.start - 40) : found.start]
        court, name = _court(text, found.start, found.end)
        if found.normal is None or not (_SAYS_CASE.search(before) or (name and "/" in found.printed)):
            continue
        yield Reference(
            CASE, found.normal, text[found.start : found.end], found.start, found.end, court, name, country="ru"
        )  # fmt: skip


def _ukrainian(text: str) -> Iterator[Reference]:
    for found in _UKRAINIAN.finditer(text):
        yield Reference(UKRAINIAN, found[1], found[0], found.start(), found.end(), country="ua")


def _named(text: str) -> Iterator[Reference]:
    for pattern in _ARTICLES:
        for found in pattern.finditer(text):
            said = found.groupdict()
            part = said.get("part") or said.get("after")
            value = said["article"].replace("\u2011", "-").replace("-", ".") + (f"/{part}" if part else "")
            yield Reference(
                ARTICLE, value, " ".join(found[0].split()), found.start(), found.end(), country=_country(said)
            )  # fmt: skip


def _country(said: dict[str, str | None]) -> str | None:
    land, code = (said.get("land") or "").lower(), said.get("code") or ""
    if land.startswith(("рф", "росс", "russia")):
        return "ru"
    if land.startswith(("укра", "ukrain")) or code.startswith(("КК", "КУпАП", "Кримін")):
        return "ua"
    return "ru" if code.startswith(("УК", "КоАП", "Уголов")) and not land else None


def _court(text: str, start: int, end: int) -> tuple[str | None, str | None]:
    """The court named nearest to a number, in the same sentence: its code where the register has it, and its name."""
    around = [
        (found, min(abs(found.start() - end), abs(found.end() - start)))
        for found in _COURT.finditer(text, max(0, start - NEAR), min(len(text), end + NEAR))
        if not re.search(r"[.!?]\s+[А-ЯЁA-Z]", text[min(found.end(), end) : max(found.start(), start)])
    ]
    if not around:
        return None, None
    nearest = min(around, key=lambda each: each[1])[0]
    name = " ".join(nearest[0].split())
    known = courts.by_short_name(_nominative(name))
    return (known.code if known else None), name


def _nominative(name: str) -> str:
    """`Вымышленского гарнизонного военного суда` as a register has it: `Вымышленский гарнизонный военный суд`."""
    words = []
    for word in name.split():
        if re.fullmatch(r"суд(?:а|у|ом|е)", word):
            word = "суд"
        elif found := re.fullmatch(r"(.+?)(?:ого|ому|им|ым|ом)", word):
            stem = found[1]
            word = stem + ("ой" if stem.lower() == "краев" else "ий" if stem[-1] in "кгхш" else "ый")
        words.append(word)
    return " ".join(words)


def _with_article(said: Reference, articles: list[Reference], text: str) -> Reference:
    """A case's number with the article named in the same sentence, where it is one."""
    if said.kind not in (CASE, UKRAINIAN):
        return said
    near = {
        each.value
        for each in articles
        if abs(each.start - said.end) < NEAR
        and not re.search(r"[.!?]\s+[А-ЯЁA-Z]", text[min(each.end, said.end) : max(each.start, said.start)])
    }
    return replace(said, article=near.pop()) if len(near) == 1 else said
