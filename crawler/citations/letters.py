"""Which letters does an address have? Signs that hide in it or stand for others undone, each place remembered; pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

# Unseen: soft hyphen (one at a line's end says that the word goes on), zero-width signs, marks of writing direction.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff"
_AS = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\ufe63": "-", "\uff0d": "-",
    "\u2044": "/", "\u2215": "/", "\u29f8": "/", "\uff0f": "/", "\u2024": ".", "\uff0e": ".", "\uff1a": ":", "\ua789": ":",
    "\u2236": ":", "\uff1f": "?", "\uff1d": "=", "\uff06": "&", "\uff05": "%", "\uff03": "#",
    **{chr(code): chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
}  # fmt: skip
_EDGE = r"(?:[ \t]*\n[ \t]*)?"  # a line's end in the middle of the sign
_SIGNS = re.compile(
    rf"\u00ad[ \t]*\r?\n|[{_UNSEEN}]+|(?P<sign>[{''.join(_AS)}])"
    rf"|(?P<and>&(?:{_EDGE}a{_EDGE}m{_EDGE}p|#0*38|#x0*26){_EDGE};)"
    r"|(?P<dot>(?<=[^\W_])(?:\[\.\]|\(\.\)|\{\.\}|[ ]?(?:\[dot\]|\(dot\)|\{dot\})[ ]?)(?=[^\W_]))"
    r"|(?P<slash>(?<=[:/\w])\\/)"  # JSON
    r"|(?P<colon>(?<=[pPрxХхsS])(?:\[:\](?=//)|\[://\]))",
    re.I,
)

# Cyrillic letters that look like Latin ones, for words that mix the two.
_TWIN = str.maketrans("асеорхуѕіјԛԝһАВЕКМНОРСТХЅІЈԚԜ", "aceopxysijqwhABEKMHOPCTXSIJQW")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text as an address would have it. `source(i)`: where character i of it stands in the text it came from."""

    text: str
    _at: list[int] = field(repr=False)
    _from: list[int] = field(repr=False)

    def source(self, i: int) -> int:
        k = bisect_right(self._at, i) - 1
        until = self._at[k + 1] if k + 1 < len(self._at) else len(self.text) + 1
        return self._from[k] + min(i - self._at[k], until - self._at[k])


def plain(text: str) -> Plain:
    """Unseen signs are dropped, look-alikes of an address's own signs and ligatures written out, `[.]` and `&amp;` undone."""
    pieces: list[str] = []
    at, came = [0], [0]
    last = size = 0
    for found in _SIGNS.finditer(text):
        kept = text[last : found.start()]
        stands = (
            _AS.get(found["sign"], found["sign"].lower()) if found["sign"]
            else "&" if found["and"] else "." if found["dot"] else "/" if found["slash"]
            else ("://" if "/" in found["colon"] else ":") if found["colon"] else ""
        )  # fmt: skip
        pieces += (kept, stands)
        size += len(kept)
        if stands:
            at.append(size)
            came.append(found.start())
            size += len(stands)
        last = found.end()
        at.append(size)
        came.append(last)
    pieces.append(text[last:])
    return Plain("".join(pieces), at, came)


def untwinned(address: str) -> str:
    """The same with words that mix alphabets written in Latin, where every Cyrillic letter in them has a Latin twin."""
    if address.isascii() or not _CYRILLIC.search(address):
        return address
    return _WORD.sub(_latin, address)


def _latin(found: re.Match[str]) -> str:
    word = found[0]
    if word.isascii() or not _LATIN.search(word):
        return word
    latin = word.translate(_TWIN)
    return word if _CYRILLIC.search(latin) else latin
