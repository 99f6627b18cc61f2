"""Does the log hold every capture, once, and is it what was signed? Checks (11) to (14) of `verify`.

(11) every entry of the log is spelled as ours are, and hashes to its leaf
(12) every tile is there and is what the leaves make of it; a partial tile that was kept begins as the full one does
(13) the checkpoint is signed by the log's key and has the size and root of the tiles; it extends what this machine signed
     last, where the keyring remembers that
(14) every capture of the index has one leaf, which says its manifest's digest, outcome and time; every leaf has its
     capture; what waits in the outbox is told

The tree is made anew from the entries, a bundle at a time. Which of two that disagree is the wrong one, the root that was
signed decides. What cannot be found without a checkpoint that others hold: a log written anew as a whole and signed with
its own key, on a machine whose keyring was put back too.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archive import tree
from archive.errors import BadRecord, Damaged, NotFound
from archive.finding import CHECKS, Check, Finding
from archive.keyring import Keyring
from archive.log import Log, find, told, vouched
from archive.note import Checkpoint
from archive.tiles import ENTRIES, HASH, WIDTH, Tiles, bundle, name, width

COUNTED = ("entries", "tiles", "checkpoint", "captures with their leaf")
SHOWN = "log/checkpoint"
GONE = 64  # tiles missing one after another, behind which none is looked for: a size may be invented
HIGHEST = 1 << 26  # a number of a capture that an index may have: one octet of memory each
FILE = re.compile(
    r"tile/(?P<level>entries|\d|[1-5]\d|6[0-3])/(?P<index>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d*))?(?P<new>\.new)?"
)
ROWS = "SELECT seq, id, manifest_sha256, outcome, at FROM captures WHERE "
EPOCH, MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)  # noqa: DTZ001
Row = tuple[int, str, str, str, int]  # as ROWS selects it
Progress = Callable[[str, int, int], None]  # what is read, leaves done, and in all


def check_log(
    home: Path, ids: Sequence[str] = (), *, keys: Keyring | None = None, progress: Progress = lambda *_: None
) -> Iterator[Finding]:
    """Findings as they come, sums at the end. ids: captures or visits whose leaf alone is looked at; none: the whole log.

    keys: remembers what was signed last; without it that part of (13) is NOT CHECKED. Raises NotFound for an id of nothing.
    """
    with closing(_index(home / "index.sqlite")) as index:
        run = _Run(Log(home), keys, index, progress)
        yield from run.some(ids) if ids else run.whole()
        for check in run.checks.values():
            yield from check.sum("log")


def leaves_of(home: Path, ids: Sequence[str]) -> list[int]:
    """The leaves of captures or visits, as far as they have one that can be found."""
    with closing(_index(home / "index.sqlite")) as index:
        run = _Run(Log(home), None, index, lambda *_: None)
        try:
            signed = run.log.checkpoint()
            tiles = Tiles(run.log.folder, 0 if signed is None else signed.size)
            found = [find(tiles, row[0]) for id_ in ids for row in run.rows("id = ?1 OR visit = ?1", id_)]
        except Damaged:
            return []  # (11) to (13) tell
    return [leaf for leaf in found if leaf is not None]


def _index(path: Path) -> sqlite3.Connection:
    """The index, read-only; an empty database where there is none."""
    if not path.is_file():
        return sqlite3.connect(":memory:")
    immutable = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{'&immutable=1' if immutable else ''}", uri=True)


def _expected(row: Row) -> bytes:
    """The entry of a capture, spelled here without the code that wrote it."""
    at = (EPOCH + row[4] * MICROSECOND).isoformat(timespec="microseconds")
    return f'{{"at":"{at}Z","manifest":"{row[2]}","outcome":"{row[3]}","seq":{row[0]},"v":1}}'.encode()


@dataclass
class _Run:
    """One look at one log."""

    log: Log
    keys: Keyring | None
    index: sqlite3.Connection
    progress: Progress
    checks: dict[int, Check] = field(default_factory=lambda: {n: Check(CHECKS[n - 1], of) for n, of in enumerate(COUNTED, 11)})
    seen: bytearray = field(default_factory=bytearray)  # one octet a capture: it has its leaf
    wrong: set[str] = field(default_factory=set)  # tiles that nothing else is held against

    def whole(self) -> Iterator[Finding]:
        self.moment()
        signed = yield from self.checkpoint()
        self.seen = bytearray(self.captures())
        if signed is None:
            why = "there is no checkpoint that can be trusted" if self.checks[13].failed else "no log has begun"
            self.checks[11].why_not = self.checks[12].why_not = self.checks[14].why_not = why
        else:
            for finding in self.leaves(signed):
                self.wrong.add(finding.subject)
                yield finding
            yield from self.files(signed.size)
        if signed is not None or not self.checks[13].failed:
            yield from self.missing(signed)

    def some(self, ids: Sequence[str]) -> Iterator[Finding]:
        for n in (11, 12):
            self.checks[n].why_not = "needs the whole log: run `verify` without an id"
        self.moment()
        signed = yield from self.checkpoint()
        for id_ in ids:
            rows = self.rows("id = ?1 OR visit = ?1", id_)
            if not rows:
                raise NotFound(f"no capture or visit {id_!r} in the index")
            for row in rows:
                yield from self.one(row, signed)

    # -- (13)

    def checkpoint(self) -> Generator[Finding, None, Checkpoint | None]:
        """What is signed; where the note does not hold, what can still be used to look at the rest."""
        check = self.checks[13]
        # A writer may be at work: it writes tiles, remembers, shows, and empties the outbox. Read here the other way round.
        tiles_are_there = (self.log.folder / "tile").exists()
        try:
            remembered = yield from self.remembered()
            note, key = self.log.note(), self.log.verifier()
        except BadRecord as exc:
            check.looked += 1
            yield from check.fail(SHOWN, str(exc))
            return None
        if note is None:
            if key is not None and remembered is not None:
                yield from check.fail(SHOWN, f"it is missing, and {remembered.size} captures were signed for")
            elif key is None and tiles_are_there:
                yield from check.fail(SHOWN, "checkpoint and vkey are missing, and there are tiles")
            return remembered
        check.looked += 1
        try:
            signed = vouched(note, key)
        except BadRecord as exc:
            yield from check.fail(SHOWN, str(exc))
            return remembered or self.claimed(note.text)
        tiles = Tiles(self.log.folder, signed.size)
        if remembered is not None and signed.size < remembered.size and self.is_not_shown_yet(signed, remembered):
            yield from check.skip(SHOWN, f"{remembered.size} captures were signed for last, and {signed.size} are shown yet")
            return remembered
        if remembered is not None and not _extends(remembered, signed, tiles):
            yield from check.fail(
                SHOWN, f"it does not extend the {remembered.size} captures that this machine signed for last: it was put back"
            )
        return signed

    def is_not_shown_yet(self, shown: Checkpoint, last: Checkpoint) -> bool:
        """The writer is about to show what it signed, or was killed there: tiles prove it, and the captures wait still."""
        tiles = Tiles(self.log.folder, last.size)
        if _root(tiles) != last.root or not _extends(shown, last, tiles):
            return False
        try:
            late = [told(tiles.entry(at))["seq"] for at in range(shown.size, min(last.size, shown.size + WIDTH * 64))]
        except Damaged:
            return False
        end = self.captures()
        waiting = {row[0] for row in self.asked("SELECT seq FROM outbox")}
        return all(seq >= end or seq in waiting for seq in late)

    def remembered(self) -> Generator[Finding, None, Checkpoint | None]:
        check, key = self.checks[13], self.log.verifier()
        if key is None:
            return None
        last = None if self.keys is None else self.keys.last(key.name)
        if last is None:
            yield from check.skip(SHOWN, f"nothing is remembered here of what {key.name} signed last")
            return None
        try:
            return vouched(last, key)
        except BadRecord:
            yield from check.fail("log/vkey", f"{key} is not the key that signed what is remembered here of {key.name}")
            return None

    def claimed(self, text: str) -> Checkpoint | None:
        try:
            found = Checkpoint.parse(text)
            return found if Tiles(self.log.folder, found.size).root() == found.root else None
        except Damaged:
            return None

    # -- (11), (12): the tree made anew

    def leaves(self, signed: Checkpoint) -> Iterator[Finding]:
        tiles = Tiles(self.log.folder, signed.size)
        top = _root(tiles) == signed.root
        gone = 0
        edges: tuple[_Edge, _Edge] = [], []  # of the entries, and of the leaf hashes
        for n in range(-(-signed.size // WIDTH)):
            self.progress("log", n * WIDTH, signed.size)
            wide = width(signed.size, 0, n)
            stored = yield from self.stored(tiles, 0, n)
            entries = yield from self.bundle(tiles, n)
            made = None if entries is None else [tree.leaf_hash(each) for each in entries]
            gone = gone + 1 if made is stored is None else 0
            if gone > GONE:
                break
            _grow(edges[0], made if made is not None and len(made) == wide else stored or [])
            _grow(edges[1], stored or made or [])
            sound = _over(edges[0]) == signed.root  # it counts at the right edge, where no tile lies above
            if made is not None and stored is not None:
                yield from self.agree(tiles, n, made, stored, top=top, sound=sound)
            yield from self.meant(n, wide, entries, made, stored)
        for level in range(1, len(edges[1]) + 1):
            yield from self.upper(tiles, level, top=top)
        if signed.root not in (_over(edges[0]), _over(edges[1])) and not self.checks[11].failed + self.checks[12].failed:
            self.wrong |= {_path(tiles, level, (signed.size - 1) // WIDTH) for level in (0, ENTRIES)}
            yield from self.checks[13].fail(SHOWN, f"its root is not the one of the {signed.size} leaves that are there")

    def stored(self, tiles: Tiles, level: int, n: int) -> Generator[Finding, None, list[bytes] | None]:
        self.checks[12].looked += 1
        try:
            return tiles.hashes(level, n)
        except Damaged as exc:
            yield from self.checks[12].fail(_path(tiles, level, n), str(exc))
            return None

    def bundle(self, tiles: Tiles, n: int) -> Generator[Finding, None, list[bytes] | None]:
        self.checks[11].looked += width(tiles.size, 0, n)
        try:
            return tiles.unchecked(n)
        except Damaged as exc:
            yield from self.checks[11].fail(_path(tiles, ENTRIES, n), str(exc))
            return None

    def agree(
        self, tiles: Tiles, n: int, made: list[bytes], stored: list[bytes], *, top: bool, sound: bool
    ) -> Iterator[Finding]:
        """Entries, leaf hashes and the hash above; where they differ, who is wrong."""
        above = _above(tiles, 0, n)
        if made == stored:
            if above is not None and above != tree.over(stored):
                if _vouched(tiles, 1, n // WIDTH, top=top):
                    self.wrong.add(_path(tiles, 0, n))
                    yield from self.checks[11].fail(_path(tiles, ENTRIES, n), "entries and leaf hashes were changed together")
                else:
                    yield from self.checks[12].fail(
                        _path(tiles, 1, n // WIDTH), f"hash {n % WIDTH} is not that of {name(0, n)}"
                    )
            return
        whole = len(made) == width(tiles.size, 0, n)
        of_entries = whole and (sound if above is None else above == tree.over(made))
        of_leaves = top if above is None else above == tree.over(stored)
        if of_leaves or not of_entries:
            yield from self.checks[11].fail(_path(tiles, ENTRIES, n), _differ(n, made, stored))
        if of_entries or not of_leaves:
            at = next(i for i in range(WIDTH) if made[i : i + 1] != stored[i : i + 1])
            yield from self.checks[12].fail(_path(tiles, 0, n), f"hash {at} is not that of leaf {n * WIDTH + at}")

    def upper(self, tiles: Tiles, level: int, *, top: bool) -> Iterator[Finding]:
        """The tiles of a level, each hash of which is a full tile of the level below."""
        gone = 0
        for m in range(-(-(tiles.size >> 8 * level) // WIDTH)):
            row = yield from self.stored(tiles, level, m)
            gone = gone + 1 if row is None else 0
            if gone > GONE:
                break
            if row is None or level == 1:
                continue  # the hashes of level 1 were looked at with their leaves
            for j, each in enumerate(row):
                below = _or_none(tiles, level - 1, m * WIDTH + j)
                if below is not None and tree.over(below) != each:
                    wrong, m_wrong = (level - 1, m * WIDTH + j) if _vouched(tiles, level, m, top=top) else (level, m)
                    detail = f"hash {j} of {name(level, m)} is not that of {name(level - 1, m * WIDTH + j)}"
                    yield from self.checks[12].fail(_path(tiles, wrong, m_wrong), detail)

    def files(self, size: int) -> Iterator[Finding]:
        """Nothing else lies among the tiles; partial tiles that were kept begin as the tile that took their place."""
        tiles = Tiles(self.log.folder, size)
        for folder, _, names in os.walk(self.log.folder / "tile"):
            for each in names:
                path = Path(folder, each)
                file = path.relative_to(self.log.folder).as_posix()
                match = FILE.fullmatch(file)
                if match is None:
                    yield from self.checks[12].fail(f"log/{file}", "no tile has this name")
                elif match["width"] and not match["new"]:
                    yield from self.partial(tiles, path, file, match)

    def partial(self, tiles: Tiles, path: Path, file: str, match: re.Match[str]) -> Iterator[Finding]:
        level, index, wide = match["level"], int(re.sub("[x/]", "", match["index"])), int(match["width"])
        if width(tiles.size, 0 if level == ENTRIES else int(level), index) in (0, wide):
            return  # looked at already, or beyond what is signed
        if _path(tiles, level, index) in self.wrong:
            return
        try:
            now = bundle(tiles.entries(index)) if level == ENTRIES else b"".join(tiles.hashes(int(level), index))
        except Damaged:
            return  # told already
        was = path.read_bytes()
        self.checks[12].looked += 1
        short = level != ENTRIES and len(was) != wide * HASH
        if short or was[: len(now)] != now[: len(was)]:
            yield from self.checks[12].fail(f"log/{file}", "it does not begin as the tile that is signed")

    # -- (14)

    def meant(
        self, n: int, wide: int, entries: list[bytes] | None, made: list[bytes] | None, stored: list[bytes] | None
    ) -> Iterator[Finding]:
        """Which captures the leaves of a bundle are. An entry that (11) has told of is asked for nothing more."""
        first = n * WIDTH
        if entries is None or made is None or (stored is not None and made != stored and len(made) != wide):
            self.met(first, wide)
            return
        rows = {row[0]: row for row in self.rows("seq BETWEEN ? AND ?", first, first + WIDTH - 1)}
        for at, each in enumerate(entries[:wide], first):
            row = rows.get(at)
            if row is not None and each == _expected(row) and at < len(self.seen) and not self.seen[at]:
                self.seen[at] = 1
                self.checks[14].looked += 1
            elif stored is not None and made[at - first] != stored[at - first]:
                self.met(at, 1)
            else:
                yield from self.leaf(at, each)

    def met(self, first: int, count: int) -> None:
        """Captures whose leaves cannot be read are not missed a second time."""
        for seq in range(first, min(first + count, len(self.seen))):
            self.seen[seq] = 1

    def leaf(self, at: int, octets: bytes) -> Iterator[Finding]:
        """One leaf that is not simply the capture of its own number."""
        check, subject = self.checks[14], f"log leaf {at}"
        try:
            said = told(octets)
        except BadRecord as exc:
            yield from self.checks[11].fail(subject, str(exc))
            return
        seq = said["seq"]
        if seq == len(self.seen):  # it was kept, or even logged, while this ran
            self.moment()
            self.seen.extend(bytes(self.captures() - len(self.seen)))
        row = next(iter(self.rows("seq = ?", seq)), None) if 0 <= seq < len(self.seen) else None
        check.looked += 1
        if row is None:
            yield from check.fail(subject, f"it is of capture {seq}, which is not in the archive: it was deleted, or put back")
        elif self.seen[seq]:
            yield from check.fail(subject, f"capture {row[1]} ({seq}) has another leaf already")
        else:
            self.seen[seq] = 1
            if octets != _expected(row):
                yield from self.other(row, at, said)

    def other(self, row: Row, at: int, said: dict[str, Any]) -> Iterator[Finding]:
        is_now = json.loads(_expected(row))
        differs = ", ".join(f"{key}: {said[key]}, now {is_now[key]}" for key in is_now if said[key] != is_now[key])
        yield from self.checks[14].fail(f"capture {row[1]}", f"it is not what leaf {at} was logged as ({differs})")

    def missing(self, signed: Checkpoint | None) -> Iterator[Finding]:
        """Captures without a leaf: they wait, or they are missed."""
        waiting = 0
        newer = self.newer(signed)
        query = "SELECT c.seq, id, o.seq FROM captures c LEFT JOIN outbox o USING (seq) ORDER BY c.seq"
        try:
            for seq, id_, waits in self.index.execute(query) if self.seen else ():
                if seq >= 0 and self.seen[seq]:
                    continue
                if waits is not None:
                    waiting += 1
                elif newer is None or find(newer, seq) is None:
                    yield from self.checks[14].fail(f"capture {id_}", f"it has left the outbox ({seq}) and has no leaf")
        except sqlite3.Error as exc:
            yield from self.checks[14].fail("index.sqlite", f"it cannot be read to its end: {exc}")
        if waiting:
            yield from self.checks[14].skip("log", f"{waiting} captures wait in the outbox: `crawl log checkpoint` takes them")

    def newer(self, signed: Checkpoint | None) -> Tiles | None:
        """A writer may have logged and signed since the checkpoint was looked at: the log as it is now."""
        try:
            now = self.log.checkpoint()
        except BadRecord:
            return None
        if now is None or now.size <= (signed.size if signed is not None else 0):
            return None
        tiles = Tiles(self.log.folder, now.size)
        return tiles if _root(tiles) == now.root else None

    def one(self, row: Row, signed: Checkpoint | None) -> Iterator[Finding]:
        """One capture: its leaf, and the path of that to the root."""
        check, subject = self.checks[14], f"capture {row[1]}"
        if signed is None:
            yield from check.skip(subject, "there is no checkpoint that can be trusted")
            return
        tiles = Tiles(self.log.folder, signed.size)
        try:
            at = find(tiles, row[0])
            if at is None:
                yield from check.skip(subject, "it is not in the log yet")
                return
            check.looked += 1
            octets = tiles.entry(at)
            path = tree.inclusion(at, signed.size, tiles.node)
        except BadRecord as exc:
            yield from self.checks[11].fail("log", str(exc))
            return
        except Damaged as exc:
            yield from self.checks[12].fail("log", str(exc))
            return
        if octets != _expected(row):
            yield from self.other(row, at, told(octets))
        elif not tree.includes(tree.leaf_hash(octets), at, signed.size, path, signed.root):
            yield from check.fail(subject, f"the tiles do not lead from leaf {at} to the root that was signed")

    # -- the index

    def moment(self) -> None:
        """What the index says is of one moment from now on, though a writer may be at work."""
        with suppress(sqlite3.Error):
            self.index.rollback()
            self.index.execute("BEGIN")
            self.index.execute("SELECT 1 FROM captures LIMIT 1").fetchone()

    def captures(self) -> int:
        """One more than the highest number of a capture."""
        found = self.asked("SELECT max(seq) FROM captures")
        last = found[0][0] if found else None
        return last + 1 if isinstance(last, int) and 0 <= last < HIGHEST else 0

    def rows(self, where: str, *values: object) -> list[Row]:
        return self.asked(ROWS + where, *values)

    def asked(self, query: str, *values: object) -> list[Any]:
        try:
            return self.index.execute(query, values).fetchall()
        except sqlite3.Error:  # (8) tells what is wrong with the index
            return []


_Edge = list[list[bytes]]  # the hashes of the partial tile of each level


def _grow(edge: _Edge, row: list[bytes]) -> None:
    """A bundle more."""
    level = 0
    while row:
        if level == len(edge):
            edge.append([])
        edge[level] += row
        row = []
        if len(edge[level]) >= WIDTH:
            row, edge[level] = [tree.over(edge[level][:WIDTH])], edge[level][WIDTH:]
        level += 1


def _over(edge: _Edge) -> bytes:
    found: list[bytes] = []
    for row in edge:
        found = [tree.over(row + found)] if row or found else []
    return found[0] if found else tree.EMPTY


def _root(tiles: Tiles) -> bytes | None:
    try:
        return tiles.root()
    except Damaged:
        return None


def _or_none(tiles: Tiles, level: int, n: int) -> list[bytes] | None:
    try:
        return tiles.hashes(level, n)
    except Damaged:
        return None


def _above(tiles: Tiles, level: int, n: int) -> bytes | None:
    """The hash that a full tile has in the level above; None at the right edge, and where that tile is missing."""
    row = _or_none(tiles, level + 1, n // WIDTH) if width(tiles.size, level, n) == WIDTH else None
    return None if row is None else row[n % WIDTH]


def _vouched(tiles: Tiles, level: int, n: int, *, top: bool) -> bool:
    """Does a tile lead to the root that was signed? top: those of the right edge do."""
    while width(tiles.size, level, n) == WIDTH:
        row = _or_none(tiles, level, n)
        if row is None or tree.over(row) != _above(tiles, level, n):
            return False
        level, n = level + 1, n // WIDTH
    return top


def _extends(old: Checkpoint, new: Checkpoint, tiles: Tiles) -> bool:
    if not 0 < old.size <= new.size:
        return old.size == 0
    try:
        path = tree.consistency(old.size, new.size, tiles.node)
    except Damaged:
        return old.size == new.size and old.root == new.root
    return tree.extends(old.size, new.size, path, old.root, new.root)


def _differ(n: int, made: list[bytes], stored: list[bytes]) -> str:
    """How the entries of a bundle differ from what was logged."""
    at = next(i for i in range(WIDTH + 1) if made[i : i + 1] != stored[i : i + 1])
    leaf = n * WIDTH + at
    if made[at:] == stored[at + 1 :]:
        return f"leaf {leaf} was deleted"
    if made[at + 1 :] == stored[at:]:
        return f"an entry was inserted at leaf {leaf}"
    if Counter(made) == Counter(stored):
        return f"the entries stand in another order, from leaf {leaf} on"
    return f"leaf {leaf} is not the entry that was logged"


def _path(tiles: Tiles, level: int | str, n: int) -> str:
    return "log/" + name(level, n, width(tiles.size, 0 if level == ENTRIES else int(level), n))
