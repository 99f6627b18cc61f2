"""C2: one capture cycle, killed at its n-th write, sync, rename, statement or commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Loop = Callable[..., dict[str, Any]]


def test_a_kill_at_every_30th_act(loop: Loop) -> None:
    """Whenever it dies, the next opening finds all that was told, and nothing that dangles."""
    found = loop("killed_at.py", 30)

    assert [] == found["faults"]
    assert found["points"] > 5


@pytest.mark.full
def test_a_kill_at_every_act(loop: Loop) -> None:
    """The long form: every n, until the cycle has no n-th act; half of them are killed again while they recover."""
    found = loop("killed_at.py", 1)

    assert [] == found["faults"]
    assert found["points"] == found["last"] > 150
    assert found["torn"] > 0 and found["adopted"] > 0


def test_a_writer_that_tells_too_early_is_found(loop: Loop) -> None:
    """The mutant: it acknowledges what it is about to write."""
    assert loop("killed_at.py", 3, 92, "early")["fault count"] > 0
