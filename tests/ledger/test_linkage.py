"""How well do rules join what no key joins? FEBRL's question, asked in Russian with invented cases."""

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest

from archive.ledger.identity import groups, official
from archive.ledger.likeness import likenesses
from tests.ledger.linkage import Record, records


def measured(held: list[Record]) -> tuple[float, float, float, float]:
    """Precision and recall of what rules join, recall with what is shown to a person, and seconds of this processor."""
    truth = {record.keys.subject: record.case for record in held}
    of_case: dict[int, list[str]] = {}
    for subject, case in sorted(truth.items()):
        of_case.setdefault(case, []).append(subject)
    pairs = {pair for subjects in of_case.values() for pair in combinations(subjects, 2)}
    keys = [record.keys for record in held]
    began = time.process_time()
    found = likenesses(keys, groups(official(keys)))
    spent = time.process_time() - began
    joined = {(each.left, each.right) for each in found if each.tier is not None}
    shown = {(each.left, each.right) for each in found}
    right = len(joined & pairs)
    return right / max(len(joined), 1), right / len(pairs), len(shown & pairs) / len(pairs), spent


@pytest.mark.parametrize("cases", [2000, pytest.param(20_000, marks=pytest.mark.full)])
def test_what_rules_join_is_one_case(cases: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a hundred links that no person looked at, ninety-nine are right; recall is printed, and most of it is automatic."""
    seed = random.randrange(2**32)
    precision, recall, shown, spent = measured(records(cases, random.Random(seed)))
    with capsys.disabled():
        print(
            f"\n{cases} cases, seed {seed}: precision {precision:.4f}, recall {recall:.3f}, with review {shown:.3f}, {spent:.1f} s"
        )
    assert precision >= 0.99
    assert recall >= 0.6


def test_rules_that_go_by_names_alone_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: without what stands against a link, and without the margin, one in fifty is wrong."""
    from archive.ledger import likeness

    monkeypatch.setattr(likeness, "_sound", lambda told: "people" in told)
    monkeypatch.setattr(likeness, "MARGIN", -100.0)
    monkeypatch.setattr(likeness, "AUTOMATIC", likeness.REVIEW)
    precision, *_ = measured(records(2000, random.Random(7)))
    assert precision < 0.99
