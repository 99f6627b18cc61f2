"""The one way bytes become the decoded source that quotes are counted in; pure, standard library only."""

from __future__ import annotations

import codecs


def decode_text(body: bytes, charset: str) -> str:
    """`body` as text. charset: a Python codec name. Undefined bytes become U+FFFD (0x98 in cp1251 is one).

    Raises LookupError for a codec Python does not have. Offsets of quotes count characters of this text.
    """
    if not codecs.lookup(charset)._is_text_encoding:
        raise LookupError(f"{charset!r} is not a text encoding")
    return body.decode(charset, errors="replace")


def fold(text: str) -> str:
    """White space folded as a reader sees it: runs (no-break spaces too) are one space, none at the ends."""
    return " ".join(text.split())
