"""Do the stamps in a pack hold, and is the log they are of the beginning of its head? Check (15), and consistency for (12)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from archive import stamps, tree
from archive.errors import BadRecord
from archive.finding import Finding
from archive.log import vouched
from archive.note import Note
from archive.packcheck.captures import once
from archive.packcheck.listed import lines
from archive.packcheck.opened import read
from archive.packcheck.run import Run
from archive.stamped import JOURNAL, NOTE, RENEWAL, Line, chained, lists, renewal
from archive.stampjudge import Judge

WHERE = "log/stamps"
LARGEST = 64 * stamps.LARGEST
LARGEST_JOURNAL = 64 << 20


class Stamps:
    """The stamps of one run. lines: of the journal, as far as they follow on one another."""

    def __init__(
        self, run: Run, roots: stamps.Certificates, now: datetime, block: Callable[[int], bytes | None] | None
    ) -> None:
        self.run, self.check = run, run.checks[15]
        self.lines: list[Line] = []
        self.revoked: dict[Line, bytes] = {}  # lists of the revoked that the pack holds
        self.judge = Judge(self.check, roots, now, [], block)

    def all(self) -> Iterator[Finding]:
        self.check.why_not = "the pack has no stamp: nothing but the clock of the capturing machine says when"
        there = {name for name in self.run.pack.sizes if name.startswith(f"{WHERE}/")}
        if not there and not self.run.stamped:
            return
        self.check.why_not = "no stamp could be held against a root that is trusted here"
        yield from self.journal()
        wanted = [line for line in self.lines if line.size is None or line.size in self.run.stamped]
        yield from self.unnamed(there, {f"{WHERE}/{line.file}" for line in wanted})
        octets = {line.file: self.kept(line) for line in wanted}
        self.revoked = {line: found for line in wanted if line.list_of and (found := octets[line.file]) is not None}
        for line in wanted:
            if octets[line.file] is None:
                yield from self.check.fail(f"{WHERE}/{line.file}", "it is not there, or is not what the journal says was kept")
        folders = dict.fromkeys(line.folder for line in reversed(wanted))  # renewals that came later first
        for folder in sorted(folders, key=str.isdigit):
            beside = {line.file.rpartition("/")[2]: octets[line.file] for line in wanted if line.folder == folder}
            yield from self.folder(folder, beside, [line for line in wanted if line.folder == folder])
        for size in self.run.stamped:
            yield from self.consistent(size)

    def journal(self) -> Iterator[Finding]:
        octets = read(self.run.pack, f"{WHERE}/{JOURNAL}", LARGEST_JOURNAL)
        try:
            if octets is None:
                raise BadRecord("it is not there, or cannot be read")
            if not octets.endswith(b"\n"):
                raise BadRecord("its last line has no end")
            self.lines = chained(octets)
        except BadRecord as exc:
            yield from self.check.fail(f"{WHERE}/{JOURNAL}", str(exc))

    def unnamed(self, there: set[str], named: set[str]) -> Iterator[Finding]:
        if self.lines:
            for name in sorted(there - named - {f"{WHERE}/{JOURNAL}"}):
                yield from self.check.fail(name, "no line of the journal names this file, or the pack has no use for it")

    def kept(self, line: Line) -> bytes | None:
        """The octets of a file, where they are what was kept."""
        octets = read(self.run.pack, f"{WHERE}/{line.file}", LARGEST)
        return octets if octets is not None and hashlib.sha256(octets).hexdigest() == line.sha256 else None

    def folder(self, folder: str, octets: dict[str, bytes | None], held: list[Line]) -> Iterator[Finding]:
        """One stamped checkpoint or renewal."""
        of = NOTE if folder.isdigit() else RENEWAL
        subject = octets.get(of)
        if subject is None:
            return
        problem = self.checkpoint(subject, int(folder)) if folder.isdigit() else self.renewal(subject)
        if problem:
            yield from self.check.fail(f"{WHERE}/{folder}/{of}", problem)
            return
        covers = None if folder.isdigit() else int(subject.split(b"\n")[1])
        for line in held:
            name = line.file.rpartition("/")[2]
            if name.endswith(".tsr") and octets[name] is not None:
                revoked = [self.revoked[each] for each in lists([*self.revoked], line)]
                number = self.lines.index(line)
                yield from self.judge.token(f"{WHERE}/{line.file}", (number, line), subject, octets, revoked, covers)
        proofs = sorted(name for name, found in octets.items() if name.endswith(".ots") and found is not None)
        if proofs:
            yield from self.judge.proof(f"{WHERE}/{folder}/{proofs[-1]}", octets[proofs[-1]] or b"", subject)

    def checkpoint(self, octets: bytes, size: int) -> str | None:
        try:
            said = vouched(Note.parse(octets), self.run.key)
        except BadRecord as exc:
            return str(exc)
        return None if said.size == size else f"it is of {said.size} leaves"

    def renewal(self, octets: bytes) -> str | None:
        parts = octets.split(b"\n")
        count = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        if not 0 < count <= len(self.lines) or renewal(self.lines[:count]) != octets:
            return "it is not of the lines of this journal"
        return None

    def consistent(self, size: int) -> Iterator[Finding]:
        # (12)
        check, file = self.run.checks[12], f"log/consistency/{size:012}"
        octets = read(self.run.pack, file, LARGEST)
        note = read(self.run.pack, f"{WHERE}/{size:012}/{NOTE}", LARGEST)
        if octets is None:
            yield from check.fail(file, "it is not there, or cannot be read")
            return
        if note is None or self.run.head is None:
            return  # (13) or (15) tells
        check.looked += 1
        try:
            old = vouched(Note.parse(note), self.run.key)
            path = [once(line) for line in lines(octets)]
            if not tree.extends(old.size, self.run.head.size, path, old.root, self.run.head.root):
                raise ValueError("the head does not extend the checkpoint that was stamped")
        except BadRecord:
            return  # (15) tells
        except ValueError as exc:
            yield from check.fail(file, str(exc))
