"""What the tabs of a case card state: pairs of key and value, events, people, complaints, writs; in either template."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from archive.ledger import terms
from archive.ledger.observation import Link
from crawler.cells import (
    Column,
    Found,
    Row,
    cells,
    column,
    folded,
    grid,
    say_articles,
    say_court,
    say_date,
    say_event,
    say_name,
    say_numbers,
    say_person,
    say_result,
    say_text,
    say_time,
    say_uid,
    say_words,
)
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses
from crawler.sites.sudrf.people import People
from crawler.sites.sudrf.template import Section


@dataclass(slots=True)
class Card:
    """The card being read: its registration, and how many people and events it has named so far."""

    page: Page
    found: Found
    subject: str
    criminal: bool
    people: People = field(init=False)
    events: int = 0

    def __post_init__(self) -> None:
        self.people = People(self.found, self.subject)

    def next_event(self) -> str:
        self.events += 1
        return f"{self.subject}#event:{self.events}"


# ---------------------------------------------------------------------------------------------------- pairs

# Keys of ДЕЛО, МАТЕРИАЛ, ПРОИЗВОДСТВО and РАССМОТРЕНИЕ В НИЖЕСТОЯЩЕМ СУДЕ, folded; a full match.
_FIRST = r"(суда |суде |в |в суде )?(первой|1-?о?й) инстанции"
_KEYS: Final = (
    (r"уникальный идентификатор( (дела|материала|производства))?|уид", "uid"),
    (r"дата поступления( (дела|материала|жалобы|представления))?( в суд.*)?", "received"),
    (r"номер( дела| материала)? по предыдущей регистрации", "number_previous"),
    (r"категория( (дела|материала))?", "category"),
    (r"судья|председательствующий( судья)?|(судья-)?докладчик|судья \(докладчик\)", "judge"),
    (r"передано в производство судье|(дело|материал) находится в производстве судьи", "judge"),
    (r"дата рассмотрения( (дела|материала|жалобы))?", "decided"),
    (r"дата вынесения (постановления|определения|решения)( \(определения\))?( по делу)?", "decided"),
    (r"результат( (кассационного|апелляционного))?( рассмотрения)?( (дела|материала|жалобы))?|решение", "result"),
    (r"дата вступления( (решения|приговора|постановления|определения|акта))?( \(.*\))? в (законную )?силу", "in_force"),
    (rf"суд( \((судебный участок|мировой судья)\))? {_FIRST}", "lower_court"),
    (rf"номер дела {_FIRST}", "lower_number"),
    (rf"судья( \(мировой судья\))? {_FIRST}", "lower_judge"),
    (rf"дата (решения|вынесения решения|рассмотрения)( \(.*\))? {_FIRST}", "lower_decided"),
    (r"(наименование )?вышестоящ(ий суд|его суда)", "higher_court"),
)
_DATES = ("received", "decided", "in_force", "lower_decided")


def pairs(card: Card, section: Section) -> None:
    """Rows of key and value. A row of an unknown key is left, the key too: without it the value says nothing."""
    for line in section.lines:
        these = cells(line)
        property = _property(these[0]) if len(these) == 2 else None
        if property is None:
            card.found.leave_all(line)
        else:
            _value(card, property, these[1])


def _property(key: Node) -> str | None:
    words = folded(key)
    return next((property for pattern, property in _KEYS if re.fullmatch(pattern, words)), None)


def _value(card: Card, property: str, cell: Node) -> None:
    part, found, subject = cell.whole, card.found, card.subject
    if part is None:
        return
    if property in _DATES:
        say_date(found, part, subject, property)
    elif property == "uid":
        say_uid(found, part, subject)
        _links(card, cell, "uid")
    elif property == "number_previous":
        say_numbers(found, part, subject, property)
        _links(card, cell, "previous")
    elif property == "lower_number":
        say_numbers(found, part, subject, property)
    elif property == "result":
        say_result(found, part, subject, property)
    elif property in ("lower_court", "higher_court"):
        say_court(found, part, subject, property)
    elif property == "category":
        say_words(found, part, subject, property)
    else:
        say_text(found, part, subject, property)


def _links(card: Card, cell: Node, rel: str) -> None:
    for link in cell.all("a[href]"):
        url = addresses.absolute(link.attr("href") or "", card.page.url)
        canonical = addresses.parse(url).card
        card.found.links.append(Link(canonical or url, rel, link.text, link.selector))


# ---------------------------------------------------------------------------------------------------- tables with headers

# Columns whose shape is `left` are known by their place, and the ledger has no property for them.
_EVENTS = (
    column("name", "text", r"(наименование события|событие)"),
    column("date", "date", r"дата( (события|слушания|заседания))?"),
    column("time", "time", r"время( (события|слушания|заседания))?"),
    column("place", "text", r"место проведения( ?\(.*\))?|зал( судебного заседания)?"),
    column("result", "text", r"результат( (события|слушания|заседания))?"),
    column("reason", "text", r"основани[ея]( для выбранного результата( (события|слушания))?)?"),
    column("note", "text", r"примечание"),
    # A hint is printed behind the words: "Информация о размещении событий ...".
    column("placed", "date", r"дата размещения.*"),
)
_DEFENDANTS = (
    column("name", "text", r"фамилия ?/ ?наименование|фио|лицо|лицо, участвующее в деле \(фио, наименование\)"),
    column("articles", "articles", r"перечень статей( .*)?|статьи( .*)?"),
    column("material", "left", r"материал( \(.*\))?"),
    column("decided", "date", r"дата рассмотрения( дела)?( в отношении лица)?"),
    column("result", "text", r"результат( рассмотрения)?( дела)? в отношении лица"),
    column("grounds", "left", r"основания отмены \(изменения\)( решения)?"),
)
_PARTIES = (
    column("role", "text", r"вид лица(, участвующего в деле)?|процессуальный статус( лица)?"),
    column("name", "text", r"лицо, участвующее в деле \(фио, наименование\)|фамилия ?/ ?наименование|фио( .*)?"),
    column("articles", "articles", r"перечень статей( .*)?"),
    column("inn", "left", r"инн"),
    column("kpp", "left", r"кпп"),
    column("ogrn", "left", r"огрн"),
    column("ogrnip", "left", r"огрнип"),
)
_COMPLAINTS = (
    column("date", "date", r"дата поступления"),
    column("status", "text", r"процессуальный статус заявителя"),
    column("name", "text", r"лицо, подавшее жалобу( \(заявитель\))?|заявитель"),
    column("passed", "left", r"дата передачи жалобы на изучение"),
    column("file", "left", r"с истребованием дела"),
    column("ruled", "left", r"дата вынесения определения по итогам изучения"),
    column("result", "text", r"результат изучения жалобы"),
)
_HINT = re.compile(r"\s*информация о размещении событий", re.IGNORECASE)


def _rows(card: Card, known: tuple[Column, ...], section: Section) -> list[Row]:
    """The rows under a header row. Cells of columns we do not know are left; a table whose header we do not know at all is
    left whole, and so is a row with more or fewer cells than the header: the page is flagged."""
    told = [line for line in section.lines if not (len(cells(line)) == 1 and _HINT.match(line.text))]
    if not told:
        return []
    header, *lines = told
    met = grid(header, lines, known, card.found)
    if not any(met.known):
        card.found.flag("header-unknown")
        for line in section.lines:
            card.found.leave_all(line)
        return []
    read = []
    for line in lines:
        if met.repeats(line):
            card.found.flag("header-doubled")
            continue
        if not met.fits(line):
            card.found.flag("row-odd")
            card.found.leave_all(line)
            continue
        row = met.row(line)
        for one, _, cell in row.places:
            if one is None or one.shape == "left":
                card.found.leave(cell.whole)
        if any(cell.whole is not None for one, _, cell in row.places if one is not None and one.shape != "left"):
            read.append(row)
    return read


def _part(row: Row, property: str) -> Part | None:
    cell = row.cell(property)
    return None if cell is None else cell.whole


def events(card: Card, section: Section) -> None:
    for row in _rows(card, _EVENTS, section):
        event, found = card.next_event(), card.found
        for one, _, cell in row.places:
            part = cell.whole
            match one.property if one is not None else "":
                case "":
                    pass
                case "name":
                    say_event(found, part, event)
                case "date" | "placed" as property:
                    say_date(found, part, event, property)
                case "time":
                    say_time(found, part, event, "time")
                case "result":
                    say_result(found, part, event, "result", of_event=True)
                case property:
                    say_text(found, part, event, property)


def defendants(card: Card, section: Section) -> None:
    """One row a defendant: the result of a person can differ from the result of the case.

    Where each row says what the person is to the case (`Вид лица`), not all of them are defendants.
    """
    if section.lines and any(_PARTIES[0].header.fullmatch(folded(cell)) for cell in cells(section.lines[0])):
        return parties(card, section)
    for row in _rows(card, _DEFENDANTS, section):
        person, found = card.people.next(), card.found
        for one, _, cell in row.places:
            part = cell.whole
            match one.property if one is not None else "":
                case "name":
                    say_name(found, part, person)
                    if card.criminal:
                        card.people.charge(section.title, person)
                case "articles":
                    say_articles(found, part, person)
                case "decided":
                    say_date(found, part, person, "decided")
                case "result":
                    say_result(found, part, person, "result")
                case _:
                    pass  # left


def parties(card: Card, section: Section) -> None:
    for row in _rows(card, _PARTIES, section):
        person, found = card.people.next(), card.found
        for one, _, cell in row.places:
            match one.property if one is not None else "":
                case "role":
                    say_text(found, cell.whole, person, "role")
                case "name":
                    say_name(found, cell.whole, person)
                case "articles":
                    say_articles(found, cell.whole, person)
                case _:
                    pass  # left


def complaints(card: Card, section: Section) -> None:
    """Complaints that reached a cassation court: each is an event of the registration, and names who brought it."""
    for row in _rows(card, _COMPLAINTS, section):
        event = card.next_event()
        if section.title is not None and section.title.whole is not None:
            card.found.say(section.title.whole, event, "name", "appealed", derived=True)
        say_date(card.found, _part(row, "date"), event, "date")
        say_result(card.found, _part(row, "result"), event, "result", of_event=True)
        name, status = _part(row, "name"), _part(row, "status")
        if name is None:
            card.found.leave(status)
            continue
        person = card.people.next()
        say_text(card.found, status, person, "role")
        say_person(card.found, name, person)


def unworded(card: Card, section: Section) -> None:
    """Writs of execution and claims: the ledger has no words for them; their values are left, their header is known."""
    for line in section.lines[1:]:
        card.found.leave_all(line)


# ---------------------------------------------------------------------------------------------------- appeals

_COMPLAINT = re.compile(r"вид жалобы( \(представления\))?")
_OUTCOME = re.compile(r"результат обжалования|результат рассмотрения жалобы")
_OUTCOME_DATE = re.compile(r"дата рассмотрения жалобы")
_APPLICANT = re.compile(r"заявитель|лицо, подавшее жалобу( \(заявитель\))?")
_COURT = re.compile(r"(наименование )?вышестоящ(ий суд|его суда)")
_SUBTITLE = re.compile(r"[-=\s]*движение жалобы|жалоба №")


def movement(card: Card, section: Section) -> None:
    """The movement of a complaint: pairs, as the complaint itself, or a table of events."""
    if all(len(cells(line)) <= 2 for line in section.lines):
        appeal(card, section)
    else:
        events(card, section)


def appeal(card: Card, section: Section) -> None:
    """One complaint against the judgment, as the first court tells it: pairs, and inside them its movement as a table.

    The kind of complaint and each dated pair (sent up, returned) is an event; its outcome is one, with its date.
    """
    found = card.found
    decided: str | None = None
    for line in section.lines:
        these = cells(line)
        if len(these) != 2:
            if not _SUBTITLE.match(line.text.casefold()):
                found.leave_all(line)
            continue
        words, label, part = folded(these[0]), these[0].whole, these[1].whole
        if part is None or label is None:
            found.leave(part)
            continue
        if _COMPLAINT.fullmatch(words):
            found.say(part, card.next_event(), "name", "cassation" if "кассац" in part.text.casefold() else "appealed")
        elif _APPLICANT.fullmatch(words):
            person = card.people.next()
            say_text(found, label, person, "role")
            say_name(found, part, person)
        elif _COURT.fullmatch(words):
            say_court(found, part, card.subject, "higher_court")
        elif _OUTCOME.fullmatch(words) or _OUTCOME_DATE.fullmatch(words):
            if decided is None:
                decided = card.next_event()
                found.say(label, decided, "name", "appeal-result")
            if _OUTCOME.fullmatch(words):
                say_result(found, part, decided, "result", of_event=True)
            else:
                say_date(found, part, decided, "date")
        elif terms.date(part.text) is not None:
            event = card.next_event()
            found.say(label, event, "name", terms.event(label.text))
            say_date(found, part, event, "date")
        else:
            found.leave_all(line)
