"""Damage of every kind is found, under the right number and with the right subject; and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archive import manifest, quotes, verify
from archive.errors import NotFound
from archive.finding import CHECKS, Check, Finding, Verdict, status
from archive.keyring import Keyring
from archive.store import Archive
from archive.verify import manifests, octets, plain, rows, scene
from tests.proof.world import NAMES, Kept, Member, build

Found = set[tuple[int, str]]


def failures(kept: Kept, findings: Iterable[Finding] | None = None) -> Found:
    """(number of the check, subject), captures and members by the names they have here."""
    names = kept.ids()
    failed = [f for f in (verified(kept) if findings is None else findings) if f.outcome is Verdict.FAIL]
    subjects = [f.subject.removeprefix("capture ") for f in failed]
    return {(int(f.check.partition(" ")[0]), names.get(subject, subject)) for f, subject in zip(failed, subjects, strict=True)}


def verified(kept: Kept, *ids: str) -> list[Finding]:
    """By a machine that remembers what it signed."""
    return list(verify.verify(kept.home, ids, keys=Keyring.of(os.environ)))


def place(kept: Kept, kind: str, seq: int | None = None) -> str:
    return kept.at(kept.member(kind, seq))


def flip(kept: Kept, member: Member, index: int | None = None) -> None:
    octets = bytearray(kept.file.read_bytes())
    octets[member.offset + (len(member.octets) // 2 if index is None else index)] ^= 0x40
    kept.file.write_bytes(octets)


def recompressed(member: Member, old: bytes, new: bytes) -> Member:
    text = gzip.decompress(member.octets)
    assert old in text
    return Member(member.offset, gzip.compress(text.replace(old, new), mtime=0), member.kind, member.seq)


def swapped(kept: Kept, changed: Member) -> list[Member]:
    return [changed if member.offset == changed.offset else member for member in kept.members()]


# Damage -------------------------------------------------------------------------------------------------------------


def an_unnamed_file(kept: Kept) -> Found:
    shutil.copy(kept.file, kept.warc / "planted.warc.gz")
    return {(1, "planted.warc.gz")}


def no_index(kept: Kept) -> Found:
    names = kept.ids()
    for path in kept.home.glob("index.sqlite*"):
        path.unlink()
    kept.ids = lambda: names  # type: ignore[method-assign]
    return {(1, "index.sqlite"), *((14, f"log leaf {n}") for n in range(len(NAMES)))}


def a_cut(kept: Kept) -> Found:
    """The last member loses its end."""
    last = kept.members()[-1]
    kept.file.write_bytes(kept.file.read_bytes()[:-9])
    return {(2, kept.at(last))}


def a_cut_at_a_record(kept: Kept) -> Found:
    last = kept.members()[-1]
    kept.file.write_bytes(kept.file.read_bytes()[: last.offset])
    return {(2, kept.at(last)), (5, place(kept, "request", 8)), (5, place(kept, "response", 8)), (6, "last"), (8, "last")}


def trailing_garbage(kept: Kept) -> Found:
    end = kept.file.stat().st_size
    kept.file.write_bytes(kept.file.read_bytes() + b"not a gzip member")
    return {(2, f"{kept.file.name} at {end}")}


def one_member_for_all(kept: Kept) -> Found:
    """The same octets, but in one gzip member: no single record can be taken out and checked."""
    kept.file.write_bytes(gzip.compress(gzip.decompress(kept.file.read_bytes()), mtime=0))
    return {(2, kept.at(kept.members()[0]))}


def another_compression(kept: Kept) -> Found:
    """Every record says the same, and a member is another one."""
    member = kept.member("warcinfo")
    octets = bytearray(kept.file.read_bytes())
    octets[9] ^= 1  # the operating system's octet (RFC 1952, 2.3.1): no reader minds
    kept.file.write_bytes(octets)
    return {(2, kept.at(member))}


def a_changed_block(kept: Kept) -> Found:
    """A page is changed, and the index is made to agree with the new member."""
    member = kept.member("response", 8)
    kept.rewrite(swapped(kept, recompressed(member, b"<p>the last one</p>", b"<p>the LAST one</p>")))
    return {(3, kept.at(member)), (4, kept.at(member)), (4, "last"), (5, "last"), (8, "last")}


def a_changed_block_with_its_digest(kept: Kept) -> Found:
    """The record is consistent in itself: only manifest and index still know."""
    member = kept.member("octets")
    text = gzip.decompress(member.octets)
    head, _, block = text.partition(b"\r\n\r\n")
    block = block.removesuffix(b"\r\n\r\n")
    new = block.replace(b"SSH-2.0", b"SSH-9.9")
    head = head.replace(hashlib.sha256(block).hexdigest().encode(), hashlib.sha256(new).hexdigest().encode())
    octets = gzip.compress(head + b"\r\n\r\n" + new + b"\r\n\r\n", 0, mtime=0)  # never of the old length
    kept.rewrite(swapped(kept, Member(member.offset, octets, member.kind, member.seq)))
    moved = shifted(kept, 5) if len(octets) != len(member.octets) else set()  # another compressor, mostly another length
    return {(5, "octets"), (8, "octets"), *moved}


def shifted(kept: Kept, after: int) -> Found:
    """What a member of another length does to the captures behind it: their manifests say where they lay."""
    names = [name for seq, name in enumerate(NAMES) if seq > after]
    return {(5, name) for name in names} | {(8, name) for name in names if name != "refused"} | loose(kept, after)


def loose(kept: Kept, after: int) -> Found:
    found = set()
    for member in kept.members():
        if member.seq is not None and member.seq > after and member.kind not in ("manifest", "chain"):
            found.add((5, kept.at(member)))
    return found


def an_inserted_record(kept: Kept) -> Found:
    """One more record, well made, and entered into the index."""
    text = gzip.decompress(kept.member("surplus").octets)
    own = text.partition(b"WARC-Record-ID: ")[2].partition(b"\r\n")[0]
    new = b"<urn:uuid:00000000-0000-4000-8000-00000000000a>"
    octets = gzip.compress(text.replace(own, new), mtime=0)
    end = kept.file.stat().st_size
    kept.rewrite([*kept.members(), Member(end, octets, "surplus", 8)])
    return {(5, f"{kept.file.name} at {end}")}


def an_inserted_record_without_a_row(kept: Kept) -> Found:
    end = kept.file.stat().st_size
    text = gzip.decompress(kept.member("warcinfo").octets)
    own = text.partition(b"WARC-Record-ID: ")[2].partition(b"\r\n")[0]
    new = b"<urn:uuid:00000000-0000-4000-8000-00000000000b>"
    kept.file.write_bytes(kept.file.read_bytes() + gzip.compress(text.replace(own, new), mtime=0))
    return {(2, f"{kept.file.name} at {end}")}


def a_deleted_capture(kept: Kept) -> Found:
    """The capture before the last one goes, with its rows, and the index is made to agree."""
    names = kept.ids()
    kept.rewrite([member for member in kept.members() if member.seq != 7])
    kept.sql("DELETE FROM captures WHERE seq = 7")
    kept.ids = lambda: names  # type: ignore[method-assign]
    last = [member for member in kept.members() if member.seq == 8 and member.kind != "manifest"]
    return {(6, "last"), (5, "last"), (8, "last"), (14, "log leaf 7"), *((5, kept.at(member)) for member in last)}


def two_captures_reordered(kept: Kept) -> Found:
    members = kept.members()
    seventh, eighth = ([m for m in members if m.seq == seq] for seq in (7, 8))
    kept.rewrite([*(m for m in members if m.seq not in (7, 8)), *eighth, *seventh])
    # The first one lies where the manifest of the seventh names another record of that kind.
    moved = [m for m in kept.members() if m.seq in (7, 8) and m.kind != "manifest"][1:]
    found = {(6, "unverified"), (6, "last"), (5, "unverified"), (5, "last"), (8, "unverified"), (8, "last")}
    return found | {(5, kept.at(member)) for member in moved}


def a_record_twice(kept: Kept) -> Found:
    member = kept.member("response", 8)
    end = kept.file.stat().st_size
    kept.rewrite([*kept.members(), Member(end, member.octets, member.kind, 8)])
    return {(5, f"{kept.file.name} at {end}"), (6, "last")}


def a_row_with_another_address(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET url = 'https://court.example/other' WHERE seq = 8")
    return {(8, "last")}


def a_row_with_another_time(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET at = at - 86400000000 WHERE seq = 8")
    return {(8, "last"), (14, "last")}


def a_row_with_another_status(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET status = 404 WHERE seq = 8")
    return {(8, "last")}


def a_row_that_trusts(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET trusted = 1 WHERE seq = 7")
    return {(8, "unverified")}


def a_row_with_another_payload(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET payload_sha256 = ? WHERE seq = 8", "0" * 64)
    return {(4, "last"), (8, "last")}


def a_row_with_another_manifest(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET manifest_sha256 = ? WHERE seq = 8", "0" * 64)
    return {(5, place(kept, "manifest", 8)), (14, "last")}


def an_outbox_with_another_manifest(kept: Kept) -> Found:
    kept.sql("INSERT INTO outbox VALUES (8, ?)", "0" * 64)
    return {(5, place(kept, "manifest", 8))}


def a_deleted_row(kept: Kept) -> Found:
    names = kept.ids()
    where = place(kept, "manifest", 4)
    kept.sql("DELETE FROM captures WHERE seq = 4")
    kept.ids = lambda: names  # type: ignore[method-assign]
    return {(5, where), (6, "octets"), (14, "log leaf 4")}


def a_revisit_of_another_page(kept: Kept) -> Found:
    last = next(id_ for id_, name in kept.ids().items() if name == "last")
    kept.sql("UPDATE captures SET refers_to = ? WHERE seq = 1", last)
    return {(7, "revisit"), (8, "revisit"), (9, "sudrf/1 on revisit")} - {(9, "sudrf/1 on revisit")}


def a_revisit_of_nothing(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET refers_to = NULL WHERE seq = 1")
    return {(7, "revisit"), (8, "revisit")}


def a_changed_quote(kept: Kept) -> Found:
    kept.sql("UPDATE sighting SET quote = '1-18/2026' WHERE quote = '1-17/2026'", file="ledger.sqlite")
    return {(9, f"{SUBJECT} number")}


def a_moved_quote(kept: Kept) -> Found:
    kept.sql('UPDATE sighting SET "start" = "start" + 1, "end" = "end" + 1 WHERE place = 2', file="ledger.sqlite")
    return {(9, f"{SUBJECT} judge")}


def a_changed_value(kept: Kept) -> Found:
    kept.sql("UPDATE observation SET value = '2026-01-13' WHERE property = 'received'", file="ledger.sqlite")
    return {(9, f"{SUBJECT} received")}


def a_deleted_sighting(kept: Kept) -> Found:
    first = next(id_ for id_, name in kept.ids().items() if name == "card")
    kept.sql("DELETE FROM sighting WHERE place = 0", file="ledger.sqlite")
    return {(9, f"{SUBJECT} number"), (9, f"sudrf/1 on {first}")}


def a_ledger_of_an_unkept_capture(kept: Kept) -> Found:
    new = "00000000-0000-4000-8000-00000000000c"
    kept.sql("UPDATE extraction SET capture = ? WHERE seq = 1", new, file="ledger.sqlite")
    return {(9, f"sudrf/1 on {new}")}


def a_ledger_that_says_another_page(kept: Kept) -> Found:
    """Every value of a page is told of a page that was not verified."""
    other = next(id_ for id_, name in kept.ids().items() if name == "unverified")
    row = next(c for c in kept.captures() if c.id == other)
    kept.sql(
        "UPDATE extraction SET capture = ?, seq = 7, url = ?, payload_sha256 = ? WHERE seq = 1",
        other, row.url, row.payload_sha256, file="ledger.sqlite",
    )  # fmt: skip
    values = {(9, f"{SUBJECT} {name}") for name in ("number", "received", "judge")}
    return {(9, f"sudrf/1 on {other}"), *values}


def a_newer_format(kept: Kept) -> Found:
    (kept.home / "format").write_text(json.dumps({"format": 1000}))
    return {(9, "ledger.sqlite"), (10, "format")}


def a_newer_index(kept: Kept) -> Found:
    kept.sql("UPDATE captures SET hop = hop WHERE seq = 0")
    import sqlite3

    with sqlite3.connect(kept.home / "index.sqlite") as db:
        db.execute("PRAGMA user_version = 1000")
    return {(9, "ledger.sqlite"), (10, "index.sqlite")}


SUBJECT = "reg:criminal-1:00aa11bb-0000-4000-8000-000000000001"
DAMAGE: tuple[Callable[[Kept], Found], ...] = (
    an_unnamed_file, a_cut, a_cut_at_a_record, trailing_garbage, another_compression, a_changed_block,
    a_changed_block_with_its_digest,
    an_inserted_record, an_inserted_record_without_a_row, a_deleted_capture, two_captures_reordered, a_record_twice,
    a_row_with_another_address, a_row_with_another_time, a_row_with_another_status, a_row_that_trusts,
    a_row_with_another_payload, a_row_with_another_manifest, an_outbox_with_another_manifest, a_deleted_row,
    a_revisit_of_another_page, a_revisit_of_nothing, a_changed_quote, a_moved_quote, a_changed_value, a_deleted_sighting,
    a_ledger_of_an_unkept_capture, a_ledger_that_says_another_page, a_newer_format, a_newer_index,
)  # fmt: skip


def test_a_clean_archive_passes_every_check(kept: Kept) -> None:
    """What was kept is what was kept: every check, every time PASS; nothing was stamped, which is said."""
    findings = verified(kept)

    assert [(check, Verdict.PASS) for check in CHECKS[:14]] == [(f.check, f.outcome) for f in findings[:14]]
    assert [(CHECKS[14], Verdict.NOT_CHECKED)] == [(f.check, f.outcome) for f in findings[14:]]
    assert status(findings) == 0


def test_several_files_pass_too(several: Kept) -> None:
    """Rotation changes nothing; there is no ledger, and that is said."""
    findings = verified(several)

    assert {"9 ledger values", "15 outside time"} == {f.check for f in findings if f.outcome is not Verdict.PASS}
    assert len(several.files()) > 1
    assert status(findings) == 0


def test_an_archive_of_the_first_version_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifests that do not say when an exchange ended are read, restored and verified as ever."""
    compose = manifest.compose

    def first(*words: Any) -> dict[str, Any]:
        told = {name: value for name, value in compose(*words).items() if name != "ended"}
        return told | {"v": 1}

    monkeypatch.setattr(manifest, "compose", first)
    build(tmp_path / "home")
    kept = Kept(tmp_path / "home")
    findings = verified(kept)

    assert [Verdict.PASS] * 14 == [f.outcome for f in findings[:14]]
    with Archive.open(kept.home) as archive:
        assert {None} == {archive.exchange(capture).ended for capture in archive.captures()}


@pytest.mark.parametrize("there", [True, False])
def test_an_archive_that_holds_nothing_is_not_checked(tmp_path: Path, there: bool) -> None:
    """A check that checked nothing is never a PASS."""
    if there:
        from archive.store import Store

        Store.open(tmp_path / "home").close()
    findings = list(verify.verify(tmp_path / "home"))

    assert [(check, Verdict.NOT_CHECKED) for check in CHECKS] == [(f.check, f.outcome) for f in findings]
    assert status(findings) == 5


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_found_and_named(kept: Kept, damage: Callable[[Kept], Found]) -> None:
    """The right checks fail, on the right subjects, and no others."""
    expected = damage(kept)

    assert expected == failures(kept)


@pytest.mark.parametrize(
    ("kind", "seq"),
    [
        ("warcinfo", None), ("request", 0), ("response", 0), ("chain", None), ("manifest", 0), ("revisit", 1), ("interim", 4),
        ("surplus", 4), ("octets", 5), ("manifest", 6), ("manifest", 8),
    ],
)  # fmt: skip
def test_a_changed_octet_is_found_in_every_kind_of_record(kept: Kept, kind: str, seq: int | None) -> None:
    """Wherever one bit is flipped, check 2 names that very member, and no other one."""
    member = kept.member(kind, seq)
    flip(kept, member)
    found = failures(kept)

    assert {kept.at(member)} == {subject for check, subject in found if check == 2}


def test_a_broken_member_does_not_hide_the_next(kept: Kept) -> None:
    """Damage in the first file's middle leaves every later capture checked."""
    flip(kept, kept.member("response", 0), 0)
    names = {subject for _, subject in failures(kept)}

    assert names.isdisjoint({"redirect", "coded", "octets", "refused", "unverified", "last"})


def test_swapped_files_are_found(several: Kept) -> None:
    """Two files that trade places: every member of both lies where it should not."""
    one, two, *_ = several.files()
    one.rename(several.warc / "aside"), two.rename(one), (several.warc / "aside").rename(two)
    found = failures(several)

    assert {one.name, two.name} == {subject.partition(" at ")[0] for check, subject in found if check == 2}
    assert {one.name, two.name} == {
        subject.partition(" at ")[0] for check, subject in found if check == 5 and " at " in subject
    }


def test_a_missing_file_is_found(several: Kept) -> None:
    """The index names it; check 1 does too."""
    gone = several.files()[1]
    gone.unlink()

    assert {(1, gone.name)} == {(check, subject) for check, subject in failures(several) if check == 1}


def test_side_files_are_named_and_no_part_of_the_archive(kept: Kept) -> None:
    """What a recovery set aside is evidence of an accident, and proves nothing."""
    (kept.warc / f"{kept.file.name}.123-abc.torn").write_bytes(b"half a record")
    findings = list(verify.verify(kept.home))

    assert [(f.check, f.outcome) for f in findings if f.check.startswith("1 ")] == [
        ("1 format and files", Verdict.NOT_CHECKED),
        ("1 format and files", Verdict.PASS),
    ]
    assert status(findings) == 0


def test_a_missing_index_is_found_and_the_files_are_still_checked(kept: Kept) -> None:
    """The index is derived: without it the records are proved by themselves and their manifests."""
    expected = no_index(kept)
    findings = verified(kept)

    assert expected == failures(kept, findings)
    assert {2, 3, 5, 6, 10, 11, 12, 13} == {int(f.check.partition(" ")[0]) for f in findings if f.outcome is Verdict.PASS}


def test_one_member_for_everything_is_found(kept: Kept) -> None:
    """A file that decodes to the same octets is not the file that was kept."""
    expected = one_member_for_all(kept)

    assert expected <= failures(kept)


def test_one_capture_is_checked_alone(kept: Kept) -> None:
    """By its id: all that it needs, nothing of the others, and no word on the sequence."""
    last = kept.captures()[-1]
    flip(kept, kept.member("response", 0))
    findings = verified(kept, last.id)

    assert {CHECKS[n - 1] for n in (6, 7, 9, 11, 12, 15)} == {f.check for f in findings if f.outcome is Verdict.NOT_CHECKED}
    assert set() == failures(kept, findings)


def test_one_damaged_capture_is_found_alone(kept: Kept) -> None:
    """By its id, too."""
    capture = kept.captures()[4]
    member = kept.member("surplus")
    flip(kept, member)
    found = failures(kept, verify.verify(kept.home, [capture.id]))

    assert (2, kept.at(member)) in found
    assert {2, 5} == {check for check, _ in found}


def test_a_revisit_is_checked_by_its_id_with_its_quotes(kept: Kept) -> None:
    """The ledger's values of one capture, and the body of another that it stands for."""
    revisit = kept.captures()[1]
    findings = {f.check: f.outcome for f in verify.verify(kept.home, [revisit.id])}

    assert (findings[CHECKS[6]], findings[CHECKS[8]]) == (Verdict.PASS, Verdict.PASS)


def test_an_id_that_is_not_kept_is_an_error(kept: Kept) -> None:
    """Nothing to check is not a result."""
    with pytest.raises(NotFound):
        list(verify.verify(kept.home, ["00000000-0000-4000-8000-000000000000"]))


def test_verifying_changes_nothing(kept: Kept) -> None:
    """It never repairs: after it every file of the archive is what it was."""
    flip(kept, kept.member("response", 0))

    def digests() -> dict[str, str]:
        files = [path for path in kept.home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = digests()
    list(verify.verify(kept.home))

    assert before == digests()


def test_progress_is_told(kept: Kept) -> None:
    """Octets done never run backwards and end at the whole."""
    told: list[tuple[int, int]] = []
    list(verify.verify(kept.home, progress=lambda name, done, whole: name == "log" or told.append((done, whole))))

    assert sorted(told) == told
    assert (kept.file.stat().st_size,) * 2 == told[-1]


def _nothing(*_: object, **__: object) -> Iterable[Finding]:
    return iter(())


MUTANTS: tuple[tuple[ModuleType | type, str, Callable[[Kept], Found]], ...] = (
    (scene.Scene, "files", an_unnamed_file),
    (octets.Octets, "member", another_compression),
    (octets.Octets, "missing_members", a_cut_at_a_record),
    (octets.Octets, "follows_the_standard", a_changed_block),
    (manifests.Manifests, "manifest_digest", an_outbox_with_another_manifest),
    (manifests.Manifests, "named_records", a_changed_block_with_its_digest),
    (manifests.Manifests, "loose_records", an_inserted_record),
    (manifests.Manifests, "in_order", two_captures_reordered),
    (manifests.Manifests, "sequence", a_record_twice),
    (plain.Settling, "row_agrees", a_row_with_another_time),
    (plain.Settling, "agrees", two_captures_reordered),
    (rows.Rows, "revisits", a_revisit_of_nothing),
    (rows.Rows, "revisit", a_revisit_of_another_page),
    (rows.Rows, "agrees_with_manifest", a_row_that_trusts),
    (rows.Rows, "agrees_with_record", a_row_with_another_payload),
    (rows.Rows, "index_rows", a_row_with_another_status),
    (scene.Scene, "open_index", a_newer_index),
    (scene.Scene, "format_and_index", a_newer_format),
    (verify, "ledger", a_changed_quote),
    (quotes, "_quotes", a_moved_quote),
    (quotes, "_values", a_changed_value),
    (quotes, "_extractions", a_ledger_of_an_unkept_capture),
)


@pytest.mark.parametrize(("room", "name", "damage"), MUTANTS, ids=lambda value: getattr(value, "__name__", value))
def test_every_check_is_needed(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, room: ModuleType | type, name: str, damage: Callable[[Kept], Found]
) -> None:
    """Take any one check away, and damage goes unseen that it alone sees."""
    expected = damage(kept)
    monkeypatch.setattr(room, name, _nothing)

    assert expected != failures(kept)


def test_many_failures_are_counted(kept: Kept) -> None:
    """Beyond a thousand of one check the rest is a number, not a flood."""
    check = Check("2 gzip members", "gzip members")
    told = [finding for n in range(1500) for finding in check.fail(str(n), "broken")]

    assert len(told) == 1000
    assert [finding.detail for finding in check.sum("all")] == ["500 failures more, not told one by one"]
