"""What a word is looked for by: its stem in Russian, Ukrainian or English, whatever form it stands in; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import snowballstemmer

_WORD: Final = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_APOSTROPHE: Final = re.compile("['’ʼ]")
_FOLD: Final = str.maketrans({"ё": "е", "ґ": "г"})
_RUSSIAN, _ENGLISH = snowballstemmer.stemmer("russian"), snowballstemmer.stemmer("english")

# Ukrainian has no Snowball algorithm: endings of nouns, adjectives and verbs, the longest first, taken off a word's end
# as long as three letters stay. Vowels that change in the stem (кінь, коня) are one letter.
_UKRAINIAN: Final = re.compile(
    r"(?<=[^\W\d_]{3})(?:юватимуть|уватимуть|ювання|ування|ованого|еннями|аннями|енням|анням|ення|ання|ості|істю|ість|остей|"
    r"увати|ювати|ував|увала|ували|ються|иться|яться|ються|ання|іями|ями|ами|ові|еві|єві|ого|ому|ими|ими|ій|их|їх|ою|ею|єю|"
    r"ів|їв|ом|ем|єм|ам|ям|ах|ях|ти|ла|ло|ли|ть|ий|ій|им|ім|ую|юю|ої|єї|а|я|о|е|є|и|і|ї|у|ю|й|ь|в)$"
)
_CLOSED: Final = re.compile("[іїо](?=[^аеєиіїоуюя]*$)")


def words(text: str) -> Iterator[str]:
    """The words of a text in small letters, ё and ґ folded, numbers among them."""
    for found in _WORD.findall(text):
        yield _APOSTROPHE.sub("", found).lower().translate(_FOLD)


@lru_cache(maxsize=1 << 18)
def stems(word: str) -> tuple[str, str]:
    """By which a word of `words` is looked for: as if it were Russian, and Ukrainian; English is told by its letters."""
    if word.isascii():
        stem = word if word.isdigit() else _ENGLISH.stemWord(word)
        return stem, stem
    return _RUSSIAN.stemWord(word), _ukrainian(word)


def _ukrainian(word: str) -> str:
    stem = _UKRAINIAN.sub("", word)
    stem = stem.removesuffix("ь")
    return _CLOSED.sub("о", stem, count=1)
