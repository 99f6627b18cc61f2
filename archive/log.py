"""The append-only log of captures: tiles, signed checkpoints, proofs. What is logged and signed is never written anew.

A leaf says of one capture the digest of its manifest, its outcome, its time and its number: nothing of its address, which
the manifest's nonce keeps from being guessed. The order of writes: entries and tiles, synced; then the keyring remembers
the new checkpoint; then it is shown as `checkpoint`; then the captures leave the outbox. A kill at any point leaves a log
whose checkpoint its tiles prove, and going on writes the same tiles again.

    log/checkpoint    the signed note    log/vkey    the public key, as it says of itself    log/tile/...    as in `tiles`
"""

from __future__ import annotations

import base64
import errno
import json
import re
import secrets
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from archive import tree
from archive.capture import Capture
from archive.disk import Disk
from archive.errors import BadRecord, Damaged, DiskFull, Forked, NoKey, NotFound, Poisoned
from archive.keyring import Keyring
from archive.note import LONGEST, Checkpoint, Note, Signer, Verifier
from archive.tiles import ENTRIES, WIDTH, Tiles, bundle, name, width

if TYPE_CHECKING:
    from archive.shelf import Archive  # it brings SQLAlchemy, and who verifies a log has no use for that

VERSION = 1
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
MOST = 64 * WIDTH  # captures under one checkpoint: what a drain holds in memory
PROOF = "c2sp.org/tlog-proof@v1"
KEYS = ["at", "manifest", "outcome", "seq", "v"]


def entry(capture: Capture) -> bytes:
    """What a leaf says of a capture, in canonical JSON."""
    return _spelled(capture.seq, capture.manifest_sha256, capture.outcome.value, _date(capture.at.replace(tzinfo=None)))


def _spelled(seq: int, manifest: str, outcome: str, at: str) -> bytes:
    # Canonical (RFC 8785) as it stands: digest, word and date need no escape, and the keys are in their order.
    return f'{{"at":"{at}","manifest":"{manifest}","outcome":"{outcome}","seq":{seq},"v":{VERSION}}}'.encode()


def _date(at: datetime) -> str:
    """As WARC-Date has it, to the microsecond. at: in UTC, and not saying so."""
    return at.isoformat(timespec="microseconds") + "Z"


def told(octets: bytes) -> dict[str, Any]:
    """An entry read back. Raises BadRecord where it is none of ours, spelled as ours are."""
    try:
        said = json.loads(octets)
        if not isinstance(said, dict) or sorted(said) != KEYS or said["v"] != VERSION:
            raise ValueError("not the keys of an entry")
        if [type(said[key]) for key in KEYS] != [str, str, str, int, int] or not re.fullmatch("[0-9a-f]{64}", said["manifest"]):
            raise ValueError("no number, or no digest")
        if _spelled(said["seq"], said["manifest"], said["outcome"], said["at"]) != octets:
            raise ValueError("not the spelling of an entry")
    except (ValueError, RecursionError) as exc:
        raise BadRecord(f"not an entry of version {VERSION}: {octets[:100]!r}: {exc}") from exc
    return said


class Log:
    """The log of one archive, to read; without the key and without the lock."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "log"

    def verifier(self) -> Verifier | None:
        """The key as the log itself says; None where there is no log. Raises BadRecord."""
        octets = self._read("vkey")
        if octets is None:
            return None
        return Verifier.parse(octets.decode("utf-8", "replace"))

    def note(self) -> Note | None:
        """The checkpoint as it is shown, with every signature; None where nothing was signed. Raises BadRecord."""
        octets = self._read("checkpoint")
        return None if octets is None else Note.parse(octets)

    def signed(self) -> tuple[Note, Checkpoint] | None:
        """The note and what it says. Raises BadRecord where it is not signed by the log's own key."""
        note, key = self.note(), self.verifier()
        if note is None:
            return None
        return note, vouched(note, key)

    def checkpoint(self) -> Checkpoint | None:
        """What the note says. Raises BadRecord."""
        signed = self.signed()
        return None if signed is None else signed[1]

    def proof(self, capture: Capture, under: tuple[Note, Checkpoint] | None = None) -> str:
        """A `.tlog-proof`: the entry, its path, and the checkpoint (c2sp.org/tlog-proof). Raises NotFound, Damaged.

        under: a note of this log and what it says; None: the newest.
        """
        signed = under or self.signed()
        tiles = Tiles(self.folder, signed[1].size if signed is not None else 0)
        index = find(tiles, capture.seq)
        if signed is None or index is None:
            raise NotFound(f"capture {capture.id} is not in the log yet: `crawl log checkpoint` takes what waits")
        note, checkpoint = signed
        leaf = tiles.entry(index)
        if leaf != entry(capture):
            raise Damaged(f"leaf {index} says {leaf.decode('utf-8', 'replace')}, and capture {capture.id} is another")
        path = tree.inclusion(index, checkpoint.size, tiles.node)
        if not tree.includes(tree.leaf_hash(leaf), index, checkpoint.size, path, checkpoint.root):
            raise Damaged(f"the tiles do not lead from leaf {index} to the root that was signed: run `crawl verify`")
        lines = [PROOF, f"extra {_b64(leaf)}", f"index {index}", *map(_b64, path), "", ""]
        return "\n".join(lines) + bytes(note).decode()

    def _read(self, file: str) -> bytes | None:
        try:
            with (self.folder / file).open("rb") as opened:
                return opened.read(LONGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise BadRecord(f"{self.folder / file} cannot be read: {exc.strerror}") from exc


def vouched(note: Note, key: Verifier | None) -> Checkpoint:
    """The checkpoint of a note that a log's key has signed. Raises BadRecord."""
    if key is None or not note.signed_by(key):
        raise BadRecord(f"the checkpoint is not signed by {key or 'a key that is known'}")
    found = Checkpoint.parse(note.text)
    if found.origin != key.name:
        raise BadRecord(f"the checkpoint is of the log {found.origin}, not of {key.name}")
    return found


def find(tiles: Tiles, seq: int, hint: int | None = None) -> int | None:
    """The leaf of a capture, by its number: leaf n is capture n unless numbers were lost. hint: where it may be."""
    for at in (seq, hint):
        if at is not None and 0 <= at < tiles.size and told(tiles.entry(at))["seq"] == seq:
            return at
    mark = b'"seq":%d,' % seq
    for index in range(-(-tiles.size // WIDTH)):
        for at, each in enumerate(tiles.entries(index)):
            if mark in each and told(each)["seq"] == seq:
                return index * WIDTH + at
    return None


def highest(tiles: Tiles) -> int:
    """The highest number of a capture that has a leaf; -1 where there is none."""
    size = tiles.size
    last = int(told(tiles.entry(size - 1))["seq"]) if size else -1
    if last == size - 1:
        return last
    return max(int(told(each)["seq"]) for index in range(-(-size // WIDTH)) for each in tiles.entries(index))


def proven(proof: str, key: Verifier) -> tuple[dict[str, Any], Checkpoint]:
    """What a `.tlog-proof` proves under a key: an entry, and the checkpoint it is under. Raises BadRecord."""
    head, _, rest = proof.partition("\n\n")
    lines = head.split("\n")
    match = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[2]) if len(lines) > 2 else None
    if lines[0] != PROOF or match is None or not lines[1].startswith("extra "):
        raise BadRecord("not a proof of this log: it lacks its first line, its entry or its index")
    checkpoint = vouched(Note.parse(rest.encode()), key)
    try:
        leaf = base64.b64decode(lines[1][6:], validate=True)
        path = [base64.b64decode(line, validate=True) for line in lines[3:]]
    except ValueError as exc:
        raise BadRecord(f"not base64: {exc}") from exc
    if not tree.includes(tree.leaf_hash(leaf), int(match[1]), checkpoint.size, path, checkpoint.root):
        raise BadRecord("the path does not lead from the entry to the root that was signed")
    return told(leaf), checkpoint


class Writer:
    """The one hand that adds to a log; its caller holds the archive's lock.

    Every time it adds, it first looks whether tiles, checkpoint and what was signed last are of one history, and refuses to
    sign where they are not. Raises Forked, NoKey, Damaged, DiskFull, Poisoned.
    """

    def __init__(self, home: Path, keys: Keyring, disk: Disk | None = None) -> None:
        self.log = Log(home)
        self._keys, self._disk = keys, disk or Disk()

    def sound(self) -> Checkpoint | None:
        """The checkpoint that may be extended; None for a log that has not begun."""
        with _renamed():
            return self._sound()[0]

    def append(self, entries: Sequence[bytes]) -> Checkpoint:
        """The log with these leaves more, signed."""
        with _renamed():
            base, signer = self._sound()
            if signer is None:
                signer = self._begin()
            if not entries and base is not None:
                return base
            size = base.size if base is not None else 0
            new = Checkpoint(signer.verifier.name, size + len(entries), self._write(size, entries))
            self._read_back(base, new)
            text = str(new)
            note = Note(text, (signer.sign(text),))
            self._keys.remember(new.origin, note, self._disk)
            self._show(note)
            return new

    # -- looking

    def _sound(self) -> tuple[Checkpoint | None, Signer | None]:
        folder = self.log.folder
        key = self.log.verifier()
        if key is None:
            if (folder / "checkpoint").exists() or (folder / "tile").exists():
                raise Forked(f"{folder / 'vkey'} is missing, and there is a log: put it back")
            return None, None
        signer = self._keys.signer(key.name)
        if signer.verifier != key:
            raise NoKey(f"the key at hand is {signer.verifier}, and {folder / 'vkey'} says {key}: nothing is signed")
        shown = self.log.checkpoint()
        last = self._last(key)
        base = shown
        if last is not None and (shown is None or shown.size < last.size):
            # Killed between remembering and showing, or put back from a backup: the tiles tell which.
            if self._root(last.size) != last.root:
                raise Forked(
                    f"the log was put back to an older state: {last.size} captures were signed for, and {folder} "
                    f"holds {shown.size if shown else 0}; put the newest copy of the archive back, nothing is signed until then"
                )
            note = self._keys.last(key.name)
            assert note is not None
            self._show(note)
            base = last
        elif last is not None and shown is not None and not self._one_history(last, shown):
            raise Forked(f"{folder / 'checkpoint'} does not extend the {last.size} captures signed for last: nothing is signed")
        if base is not None and self._root(base.size) != base.root:
            raise Forked(f"the tiles in {folder} do not have the root that was signed: nothing is signed; run `crawl verify`")
        if base is not None and base.size:
            self._last_bundle(base.size)
        return base, signer

    def _last(self, key: Verifier) -> Checkpoint | None:
        note = self._keys.last(key.name)
        return None if note is None else vouched(note, key)

    def _root(self, size: int) -> bytes | None:
        try:
            return Tiles(self.log.folder, size).root()
        except Damaged:
            return None

    def _one_history(self, old: Checkpoint, new: Checkpoint) -> bool:
        if old.size == new.size or not old.size:
            return old.size == 0 or old.root == new.root
        try:
            path = tree.consistency(old.size, new.size, Tiles(self.log.folder, new.size).node)
        except Damaged:
            return False
        return tree.extends(old.size, new.size, path, old.root, new.root)

    def _last_bundle(self, size: int) -> None:
        """What was written last is what a crash of the machine could have hurt."""
        tiles, index = Tiles(self.log.folder, size), (size - 1) // WIDTH
        if [tree.leaf_hash(each) for each in tiles.entries(index)] != tiles.hashes(0, index):
            raise Forked(f"{name(ENTRIES, index, width(size, 0, index))} does not hash to its tile: nothing is signed")

    # -- writing

    def _begin(self) -> Signer:
        """A new log: its name says nothing of the archive."""
        signer = self._keys.make(f"kartoteka/{secrets.token_hex(8)}", self._disk)
        self._disk.make_folder(self.log.folder)
        self._disk.put(self.log.folder / "vkey", f"{signer.verifier}\n".encode())
        self._disk.sync_folder(self.log.folder)
        return signer

    def _write(self, size: int, entries: Sequence[bytes]) -> bytes:
        """The tiles of a tree of `size` leaves and these; its root."""
        edge = self._edge(size)
        bundled = Tiles(self.log.folder, size).entries(size // WIDTH) if size % WIDTH else []
        folders: set[Path] = set()
        for each in entries:
            bundled.append(each)
            self._add(edge, 0, size, tree.leaf_hash(each), folders)
            size += 1
            if size % WIDTH == 0:
                self._put(name(ENTRIES, size // WIDTH - 1), bundle(bundled), folders)
                bundled = []
        for level, row in enumerate(edge):
            if row:
                self._put(name(level, size >> 8 * level + 8, len(row)), b"".join(row), folders)
        if bundled:
            self._put(name(ENTRIES, size // WIDTH, len(bundled)), bundle(bundled), folders)
        for folder in sorted(folders):
            self._disk.sync_folder(folder)
        found: list[bytes] = []
        for row in edge:
            found = [tree.over(row + found)] if row or found else []
        return found[0] if found else tree.EMPTY

    def _edge(self, size: int) -> list[list[bytes]]:
        """The hashes of the partial tile of each level."""
        tiles = Tiles(self.log.folder, size)
        edge = []
        for level in range((max(size, 1).bit_length() + 7) // 8):
            wide = (size >> 8 * level) % WIDTH
            edge.append(list(tiles.hashes(level, size >> 8 * level + 8)) if wide else [])
        return edge

    def _add(self, edge: list[list[bytes]], level: int, size: int, hash_: bytes, folders: set[Path]) -> None:
        """One hash more at a level; a tile that is full becomes one hash of the level above. size: leaves before this one."""
        if level == len(edge):
            edge.append([])
        edge[level].append(hash_)
        if len(edge[level]) == WIDTH:
            self._put(name(level, size >> 8 * level + 8), b"".join(edge[level]), folders)
            full, edge[level] = tree.over(edge[level]), []
            self._add(edge, level + 1, size, full, folders)

    def _put(self, file: str, octets: bytes, folders: set[Path]) -> None:
        path = self.log.folder / file
        if path.parent not in folders:
            self._disk.make_folder(path.parent)
            folders.add(path.parent)
        self._disk.put(path, octets)

    def _read_back(self, base: Checkpoint | None, new: Checkpoint) -> None:
        """Nothing is signed that the files themselves do not prove."""
        if self._root(new.size) != new.root or (base is not None and not self._one_history(base, new)):
            raise Forked(f"the tiles in {self.log.folder} are not what was written: nothing is signed")

    def _show(self, note: Note) -> None:
        self._disk.put(self.log.folder / "checkpoint", bytes(note))
        self._disk.sync_folder(self.log.folder)


class Outbox(Protocol):
    """What an open store has of it."""

    @property
    def archive(self) -> Archive: ...

    def waiting(self, most: int = ..., /) -> list[tuple[int, str]]: ...

    def posted(self, through: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Drained:
    """logged: leaves added now. checkpoint: what is signed; None where there is nothing to log."""

    logged: int
    checkpoint: Checkpoint | None


def drain(outbox: Outbox, writer: Writer, progress: Callable[[int], None] = lambda _logged: None) -> Drained:
    """Logs every capture that waits, in order, each once. progress: told how many are logged after each checkpoint.

    Raises what Writer raises; and Forked where archive and log are not of one history: one of them was put back.
    """
    logged = 0
    checkpoint = writer.sound()
    while rows := outbox.waiting(MOST):
        new = list(_unlogged(outbox.archive, writer.log, checkpoint, list(_leaves(outbox.archive, rows))))
        if new:
            checkpoint = writer.append(new)
        outbox.posted(rows[-1][0])
        logged += len(new)
        progress(logged)
    last = highest(Tiles(writer.log.folder, checkpoint.size if checkpoint is not None else 0))
    _meet(outbox.archive, writer.log, last, _Later(outbox))
    return Drained(logged, checkpoint)


@dataclass(frozen=True, slots=True)
class _Later:
    """Captures that were kept while the log was written: they wait."""

    outbox: Outbox

    def __contains__(self, seq: object) -> bool:
        return [seq] == [waits for waits, _ in self.outbox.waiting(1)]


Leaf = tuple[int, bytes]  # a capture's number, and its entry


def _leaves(archive: Archive, rows: list[tuple[int, str]]) -> Iterator[Leaf]:
    """The leaves of the outbox's rows."""
    known = {row[0]: row for row in archive.index.leaves(rows[0][0], rows[-1][0])}
    for seq, digest in rows:
        _, manifest, outcome, at = known.get(seq, (seq, "", "", 0))
        if manifest != digest:
            raise Damaged(f"capture {seq} of the log's outbox is not the one in the index: run `crawl rebuild`")
        yield seq, _spelled(seq, digest, outcome, _date(EPOCH + timedelta(microseconds=at)))


def _unlogged(archive: Archive, log: Log, checkpoint: Checkpoint | None, found: list[Leaf]) -> Iterator[bytes]:
    """Entries of those captures that have no leaf yet; after `crawl rebuild` all captures wait again."""
    tiles = Tiles(log.folder, checkpoint.size if checkpoint is not None else 0)
    last = highest(tiles)
    if found[-1][0] > last:
        _meet(archive, log, last, {seq for seq, _ in found})
    at: int | None = None
    for seq, leaf in found:
        at = find(tiles, seq, None if at is None else at + 1) if seq <= last else None
        if at is None:
            yield leaf
        elif tiles.entry(at) != leaf:
            raise Forked(
                f"leaf {at} of the log is another capture {seq} than the archive's: the archive was put back, or "
                "written anew, behind its log; put its newest copy back"
            )


def _meet(archive: Archive, log: Log, last: int, waiting: Container[int]) -> None:
    """Archive and log are of one history: what the log ends with is there, and the capture after it waits or is to come."""
    behind = archive.captures(since_seq=max(last, 0))
    newest = next(behind, None)
    if newest is None and last >= 0:
        raise Forked(f"the log holds capture {last}, and the archive ends before: put its newest copy back")
    after = newest if newest is None or newest.seq > last else next(behind, None)
    if after is not None and after.seq not in waiting:
        raise Forked(f"capture {after.seq} was logged, and {log.folder} ends at {last}: put the newest copy of the log back")


@contextmanager
def _renamed() -> Iterator[None]:
    """The system's errors in this archive's words."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("no room for the log: free some; captures wait in the outbox") from exc
        raise Poisoned(f"the log could not be written: {exc}; captures wait in the outbox") from exc


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
