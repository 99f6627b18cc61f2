"""The pack as a folder or as a zip: it appears whole or not at all, with the list of its files and their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from archive.errors import ArchiveError, DiskFull
from archive.ledger.export.place import Written, made
from archive.note import Note, Signer
from archive.pack.files import File, in_order
from archive.zipped import LARGE, Zipped

LIST, SIGNATURE, STATEMENT = "FILES", "signature", "kartoteka pack v1"


class Place(Protocol):
    """Where files are put."""

    def add(self, name: str, pieces: Iterable[bytes], *, large: bool = False) -> None: ...


def write(path: Path, files: Iterable[File], signer: Signer | None) -> Written:
    """The pack, and its list; signed where there is a signer. `rows`: how many files; `sha256`: of the zip, or of the list.

    Raises DiskFull, and ArchiveError where the place cannot be written, or a folder is there already and holds anything.
    """
    if path.suffix.lower() == ".zip":
        count = 0

        def zipped(part: Path) -> None:
            nonlocal count
            with part.open("wb") as file, Zipped(file) as place:
                count, _ = _fill(place, files, signer)

        written = made(path, 0, zipped)
        return Written(written.file, count, written.sha256, written.octets)
    return _folder(path, lambda place: _fill(place, files, signer))


def _fill(place: Place, files: Iterable[File], signer: Signer | None) -> tuple[int, str]:
    """How many files, and the digest of their list."""
    lines: list[str] = []
    for file in in_order(files):
        digest, size = hashlib.sha256(), [0]

        def counted(pieces: Iterable[bytes], digest: hashlib._Hash = digest, size: list[int] = size) -> Iterator[bytes]:
            for piece in pieces:
                digest.update(piece)
                size[0] += len(piece)
                yield piece

        place.add(file.name, counted(file.pieces()), large=(file.size or 0) >= LARGE)
        lines.append(f"{digest.hexdigest()} {size[0]} {file.name}\n")
    listed = "".join(lines).encode()
    place.add(LIST, (listed,))
    sha256 = hashlib.sha256(listed).hexdigest()
    if signer is not None:
        text = f"{STATEMENT}\n{sha256}\n"
        place.add(SIGNATURE, (bytes(Note(text, (signer.sign(text),))),))
    return len(lines) + 1 + (signer is not None), sha256


class _Folder:
    """A new folder that is being filled."""

    def __init__(self, path: Path) -> None:
        self.path, self.octets = path, 0

    def add(self, name: str, pieces: Iterable[bytes], *, large: bool = False) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in pieces:
                self.octets += file.write(piece)
            file.flush()
            os.fsync(file.fileno())


def _folder(path: Path, fill: Callable[[Place], tuple[int, str]]) -> Written:
    part = path.with_name(f".{path.name}.part")
    try:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise ArchiveError(f"{path} is there already and is not empty: name a new folder, or a file that ends in .zip")
        shutil.rmtree(part, ignore_errors=True)  # what a kill left
        part.mkdir(parents=True)
        place = _Folder(part)
        count, sha256 = fill(place)
        part.replace(path)
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room for {path}: nothing of it was left there") from exc
        raise ArchiveError(f"{path} cannot be written: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):
            shutil.rmtree(part)
    return Written(str(path), count, sha256, place.octets)
