"""Any record, manifest, leaf, tile, checkpoint or token is changed, deleted, inserted, moved or back-dated: found, and named."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive import stampcheck
from archive.finding import CHECKS, Check, Finding, Verdict
from archive.keyring import Keyring
from archive.manifest import canonical
from archive.stamped import Stamped, Stamping
from archive.stamps import certificates, opened, request
from archive.verify import verify
from tests.log import edits as log_edits
from tests.log.authority import Authority
from tests.log.conftest import keep, logged
from tests.log.edits import FIRST, SIZE, Edit
from tests.proof.world import Kept, Member

Named = set[tuple[str, str]]
STAMPS = "log/stamps"


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """A home of 600 captures under two checkpoints, each stamped by two authorities, and its keyring."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as name:
        folder = Path(name)
        home, keys = folder / "home", Keyring(folder / "keys")
        authorities = [Authority(folder / "one", "one"), Authority(folder / "two", "two", "ec")]
        for first, count in ((0, FIRST), (FIRST, SIZE - FIRST)):
            keep(home, first, count)
            logged(home, keys)
            stamp(home, keys, first + count, authorities)
        yield folder


def stamp(home: Path, keys: Keyring, size: int, authorities: list[Authority]) -> None:
    """As a carrier keeps what comes back, without its network."""
    stamping, at = Stamping(home, keys), datetime.now(UTC)
    note = (home / "log" / "checkpoint").read_bytes()
    stamping.keep(f"{size:012}/checkpoint", note, at)
    for each in authorities:
        pem = each.roots.read_bytes()
        (keys.folder / "roots").mkdir(exist_ok=True)
        (keys.folder / "roots" / f"{each.name}.pem").write_bytes(pem)
        asked = request(note)
        reply = each.reply(asked)
        stamping.keep(f"{size:012}/{each.name}.tsq", asked, at)
        stamping.keep(f"{size:012}/{each.name}.1.crl", each.crl(), at)
        stamping.keep(f"{size:012}/{each.name}.tsr", reply, at, token=opened(reply, certificates(pem)))


# -- records and manifests. A careful hand makes the index agree with what it did (`Kept.rewrite`).


def at(kept: Kept, member: Member) -> str:
    return f"{kept.file.name} at {member.offset}"


def drawn(kept: Kept, chance: random.Random, *kinds: str) -> Member:
    return chance.choice([member for member in kept.members() if member.kind in kinds])


def remade(member: Member, head: bytes, block: bytes) -> Member:
    """A record with another head or block, its digests and length made to agree."""
    digest = hashlib.sha256(block).hexdigest().encode()
    head = re.sub(rb"WARC-Block-Digest: sha256:[0-9a-f]{64}", b"WARC-Block-Digest: sha256:" + digest, head)
    head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(block), head)
    return Member(member.offset, gzip.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n", 1, mtime=0), member.kind, member.seq)


def parts(member: Member) -> tuple[bytes, bytes]:
    head, _, block = gzip.decompress(member.octets).partition(b"\r\n\r\n")
    return head, block.removesuffix(b"\r\n\r\n")


def swapped(kept: Kept, new: Member) -> None:
    kept.rewrite([new if member.offset == new.offset else member for member in kept.members()])


def flipped(home: Path, chance: random.Random, *kinds: str) -> Named:
    kept = Kept(home)
    member = drawn(kept, chance, *kinds)
    octets = bytearray(kept.file.read_bytes())
    octets[member.offset + chance.randrange(len(member.octets))] ^= 1 << chance.randrange(8)
    kept.file.write_bytes(octets)
    return {("2 gzip members", at(kept, member))}


def changed_record(home: Path, chance: random.Random) -> Named:
    return flipped(home, chance, "request", "response")


def changed_manifest(home: Path, chance: random.Random) -> Named:
    return flipped(home, chance, "manifest")


def carefully_changed_record(home: Path, chance: random.Random) -> Named:
    """The page says something else, and the record and its row are consistent."""
    kept = Kept(home)
    member = drawn(kept, chance, "response")
    head, block = parts(member)
    head = re.sub(rb"WARC-Payload-Digest: [^\r]*\r\n", b"", head)
    swapped(kept, remade(member, head, block.replace(b"<p>case", b"<p>Case")))
    return {("5 manifests", kept.ids_by_seq()[member.seq])}


def carefully_changed_manifest(home: Path, chance: random.Random) -> Named:
    """Another peer, an outcome of the same length; row and record agree, and the leaf does not."""
    kept = Kept(home)
    member = drawn(kept, chance, "manifest")
    head, block = parts(member)
    told = json.loads(block)
    told["elapsed_us"] += 1
    new = canonical(told)
    swapped(kept, remade(member, head, new))
    kept.sql("UPDATE captures SET manifest_sha256 = ? WHERE seq = ?", hashlib.sha256(new).hexdigest(), member.seq)
    return {("14 captures in the log", f"capture {kept.ids_by_seq()[member.seq]}")}


def backdated_capture(home: Path, chance: random.Random) -> Named:
    """All records of a capture, its manifest and its row say that it was a year before."""
    kept = Kept(home)
    seq = chance.randrange(SIZE)
    new: list[Member] = []
    for member in kept.members():
        if member.seq != seq:
            new.append(member)
            continue
        head, block = parts(member)
        new.append(
            remade(
                member, head.replace(b"WARC-Date: 2026", b"WARC-Date: 2025"), block.replace(b'"began":"2026', b'"began":"2025')
            )
        )
    kept.rewrite(new)
    kept.sql("UPDATE captures SET at = at - 31536000000000 WHERE seq = ?", seq)
    return {("14 captures in the log", f"capture {kept.ids_by_seq()[seq]}")}


def deleted_record(home: Path, chance: random.Random) -> Named:
    kept = Kept(home)
    member = drawn(kept, chance, "request", "response")
    id_ = kept.ids_by_seq()[member.seq]
    kept.rewrite([each for each in kept.members() if each.offset != member.offset])
    return {("5 manifests", id_)}


def deleted_manifest(home: Path, chance: random.Random) -> Named:
    kept = Kept(home)
    member = drawn(kept, chance, "manifest")
    id_ = kept.ids_by_seq()[member.seq]
    kept.rewrite([each for each in kept.members() if each.offset != member.offset])
    return {("8 index rows", id_)}


def deleted_whole(home: Path, chance: random.Random) -> Named:
    """Records, manifest and rows of a capture, and all behind it moved up."""
    kept = Kept(home)
    seq = chance.randrange(SIZE)
    kept.rewrite([member for member in kept.members() if member.seq != seq])
    kept.sql("DELETE FROM captures WHERE seq = ?", seq)
    return {("14 captures in the log", f"log leaf {seq}")}


def inserted_record(home: Path, chance: random.Random) -> Named:
    """A copy of a record under a new id, at the end, with its row."""
    kept = Kept(home)
    member = drawn(kept, chance, "request")
    head, block = parts(member)
    head = re.sub(rb"(WARC-Record-ID: <urn:uuid:)[0-9a-f]{8}", rb"\g<1>00000000", head)
    end = kept.file.stat().st_size
    kept.rewrite([*kept.members(), Member(end, remade(member, head, block).octets, "request", member.seq)])
    return {("5 manifests", f"{kept.file.name} at {end}")}


def shadowing_record(home: Path, chance: random.Random) -> Named:
    """The same record once more: a reader may take either."""
    kept = Kept(home)
    member = drawn(kept, chance, "response")
    id_ = kept.ids_by_seq()[member.seq]
    end = kept.file.stat().st_size
    kept.rewrite([*kept.members(), Member(end, member.octets, "response", member.seq)])
    return {("6 sequence without gaps", id_)}


def moved_records(home: Path, chance: random.Random) -> Named:
    """Two neighbours change places, whole."""
    kept = Kept(home)
    seq = chance.randrange(SIZE - 1)
    ours = [m for m in kept.members() if m.seq in (seq, seq + 1)]
    before = [m for m in kept.members() if m.offset < ours[0].offset]
    behind = [m for m in kept.members() if m.offset > ours[-1].offset]
    kept.rewrite([*before, *(m for m in ours if m.seq == seq + 1), *(m for m in ours if m.seq == seq), *behind])
    return {("6 sequence without gaps", kept.ids_by_seq()[seq + 1])}


# -- checkpoints and tokens


def older_checkpoint(home: Path, chance: random.Random) -> Named:
    shutil.copy(home / STAMPS / f"{FIRST:012}" / "checkpoint", home / "log" / "checkpoint")
    return {("13 log checkpoint", "log/checkpoint")}


def a_stamp(chance: random.Random, *suffixes: str) -> str:
    return f"{chance.choice((FIRST, SIZE)):012}/{chance.choice(('one', 'two'))}{chance.choice(suffixes)}"


def outside(file: str) -> Named:
    return {("15 outside time", f"{STAMPS}/{file}")}


def changed_token(home: Path, chance: random.Random) -> Named:
    file = a_stamp(chance, ".tsr", ".tsq", ".1.crl")
    octets = bytearray((home / STAMPS / file).read_bytes())
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    (home / STAMPS / file).write_bytes(octets)
    return outside(file)


def deleted_token(home: Path, chance: random.Random) -> Named:
    file = a_stamp(chance, ".tsr", ".tsq")
    (home / STAMPS / file).unlink()
    return outside(file)


def inserted_token(home: Path, chance: random.Random) -> Named:
    """A copy under another name."""
    file = f"{FIRST:012}/three.tsr"
    shutil.copy(home / STAMPS / a_stamp(chance, ".tsr"), home / STAMPS / file)
    return outside(file)


def moved_tokens(home: Path, chance: random.Random) -> Named:
    """The two checkpoints change their tokens: the later one seems to be older."""
    one, two = (home / STAMPS / f"{size:012}" / "one.tsr" for size in (FIRST, SIZE))
    octets = one.read_bytes()
    one.write_bytes(two.read_bytes()), two.write_bytes(octets)
    return outside(f"{FIRST:012}/one.tsr") | outside(f"{SIZE:012}/one.tsr")


def another_token(home: Path, chance: random.Random) -> Named:
    """Of an authority that nobody trusts, and the journal written anew from there on."""
    file = f"{chance.choice((FIRST, SIZE)):012}/one.tsr"
    with TemporaryDirectory() as folder:
        forger = Authority(Path(folder) / "forger", "one")
        note = (home / STAMPS / file).with_name("checkpoint").read_bytes()
        reply = forger.reply((home / STAMPS / file).with_suffix(".tsq").read_bytes())
        assert opened(reply).imprint == hashlib.sha256(note).digest()
    (home / STAMPS / file).write_bytes(reply)
    lines, previous = [], "0" * 64
    for line in Stamped(home).lines():
        told = json.loads(bytes(line)) | {"previous": previous}
        if line.file == file:
            token = opened(reply)
            told |= {"sha256": hashlib.sha256(reply).hexdigest(), "states": spelled(token.at), "ends": spelled(token.ends)}
        lines.append(canonical(told))
        previous = hashlib.sha256(lines[-1]).hexdigest()
    (home / STAMPS / "journal").write_bytes(b"".join(line + b"\n" for line in lines))
    return outside(file) | outside("journal")


def spelled(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def changed_journal(home: Path, chance: random.Random) -> Named:
    path = home / STAMPS / "journal"
    octets = bytearray(path.read_bytes())
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(7)
    path.write_bytes(octets)
    return outside("journal")


def cut_journal(home: Path, chance: random.Random) -> Named:
    path = home / STAMPS / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: chance.randrange(len(lines))]))
    return outside("journal")


OURS: tuple[Edit, ...] = (
    changed_record, changed_manifest, carefully_changed_record, carefully_changed_manifest, backdated_capture, deleted_record,
    deleted_manifest, deleted_whole, inserted_record, shadowing_record, moved_records, older_checkpoint, changed_token,
    deleted_token, inserted_token, moved_tokens, another_token, changed_journal, cut_journal,
)  # fmt: skip
ALL = (*OURS, *log_edits.EDITS)


def failures(folder: Path) -> Named:
    found = verify(folder / "home", keys=Keyring(folder / "keys"))
    return {(f.check, f.subject) for f in found if f.outcome is Verdict.FAIL}


def edited(sound: Path, place: Path, edit: Edit, seed: int) -> tuple[Named, Named]:
    """What the edit is to be called, and what was found."""
    copy = place / f"{edit.__name__}{seed}"
    shutil.copytree(sound, copy)
    named = edit(copy / "home", random.Random(seed))
    found = failures(copy)
    shutil.rmtree(copy)
    return named, found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path, prefix="kartoteka-") as folder:
        yield Path(folder)


def test_an_untouched_archive_has_no_fault(sound: Path) -> None:
    """All fifteen checks, and each looked at something but the ledger and revisits, which are not there."""
    found = list(verify(sound / "home", keys=Keyring(sound / "keys")))

    assert {Verdict.PASS} == {f.outcome for f in found if f.check not in ("7 revisits", "9 ledger values")}
    assert set(CHECKS) == {f.check for f in found}


def wrong(sound: Path, place: Path, seeds: range) -> list[tuple[str, int, Named, Named]]:
    found = []
    for seed in seeds:
        edit = ALL[seed % len(ALL)]
        named, told = edited(sound, place, edit, seed)
        if not named <= told:
            found.append((edit.__name__, seed, named, told))
    return found


def test_60_edits(sound: Path, place: Path) -> None:
    """Of every kind one, and some twice, drawn anew each time: all found, and each named."""
    first = random.SystemRandom().randrange(10**6) * len(ALL)
    print(f"seed {first}")

    assert [] == wrong(sound, place, range(first, first + 60))


@pytest.mark.full
def test_500_edits_of_all(sound: Path, place: Path) -> None:
    """The long form: 500 random edits, 500 found, 500 named."""
    first = random.SystemRandom().randrange(10**6) * len(ALL)
    print(f"seed {first}")

    assert [] == wrong(sound, place, range(first, first + 500))


@pytest.mark.parametrize(
    ("removed", "edit"),
    [
        ("opened", changed_journal), ("added_last", cut_journal), ("kept", changed_token), ("unnamed", inserted_token),
        ("token", another_token), ("folder", another_token),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)  # fmt: skip
def test_a_check_of_stamps_that_was_removed_is_missed(
    sound: Path, place: Path, removed: str, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutants: without any one of them some edit is no longer named."""

    def nothing(*_: object, **__: object) -> Iterator[object]:
        yield from ()

    monkeypatch.setattr(stampcheck._Run, removed, nothing)
    missed = [named <= found for named, found in (edited(sound, place, edit, seed) for seed in range(3))]

    assert False in missed


# One edit that each check alone must name: (7), (9) and (1), (10) are in test_verify.
GOLDEN: dict[int, Callable[[Path, random.Random], Named]] = {
    2: changed_record, 5: carefully_changed_record, 6: shadowing_record, 8: deleted_manifest, 11: log_edits.changed_leaf,
    12: log_edits.changed_tile, 13: older_checkpoint, 14: backdated_capture, 15: another_token,
}  # fmt: skip


@pytest.mark.parametrize("number", GOLDEN)
def test_a_check_that_looks_away_changes_the_report(
    sound: Path, place: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check in turn says nothing: what it was to name is named by no one under its number."""
    named, before = edited(sound, place, GOLDEN[number], 7)
    fail = Check.fail

    def looks_away(check: Check, subject: str, detail: str) -> Iterator[Finding]:
        return iter(()) if check.name == CHECKS[number - 1] else fail(check, subject, detail)

    monkeypatch.setattr(Check, "fail", looks_away)
    _, after = edited(sound, place, GOLDEN[number], 7)

    assert {check for check, _ in named} == {CHECKS[number - 1]}
    assert named <= before and not named & after
