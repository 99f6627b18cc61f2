"""Is a piece of markup written in a source, once, and as markup? pure.

What stands in a comment, or in an element that holds text alone, is no markup.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from crawler.markup import ESCAPABLE, RAW

_HIDING = re.compile(rf"<(?=[!{''.join(sorted({name[0] + name[0].upper() for name in (*RAW, *ESCAPABLE)}))}])"
                     rf"(?:!--|((?i:{'|'.join((*RAW, *ESCAPABLE, 'template'))}))(?=[\t\n\f\r\x20/>]))")  # fmt: skip
_HIDING_END = {name: re.compile(f"</{name}", re.I) for name in (*RAW, *ESCAPABLE, "template")} | {"!": re.compile("--!?>|\\Z")}
_HIDES = 40_000  # characters: a longer element is not looked for as it is written


class Writing:
    """A page's source, looked at no further than it must be."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._hidden = [(-1, 0)]  # the slices, as far as it was looked at, that hide what stands in them; in order
        self._looked = 0  # how far that is

    def once(self, html: str) -> int | None:
        """Where it has this as markup; None where it does not, or more than once."""
        if not html or len(html) > _HIDES:
            return None
        start = self.text.find(html)
        if start < 0 or self.text.find(html, start + 1) >= 0 or self.text.rfind("<", 0, start) > self.text.rfind(">", 0, start):
            return None
        return None if self.hides(start) else start

    def hides(self, at: int) -> bool:
        """This place is inside a comment or the text of a script or the like."""
        hidden, text = self._hidden, self.text
        while (end := hidden[-1][1]) < at and (opens := _HIDING.search(text, max(end, self._looked), at)):
            closes = _HIDING_END[(opens.group(1) or "!").lower()].search(text, opens.end())
            hidden.append((opens.start(), closes.end() if closes else len(text)))
        self._looked = max(at, self._looked)
        return hidden[bisect_right(hidden, (at, at)) - 1][1] > at
