"""Where does a word processor's HYPERLINK field lead? One grammar for DOCX and RTF; pure."""

from __future__ import annotations

import re

# ECMA-376, part 1, 17.16.5.25: HYPERLINK "address" [\l "place in it"] [\o "tip"] ...
_FIELD = re.compile(r'\s*HYPERLINK\s+(?:\\[a-km-z]\s+)*(?:"([^"]*)"|([^\s"\\]+))?', re.I)
_PLACE = re.compile(r'\\l\s+(?:"([^"]*)"|(\S+))', re.I)


def hyperlink(instruction: str) -> str | None:
    """The address of a field's instruction, with the place in it as its fragment; None where it leads nowhere outside."""
    found = _FIELD.match(instruction)
    address = (found[1] or found[2] or "").strip() if found else ""
    if not found or not address:
        return None
    place = _PLACE.search(instruction, found.end())
    inside = (place[1] or place[2]) if place else ""
    return f"{address}#{inside}" if inside and "#" not in address else address
