"""Who is meant where an act names somebody: full names in any case, initials, or initials alone; pure.

Courts put initials for the names in the acts they publish (`Вымыслов И.И.` or `В.И.И.`), and labels (`ФИО1`) which tell
nothing of who it is. A mention counts only where it fits exactly one of the people of the case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_INITIALS = re.compile(r"(?<![А-Яа-я.])([А-Я])\.\s?([А-Я])\.(?:\s?([А-Я])\.)?(?!\s?[А-Я][а-я])")
_FOREIGN = re.compile(
    r"\b(?:ФИО\s?\d*|[А-Я][а-я]{2,}(?:-[А-Я][а-я]+)?\s[А-Я]\.\s?[А-Я]\."
    r"|[А-Я][а-я]{2,}\s[А-Я][а-я]+\s[А-Я][а-я]+(?:вич|вн|оглы|кызы)\w*)"
)


def plain(text: str) -> str:
    """The text with е for ё, the same length."""
    return text.replace("ё", "е").replace("Ё", "Е")


@dataclass(frozen=True, slots=True)
class People:
    """The accused of one case, by their places on its card (from 0). names: as the card prints them, None where hidden."""

    names: Sequence[str | None]
    _surnames: list[tuple[int, re.Pattern[str], str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = []
        for place, name in enumerate(self.names):
            surname, *rest = re.findall(r"[А-Яа-яЁё]+(?:-[А-Яа-яЁё]+)*", plain(name or "")) or [""]
            stem = re.sub(r"[аеиоуыэюяйь]+$", "", surname.lower())
            if len(stem) < 3:
                stem = surname.lower()
            if len(stem) >= 2:
                # A case ending begins with a vowel; Вымыслов, Вымыслова, Вымысловым, Вымышленский, Вымышленского.
                pattern = re.compile(rf"(?<![а-я-]){re.escape(stem)}(?:[аеиоуыэюяйь][а-я]{{0,3}})?(?![а-я-])", re.IGNORECASE)
                found.append((place, pattern, "".join(part[0].upper() for part in rest)))
        object.__setattr__(self, "_surnames", found)

    def named(self, text: str) -> set[int]:
        """The places of those whom this text names; whom it names so that two could be meant, it does not name."""
        folded = plain(text)
        met: set[int] = set()
        spoken: dict[tuple[int, int], list[tuple[int, str]]] = {}
        for place, pattern, initials in self._surnames:
            for found in pattern.finditer(folded):
                spoken.setdefault(found.span(), []).append((place, initials))
        for (start, end), those in spoken.items():
            given = _beside(folded, start, end)
            fitting = {place for place, initials in those if _fits(initials, given)}
            if len(fitting) == 1:
                met |= fitting
        for letters in _INITIALS.findall(folded):
            said = "".join(letters)
            fitting = {
                place for place, name in enumerate(self.names)
                if name and (own := _letters(name)) and (own == said or (len(said) == 2 and own[:2] == said))
            }  # fmt: skip
            if len(fitting) == 1:
                met |= fitting
        return met

    def strangers(self, text: str) -> bool:
        """Does this text name somebody who is surely none of them? (A label may be anybody.)"""
        if any(name is None for name in self.names):
            return False
        strange = (found[0] for found in _FOREIGN.finditer(plain(text)))
        return any(not name.startswith("ФИО") and not self.named(name) for name in strange)


def _letters(name: str) -> str:
    return "".join(part[0].upper() for part in re.findall(r"[А-Яа-яЁё]+", plain(name)))


def _beside(text: str, start: int, end: int) -> str:
    """The initials, or the first letters of the names, that stand behind a surname or before it."""
    behind = re.match(r"\s([А-Я])(?:\.\s?([А-Я])\.|[а-я]+(?:\s([А-Я])[а-я]+(?:вич|вн|оглы|кызы)[а-я]*)?)", text[end : end + 60])
    if behind:
        return "".join(letter for letter in behind.groups() if letter)
    before = re.search(r"([А-Я])\.\s?([А-Я])\.\s?$", text[max(0, start - 8) : start])
    return "".join(before.groups()) if before else ""


def _fits(initials: str, given: str) -> bool:
    return all(a == b for a, b in zip(initials, given, strict=False))
