"""A listing of the primary template: counter, table#tablcont, one row a registration."""

from __future__ import annotations

import re

from archive.ledger.observation import Counter, Link
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part
from crawler.sites.sudrf import addresses, court
from crawler.sites.sudrf.addresses import Address
from crawler.sites.sudrf.cells import (
    Column,
    Found,
    People,
    cells,
    column,
    columns,
    rows,
    say_date,
    say_judge,
    say_numbers,
    say_result,
)
from crawler.sites.sudrf.verdicts import COUNTER

# In the order of every listing we know. The third header varies with the register: what it begins with says it.
_COLUMNS = (
    column("number", "number", r"№ (дела|материала)"),
    column("received", "date", r"дата поступления"),
    column("people", "people", r"(лица|лицо|категория|правонарушение|стороны|информация по делу)( / .*)?"),
    column("judge", "judge", r"судья"),
    column("decided", "date", r"дата решения"),
    column("result", "text", r"решение"),
    column("in_force", "date", r"дата вступления в законную силу"),
    column("act", "act", r"судебные акты"),
)
_PAGE_NUMBER = re.compile(r"[?&]_?page=\d+", re.IGNORECASE)


def read(page: Page, found: Found) -> Counter:
    """Every row, each with its own address; raises Unreadable where rows, counter and header do not agree."""
    address = addresses.parse(page.url)
    counter = _counter(page)
    code, _ = court.of(page, address, found)
    header, *lines = rows(page.one("table#tablcont"))
    known = columns(cells(header), _COLUMNS, found)
    if not any(one is not None and one.property == "number" for one in known):
        raise Unreadable(f"{header.selector}: no column of case numbers in {[cell.text for cell in cells(header)]}")
    expected = counter.last - counter.first + 1
    if len(lines) != expected or counter.last > counter.total:
        raise Unreadable(f"table#tablcont: {len(lines)} rows where the counter says {counter}")
    for line in lines:
        _row(page, line, cells(header), known, address, code, found)
    _pager(page, found)
    return counter


def _counter(page: Page) -> Counter:
    for node in page.all("#content td, td"):
        if node.all("table"):
            continue  # a cell of the page's layout
        said = COUNTER.search(node.text)
        if said:
            return Counter(int(said["total"]), int(said["first"]), int(said["last"]))
    raise Unreadable("no cell says `Всего по запросу найдено`")


def _row(
    page: Page, line: Node, headers: list[Node], known: list[Column | None], asked: Address, code: str, found: Found
) -> None:
    these = cells(line)
    if len(these) != len(headers):
        raise Unreadable(f"{line.selector}: {len(these)} cells under {len(headers)} headers")
    at = next(i for i, one in enumerate(known) if one is not None and one.property == "number")
    link = these[at].one("a[href]")
    target = _target(page, link)
    subject = target.subject(code)
    if target.op != "case" or subject is None or target.card is None:
        raise Unreadable(f"{link.selector}: not the address of a card: {link.attr('href')!r}")
    if asked.register != "other" and target.register not in (asked.register, "other"):
        raise Unreadable(f"{link.selector}: a row of {target.register} in a listing of {asked.register}")
    people = People(found, subject)
    sure = "columns-reordered" not in found.flags
    for cell, header, one in zip(these, headers, known, strict=True):
        if one is None:
            found.leave(cell.whole)
            continue
        match one.shape:
            case "number":
                say_numbers(found, cell.whole, subject, "number", "number_previous")
                say_link(found, link, subject, target.card, code)
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


def say_link(found: Found, link: Node, subject: str, card: str, code: str) -> None:
    """The card a row leads to, and the court: a relative link says whose it is by the host it was served from."""
    href = link.attribute("href")
    if href is not None:
        found.say(href, subject, "court", code, derived=True)
        found.say(href, subject, "card", card)
        found.links.append(Link(card, "card", link.text, link.selector))


def say_acts(found: Found, page: Page, cell: Node, subject: str) -> None:
    """The texts of acts that a cell links to by icons; any other text in the cell is left."""
    for link in cell.all("a[href]"):
        href: Part | None = link.attribute("href")
        if href is not None:
            url = addresses.absolute(link.attr("href") or "", page.url)
            found.say(href, subject, "act", url)
            found.links.append(Link(url, "act", link.attr("title") or link.text, link.selector))
    found.leave(cell.whole)


def _target(page: Page, link: Node) -> Address:
    return addresses.parse(link.attr("href") or "", page.url)


def _pager(page: Page, found: Found) -> None:
    """Links to the other pages, each once; the pager stands above and below the table, its hrefs unquoted."""
    seen: set[str] = set()
    for link in page.all('a[href*="page="]'):
        url = addresses.absolute(link.attr("href") or "", page.url)
        if _PAGE_NUMBER.search(url) and addresses.parse(url).op == "r" and url not in seen:
            seen.add(url)
            found.links.append(Link(url, "page", link.text, link.selector))
