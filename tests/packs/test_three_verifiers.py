"""Good packs pass and tampered ones fail with the line of what was done: by us, by the second verifier, by a shell alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
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


def wrong_of_tampered(
    judges: Judges, packs: list[Path], place: Path, cases: list[tuple[str, int]]
) -> list[tuple[str, int, str]]:
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


# What a shell would run or trip over, where a number should be.
HOSTILE = ["a[$(touch ran)]", "$(touch ran)", "`touch ran`", "1; touch ran", "", "-1", "0x1", "9" * 40, "08", "*", "9 9"]


def hostile_numbers(pack: Path, text: str) -> None:
    """In the checkpoint, in `members`, in a record's head and in `pack.json`."""
    lines = (pack / "log" / "checkpoint").read_text("utf-8").split("\n")
    (pack / "log" / "checkpoint").write_text("\n".join([lines[0], text, *lines[2:]]), "utf-8")
    rows = [line.split("\t") for line in (pack / "members").read_text().splitlines()]
    rows[0][1], rows[1][2], rows[2][4] = text, text, text
    file = pack / "warc" / rows[3][0]
    at, length = int(rows[3][1]), int(rows[3][2])
    octets = file.read_bytes()
    record = gzip.decompress(octets[at : at + length])
    new = gzip.compress(re.sub(rb"Content-Length: \d+", b"Content-Length: " + text.encode(), record, count=1), mtime=0)
    file.write_bytes(octets[:at] + new + octets[at + length :])
    rows[3][2:4] = [str(len(new)), hashlib.sha256(new).hexdigest()]
    (pack / "members").write_text("".join("\t".join(row) + "\n" for row in rows))
    said = (pack / "pack.json").read_text("utf-8")
    (pack / "pack.json").write_text(re.sub(r'"stamped":\[', lambda _: f'"stamped":[{json.dumps(text)},', said), "utf-8")


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_text_where_a_number_should_be_runs_nothing(
    world: World, packs: list[Path], place: Path, tmp_path: Path, shell: str
) -> None:
    """The steps go to their end in either shell and FAIL; a command in the pack's text is text. Three of the eleven, drawn anew."""
    stranger = Judges.of(world, tmp_path / "bin").stranger
    chance, found = random.Random(first_seed()), shutil.which(shell)
    assert found is not None, f"{shell} is not on this machine"
    (stranger.path / "sh").unlink()
    (stranger.path / "sh").symlink_to(found)
    (stranger.path / "touch").symlink_to(shutil.which("touch") or "/bin/touch")
    for number, text in enumerate(chance.sample(HOSTILE[3:], 2) + HOSTILE[:1]):
        copy = place / f"hostile-{number}"
        shutil.copytree(packs[0], copy)
        hostile_numbers(copy, text)
        lines = by_shell(copy, stranger)

        assert not (copy / "ran").exists(), text
        assert {(13, "log/checkpoint"), (1, "members line 1"), (1, "members line 2"), (1, "members line 3")} <= lines, text
