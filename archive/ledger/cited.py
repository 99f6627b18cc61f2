"""Which of the ledger's cases does a document's reference to a court mean? pure.

A judicial UID means every case that has it; a number means a case where the court that is named with it agrees, or where
one case alone has that number. An article never means a case; beside a number it may contradict one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archive.ledger.case import Case, holds


@dataclass(frozen=True, slots=True)
class Meant:
    """A case that a reference means, how sure that is (0..1), and why."""

    case: str
    confidence: float
    reason: str


class Cases:
    """The ledger's cases, by what documents call them."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._by_uid: dict[str, list[Case]] = {}
        self._by_number: dict[str, list[Case]] = {}
        for case in cases:
            uids = {uid for registration in case.registrations for uid in registration.own.all("uid")}
            for uid in sorted(uids):
                self._by_uid.setdefault(uid, []).append(case)
            for number in case.numbers:
                self._by_number.setdefault(number, []).append(case)

    def of_uid(self, uid: str) -> list[Meant]:
        return [Meant(case.id, 1.0, "its judicial UID") for case in self._by_uid.get(uid, ())]

    def of_number(self, number: str, court: str | None = None, article: str | None = None) -> list[Meant]:
        """court: official code; None where none is named, or none that is known."""
        held = self._by_number.get(number, [])
        if court is not None:
            here = [case for case in held if court in _courts(case, number)]
            return [_checked(case, 0.98, "its number and its court", article) for case in here]
        if len(held) == 1:
            return [_checked(held[0], 0.6, "its number, which no other case held here has; no court is named", article)]
        return [Meant(case.id, 0.3, f"its number, which {len(held)} cases have; no court is named") for case in held]


def _courts(case: Case, number: str) -> set[str | None]:
    """The courts at which a case has, or had, this number."""
    return {
        registration.own.get("court")
        for registration in case.registrations
        if any(number in registration.own.all(name) for name in ("number", "number_previous"))
    }


def _checked(case: Case, confidence: float, reason: str, article: str | None) -> Meant:
    if article is None or not case.articles:
        return Meant(case.id, confidence, reason)
    if any(holds(held, article) or holds(article, held) for held in case.articles):
        return Meant(case.id, min(1.0, confidence + 0.01), f"{reason}; the article agrees")
    return Meant(case.id, confidence / 2, f"{reason}; but the article named is {article}, and not {', '.join(case.articles)}")
