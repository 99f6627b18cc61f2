"""A case card of the primary template: number, tabs of tables known by their `th`, acts, the footer's two times."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from archive.ledger import terms
from archive.ledger.observation import Link
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses, court
from crawler.sites.sudrf.cells import (
    Column,
    Found,
    People,
    cells,
    column,
    columns,
    rows,
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
)

_NUMBER = re.compile(r"(?<=№ ).+|(?<=№)[^ ].*")
_STAMPS = {
    "published": re.compile(r"(?<=опубликовано )\d{2}\.\d{2}\.\d{4} \d{1,2}:\d{2}"),
    "modified": re.compile(r"(?<=изменено )\d{2}\.\d{2}\.\d{4} \d{1,2}:\d{2}"),
}


@dataclass(slots=True)
class _Card:
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


def read(page: Page, found: Found) -> None:
    """Every cell of every table is said or left; raises Unreadable for a card without number or table."""
    _tabs(page, found)
    address = addresses.parse(page.url)
    number = page.one("div.casenumber").whole
    printed = number.find(_NUMBER) if number is not None else None
    if number is None or printed is None:
        raise Unreadable("div.casenumber: no number")
    code, code_part = court.of(page, address, found)
    numbers = terms.numbers(printed.text)
    subject = address.subject(code, numbers[0].normal)
    if subject is None:
        raise Unreadable(f"{page.url}: neither case_uid nor case_id, nor a number: {printed.text!r}")
    if code_part is not None:
        found.say(code_part, subject, "court", code)
    else:
        found.say(number, subject, "court", code, derived=True)  # by the host that served it
    say_numbers(found, printed, subject, "number", "number_previous")
    if address.card is not None:
        found.say(number, subject, "card", address.card, derived=True)
    card = _Card(page, found, subject, address.register.startswith("criminal"))
    for table in page.all("table#tablcont", at_least=1):
        if not _in_act(table):
            _table(card, table)
    _acts(card, address.card or page.url)
    _stamps(card)


def _tabs(page: Page, found: Found) -> None:
    """Every tab should have its content; one that has none is flagged."""
    for tab in page.all("ul.tabs > li[id^=tab]"):
        name = tab.attr("id") or ""
        content = f"cont_doc{name[7:]}" if name.startswith("tab_doc") else f"cont{name[3:]}"
        if name[-1:].isdigit() and not page.all(f"div#{content}"):
            found.flag("tab-missing")


def _in_act(table: Node) -> bool:
    """Inside the text of an act, which is a document of its own."""
    node: Node | None = table
    while node is not None:
        if (node.attr("id") or "").startswith("cont_doc"):
            return True
        node = node.parent
    return False


def _table(card: _Card, table: Node) -> None:
    """One table, by its `th`: pairs of key and value, or a header row and rows. One of neither kind is left whole."""
    lines = rows(table)
    if not lines:
        return
    first = cells(lines[0])
    headed = len(first) == 1 and (first[0].tag == "th" or (len(lines) > 1 and len(cells(lines[1])) > 1))
    title = " ".join(first[0].text.casefold().split()) if headed else "дело"
    body = lines[1:] if headed else lines
    reader = next((reader for sign, reader in _TABLES if re.match(sign, title)), None)
    if reader is None:
        for line in lines:
            _leave(card, line)
        return
    reader(card, first[0] if headed else None, body)


def _leave(card: _Card, line: Node) -> None:
    for cell in cells(line):
        card.found.leave(cell.whole)


# ---------------------------------------------------------------------------------------------------- pairs

# Keys of ДЕЛО, МАТЕРИАЛ, ПРОИЗВОДСТВО and РАССМОТРЕНИЕ В НИЖЕСТОЯЩЕМ СУДЕ, folded.
_KEYS: Final = (
    (r"уникальный идентификатор дела|уникальный идентификатор материала|уид", "uid"),
    (r"дата поступления", "received"),
    (r"номер по предыдущей регистрации", "number_previous"),
    (r"категория( дела)?", "category"),
    (r"судья|председательствующий судья|судья-докладчик", "judge"),
    (r"дата рассмотрения", "decided"),
    (r"результат рассмотрения", "result"),
    (r"дата вступления( решения)? в законную силу", "in_force"),
    (r"суд( \((судебный участок|мировой судья)\))? первой инстанции", "lower_court"),
    (r"номер дела в первой инстанции", "lower_number"),
    (r"судья( \(мировой судья\))? первой инстанции", "lower_judge"),
    (r"дата решения( в)?( суда)? первой инстанции", "lower_decided"),
    (r"вышестоящий суд", "higher_court"),
)
_DATES = ("received", "decided", "in_force", "lower_decided")


def _pair(line: Node) -> tuple[Node, Node] | None:
    these = cells(line)
    return (these[0], these[1]) if len(these) == 2 else None


def _property(key: Node) -> str | None:
    words = " ".join(key.text.casefold().rstrip(":").split())
    return next((property for pattern, property in _KEYS if re.fullmatch(pattern, words)), None)


def _pairs(card: _Card, _title: Node | None, lines: list[Node]) -> None:
    for line in lines:
        pair = _pair(line)
        property = _property(pair[0]) if pair else None
        if pair is None or property is None:
            _leave(card, line)  # the key too: without it the value says nothing
        else:
            _value(card, property, pair[1])


def _value(card: _Card, property: str, cell: Node) -> None:
    part, found, subject = cell.whole, card.found, card.subject
    if part is None:
        return
    if property in _DATES:
        say_date(found, part, subject, property)
    elif property == "uid":
        found.say(part, subject, "uid", terms.uid(part.text))
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
    else:
        say_text(found, part, subject, property)


def _links(card: _Card, cell: Node, rel: str) -> None:
    for link in cell.all("a[href]"):
        url = addresses.absolute(link.attr("href") or "", card.page.url)
        canonical = addresses.parse(url).card
        card.found.links.append(Link(canonical or url, rel, link.text, link.selector))


# ---------------------------------------------------------------------------------------------------- tables with headers

# Columns whose shape is `left` are known by their place, and the ledger has no property for them.
_EVENTS = (
    column("name", "text", r"(наименование события|событие)"),
    column("date", "date", r"(дата|дата события)"),
    column("time", "time", r"(время|время события)"),
    column("place", "text", r"место проведения"),
    column("result", "text", r"результат( события)?"),
    column("reason", "text", r"основани[ея]( для выбранного результата( события)?)?"),
    column("note", "text", r"примечание"),
    # A hint is printed behind the words: "Информация о размещении событий ...".
    column("placed", "date", r"дата размещения.*"),
)
_DEFENDANTS = (
    column("name", "text", r"фамилия / наименование"),
    column("articles", "articles", r"перечень статей"),
    column("material", "left", r"материал( \(.*\))?"),
    column("decided", "date", r"дата рассмотрения дела в отношении лица"),
    column("result", "text", r"результат в отношении лица"),
    column("grounds", "left", r"основания отмены \(изменения\)( решения)?"),
)
_PARTIES = (
    column("role", "text", r"вид лица, участвующего в деле"),
    column("name", "text", r"лицо, участвующее в деле \(фио, наименование\)"),
    column("inn", "left", r"инн"),
    column("kpp", "left", r"кпп"),
    column("ogrn", "left", r"огрн"),
    column("ogrnip", "left", r"огрнип"),
)
_COMPLAINTS = (
    column("date", "date", r"дата поступления"),
    column("status", "text", r"процессуальный статус заявителя"),
    column("name", "text", r"лицо, подавшее жалобу \(заявитель\)"),
    column("passed", "left", r"дата передачи жалобы на изучение"),
    column("file", "left", r"с истребованием дела"),
    column("ruled", "left", r"дата вынесения определения по итогам изучения"),
    column("result", "text", r"результат изучения жалобы"),
)
_HINT = re.compile(r"\s*информация о размещении событий", re.IGNORECASE)


def _body(card: _Card, known: tuple[Column, ...], lines: list[Node]) -> list[dict[str, Node]]:
    """The rows under a header row, by column; cells of columns we do not know are left.

    Raises Unreadable where the header knows no column at all, or a row has more or fewer cells than it.
    """
    if not lines:
        return []
    header, *rest = lines
    met = columns(cells(header), known, card.found)
    if not any(met):
        raise Unreadable(f"{header.selector}: no known column in {[cell.text for cell in cells(header)]}")
    read = []
    for line in rest:
        these = cells(line)
        if len(these) == 1 and _HINT.match(these[0].text):
            continue  # printed under the events of some courts; no value
        if len(these) != len(met):
            raise Unreadable(f"{line.selector}: {len(these)} cells under {len(met)} headers")
        for one, cell in zip(met, these, strict=True):
            if one is None or one.shape == "left":
                card.found.leave(cell.whole)
        read.append({one.property: cell for one, cell in zip(met, these, strict=True) if one and one.shape != "left"})
    return read


def _events(card: _Card, _title: Node | None, lines: list[Node]) -> None:
    for row in _body(card, _EVENTS, lines):
        event = card.next_event()
        for property, cell in row.items():
            part = cell.whole
            if property == "name":
                say_event(card.found, part, event)
            elif property in ("date", "placed"):
                say_date(card.found, part, event, property)
            elif property == "time":
                say_time(card.found, part, event, property)
            elif property == "result":
                say_result(card.found, part, event, property, of_event=True)
            else:
                say_text(card.found, part, event, property)


def _defendants(card: _Card, title: Node | None, lines: list[Node]) -> None:
    """One row a defendant: the result of a person can differ from the result of the case."""
    for row in _body(card, _DEFENDANTS, lines):
        person = card.people.next()
        for property, cell in row.items():
            part = cell.whole
            if property == "name":
                say_name(card.found, part, person)
                if card.criminal:
                    card.people.charge(title, person)
            elif property == "articles":
                say_articles(card.found, part, person)
            elif property == "decided":
                say_date(card.found, part, person, "decided")
            else:
                say_result(card.found, part, person, "result")


def _parties(card: _Card, _title: Node | None, lines: list[Node]) -> None:
    for row in _body(card, _PARTIES, lines):
        person = card.people.next()
        for property, cell in row.items():
            if property == "role":
                say_text(card.found, cell.whole, person, "role")
            else:
                say_name(card.found, cell.whole, person)


def _complaints(card: _Card, title: Node | None, lines: list[Node]) -> None:
    """Complaints that reached a cassation court: each is an event of the registration, and names who brought it."""
    for row in _body(card, _COMPLAINTS, lines):
        event = card.next_event()
        if title is not None and title.whole is not None:
            card.found.say(title.whole, event, "name", "appealed", derived=True)
        say_date(card.found, row["date"].whole if "date" in row else None, event, "date")
        say_result(card.found, row["result"].whole if "result" in row else None, event, "result", of_event=True)
        if "name" in row and row["name"].whole is not None:
            person = card.people.next()
            say_text(card.found, row["status"].whole if "status" in row else None, person, "role")
            say_person(card.found, row["name"].whole, person)
        elif "status" in row:
            card.found.leave(row["status"].whole)


def _writs(card: _Card, _title: Node | None, lines: list[Node]) -> None:
    """Writs of execution: the ledger has no words for them; their values are left, their header is known."""
    for row in lines[1:]:
        _leave(card, row)


# ---------------------------------------------------------------------------------------------------- appeals

_COMPLAINT = re.compile(r"вид жалобы \(представления\)")
_OUTCOME = re.compile(r"результат обжалования")
_OUTCOME_DATE = re.compile(r"дата рассмотрения жалобы")
_APPLICANT = re.compile(r"заявитель")
_COURT = re.compile(r"вышестоящий суд")


def _appeal(card: _Card, _title: Node | None, lines: list[Node]) -> None:
    """One complaint against the judgment, as the first court tells it: pairs, and inside them its movement as a table.

    The kind of complaint and each dated pair (sent up, returned) is an event; its outcome is one, with its date.
    """
    decided: str | None = None
    for line in lines:
        pair = _pair(line)
        nested = [table for cell in cells(line) for table in cell.all("table")]
        if nested:
            continue  # read as a table of its own
        if pair is None:
            if not re.match(r"[-=\s]*движение жалобы|жалоба №", line.text.casefold()):
                _leave(card, line)
            continue
        key, value = pair
        words = " ".join(key.text.casefold().split())
        part, label = value.whole, key.whole
        if part is None or label is None:
            continue
        if _COMPLAINT.fullmatch(words):
            kind = "cassation" if "кассац" in part.text.casefold() else "appealed"
            card.found.say(part, card.next_event(), "name", kind)
        elif _APPLICANT.fullmatch(words):
            person = card.people.next()
            say_text(card.found, label, person, "role")
            say_name(card.found, part, person)
        elif _COURT.fullmatch(words):
            say_court(card.found, part, card.subject, "higher_court")
        elif _OUTCOME.fullmatch(words) or _OUTCOME_DATE.fullmatch(words):
            if decided is None:
                decided = card.next_event()
                card.found.say(label, decided, "name", "appeal-result")
            if _OUTCOME.fullmatch(words):
                say_result(card.found, part, decided, "result", of_event=True)
            else:
                say_date(card.found, part, decided, "date")
        elif terms.date(part.text) is not None:
            event = card.next_event()
            card.found.say(label, event, "name", terms.event(label.text))
            say_date(card.found, part, event, "date")
        else:
            _leave(card, line)


_TABLES: Final[tuple[tuple[str, Callable[[_Card, Node | None, list[Node]], None]], ...]] = (
    (r"(дело|материал|производство)$", _pairs),
    (r"рассмотрение в нижестоящем суде$", _pairs),
    (r"(движение (дела|материала)|слушания)$|[-= ]*движение жалобы[-= ]*$", _events),
    (r"лица$", _defendants),
    (r"(стороны|участники)( по делу)?( \(третьи лица\))?$", _parties),
    (r"жалобы$", _complaints),
    (r"исполнительные листы$", _writs),
    (r"(жалоба №|обжалование)", _appeal),
)


# ---------------------------------------------------------------------------------------------------- acts and stamps


def _acts(card: _Card, url: str) -> None:
    """The acts printed in the card: each tab names one (`Судебный акт #1 (Приговор)`)."""
    for tab in card.page.all("li[id^=tab_doc]"):
        part = tab.whole
        if part is not None:
            target = f"{url}#cont_doc{(tab.attr('id') or '')[7:]}"
            card.found.say(part, card.subject, "act", target)


def _stamps(card: _Card) -> None:
    """When the court placed and last changed the card, by its own clock; the zone is not stated."""
    for footer in card.page.all("div.publishInfo"):
        part: Part | None = footer.whole
        for property, pattern in _STAMPS.items():
            stamp = part.find(pattern) if part is not None else None
            if stamp is not None:
                card.found.say(stamp, card.subject, property, terms.stamp(stamp.text))
