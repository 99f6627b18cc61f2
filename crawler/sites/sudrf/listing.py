"""A list of registrations: a search's listing, or all of one judicial UID (`r_juid`); one row a registration."""

from __future__ import annotations

import re

from archive.ledger import courts
from archive.ledger.observation import Counter, Link
from crawler.cells import Found, Row, column, grid, say_date, say_judge, say_numbers, say_result
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses, court, template
from crawler.sites.sudrf.addresses import Address
from crawler.sites.sudrf.people import People

# In the order of every listing we know. The third header varies with the register: what it begins with says it.
_COLUMNS = (
    column("court", "court", r"суд|наименование суда"),
    column("number", "number", r"(№|номер) (дела|материала)( ?/ ?материала)?"),
    column("received", "date", r"дата поступления( (дела|материала|жалобы))?"),
    column(
        "people",
        "people",
        r"(лица|лицо|участники|привлекаемое лицо|категория|правонарушение|стороны|заявитель|информация по \w+)(,? .*)?",
    ),
    column("judge", "judge", r"судья"),
    column("decided", "date", r"дата (решения|рассмотрения)"),
    column("result", "text", r"решение|результат( рассмотрения)?"),
    column("in_force", "date", r"дата вступления( решения)? в законную силу"),
    column("act", "act", r"судебные акты"),
)
_COURT = re.compile(r"[^:;]*\b(?:суд|судебный участок|[А-Я]ВС)\b[^:;]*", re.IGNORECASE)
_DOC = re.compile(r"[?&;]_?doc=\d", re.IGNORECASE)  # an act of the VNKOD template is shown in its card
_PAGE_NUMBER = re.compile(r"[?&]_?page=\d+", re.IGNORECASE)


def read(page: Page, found: Found) -> Counter | None:
    """Every row, each with its own address; raises Unreadable where rows, counter and header do not agree.

    A list of one UID may come without a counter: it is read, and flagged `counter-missing`.
    """
    address = addresses.parse(page.url)
    counter, table = template.counter(page), template.header_and_lines(page)
    if table is None:
        raise Unreadable("a counter without a table of rows")
    if counter is None and not template.of_one_uid(page):
        raise Unreadable("no cell says `Всего по запросу найдено`")
    code, _ = court.of(page, address, found)
    header, lines = table
    met = grid(header, lines, _COLUMNS, found, needs=("number",))
    if counter is None:
        found.flag("counter-missing")
    elif len(lines) != (counter.last - counter.first + 1 if counter.total else 0) or counter.last > counter.total:
        raise Unreadable(f"{header.selector}: {len(lines)} rows where the counter says {counter}")
    for line in lines:
        _row(page, met.row(line), address, code, found)
    _pager(page, found)
    return counter


def _row(page: Page, row: Row, asked: Address, code: str, found: Found) -> None:
    link, target = case_link(page, row)
    code = court.of_link(target, asked, code)
    named = row.cell("court")
    there = courts.by_short_name(named.text) if named is not None else None
    if there is not None:
        code = there.code
    subject = target.subject(code)
    if subject is None or target.card is None:
        raise Unreadable(f"{link.selector}: not the address of a card: {link.attr('href')!r}")
    # One UID is met in several registers; a search is made in one.
    if asked.op == "r" and asked.register != "other" and target.register not in (asked.register, "other"):
        raise Unreadable(f"{link.selector}: a row of {target.register} in a listing of {asked.register}")
    people = People(found, subject)
    sure = "columns-reordered" not in found.flags
    for one, header, cell in row.places:
        if one is None:
            found.leave(cell.whole)
            continue
        match one.shape:
            case "court":
                if cell.whole is not None and sure and _COURT.fullmatch(cell.text):
                    found.say(cell.whole, subject, "court", code, derived=there is None)  # by the host of its card
                else:
                    found.leave(cell.whole)
            case "number":
                say_numbers(found, cell.whole, subject, "number", "number_previous")
                say_link(found, link, subject, target.card, None if named is not None else code)
            case "date":
                say_date(found, cell.whole, subject, one.property)
            case "people":
                people.read(cell, header, charged=target.register.startswith("criminal"), sure=sure)
            case "judge":
                say_judge(found, cell.whole, subject, one.property)
            case "text":
                say_result(found, cell.whole, subject, one.property)
            case "act":
                say_acts(found, page, cell, subject)


def case_link(page: Page, row: Row) -> tuple[Node, Address]:
    """The link from a row's number to its card. Raises Unreadable where it is none, or there are several."""
    cell = row.cell("number")
    if cell is None:
        raise Unreadable(f"{row.line.selector}: no case number")
    link = cell.one("a[href]")
    target = addresses.parse(link.attr("href") or "", page.url)
    if target.op != "case":
        raise Unreadable(f"{link.selector}: not the address of a card: {link.attr('href')!r}")
    return link, target


def say_link(found: Found, link: Node, subject: str, card: str, code: str | None) -> None:
    """The card a row leads to, and the court: a relative link says whose it is by the host it was served from."""
    href = link.attribute("href")
    if href is not None:
        if code is not None:
            found.say(href, subject, "court", code, derived=True)
        found.say(href, subject, "card", card)
        found.links.append(Link(card, "card", link.text, link.selector))


def say_acts(found: Found, page: Page, cell: Node, subject: str) -> None:
    """The texts of acts that a cell links to by icons; any other text in the cell is left."""
    for link in cell.all("a[href]"):
        href: Part | None = link.attribute("href")
        if addresses.parse(link.attr("href") or "", page.url).op == "case" and not _DOC.search(link.attr("href") or ""):
            continue  # of a card, and no act: a column stands elsewhere
        if href is not None:
            url = addresses.absolute(link.attr("href") or "", page.url)
            found.say(href, subject, "act", url)
            found.links.append(Link(url, "act", link.attr("title") or link.text, link.selector))
    found.leave(cell.whole)


def _pager(page: Page, found: Found) -> None:
    """Links to the other pages, each once; the pager stands above and below the table, its hrefs unquoted."""
    seen: set[str] = set()
    for link in page.all('a[href*="page="]'):
        url = addresses.absolute(link.attr("href") or "", page.url)
        if _PAGE_NUMBER.search(url) and addresses.parse(url).op == "r" and url not in seen:
            seen.add(url)
            found.links.append(Link(url, "page", link.text, link.selector))
