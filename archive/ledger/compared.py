"""Who was compared with whom, kept beside the views, so that what has not changed is not compared again.

What is kept follows from the keys of the registrations alone: after any changes it is what it would be if it were made at once
(`likeness.likenesses`). A comparison depends on the two; whether two are compared depends on how crowded the places are where
they meet, so those are looked at again where one fills up or empties.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from archive.ledger.identity import Keys
from archive.ledger.likeness import Compared, Likeness, compare, settled, wants
from archive.ledger.nearness import CROWDED, Near, Places, Rarity
from archive.ledger.observation import Tie

TABLES: Final = ("near", "compared")
SCHEMA: Final = """
CREATE TABLE near (subject TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE compared (one TEXT, other TEXT, said TEXT NOT NULL, PRIMARY KEY (one, other)) STRICT, WITHOUT ROWID;
CREATE INDEX compared_by_other ON compared (other);
"""


class Comparisons:
    """Those of one file of views. changed: the registrations whose keys are not what they were when it was last asked."""

    def __init__(self, tables: sqlite3.Connection, changed: Collection[str]) -> None:
        self._tables = tables
        self._changed = set(changed)

    def likenesses(self, held: Iterable[Keys], whole: Iterable[frozenset[str]], apart: Iterable[Tie] = ()) -> list[Likeness]:
        """As `likeness.likenesses`."""
        keys = {each.subject: each for each in held}
        if not any(map(wants, keys.values())):
            for table in TABLES:
                self._tables.execute(f"DELETE FROM {table}")  # noqa: S608
            return []
        near = self._freshen(keys)
        return settled(self._all(), Rarity.of(near.values()), whole, apart)

    def _all(self) -> Iterator[Compared]:
        for one, other, said in self._tables.execute("SELECT one, other, said FROM compared"):
            base, words, share, told = json.loads(said)
            yield Compared(one, other, base, tuple(map(tuple, words)), share, told)

    def _freshen(self, keys: Mapping[str, Keys]) -> dict[str, Near]:
        """What every registration may be found by; comparisons that are no more are gone, new ones are made."""
        held = {subject: _near(said) for subject, said in self._tables.execute("SELECT subject, said FROM near")}
        stale = (self._changed | (keys.keys() - held.keys()) | (held.keys() - keys.keys())) & (keys.keys() | held.keys())
        if not stale:
            return held
        old = [held.pop(subject) for subject in sorted(stale) if subject in held]
        new = {subject: Near.of(keys[subject]) for subject in sorted(stale) if subject in keys}
        held |= new
        places = Places(held)
        self._forget(stale)
        self._tables.executemany("INSERT INTO near VALUES (?, ?)", ((subject, _said(near)) for subject, near in new.items()))
        came = Counter(place for near in new.values() for place in near.places)
        left = Counter(place for near in old for place in near.places)
        for place in came.keys() | left.keys():
            now = places.crowd(place)
            was = now - came[place] + left[place]
            if was > CROWDED >= now:
                self._compare(keys, ((one, other) for one in places.at(place) for other in places.at(place) if one != other))
            elif was <= CROWDED < now:
                self._part(places.all_at(place), places, held)
        self._compare(keys, _meetings(keys, new, places))
        return held

    def _forget(self, subjects: Collection[str]) -> None:
        asked = [(subject,) for subject in sorted(subjects)]
        for statement in ("near WHERE subject = ?", "compared WHERE one = ?", "compared WHERE other = ?"):
            self._tables.executemany(f"DELETE FROM {statement}", asked)  # noqa: S608

    def _compare(self, keys: Mapping[str, Keys], pairs: Iterable[tuple[str, str]]) -> None:
        made = (compare(keys[one], keys[other]) for one, other in pairs if wants(keys[one]))
        rows = (
            (each.one, each.other, _text(each.base, each.words, each.share, each.told)) for each in made if each is not None
        )
        self._tables.executemany("INSERT OR REPLACE INTO compared VALUES (?, ?, ?)", rows)

    def _part(self, subjects: Sequence[str], places: Places, held: Mapping[str, Near]) -> None:
        """Those who met only at a place that is crowded now."""
        here = set(subjects)
        for one in subjects:
            others = [other for (other,) in self._tables.execute("SELECT other FROM compared WHERE one = ?", (one,))]
            met = [other for other in others if other in here]
            if met:
                roomy = {place for place in held[one].places if places.crowd(place) <= CROWDED}
                apart = [(one, other) for other in met if roomy.isdisjoint(held[other].places)]
                self._tables.executemany("DELETE FROM compared WHERE one = ? AND other = ?", apart)


def copied(tables: sqlite3.Connection) -> sqlite3.Connection:
    """The same in memory, to be changed there."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.executescript(SCHEMA)
    for name in TABLES:
        rows = tables.execute(f"SELECT * FROM {name}")  # noqa: S608
        made.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows.description))})", rows)  # noqa: S608
    return made


def _meetings(keys: Mapping[str, Keys], new: Mapping[str, Near], places: Places) -> Iterator[tuple[str, str]]:
    """Each of the new ones with all that are near, and those with it; of two new ones each in its own turn."""
    for subject in new:
        for other in places.near(subject):
            if wants(keys[subject]):
                yield subject, other
            if other not in new:
                yield other, subject


def _text(*parts: object) -> str:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _said(near: Near) -> str:
    return _text(near.places, near.words)


def _near(said: str) -> Near:
    places, words = json.loads(said)
    return Near(tuple(places), tuple(words))
