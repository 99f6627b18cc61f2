"""One file of an export: it appears whole or not at all, with the digest of what was written."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from archive.errors import ArchiveError, DiskFull

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """One file of an export. rows: of data, without a header."""

    file: str
    rows: int
    sha256: str
    octets: int


class Rows(Generic[T]):
    """Rows on their way into a file; `count` of them have passed."""

    def __init__(self, rows: Iterable[T]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[T]:
        for row in self._rows:
            self.count += 1
            yield row


def put(path: Path, pieces: Iterable[bytes], rows: Rows[T] | int) -> Written:
    """The file from its pieces, which are made of the rows. Raises DiskFull, ArchiveError where the place cannot be written."""
    digest = hashlib.sha256()
    length = 0

    def fill(part: Path) -> None:
        nonlocal length
        with part.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                length += file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    _whole(path, fill)
    return Written(str(path), rows if isinstance(rows, int) else rows.count, digest.hexdigest(), length)


def made(path: Path, rows: int, make: Callable[[Path], None]) -> Written:
    """The file as `make` makes it under another name. Raises DiskFull, ArchiveError."""

    def fill(part: Path) -> None:
        part.unlink(missing_ok=True)
        make(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())

    _whole(path, fill)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(str(path), rows, digest, path.stat().st_size)


def _whole(path: Path, fill: Callable[[Path], None]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill(part)
        part.replace(path)
    except OSError as exc:
        if exc.errno == errno.ENOSPC:
            raise DiskFull(f"no room for {path}: nothing of it was left there") from exc
        raise ArchiveError(f"{path} cannot be written: {exc.strerror}") from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
