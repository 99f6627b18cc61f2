"""The invented court, open to every test of this room."""

from __future__ import annotations

import pytest

from tests.sudrf.invented import Site


@pytest.fixture
def site() -> Site:
    return Site()
