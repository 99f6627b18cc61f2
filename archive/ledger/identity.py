"""Which registrations are one case, in tiers, with evidence and undo; pure.

T0: a judicial UID groups the registrations that show it (it is shared by transfers between courts, by appeal and
cassation), and identifies none of them: a registration is its own subject. Below it come ties, each with its method and
reason. A lower tier never overrides a higher one; a tie is taken back by another tie, and nothing is rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archive.ledger.observation import Tie


def groups(uids: Mapping[str, Iterable[str]], ties: Iterable[tuple[str, Tie]] = ()) -> list[frozenset[str]]:
    """The registrations of each case, given the judicial UIDs that every registration shows (none, one, or several).

    ties: judgements with their ids. Ties that name a registration not in `uids` wait until it is seen. Sorted; the order
    of the input decides nothing.
    """
    joined = _Components(uids)
    first: dict[str, str] = {}
    for registration in sorted(uids):
        for uid in uids[registration]:
            joined.join(first.setdefault(uid, registration), registration)
    apart: list[Tie] = []
    for _, tie in sorted(live(ties), key=lambda pair: (pair[1].tier, pair[1].same, pair[0])):
        if tie.left not in uids or tie.right not in uids:
            continue
        if not tie.same:
            apart.append(tie)
        elif not any(joined.would_meet(tie, other) for other in apart):
            joined.join(tie.left, tie.right)
    return joined.sets()


def live(ties: Iterable[tuple[str, Tie]]) -> list[tuple[str, Tie]]:
    """The judgements that stand: not taken back, and not themselves only a taking back."""
    entered = dict(ties)
    undone_by: dict[str, list[str]] = {}
    for key, tie in entered.items():
        if tie.undoes is not None:
            undone_by.setdefault(tie.undoes, []).append(key)

    def stands(key: str) -> bool:  # an id is a hash over the id it undoes: no circles
        return not any(stands(other) for other in undone_by.get(key, ()))

    return [(key, tie) for key, tie in entered.items() if tie.undoes is None and stands(key)]


class _Components:
    """Sets that grow together (union-find); the root of a set is its smallest name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._parent = {name: name for name in names}

    def root(self, name: str) -> str:
        while self._parent[name] != name:
            self._parent[name] = name = self._parent[self._parent[name]]
        return name

    def join(self, left: str, right: str) -> None:
        low, high = sorted((self.root(left), self.root(right)))
        self._parent[high] = low

    def would_meet(self, tie: Tie, apart: Tie) -> bool:
        """Joining this tie would put two registrations into one case that were judged apart."""
        return {self.root(tie.left), self.root(tie.right)} == {self.root(apart.left), self.root(apart.right)}

    def sets(self) -> list[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name in self._parent:
            found.setdefault(self.root(name), set()).add(name)
        return [frozenset(found[root]) for root in sorted(found)]
