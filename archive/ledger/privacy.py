"""Who may be told what: the class of every property, the tokens that stand for names, and names found inside other texts; pure.

`public` is told to everybody. `restricted` is a person's name, or a text that is about people and was never the court's to
publish under a key of ours: exports tell it by pseudonym or not at all, unless names were asked for. Every other text is
looked through for the names of its case. A pseudonym is the surname's initial and a keyed token of the name: without the
key it cannot be found by trying names, which a plain hash would allow.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from archive.ledger import words

HIDDEN: Final = "[restricted]"
Class = Literal["public", "restricted"]

# By the form of a subject: its restricted properties. All others are public; `of` refuses a property that nobody knows.
RESTRICTED: Final[dict[str, frozenset[str]]] = {
    "registration": frozenset(),
    "person": frozenset({"name"}),
    "event": frozenset(),
    "hearing": frozenset(),
    "sentence": frozenset({"unit"}),  # a military unit and a date are a man
    "page": frozenset({"body"}),
    "claim": frozenset(),
}

# Grammatical cases change the end of a surname: without its last two letters it is found in most of them.
_ENDING: Final = 2
_SHORT: Final = 4
_WORD: Final = re.compile(r"[^\W\d_]+")
_MARKUP: Final = re.compile(r"<[^>]*>")


def of(subject: str, property: str) -> Class:
    """The class of a property. Raises ValueError where the subject has no such property."""
    form = words.form(subject)
    if property not in words.PROPERTIES[form]:
        raise ValueError(f"{subject} has no property {property!r}")
    return "restricted" if property in RESTRICTED.get(form, words.PROPERTIES[form]) else "public"


def is_name(subject: str, property: str) -> bool:
    """The name of a person in a case."""
    return property == "name" and "#person:" in subject


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names to pseudonyms with one key, so that they stay the same from export to export."""

    key: bytes

    def name(self, name: str | None) -> str | None:
        """`И-1f0c9a...`: initial of the first word, 64 bits of HMAC-SHA256 over the name, letter case and ё aside."""
        if name is None:
            return None
        text = folded(name)
        return f"{text[:1].upper()}-{self.token(text)}"

    def token(self, text: str) -> str:
        return self.digest(text)[:16]

    def digest(self, text: str) -> str:
        return hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Names:
    """Some names as a pattern that finds them in any text, in other grammatical cases too. None: no names."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """By surname, which is the first word: for texts of the very case."""
        stems = sorted({stem for name in names for stem in _stems(name)})
        return cls(re.compile(rf"\b(?:{'|'.join(map(re.escape, stems))})") if stems else None)

    def inside(self, text: str) -> bool:
        """Markup between the letters of a name does not hide it."""
        pattern = self.pattern
        return pattern is not None and any(pattern.search(folded(each)) for each in _readings(text))


@dataclass(frozen=True, slots=True)
class Surnames:
    """The surnames of many cases, looked for in texts of no case: titles of articles, what others are quoted with."""

    stems: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Surnames:
        return cls(frozenset(stem for name in names for stem in _stems(name)))

    def inside(self, text: str) -> bool:
        """Does a capitalised word begin as a surname does, with an ending of a case at most?"""
        return bool(self.stems) and any(map(self._begins, (word for each in _readings(text) for word in _WORD.findall(each))))

    def _begins(self, word: str) -> bool:
        if not word[0].isupper():
            return False
        low = word.casefold().replace("ё", "е")
        return any(low[:end] in self.stems for end in range(max(2, len(low) - 2 * _ENDING), len(low) + 1))


def _readings(text: str) -> Iterator[str]:
    """A text as it stands, and as who reads the page sees it: a name may stand in an attribute, in pieces, in references."""
    yield text
    if "<" in text:
        yield _MARKUP.sub("", text)
        yield _MARKUP.sub(" ", text)
    if "&" in text:
        yield from _readings(html.unescape(text).replace("&", " "))


def folded(text: str) -> str:
    """Letter case, ё and white space aside."""
    return " ".join(text.casefold().replace("ё", "е").split())


def _stems(name: str) -> Iterator[str]:
    for word in _WORD.findall(folded(name))[:1]:
        if len(word) > 1:
            yield word[:-_ENDING] if len(word) > _SHORT else word
