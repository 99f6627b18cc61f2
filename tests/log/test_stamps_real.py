"""Other people's tokens and proofs: our verdicts are those of openssl, and of the format."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import ots, stamps
from archive.errors import BadStamp

pytestmark = pytest.mark.real
BITCOIN, PENDING = "bitcoin", "pending"
PROOFS = {
    "bad-stamp.txt.ots": [BITCOIN], "bitcoin.pdf.ots": [BITCOIN], "empty.ots": [BITCOIN], "gdp2q25-2nd.pdf.ots": [BITCOIN],
    "different-blockchains.txt.ots": [PENDING, "ethereum", PENDING, BITCOIN], "hello-world.txt.ots": [BITCOIN],
    "incomplete.txt.ots": [PENDING], "known-and-unknown-notary.txt.ots": [PENDING, "unknown"],
    "merkle1.txt.ots": [PENDING, PENDING], "merkle2.txt.ots": [PENDING, PENDING], "merkle3.txt.ots": [PENDING, PENDING],
    "two-calendars.txt.ots": [PENDING, PENDING], "unknown-notary.txt.ots": ["unknown"],
    "a-or-b.ots": [PENDING, BITCOIN, PENDING, PENDING],
}  # fmt: skip
REFUSED = {
    "bad-major-version.ots": "version", "exceeds-max-msg-length.ots": "a message of", "invalid-file-digest-type.ots": "unknown hash",
}  # fmt: skip


def ours(reply: bytes, digest: bytes, roots: bytes, at: datetime | None) -> bool:
    """Does a token hold, and over this digest?"""
    try:
        token = stamps.opened(reply)
        if token.imprint != digest:
            return False
        stamps.checked(reply, token, stamps.certificates(roots), at=at)
    except BadStamp:
        return False
    return True


def openssls(reply: Path, digest: bytes, roots: Path, at: datetime | None) -> bool:
    command = ["openssl", "ts", "-verify", "-in", reply, "-digest", digest.hex(), "-CAfile", roots]
    if at is not None:
        command += ["-attime", str(int(at.timestamp()))]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_tokens_have_the_verdict_of_openssl(realdata: Path) -> None:
    """Every answer, over its own digest and another, by every chain, when it was signed, today and in twenty years."""
    folder = realdata / "hostile" / "evidence"
    replies = [path for path in sorted(folder.glob("tsa-*/**/*")) if path.suffix in (".tsr", "") and path.is_file()]
    chains = sorted([*folder.glob("tsa-*/**/*chain.pem"), *folder.glob("authsign/*.pem")])
    differ, held = [], 0
    for reply in replies:
        octets = reply.read_bytes()
        try:
            token = stamps.opened(octets)
        except BadStamp:
            digest, when = bytes(32), datetime(2025, 1, 1, tzinfo=UTC)
        else:
            digest, when = token.imprint, token.at
        other = bytes([digest[0] ^ 1]) + digest[1:]
        for chain in chains:
            for at in (when, datetime.now(UTC), when.replace(year=2046)):
                for each in (digest, other):
                    mine, theirs = ours(octets, each, chain.read_bytes(), at), openssls(reply, each, chain, at)
                    held += mine
                    if mine != theirs:
                        differ.append((reply.name, chain.parent.name, at, each == digest, mine, theirs))

    assert [] == differ
    assert held >= 8


def test_proofs_lead_where_they_lead(realdata: Path) -> None:
    """17 files: 14 are read, written again octet by octet, and lead to what they are known for; 3 are refused, with the reason."""
    folder = realdata / "hostile" / "evidence" / "ots"
    found, refused = {}, {}
    for path in sorted(folder.rglob("*.ots")):
        octets = path.read_bytes()
        try:
            proof = ots.Proof.parse(octets)
        except BadStamp as exc:
            refused[path.name] = str(exc)
            continue
        assert octets == bytes(proof), path.name
        stamped = path.with_suffix("")
        if stamped.is_file():
            assert proof.digest == hashlib.new(proof.hash, stamped.read_bytes(), usedforsecurity=False).digest(), path.name
        found[path.name] = [each.kind for each in proof.paths]

    assert PROOFS == found
    assert REFUSED.keys() == refused.keys()
    assert [] == [name for name, why in REFUSED.items() if why not in refused[name]]
