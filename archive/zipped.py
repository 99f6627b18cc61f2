"""A zip that its contents alone decide: stored, dated 1980, in the order they are given; written as a stream."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Self

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
MODE = 0o100644 << 16
UNIX = 3
LARGE = (1 << 31) - 1  # octets from which on an entry's sizes are written as zip64


class Zipped:
    """The open package. Its octets depend on names and contents, never on clock, machine or version of Python."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: opened for writing, seekable: the sizes in an entry's header are put there once they are known."""
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, name: str, pieces: Iterable[bytes], *, large: bool = False) -> None:
        """One file more. large: its pieces have 2 GiB or more together."""
        info = zipfile.ZipInfo(name, DATE)
        info.create_system, info.external_attr = UNIX, MODE
        with self._zip.open(info, "w", force_zip64=large) as out:
            for piece in pieces:
                out.write(piece)

    def close(self) -> None:
        """Writes the listing."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
