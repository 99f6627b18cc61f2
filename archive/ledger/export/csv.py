"""CSV that loads: RFC 4180, UTF-8, every cell quoted, one row a line, and no cell that a spreadsheet would run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from archive.door import visible

BOM = b"\xef\xbb\xbf"  # Excel takes a file without it for the local code page

# What ends a line for some reader: one row is one line, in every one of them.
_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection"), full-width forms among them.
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r＝＋－＠]")


def lines(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Iterator[bytes]:
    """The header and the rows, each ended by CR LF. Lists are joined by `; `, absent is an empty cell."""
    yield _line(names)
    for row in rows:
        yield _line([cell(row[name]) for name in names])


def cell(value: object) -> str:
    """A value as inert text on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return _inert("; ".join(_joined(part) for part in value))
    return _inert(str(value))


def _joined(part: object) -> str:
    """A person of a case is told by name; the table `persons` has the rest."""
    return str(part.get("name") or "") if isinstance(part, Mapping) else str(part)


def _inert(text: str) -> str:
    text = visible(_BREAKS.sub(" ", text).replace("\x00", ""))  # a file is looked at in terminals too
    # One more apostrophe where the text has some of its own: to read it back, one is taken off whatever they stand before.
    return "'" + text if _FORMULA.match(text) else text


def _line(cells: Iterable[str]) -> bytes:
    quoted = (text.replace('"', '""') for text in cells)
    return ('"' + '","'.join(quoted) + '"\r\n').encode("utf-8", "backslashreplace")
