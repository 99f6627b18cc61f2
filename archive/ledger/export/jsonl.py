"""JSON Lines: one object a line, UTF-8, keys in the order of the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archive.door import CONTROLS


def lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Each row as one line; what a terminal would obey, and a lone surrogate, is left as its JSON escape."""
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        yield CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], text).encode() + b"\n"
