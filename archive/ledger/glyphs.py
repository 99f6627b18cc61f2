"""Which letters and dashes clerks take for one another: folded one for one, so that every span of a text holds; pure."""

from __future__ import annotations

# Latin letters that look like Cyrillic ones, and the other way round.
_CYRILLIC = str.maketrans("ABCEHKMOPTXYaceopxykm", "АВСЕНКМОРТХУасеорхукм")
_LATIN = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")
_DASHES = str.maketrans("‐‑‒–—−", "------")


def cyrillic(text: str) -> str:
    """The text with Cyrillic letters in place of their Latin doubles, and one kind of dash; the same length."""
    return text.translate(_CYRILLIC).translate(_DASHES)


def latin(text: str) -> str:
    """The text with Latin capitals in place of their Cyrillic doubles, and one kind of dash; the same length."""
    return text.translate(_LATIN).translate(_DASHES)


def words(text: str) -> str:
    """For telling words apart, not for spans: lower case, Cyrillic, е for ё, white space folded."""
    return " ".join(cyrillic(text).casefold().replace("ё", "е").split())
