"""The second verifier over archive homes: what is sound passes, and what was edited is named as our own verifier names it."""

from __future__ import annotations

import gzip
import json
import random
import resource
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive.finding import CHECKS, Verdict
from archive.keyring import Keyring
from archive.verify import verify
from tests.log import edits as log_edits
from tests.log.conftest import keep, logged
from tests.log.edits import Edit
from tests.proof import test_edits as edits
from tests.proof.test_edits import ALL, Named, sound
from tests.proof.world import Kept, build
from tests.verifier.conftest import FREE, Other
from tests.verifier.second import VERIFIER, Told, told

__all__ = ["sound"]  # a fixture: 600 captures under two checkpoints, each stamped by two authorities

# These hands touch the index alone, which the second verifier does not read: it has no SQLite.
OF_THE_INDEX = {log_edits.changed_capture, log_edits.deleted_capture, log_edits.inserted_capture}
NOT_READ = {"8 index rows", "9 ledger values"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path, prefix="kartoteka-") as folder:
        yield Path(folder)


def by_node(folder: Path, verifier: Path = VERIFIER) -> Told:
    (folder / "keys").mkdir(exist_ok=True)
    ran = told("--keyring", folder / "keys", folder / "home", verifier=verifier)
    assert ran.err == ""
    assert ran.status == (4 if ran.failed else 0)
    return ran


def in_its_words(edit: Edit, named: Named, before: dict[str, int]) -> Named:
    """A capture whose manifest is gone is told by its row to us, and by its leaf to who does not read rows."""
    if edit is edits.deleted_manifest:
        return {("14 captures in the log", f"log leaf {before[id_]}") for _, id_ in named}
    return named


def unseen(folder: Path, sound: Path) -> bool:
    """A manifest's member was packed otherwise, and says the same: only the index knows how it was packed."""
    one, two = (next((each / "home" / "warc").iterdir()).read_bytes() for each in (folder, sound))
    try:
        return gzip.decompress(one) == gzip.decompress(two)
    except (OSError, EOFError, zlib.error):
        return False


def disagreements(sound: Path, place: Path, cases: list[tuple[Edit, int]]) -> list[tuple[str, int, Named, Named, Named]]:
    """Edits that the two verifiers see differently, or that the second one does not name."""
    before = {id_: seq for seq, id_ in Kept(sound / "home").ids_by_seq().items() if seq is not None}
    found = []
    for edit, seed in cases:
        copy = place / f"{edit.__name__}{seed}"
        shutil.copytree(sound, copy)
        named = edit(copy / "home", random.Random(seed))
        ours, theirs = edits.failures(copy), by_node(copy).failed
        if edit in OF_THE_INDEX:
            sees_it_too = not theirs
        else:
            sees_it_too = in_its_words(edit, named, before) <= theirs or (
                edit is edits.changed_manifest and unseen(copy, sound)
            )
        if not ours or not named <= ours or not sees_it_too:
            found.append((edit.__name__, seed, named, ours - theirs, theirs - ours))
        shutil.rmtree(copy)
    return found


def first_seed() -> int:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return seed


def test_8_edits_are_named_by_both(sound: Path, place: Path) -> None:
    """Eight kinds of the 41, drawn anew each time."""
    first = first_seed()
    kinds = random.Random(first).sample(ALL, 8)

    assert [] == disagreements(sound, place, [(kind, first + at) for at, kind in enumerate(kinds)])


@pytest.mark.full
def test_120_edits_are_named_by_both(sound: Path, place: Path) -> None:
    """The long form: every kind, some of them three times."""
    first = first_seed()

    assert [] == disagreements(sound, place, [(ALL[at % len(ALL)], first + at) for at in range(120)])


def test_an_untouched_archive_passes_in_both(sound: Path) -> None:
    """The second verifier passes whatever we pass, but for the two databases, which it says that it does not read."""
    ours: dict[str, set[str]] = {}
    for finding in verify(sound / "home", keys=Keyring(sound / "keys")):
        ours.setdefault(finding.check, set()).add(finding.outcome.value)
    theirs = by_node(sound)

    assert ours | {check: {Verdict.NOT_CHECKED.value} for check in NOT_READ} == theirs.outcomes
    assert [*CHECKS] == list(theirs.outcomes)


def test_every_kind_of_capture_passes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revisits, redirects, chunks, coded bodies, octets that are no HTTP, refusals, unverified TLS; and with files that rotate."""
    monkeypatch.setenv("KARTOTEKA_KEYS", str(place / "keys"))
    build(place / "home")
    whole = by_node(place)
    build(place / "more" / "home", rotate=2000)
    files = len(Kept(place / "more" / "home").files())
    rotated = told("--keyring", place / "keys", place / "more" / "home")

    looked = {each["check"]: each["detail"] for each in whole.findings if each["outcome"] == "PASS"}
    assert ("9 manifests", "1 revisits", "6 entity-bodies") == (
        looked["5 manifests"], looked["7 revisits"], looked["4 payload digests"],
    )  # fmt: skip
    assert set() == rotated.failed
    assert f"{files} files" == next(each["detail"] for each in rotated.findings if each["check"] == CHECKS[0])
    assert files > 2


def broken_revisit(home: Path) -> None:
    """The body that a revisit stands for is another; the two records and their manifests agree with themselves."""
    kept = Kept(home)
    member = kept.member("response", 0)
    head, block = edits.parts(member)
    edits.swapped(kept, edits.remade(member, head.replace(b"WARC-Payload-Digest: ", b"X-Was: "), block[:-1] + b"!"))
    kept = Kept(home)
    new = kept.member("manifest", 0)
    manifest_head, manifest = edits.parts(new)
    said = json.loads(manifest)
    said["payload_sha256"] = "0" * 64
    edits.swapped(kept, edits.remade(new, manifest_head, edits.canonical(said)))


def test_a_revisit_of_another_body_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """(7), and in (4) the body itself."""
    monkeypatch.setenv("KARTOTEKA_KEYS", str(place / "keys"))
    build(place / "home", ledger=False)
    ids = Kept(place / "home").ids_by_seq()
    broken_revisit(place / "home")
    failed = by_node(place).failed

    assert {("7 revisits", ids[1]), ("4 payload digests", ids[0])} <= failed


def test_what_waits_and_what_is_newer_is_not_a_fault(place: Path) -> None:
    """Captures behind the last leaf wait; a file that a recovery set aside is no part of the archive; no log has begun."""
    keep(place / "home", 0, 3)
    (place / "home" / "warc" / "kartoteka-20260302120000-00001.warc.gz.7-0a1b2c.torn").write_bytes(b"torn")
    before = by_node(place)
    logged(place / "home", Keyring(place / "keys"))
    keep(place / "home", 3, 2)
    after = by_node(place)

    assert {"NOT CHECKED"} == before.outcomes["11 log entries"] == before.outcomes["14 captures in the log"]
    assert {"PASS", "NOT CHECKED"} == after.outcomes["1 format and files"] == after.outcomes["14 captures in the log"]
    assert "2 captures behind the last leaf wait to be logged" in [each["detail"] for each in after.findings]


# Which edit each check alone must name; (1), (7) and (10) are below and above, (8) and (9) are not read.
GOLDEN: dict[int, Edit] = {
    2: edits.changed_record, 5: edits.carefully_changed_record, 6: edits.shadowing_record, 11: log_edits.changed_leaf,
    12: log_edits.changed_tile, 13: edits.older_checkpoint, 14: edits.backdated_capture, 15: edits.another_token,
}  # fmt: skip


@pytest.mark.parametrize("number", GOLDEN)
def test_a_check_that_looks_away_misses_its_edit(sound: Path, place: Path, blind: Callable[[int], Path], number: int) -> None:
    """The mutants: the verifier with one check that says nothing no longer names what that check is for."""
    shutil.copytree(sound, place / "copy")
    named = GOLDEN[number](place / "copy" / "home", random.Random(7))
    ran = by_node(place / "copy", blind(number))
    seen = {(each["check"], each["subject"]) for each in ran.findings if each["detail"] == "it looks away"}

    assert {CHECKS[number - 1]} == {check for check, _ in named}
    assert named <= seen and not named & ran.failed


def odd_file(home: Path) -> Named:
    (home / "warc" / "more.warc.gz").write_bytes(b"")
    return {("1 format and files", "more.warc.gz")}


def newer_format(home: Path) -> Named:
    (home / "format").write_text('{"format": 2}\n')
    return {("10 versions", "format")}


def no_format(home: Path) -> Named:
    (home / "format").write_text("one\n")
    return {("1 format and files", "format")}


def newer_manifest(home: Path) -> Named:
    kept = Kept(home)
    member = kept.member("manifest", 1)
    head, block = edits.parts(member)
    edits.swapped(kept, edits.remade(member, head, edits.canonical(json.loads(block) | {"v": 3})))
    return {("10 versions", f"{kept.file.name} at {member.offset}")}


def odd_record(home: Path) -> Named:
    """A field twice, and another that must not stand in such a record."""
    kept = Kept(home)
    member = kept.member("request", 1)
    head, block = edits.parts(member)
    edits.swapped(kept, edits.remade(member, head + b"\r\nWARC-Type: request\r\nWARC-Filename: x", block))
    return {("3 records and block digests", f"{kept.file.name} at {member.offset}")}


def octets_behind(home: Path) -> Named:
    file = Kept(home).file
    size = file.stat().st_size
    file.write_bytes(file.read_bytes() + b"not a member")
    return {("2 gzip members", f"{file.name} at {size}")}


def cut_file(home: Path) -> Named:
    kept = Kept(home)
    last = kept.members()[-1]
    kept.file.write_bytes(kept.file.read_bytes()[:-3])
    return {("2 gzip members", f"{kept.file.name} at {last.offset}")}


@pytest.mark.parametrize(
    "edit", [odd_file, newer_format, no_format, newer_manifest, odd_record, octets_behind, cut_file],
    ids=lambda edit: edit.__name__,
)  # fmt: skip
def test_what_no_careful_hand_does_is_named_too(place: Path, edit: Callable[[Path], Named]) -> None:
    """Files, versions, fields, octets between members: each by its name, and nothing is a traceback."""
    keep(place / "home", 0, 4)
    named = edit(place / "home")

    assert named <= by_node(place).failed


def bomb(home: Path, octets: int) -> Named:
    """So much of nothing in one member, and a record behind it."""
    file = Kept(home).file
    whole = file.read_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    coded = b"".join(packer.compress(bytes(1 << 20)) for _ in range(octets >> 20)) + packer.flush()
    file.write_bytes(whole + coded)
    return {("2 gzip members", f"{file.name} at {len(whole)}")}


def test_a_bomb_is_left_where_it_has_swollen_enough(place: Path, other: Other) -> None:
    """The bound of a whole GiB set to 4 MiB: 64 MiB out of 64 KiB are not unpacked to their end."""
    keep(place / "home", 0, 4)
    named = bomb(place / "home", 64 << 20)
    ran = by_node(place, other(FREE, "const FREE = 1 << 22;"))

    assert named <= ran.failed
    assert [] != [each for each in ran.findings if "swells to more than" in each["detail"]]


@pytest.mark.full
def test_a_bomb_of_2_gib(place: Path) -> None:
    """The bound as it is: the child's largest memory stays below 150 MiB."""
    keep(place / "home", 0, 4)
    named = bomb(place / "home", 2 << 30)
    assert named <= by_node(place).failed
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 150 << 10


def test_a_size_that_was_invented_ends_in_node(place: Path) -> None:
    """A checkpoint by the log's own key of more leaves than any disk has: told, and not looked for to the end."""
    from archive.log import Log
    from archive.note import Checkpoint, Note

    keep(place / "home", 0, 3)
    keys = Keyring(place / "keys")
    logged(place / "home", keys)
    key = Log(place / "home").verifier()
    assert key is not None
    for size in (10**15, 10**18):
        text = str(Checkpoint(key.name, size, bytes(32)))
        (place / "home" / "log" / "checkpoint").write_bytes(bytes(Note(text, (keys.signer(key.name).sign(text),))))
        assert ("13 log checkpoint", "log/checkpoint") in by_node(place).failed


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name an archive or a pack"), (["--jsn", "."], "no such option: --jsn"), (["nowhere"], "nowhere is not there"),
        ([".", "--vkey", "a+b"], "not the public key of a log"), (["--roots"], "--roots needs a value"),
    ],
)  # fmt: skip
def test_usage_is_a_sentence_and_status_2(words: list[str], why: str) -> None:
    """What was asked wrongly is said, with how to ask."""
    ran = told(*words)

    assert (2, []) == (ran.status, ran.findings)
    assert why in ran.err and "usage: node verify.mjs" in ran.err


def test_a_folder_that_is_no_archive_is_not_checked(tmp_path: Path) -> None:
    """CONTRACT's status 5: nothing was checked."""
    ran = told(tmp_path)

    assert (5, "", {"NOT CHECKED"}) == (ran.status, ran.err, {each["outcome"] for each in ran.findings})
