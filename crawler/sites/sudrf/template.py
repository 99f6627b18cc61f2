"""Where the parts of a court's answer stand in its two templates, told by the answer's own marks; pure.

Primary: `div.casenumber`, tabs `div#contN`, tables `table#tablcont`, headers `th`. VNKOD: `div.case-num`, tabs
`div#tab_content_X`, tables `table.law-case-table`, headers `td`, and beside every table a copy of its rows for phones,
which is never read. A court can change from one to the other between two visits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.ledger.observation import Counter
from crawler.cells import cells, folded, rows, within
from crawler.errors import Unreadable
from crawler.page import Node, Page, Part

COUNTER = re.compile(
    r"Всего по запросу найдено\s*[—–-]\s*(?P<total>\d+)\s*\.?"
    r"(?:\s*На странице записи с\s*(?P<first>\d+)\s*по\s*(?P<last>\d+))?"
)
HEARINGS = re.compile(r"Список дел(?: и материалов)?, назначенных к слушанию на\s*(?P<day>\d{2}\.\d{2}\.\d{4})")
_DAY = re.compile(r"(?<=к слушанию на )\d{2}\.\d{2}\.\d{4}")
_DAY_HEADINGS = "#HH, div.title, #content, div.name-instanse"
LISTS = "table#tablcont, #resultTable table, table.law-case-table"
_SECTIONS = ", ".join(
    ("table#tablcont", "table#tablcont table", '[id^="tab_content_"] table', *(f"div#cont{n} table" for n in range(1, 16)))
)
_NUMBER = re.compile(r"(?<=№ ).+|(?<=№)[^ ].*")
_CONTENT = re.compile(r"cont(\d+)")
_FOR_PHONES = ("block-mobile", "mobile-lawcase-item", "mobile-lawcase-card")

# What the tabs of the VNKOD template are, where their text does not say it.
_TABS = {
    "Case": "дело", "EventList": "движение дела", "PersonList": "стороны", "DefList": "лица", "ClaimList": "требования",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a card. title: the cell or tab that names it, None where nothing does; words: the name, folded.

    tab: what the tab of the primary template says in which it stands, folded; "" where none does.
    """

    title: Node | None
    words: str
    lines: list[Node]
    tab: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """The text of an act inside a card. tab: names it (`Судебный акт #1 (Приговор)`); anchor: its place in the card."""

    tab: Node
    anchor: str
    body: Node | None


def card_number(page: Page) -> Node | None:
    """The heading of a card, with its number; None where this is no card. Raises Unreadable for several numbers."""
    found = page.all("div.casenumber") or page.all("div.case-num")
    if len({node.text for node in found}) > 1:
        raise Unreadable(f"{len(found)} case numbers on one card: {[node.text for node in found]}")
    return found[0] if found else None


def number(page: Page) -> Part:
    """The numbers of a card, behind the sign №."""
    heading = card_number(page)
    whole = heading.whole if heading is not None else None
    printed = whole.find(_NUMBER) if whole is not None else None
    if printed is None:
        raise Unreadable("div.casenumber: no number")
    return printed


def headings(page: Page) -> list[Node]:
    """What may name the register a page is of: `Уголовные дела - первая инстанция`."""
    return page.all("div.title, div.name-instanse")


# ---------------------------------------------------------------------------------------------------- lists


def header_and_lines(page: Page) -> tuple[Node, list[Node]] | None:
    """The header row and the rows of a listing or hearing list, the phones' copies left out; None where there is no such table.

    Raises Unreadable for several tables.
    """
    tables = page.all(LISTS)
    tables = [table for table in tables if not phone(table) and not _inside_another(table, tables) and rows(table)]
    if not tables:
        return None
    if len(tables) > 1:
        raise Unreadable(f"{len(tables)} tables of rows where one is expected: {[table.selector for table in tables]}")
    header, *lines = rows(tables[0])
    return header, lines


def of_one_uid(page: Page) -> bool:
    """Is this a list of registrations in several courts: has it a column of courts?"""
    table = header_and_lines(page)
    return table is not None and any(folded(cell) in ("суд", "наименование суда") for cell in cells(table[0]))


def counter(page: Page) -> Counter | None:
    """What a listing says of itself; one without a range of rows shows all of them. None where it says nothing."""
    for node in page.all("div.lawcase-count, #content td, td"):
        if node.all("table"):
            continue  # a cell of the page's layout
        said = COUNTER.search(node.text)
        if said:
            total = int(said["total"])
            return Counter(total, int(said["first"] or bool(total)), int(said["last"] or total))
    return None


def shown_day(page: Page) -> str | None:
    """Which day's hearings these are (`12.08.2026`): as the heading says, else the form above a list of the VNKOD template."""
    for node in page.all(_DAY_HEADINGS):
        if said := HEARINGS.search(node.text):
            return said["day"]
    form = page.maybe("input#H_date[value]")
    return (form.attr("value") or "").strip() or None if form is not None and page.all("#resultTable") else None


def day(page: Page) -> Part | None:
    """As shown_day, where it stands."""
    for node in page.all(_DAY_HEADINGS):
        if HEARINGS.search(node.text) and (whole := node.whole) is not None:
            return whole.find(_DAY)
    form = page.maybe("input#H_date[value]")
    return form.attribute("value") if form is not None and page.all("#resultTable") else None


# ---------------------------------------------------------------------------------------------------- cards


def sections(page: Page) -> Iterator[Section]:
    """The tables of a card in page order, each once; those inside the text of an act are no tables of the card."""
    tabs = {(tab.attr("id") or "").removeprefix("tab_id_"): tab for tab in page.all("li[id^=tab_id_]")}
    for table in page.all(_SECTIONS):
        place = _place(table)
        if place == "act" or phone(table):
            continue
        # A row that holds a table of its own only frames it.
        lines = [line for line in rows(table) if not any(cell.all("table") for cell in cells(line))]
        if not lines:
            continue
        first = cells(lines[0])
        tab = _tab(page, table)
        if len(first) == 1 and (first[0].tag == "th" or (len(lines) > 1 and len(cells(lines[1])) > 1)):
            yield Section(first[0], folded(first[0]), lines[1:], folded(tab) if tab is not None else "")
        elif place in tabs and folded(tabs[place]):
            yield Section(tabs[place], folded(tabs[place]), lines)
        elif place:
            yield Section(None, _TABS.get(place, place.casefold()), lines)
        else:
            yield Section(None, "дело" if tab is None else folded(tab), lines)


def acts(page: Page) -> Iterator[Act]:
    """The acts printed in a card, by their tabs."""
    for tab in page.all("li[id^=tab_doc], li[id^=tab_id_Doc]"):
        name = tab.attr("id") or ""
        anchor = f"cont_doc{name[7:]}" if name.startswith("tab_doc") else f"tab_content_{name[7:]}"
        if tab.whole is not None:
            yield Act(tab, anchor, next(iter(page.all(f"div#{anchor}")), None))


def tabs_without_content(page: Page) -> bool:
    """Does a tab lead nowhere?"""
    for tab in page.all("ul.tabs > li[id^=tab], ul.bookmarks > li[id^=tab_id_]"):
        name = tab.attr("id") or ""
        if name.startswith("tab_id_"):
            content = f"tab_content_{name[7:]}"
        else:
            content = f"cont_doc{name[7:]}" if name.startswith("tab_doc") else f"cont{name[3:]}"
            if not name[-1:].isdigit():
                continue
        if not page.all(f"div#{content}"):
            return True
    return False


def phone(node: Node) -> bool:
    """Is this, or does it stand in, the copy for phones?"""
    up: Node | None = node
    while up is not None:
        if up.attr("id") == "resultMob":
            return True
        up = up.parent
    return any(within(node, css_class) for css_class in _FOR_PHONES)


def _place(table: Node) -> str:
    """The tab of the VNKOD template a table stands in (`EventList`); `act` inside the text of an act, else "" ."""
    up: Node | None = table
    while up is not None:
        name = up.attr("id") or ""
        if name.startswith(("cont_doc", "tab_content_Doc")):
            return "act"
        if name.startswith("tab_content_"):
            return name.removeprefix("tab_content_")
        up = up.parent
    return ""


def _tab(page: Page, table: Node) -> Node | None:
    """The tab of the primary template (`li#tab2`) whose content (`div#cont2`) a table stands in; None where there is none."""
    up: Node | None = table
    while up is not None:
        if content := _CONTENT.fullmatch(up.attr("id") or ""):
            return next(iter(page.all(f"li#tab{content[1]}")), None)
        up = up.parent
    return None


def _inside_another(table: Node, tables: list[Node]) -> bool:
    up = table.parent
    while up is not None:
        if up in tables:
            return True
        up = up.parent
    return False
