"""Which captures are plain, so that they are settled while their octets go by?

Most captures of a sound archive are: their records are told at one glance (`glance`), and their manifest and their row
agree with them field by field. Whatever does not is looked at again the long way, which alone finds faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from archive.finding import Finding
from archive.glance import Plain
from archive.glimpse import Said, glimpse, offset_of, spelled
from archive.verify.carried import BY_SEQ, Rows
from archive.verify.manifests import Manifests
from archive.verify.met import BATCH, Met, Place, lies
from archive.verify.scene import Scene
from archive.verify.spelling import CHAIN, KINDS, MANIFEST, as_written, plain_microseconds

LOWEST = -(1 << 63)  # of all numbers that a row may have
PENDING = 1000  # records that may wait for their manifest


class Settling:
    """The records that wait for their manifest, and the rows of the index, each in its order."""

    def __init__(self, scene: Scene, met: Met, manifests: Manifests) -> None:
        self.checks, self.index, self.met, self.manifests = scene.checks, scene.index, met, manifests
        self.pending: list[Place] = []  # records whose manifest may come next
        self.chains: dict[int, Place] = {}  # certificate chains of the file, by offset
        self.rows_by_seq: Iterator[tuple[Any, ...]] = iter(())  # BY_SEQ
        self.row: tuple[Any, ...] | None = None  # the next of them

    def begin(self, first: int | None = None, seen: Rows | None = None) -> None:
        """Before the first file that is read. first: the number of the first row not settled yet; seen: watches them."""
        if self.index is not None:
            rows = self.index.cursor()
            rows.row_factory = None
            self.rows_by_seq = rows.execute(BY_SEQ, (LOWEST if first is None else first,))
            if seen is not None:
                self.rows_by_seq = seen.captures(self.rows_by_seq)
        self.row = next(self.rows_by_seq, None)

    def next_seq(self) -> int:
        """The number of the first row that is not settled or doubted yet."""
        if self.row is not None:
            return int(self.row[0])
        last = None if self.index is None else self.index.execute("SELECT max(seq) FROM captures").fetchone()[0]
        return 0 if last is None else int(last) + 1

    def end(self) -> None:
        """After the last one: rows that no manifest stands for."""
        while self.row is not None:
            self.met.doubt(self.row[0])
            self.row = next(self.rows_by_seq, None)

    def plain(self, serial: int, name: str, offset: int, plain: Plain, block: memoryview) -> Iterable[Finding]:
        """(2) to (4) hold of this record. A manifest settles the records before it, and its row."""
        place = (offset, plain)
        self.met.met_id(plain.id, serial, offset)
        target = plain.target
        if not target.startswith(MANIFEST) or plain.type != "metadata":
            if target.startswith(CHAIN):
                self.chains[offset] = place
            self.pending.append(place)
            if len(self.pending) > PENDING:
                self.hold(serial, name)
            return ()
        said = glimpse(block)
        if said is None or not self.agrees(said, name, plain):
            return self.unsettled_manifest(serial, name, place, bytes(block))
        for number in (5, 6, 10):
            self.checks[number].looked += 1
        out_of_order = said.seq != self.manifests.expected
        settled = self.row_agrees(said, serial, place)
        self.pending.clear()  # all of them are where they belong
        if len(self.met.ids_met) >= BATCH:
            self.met.write()
        if settled and not out_of_order:
            self.manifests.expected += 1
            return ()
        self.checks[6].looked -= 1  # counted where it is found
        return self.astray(said, name, place, settled=settled)

    def unsettled_manifest(self, serial: int, name: str, place: Place, block: bytes) -> Iterator[Finding]:
        """A manifest that is not canonical, or does not fit the records before it, or may not."""
        self.hold(serial, name)
        self.met.add(lies(serial, name, place))
        told = yield from self.manifests.manifest(name, place[0], block, place[1].target.removeprefix(MANIFEST))
        if told is not None:
            yield from self.manifests.in_order(told["seq"], told["id"], name, place[0])
            yield from self.manifests.named_records(name, told)

    def astray(self, said: Said, name: str, place: Place, *, settled: bool) -> Iterator[Finding]:
        """A manifest that fits its records, and does not come where it should, or does not fit its row."""
        offset, plain = place
        yield from self.manifests.in_order(said.seq, said.id, name, offset)
        if not settled:
            yield from self.manifests.manifest_digest(f"{name} at {offset}", offset, said.seq, said.id, plain.block_sha256)
            self.met.remember(said.seq, said.id)

    def agrees(self, said: Said, name: str, manifest: Plain) -> bool:
        """(5) The manifest is of the record it lies in, and names the records before it, all of them, as they are."""
        if said.file != name or MANIFEST + said.id != manifest.target or said.began != manifest.date:
            return False
        pending = self.pending
        if said.chain is not None:
            held = self.chains.get(offset_of(said.chain) or 0)
            if held is None or said.chain != spelled("chain", *held):
                return False
            pending = [each for each in pending if each is not held]
        if len(said.kinds) != len(pending):
            return False
        named = [spelled(kind, *each) for kind, each in zip(said.kinds, pending, strict=True)]
        return said.records == f"[{','.join(named)}]"

    def row_agrees(self, said: Said, serial: int, place: Place) -> bool:
        """(4), (5), (8): the capture's row says what its manifest and its records say. Else it is looked at again."""
        seq, row = said.seq, self.row
        while row is not None and row[0] < seq:
            self.met.doubt(row[0])
            row = self.row = next(self.rows_by_seq, None)
        if row is None or row[0] != seq:
            return False
        self.row = next(self.rows_by_seq, None)
        offset, manifest = place
        main = self.main_record(said.kinds)
        expected = (
            *said[:11], plain_microseconds(manifest.date), *said[11:14],
            *((main[0], main[1].length, main[1].sha256) if main else (None, None, None)),
            serial, offset, manifest.length, manifest.sha256, manifest.block_sha256,
        )  # fmt: skip
        if (
            row[:-1] != expected
            or row[-1] not in (None, manifest.block_sha256)
            or (main is not None and not self.record_agrees(said, main[1]))
        ):
            self.met.doubt(seq)
            return False
        self.checks[8].looked += 1
        return True

    def main_record(self, kinds: list[str]) -> Place | None:
        """That of the waiting records which is the capture, by what the manifest calls them."""
        number = next((number for number, kind in enumerate(kinds) if kind in KINDS), None)
        if number is None:
            return None
        if len(kinds) == len(self.pending):
            return self.pending[number]
        return [each for each in self.pending if not each[1].target.startswith(CHAIN)][number]  # `agrees` counted them

    def record_agrees(self, said: Said, main: Plain) -> bool:
        """(8): the record's own address, time and status; (4): its body."""
        url, payload = said.url, said.payload_sha256
        if main.id != said.id or main.date != said.began or main.status not in (None, said.status):
            return False
        if main.target != url and not main.target.startswith("urn:kartoteka:") and main.target != as_written(url):
            return False
        if said.refers_to is not None:
            return main.type == "revisit" and main.refers_to == said.refers_to
        if main.type == "revisit" or main.refers_to is not None or (payload is not None and main.payload_sha256 != payload):
            return False
        self.checks[4].looked += payload is not None
        return True

    def hold(self, serial: int, name: str) -> None:
        """Records whose manifest is not met at once are kept in the table: the long way asks it."""
        for place in self.pending:
            self.chains.pop(place[0], None)
            self.met.add(lies(serial, name, place))
        self.pending.clear()
