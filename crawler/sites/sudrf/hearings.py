"""The hearing list of one day: table#tablcont, a heading row a register, one row a hearing."""

from __future__ import annotations

import re

from archive.ledger import terms
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
    say_judge,
    say_numbers,
    say_result,
    say_text,
    say_time,
)
from crawler.sites.sudrf.listing import say_acts, say_link
from crawler.sites.sudrf.verdicts import HEARINGS

_COLUMNS = (
    column("ordinal", "ordinal", r"№ п/п"),
    column("number", "number", r"номер (дела|материала)"),
    column("time", "time", r"время слушания"),
    column("place", "text", r"место проведения( ?\(зал судебного заседания\))?"),
    column("people", "people", r"информация по делу"),
    column("judge", "judge", r"судья"),
    column("result", "text", r"результат слушания"),
    column("act", "act", r"судебные акты"),
)
_DAY = re.compile(r"(?<=назначенных к слушанию на )\d{2}\.\d{2}\.\d{4}")


def read(page: Page, found: Found) -> None:
    """Every hearing; raises Unreadable where a row is missing (the ordinals have a gap) or has no card's address.

    A hearing list does not count its rows: that none is missing at its end, only the end of the page shows.
    """
    address = addresses.parse(page.url)
    day = _day(page)
    code, _ = court.of(page, address, found)
    header, *lines = rows(page.one("table#tablcont"))
    known = columns(cells(header), _COLUMNS, found)
    missing = {"ordinal", "number", "time"} - {one.property for one in known if one is not None}
    if missing:
        raise Unreadable(f"{header.selector}: no column of {sorted(missing)} in {[cell.text for cell in cells(header)]}")
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
        _row(page, line, cells(header), known, day, code, heading, count, found)


def _day(page: Page) -> Part:
    for node in page.all("#HH, div.title, #content"):
        whole = node.whole
        if whole is not None and HEARINGS.search(whole.text):
            part = whole.find(_DAY)
            if part is not None and terms.date(part.text) is not None:
                return part
    raise Unreadable("no heading says which day's hearings these are")


def _row(
    page: Page,
    line: Node,
    headers: list[Node],
    known: list[Column | None],
    day: Part,
    code: str,
    heading: Node | None,
    count: int,
    found: Found,
) -> None:
    these = cells(line)
    if len(these) != len(headers):
        raise Unreadable(f"{line.selector}: {len(these)} cells under {len(headers)} headers")
    by_name = {one.property: cell for one, cell in zip(known, these, strict=True) if one is not None}
    if by_name["ordinal"].text != f"{count}.":
        raise Unreadable(f"{line.selector}: row {count} is numbered {by_name['ordinal'].text!r}")
    link = by_name["number"].one("a[href]")
    target = addresses.parse(link.attr("href") or "", page.url)
    subject = target.subject(code)
    if target.op != "case" or subject is None or target.card is None:
        raise Unreadable(f"{link.selector}: not the address of a card: {link.attr('href')!r}")
    named = None if heading is None else addresses.titled(heading.text)
    if named is not None and target.register != named:
        found.flag("register-mismatch")  # delo_id of the address decides
    hour = by_name["time"].text
    sure = "columns-reordered" not in found.flags
    if terms.time(hour) is None and (hour or not sure):
        raise Unreadable(f"{by_name['time'].selector}: not a time: {hour!r}")
    hearing = f"{subject}#hearing:{terms.date(day.text)}:{terms.time(hour) or '-'}"
    people = People(found, subject)
    found.say(day, hearing, "date", terms.date(day.text))
    for cell, header, one in zip(these, headers, known, strict=True):
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
