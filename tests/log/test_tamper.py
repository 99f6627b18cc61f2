"""A leaf, a tile, a line or a signature is changed, deleted, inserted, moved: each is found, and named."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from archive import logcheck
from archive.errors import NotFound
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.log import Log
from archive.logcheck import check_log
from archive.note import Checkpoint, Note, Signer
from archive.tiles import ENTRIES, HASH, bundle, name, unbundled, width
from tests.log.conftest import keep, logged

SIZE = 600  # two full tiles and a part of a third
Edit = Callable[[Path, random.Random], set[tuple[str, str]]]  # edits a home; the findings, one of which must name it


@pytest.fixture(scope="module")
def sound() -> Iterator[Path]:
    """A home of 600 logged captures and its keyring, made once."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="kartoteka-") as folder:
        home = Path(folder) / "home"
        keep(home, 0, 280)
        logged(home, Keyring(Path(folder) / "keys"))
        keep(home, 280, SIZE - 280)
        logged(home, Keyring(Path(folder) / "keys"))
        yield Path(folder)


@pytest.fixture
def copy(sound: Path, place: Path) -> Path:
    shutil.copytree(sound, place / "copy")
    return place / "copy"


def failures(folder: Path, *, remembers: bool = True) -> set[tuple[str, str]]:
    keys = Keyring(folder / "keys") if remembers else None
    return {(f.check, f.subject) for f in check_log(folder / "home", keys=keys) if f.outcome is Verdict.FAIL}


def file(level: int | str, index: int) -> str:
    return name(level, index, width(SIZE, 0 if level == ENTRIES else int(level), index))


def entries(home: Path, chance: random.Random, edit: Callable[[list[bytes], int], None]) -> set[tuple[str, str]]:
    n = chance.randrange(3)
    path = home / "log" / file(ENTRIES, n)
    found = unbundled(path.read_bytes())
    edit(found, chance.randrange(len(found) - 1))
    path.write_bytes(bundle(found))
    return {("11 log entries", f"log/{file(ENTRIES, n)}")}


def changed_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    def edit(found: list[bytes], at: int) -> None:
        found[at] = found[at].replace(b'"seq":', b'"seq":9', 1)

    return entries(home, chance, edit)


def backdated_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    return entries(home, chance, lambda found, at: found.__setitem__(at, found[at].replace(b"2026-", b"2025-")))


def deleted_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    return entries(home, chance, lambda found, at: found.pop(at) and None)


def inserted_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    return entries(home, chance, lambda found, at: found.insert(at, found[at].replace(b"captured", b"timeout")))


def moved_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    def edit(found: list[bytes], at: int) -> None:
        found[at], found[at + 1] = found[at + 1], found[at]

    return entries(home, chance, edit)


def cut_bundle(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    n = chance.randrange(3)
    path = home / "log" / file(ENTRIES, n)
    octets = path.read_bytes()
    path.write_bytes(octets[: chance.randrange(1, len(octets))])
    return {("11 log entries", f"log/{file(ENTRIES, n)}")}


def a_tile(chance: random.Random) -> tuple[str, int]:
    level, index = chance.choice([(0, 0), (0, 1), (0, 2), (1, 0)])
    return file(level, index), width(SIZE, level, index)


def changed_tile(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    tile, wide = a_tile(chance)
    path = home / "log" / tile
    octets = bytearray(path.read_bytes())
    octets[chance.randrange(wide * HASH)] ^= 1 << chance.randrange(8)
    path.write_bytes(octets)
    return {("12 log tiles", f"log/{tile}")}


def deleted_hash(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    tile, wide = a_tile(chance)
    path, at = home / "log" / tile, chance.randrange(wide)
    octets = path.read_bytes()
    path.write_bytes(octets[: at * HASH] + octets[(at + 1) * HASH :])
    return {("12 log tiles", f"log/{tile}")}


def moved_hashes(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    tile, wide = a_tile(chance)
    path, at = home / "log" / tile, chance.randrange(wide - 1) * HASH
    octets = path.read_bytes()
    path.write_bytes(octets[:at] + octets[at + HASH : at + 2 * HASH] + octets[at : at + HASH] + octets[at + 2 * HASH :])
    return {("12 log tiles", f"log/{tile}")}


def deleted_tile(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    tile, _ = a_tile(chance)
    (home / "log" / tile).unlink()
    return {("12 log tiles", f"log/{tile}")}


def inserted_tile(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    odd = chance.choice(["tile/0/0000", "tile/0/000.bak", "tile/64/000", "tile/entries/x00/000"])
    path = home / "log" / odd
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return {("12 log tiles", f"log/{odd}")}


def changed_partial(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    """One of an earlier checkpoint, whose place a full tile has taken."""
    old = chance.choice([name(0, 1, 24), name(ENTRIES, 1, 24)])
    path = home / "log" / old
    octets = bytearray(path.read_bytes())
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    path.write_bytes(octets)
    return {("12 log tiles", f"log/{old}")}


def checkpoint(home: Path, edit: Callable[[list[str]], None]) -> set[tuple[str, str]]:
    path = home / "log" / "checkpoint"
    lines = path.read_text("utf-8").split("\n")
    edit(lines)
    path.write_text("\n".join(lines), "utf-8")
    return {("13 log checkpoint", "log/checkpoint")}


def changed_line(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    at = chance.choice([0, 1, 2, 4])
    return checkpoint(
        home,
        lambda lines: lines.__setitem__(
            at, lines[at].replace(lines[at][-9], "7" if lines[at][-9] != "7" else "8") if len(lines[at]) > 9 else "599"
        ),
    )


def deleted_line(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    at = chance.randrange(5)
    return checkpoint(home, lambda lines: lines.pop(at) and None)


def inserted_line(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    at = chance.randrange(4)
    return checkpoint(home, lambda lines: lines.insert(at, "more"))


def moved_lines(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    at = chance.choice([0, 1])

    def edit(lines: list[str]) -> None:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]

    return checkpoint(home, edit)


def deleted_checkpoint(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    (home / "log" / "checkpoint").unlink()
    return {("13 log checkpoint", "log/checkpoint")}


def others_signature(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    note, key = Log(home).note(), Log(home).verifier()
    assert note is not None and key is not None
    stranger = Signer.new(key.name)
    (home / "log" / "checkpoint").write_bytes(bytes(Note(note.text, (stranger.sign(note.text),))))
    if chance.random() < 0.5:  # with a public key to match
        (home / "log" / "vkey").write_text(f"{stranger.verifier}\n")
        return {("13 log checkpoint", "log/vkey")}
    return {("13 log checkpoint", "log/checkpoint")}


def index(home: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(home / "index.sqlite") as db:
        db.execute(statement, values)


def ids(home: Path) -> list[str]:
    with sqlite3.connect(home / "index.sqlite") as db:
        return [row[0] for row in db.execute("SELECT id FROM captures ORDER BY seq")]


def changed_capture(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    """The archive was written anew with another manifest, outcome or time."""
    at = chance.randrange(SIZE)
    what = chance.choice(["manifest_sha256 = ?2", "outcome = 'timeout'", "at = at - 1"])
    index(home, f"UPDATE captures SET {what} WHERE seq = ?1 AND ?2 = ?2", at, "0" * 64)
    return {("14 captures in the log", f"capture {ids(home)[at]}")}


def deleted_capture(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    at = chance.randrange(SIZE)
    index(home, "DELETE FROM captures WHERE seq = ?", at)
    return {("14 captures in the log", f"log leaf {at}")}


def inserted_capture(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    """One that was slipped in, past the outbox."""
    with sqlite3.connect(home / "index.sqlite") as db:
        db.execute("CREATE TEMP TABLE t AS SELECT * FROM captures WHERE seq = ?", (chance.randrange(SIZE),))
        db.execute("UPDATE t SET seq = ?, id = 'slipped-in'", (SIZE + chance.randrange(3),))
        db.execute("INSERT INTO captures SELECT * FROM t")
    return {("14 captures in the log", "capture slipped-in")}


def rewritten_leaf(home: Path, chance: random.Random) -> set[tuple[str, str]]:
    """Entry and leaf hash together, consistent with each other and with nothing above."""
    from archive.tree import leaf_hash

    n = chance.randrange(3)
    path, tile = home / "log" / file(ENTRIES, n), home / "log" / file(0, n)
    found = unbundled(path.read_bytes())
    at = chance.randrange(len(found))
    found[at] = found[at].replace(b"2026-", b"2025-")
    path.write_bytes(bundle(found))
    tile.write_bytes(b"".join(map(leaf_hash, found)))
    return {("14 captures in the log", f"capture {ids(home)[n * 256 + at]}")}


EDITS: tuple[Edit, ...] = (
    changed_leaf, backdated_leaf, deleted_leaf, inserted_leaf, moved_leaf, cut_bundle,
    changed_tile, deleted_hash, moved_hashes, deleted_tile, inserted_tile, changed_partial,
    changed_line, deleted_line, inserted_line, moved_lines, deleted_checkpoint, others_signature,
    changed_capture, deleted_capture, inserted_capture, rewritten_leaf,
)  # fmt: skip
# What else may be told of an edit beside its own name: the same fault, seen from the other side.
ALSO = {rewritten_leaf: {"11 log entries", "13 log checkpoint"}, others_signature: {"13 log checkpoint"}}


def edited(sound: Path, place: Path, edit: Edit, seed: int) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What the edit is to be called, and what was found."""
    copy = place / f"{edit.__name__}{seed}"
    shutil.copytree(sound, copy)
    named = edit(copy / "home", random.Random(seed))
    found = failures(copy)
    shutil.rmtree(copy)
    return named, found


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_is_found_and_named(sound: Path, place: Path, edit: Edit) -> None:
    """Three draws of each kind: the finding names the file, the leaf or the capture, and blames nothing else."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    for seed in range(first, first + 3):
        named, found = edited(sound, place, edit, seed)
        assert named <= found, (seed, found)
        others = {check for check, _ in found - named} - ALSO.get(edit, set())
        assert set() == others, (seed, found)


@pytest.mark.full
def test_500_edits(sound: Path, place: Path) -> None:
    """The long form: 500 random edits, 500 found, 500 named."""
    first = random.SystemRandom().randrange(10**6)
    print(f"seed {first}")
    wrong = []
    for seed in range(first, first + 500):
        edit = EDITS[seed % len(EDITS)]
        named, found = edited(sound, place, edit, seed)
        if not named <= found:
            wrong.append((edit.__name__, seed, named, found))

    assert [] == wrong


def test_an_untouched_log_has_no_fault(sound: Path) -> None:
    """With and without a keyring: PASS for what was looked at, and NOT CHECKED for what is not remembered."""
    assert set() == failures(sound) == failures(sound, remembers=False)
    told = [f for f in check_log(sound / "home") if f.outcome is Verdict.NOT_CHECKED]
    assert ["13 log checkpoint"] == [f.check for f in told]


def test_one_capture_is_looked_at_alone(copy: Path) -> None:
    """With an id: its leaf and path, and nothing is said of the rest; changed, it is named."""
    home, keys = copy / "home", Keyring(copy / "keys")
    one, other = ids(home)[300], ids(home)[301]
    before = {f.check[:2]: f.outcome for f in check_log(home, [one], keys=keys)}
    index(home, "UPDATE captures SET outcome = 'timeout' WHERE seq = 300")
    after = [f for f in check_log(home, [one, other], keys=keys) if f.outcome is Verdict.FAIL]

    assert {"11": "NOT CHECKED", "12": "NOT CHECKED", "13": "PASS", "14": "PASS"} == before
    assert [("14 captures in the log", f"capture {one}")] == [(f.check, f.subject) for f in after]
    with pytest.raises(NotFound):
        list(check_log(home, ["nobody"]))


def test_a_size_that_was_invented_ends(copy: Path) -> None:
    """Signed by the log's own key, of more leaves than any disk has: told, and not looked for to the end."""
    home, keys = copy / "home", Keyring(copy / "keys")
    key = Log(home).verifier()
    assert key is not None
    text = str(Checkpoint(key.name, 10**17, bytes(32)))
    (home / "log" / "checkpoint").write_bytes(bytes(Note(text, (keys.signer(key.name).sign(text),))))

    assert ("13 log checkpoint", "log/checkpoint") in failures(copy)


def test_an_index_that_is_gone_or_no_index(copy: Path) -> None:
    """Leaves without captures are told; nothing is a traceback."""
    (copy / "home" / "index.sqlite").write_bytes(b"no database" * 1000)
    assert {"14 captures in the log"} == {check for check, _ in failures(copy)}
    (copy / "home" / "index.sqlite").unlink()
    assert {"14 captures in the log"} == {check for check, _ in failures(copy)}


@pytest.mark.parametrize(
    ("removed", "edit"),
    [
        ("agree", changed_leaf), ("agree", changed_tile), ("bundle", cut_bundle), ("stored", deleted_tile),
        ("files", inserted_tile), ("partial", changed_partial), ("checkpoint", changed_line), ("remembered", deleted_checkpoint),
        ("missing", inserted_capture), ("leaf", deleted_capture), ("other", changed_capture),
    ],
    ids=str,
)  # fmt: skip
def test_a_check_that_was_removed_is_missed(
    sound: Path, place: Path, removed: str, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutants: without any one check some edit is no longer named."""

    def nothing(*_: object, **__: object) -> Iterator[object]:
        yield from ()

    monkeypatch.setattr(logcheck._Run, removed, nothing)
    missed = [named <= found for named, found in (edited(sound, place, edit, seed) for seed in range(8))]

    assert False in missed
