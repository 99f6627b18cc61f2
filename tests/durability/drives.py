"""Disks that count, fail, fill up and remember; and the statements of both databases counted along with them."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from archive import database
from archive.disk import Disk

Happens = Callable[[str], None]  # told of each act before, in the midst of (a write) and after it


@dataclass
class Watched(Disk):
    """Tells of every act that changes something: `write`, `half write`, `write done`."""

    happens: Happens

    def create(self, path: Path) -> int:
        self.happens("create")
        fd = super().create(path)
        self.happens("create done")
        return fd

    def write(self, fd: int, octets: memoryview) -> int:
        self.happens("write")
        half = super().write(fd, octets[: len(octets) // 2])
        self.happens("half write")
        taken = half + super().write(fd, octets[half:])
        self.happens("write done")
        return taken

    def datasync(self, fd: int) -> None:
        self.happens("datasync")
        super().datasync(fd)
        self.happens("datasync done")

    def sync_folder(self, path: Path) -> None:
        self.happens("sync_folder")
        super().sync_folder(path)

    def make_folder(self, path: Path) -> None:
        self.happens("make_folder")
        super().make_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        self.happens("rename")
        super().rename(old, new)
        self.happens("rename done")

    def cut(self, path: Path, length: int) -> None:
        self.happens("cut")
        super().cut(path, length)
        self.happens("cut done")

    def remove(self, path: Path) -> None:
        self.happens("remove")
        super().remove(path)
        self.happens("remove done")


def statements(happens: Happens) -> None:
    """Every statement and every commit of both databases is told too, for the rest of this process."""

    class Told(database.Connection):
        def execute(self, statement: str, *asked: object) -> sqlite3.Cursor:
            happens("commit" if statement == "COMMIT" else f"statement {statement[:40]}")
            return super().execute(statement, *asked)

        def executemany(self, statement: str, rows: Iterable[object]) -> sqlite3.Cursor:
            happens(f"statement {statement[:40]}")
            return super().executemany(statement, rows)

    database.Connection = Told  # type: ignore[misc]  # the index's; the ledger's go by SQLAlchemy

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _before(_c: object, _u: object, statement: str, *_: object) -> None:
        happens(f"statement {statement[:40]}")

    @sa.event.listens_for(sa.Engine, "commit")
    def _commit(_connection: object) -> None:
        happens("commit")


@dataclass
class Nth:
    """Counts what happens, and does `then` at the n-th of it. only: what counts; everything where it is empty."""

    nth: int
    then: Callable[[str], None]
    only: tuple[str, ...] = ()
    count: int = 0
    reached: list[str] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        if self.only and not what.startswith(self.only):
            return
        self.count += 1
        if self.count == self.nth:
            self.reached.append(what)
            self.then(what)


def die(_what: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failing(error: int) -> Callable[[str], None]:
    def fail(what: str) -> None:
        raise OSError(error, f"{os.strerror(error)} (at {what})")

    return fail


@dataclass
class Quota(Disk):
    """A disk with so many octets left. What does not fit is written as far as it goes, as a full disk does."""

    left: int

    def write(self, fd: int, octets: memoryview) -> int:
        if not self.left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = super().write(fd, octets[: self.left])
        self.left -= taken
        return taken

    def cut(self, path: Path, length: int) -> None:
        before = path.stat().st_size
        super().cut(path, length)
        self.left += before - length

    def remove(self, path: Path) -> None:
        before = path.stat().st_size
        super().remove(path)
        self.left += before

    def space(self, path: Path) -> int:
        return self.left


class Unsynced(Disk):
    """Thousands of openings in one test: what is looked at is the logic, not the medium."""

    def datasync(self, fd: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass

    def cut(self, path: Path, length: int) -> None:
        os.truncate(path, length)
