"""Where an archive's parts lie under its home, and which format version it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from archive.disk import Disk
from archive.errors import NotAnArchive, TooNew

FORMAT = 1
# What may be there before the archive is: the lock is taken first, and other rooms keep their own files.
BEFORE = {"lock", "inbox", "format.new", "warc", "plan.toml", "kartoteka.toml", "status.json", "backup.begun"}
OTHERS = ("state.sqlite", "watch.sqlite", "notices.sqlite")  # and what SQLite lays beside them
WRITTEN = (".secret", ".password")  # files that settings and plan name, and that have to be there before the first crawl


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one archive."""

    path: Path

    @property
    def format(self) -> Path:
        return self.path / "format"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def warc(self) -> Path:
        return self.path / "warc"

    @property
    def index(self) -> Path:
        return self.path / "index.sqlite"

    def version(self) -> int | None:
        """The format version; None where there is no archive yet. Raises NotAnArchive, TooNew."""
        try:
            text = self.format.read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            version = json.loads(text)["format"]
            if type(version) is not int:
                raise ValueError(version)
        except (ValueError, KeyError, TypeError) as exc:
            raise NotAnArchive(f"{self.format} does not say a format version: {text[:60]!r}") from exc
        if version > FORMAT:
            raise TooNew(f"{self.path} has format {version}; this program knows {FORMAT}: use a newer kartoteka")
        return version

    def check_free(self) -> None:
        """Raises NotAnArchive where the folder holds other things: nothing is written into it."""
        if self.path.exists() and not self.path.is_dir():
            raise NotAnArchive(f"{self.path} is not a folder")
        names = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        others = sorted(n for n in names - BEFORE if not n.startswith(OTHERS) and not n.endswith(WRITTEN))
        if others or (self.warc.is_dir() and any(self.warc.iterdir())):
            raise NotAnArchive(
                f"{self.path} is no archive and not empty (it has {', '.join(others[:3]) or 'warc'}): name another"
            )

    def begin(self, disk: Disk) -> None:
        """Makes the folders and, as the last step, the format file."""
        disk.make_folder(self.warc)
        if self.version() is None:
            new = self.path / "format.new"
            new.unlink(missing_ok=True)
            fd = disk.create(new)
            try:
                disk.append(fd, json.dumps({"format": FORMAT}).encode() + b"\n")
                disk.datasync(fd)
            finally:
                disk.close(fd)
            disk.rename(new, self.format)
            disk.sync_folder(self.path)
            disk.sync_folder(self.path.absolute().parent)
