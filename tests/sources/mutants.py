"""How a page can be built otherwise than we know it: cut, rows lost or doubled, columns moved, headers renamed; pure.

Each change says in its name what was done. They are made in the source, as a court's own template would make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

Span = tuple[int, int]
NEW = "Новая графа"
_TABLE = re.compile(r"<(/?)table\b[^>]*>", re.IGNORECASE)
_ROW = re.compile(r"<tr\b[^>]*>.*?(?=<tr\b|</?table\b|</tr|</tbody|</thead)(?:</tr\s*>)?", re.IGNORECASE | re.DOTALL)
_CELL = re.compile(r"<(t[dh])\b[^>]*>(?P<inside>.*?)(?=</?t[dhr]\b|</?table\b|</?tbody|</thead)", re.IGNORECASE | re.DOTALL)
_TEXT = re.compile(r">(?P<inside>\s*[^<>\s][^<>]*)<")
_ACT = re.compile(r"""<div[^>]* id=["']?(cont_doc|tab_content_Doc)""")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed page, and what was done to it."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in the source. cells: where each cell's inside lies."""

    span: Span
    cells: tuple[Span, ...]


def mutants(source: str, row: re.Pattern[str]) -> Iterator[Mutant]:
    """Every change. row: what a row of the page is, where it is none of a table."""
    yield from cut(source)
    found = rows(source)
    spans = [each.span for each in found] or [each.span() for each in row.finditer(source)]
    yield from _lost_and_doubled(source, spans)
    for table in _grouped(source, found):
        yield from _columns(source, table)
    for one in found:
        yield from _cells(source, one)
    yield from _labels(source, [each.span() for each in row.finditer(source) if not each[0].startswith("<tr")])
    yield from _tables(source)


def cut(source: str, parts: int = 20) -> Iterator[Mutant]:
    """The page breaks off, plainly or with its tags closed behind it."""
    for n in range(1, parts):
        at = len(source) * n // parts
        yield Mutant(f"cut at {n}/{parts}", source[:at])
        begin = source[: source.rfind("<", 0, at)]  # between two tags: what closes the page behind it closes no half word
        yield Mutant(f"cut at {n}/{parts} and closed", begin + "</td></tr></table></div></body></html>")


def rows(source: str) -> list[Row]:
    return [
        Row(each.span(), tuple(cell.span("inside") for cell in _CELL.finditer(source, *each.span())))
        for each in _ROW.finditer(source)
    ]


def _lost_and_doubled(source: str, spans: list[Span]) -> Iterator[Mutant]:
    for n, (begin, end) in enumerate(spans):
        yield Mutant(f"row {n} lost", source[:begin] + source[end:])
        yield Mutant(f"row {n} doubled", source[:end] + source[begin:end] + source[end:])
    for n, (one, other) in enumerate(pairwise(spans)):
        if source[one[1] : other[0]].strip():
            continue  # of two tables, or two cases
        yield Mutant(f"rows {n} and {n + 1} exchanged", _exchanged(source, one, other))


def _grouped(source: str, found: list[Row]) -> Iterator[list[Row]]:
    """Rows of one table: what stands between two of its tags."""
    marks = [each.start() for each in _TABLE.finditer(source)]
    held: dict[int, list[Row]] = {}
    for each in found:
        held.setdefault(sum(mark <= each.span[0] for mark in marks), []).append(each)
    yield from held.values()


def _columns(source: str, table: list[Row]) -> Iterator[Mutant]:
    header = next((each for each in table if len(each.cells) > 1), None)
    if header is None:
        return
    width = len(header.cells)
    wide = [each for each in table if len(each.cells) == width]
    for a, b in combinations(range(width), 2):
        one, other = header.cells[a], header.cells[b]
        if source[slice(*one)].strip() and source[slice(*other)].strip():
            yield Mutant(
                f"headers {_said(source, one)!r} and {_said(source, other)!r} exchanged", _exchanged(source, one, other)
            )
            if width > 2:
                changed = source
                for each in reversed(wide):
                    changed = _exchanged(changed, each.cells[a], each.cells[b])
                yield Mutant(f"columns {_said(source, one)!r} and {_said(source, other)!r} exchanged", changed)
    for n, cell in enumerate(header.cells):
        if source[slice(*cell)].strip():
            yield Mutant(f"header {_said(source, cell)!r} renamed", _replaced(source, cell, _renamed(source, cell)))
        changed = source
        for each in reversed(wide):
            changed = _dropped(changed, each.cells[n])
        yield Mutant(f"column {_said(source, cell)!r} lost", changed)
        yield Mutant(f"header {_said(source, cell)!r} lost", _dropped(source, cell))
        changed = source
        for each in reversed(wide):
            begin = source.rfind("<", 0, each.cells[n][0])
            changed = changed[:begin] + f"<td>{NEW if each is header else '17.03.2026'}</td>" + changed[begin:]
        yield Mutant(f"a column before {_said(source, cell)!r}", changed)


def _cells(source: str, row: Row) -> Iterator[Mutant]:
    for cell in row.cells:
        if source[slice(*cell)].strip():
            yield Mutant(f"cell {_said(source, cell)!r} emptied", _replaced(source, cell, ""))
            yield Mutant(f"cell {_said(source, cell)!r} lost", _dropped(source, cell))


def _labels(source: str, spans: list[Span]) -> Iterator[Mutant]:
    """Of rows that are none of a table: each text gone, each first text renamed."""
    for begin, end in spans:
        texts = [each.span("inside") for each in _TEXT.finditer(source, begin, end)]
        for n, text in enumerate(texts):
            yield Mutant(f"text {_said(source, text)!r} emptied", _replaced(source, text, ""))
            if n == 0:
                yield Mutant(f"label {_said(source, text)!r} renamed", _replaced(source, text, NEW))


def _tables(source: str) -> Iterator[Mutant]:
    """Two tables, or the titles of two, exchanged; each table lost, and each doubled."""
    spans: list[Span] = []
    open_: list[int] = []
    act = _ACT.search(source)  # tables inside the text of an act are no tables of its card
    for mark in _TABLE.finditer(source, 0, act.start() if act else len(source)):
        if not mark[1]:
            open_.append(mark.end())
        elif open_:
            begin = open_.pop()
            if not open_:
                spans.append((begin, mark.start()))
    for a, b in combinations(range(len(spans)), 2):
        yield Mutant(f"tables {a} and {b} exchanged", _exchanged(source, spans[a], spans[b]))
        titles = [next(iter(_CELL.finditer(source, *spans[n])), None) for n in (a, b)]
        if titles[0] and titles[1]:
            one, other = titles[0].span("inside"), titles[1].span("inside")
            yield Mutant(
                f"titles {_said(source, one)!r} and {_said(source, other)!r} exchanged", _exchanged(source, one, other)
            )
    for n, (begin, end) in enumerate(spans):
        yield Mutant(f"table {n} emptied", source[:begin] + source[end:])


def _exchanged(source: str, one: Span, other: Span) -> str:
    (a, b), (c, d) = sorted((one, other))
    return source[:a] + source[c:d] + source[b:c] + source[a:b] + source[d:]


def _replaced(source: str, span: Span, text: str) -> str:
    return source[: span[0]] + text + source[span[1] :]


def _renamed(source: str, span: Span) -> str:
    """The same markup with another text in it."""
    inside = source[slice(*span)]
    text = _TAG.sub("", inside).strip()
    return inside.replace(text, NEW) if text and text in inside else NEW


def _dropped(source: str, inside: Span) -> str:
    """Without this cell: from its tag to the end of it."""
    begin = source.rfind("<", 0, inside[0])
    end = inside[1]
    closing = re.compile(r"</t[dh]\s*>", re.IGNORECASE).match(source, end)
    return source[:begin] + source[closing.end() if closing else end :]


def _said(source: str, span: Span) -> str:
    return " ".join(_TAG.sub(" ", source[slice(*span)]).split())[:40]
