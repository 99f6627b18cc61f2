"""Which part of the log and of its stamps vouches for a case's captures? All of one moment, though a writer may be at work."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive import tree
from archive.capture import Capture
from archive.errors import BadRecord, NotFound
from archive.log import Log, find, told
from archive.note import Checkpoint, Note, Verifier
from archive.pack.files import File
from archive.stamped import FOLDER, JOURNAL, Line, Stamped, lists
from archive.tiles import Tiles


@dataclass(frozen=True, slots=True)
class Head:
    """The newest signed checkpoint, the key that signed it, and the stamps as they were then."""

    log: Log
    key: Verifier
    note: Note
    checkpoint: Checkpoint
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, home: Path) -> Head:
        """Raises NotFound where nothing was signed, BadRecord where it does not hold."""
        log = Log(home)
        signed, key = log.signed(), log.verifier()
        if signed is None or key is None:
            raise NotFound("nothing of this archive is in a signed log yet: `crawl log checkpoint` takes what waits")
        return cls(log, key, *signed, tuple(Stamped(home).lines()))

    @property
    def at(self) -> str:
        """When the last capture under it was made (RFC 3339, UTC)."""
        size = self.checkpoint.size
        return str(told(Tiles(self.log.folder, size).entry(size - 1))["at"])

    def leaf(self, capture: Capture) -> int:
        """Raises NotFound where it is not in the log."""
        found = find(Tiles(self.log.folder, self.checkpoint.size), capture.seq)
        if found is None:
            raise NotFound(f"capture {capture.id} is not in the log yet: `crawl log checkpoint` takes what waits")
        return found

    def proofs(self, captures: Iterable[Capture]) -> Iterator[File]:
        """A `.tlog-proof` for each. Raises NotFound, Damaged as they are written."""
        for capture in captures:
            yield File.made(f"captures/{capture.id}.tlog-proof", partial(self._proof, capture))

    def _proof(self, capture: Capture) -> bytes:
        return self.log.proof(capture, (self.note, self.checkpoint)).encode()

    def stamped(self, leaves: list[int]) -> list[int]:
        """Sizes of the earliest checkpoints over each of these leaves that have a token, and a proof of OpenTimestamps."""
        sizes: set[int] = set()
        for ends in (".tsr", ".ots"):
            held = sorted({line.size for line in self.lines if line.size is not None and line.file.endswith(ends)})
            usable = [size for size in held if size <= self.checkpoint.size]
            sizes |= {next((size for size in usable if size > leaf), 0) for leaf in leaves}
        return sorted(self._with_lists(sizes - {0}))

    def _with_lists(self, sizes: set[int]) -> set[int]:
        """These, and those whose stamps brought the lists of the revoked that are asked of their tokens: one comes a day."""
        tokens = [line for line in self.lines if line.file.endswith(".tsr") and (line.size is None or line.size in sizes)]
        found = {each.size for token in tokens for each in lists(self.lines, token) if each.size is not None}
        return sizes if found <= sizes else self._with_lists(sizes | found)

    def files(self, sizes: list[int]) -> Iterator[File]:
        """Checkpoint and key; for stamped checkpoints of these sizes their stamps, and proofs that the head extends them.

        Raises BadRecord, Damaged.
        """
        yield File.of("log/checkpoint", bytes(self.note))
        yield File.lines("log/vkey", [str(self.key)])
        if not sizes:
            return
        stamped, tiles = Stamped(self.log.folder.parent), Tiles(self.log.folder, self.checkpoint.size)
        yield File.lines(f"log/{FOLDER}/{JOURNAL}", (bytes(line).decode() for line in self.lines))
        for line in self.lines:
            if line.size is None or line.size in sizes:
                octets = stamped.read(line.file)
                if octets is None:
                    raise BadRecord(f"log/{FOLDER}/{line.file} is named by the journal, and is not there: run `crawl verify`")
                yield File.of(f"log/{FOLDER}/{line.file}", octets)
        for size in sizes:
            path = tree.consistency(size, self.checkpoint.size, tiles.node)
            yield File.lines(f"log/consistency/{size:012}", (base64.b64encode(each).decode() for each in path))
