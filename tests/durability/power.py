"""Which states may a disk be in after the power went? A trace of one run, and the states that are legal at each moment.

The rules, of POSIX and of disks that tear: octets that were not synced are there, gone or torn, sector by sector of 512
octets; a file's length is any that it had since its last sync; names that were made, changed or taken away since the
last sync of their folder are as before up to some point of their order. What SQLite promises (WAL, synchronous=FULL) is
taken from it: a commit that returned is there, one under way is there or is not.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from archive.disk import Disk
from tests.durability.judge import Told

SECTOR = 512
TABLES = ("index.sqlite", "ledger.sqlite")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened. kind: folder, create, write, sync, names, rename, cut, remove, commit, committed, told."""

    kind: str
    path: str = ""
    octets: bytes = b""
    other: str = ""
    length: int = 0
    told: Told | None = None


@dataclass
class Trace(Disk):
    """A disk that remembers what was asked of it under `root`, and what the tables held in between. Paths are relative.

    syncs, folders: False is the mutant that forgets to sync WARC files, or folders.
    """

    root: Path
    home: Path
    syncs: bool = True
    folders: bool = True
    acts: list[Act] = field(default_factory=list)
    over: bool = False
    _open: dict[int, str] = field(default_factory=dict)
    _tables: dict[str, tuple[int, sqlite3.Connection]] = field(default_factory=dict)

    def _name(self, path: Path) -> str:
        return path.absolute().relative_to(self.root.absolute()).as_posix()

    def note(self, act: Act) -> None:
        self._committed()
        self.acts.append(act)

    def happens(self, what: str) -> None:
        """For `statements`: a commit begins."""
        if self.over:
            return
        self.note(Act("commit")) if what == "commit" else self._committed()

    def tell(self, told: Told) -> None:
        self.note(Act("told", told=told))

    def _committed(self) -> None:
        """Which tables have changed since the act before, and what they hold now."""
        for name in TABLES:
            path = self.home / name
            if name not in self._tables:
                if not path.exists():
                    continue
                self._tables[name] = (-1, sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False))
            version, db = self._tables[name]
            try:
                now = db.execute("PRAGMA data_version").fetchone()[0]
                if now != version:
                    octets = db.serialize()
                    self._tables[name] = (now, db)
                    self.acts.append(Act("committed", name, octets))
            except sqlite3.OperationalError:
                continue  # made, and still without a first page

    def close_tables(self) -> None:
        self._committed()
        self.over = True
        for _, db in self._tables.values():
            db.close()

    def create(self, path: Path) -> int:
        self.note(Act("create", self._name(path)))
        fd = super().create(path)
        self._open[fd] = self._name(path)
        return fd

    def reopen(self, path: Path) -> int:
        fd = super().reopen(path)
        self._open[fd] = self._name(path)
        return fd

    def write(self, fd: int, octets: memoryview) -> int:
        self.note(Act("write", self._open[fd], bytes(octets)))
        return super().write(fd, octets)

    def datasync(self, fd: int) -> None:
        super().datasync(fd)
        if self.syncs or not self._open[fd].endswith(".gz"):
            self.note(Act("sync", self._open[fd]))

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        if self.folders and path.absolute().is_relative_to(self.root.absolute()):
            self.note(Act("names", self._name(path)))

    def make_folder(self, path: Path) -> None:
        for folder in reversed([path, *path.parents]):
            if self.root in folder.parents and not folder.exists():
                self.note(Act("folder", self._name(folder)))
        super().make_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        self.note(Act("rename", self._name(old), other=self._name(new)))
        super().rename(old, new)

    def cut(self, path: Path, length: int) -> None:
        self.note(Act("cut", self._name(path), length=length))
        super().cut(path, length)
        self.note(Act("sync", self._name(path)))  # a cut that returned is on the medium

    def remove(self, path: Path) -> None:
        self.note(Act("remove", self._name(path)))
        super().remove(path)


@dataclass
class File:
    """What is surely on the medium, and every state it went through since."""

    durable: bytes = b""
    now: bytes = b""
    lengths: list[int] = field(default_factory=list)

    def change(self, octets: bytes) -> None:
        self.lengths.append(len(self.now))
        self.now = octets

    def sync(self) -> None:
        self.durable, self.lengths = self.now, []

    def after_loss(self, rnd: random.Random) -> bytes:
        """Any of: nothing of it, all of it, cut at any octet, sectors missing."""
        if self.now == self.durable:
            return self.now
        way = rnd.randrange(4)
        if way == 0:
            return self.durable
        if way == 1:
            return self.now
        low, high = sorted((len(self.durable), len(self.now)))
        if len(self.now) < len(self.durable):  # a cut under way: it is cut, or not
            return self.now if rnd.random() < 0.5 else self.durable
        length = rnd.randint(low, high)
        if way == 2:
            return self.now[:length]
        torn = bytearray(self.now[: rnd.choice((length, high))])
        for start in range(low // SECTOR * SECTOR, len(torn), SECTOR):
            if rnd.random() < 0.4:
                begin, end = max(start, low), min(start + SECTOR, len(torn))
                torn[begin:end] = bytes(end - begin)
        return bytes(torn)


@dataclass
class Medium:
    """The files of one moment: names as they are and as they surely are, and the content behind them."""

    files: dict[int, File] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)  # -1: a folder
    durable: dict[str, int] = field(default_factory=dict)
    pending: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)  # by folder, in order: name, file or None
    tables: dict[str, bytes] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    @classmethod
    def of(cls, root: Path) -> Medium:
        """What lies there now is on the medium."""
        medium = cls()
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if name.endswith(("-wal", "-shm")):
                continue
            if path.name in TABLES:
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                    medium.tables[path.name] = db.serialize()
                continue
            medium.names[name] = -1 if path.is_dir() else len(medium.files)
            if path.is_file():
                octets = path.read_bytes()
                medium.files[len(medium.files)] = File(octets, octets)
        medium.durable = dict(medium.names)
        return medium

    @property
    def unsure(self) -> bool:
        """Something is on its way."""
        return any(self.pending.values()) or any(file.now != file.durable for file in self.files.values())

    def do(self, act: Act) -> None:
        if act.kind == "create":
            number = len(self.files)
            self.files[number] = File()
            self._name(act.path, number)
        elif act.kind == "folder":
            self._name(act.path, -1)
        elif act.kind == "write":
            file = self.files[self.names[act.path]]
            file.change(file.now + act.octets)
        elif act.kind == "cut":
            file = self.files[self.names[act.path]]
            file.change(file.now[: act.length])
        elif act.kind == "sync":
            self.files[self.names[act.path]].sync()
        elif act.kind == "rename":
            self._name(act.other, self.names[act.path])
            self._name(act.path, None)
        elif act.kind == "remove":
            self._name(act.path, None)
        elif act.kind == "names":
            for name, number in self.pending.pop("" if act.path == "." else act.path, ()):
                self._set(self.durable, name, number)
        elif act.kind == "committed":
            self.tables[act.path] = act.octets
        elif act.kind == "told":
            assert act.told is not None
            self.told.append(act.told)

    def _name(self, name: str, number: int | None) -> None:
        self._set(self.names, name, number)
        folder = name.rpartition("/")[0]
        self.pending.setdefault(folder, []).append((name, number))

    @staticmethod
    def _set(names: dict[str, int], name: str, number: int | None) -> None:
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number

    def write_out(self, to: Path, home: str, rnd: random.Random, under_way: Act | None) -> None:
        """One legal state after the power went now. under_way: the commit that may have become durable."""
        names = dict(self.durable)
        for changes in self.pending.values():
            for name, number in changes[: rnd.randint(0, len(changes))]:
                self._set(names, name, number)
        content = {number: file.after_loss(rnd) for number, file in self.files.items()}
        for name in sorted(names):
            parents = [p.as_posix() for p in Path(name).parents][:-1]
            if any(names.get(parent) != -1 for parent in parents):
                continue  # its folder's own name is gone
            if names[name] == -1:
                (to / name).mkdir(parents=True)
            else:
                (to / name).write_bytes(content[names[name]])
        if not (to / home).is_dir():
            return
        tables = dict(self.tables)
        if under_way is not None and rnd.random() < 0.5:
            tables[under_way.path] = under_way.octets
        for name, octets in tables.items():
            (to / home / name).write_bytes(octets)


def moments(acts: list[Act], medium: Medium) -> Iterator[tuple[int, Medium, Act | None]]:
    """The medium after each act, and the commit that is under way then."""
    for place, act in enumerate(acts):
        medium.do(act)
        coming = acts[place + 1] if act.kind == "commit" and place + 1 < len(acts) else None
        yield place, medium, coming if coming is not None and coming.kind == "committed" else None
