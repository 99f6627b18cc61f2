"""What the ledger must end up with: the cases as they are, and the figures that follow from them.

Counted from the world's own values, by the rules of "What the tally counts": first instance only; a case once, at the
earliest receipt in its chain of transfers; received in cases, verdicts and convictions in persons, by the month and
the court of the decision. `convicted` and `acquitted` are those whom a court's card calls so; a person whose card says
only that a verdict was passed is in `verdicts` alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from crawler.demo.docket import FIRST, Person, Registration

DIRECTIONS = ("verdict", "convicted", "acquitted")
AWOL = frozenset({"332", "337", "338"})


@dataclass(frozen=True, slots=True)
class TrueCase:
    """One case: its registrations in order of receipt, the last of which decides, unless it was joined to another."""

    chain: tuple[Registration, ...]

    @property
    def first(self) -> Registration:
        return self.chain[0]

    @property
    def last(self) -> Registration:
        return next(entry for entry in reversed(self.chain) if entry.result is None or entry.result.word != "joined")

    @property
    def persons(self) -> tuple[Person, ...]:
        return self.last.persons

    @property
    def articles(self) -> frozenset[str]:
        """Article numbers without parts, of all persons."""
        return frozenset().union(*(person.numbers for person in self.persons))

    @property
    def decided(self) -> bool:
        return self.last.result is not None and self.last.result.word != "transferred"


@dataclass(slots=True)
class Figures:
    """One row of the tally. pending: of those received in this row, not decided yet anywhere."""

    received: int = 0
    decided: int = 0
    verdicts: int = 0
    convicted: int = 0
    acquitted: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """Every case of the world at one visit."""

    cases: tuple[TrueCase, ...]
    registrations: tuple[Registration, ...] = field(repr=False)

    @classmethod
    def of(cls, registrations: Iterable[Registration]) -> Truth:
        held = tuple(registrations)
        chains: dict[str, list[Registration]] = defaultdict(list)
        for registration in held:
            if registration.register == FIRST:
                chains[registration.origin or registration.uid].append(registration)
        ordered = (tuple(sorted(chain, key=lambda entry: entry.received)) for chain in chains.values())
        return cls(tuple(map(TrueCase, ordered)), held)

    def tally(self, by: Sequence[str] = ("month", "article", "court")) -> dict[tuple[str, ...], Figures]:
        """The figures by any of month (`2025-04`), article (`337`), court (code); `()` is the one total."""
        rows: dict[tuple[str, ...], Figures] = defaultdict(Figures)
        if not by:
            rows[()] = Figures()
        for case in self.cases:
            for key in _keys(by, case.first, case.first.received, case.articles):
                rows[key].received += 1
                rows[key].pending += not case.decided
            if case.decided:
                for key in _keys(by, case.last, case.last.decided, case.articles):
                    rows[key].decided += 1
            for person in case.persons:
                word = person.result.word if person.result else None
                if word in DIRECTIONS:
                    for key in _keys(by, case.last, person.decided, person.numbers):
                        rows[key].verdicts += 1
                        rows[key].convicted += word == "convicted"
                        rows[key].acquitted += word == "acquitted"
        return dict(rows)

    def total(self, articles: Collection[str] = AWOL, months: Collection[str] | None = None) -> Figures:
        """One row over all courts, for what an article states: a case or a person counts once, whatever it holds of them."""
        kept = Figures()
        for case in self.cases:
            if case.articles & set(articles):
                received = months is None or f"{case.first.received:%Y-%m}" in months
                kept.received += received
                kept.pending += received and not case.decided
                kept.decided += case.decided and (months is None or f"{case.last.decided:%Y-%m}" in months)
            for person in case.persons:
                word = person.result.word if person.result else None
                if word not in DIRECTIONS or not person.numbers & set(articles):
                    continue
                if months is None or f"{person.decided:%Y-%m}" in months:
                    kept.verdicts += 1
                    kept.convicted += word == "convicted"
                    kept.acquitted += word == "acquitted"
        return kept


def _keys(by: Sequence[str], entry: Registration, day: object, articles: Collection[str]) -> Iterable[tuple[str, ...]]:
    """The rows a case or person belongs to: one, or one for each article."""
    if day is None:
        return
    for article in sorted(articles) if "article" in by else ("",):
        known = {"month": f"{day:%Y-%m}", "article": article, "court": entry.court.code}
        yield tuple(known[part] for part in by)
