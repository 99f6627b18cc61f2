"""A disk that fails as a seed says, and that knows what would be left of it if the power went now."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

from archive.disk import Disk
from tests.simulation.time import Killed

SECTOR = 512


class Faulty(Disk):
    """What was written and not synced is remembered as such. fate: what befalls the acts to come.

    `kill` and `power` count down acts, and end the process in the midst of one; `eio`, `enospc`, `short` befall one act.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.fate: list[tuple[int, str]] = []  # after so many acts, what
        self.full = False
        self.dead = False
        self.failed = 0  # acts, since it was opened last
        self.acts = 0
        self._paths: dict[int, Path] = {}
        self._sure: dict[Path, int] = {}  # octets of a file that are on the medium
        self._unnamed: set[Path] = set()  # new files whose folder was not synced

    def befall(self, acts: int, what: str) -> None:
        self.fate.append((self.acts + acts, what))

    def _act(self, *may: str) -> str | None:
        """What befalls this act, of what may befall an act of its kind."""
        self.acts += 1
        if self.dead:
            raise Killed("it is dead")
        for each in self.fate:
            after, what = each
            if self.acts >= after and (what in may or what in ("kill", "power")):
                self.fate.remove(each)
                return what
        return "enospc" if self.full and "enospc" in may else None

    def _fails(self, what: str | None) -> None:
        if what in ("kill", "power"):
            self.dead = True
            raise Killed(what)
        if what in ("eio", "enospc"):
            self.failed += 1
            number = errno.EIO if what == "eio" else errno.ENOSPC
            raise OSError(number, os.strerror(number))

    def create(self, path: Path) -> int:
        self._fails(self._act("eio", "enospc"))
        fd = super().create(path)
        self._paths[fd] = path
        self._sure[path] = 0
        self._unnamed.add(path)
        return fd

    def reopen(self, path: Path) -> int:
        fd = super().reopen(path)
        self._paths[fd] = path
        self._sure.setdefault(path, path.stat().st_size)
        return fd

    def write(self, fd: int, octets: memoryview) -> int:
        what = self._act("eio", "enospc", "short")
        if what in ("short", "kill", "power", "enospc") and len(octets) > 1:
            taken = super().write(fd, octets[: self.chance.randrange(1, len(octets))])
            if what == "short":
                return taken
        self._fails(what)
        return super().write(fd, octets)

    def datasync(self, fd: int) -> None:
        self._fails(self._act("eio"))
        self._sure[self._paths[fd]] = self._paths[fd].stat().st_size

    def sync_folder(self, path: Path) -> None:
        self._fails(self._act())
        self._unnamed = {each for each in self._unnamed if each.parent != path}

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def rename(self, old: Path, new: Path) -> None:
        self._fails(self._act())
        super().rename(old, new)
        self._sure[new] = self._sure.pop(old, 0)
        self._unnamed.discard(old)

    def cut(self, path: Path, length: int) -> None:
        self._fails(self._act())
        os.truncate(path, length)
        self._sure[path] = length

    def remove(self, path: Path) -> None:
        self._fails(self._act())
        super().remove(path)
        self._sure.pop(path, None)
        self._unnamed.discard(path)

    def space(self, path: Path) -> int:
        return 0 if self.full else 1 << 40

    def lose_power(self) -> None:
        """What was not synced is there, gone, or torn, sector by sector."""
        for path, sure in self._sure.items():
            if not path.exists():
                continue
            size = path.stat().st_size
            if path in self._unnamed and not sure and self.chance.random() < 0.5:
                path.unlink()
            elif size > sure:
                octets = bytearray(path.read_bytes()[: self.chance.randint(sure, size)])
                for start in range(-(-sure // SECTOR) * SECTOR, len(octets), SECTOR):
                    if self.chance.random() < 0.3:
                        end = min(start + SECTOR, len(octets))
                        octets[start:end] = bytes(end - start)
                path.write_bytes(octets)
        self._sure = {path: path.stat().st_size for path in self._sure if path.exists()}
        self._unnamed.clear()

    def begin(self) -> None:
        """Another process opens it; what the last one left unsynced is so still."""
        self.dead, self.failed = False, 0
        self._paths.clear()
        self.fate.clear()
