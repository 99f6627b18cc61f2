"""The hands that change, delete, insert, move and back-date what a log of 600 captures holds, each telling what it is to be called."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

from archive.log import Log
from archive.note import Note, Signer
from archive.tiles import ENTRIES, HASH, bundle, name, unbundled, width

SIZE = 600  # two full tiles and a part of a third
FIRST = 280  # of them under the first checkpoint
Edit = Callable[[Path, random.Random], set[tuple[str, str]]]  # edits a home; the findings, one of which must name it


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
