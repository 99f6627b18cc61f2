"""Where the hashes and entries of a log lie, and what they are: C2SP tlog-tiles as a folder of files; read-only.

    tile/L/N          256 hashes of complete subtrees of 256**L leaves; tile/L/N.p/W the first W of them
    tile/entries/N    the entries themselves, each after its length in two octets

Files of tiles never change once they are written (c2sp.org/tlog-tiles).
"""

from __future__ import annotations

from pathlib import Path

from archive import tree
from archive.errors import Damaged

WIDTH = 256
HASH = 32
ENTRIES = "entries"
LONGEST = 65_535  # octets of an entry
KEPT = 64  # tiles remembered by one reader


def name(level: int | str, index: int, width: int = WIDTH) -> str:
    """The path of a tile below the log's folder; index 1234067 is x001/x234/067."""
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def width(size: int, level: int, index: int) -> int:
    """How many hashes a tile holds in a tree of `size` leaves: 256, fewer at its right edge, 0 beyond it."""
    return min(WIDTH, max(0, (size >> 8 * level) - index * WIDTH))


def bundle(entries: list[bytes]) -> bytes:
    """Entries as a file holds them."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundled(octets: bytes) -> list[bytes]:
    """Raises ValueError where the lengths do not end with the octets."""
    entries: list[bytes] = []
    at = 0
    while at < len(octets):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        if end > len(octets) or at + 2 > len(octets):
            raise ValueError(f"entry {len(entries)} is cut off")
        entries.append(octets[at + 2 : end])
        at = end
    return entries


class Tiles:
    """The files of a log, as a tree of `size` leaves has them. Raises Damaged where one is missing or too short."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self._kept: dict[tuple[int, int], list[bytes]] = {}
        self._bundle: tuple[int, list[bytes]] = (-1, [])

    def hashes(self, level: int, index: int) -> list[bytes]:
        """The hashes of one tile."""
        found = self._kept.get((level, index))
        if found is None:
            wide = width(self.size, level, index)
            octets = self._read(level, index, wide)[: wide * HASH]
            if not wide or len(octets) != wide * HASH:
                raise Damaged(f"{name(level, index, wide)} does not hold {wide} hashes")
            found = [octets[i : i + HASH] for i in range(0, len(octets), HASH)]
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[level, index] = found
        return found

    def entries(self, index: int) -> list[bytes]:
        """The entries of one bundle."""
        if self._bundle[0] == index:
            return self._bundle[1]
        wide = width(self.size, 0, index)
        found = self.unchecked(index)
        if len(found) < wide:
            raise Damaged(f"{name(ENTRIES, index, wide)} holds {len(found)} entries, not {wide}")
        self._bundle = index, found[:wide]
        return self._bundle[1]

    def unchecked(self, index: int) -> list[bytes]:
        """The entries of one bundle as its file has them, be they too few or too many."""
        wide = width(self.size, 0, index)
        try:
            return unbundled(self._read(ENTRIES, index, wide))
        except ValueError as exc:
            raise Damaged(f"{name(ENTRIES, index, wide)}: {exc}") from exc

    def entry(self, index: int) -> bytes:
        return self.entries(index // WIDTH)[index % WIDTH]

    def node(self, height: int, index: int) -> bytes:
        """The hash of a complete subtree: what `tree` asks for."""
        level, above = divmod(height, 8)
        first = index << above
        row = self.hashes(level, first // WIDTH)[first % WIDTH :][: 1 << above]
        if len(row) != 1 << above:
            raise Damaged(f"{name(level, first // WIDTH)} ends before hash {first % WIDTH + (1 << above)}")
        return tree.over(row)

    def root(self) -> bytes:
        return tree.root(self.size, self.node)

    def _read(self, level: int | str, index: int, wide: int) -> bytes:
        # A partial tile may have gone once the full one is there; then its beginning is the same.
        partial, full = self.folder / name(level, index, wide), self.folder / name(level, index)
        for path in (partial, full):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as exc:
                raise Damaged(f"{path.relative_to(self.folder)} cannot be read: {exc}") from exc
        raise Damaged(f"{name(level, index, wide)} is missing")
