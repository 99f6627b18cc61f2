"""What is kept of comparisons is what comparing everybody anew would give, however the registrations came and changed."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.ledger import compared, nearness
from archive.ledger.compared import SCHEMA, TABLES, Comparisons
from archive.ledger.identity import Keys, groups, official
from archive.ledger.likeness import Likeness, likenesses
from tests.ledger.linkage import records

KEYS = [record.keys for record in records(30, random.Random(20250630))]
# Many of one name, court and day: places fill up and empty.
ALIKE = [replace(KEYS[0], subject=f"reg:criminal-1:x-{n}", uids=(), numbers=(), names=("Вымыслов И.И.",)) for n in range(9)]
STEPS = st.lists(
    st.tuples(st.sampled_from([*KEYS, *ALIKE]), st.sampled_from(("come", "come", "come", "go", "change"))),
    min_size=1,
    max_size=30,
)


def opened() -> sqlite3.Connection:
    tables = sqlite3.connect(":memory:", isolation_level=None)
    tables.executescript(SCHEMA)
    return tables


def held_in(tables: sqlite3.Connection) -> list[list[tuple[str, ...]]]:
    return [sorted(tables.execute(f"SELECT * FROM {name}")) for name in TABLES]


def asked(tables: sqlite3.Connection, changed: set[str], held: dict[str, Keys]) -> list[Likeness]:
    known = sorted(held.values(), key=lambda keys: keys.subject)
    return Comparisons(tables, changed).likenesses(known, groups(official(known)))


def lived(steps: list[tuple[Keys, str]], every: int) -> None:
    tables, held, changed = opened(), dict[str, Keys](), set[str]()
    for number, (keys, act) in enumerate(steps):
        changed.add(keys.subject)
        if act == "go":
            held.pop(keys.subject, None)
        else:
            held[keys.subject] = keys if act == "come" else replace(keys, uids=(), received="2025-02-01", result="transferred")
        if number % every == 0 or number == len(steps) - 1:
            known = list(held.values())
            assert likenesses(known, groups(official(known))) == asked(tables, changed, held)
            fresh = opened()
            asked(fresh, set(), held)
            assert held_in(fresh) == held_in(tables)
            changed = set()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, every=st.integers(1, 5), crowded=st.sampled_from((2, 4, 60)))
def test_comparisons_that_are_kept_are_those_that_would_be_made(
    steps: list[tuple[Keys, str]], every: int, crowded: int
) -> None:
    """Registrations come, change and go, and places fill up: the likenesses, and all that is kept, are as if made at once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nearness, "CROWDED", crowded)
        patched.setattr(compared, "CROWDED", crowded)
        lived(steps, every)


@pytest.mark.parametrize("fault", ["_part", "_forget"])
def test_what_is_kept_too_long_is_found_out(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The mutants: pairs of a place that is crowded now, and of registrations that changed, are left as they are."""
    monkeypatch.setattr(nearness, "CROWDED", 4)
    monkeypatch.setattr(compared, "CROWDED", 4)
    steps = [(each, "come") for each in ALIKE] + [(each, "change") for each in ALIKE]
    lived(steps, 1)
    monkeypatch.setattr(Comparisons, fault, lambda *_: None)
    with pytest.raises((AssertionError, sqlite3.IntegrityError)):
        lived(steps, 1)
