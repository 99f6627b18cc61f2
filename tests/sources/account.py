"""Which text in the tables of a page no reading accounts for: every cell is said, or listed as unread, or names what is."""

from __future__ import annotations

import re

from archive.ledger.observation import Reading
from crawler.page import Node, Page

TABLES = "table#tablcont, table.law-case-table, table.custom_table"
ROWS = "div.row_card, div.card-sud > div.row, div.row.vs-item-detail, div.vs-items-separate"  # tables in all but name
_COPIES = ("block-mobile", "mobile-lawcase-item", "mobile-lawcase-card", "none")  # for phones, and for the printer
_BUTTON = re.compile(r"Скопирова(ть|но) в буфер обмена")
_ORDINAL = re.compile(r"\d{1,3}")  # of a row, in its first cell
_CODE = re.compile(r"(УК|КоАП)( РФ)?")  # behind the articles
_LABEL = re.compile(r"[^:]{2,80}:$|[А-Я]\w+ от$")  # inside a cell: `Номер дела в первой инстанции:`


def unaccounted(page: Page, reading: Reading) -> list[str]:
    """The texts left over, cell by cell."""
    said: dict[str, list[str]] = {}
    for each in (*reading.observations, *reading.unread):
        said.setdefault(each.selector, []).append(each.raw if hasattr(each, "raw") else each.text)
    left = []
    for table in page.all(TABLES):
        if not _a_copy(table):
            for row in (node for node in table.all("tr") if _of(node, table)):
                left += _row([cell for cell in row.children if cell.tag in ("td", "th")], said, heads=_heads(row))
    for row in page.all(ROWS):
        left += _row(row.children, said)
    return left


def _row(every: list[Node], said: dict[str, list[str]], *, heads: bool = False) -> list[str]:
    cells = [cell for cell in every if cell.text and not cell.all("table")]
    if len(cells) == 1 or heads:
        return []  # a title, a heading between rows, or the names of columns
    rest = [_rest(cell, said) for cell in cells]
    if len(cells) == 2 and rest[0] and not rest[1]:
        return []  # a key, whose value is said
    return [text for at, text in enumerate(rest) if text and not (at == 0 and _ORDINAL.fullmatch(text))]


def _heads(row: Node) -> bool:
    """Is this a table's header row: in its head, of `th` alone, its first, or the one below its title?"""
    cells = [cell for cell in row.children if cell.tag in ("td", "th")]
    if all(cell.tag == "th" for cell in cells) or row.parent is None or row.parent.tag == "thead":
        return True
    if row.parent.parent is not None and any(child.tag == "thead" for child in row.parent.parent.children):
        return False
    above = [[c for c in each.children if c.text] for each in row.parent.children if each.tag == "tr"]
    place = [each for each in row.parent.children if each.tag == "tr"].index(row)
    return len(cells) > 2 and all(len(texts) <= 1 for texts in above[:place])


def _inside(cell: Node, said: dict[str, list[str]]) -> list[str]:
    path = cell.selector
    return [text for selector, texts in said.items() if selector == path or selector.startswith(path + " >") for text in texts]


def _rest(cell: Node, said: dict[str, list[str]]) -> str:
    """The cell's text without what was said of it, of a part of it, or of an element around it; labels and signs left out."""
    text, path = cell.text, cell.selector
    around = [text for selector, texts in said.items() if path.startswith(selector + " >") for text in texts]
    if any(text in each for each in around):
        return ""
    for part in sorted(_inside(cell, said), key=len, reverse=True):
        text = text.replace(part, "\n", 1)
    pieces = (_BUTTON.sub("", _CODE.sub("", piece)).strip(" ;,-–—()[]~∼№.<>") for piece in text.split("\n"))
    return " ".join(piece for piece in pieces if piece.strip(": ") and not _LABEL.match(piece))


def _of(row: Node, table: Node) -> bool:
    """Is this a row of this very table?"""
    up = row.parent
    while up is not None and up.tag != "table":
        up = up.parent
    return up == table


def _a_copy(node: Node) -> bool:
    up: Node | None = node
    while up is not None:
        if up.attr("id") == "resultMob" or set(_COPIES) & set((up.attr("class") or "").split()):
            return True
        up = up.parent
    return False
