"""C3: every state that a power loss may leave, drawn from a trace of what a run did to the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive, Settings, Store
from tests.durability import cycle
from tests.durability.drives import Unsynced
from tests.durability.judge import faults

Loop = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("how", [(), ("torn",)])
def test_150_power_losses(loop: Loop, seed: int, how: tuple[str, ...]) -> None:
    """All that was told is there, rows and octets agree, and a torn tail is in its side file; it goes on from there."""
    found = loop("losses.py", 150, seed, *how)

    assert ([], 0) == (found["faults"], found["bad"])
    assert found["states"] == 150


@pytest.mark.full
@pytest.mark.parametrize("how", [(), ("torn",)])
@pytest.mark.parametrize("part", range(5))
def test_10000_power_losses(loop: Loop, seed: int, how: tuple[str, ...], part: int) -> None:
    """The long form: ten runs, a thousand states of each, in five of which recovery itself loses power."""
    found = loop("losses.py", 1000, seed, *how)

    assert ([], 0) == (found["faults"], found["bad"])
    assert found["states"] == 1000


@pytest.mark.parametrize("mutant", ["no-sync", "no-folder-sync", "first-told"])
def test_a_writer_that_forgets_is_found(loop: Loop, seed: int, mutant: str) -> None:
    """Without the sync of the WARC file, without that of its folder, or with rows before octets: many states are bad."""
    found = loop("losses.py", 25, seed, mutant)

    assert found["bad"] > found["states"] / 10


def test_a_hole_in_a_new_file_that_has_no_rows(place: Path) -> None:
    """The power went before the first sync of a new file and sectors of it are zeros: what follows the hole is its tail."""
    home = place / "home"
    settings = Settings(floor=0, rotate=cycle.ROTATE)
    visits = list(cycle.mixed(5, 8))
    with Store.open(home, disk=Unsynced(), settings=settings) as store:
        kept = [capture for visit in visits[:-1] for capture in store.keep(visit).result(30).captures]
    (home / "index.sqlite").rename(place / "index.before")
    (home / "index.sqlite").write_bytes((place / "index.before").read_bytes())
    before = set((home / "warc").iterdir())
    with Store.open(home, disk=Unsynced(), settings=Settings(floor=0, rotate=1)) as store:
        store.keep(visits[-1]).result(30)
    (new,) = set((home / "warc").iterdir()) - before
    octets = bytearray(new.read_bytes())
    octets[512:1024] = bytes(512)
    new.write_bytes(octets)
    (home / "index.sqlite").write_bytes((place / "index.before").read_bytes())

    with Store.open(home, disk=Unsynced(), settings=settings) as store:
        aside = store.recovery.aside
    with Archive.open(home) as archive:
        assert kept == list(archive.captures())[: len(kept)]
    assert [] == faults(home)
    assert any(path.read_bytes() and bytes(octets).endswith(path.read_bytes()) for path in aside)
