"""Good packs pass and tampered ones fail with the line of what was done: by us, by the second verifier, by a shell alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.packs.tamper import KINDS, drawn, tamper
from tests.packs.verifiers import by_node, by_python, by_shell, tools
from tests.packs.world import World, build

Row = tuple[str, int, str]  # kind, seed, who missed it


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    """A small court, logged and stamped, and a pack of each of its cases."""
    world = build(folder / "world")
    for case in range(1, world.cases + 1):
        world.pack(case, folder / f"pack-{case}")
    return world


@pytest.fixture(scope="module")
def path(folder: Path) -> Path:
    return tools(folder / "tools")


def first_seed() -> int:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return seed


def wrong_of_good(world: World, packs: list[Path], path: Path) -> list[tuple[str, object]]:
    """What any of the three says of packs that nobody touched."""
    said: list[tuple[str, object]] = []
    for pack in packs:
        said += [
            (pack.name, each)
            for each in (by_python(pack, world), by_node(pack, world), by_shell(pack, world, path, pack / "README.txt"))
            if each
        ]
    return said


def wrong_of_tampered(world: World, folder: Path, path: Path, cases: list[tuple[str, int]]) -> list[Row]:
    """Who did not name what was done to which pack."""
    missed: list[Row] = []
    for kind, seed in cases:
        sound, copy = folder / f"pack-{seed % world.cases + 1}", folder / "tampered"
        shutil.copytree(sound, copy)
        named = tamper(copy, kind, seed)
        if (named.check, named.subject) not in by_python(copy, world):
            missed.append((kind, seed, "python"))
        if (named.check, named.subject) not in by_node(copy, world):
            missed.append((kind, seed, "node"))
        if (named.shell_check, named.shell_subject) not in by_shell(copy, world, path, sound / "README.txt"):
            missed.append((kind, seed, "shell"))
        shutil.rmtree(copy)
    return missed


def test_three_good_packs_and_20_tampered_ones(world: World, folder: Path, path: Path) -> None:
    """The fast form: kinds are drawn anew each time, no kind twice."""
    first = first_seed()
    assert [] == wrong_of_good(world, [folder / f"pack-{case}" for case in (1, 2, 3)], path)

    kinds = random.Random(first).sample(sorted(KINDS), 20)
    assert [] == wrong_of_tampered(world, folder, path, [(kind, first + at) for at, kind in enumerate(kinds)])


@pytest.mark.full
def test_20_good_packs_and_200_tampered_ones(folder: Path, path: Path) -> None:
    """The long form: 20 cases, each with its pack; every kind twice or three times."""
    world = build(folder / "large", 20)
    (folder / "packs").mkdir()
    packs = [world.pack(case, folder / "packs" / f"pack-{case}") for case in range(1, 21)]
    first = first_seed()

    assert [] == wrong_of_good(world, packs, path)
    assert [] == wrong_of_tampered(world, folder / "packs", path, drawn(200, first))
