"""For each numbered check an archive that this check alone finds wrong: without it, the archive would pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.finding import CHECKS, Check, Finding, Verdict, status
from archive.keyring import Keyring
from archive.stamped import Stamping
from archive.stamps import certificates, opened, request
from archive.tiles import bundle, unbundled
from tests.log.authority import Authority
from tests.proof.careful import Told, rewritten, unlogged
from tests.proof.test_verify import (
    Found,
    a_changed_quote,
    a_newer_format,
    a_row_with_another_address,
    an_outbox_with_another_manifest,
    an_unnamed_file,
    another_compression,
    failures,
    place,
    verified,
)
from tests.proof.world import NAMES, Kept, Member


def a_field_where_it_must_not_stand(kept: Kept) -> Found:
    """A page says that it is a file's name: no digest is wrong, and all agree."""

    def record(member: Member, head: bytes, block: bytes) -> tuple[bytes, bytes]:
        ours = (member.kind, member.seq) == ("response", 8)
        return (head + b"\r\nWARC-Filename: x.warc" if ours else head), block

    rewritten(kept, record=record)
    unlogged(kept)
    return {(3, place(kept, "response", 8))}


def a_payload_digest_of_something_else(kept: Kept) -> Found:
    """The page's own record is wrong on its body, and nothing else is."""

    def record(member: Member, head: bytes, block: bytes) -> tuple[bytes, bytes]:
        if (member.kind, member.seq) == ("response", 8):
            begin = head.index(b"WARC-Payload-Digest: sha256:") + 28
            head = head[:begin] + b"0" * 64 + head[begin + 64 :]
        return head, block

    rewritten(kept, record=record)
    unlogged(kept)
    return {(4, place(kept, "response", 8))}


def two_numbers_changed(kept: Kept) -> Found:
    """Two captures have each other's number, in their manifests and in the index: they lie in another order than they came."""

    def manifest(told: Told) -> None:
        told["seq"] = {7: 8, 8: 7}.get(told["seq"], told["seq"])

    names = kept.ids()
    rewritten(kept, manifest=manifest)
    unlogged(kept)
    kept.ids = lambda: names  # type: ignore[method-assign]
    return {(6, "unverified"), (6, "last")}


def a_revisit_that_stands_for_another_page(kept: Kept) -> Found:
    """Its record, its manifest and its row agree on a page whose body it does not have."""
    other = next(capture for capture in kept.captures() if kept.ids()[capture.id] == "last").id.encode()

    def record(member: Member, head: bytes, block: bytes) -> tuple[bytes, bytes]:
        if member.kind == "revisit":
            begin = head.index(b"WARC-Refers-To: <urn:uuid:") + 26
            head = head[:begin] + other + head[begin + 36 :]
        return head, block

    def manifest(told: Told) -> None:
        if told["refers_to"]:
            told["refers_to"]["capture"] = other.decode()

    rewritten(kept, record=record, manifest=manifest)
    unlogged(kept)
    kept.sql("UPDATE captures SET refers_to = ? WHERE seq = 1", other.decode())
    return {(7, "revisit")}


def a_format_of_the_future(kept: Kept) -> Found:
    """Nothing was read of it yet, so that no ledger minds."""
    (kept.home / "ledger.sqlite").unlink()
    return a_newer_format(kept) - {(9, "ledger.sqlite")}


def a_changed_entry(kept: Kept) -> Found:
    """The log's own text of a leaf."""
    file = f"tile/entries/000.p/{len(NAMES)}"
    entries = unbundled((kept.home / "log" / file).read_bytes())
    entries[4] = entries[4].replace(b"2026-", b"2025-")
    (kept.home / "log" / file).write_bytes(bundle(entries))
    return {(11, f"log/{file}")}


def a_changed_tile(kept: Kept) -> Found:
    file = f"tile/0/000.p/{len(NAMES)}"
    octets = bytearray((kept.home / "log" / file).read_bytes())
    octets[40] ^= 1
    (kept.home / "log" / file).write_bytes(octets)
    return {(12, f"log/{file}")}


def a_changed_signature(kept: Kept) -> Found:
    path = kept.home / "log" / "checkpoint"
    text = path.read_text("utf-8")
    at = len(text) - 20
    path.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :], "utf-8")
    return {(13, "log/checkpoint")}


def an_archive_packed_anew(kept: Kept) -> Found:
    """One answer took another time, and manifests, records and rows of all captures agree; the leaves know of each."""

    def manifest(told: Told) -> None:
        told["elapsed_us"] += told["seq"] == 8

    rewritten(kept, manifest=manifest)
    return {(14, name) for name in NAMES}  # where the records lie has changed in every manifest


def a_changed_token(kept: Kept) -> Found:
    """An authority of our own has stamped the checkpoint; its token is changed."""
    keys, authority = Keyring.of(os.environ), Authority(kept.home.parent / "one", "one")
    note = (kept.home / "log" / "checkpoint").read_bytes()
    asked = request(note)
    reply = authority.reply(asked)
    stamping, folder = Stamping(kept.home, keys), f"{len(NAMES):012}"
    (keys.folder / "roots").mkdir(exist_ok=True)
    (keys.folder / "roots" / "one.pem").write_bytes(authority.roots.read_bytes())
    at = datetime.now(UTC)
    stamping.keep(f"{folder}/checkpoint", note, at)
    stamping.keep(f"{folder}/one.tsr", reply, at, token=opened(reply, certificates(authority.roots.read_bytes())))
    assert Verdict.PASS is verified(kept)[-1].outcome
    octets = bytearray(reply)
    octets[-30] ^= 1
    (stamping.folder / folder / "one.tsr").write_bytes(octets)
    return {(15, f"log/stamps/{folder}/one.tsr")}


# The golden reports: by the number of the check, the damage that it alone finds.
GOLDEN: dict[int, Callable[[Kept], Found]] = {
    1: an_unnamed_file, 2: another_compression, 3: a_field_where_it_must_not_stand, 4: a_payload_digest_of_something_else,
    5: an_outbox_with_another_manifest, 6: two_numbers_changed, 7: a_revisit_that_stands_for_another_page,
    8: a_row_with_another_address, 9: a_changed_quote, 10: a_format_of_the_future, 11: a_changed_entry, 12: a_changed_tile,
    13: a_changed_signature, 14: an_archive_packed_anew, 15: a_changed_token,
}  # fmt: skip


@pytest.fixture
def kept(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """With a keyring of its own: what it remembers of this log, and nothing of another test's stamps."""
    keys = Path(os.environ["KARTOTEKA_KEYS"])
    copy = tmp_path / "keys"
    copy.mkdir(mode=0o700)
    for path in keys.glob("*.*"):
        if path.is_file() and path.suffix in (".key", ".checkpoint"):
            (copy / path.name).write_bytes(path.read_bytes())
            (copy / path.name).chmod(0o600)
    monkeypatch.setenv("KARTOTEKA_KEYS", str(copy))
    return kept


def without(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier as it is without one of its checks: that neither fails nor passes."""
    fail, sum_ = Check.fail, Check.sum

    def failed(check: Check, subject: str, detail: str) -> Iterator[Finding]:
        yield from () if check.name == CHECKS[number - 1] else fail(check, subject, detail)

    def summed(check: Check, subject: str) -> Iterator[Finding]:
        yield from () if check.name == CHECKS[number - 1] else sum_(check, subject)

    monkeypatch.setattr(Check, "fail", failed)
    monkeypatch.setattr(Check, "sum", summed)


def test_every_number_has_its_damage() -> None:
    """None is missing."""
    assert list(range(1, len(CHECKS) + 1)) == list(GOLDEN)


@pytest.mark.parametrize("number", GOLDEN)
def test_a_check_that_is_removed_is_missed(kept: Kept, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The golden report: this check fails, on this subject, and no other one does; without it nothing fails at all."""
    expected = GOLDEN[number](kept)
    findings = verified(kept)
    assert (expected, 4) == (failures(kept, findings), status(findings))
    assert {number} == {check for check, _ in expected}

    without(number, monkeypatch)
    blind = verified(kept)
    assert (set(), 0) == (failures(kept, blind), status(blind))
    assert CHECKS[number - 1] not in {f.check for f in blind}
