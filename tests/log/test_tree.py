"""The tree of RFC 6962 against its definition, other people's vectors, and another log."""

from __future__ import annotations

import base64
import json
import random
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest

from archive import tree
from archive.note import Checkpoint, Note, Verifier
from archive.tiles import Tiles, unbundled

TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"  # realdata/hostile/README.md


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 writes it."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def grown(size: int) -> tuple[list[bytes], tree.Node]:
    leaves = [b"leaf %d" % n for n in range(size)]
    return leaves, lambda height, index: by_definition(leaves[index << height : (index + 1) << height])


def test_every_proof_of_every_small_tree_holds_and_no_other_does() -> None:
    """Inclusion of each leaf and consistency with each beginning, up to 40 leaves; one bit off anywhere, and they fail."""
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for size in range(1, 41):
        leaves, node = grown(size)
        root = by_definition(leaves)
        assert root == tree.root(size, node) == tree.over([tree.leaf_hash(leaf) for leaf in leaves])
        for index in range(size):
            path, leaf = tree.inclusion(index, size, node), tree.leaf_hash(leaves[index])
            assert tree.includes(leaf, index, size, path, root)
            assert not tree.includes(leaf, index, size, [*path, root], root)
            assert not tree.includes(leaf, (index + 1) % size, size, path, root) or size == 1
            if path:
                assert not tree.includes(leaf, index, size, flipped(chance, path), root)
        for old in range(1, size + 1):
            path, was = tree.consistency(old, size, node), by_definition(leaves[:old])
            assert tree.extends(old, size, path, was, root)
            assert not tree.extends(old, size, path, flipped(chance, [was])[0], root)
            if path:
                assert not tree.extends(old, size, flipped(chance, path), was, root)
                assert not tree.extends(old, size, path[:-1], was, root)


def flipped(chance: random.Random, path: list[bytes]) -> list[bytes]:
    at, bit = chance.randrange(len(path)), chance.randrange(256)
    changed = (int.from_bytes(path[at], "big") ^ 1 << bit).to_bytes(32, "big")
    return [*path[:at], changed, *path[at + 1 :]]


def test_what_no_tree_has_is_not_proved() -> None:
    """A leaf beyond the end, a tree that shrinks, an empty tree: refused by name."""
    _, node = grown(3)
    for act in (
        lambda: tree.inclusion(3, 3, node), lambda: tree.inclusion(-1, 3, node),
        lambda: tree.consistency(0, 3, node), lambda: tree.consistency(4, 3, node),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"leaf|cannot extend"):
            act()


@pytest.mark.real
def test_other_peoples_vectors(realdata: Path) -> None:
    """196 inclusion and consistency proofs of transparency-dev/merkle, good and bad, each with its verdict."""
    folder = realdata / "hostile" / "evidence" / "merkle"
    verdicts = []
    for path in sorted([*folder.glob("inclusion/**/*.json"), *folder.glob("consistency/**/*.json")]):
        v = json.loads(path.read_bytes())
        proof = [base64.b64decode(each) for each in v["proof"] or []]
        if "leafIdx" in v:
            told = tree.includes(
                base64.b64decode(v["leafHash"] or ""), v["leafIdx"], v["treeSize"], proof, base64.b64decode(v["root"] or "")
            )
        else:
            told = tree.extends(v["size1"], v["size2"], proof, base64.b64decode(v["root1"]), base64.b64decode(v["root2"]))
        verdicts.append((path.name, told, not v["wantErr"]))

    assert [] == [each for each in verdicts if each[1] != each[2]]
    assert 196 == len(verdicts)
    assert {True, False} == {want for _, _, want in verdicts}


@pytest.mark.real
def test_another_log(realdata: Path) -> None:
    """The tessera log: 15 signed checkpoints, their roots from its tiles, its entries, and all 105 consistency proofs."""
    folder = realdata / "hostile" / "evidence" / "tessera-log"
    key = Verifier.parse(TESSERA)
    checkpoints = []
    for n in range(1, 16):
        note = Note.parse((folder / f"checkpoint.{n}").read_bytes())
        assert note.signed_by(key)
        checkpoints.append(Checkpoint.parse(note.text))
    for each in checkpoints:
        tiles = Tiles(folder, each.size)
        assert each.root == tiles.root()
        assert tiles.hashes(0, 0) == [tree.leaf_hash(entry) for entry in tiles.entries(0)]
        for index in range(each.size):
            assert tree.includes(
                tiles.hashes(0, 0)[index], index, each.size, tree.inclusion(index, each.size, tiles.node), each.root
            )
    pairs = list(combinations(checkpoints, 2))
    proofs = [tree.consistency(a.size, b.size, Tiles(folder, b.size).node) for a, b in pairs]
    assert all(tree.extends(a.size, b.size, proof, a.root, b.root) for (a, b), proof in zip(pairs, proofs, strict=True))
    assert 105 == len(pairs)
    assert [b"one", b"two", b"three"] == unbundled((folder / "tile/entries/000.p/3").read_bytes())
