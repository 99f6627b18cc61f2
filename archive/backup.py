"""A consistent copy of an archive, taken while another process may write to it.

What is read first may know less than what is read after it, and never more: the ledger's snapshot, the log, the index's
snapshot, then of each WARC file as many octets as that index knows. In the copy they are put into place the other way
round, so a copy that was broken off is the last whole one, or none. The key that signs the log is not in it (decision 004).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.disk import Disk
from archive.errors import Damaged, DiskFull, NotFound, Refused
from archive.home import Home
from archive.index import Index
from archive.log import Log, highest
from archive.tiles import Tiles

PIECE = 1 << 20
OTHERS = 0o077  # the rights of everybody but a file's owner
# Of one process and one machine: nothing that another archive could use.
NOT_COPIED = ("lock", "inbox", "status.json", "format", "warc", "log", "index.sqlite", "ledger.sqlite")
TURNS = 20  # times that a log which grows beside us is read again


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of the copy. file: under its folder. new: False where it was there already and is the same."""

    file: str
    octets: int
    sha256: str
    new: bool

    def row(self) -> dict[str, object]:
        return {"file": self.file, "bytes": self.octets, "sha256": self.sha256, "new": self.new}


def backup(home: Path, out: Path, disk: Disk | None = None) -> Iterator[Copied]:
    """Copies the archive into `out`: a new folder, an empty one, or an earlier copy of the same archive, brought up to date.

    The copy is an archive: every command takes it as its home. Raises NotFound (no archive here), NotAnArchive (`out` holds
    other things), Refused (`out` lies inside the archive, or knows captures that the archive does not), DiskFull.
    """
    disk = disk or Disk()
    if Home(home).version() is None:
        raise NotFound(f"{home} is no archive yet: there is nothing to copy")
    if out.resolve().is_relative_to(home.resolve()) or home.resolve().is_relative_to(out.resolve()):
        raise Refused(f"{out} and the archive {home} lie one in the other: name a folder elsewhere, on another disk at best")
    target = Home(out)
    if target.version() is None:
        _begun_or_free(out)
    disk.make_folder(target.warc)
    try:
        yield from _copy(Home(home), target, disk)
    except OSError as exc:
        raise DiskFull(f"{out}: {exc.strerror or exc}; what the folder held before is whole") from exc


def _begun_or_free(out: Path) -> None:
    """Raises NotAnArchive where the folder holds anything but a copy that was broken off."""
    if not (out / "backup.begun").is_file():
        Home(out).check_free()
    out.mkdir(parents=True, exist_ok=True)
    (out / "backup.begun").touch()


def _copy(home: Home, out: Home, disk: Disk) -> Iterator[Copied]:
    fresh: list[tuple[Path, Path]] = []
    if (ledger := home.path / "ledger.sqlite").is_file():
        fresh.append((_snapshot(ledger, out.path / "ledger.sqlite.new"), out.path / "ledger.sqlite"))
    shown = _checkpoint_and_index(home, out)
    fresh.insert(0, (out.path / "index.sqlite.new", out.index))
    with closing(Index.open(out.path / "index.sqlite.new")) as index:
        _same_archive(out, index)
        for name in index.files():
            end = index.end(name)
            assert end is not None  # a file that is listed has members
            yield _warc(home.warc / name, out.warc / name, end, disk)
    yield from _log(home.path / "log", out.path / "log", shown, disk)
    for new, path in fresh:  # the index before the ledger: the ledger never names what the index does not
        _drop_journals(path)
        yield _placed(new, path, disk)
    yield from _others(home, out, disk)
    if out.version() is None:
        yield _put(out.format, home.format.read_bytes(), "format", disk)
        (out.path / "backup.begun").unlink(missing_ok=True)
    disk.sync_folder(out.path)


def _checkpoint_and_index(home: Home, out: Home) -> bytes | None:
    """What the log shows as signed, and, as `index.sqlite.new`, an index that knows each capture below it."""
    for _ in range(TURNS):
        log = Log(home.path)
        try:
            shown = (log.folder / "checkpoint").read_bytes()
        except FileNotFoundError:
            shown = None
        checkpoint = log.checkpoint()
        _snapshot(home.index, out.path / "index.sqlite.new")
        with closing(Index.open(out.path / "index.sqlite.new")) as index:
            # Taken after the checkpoint, so it knows what that signs. What was logged since must not be posted in it.
            now = log.checkpoint()
            if shown is None or (now == checkpoint and highest(Tiles(log.folder, now.size if now else 0)) < index.next_seq()):
                return shown
    raise Damaged("the log and the index do not agree: run `crawl verify`")


def _log(folder: Path, copy: Path, shown: bytes | None, disk: Disk) -> Iterator[Copied]:
    """The tiles first, as they are signed. Files of tiles never change; whatever a checkpoint needs is there before it."""
    for path in sorted(folder.rglob("*")) if shown is not None else ():
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "checkpoint" and not name.endswith(".new"):
            yield _put(copy / name, path.read_bytes(), f"log/{name}", disk)
    if shown is not None:
        yield _put(copy / "checkpoint", shown, "log/checkpoint", disk)


def _snapshot(path: Path, new: Path) -> Path:
    """The database at one moment, whoever writes to it meanwhile."""
    new.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as old,
            closing(sqlite3.connect(new)) as copy,
        ):
            old.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, that a read-only medium can hold too
    except sqlite3.Error as exc:
        raise Damaged(f"{path}: {exc}; `crawl rebuild` makes it anew") from exc
    return new


def _drop_journals(path: Path) -> None:
    """What SQLite keeps beside a database that is about to be replaced belongs to the old one."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _same_archive(out: Home, index: Index) -> None:
    """What the earlier copy holds is known to the archive, capture by capture. Raises Refused."""
    if not out.index.is_file():
        return
    with closing(Index.open(out.index)) as older:
        last = older.next_seq() - 1
        if last < 0:
            return
        mine, theirs = (next(iter(each.captures(since_seq=last)), None) for each in (index, older))
    if mine is None or theirs is None or (mine.seq, mine.manifest_sha256) != (theirs.seq, theirs.manifest_sha256):
        raise Refused(
            f"{out.path} holds capture {last}, and this archive does not hold the same: it is the copy of another archive, or "
            "this one was put back from an older copy; name a new folder"
        )


def _warc(path: Path, copy: Path, end: int, disk: Disk) -> Copied:
    """As many octets as the index knows; what was copied before is compared, and copied again where it is not the same."""
    digest, same = hashlib.sha256(), copy.is_file() and copy.stat().st_size == end
    with path.open("rb") as file:
        beside = copy.open("rb") if same else None
        try:
            for piece in _pieces(file, end):
                digest.update(piece)
                same = same and beside is not None and beside.read(len(piece)) == piece
        finally:
            if beside is not None:
                beside.close()
    if same:
        return Copied(f"warc/{copy.name}", end, digest.hexdigest(), new=False)
    new = copy.with_name(copy.name + ".new")
    new.unlink(missing_ok=True)
    fd = disk.create(new)
    try:
        with path.open("rb") as file:
            for piece in _pieces(file, end):
                disk.append(fd, piece)
        disk.datasync(fd)
    finally:
        disk.close(fd)
    disk.rename(new, copy)
    disk.sync_folder(copy.parent)
    return Copied(f"warc/{copy.name}", end, digest.hexdigest(), new=True)


def _pieces(file: object, end: int) -> Iterator[bytes]:
    left = end
    while left:
        piece = file.read(min(PIECE, left))  # type: ignore[attr-defined]
        if not piece:
            raise Damaged(f"{getattr(file, 'name', file)} ends {left} octets before its index says: run `crawl verify`")
        left -= len(piece)
        yield piece


def _put(path: Path, octets: bytes, name: str, disk: Disk) -> Copied:
    digest = hashlib.sha256(octets).hexdigest()
    if path.is_file() and path.read_bytes() == octets:
        return Copied(name, len(octets), digest, new=False)
    disk.make_folder(path.parent)
    disk.put(path, octets)
    return Copied(name, len(octets), digest, new=True)


def _placed(new: Path, path: Path, disk: Disk) -> Copied:
    with new.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = new.stat().st_size
    fd = disk.reopen(new)
    try:
        disk.datasync(fd)
    finally:
        disk.close(fd)
    disk.rename(new, path)
    disk.sync_folder(path.parent)
    return Copied(path.name, size, digest, new=True)


def _others(home: Home, out: Home, disk: Disk) -> Iterator[Copied]:
    """What else lies in the folder: the plan, the settings, what is owed to hosts, what later rooms keep."""
    for path in sorted(home.path.rglob("*")):
        name = path.relative_to(home.path)
        if not path.is_file() or path.is_symlink() or name.parts[0] in NOT_COPIED:
            continue
        if path.name.endswith((".new", "-wal", "-shm", "-journal")):
            continue
        copy = out.path / name
        if path.suffix == ".sqlite":
            disk.make_folder(copy.parent)
            new = _snapshot(path, copy.with_name(copy.name + ".new"))
            _drop_journals(copy)
            copied = _placed(new, copy, disk)
            yield Copied(name.as_posix(), copied.octets, copied.sha256, new=True)
        else:
            with _as_private(path):
                copied = _put(copy, path.read_bytes(), name.as_posix(), disk)
            if not path.stat().st_mode & OTHERS:
                copy.chmod(path.stat().st_mode & 0o777)  # an earlier copy may be open to others still
            yield copied


@contextlib.contextmanager
def _as_private(path: Path) -> Iterator[None]:
    """What is written meanwhile is its owner's alone from its first moment on, where this file is: secrets lie beside plans."""
    before = os.umask(0o077) if not path.stat().st_mode & OTHERS else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)
