"""Which registrations are one case, in tiers, with evidence and undo; pure.

T0: a judicial UID groups the registrations that show it (it is shared by transfers between courts, by appeal and
cassation), and identifies none of them: a registration is its own subject. Where neither a `case_uid` nor a judicial UID
is known, court, register, number and year are the official key. T1: what a court says of another registration, each such
link with its method and its evidence. Below them come ties of other methods. A lower tier never overrides a higher one; a
tie is taken back by another tie, and nothing is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archive.ledger.observation import Tie

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Where a higher court's case began: the register of the same kind, or the materials of such cases.
_BELOW = {"criminal": ("criminal-1", "material"), "civil": ("civil-1", "material"), "kas": ("kas-1", "material"),
          "koap": ("koap", "koap-complaint", "koap-complaint-2"), "material": ("material", "criminal-1")}  # fmt: skip
_FIRST = ("criminal-1", "civil-1", "kas-1", "koap", "material")


@dataclass(frozen=True, slots=True)
class Keys:
    """What one registration shows of who it is; numbers in normal form, current ones before what it was called earlier.

    below: the court and each number that it says it came from. joined: numbers of cases at the same court that it says it
    went into. evidence: by which captures, for a reader of the links. What no key is, and `likeness` compares: dates as the
    court states them, articles, names of the people it is about (hidden ones left out). article: no court's page shows it.
    """

    subject: str
    court: str | None
    uids: tuple[str, ...]
    numbers: tuple[str, ...]
    previous: tuple[str, ...] = ()
    lower_court: str | None = None
    below: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    evidence: str = ""
    received: str | None = None
    decided: str | None = None
    result: str | None = None
    lower_decided: str | None = None
    articles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    article: bool = False
    first: int = 0  # log position of the first capture
    since: str = ""  # when that was held

    @property
    def register(self) -> str:
        return self.subject.split(":", 2)[1]

    @property
    def keyed(self) -> bool:
        """Its address has a `case_uid`: the best key of one registration."""
        return _GUID.fullmatch(self.subject.split(":", 2)[2]) is not None


def official(held: Iterable[Keys]) -> dict[str, tuple[str, ...]]:
    """The official keys (T0) of each registration: its judicial UIDs; and its number at its court where it has no better one.

    A registration without a `case_uid` and a UID is the one that has them, where exactly one has that number there.
    """
    known = list(held)
    owners: dict[str, set[str]] = {}
    for keys in known:
        if keys.keyed or keys.uids:
            for name in _named(keys):
                owners.setdefault(name, set()).add(keys.subject)
    found: dict[str, tuple[str, ...]] = {}
    for keys in known:
        bare = not keys.keyed and not keys.uids
        names = [name for name in _named(keys) if bare or len(owners[name]) == 1]
        if bare:
            names = [name for name in names if len(owners.get(name, ())) <= 1]
        found[keys.subject] = (*keys.uids, *names)
    return found


def links(held: Iterable[Keys]) -> list[tuple[str, Tie]]:
    """What courts say of other registrations (T1), each link with method, version and evidence, under an id of its own.

    A link is made only where exactly one registration is meant, and no official key has joined it already.
    `lower-court/1`: a higher court names court and number of the case that it, or the material severed for it, came from,
    and no UID is against it. `previous/1`: the number by an earlier registration at the same court, which holds against a
    renewed UID: a case sent back to be accepted anew gets one. `joined/1`: into which case it went.
    """
    known = sorted(held, key=lambda keys: keys.subject)
    at: dict[tuple[str, str, str], list[Keys]] = {}
    for keys in known:
        if keys.court is not None:
            for number in dict.fromkeys((*keys.numbers, *keys.previous)):
                at.setdefault((keys.court, keys.register, number), []).append(keys)
    whole = {subject: group for group in groups(official(known)) for subject in group}
    made: dict[str, Tie] = {}

    def link(keys: Keys, court: str | None, registers: Sequence[str], number: str, method: str, said: str) -> None:
        if court is None:
            return
        meant = [other for register in registers for other in at.get((court, register, number), ()) if other != keys]
        current = [other for other in meant if number in other.numbers] or meant
        # Several entries that share an official key are one to begin with.
        cases = {whole[other.subject] for other in current}
        if len(cases) != 1 or whole[keys.subject] in cases:
            return
        other = current[0]
        if method.startswith("lower-court") and keys.uids and other.uids and not set(keys.uids) & set(other.uids):
            return
        reason = f"{keys.subject} {said} {number} at {court}; {keys.evidence}"
        made[f"{method} {keys.subject} {other.subject}"] = Tie(keys.subject, other.subject, True, 1, method, reason)

    for keys in known:
        kind = keys.register.partition("-")[0]
        if keys.register not in _FIRST or keys.below:
            for number in keys.below:
                link(keys, keys.lower_court, _BELOW.get(kind, ()), number, "lower-court/1", "came from")
        for number in keys.previous:
            link(keys, keys.court, (keys.register,), number, "previous/1", "was registered before as")
        for number in keys.joined:
            link(keys, keys.court, (keys.register,), number, "joined/1", "was joined to")
    return sorted(made.items())


def _named(keys: Keys) -> list[str]:
    return [] if keys.court is None else [f"{keys.register} {keys.court} {number}" for number in keys.numbers]


def groups(uids: Mapping[str, Iterable[str]], ties: Iterable[tuple[str, Tie]] = ()) -> list[frozenset[str]]:
    """The registrations of each case, given the official keys that every registration shows (none, one, or several).

    ties: judgements with their ids. Ties that name a registration not in `uids` wait until it is seen. Sorted; the order
    of the input decides nothing.
    """
    joined = _Components(uids)
    known = [(key, tie) for key, tie in live(ties) if tie.left in uids and tie.right in uids]
    ranked = sorted(known, key=lambda pair: (pair[1].tier, pair[1].same, pair[0]))
    # Whom a person judged apart no key joins; what rules say gives way to what was joined before.
    for _, tie in ranked:
        if tie.tier == 0:
            _judge(joined, tie)
    first: dict[str, str] = {}
    for registration in sorted(uids):
        for uid in uids[registration]:
            joined.join(first.setdefault(uid, registration), registration)
    for _, tie in ranked:
        if tie.tier > 0:
            _judge(joined, tie)
    return joined.sets()


def _judge(joined: _Components, tie: Tie) -> None:
    if tie.same:
        joined.join(tie.left, tie.right)
    else:
        joined.part(tie.left, tie.right)


def live(ties: Iterable[tuple[str, Tie]]) -> list[tuple[str, Tie]]:
    """The judgements that stand: not taken back, and not themselves only a taking back."""
    entered = dict(ties)
    gone = taken_back(entered.items())
    return [(key, tie) for key, tie in entered.items() if tie.undoes is None and key not in gone]


def taken_back(ties: Iterable[tuple[str, Tie]]) -> set[str]:
    """The ids that are taken back, whether or not what bears them is among these; a taking back may be taken back itself."""
    undone_by: dict[str, list[str]] = {}
    for key, tie in ties:
        if tie.undoes is not None:
            undone_by.setdefault(tie.undoes, []).append(key)

    def stands(key: str) -> bool:  # an id is made of what it names, or kept after it: no circles
        return not any(stands(other) for other in undone_by.get(key, ()))

    return {key for key in undone_by if not stands(key)}


class _Components:
    """Sets that grow together (union-find) unless they were judged apart; the root of a set is its smallest name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._parent = {name: name for name in names}
        self._apart: dict[str, set[str]] = {}  # by root, the roots that it may not meet

    def root(self, name: str) -> str:
        while self._parent[name] != name:
            self._parent[name] = name = self._parent[self._parent[name]]
        return name

    def join(self, left: str, right: str) -> None:
        """One set, unless it would hold two that were judged apart."""
        low, high = sorted((self.root(left), self.root(right)))
        if low == high or high in self._apart.get(low, ()):
            return
        self._parent[high] = low
        for other in self._apart.pop(high, ()):
            self._apart[other].remove(high)
            self._apart[other].add(low)
            self._apart.setdefault(low, set()).add(other)

    def part(self, left: str, right: str) -> None:
        """They do not meet from now on; what is one set already stays one."""
        one, other = self.root(left), self.root(right)
        if one != other:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def sets(self) -> list[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name in self._parent:
            found.setdefault(self.root(name), set()).add(name)
        return [frozenset(found[root]) for root in sorted(found)]
