"""Which files lie in a pack, and may each be opened? A folder or a zip that others made; nothing in it is trusted."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from archive.errors import Damaged
from archive.wacz import Entry, Package

LIST, TOLD = "FILES", "pack.json"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
LONGEST_NAME = 200
MOST = 200_000  # files
LARGEST_LIST = 64 << 20  # octets of FILES, members, pack.json


class Opened(Protocol):
    """sizes: octets of each file that may be opened. faults: what may not, and why."""

    sizes: dict[str, int]
    faults: list[tuple[str, str]]

    def open(self, name: str) -> IO[bytes]:
        """A file's octets, seekable; to be closed. Raises Damaged."""
        ...


def read(pack: Opened, name: str, limit: int) -> bytes | None:
    """A small file whole; None where it is not there, too large, or cannot be read."""
    if not 0 <= pack.sizes.get(name, -1) <= limit:
        return None
    with suppress(Damaged, OSError), pack.open(name) as file:
        return file.read(limit)
    return None


def is_pack(path: Path) -> bool:
    """Whether somebody means this as a pack: a folder or zip with its list, or with what it is of."""
    if path.is_dir():
        return (path / LIST).is_file() or (path / TOLD).is_file()
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return False
            names = {entry.name for entry in Package.listed(file)[0]}
    except OSError:
        return False
    return LIST in names or TOLD in names


class Folder:
    """A pack that lies in a folder. Links and whatever is no plain file are faults, and are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sizes: dict[str, int] = {}
        self.faults: list[tuple[str, str]] = []
        for name, size, fault in self._found():
            if fault:
                self.faults.append((name, fault))
            else:
                self.sizes[name] = size
            if len(self.sizes) + len(self.faults) > MOST:
                self.faults.append((LIST, f"more than {MOST} files: no more of them are looked at"))
                break

    def _found(self) -> Iterator[tuple[str, int, str | None]]:
        for folder, below, names in os.walk(self.path):
            below.sort()
            links = [each for each in below if Path(folder, each).is_symlink()]
            for path in (Path(folder, each) for each in sorted([*names, *links])):
                name = path.relative_to(self.path).as_posix()
                told = path.lstat()
                fault = None if stat.S_ISREG(told.st_mode) else "it is no plain file"
                yield name, told.st_size, fault or misnamed(name)

    def open(self, name: str) -> IO[bytes]:
        try:
            return os.fdopen(os.open(self.path / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
        except OSError as exc:
            raise Damaged(f"{name} cannot be read: {exc.strerror}") from exc


class Zip:
    """A pack in a zip. Entries with a fault are not opened."""

    def __init__(self, file: IO[bytes]) -> None:
        entries, broken = Package.listed(file)
        self._package = Package(file, entries)
        self._entries: dict[str, Entry] = {}
        self.faults: list[tuple[str, str]] = [(LIST, fault) for fault in broken]
        for entry in entries:
            wrong = [*entry.faults, *filter(None, [misnamed(entry.name)])]
            if wrong:
                self.faults.append((entry.name[:LONGEST_NAME], "; ".join(wrong)))
            elif not entry.is_folder:
                self._entries[entry.name] = entry
        self.sizes = {name: entry.size for name, entry in self._entries.items()}

    def open(self, name: str) -> IO[bytes]:
        return self._package.look(self._entries[name])


def misnamed(name: str) -> str | None:
    """Why no file of a pack has this name; None where one may."""
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        return "no file of a pack has such a name"
    return None
