"""The one seam to the file system: append, sync, folder, rename, cut, space, lock; what tests make fail.

Every promise of the archive rests on these few acts, so every one of them goes through a Disk. Errors
are the system's own (OSError): the store alone knows what each of them means for what is kept.
"""

from __future__ import annotations

import os
from pathlib import Path


class Disk:
    """The real file system. A test's disk overrides one act and makes it fail."""

    def create(self, path: Path) -> int:
        """A new file, opened for appending. Raises FileExistsError where there is one."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)

    def reopen(self, path: Path) -> int:
        """A file that exists, opened for appending."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def close(self, fd: int) -> None:
        os.close(fd)

    def write(self, fd: int, octets: memoryview) -> int:
        """One write; it may take less than it was given, and says how much."""
        return os.write(fd, octets)

    def append(self, fd: int, octets: bytes) -> None:
        """All of the octets, whatever the number of writes."""
        rest = memoryview(octets)
        while rest:
            taken = self.write(fd, rest)
            if taken <= 0:
                raise OSError(f"the disk took {taken} of {len(rest)} octets")
            rest = rest[taken:]

    def datasync(self, fd: int) -> None:
        """The octets and the file's length are on the medium. Never tried again once it failed (reliability 3.1, R4)."""
        getattr(os, "fdatasync", os.fsync)(fd)

    def sync_folder(self, path: Path) -> None:
        """The folder's names are on the medium: new files, renames, removals."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def make_folder(self, path: Path) -> None:
        """The folder is there with all above it, and the names of those made now are on the medium."""
        missing = [folder for folder in (path, *path.absolute().parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            self.sync_folder(folder.absolute().parent)

    def rename(self, old: Path, new: Path) -> None:
        """`new` is `old` from now on, in one step; what `new` was is gone."""
        old.replace(new)

    def put(self, path: Path, octets: bytes, *, secret: bool = False) -> None:
        """The file holds these octets, or what it held before; its folder is still to be synced. secret: its owner's alone."""
        new = path.with_name(path.name + ".new")
        if new.exists():  # a crash left it
            self.remove(new)
        fd = self.create(new)
        try:
            if secret:
                os.fchmod(fd, 0o600)
            self.append(fd, octets)
            self.datasync(fd)
        finally:
            self.close(fd)
        self.rename(new, path)

    def cut(self, path: Path, length: int) -> None:
        """The file ends at `length`, on the medium."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, length)
            os.fsync(fd)
        finally:
            os.close(fd)

    def remove(self, path: Path) -> None:
        path.unlink()

    def space(self, path: Path) -> int:
        """Octets that this user may still write under `path`."""
        told = os.statvfs(path)
        return told.f_bavail * told.f_frsize

    def lock(self, path: Path) -> int:
        """The writer's lock, held while the descriptor lives; no spawned child inherits it.

        Raises BlockingIOError where another process holds it.
        """
        import fcntl  # reading an archive needs no lock, and some systems have no flock

        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise
        return fd
