"""The second verifier's tree, tokens and proofs against other people's vectors and openssl."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.log.test_stamps_real import PROOFS, REFUSED, openssls
from tests.log.test_tree import TESSERA
from tests.verifier.second import asked

pytestmark = pytest.mark.real


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def test_other_peoples_proofs_in_node(realdata: Path) -> None:
    """196 inclusion and consistency proofs, good and bad, each with its verdict."""
    folder = realdata / "hostile" / "evidence" / "merkle"
    paths = sorted([*folder.glob("inclusion/**/*.json"), *folder.glob("consistency/**/*.json")])
    questions, wanted = [], []
    for path in paths:
        v = json.loads(path.read_bytes())
        wanted.append((path.name, not v["wantErr"]))
        if "leafIdx" in v:
            questions.append(("includes", v["leafHash"], str(v["leafIdx"]), str(v["treeSize"]), v["proof"] or [], v["root"]))
        else:
            questions.append(("extends", str(v["size1"]), str(v["size2"]), v["proof"] or [], v["root1"], v["root2"]))

    assert wanted == [(path.name, answer["is"]) for path, answer in zip(paths, asked(questions), strict=True)]
    assert 196 == len(wanted)
    assert {True, False} == {holds for _, holds in wanted}


def test_another_log_in_node(realdata: Path) -> None:
    """The tessera log: 15 checkpoints with the roots of their tiles, 120 inclusions, 105 consistent pairs."""
    folder = realdata / "hostile" / "evidence" / "tessera-log"
    (answer,) = asked([("log", str(folder), TESSERA, 15)])

    assert {"roots": 15, "leaves": 120, "pairs": 105, "sizes": list(range(1, 16))} == answer["is"]


def test_tokens_in_node_have_the_verdict_of_openssl(realdata: Path) -> None:
    """Every answer, over its own digest and another, by every chain, when it was signed, today and in twenty years."""
    folder = realdata / "hostile" / "evidence"
    replies = [path for path in sorted(folder.glob("tsa-*/**/*")) if path.suffix in (".tsr", "") and path.is_file()]
    chains = sorted([*folder.glob("tsa-*/**/*chain.pem"), *folder.glob("authsign/*.pem")])
    opened = asked([("token", b64(reply.read_bytes())) for reply in replies])
    questions, table = [], []
    for reply, token in zip(replies, opened, strict=True):
        said = token.get("is", {"imprint": "00" * 32, "at": "2025-01-01T00:00:00.000000Z"})
        digest, when = bytes.fromhex(said["imprint"]), datetime.fromisoformat(said["at"])
        for chain in chains:
            for at in (when, datetime.now(UTC), when.replace(year=2046)):
                for each in (digest, bytes([digest[0] ^ 1]) + digest[1:]):
                    spelled = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
                    questions.append(("holds", b64(reply.read_bytes()), b64(each), b64(chain.read_bytes()), [None, spelled]))
                    table.append((reply.name, chain.parent.name, spelled, each == digest, openssls(reply, each, chain, at)))
    ours = ["is" in answer for answer in asked(questions)]

    assert [] == [(row, mine) for row, mine in zip(table, ours, strict=True) if row[-1] != mine]
    assert sum(ours) >= 8


def test_timestamps_in_node_lead_where_they_lead(realdata: Path) -> None:
    """17 OpenTimestamps files: 14 lead to what they are known for, 3 are refused with the reason."""
    paths = sorted((realdata / "hostile" / "evidence" / "ots").rglob("*.ots"))
    answers = dict(zip(paths, asked([("ots", b64(path.read_bytes())) for path in paths]), strict=True))
    found = {path.name: answer["is"] for path, answer in answers.items() if "is" in answer}

    assert PROOFS == {name: said["kinds"] for name, said in found.items()}
    for path in paths:
        if path.name in found and (stamped := path.with_suffix("")).is_file():
            said = found[path.name]
            assert said["digest"] == hashlib.new(said["hash"], stamped.read_bytes(), usedforsecurity=False).hexdigest()
    refused = {path.name: answer["refused"] for path, answer in answers.items() if "refused" in answer}
    assert REFUSED.keys() == refused.keys()
    assert [] == [name for name, why in REFUSED.items() if why not in refused[name]]
