"""The hearing list of one day: a heading row a register, one row a hearing."""

from __future__ import annotations

from archive.ledger import terms
from crawler.cells import Found, Row, cells, column, grid, say_judge, say_numbers, say_result, say_text, say_time
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses, court, template
from crawler.sites.sudrf.listing import case_link, say_acts, say_link
from crawler.sites.sudrf.people import People

_COLUMNS = (
    column("ordinal", "ordinal", r"№( п/п)?"),
    column("number", "number", r"(номер|№) (дела|материала)"),
    column("time", "time", r"время( слушания)?"),
    column("place", "text", r"место проведения( ?\(зал судебного заседания\))?|зал( судебного заседания)?"),
    column("people", "people", r"информация по (делу|материалу)"),
    column("judge", "judge", r"судья"),
    column("result", "text", r"результат( слушания)?"),
    column("act", "act", r"судебные акты"),
)


def read(page: Page, found: Found) -> None:
    """Every hearing; raises Unreadable where a row is missing (the ordinals have a gap) or has no card's address.

    A hearing list does not count its rows: that none is missing at its end, only the end of the page shows.
    """
    address = addresses.parse(page.url)
    day, table = template.day(page), template.header_and_lines(page)
    if day is None or terms.date(day.text) is None or table is None:
        raise Unreadable("no heading says which day's hearings these are" if table else "no table of hearings")
    code, _ = court.of(page, address, found)
    header, lines = table
    met = grid(header, lines, _COLUMNS, found, needs=("number", "time"))
    count = 0
    heading: Node | None = None
    for line in lines:
        these = cells(line)
        if len(these) == 1:
            heading = these[0]
            if not addresses.heads(heading.text):
                found.leave(heading.whole)  # no section we have a word for: the addresses decide
            continue
        count += 1
        row = met.row(line)
        ordinal = row.cell("ordinal")
        if ordinal is not None and ordinal.text.rstrip(".") != str(count):
            raise Unreadable(f"{line.selector}: row {count} is numbered {ordinal.text!r}")
        _row(page, row, day, code, heading, found)


def _row(page: Page, row: Row, day: Part, code: str, heading: Node | None, found: Found) -> None:
    link, target = case_link(page, row)
    subject = target.subject(code)
    if subject is None or target.card is None:
        raise Unreadable(f"{link.selector}: not the address of a card: {link.attr('href')!r}")
    named = None if heading is None else addresses.titled(heading.text)
    if named is not None and target.register != named:
        found.flag("register-mismatch")  # delo_id of the address decides
    time = row.cell("time")
    hour = time.text if time is not None else ""
    sure = "columns-reordered" not in found.flags
    if terms.time(hour) is None and (hour or not sure):
        raise Unreadable(f"{row.line.selector}: not a time: {hour!r}")
    hearing = f"{subject}#hearing:{terms.date(day.text)}:{terms.time(hour) or '-'}"
    people = People(found, subject)
    found.say(day, hearing, "date", terms.date(day.text))
    for one, header, cell in row.places:
        if one is None:
            found.leave(cell.whole)
            continue
        match one.property:
            case "number":
                say_numbers(found, cell.whole, subject, "number", "number_previous")
                say_link(found, link, subject, target.card, code)
            case "time":
                say_time(found, cell.whole, hearing, "time")
            case "place":
                say_text(found, cell.whole, hearing, "place")
            case "people":
                people.read(cell, heading or header, charged=target.register.startswith("criminal"), sure=sure)
            case "judge":
                say_judge(found, cell.whole, subject, "judge")
            case "result":
                say_result(found, cell.whole, hearing, "result", of_event=True)
            case "act":
                say_acts(found, page, cell, subject)
