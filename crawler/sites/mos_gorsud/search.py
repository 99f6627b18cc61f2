"""The table of a search on mos-gorsud.ru: columns by their headers, a row a card; and how many were found."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from archive.ledger.observation import Counter, Link
from crawler.cells import Found, Grid, cells, column, grid, rows, say_judge, say_words
from crawler.errors import Unreadable
from crawler.page import Node, Page
from crawler.sites.mos_gorsud.parts import PATH, REGISTERS, People, court_of, number_of, said, say_numbers, say_state

_TOTAL = re.compile(r"найдено\D{0,40}(\d+)", re.IGNORECASE)
_COLUMNS = (
    column("number", "number", r"(№|номер).*"),
    column("parties", "left", r"стороны"),
    column("state", "text", r"текущее состояние"),
    column("judge", "judge", r"судья"),
    column("article", "left", r"статья"),
    column("category", "text", r"категория дела"),
)


def rows_of(page: Page) -> list[Node]:
    return [row for row in page.all("table tr") if PATH.search(_row_link(row)) and cells(row)]


def _row_link(row: Node) -> str:
    """Where a row leads: its own attribute, or the link in its number."""
    links = row.all('a[href*="/details/"]')
    return row.attr("data-href") or (links[0].attr("href") or "" if links else "")


def read(page: Page, found: Found) -> Counter | None:
    """Every row, each once, and the count; None where the page is one of several, or does not count.

    Raises Unreadable where rows, headers and the count do not agree.
    """
    lines = rows_of(page)
    table = lines[0].parent
    while table is not None and table.tag != "table":
        table = table.parent
    headers = [row for row in (rows(table) if table is not None else ()) if row not in lines]
    if len(headers) != 1:
        raise Unreadable(f"{page.url}: {len(headers)} rows beside those of cases, where one holds the headers")
    met = grid(headers[0], lines, _COLUMNS, found, needs=("number",))
    total = _total(page)
    pages = page.all('.paginationFormMaxPages, [class*="paginat"], a.intheend')
    if total is None:
        found.flag("counter-missing")
    elif total != len(lines) and (not pages or total < len(lines)):
        raise Unreadable(f"{len(lines)} rows where {total} are said to be found")
    seen: set[str] = set()
    for line in lines:
        target = PATH.search(_row_link(line))
        if target is None or not target["key"]:
            raise Unreadable(f"{line.selector}: not the address of a card: {_row_link(line)!r}")
        if target["key"] in seen:
            found.flag("row-doubled")  # the same case stands twice
            continue
        seen.add(target["key"])
        _row(page, met, line, target, found)
    return Counter(total, 1, total) if total == len(lines) else None


def _total(page: Page) -> int | None:
    leaves = (node for node in page.all("h1, h2, h3, p, span, div") if not node.children)
    return next((int(said[1]) for node in leaves if (said := _TOTAL.search(node.text))), None)


def _row(page: Page, met: Grid, line: Node, target: re.Match[str], found: Found) -> None:
    row, address = met.row(line), urljoin(page.url, target[0])
    register = REGISTERS.get(target["section"], "other")
    subject = f"reg:{register}:{target['key'].lower()}"
    people = People(found, subject)
    sure = "columns-reordered" not in found.flags
    numbered = row.cell("number")
    if numbered is None or number_of(numbered) is None:
        raise Unreadable(f"{line.selector}: no case number under its header: {numbered.text if numbered else ''!r}")
    for one, _, cell in row.places:
        part = said(cell)
        match one.property if one is not None else "":
            case "number" if part is not None:
                say_numbers(found, cell, subject, "number")
                found.say(part, subject, "court", court_of(target["court"]), derived=True)
                found.say(part, subject, "card", address, derived=True)
                found.links.append(Link(address, "card", part.text, line.selector))
            case "parties" if sure:
                people.parties(cell)
            case "state" if part is not None:
                say_state(found, part, subject)
            case "judge":
                say_judge(found, part, subject, "judge")
            case "article" if part is not None:
                people.offence(part)
            case "category":
                say_words(found, part, subject, "category")
            case _:
                found.leave(part)
