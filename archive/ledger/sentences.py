"""What a verdict sentenced each person to, out of the operative part of its text; pure.

Only what stands behind `приговорил:` is read: what a norm of the law threatens stands before it. Of several punishments
the final one counts (УК 69, 70); detention that is credited, earlier sentences, additional punishments and conditions are
none. Where the text leaves more than one answer, none is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from archive.ledger.durations import TERM, duration
from archive.ledger.glyphs import cyrillic
from archive.ledger.mentions import People, plain


@dataclass(frozen=True, slots=True)
class Said:
    """One value concluded from text[start:end] about the person at `person` on the card (from 0).

    property: `kind` (words.SENTENCES), `term` and `suspended` (the term of probation), both ISO 8601 durations; value None
    where the text says such a thing and it cannot be told (digits and words of a term contradict one another).
    """

    person: int
    property: str
    value: str | None
    start: int
    end: int


_SPACED = r"\s?".join
_OPERATIVE = re.compile(rf"(?:{_SPACED('приговорил')}(?:\s?[аи])?)\s?:?", re.IGNORECASE)
_OTHER_RULING = re.compile(rf"(?:{_SPACED('определил')}|{_SPACED('постановил')})(?:\s?[аи])?\s?:", re.IGNORECASE)

_NOT_MAIN = r"(?<!без )(?<!дополнительного наказания в виде )(?<!дополнительное наказание в виде )"
_KINDS: Final = (
    ("life", r"пожизненно\w+ лишени[ея] свободы"),
    ("real", r"лишени[еяю] свободы"),
    ("disciplinary-unit", r"содержани[еяю] в дисциплинарной воинской части"),
    ("service-restriction", r"ограничени[еяю] по военной службе"),
    ("liberty-restriction", r"ограничени[еяю] свободы"),
    ("compulsory-work", r"обязательны[ех] работ(?:ы)?"),
    ("corrective-work", r"исправительны[ех] работ(?:ы)?"),
    ("forced-labour", r"принудительны(?:е|х|ми) работ(?:ы|ами)?"),
    ("fine", r"штраф[ау]?\s(?:в\s|\d)[^.;]{0,70}?рубл\w+"),
    ("arrest", r"арест[ау]?(?= на срок| сроком)"),
)
_KIND = "|".join(f"(?P<{word.replace('-', '_')}>{pattern})" for word, pattern in _KINDS)
# The term behind the kind, at the end of at most one condition (`в исправительной колонии общего режима на срок ...`), or
# before it (`к 5 годам лишения свободы`). `до десяти лет` is no term.
_PUNISHMENT = re.compile(
    rf"{_NOT_MAIN}(?:(?P<before>{TERM})\s)?(?:{_KIND})"
    rf"(?:(?:(?!испытат|условн|замен)[^.;:\d]){{0,90}}?(?:\bсроком на|\bна срок|\bсрок|\bсроком|-)\s(?P<after>{TERM})"
    rf"|\s(?P<bare>{TERM}))?",
    re.IGNORECASE,
)
_FINAL = re.compile(r"окончательн\w*|замен(?:ить|ив|яя)\b", re.IGNORECASE)
_ADDED = re.compile(r"пут[её]м\s(?:\S+\s){0,4}?(?:сложени|поглощени|присоединени)\w*", re.IGNORECASE)
_ASSIGNED = re.compile(r"\b(?:назнач|определи)\w*", re.IGNORECASE)
_CREDIT = re.compile(r"\b(?:заче(?:сть|т\b|том\b|тен|тено)|засчита\w*|из расчета|кратн\w+)", re.IGNORECASE)
_EARLIER = re.compile(
    r"\bпо приговору\b|\bприговор\w*\s(?:\S+\s){1,12}?от\s(?:\d|[«\"]?[\dД])|\bсамостоятельно\b", re.IGNORECASE
)
_SUSPENDED = re.compile(
    r"счита\w+\s(?:\S+\s){0,5}?условн(?:ым|ой|о|ыми)\b|\bусловно\b(?!-)(?=,? с испытательн)"
    r"|\bусловно\b(?!-)(?=[^.;]{0,40}\bст\w*\.? ?73\b)",
    re.IGNORECASE,
)
_PROBATION = re.compile(rf"испытательн\w+\sсрок\w*[^.;\d]{{0,60}}?(?P<term>{TERM})", re.IGNORECASE)
_DISCHARGE = re.compile(
    r"освободи\w+\s(?:\S+\s){0,8}?от\s(?:(?:назначенн|уголовн|основн|этого|указанн)\w*\s|отбывания\s){0,3}наказани\w+"
    r"|\bот\s(?:(?:назначенн|основн|этого|указанн)\w*\s|отбывания\s){0,3}наказани\w+\s(?:\S+\s){0,14}?освободи\w+"
    r"|без назначения (?:ему |ей )?наказания",
    re.IGNORECASE,
)
_ACQUITTED = re.compile(r"\bоправда(?:ть|н|на)\b|\bневиновн\w+", re.IGNORECASE)
_GUILTY = re.compile(r"(?<!не)виновн\w+", re.IGNORECASE)
_ABBREVIATED = re.compile(r"(?:\b[А-Я]|\bст|\bч|\bп|\bпп|\bг|\bт|\bд|\bруб|\bр)\.$", re.IGNORECASE)
_END = re.compile(r"[.;]\s(?=[А-Я«\"\d(])|;|:\s(?=[А-Я])")


def sentences(text: str, names: Sequence[str | None]) -> list[Said]:
    """What this act sentenced the accused of its case to, in the order of people and properties.

    names: the accused as the card lists them, None where hidden. Text that is no verdict says nothing.
    """
    folded = plain(cyrillic(text))
    begin = operative(text)
    if begin is None or not names:
        return []
    people = People(names)
    return [said for place, clauses in _by_person(folded, begin, people) for said in _sentence(folded, place, clauses)]


def operative(text: str) -> int | None:
    """Where the operative part of a verdict begins: behind its `приговорил:`; None for rulings and other acts."""
    folded = plain(cyrillic(text))
    marks = list(_OPERATIVE.finditer(folded))
    if not marks or _OTHER_RULING.search(folded, marks[-1].end()):
        return None
    return marks[-1].end()


def clauses(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    """The sentences of a text with the dots of initials and abbreviations minded, as spans."""
    start = begin
    for mark in _END.finditer(text, begin):
        if text[mark.start()] == "." and _ABBREVIATED.search(text, max(start, mark.start() - 6), mark.start() + 1):
            continue
        yield start, mark.start()
        start = mark.end()
    if text[start:].strip():
        yield start, len(text)


def _by_person(text: str, begin: int, people: People) -> list[tuple[int, list[tuple[int, int]]]]:
    """The clauses that speak of each person; a clause that names nobody goes on about the one before it.

    Who shares a clause with another (`назначить обоим`) cannot be told apart from him, and is left out.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    mixed: set[int] = set()
    current: int | None = 0 if len(people.names) == 1 else None
    for start, end in clauses(text, begin):
        clause = text[start:end]
        named = people.named(clause)
        if len(people.names) == 1:
            if named:
                current = 0
            elif _GUILTY.search(clause) and people.strangers(clause):
                current = None
        elif len(named) == 1:
            (current,) = named
        elif named:
            if _PUNISHMENT.search(clause) or _SUSPENDED.search(clause):
                mixed |= named
            current = None
        elif _GUILTY.search(clause):
            current = None  # somebody is found guilty whom we cannot tell
        if current is not None:
            found.setdefault(current, []).append((start, end))
    return [(place, found[place]) for place in sorted(found) if place not in mixed]


@dataclass(frozen=True, slots=True)
class _Punishment:
    kind: str
    start: int
    end: int
    term: tuple[int, int] | None


def _sentence(text: str, person: int, spans: Sequence[tuple[int, int]]) -> list[Said]:
    parts = [(start, _before_credit(text, start, end)) for start, end in spans]
    guilty = any(_GUILTY.search(text, *part) for part in parts)
    acquitted = next((found for part in parts if (found := _ACQUITTED.search(text, *part))), None)
    punishment = _final(text, parts)
    if acquitted and not guilty and punishment is None:
        return [Said(person, "kind", "acquittal", *acquitted.span())]
    discharged = next((found for part in parts if (found := _DISCHARGE.search(text, *part))), None)
    if punishment is None:
        return [Said(person, "kind", "discharge", *discharged.span())] if discharged and guilty else []
    said: list[Said] = []
    suspended = next((found for part in parts if (found := _SUSPENDED.search(text, *part))), None)
    if discharged:
        said.append(Said(person, "kind", "discharge", *discharged.span()))
    elif suspended:
        said.append(Said(person, "kind", "suspended", *suspended.span()))
    else:
        said.append(Said(person, "kind", punishment.kind, punishment.start, punishment.end))
    if punishment.term is not None:
        start, end = punishment.term
        said.append(Said(person, "term", duration(text[start:end]), start, end))
    probation = next((found for part in parts if (found := _PROBATION.search(text, *part))), None)
    if suspended and probation:
        said.append(Said(person, "suspended", duration(probation["term"]), *probation.span("term")))
    return said


def _before_credit(text: str, start: int, end: int) -> int:
    """Where a clause stops speaking of the punishment and begins to credit detention."""
    credit = _CREDIT.search(text, start, end)
    return credit.start() if credit else end


def _final(text: str, parts: Sequence[tuple[int, int]]) -> _Punishment | None:
    """The punishment that is left in the end; None where there is none, or where it cannot be told which."""
    last: _Punishment | None = None
    for start, end in parts:
        found = list(_punishments(text, start, end))
        anchors = [mark.end() for mark in _FINAL.finditer(text, start, end)]
        if not anchors and (added := _ADDED.search(text, start, end)):
            anchors = [mark.end() for mark in _ASSIGNED.finditer(text, added.end(), end)]
        behind = [each for each in found if anchors and each.start >= anchors[-1]]
        if behind:
            last = behind[-1]
    if last is not None:
        return last
    every = [each for part in parts if not _earlier_only(text, part) for each in _punishments(text, *part)]
    # What was named once more (`наказание в виде лишения свободы считать условным`) has no term of its own.
    termed = [each for each in every if each.term is not None] or every
    different = {(each.kind, each.term and duration(text[slice(*each.term)])) for each in termed}
    return termed[0] if len(different) == 1 else None


def _earlier_only(text: str, part: tuple[int, int]) -> bool:
    return _EARLIER.search(text, *part) is not None and _GUILTY.search(text, *part) is None


def _punishments(text: str, start: int, end: int) -> Iterator[_Punishment]:
    for found in _PUNISHMENT.finditer(text, start, end):
        kind = next(word for word, _ in _KINDS if found[word.replace("-", "_")])
        term = next((found.span(name) for name in ("after", "bare", "before") if found[name]), None)
        if term and re.search(r"\bдо\s$", text[max(start, term[0] - 4) : term[0]]):
            continue
        yield _Punishment(kind, found.start(), found.end(), term)
