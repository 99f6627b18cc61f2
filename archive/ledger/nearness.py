"""Which registrations are worth comparing, and how much does a name tell of a case? By what many or few of them share; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Final

from archive.ledger import names
from archive.ledger.identity import Keys

CROWDED: Final = 60  # registrations at one place; more of them tell nothing
POPULATION: Final = 5000  # a name is never rarer than one in so many
RAREST: Final = 11.0  # bits that the names of a case's people bear at most
UNKNOWN: Final = 3.0  # bits of a name without a word that could be counted


@dataclass(frozen=True, slots=True)
class Near:
    """What one registration may be found by. places: what it may share with others; words: of its people's names."""

    places: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, keys: Keys) -> Near:
        words = sorted({key for name in keys.names for key in names.keys(name)})
        return cls(tuple(dict.fromkeys(_places(keys))), tuple(words))


def _places(keys: Keys) -> Iterator[str]:
    words = sorted({key for name in keys.names for key in names.keys(name)[:3]})
    days = sorted({day for day in (keys.received, keys.decided, keys.lower_decided) if day})
    courts = sorted({court for court in (keys.court, keys.lower_court) if court})
    yield from (f"court {court} {day}" for court in courts for day in days)
    yield from (f"day {word} {day}" for word in words for day in days)
    yield from (f"day {word} {day[:7]}" for word in words for day in days)
    yield from (f"at {word} {court}" for word in words for court in courts)
    yield from (f"article {word} {article}" for word in words for article in keys.articles)
    yield from (f"name {word}" for word in words)
    if keys.court is not None:
        yield from (f"number {keys.court} {number}" for number in keys.numbers)


class Places:
    """Who may be met where, among all registrations."""

    def __init__(self, held: Mapping[str, Near]) -> None:
        self._of = held
        self._under: dict[str, list[str]] = {}
        for subject, near in held.items():
            for place in near.places:
                self._under.setdefault(place, []).append(subject)

    def near(self, subject: str) -> Iterator[str]:
        """Those that share a place with it which is not crowded, each once."""
        met = {subject}
        for place in self._of[subject].places:
            for other in self.at(place):
                if other not in met:
                    met.add(other)
                    yield other

    def at(self, place: str) -> Sequence[str]:
        """Who is at a place; nobody where it is crowded."""
        found = self.all_at(place)
        return found if len(found) <= CROWDED else ()

    def all_at(self, place: str) -> Sequence[str]:
        """Who is at a place, however many they are."""
        return self._under.get(place, ())

    def crowd(self, place: str) -> int:
        return len(self.all_at(place))


@dataclass(frozen=True, slots=True)
class Rarity:
    """In bits: how much it says that two names agree, by how many registrations have a word of it."""

    count: Mapping[str, int]
    of_all: int

    @classmethod
    def of(cls, held: Iterable[Near]) -> Rarity:
        every = list(held)
        return cls(Counter(word for near in every for word in near.words), max(len(every), POPULATION))

    def bits(self, words: Iterable[str]) -> float:
        """words: of one name, as `names.keys` gives them."""
        among = [count for word in words if (count := self.count.get(word, 0))]
        return min(RAREST, log2(self.of_all / min(among))) if among else UNKNOWN
