"""A tally as a picture: bars from nought, months that are not ripe yet hatched, the table and what it covers beside it; pure.

The same rows give the same bytes: nothing is measured, no time is asked for, and every coordinate is a whole number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC
from html import escape
from typing import Final

from archive.ledger.tally import FIGURES, Row, Tally

WIDTH, HEIGHT, LEFT, TOP, FOOT = 960, 300, 64, 56, 40
LINE: Final = 16  # pixels from one line of text to the next
MOST: Final = 60  # bars; more of them could not be told apart
STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.t{font-size:15px;font-weight:bold}.n{text-anchor:end}.m{text-anchor:middle}"
)
HATCH: Final = (
    '<pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><rect width="3" height="6" fill="#7a9cc6"/></pattern>'
)


def chart(counted: Tally, measure: str, *, title: str, head: str, unripe: Collection[str] = ()) -> str:
    """SVG. measure: one of FIGURES, a count. head: what names the ledger's state. unripe: months whose bars are hatched.

    Raises ValueError where a measure is no count, or where there are no groups or too many to draw.
    """
    if measure not in FIGURES:
        raise ValueError(f"{measure!r} is no count; choose of {', '.join(FIGURES)}")
    bars = [(_label(row), getattr(row, measure), row) for row in counted.rows]
    if not counted.rows or not counted.rows[0].group:
        raise ValueError("a chart needs groups: --by month, article, court ...")
    if len(bars) > MOST:
        raise ValueError(f"{len(bars)} bars cannot be told apart; ask for a shorter period or coarser groups (at most {MOST})")
    table = list(_table(counted, measure, unripe))
    notes = list(_notes(counted, head, hatched=any(label in unripe for label, *_ in bars)))
    height = TOP + HEIGHT + FOOT + LINE * (len(table) + len(notes) + 2)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style><defs>{HATCH}</defs>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><text class="t" x="{LEFT}" y="24">{escape(title)}</text>',
        *_axes(max((value for _, value, _ in bars), default=0)),
        *_bars(bars, unripe),
        *table_lines(table, TOP + HEIGHT + FOOT + LINE),
    ]
    for number, note in enumerate(notes):
        y = TOP + HEIGHT + FOOT + LINE * (len(table) + 2 + number)
        out.append(f'<text x="{LEFT}" y="{y}">{escape(note)}</text>')
    return "\n".join([*out, "</svg>", ""])


def _label(row: Row) -> str:
    return " ".join("?" if value is None else value for value in row.group.values())


def _top(most: int) -> int:
    """The round number at or above it that the axis ends with; the axis begins at nought."""
    step = 1
    while True:
        for times in (1, 2, 5):
            if most <= step * times * 5:
                return step * times * 5
        step *= 10


def _axes(most: int) -> Iterator[str]:
    top = _top(most)
    for fifth in range(6):
        y = TOP + HEIGHT - HEIGHT * fifth // 5
        yield f'<path d="M{LEFT} {y}H{WIDTH - 16}" stroke="{"#222" if not fifth else "#ddd"}"/>'
        yield f'<text class="n" x="{LEFT - 6}" y="{y + 4}">{top * fifth // 5}</text>'


def _bars(bars: Sequence[tuple[str, int, Row]], unripe: Collection[str]) -> Iterator[str]:
    top = _top(max((value for _, value, _ in bars), default=0))
    room = WIDTH - 16 - LEFT
    for number, (label, value, row) in enumerate(bars):
        left, right = LEFT + room * number // len(bars), LEFT + room * (number + 1) // len(bars)
        wide, tall = max(1, (right - left) * 3 // 4), HEIGHT * value // top
        fill = "url(#h)" if label in unripe else "#7a9cc6"
        edge = "#222" if row.coverage.complete else "#b3261e"
        dash = "" if row.coverage.complete else ' stroke-dasharray="3 2"'
        yield (
            f'<rect x="{left}" y="{TOP + HEIGHT - tall}" width="{wide}" height="{tall}" fill="{fill}" stroke="{edge}"{dash}>'
            f"<title>{escape(label)}: {value}</title></rect>"
        )
        if len(bars) <= 24:
            middle, y = left + wide // 2, TOP + HEIGHT
            yield f'<text class="m" x="{middle}" y="{y - tall - 4}">{value}</text>'
            yield f'<text class="m" x="{middle}" y="{y + LINE + LINE * (number % 2)}">{escape(label)}</text>'


def _table(counted: Tally, measure: str, unripe: Collection[str]) -> Iterator[tuple[str, ...]]:
    yield ("", measure, "coverage", "", "")
    for row in (*counted.rows, counted.total):
        label = _label(row) if row.group else "total"
        reach = row.coverage
        yield (
            label, str(getattr(row, measure)), f"{reach.courts_reached}/{reach.courts_expected} courts",
            f"{reach.windows_complete}/{reach.windows} windows",
            ", ".join(["incomplete"] * (not reach.complete) + ["not mature"] * (label in unripe)),
        )  # fmt: skip


def table_lines(table: Sequence[tuple[str, ...]], top: int) -> Iterator[str]:
    places = ((LEFT, ""), (LEFT + 220, ' class="n"'), (LEFT + 250, ""), (LEFT + 380, ""), (LEFT + 510, ""))
    for number, cells in enumerate(table):
        for (x, kind), cell in zip(places, cells, strict=True):
            if cell:
                yield f'<text{kind} x="{x}" y="{top + LINE * number}">{escape(cell)}</text>'


def _notes(counted: Tally, head: str, *, hatched: bool) -> Iterator[str]:
    reach = counted.total.coverage
    as_of = "never" if reach.as_of is None else reach.as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"As of {as_of}; ledger {head}."
    if hatched:
        yield "Hatched: courts publish late, and more of these months is still to come."
    if not reach.complete:
        yield "Broken edges: not all courts and days were read; see the coverage of each row."
    words, line = counted.total.definition.split(), ""
    for word in words:
        if len(line) + len(word) > 130:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line
