"""Good packs pass and tampered ones fail with the line of what was done: by us, by the second verifier, by a shell alone."""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.note import Verifier
from archive.packcheck import Trust
from archive.stamps import certificates
from tests.packs.shell import Steps, bare
from tests.packs.tamper import KINDS, drawn, tamper
from tests.packs.verifiers import Lines, by_node, by_python, by_shell
from tests.packs.world import World, build


@dataclass(frozen=True, slots=True)
class Judges:
    """The three, each with the key and the roots that they have from elsewhere."""

    trust: Trust
    stranger: Steps

    @classmethod
    def of(cls, world: World, tools: Path) -> Judges:
        trust = Trust(Verifier.parse(world.key), "that the test gave", certificates(world.roots.read_bytes()))
        return cls(trust, Steps(bare(tools), world.key, str(world.roots)))

    def lines(self, pack: Path) -> dict[str, Lines]:
        """What each of them says FAILs."""
        key, roots = self.stranger.key, self.stranger.roots
        return {
            "python": by_python(pack, self.trust), "node": by_node(pack, key, roots), "shell": by_shell(pack, self.stranger),
        }  # fmt: skip


def wrong_of_good(judges: Judges, packs: list[Path]) -> list[tuple[str, str, Lines]]:
    """What any of the three says of packs that nobody touched."""
    return [(pack.name, who, lines) for pack in packs for who, lines in judges.lines(pack).items() if lines]


def wrong_of_tampered(judges: Judges, packs: list[Path], place: Path, cases: list[tuple[str, int]]) -> list[tuple[str, int, str]]:
    """Who did not name what was done to which pack. Two at a time: most of it is a shell's work."""

    def missed(case: tuple[str, int]) -> list[tuple[str, int, str]]:
        kind, seed = case
        copy = place / f"{kind}-{seed}"
        shutil.copytree(packs[seed % len(packs)], copy)
        named = tamper(copy, kind, seed)
        deep, by_steps = (named.check, named.subject), (named.shell_check, named.shell_subject)
        found = judges.lines(copy)
        shutil.rmtree(copy)
        return [(kind, seed, who) for who, lines in found.items() if (by_steps if who == "shell" else deep) not in lines]

    with ThreadPoolExecutor(2) as pool:
        return [row for rows in pool.map(missed, cases) for row in rows]


def first_seed() -> int:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return seed


def test_three_good_packs_and_20_tampered_ones(world: World, packs: list[Path], place: Path, tmp_path: Path) -> None:
    """The fast form: kinds are drawn anew each time, no kind twice."""
    judges, first = Judges.of(world, tmp_path / "bin"), first_seed()
    kinds = random.Random(first).sample(sorted(KINDS), 20)

    assert [] == wrong_of_good(judges, packs[:3])
    assert [] == wrong_of_tampered(judges, packs, place, [(kind, first + at) for at, kind in enumerate(kinds)])


@pytest.mark.full
def test_20_good_packs_and_200_tampered_ones(place: Path, tmp_path: Path) -> None:
    """The long form: 20 cases, each with its pack; every kind twice or three times."""
    world = build(place / "world", 20)
    packs = [world.pack(case, place / f"pack-{case}") for case in range(1, 21)]
    judges, first = Judges.of(world, tmp_path / "bin"), first_seed()

    assert [] == wrong_of_good(judges, packs)
    assert [] == wrong_of_tampered(judges, packs, place, drawn(200, first))
