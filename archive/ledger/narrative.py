"""What a verdict tells of the man and his absence, out of its descriptive part: plea, service, unit, dates; pure.

The law's own words stand in every such text (`в период мобилизации`), and say nothing of the man. Where the text gives
more than one answer (`на следствии не признавал, в суде признал`), none is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from archive.ledger.glyphs import cyrillic
from archive.ledger.mentions import People, plain
from archive.ledger.sentences import Said, clauses, operative
from archive.ledger.terms import dated

Grammar = tuple[tuple[str, re.Pattern[str]], ...]


def _grammar(*rows: tuple[str, str]) -> Grammar:
    return tuple((word, re.compile(pattern, re.IGNORECASE)) for word, pattern in rows)


_FEW = r"(?:\S+\s){0,7}?"
_GUILT = r"вин(?:у|ы|овн\w+)"
_CHARGE = r"с\s(?:предъявленн\w+\s)?(?:ему\s|ей\s)?обвинени\w+"
_PLEAS: Final = _grammar(
    ("not-guilty", rf"\b{_GUILT}\s{_FEW}не\s(?:полностью\s)?призна\w+|\bне\sпризна\w+\s{_FEW}{_GUILT}"),
    ("partly", rf"\b{_GUILT}\s{_FEW}(?:призна\w+\s{_FEW}частично|частично\s{_FEW}призна\w+)"),
    ("partly", rf"\bчастично\s{_FEW}призна\w+\s{_FEW}{_GUILT}"),
    ("guilty", rf"\b{_GUILT}\s{_FEW}призна(?:л|ла|ет|вая)\b|\bпризна(?:л|ла|ет|вая)\s{_FEW}{_GUILT}"),
    # A trial in a simplified order (УПК 314) is for those who agree with the charge.
    ("guilty", rf"\bсоглас(?:ен|на|ился|илась)\s{_CHARGE}|{_CHARGE}\s{_FEW}соглас(?:ен|на|ился|илась)\b"),
)
_SPEAKS_OF_HIM = re.compile(r"\bподсудим\w+|\bФИО\s?\d*\b|\bон\b", re.IGNORECASE)

# Of the service at the time: he was serving so. `Призван` tells how he came to it, and gives way.
_SERVING = r"(?:проход\w+|нес\w+|служ\w+|служб\w+|военнослужащ\w+)"
_CALLED = r"по\s(?:частичной\s)?мобилизации"
_SERVICES: Final = _grammar(
    ("mobilised", rf"{_SERVING}\s{_FEW}{_CALLED}|\bмобилизованн\w+\s(?:военнослужащ|рядов|ефрейтор|сержант|граждан|солдат)"),
    ("contract", rf"{_SERVING}\s{_FEW}по\sконтракту"),
    ("conscript", rf"{_SERVING}\s{_FEW}по\sпризыву(?!\s{_CALLED})"),
)
_CAME: Final = _grammar(
    ("mobilised", rf"\bпризван\w*\s{_FEW}(?:{_CALLED}|в\s(?:связи\sс|рамках)\s(?:частичной\s)?мобилизаци\w+)"),
    ("contract", rf"\bзаключи\w+\s{_FEW}контракт\b"),
    ("conscript", rf"\bпризван\w*\s{_FEW}на\sсрочную\s(?:военную\s)?службу"),
)

_UNIT = re.compile(
    r"(?:войсков\w+\sчаст\w+|\bв/ч)\s(?:полевая почта\s|пп\s|№\s?)?(?P<unit>\d{4,6}(?:-[А-Я])?)\b", re.IGNORECASE
)
_SERVES = re.compile(
    r"проход\w+\s(?:\S+\s){0,8}?служб\w+|служб\w+\s(?:\S+\s){0,6}?проход\w+|военнослужащ\w+\s(?:\S+\s){0,6}$", re.IGNORECASE
)

_DAY = r"(?:\d{2}\.\d{2}\.\d{4}|\d{1,2}\s[а-я]{3,8}(?:\s\d{4})?)(?:\s?(?:года|г\.|г\b))?"
_RANGE = re.compile(
    rf"\bс\s(?:(?:\d{{1,2}}|утра|вечера)\S*\s(?:час\w*\s|мин\w*\s|\d{{1,2}}\s)*)?(?P<first>{_DAY})\s?,?\s?(?:и\s)?(?:по|до)\s"
    rf"(?:(?:\d{{1,2}}:\d{{2}}|\d{{1,2}}\sчас\w*(?:\s\d{{1,2}}\sмин\w*)?)\s)?(?P<last>{_DAY})",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"самовольн\w+|не\s(?:явил|прибы|вернул|возврат)\w*|неявк\w+|отсутствова\w+|вне\s(?:части|места|службы|воинской)|уклон\w+|дезертир\w+"
    r"|незаконно\sнаходил|проводил\s(?:служебное\s)?время",
    re.IGNORECASE,
)
_KEPT = re.compile(r"под\sстраж|задержан\sв\sпорядке|домашн\w+\sарест|испытательн", re.IGNORECASE)
_QUOTES = re.compile(r"\bнаказыва\w+|\bсанкци\w+|\bпредусмотрен\w*\sнаказани", re.IGNORECASE)


def told(text: str, names: Sequence[str | None]) -> list[Said]:
    """`plea`, `service` (words.PLEAS, words.SERVICES), `unit`, `absence_from`, `absence_to` of the accused of a verdict.

    With several accused only what a sentence says of one of them by name. names: as in `sentences`.
    """
    begin = operative(text)
    if begin is None or not names:
        return []
    folded = plain(cyrillic(text))
    people = People(names)
    found: list[Said] = []
    by_person: dict[int, list[tuple[int, int]]] = {}
    for start, end in clauses(folded[:begin]):
        place = _whose(folded[start:end], people)
        if place is not None:
            by_person.setdefault(place, []).append((start, end))
    for place, spans in sorted(by_person.items()):
        found += _one(folded, place, "plea", _PLEAS, [s for s in spans if _of_him(folded, s, people)])
        found += _one(folded, place, "service", _SERVICES, spans) or _one(folded, place, "service", _CAME, spans)
        found += _unit(folded, place, spans)
        found += _absence(folded, place, spans)
    return found


def _whose(clause: str, people: People) -> int | None:
    named = people.named(clause)
    if len(people.names) == 1:
        return 0
    return next(iter(named)) if len(named) == 1 else None


def _of_him(text: str, span: tuple[int, int], people: People) -> bool:
    clause = text[slice(*span)]
    return bool(people.named(clause)) or (_SPEAKS_OF_HIM.search(clause) is not None and not people.strangers(clause))


def _one(text: str, person: int, property: str, grammar: Grammar, spans: Sequence[tuple[int, int]]) -> list[Said]:
    """The one answer that the clauses give, where it is first given; none where they give two."""
    met: dict[str, tuple[int, int]] = {}
    for start, end in spans:
        if _QUOTES.search(text, start, end):
            continue
        for word, pattern in grammar:
            found = pattern.search(text, start, end)
            if found:
                met.setdefault(word, found.span())
                break
    return [Said(person, property, word, *span) for word, span in met.items()] if len(met) == 1 else []


def _unit(text: str, person: int, spans: Sequence[tuple[int, int]]) -> list[Said]:
    """The unit that he served in: the only one named, or the one named beside his service."""
    units = [(found["unit"], found.span(), start) for start, end in spans for found in _UNIT.finditer(text, start, end)]
    beside = [each for each in units if _SERVES.search(text, each[2], each[1][0])]
    chosen = units if len({unit for unit, *_ in units}) == 1 else beside
    if len({unit for unit, *_ in chosen}) != 1:
        return []
    unit, span, _ = chosen[0]
    return [Said(person, "unit", unit.upper(), *span)]


def _absence(text: str, person: int, spans: Sequence[tuple[int, int]]) -> Iterator[Said]:
    """From when to when, once for each episode; what is told again is told once."""
    met: set[tuple[str, str]] = set()
    for start, end in spans:
        if not _ABSENT.search(text, start, end) or _QUOTES.search(text, start, end) or _KEPT.search(text, start, end):
            continue
        for found in _RANGE.finditer(text, start, end):
            last = dated(found["last"])
            first = dated(found["first"]) or (dated(f"{found['first']} {last[:4]}") if last else None)
            if first and last and first <= last and (first, last) not in met:
                met.add((first, last))
                yield Said(person, "absence_from", first, *found.span("first"))
                yield Said(person, "absence_to", last, *found.span("last"))
