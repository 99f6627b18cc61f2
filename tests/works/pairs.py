"""Clusters of addresses with known truth: which pairs are one work, and how a grouping stands to that."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Forms of one article, as the hand-made clusters call them; reports, reprints, paraphrases and others' translations are none.
FORMS = (
    "original", "canonical", "mirror", "amp", "publisher_english", "alias", "successor", "same article", "broken url", "related article",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pairs:
    """right: pairs joined that are one work. wrong: joined that are none. missed: one work, and not joined."""

    right: int
    wrong: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong)) if self.right else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + len(self.missed)) if self.right + len(self.missed) else 1.0

    def __str__(self) -> str:
        return f"precision {self.precision:.2f}, recall {self.recall:.2f} ({self.right} pairs, {len(self.missed)} missed)"


def is_form(relation: str) -> bool:
    said = relation.lower()
    return "not a duplicate" not in said and any(form in said for form in FORMS)


def counted(rows: Sequence[Mapping[str, Any]], works: Mapping[str, str]) -> Pairs:
    """rows: cluster, url and relation of each address; works: what the grouping says."""
    right, wrong, missed = 0, [], []
    for one, other in itertools.combinations(rows, 2):
        truth = one["cluster"] == other["cluster"] and is_form(one["relation"]) and is_form(other["relation"])
        said = works[one["url"]] == works[other["url"]]
        right += truth and said
        if said and not truth:
            wrong.append((one["url"], other["url"]))
        if truth and not said:
            missed.append((one["url"], other["url"]))
    return Pairs(right, tuple(wrong), tuple(missed))
