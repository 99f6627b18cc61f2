"""The second verifier with one eye closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verifier.second import VERIFIER

FAIL = "  fail(number, subject, detail) {\n"


@pytest.fixture
def blind(tmp_path: Path) -> Callable[[int], Path]:
    """A copy of the verifier whose check of this number says nothing of what it finds."""

    def made(number: int) -> Path:
        source = VERIFIER.read_text("utf-8")
        assert source.count(FAIL) == 1
        mutant = tmp_path / "verify.mjs"
        mutant.write_text(source.replace(FAIL, f"{FAIL}    if (number === {number}) return;\n"), "utf-8")
        return mutant

    return made
