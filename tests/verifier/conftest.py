"""The second verifier with one line of it changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verifier.second import VERIFIER

FAIL = "  fail(number, subject, detail) {\n"
FREE = "const FREE = 1 << 30;"
Other = Callable[[str, str], Path]


@pytest.fixture
def other(tmp_path: Path) -> Other:
    """A copy of the verifier in which one piece of text, which is there once, is another."""

    def made(old: str, new: str) -> Path:
        source = VERIFIER.read_text("utf-8")
        assert source.count(old) == 1
        mutant = tmp_path / "verify.mjs"
        mutant.write_text(source.replace(old, new), "utf-8")
        return mutant

    return made


@pytest.fixture
def blind(other: Other) -> Callable[[int], Path]:
    """A copy whose check of this number says NOT CHECKED, with its subject, where it should say FAIL."""
    return lambda number: other(
        FAIL, f'{FAIL}    if (number === {number}) return this.skip(number, subject, "it looks away");\n'
    )
