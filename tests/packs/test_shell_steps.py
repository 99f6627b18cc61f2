"""With a shell, openssl and a few tools a stranger checks a pack without us, and finds what was tampered with."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.packs.shell import Steps, bare, tools
from tests.packs.tamper import drawn, tamper
from tests.packs.world import World, build

CHECKED = ["1", "2", "3", "5", "6", "8", "11", "12", "13", "14", "15", "16"]


@pytest.fixture
def stranger(world: World, tmp_path: Path) -> Steps:
    return Steps(bare(tmp_path / "bin"), world.key, str(world.roots))


def missed(
    packs: list[Path], place: Path, stranger: Steps, edits: list[tuple[str, int]]
) -> list[tuple[str, int, str, list[str]]]:
    found = []
    for kind, seed in edits:
        copy = place / "copy"
        shutil.copytree(packs[seed % len(packs)], copy)
        named = tamper(copy, kind, seed)
        status, lines = stranger.run(copy)
        wanted = f"FAIL {named.shell_check} {named.shell_subject}"
        if status != 4 or wanted not in lines:
            found.append((kind, seed, wanted, lines))
        shutil.rmtree(copy)
    return found


def test_the_readme_names_what_its_steps_need() -> None:
    """Nothing that a plain system lacks: the five tools, and those of POSIX."""
    posix = {"sh", "awk", "sed", "head", "tail", "sort", "find", "cmp", "wc", "cat", "mkdir", "rm"}

    assert {"openssl", "sha256sum", "xxd", "base64", "gzip"} | posix == set(tools())


def test_a_good_pack_passes_every_step(packs: list[Path], stranger: Steps) -> None:
    """Twelve numbers pass, and what the steps do not check is said."""
    status, lines = stranger.run(packs[2])

    assert (0, [f"PASS {number}" for number in CHECKED]) == (status, lines[:-1])
    assert lines[-1].startswith("NOT CHECKED 4 7 9 10 17")


def test_without_a_key_that_is_said(packs: list[Path], stranger: Steps) -> None:
    """The key in the pack is taken, and it is said so; no token is called checked."""
    status, lines = Steps(stranger.path, "", "").run(packs[1])

    assert 0 == status
    assert [line for line in lines if line.startswith(("NOT CHECKED 13 log/vkey", "NOT CHECKED 15 tokens"))] == lines[-3:-1]


def test_six_tampered_packs_are_named(packs: list[Path], place: Path, stranger: Steps) -> None:
    """Kinds drawn anew each time."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    kinds = random.Random(first).sample(drawn(200, first), 6)

    assert [] == missed(packs, place, stranger, kinds)


@pytest.mark.full
def test_200_tampered_packs_are_named_and_20_good_ones_pass_by_the_shell_alone(place: Path, tmp_path: Path) -> None:
    """The long form."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    world = build(place / "world", 20)
    packs = [world.pack(case, world.folder / f"pack-{case}") for case in range(1, 21)]
    stranger = Steps(bare(tmp_path / "bin"), world.key, str(world.roots))

    assert [(0, [f"PASS {number}" for number in CHECKED])] * 20 == [
        (status, lines[:-1]) for status, lines in map(stranger.run, packs)
    ]
    assert [] == missed(packs, place, stranger, drawn(200, first))
