"""The second verifier's rooms, one by one, against ours and openssl: trees, canonical JSON, tokens, OpenTimestamps."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import ots, stamps, tree
from archive.errors import BadStamp
from archive.manifest import canonical, plain
from tests.log.authority import Authority
from tests.log.test_stamps_real import openssls
from tests.log.test_tree import flipped, grown
from tests.verifier.second import asked


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@pytest.fixture
def chance() -> random.Random:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return random.Random(seed)


def test_proofs_of_small_trees_hold_in_node_and_no_other_does(chance: random.Random) -> None:
    """Inclusion of leaves and consistency with beginnings, up to 24 leaves: sound ones hold, those with a bit off do not."""
    questions: list[tuple[Any, ...]] = []
    wanted = []
    for size in range(1, 25):
        leaves, node = grown(size)
        root = tree.root(size, node)
        index, old = chance.randrange(size), chance.randrange(1, size + 1)
        path, leaf = tree.inclusion(index, size, node), tree.leaf_hash(leaves[index])
        grown_by, was = tree.consistency(old, size, node), tree.root(old, node)
        for steps, holds in [(path, True), ([*path, root], False), *([(flipped(chance, path), False)] if path else [])]:
            questions.append(("includes", b64(leaf), str(index), str(size), [b64(step) for step in steps], b64(root)))
            wanted.append(holds)
        for steps, holds in [
            (grown_by, True),
            ([*grown_by, root], False),
            *([(flipped(chance, grown_by), False)] if grown_by else []),
        ]:
            questions.append(("extends", str(old), str(size), [b64(step) for step in steps], b64(was), b64(root)))
            wanted.append(holds)

    assert wanted == [answer["is"] for answer in asked(questions)]


def test_canonical_json_is_spelled_alike() -> None:
    """RFC 8785 in both languages: order of keys, escapes, numbers."""
    values: list[Any] = [
        {"b": 1, "a": [None, True, 1.5, -0.25, 2**53 - 1]}, {"\u20ac": 1, "\r": 2, "1": 3, "\u0080": 4, "ö": 5},
        {"control": "\x00\x1f\x7f\u2028\"\\/\b\f\n\r\t", "nested": {"z": {}, "y": []}}, {"text": "Вымыслов И. О. 😀"}, {"": ""},
        {"small": 0.0001, "large": 123456789012.5, "whole": 1e15},
    ]  # fmt: skip
    spelled = [canonical(plain(value)).decode() for value in values]

    assert spelled == [answer["is"] for answer in asked([("canonical", json.dumps(value)) for value in values])]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_tokens_and_their_mutants_have_the_verdict_of_openssl(tmp_path: Path, chance: random.Random, kind: str) -> None:
    """A good one; over other octets; by another root; after its end; and 20 with a bit off anywhere."""
    authority, stranger = Authority(tmp_path / "one", "one", kind, days=30), Authority(tmp_path / "two", "two")
    octets = b"what is stamped"
    reply, digest, now = authority.reply(stamps.request(octets)), hashlib.sha256(octets).digest(), datetime.now(UTC)
    cases = [(reply, digest, authority, now), (reply, bytes(32), authority, now), (reply, digest, stranger, now)]
    cases.append((reply, digest, authority, now + timedelta(days=60)))
    for _ in range(20):
        mutant = bytearray(reply)
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
        cases.append((bytes(mutant), digest, authority, now))
    questions, theirs = [], []
    for each, over, by, at in cases:
        spelled = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        questions.append(("holds", b64(each), b64(over), b64(by.roots.read_bytes()), [spelled]))
        (tmp_path / "reply").write_bytes(each)
        theirs.append(openssls(tmp_path / "reply", over, by.roots, at))
    ours = ["is" in answer for answer in asked(questions)]

    assert [True, False, False, False] == theirs[:4]
    # What openssl lets pass of a mutant (octets that nobody signed, and spellings that are not DER) the second one may refuse.
    assert theirs[:4] == ours[:4]
    assert [] == [number for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)) if mine and not other]


def proof(operations: bytes) -> bytes:
    return ots.MAGIC + b"\x01\x08" + hashlib.sha256(b"note").digest() + operations


def test_timestamps_are_read_as_we_read_them(chance: random.Random) -> None:
    """Pending, Bitcoin, forks, every operation; 300 with an octet off or cut: the same attestations, or refused by both."""
    pending = b"\x00" + ots.PENDING + b"\x15\x14https://cal.example/"
    bitcoin = b"\x00" + ots.BITCOIN + b"\x03\xf7\xef\x15"
    sound = [
        proof(pending), proof(bitcoin), proof(b"\xff" + pending + b"\xf0\x04salt\x08" + bitcoin),
        proof(b"\xf1\x02ab\xf2\xf3\x02\x03" + bitcoin), proof(b"\x67\x08" + b"\x00" + b"unknown!" + b"\x01x"),
    ]  # fmt: skip
    cases = list(sound)
    for _ in range(300):
        octets = bytearray(chance.choice(sound))
        at = chance.randrange(len(ots.MAGIC), len(octets))
        if chance.random() < 0.3:
            del octets[at:]
        else:
            octets[at] ^= 1 << chance.randrange(8)
        cases.append(bytes(octets))
    ours = []
    for octets in cases:
        try:
            read = ots.Proof.parse(octets)
            ours.append({"hash": read.hash, "digest": read.digest.hex(), "kinds": [path.kind for path in read.paths]})
        except BadStamp:
            ours.append(None)

    assert None not in ours[: len(sound)]
    assert ours == [answer.get("is") for answer in asked([("ots", b64(octets)) for octets in cases])]
