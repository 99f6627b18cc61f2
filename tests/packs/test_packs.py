"""A stranger with a pack, a key and some roots finds it sound, or is told which line of which file is not."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from archive.decisions import decisions
from archive.errors import DiskFull, NotFound
from archive.finding import Check, Finding, Verdict, status
from archive.keyring import Keyring
from archive.ledger.book import Book
from archive.pack.files import File
from archive.pack.making import README, export
from archive.packcheck import PACKED, Trust, is_pack, verify_pack
from archive.store import Archive, Settings, Store
from tests.packs.tamper import KINDS, Named, drawn, tamper
from tests.packs.world import MORNING, Card, World, build, visit
from tests.world.command import crawl

Failed = set[tuple[int, str]]


def failed(findings: Iterable[Finding]) -> Failed:
    return {(int(f.check.split()[0]), f.subject) for f in findings if f.outcome is Verdict.FAIL}


def tampered(pack: Path, place: Path, kind: str, seed: int) -> tuple[Path, Named]:
    copy = place / f"{kind}-{seed}"
    shutil.copytree(pack, copy)
    return copy, tamper(copy, kind, seed)


def missed(packs: list[Path], place: Path, trust: Trust, edits: list[tuple[str, int]]) -> list[tuple[str, int, Named, Failed]]:
    """The edits that were not named by the line that should."""
    found = []
    for kind, seed in edits:
        copy, named = tampered(packs[seed % len(packs)], place, kind, seed)
        told = failed(verify_pack(copy, trust))
        if (named.check, named.subject) not in told:
            found.append((kind, seed, named, told))
        shutil.rmtree(copy)
    return found


def test_every_check_of_a_good_pack_looks_and_passes(packs: list[Path], trust: Trust) -> None:
    """Seventeen lines of PASS, and no other line."""
    for pack in packs:
        found = list(verify_pack(pack, trust))
        assert list(PACKED) == [f.check for f in found]
        assert {Verdict.PASS} == {f.outcome for f in found}


def test_a_zip_holds_what_a_folder_holds(world: World, packs: list[Path], trust: Trust, place: Path) -> None:
    """The same names and octets, and the same verdict."""
    zipped = world.pack(1, place / "one.zip")
    with zipfile.ZipFile(zipped) as opened:
        inside = {info.filename: opened.read(info) for info in opened.infolist()}
        plain = {(info.date_time, info.compress_type, info.extra, info.external_attr) for info in opened.infolist()}

    assert {p.relative_to(packs[0]).as_posix(): p.read_bytes() for p in packs[0].rglob("*") if p.is_file()} == inside
    assert {((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, b"", 0o100644 << 16)} == plain
    assert [*sorted(set(inside) - {"FILES", "signature"}), "FILES", "signature"] == list(inside)
    assert is_pack(zipped) and {Verdict.PASS} == {f.outcome for f in verify_pack(zipped, trust)}


def test_the_same_head_gives_the_same_octets(world: World, place: Path) -> None:
    """Whenever it is made: also when pages were kept since that no checkpoint holds."""
    home = place / "home"
    shutil.copytree(world.home, home)
    before = export(home, Card(2, 0).subject, place / "a.zip", keys=world.keys, record=str, note=str)
    with Store.open(home, settings=Settings(floor=0), now=lambda: MORNING) as store:
        store.keep(visit(Card(2, 1), 5)).result()
    after = export(home, Card(2, 0).subject, place / "b.zip", keys=world.keys, record=str, note=str)

    assert (before.sha256, before.rows) == (after.sha256, after.rows)
    assert (place / "a.zip").read_bytes() == (place / "b.zip").read_bytes()


def test_each_kind_of_tampering_is_named(packs: list[Path], place: Path, trust: Trust) -> None:
    """One of every kind, drawn anew each time."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")

    assert [] == missed(packs, place, trust, drawn(len(KINDS), first))


@pytest.mark.full
def test_200_tampered_packs_are_named_and_20_good_ones_pass(place: Path) -> None:
    """The long form."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    world = build(place / "world", 20)
    packs = [world.pack(case, world.folder / f"pack-{case}") for case in range(1, 21)]
    from archive.note import Verifier
    from archive.stamps import certificates

    trust = Trust(Verifier.parse(world.key), "given", certificates(world.roots.read_bytes()))

    assert [] == [f for pack in packs for f in verify_pack(pack, trust) if f.outcome is not Verdict.PASS]
    assert [] == missed(packs, place, trust, drawn(200, first))


# One edit that each check must name, and no other check in its place.
GOLDEN = {
    1: "changed_file", 2: "changed_record", 3: "others_type", 4: "other_payload", 5: "manifest_file_alone", 6: "moved_records",
    7: "lost_referent", 8: "rewritten_record", 9: "changed_value", 10: "later_version", 11: "misspelled_leaf", 12: "changed_step",
    13: "changed_root", 14: "changed_manifest", 15: "forged_token", 16: "relisted", 17: "backdated_report",
}  # fmt: skip


@pytest.mark.parametrize("number", GOLDEN)
def test_a_check_that_looks_away_changes_the_report(
    packs: list[Path], place: Path, trust: Trust, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutants: each check in turn says nothing, and what it was to name is no longer named under its number."""
    copy, named = tampered(packs[2], place, GOLDEN[number], 7)
    before = failed(verify_pack(copy, trust))
    fail = Check.fail

    def looks_away(check: Check, subject: str, detail: str) -> Iterator[Finding]:
        return iter(()) if check.name == PACKED[number - 1] else fail(check, subject, detail)

    monkeypatch.setattr(Check, "fail", looks_away)
    after = failed(verify_pack(copy, trust))

    assert number == named.check
    assert (named.check, named.subject) in before - after


def test_nothing_is_believed_that_was_not_given(packs: list[Path]) -> None:
    """Without a key and roots from elsewhere that is said, and no token counts."""
    found = list(verify_pack(packs[0], Trust()))
    open_ = {(f.check, f.subject) for f in found if f.outcome is Verdict.NOT_CHECKED}

    assert ("13 log checkpoint", "log/vkey") in open_
    assert ["4 checkpoints, by the key that lies in the pack"] == [
        f.detail for f in found if f.check[:2] == "13" and "by the" in f.detail
    ]
    assert ("15 outside time", packs[0].name) in open_
    assert not [f for f in found if f.check == "15 outside time" and f.outcome is Verdict.PASS]


def test_without_the_key_the_list_is_not_signed(world: World, place: Path, trust: Trust) -> None:
    """Who makes the pack is told, and (16) is NOT CHECKED; all else passes."""
    said: list[str] = []
    shutil.copytree(world.keys.folder, place / "keys", ignore=shutil.ignore_patterns("*.key"))
    export(world.home, Card(1, 0).subject, place / "pack", keys=Keyring(place / "keys"), record=str, note=said.append)
    outcomes = {f.check: f.outcome for f in verify_pack(place / "pack", trust)}

    assert not (place / "pack" / "signature").exists() and "not signed" in said[0]
    assert Verdict.NOT_CHECKED is outcomes.pop("16 signature") and {Verdict.PASS} == set(outcomes.values())


async def test_names_go_out_only_where_that_is_said_and_recorded(
    world: World, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with what to do; else a decision of the archive tells of it, without saying who they are."""
    home = place / "home"
    shutil.copytree(world.home, home)
    monkeypatch.setenv("KARTOTEKA_KEYS", str(world.keys.folder))
    words = ("export", "pack", "--case", Card(1, 0).subject, "-o", str(place / "pack.zip"))
    refused, made = await crawl(home, *words), await crawl(home, *words, "--with-names")
    with Archive.open(home) as archive:
        (kept,) = decisions(archive, "names-exported")

    assert (2, 0) == (refused.status, made.status) and "--with-names" in refused.err
    assert {"form": "pack", "case": Card(1, 0).subject} == {key: kept.decision.body[key] for key in ("form", "case")}
    assert str(place / "pack.zip") == made.rows[0]["file"]
    checked = await crawl(home, "verify", str(place / "pack.zip"), "--key", world.key, "--roots", str(world.roots))
    assert (0, 17) == (checked.status, len(checked.rows)) and {"PASS"} == {row["outcome"] for row in checked.rows}


async def test_what_was_taken_down_is_in_no_pack(world: World, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision is named; nothing is written."""
    home = place / "home"
    shutil.copytree(world.home, home)
    monkeypatch.setenv("KARTOTEKA_KEYS", str(world.keys.folder))
    taken = await crawl(home, "takedown", Card(1, 0).subject, "--reason", "asked for by who is named")
    assert 0 == taken.status, taken.err
    ran = await crawl(home, "export", "pack", "--case", Card(1, 0).subject, "--with-names", "-o", str(place / "pack"))

    assert 5 == ran.status and not (place / "pack").exists()


def test_a_capture_that_is_not_logged_yet_is_told(world: World, place: Path) -> None:
    """What to do is said."""
    home = place / "home"
    shutil.copytree(world.home, home)
    with Store.open(home, settings=Settings(floor=0), now=lambda: MORNING) as store:
        card = Card(1, 1)
        (capture,) = store.keep(visit(card, 7)).result().captures
        with Book.open(home, write=True, now=lambda: MORNING) as book:
            book.enter(capture, card.reading, source_text=card.source)

    with pytest.raises(NotFound, match="crawl log checkpoint"):
        export(home, card.subject, place / "pack", keys=world.keys, record=str, note=str)


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_a_full_disk_leaves_nothing(world: World, place: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half pack, and no part of one under another name."""
    (place / "out").mkdir()

    def full() -> Iterator[bytes]:
        yield b"a beginning"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("archive.pack.told.report", lambda _: [File("report/report.html", None, full)])
    with pytest.raises(DiskFull):
        export(world.home, Card(1, 0).subject, place / "out" / name, keys=world.keys, record=str, note=str)

    assert [] == list((place / "out").iterdir())


def test_a_pack_says_nothing_of_the_machine_it_was_made_on(world: World, packs: list[Path]) -> None:
    """No path of it stands in any file."""
    told = [
        path for pack in packs for path in pack.rglob("*") if path.is_file() and str(world.folder).encode() in path.read_bytes()
    ]

    assert [] == told


def test_the_readme_is_the_same_in_every_pack(packs: list[Path]) -> None:
    """So that its digest can be compared with one from elsewhere; and no file is a program."""
    assert {README.read_bytes()} == {(pack / "README.txt").read_bytes() for pack in packs}
    assert {0} == {path.stat().st_mode & 0o111 for pack in packs for path in pack.rglob("*") if path.is_file()}


def hostile_zip(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, octets in entries:
            made.writestr(zipfile.ZipInfo(name), octets)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_climb_stand_twice_or_are_links_are_refused(packs: list[Path], place: Path, trust: Trust) -> None:
    """Nothing is opened through them, and each is named."""
    climbing = hostile_zip(
        place / "a.zip", ("FILES", b""), ("pack.json", b"{}"), ("../../out", b"x"), ("log//x", b"x"), ("c:x", b"x")
    )
    twice = hostile_zip(place / "b.zip", ("FILES", b""), ("pack.json", b"{}"), ("pack.json", b"{}"))
    linked = place / "linked"
    shutil.copytree(packs[0], linked)
    (linked / "members").unlink()
    (linked / "members").symlink_to(packs[0] / "members")
    os.mkfifo(linked / "log" / "pipe")

    assert {(1, "../../out"), (1, "log//x"), (1, "c:x")} <= failed(verify_pack(climbing, trust))
    assert (1, "pack.json") in failed(verify_pack(twice, trust))
    assert {(1, "members"), (1, "log/pipe")} <= failed(verify_pack(linked, trust))
    assert not (place.parent / "out").exists()


def other(value: object, chance: random.Random) -> object:
    """The same JSON with one value of it something else."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        return {**value, key: other(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], other(value[at], chance), *value[at + 1 :]]
    return chance.choice([None, True, -1, 10**30, 0.5, "", "x" * 9, "\ud800", [], [[]], {}, {"a": []}])


def test_a_value_of_another_kind_is_a_finding_and_no_crash(packs: list[Path], place: Path, trust: Trust) -> None:
    """Wherever it stands: in pack.json, a manifest, a row, the report, the journal."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    shutil.copytree(packs[2], place / "copy")
    names = [
        p.relative_to(packs[2]).as_posix()
        for p in packs[2].rglob("*")
        if p.suffix in (".json", ".jsonl") or p.name == "journal"
    ]
    for _ in range(60):
        name = chance.choice([name for name in names if (packs[2] / name).stat().st_size])
        whole = (packs[2] / name).read_text()
        lines = whole.splitlines()
        at = chance.randrange(len(lines))
        lines[at] = json.dumps(other(json.loads(lines[at]), chance), separators=(",", ":"), sort_keys=True)
        changed = "\n".join(lines) + whole[len(whole.rstrip("\n")) :]
        if changed == whole:
            continue
        (place / "copy" / name).write_text(changed)
        found = list(verify_pack(place / "copy", trust))
        (place / "copy" / name).write_text(whole)
        assert 4 == status(found), name


@pytest.mark.parametrize("name", ["FILES", "pack.json", "members", "log/vkey", "log/stamps/journal", "ledger/cases.jsonl"])
@pytest.mark.parametrize(
    "octets",
    [b"", b"\0" * 9, b"[" * 100_000, b"\xff\xfe\n" * 3, b'{"v":1}\n', b"9" * 5000],
    ids=[str(number) for number in range(6)],
)
def test_nonsense_is_a_finding_and_no_crash(packs: list[Path], place: Path, trust: Trust, name: str, octets: bytes) -> None:
    """Whatever stands in a file, the other checks go on to their sums."""
    shutil.copytree(packs[0], place / "copy")
    (place / "copy" / name).write_bytes(octets)
    found = list(verify_pack(place / "copy", trust))

    assert 4 == status(found) and set(PACKED) == {f.check for f in found}
