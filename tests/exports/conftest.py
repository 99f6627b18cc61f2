"""The small invented court world of the ledger's tests, for what goes out of it; keys lie where the test says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.conftest import book, world

__all__ = ["book", "world"]


@pytest.fixture(autouse=True)
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test leaves a key among those of the person who runs it."""
    monkeypatch.setenv("KARTOTEKA_KEYS", str(tmp_path / "keyring"))
    return tmp_path / "keyring"
