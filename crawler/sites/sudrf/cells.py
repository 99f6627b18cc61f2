"""How the cells of a court's tables are read: every text becomes an observation, or is left as unread.

A column is known by its header. What stands under a header must have that header's shape (a date, a time, a judge's
name ...): a cell of another shape is left unread, so that a moved or renamed column never turns into a wrong value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.ledger import courts, terms
from archive.ledger.observation import Link, Observation, Unread
from crawler.errors import Unreadable
from crawler.page import Node, Part


@dataclass(slots=True)
class Found:
    """What a reading has gathered so far, in page order."""

    observations: list[Observation] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def say(self, part: Part, subject: str, property: str, value: str | None, *, derived: bool = False) -> None:
        self.observations.append(part.says(subject, property, value, derived=derived))

    def leave(self, part: Part | None) -> None:
        if part is not None:
            self.unread.append(Unread(part.text, part.selector))

    def flag(self, word: str) -> None:
        if word not in self.flags:
            self.flags.append(word)


# ---------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True, slots=True)
class Column:
    """A column we know: the property its cells state, their shape, and the header's words (folded, a full match).

    shape: date, time, number, judge, people, articles, text, act, ordinal; left: known, and not read.
    """

    property: str
    shape: str
    header: re.Pattern[str]


def column(property: str, shape: str, header: str) -> Column:
    return Column(property, shape, re.compile(header))


def columns(headers: Sequence[Node], known: Sequence[Column], found: Found) -> list[Column | None]:
    """Which known column each header begins; None for one we do not know, or cannot be sure of.

    Courts may order their columns as they like. But a column that stands elsewhere than on every page we know could as well be
    two headers exchanged. Cells that show by their shape what they are (a time, a judge, a number) are read all the same; free
    text out of its place, and dates that changed places with other dates, are not, and the page is flagged.
    Raises Unreadable where two headers mean the same.
    """
    met: list[Column | None] = []
    for header in headers:
        words = " ".join(header.text.casefold().split())
        met.append(next((one for one in known if one.header.fullmatch(words)), None))
    named = [one for one in met if one is not None]
    if len(set(named)) != len(named):
        raise Unreadable(f"{headers[0].selector}: two columns have one meaning: {[h.text for h in headers]}")
    place = {one: at for at, one in enumerate(known)}
    moved = [(a, b) for at, a in enumerate(named) for b in named[at + 1 :] if place[a] > place[b]]
    if moved:
        found.flag("columns-reordered")
    unsure = {one for pair in moved for one in pair if one.shape == "text" or {a.shape for a in pair} == {"date"}}
    return [None if one in unsure else one for one in met]


# ---------------------------------------------------------------------------------------------------- rows


def rows(table: Node) -> list[Node]:
    """A table's own rows that have cells, without those of tables inside its cells."""
    own = [child for child in table.children if child.tag in ("tr", "tbody", "thead", "tfoot")]
    every = [row for part in own for row in ([part] if part.tag == "tr" else part.children) if row.tag == "tr"]
    return [row for row in every if cells(row)]


def cells(row: Node) -> list[Node]:
    return [child for child in row.children if child.tag in ("td", "th")]


# ---------------------------------------------------------------------------------------------------- shapes of values

_DATE = re.compile(r"\d{2}\.\d{2}\.\d{4}")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)*"
_CAPITALS = r"[А-ЯЁ]{2,}(?:-[А-ЯЁ]{2,})*"
_INITIAL = r"[А-ЯЁ]\."
PERSON = re.compile(
    rf"(?:{_WORD}|{_CAPITALS})(?:\s*{_INITIAL}|\s(?:{_WORD}|оглы|кызы)){{1,4}}"
    rf"|{_CAPITALS}(?:\s{_CAPITALS})?\s[А-ЯЁ]+(?:ВИЧ|ВНА|ЧНА|ОГЛЫ|КЫЗЫ)"
)
# Surely a person and no result: initials, or a patronymic at the end.
_NAMED = re.compile(
    rf"{_WORD}(?:\s*{_INITIAL}){{1,2}}|{_WORD}\s{_WORD}\s(?:[А-ЯЁ][а-яё]*(?:вич|вна|чна)|{_WORD}\sоглы)", re.UNICODE
)
_ARTICLE = re.compile(r"[сc]т(?:атья)?\.?\s*\d", re.IGNORECASE)
HIDDEN = re.compile(r"<?\s*информация скрыта\s*>?", re.IGNORECASE)


def say_date(found: Found, part: Part | None, subject: str, property: str) -> None:
    """A date: an impossible one (31.02.2025) is kept raw without a value, what has no shape of a date is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text):
        found.say(part, subject, property, terms.date(part.text))
    else:
        found.leave(part)


def say_time(found: Found, part: Part | None, subject: str, property: str) -> None:
    if part is None:
        return
    if _TIME.fullmatch(part.text):
        found.say(part, subject, property, terms.time(part.text))
    else:
        found.leave(part)


def say_judge(found: Found, part: Part | None, subject: str, property: str) -> None:
    """One judge or several, by name; what is not written like a name is left."""
    if part is None:
        return
    names = part.text.split(", ")
    if all(PERSON.fullmatch(name) for name in names):
        found.say(part, subject, property, part.text)
    elif HIDDEN.fullmatch(part.text):
        found.say(part, subject, property, None)
    else:
        found.leave(part)


def say_result(found: Found, part: Part | None, subject: str, property: str, *, of_event: bool = False) -> None:
    """What came of it; a date or a name under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text) or _NAMED.fullmatch(part.text):
        found.leave(part)
    else:
        found.say(part, subject, property, terms.outcome(part.text) if of_event else terms.result(part.text))


def say_text(found: Found, part: Part | None, subject: str, property: str) -> None:
    """Words as printed; a date, a time or a list of articles under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text) or _ARTICLE.match(part.text):
        found.leave(part)
    else:
        found.say(part, subject, property, part.text)


def say_event(found: Found, part: Part | None, subject: str) -> None:
    """The name of an event and its word; a date or a time under this header is left."""
    if part is None:
        return
    if _DATE.fullmatch(part.text) or _TIME.fullmatch(part.text):
        found.leave(part)
    else:
        found.say(part, subject, "name", terms.event(part.text))


def say_name(found: Found, part: Part | None, subject: str) -> None:
    """A name as printed; a hidden one is kept raw, without a value."""
    if part is not None and HIDDEN.fullmatch(part.text):
        found.say(part, subject, "name", None)
    else:
        say_text(found, part, subject, "name")


def say_person(found: Found, part: Part | None, subject: str) -> None:
    """As say_name, where other words than names are met too (`подано ПРОКУРОРОМ`): they get no value."""
    if part is not None:
        found.say(part, subject, "name", part.text if PERSON.fullmatch(part.text) else None)


def say_numbers(found: Found, part: Part | None, subject: str, property: str, previous: str | None = None) -> None:
    """Every number of a text, each with its own quote; earlier ones under `previous` where that is another property."""
    if part is None:
        return
    for number in terms.numbers(part.text):
        said = previous if number.previous and previous else property
        found.say(part.sub(number.start, number.end), subject, said, number.normal)


def say_court(found: Found, part: Part, subject: str, property: str) -> None:
    """A court by its name; the value is its code where the register knows exactly one of that name."""
    court = courts.by_short_name(part.text)
    found.say(part, subject, property, None if court is None else court.code)


# ---------------------------------------------------------------------------------------------------- people

_CHARGED = re.compile(r"(?P<name>.+?)\s+[-–—]\s+(?P<articles>[сc]т\.?\s*\d.*)")
_LABEL = re.compile(r"(?P<label>[^:]{3,80}):\s*(?P<value>.*)")
_LOWER_COURT = re.compile(r"суд(?: \((?:судебный участок|мировой судья)\))? первой инстанции")
_LOWER_NUMBER = re.compile(r"номер дела в первой инстанции")
_CATEGORY = re.compile(r"категория(?: дела)?")
_COMPLAINT = re.compile(r"жалобу подал(?:\(а\)|а)?|представление внес(?:\(ла\)|ла)?")


@dataclass(slots=True)
class People:
    """The people of one registration, numbered from 1 in page order."""

    found: Found
    registration: str
    count: int = 0

    def next(self) -> str:
        self.count += 1
        return f"{self.registration}#person:{self.count}"

    def read(self, cell: Node, header: Node | None, *, charged: bool, sure: bool) -> None:
        """A cell that names the people of a case, line by line, and for a higher court where the case came from.

        charged: people stand here because they are charged (a criminal register). sure: the columns stand in the order we
        know, so that a name without articles can be believed.
        """
        for line in cell.lines:
            self._line(line, header if charged else None, sure=sure)

    def _line(self, line: Part, header: Node | None, *, sure: bool) -> None:
        person = _CHARGED.fullmatch(line.text)
        if person:
            subject = self.next()
            say_name(self.found, line.sub(*person.span("name")), subject)
            self.charge(header, subject)
            say_articles(self.found, line.sub(*person.span("articles")), subject)
            return
        labelled = _LABEL.fullmatch(line.text)
        if labelled:
            value = line.sub(*labelled.span("value")) if labelled["value"] else None
            self._labelled(line, line.sub(*labelled.span("label")), value)
            return
        name = line.sub(0, len(line.text.rstrip(" ;")))
        if sure and (HIDDEN.fullmatch(name.text) or PERSON.fullmatch(name.text)):
            subject = self.next()
            say_name(self.found, name, subject)
            self.charge(header, subject)
        else:
            self.found.leave(line)

    def _labelled(self, line: Part, label: Part, value: Part | None) -> None:
        words = label.text.casefold()
        if value is None:
            return  # the label alone states nothing
        if _LOWER_COURT.fullmatch(words):
            say_court(self.found, value, self.registration, "lower_court")
        elif _LOWER_NUMBER.fullmatch(words):
            say_numbers(self.found, value, self.registration, "lower_number")
        elif _CATEGORY.fullmatch(words):
            say_text(self.found, value, self.registration, "category")
        elif label.text.isupper() or _COMPLAINT.fullmatch(words):  # АДМ. ИСТЕЦ: ..., Жалобу подал(а): ...
            subject = self.next()
            say_text(self.found, label, subject, "role")
            say_name(self.found, value, subject)
        else:
            self.found.leave(line)

    def charge(self, header: Node | None, subject: str) -> None:
        """That this person is the defendant: the header `Лица` of a criminal register says it, not the line."""
        stated = header.whole if header is not None else None
        if stated is not None:
            self.found.say(stated, subject, "role", "defendant", derived=True)


def say_articles(found: Found, part: Part | None, subject: str) -> None:
    """Each article, attempt and complicity of a list with its own quote.

    An item that is no article at all (another person on the same line?) ends the reading of the line: what follows may not be
    this person's.
    """
    if part is None:
        return
    for item in terms.articles(part.text):
        if item.value is None and not _ARTICLE.match(part.text, item.start):
            found.leave(part.sub(item.start, len(part.text)))
            return
        found.say(part.sub(item.start, item.end), subject, item.property, item.value)
