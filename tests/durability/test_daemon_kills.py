"""C1: the daemon, killed with SIGKILL at random moments while courts are read, orders done, notices carried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Loop = Callable[..., dict[str, Any]]


def test_10_kills_of_the_daemon(loop: Loop, seed: int) -> None:
    """What was answered is kept and read, every decision is kept once, every notice comes, every start succeeds."""
    found = loop("daemon_loop.py", 10, seed)

    assert ([], 0) == (found["faults"], found["fault count"])
    assert found["acknowledged"] > 0 and found["notices"] > 0 and found["killed at work"] == 10


@pytest.mark.full
@pytest.mark.parametrize("part", range(4))
def test_1000_kills_of_the_daemon(loop: Loop, seed: int, part: int) -> None:
    """The long form, in four parts that may run beside each other."""
    found = loop("daemon_loop.py", 250, seed)

    assert ([], 0) == (found["faults"], found["fault count"])
    assert found["killed at work"] == 250 and found["notices"] > 0


def test_a_disk_that_holds_octets_back_is_found_under_a_daemon(loop: Loop, seed: int) -> None:
    """The mutant: rows are entered while their octets are on their way. A few kills tell."""
    assert loop("daemon_loop.py", 20, seed, "lazy")["fault count"] > 0
