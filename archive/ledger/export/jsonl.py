"""JSON Lines: one object a line, UTF-8, keys in the order of the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Each row as one line; what cannot be UTF-8 (a lone surrogate) is left as its JSON escape."""
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        try:
            yield text.encode() + b"\n"
        except UnicodeEncodeError:
            yield json.dumps(row, separators=(",", ":")).encode() + b"\n"
