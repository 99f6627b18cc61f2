"""C1: the whole command, killed with SIGKILL at random moments under load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Loop = Callable[..., dict[str, Any]]


def test_10_kills_of_the_whole_command(loop: Loop, seed: int) -> None:
    """What a printed line acknowledged is kept and read; no row dangles, no value is doubled, verify has no FAIL."""
    found = loop("kill_loop.py", 10, seed)

    assert ([], 0) == (found["faults"], found["fault count"])
    assert found["acknowledged"] > 0 and found["killed at work"] == 10


@pytest.mark.full
@pytest.mark.parametrize("part", range(2))
def test_1000_kills_of_the_whole_command(loop: Loop, seed: int, part: int) -> None:
    """The long form, in two parts that may run beside each other."""
    found = loop("kill_loop.py", 500, seed)

    assert ([], 0) == (found["faults"], found["fault count"])
    assert found["killed at work"] == 500
    assert found["acknowledged"] > 500


def test_a_disk_that_holds_octets_back_is_found(loop: Loop, seed: int) -> None:
    """The mutant: rows are entered while their octets are on their way. A few kills tell."""
    assert loop("kill_loop.py", 20, seed, "lazy")["fault count"] > 0
