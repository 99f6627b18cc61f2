"""One file of a pack before it is written: its name, its size, and where its octets come from; values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

STEP = 256 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """name: below the pack, in ASCII. pieces: makes the octets when they are written. size: of all; None: small."""

    name: str
    size: int | None
    pieces: Callable[[], Iterable[bytes]]

    @classmethod
    def made(cls, name: str, make: Callable[[], bytes]) -> File:
        """A small file, made when it is written."""
        return cls(name, None, lambda: (make(),))

    @classmethod
    def of(cls, name: str, octets: bytes) -> File:
        return cls(name, len(octets), lambda: (octets,))

    @classmethod
    def lines(cls, name: str, lines: Iterable[str]) -> File:
        """Each line with its LF."""
        return cls.of(name, "".join(f"{line}\n" for line in lines).encode())


def in_order(files: Iterable[File]) -> Iterator[File]:
    """As the list of a pack has them."""
    return iter(sorted(files, key=lambda file: file.name.encode()))
