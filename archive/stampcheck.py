"""Do the kept stamps hold, and of what are they? Check (15) of `verify`.

(15) every line of the journal of stamps follows on the one before, and its file is there and is what was kept; every stamped
     checkpoint is of this log, and the tiles prove it; every token is over its checkpoint, by an authority whose root this
     machine's keyring trusts, and its certificate was not revoked, has not ended, or was renewed in time; every OpenTimestamps
     proof is over its checkpoint and leads to the block it names

NOT CHECKED are: a token of an authority that nobody trusts here; a proof that is still pending at its calendar, or leads to a
block whose header is not at hand; and what was signed since the last stamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archive import stamps, tree
from archive.errors import BadRecord, BadStamp, Damaged
from archive.finding import CHECKS, Check, Finding
from archive.keyring import Keyring
from archive.log import vouched
from archive.note import Checkpoint, Note
from archive.stamped import FOLDER, JOURNAL, NOTE, RENEWAL, Line, Stamped, files, lists, renewal
from archive.stampjudge import Judge
from archive.tiles import Tiles

WHERE = f"log/{FOLDER}"


def check_stamps(
    home: Path, leaves: Sequence[int] | None = None, *, keys: Keyring | None = None, now: datetime | None = None
) -> Iterator[Finding]:
    """Findings as they come, the sum at the end.

    leaves: only the earliest stamped checkpoints that hold these; None: all that is kept. keys: the roots that are trusted, and
    what was added last. now: UTC.
    """
    run = _Run(Stamped(home), keys, now or datetime.now(UTC))
    yield from run.whole() if leaves is None else run.of(leaves)
    yield from run.check.sum("log")


@dataclass
class _Run:
    """One look at the stamps of one log."""

    stamped: Stamped
    keys: Keyring | None
    now: datetime
    check: Check = field(default_factory=lambda: Check(CHECKS[14], "stamps"))
    lines: list[Line] = field(default_factory=list)
    roots: stamps.Certificates = ()
    renewals: list[tuple[int, datetime]] = field(default_factory=list)  # lines that a renewing token covers, and its time

    def whole(self) -> Iterator[Finding]:
        self.check.why_not = "nothing was stamped: name authorities in kartoteka.toml"
        yield from self.opened()
        if not self.lines:
            return
        yield from self.trusted()
        yield from self.kept(self.lines)
        yield from self.unnamed()
        for folder in dict.fromkeys(line.folder for line in reversed(self.lines)):  # renewals first
            yield from self.folder(folder)
        yield from self.unstamped()

    def of(self, leaves: Sequence[int]) -> Iterator[Finding]:
        self.check.why_not = "no checkpoint that holds it has a stamp"
        yield from self.opened()
        stamped = sorted({line.folder for line in self.lines if line.states is not None and line.size is not None})
        over = {next((folder for folder in stamped if int(folder) > leaf), None) for leaf in leaves} - {None}
        later = {line.folder for line in self.lines if line.size is None} if over else set()
        yield from self.trusted()
        for folder in (*sorted(later, reverse=True), *sorted(each for each in over if each is not None)):
            yield from self.kept([line for line in self.lines if line.folder == folder])
            yield from self.folder(folder)

    # -- the journal, and the files it names

    def opened(self) -> Iterator[Finding]:
        try:
            self.lines = self.stamped.lines()
        except BadRecord as exc:
            yield from self.check.fail(f"{WHERE}/{JOURNAL}", str(exc))
            return
        yield from self.added_last()

    def added_last(self) -> Iterator[Finding]:
        key = self.stamped.log.verifier()
        last = self.keys.stamped(key.name) if self.keys is not None and key is not None else None
        if last is not None and last not in {line.digest for line in self.lines}:
            yield from self.check.fail(
                f"{WHERE}/{JOURNAL}", "it does not hold what this machine added last: it was put back, or cut"
            )

    def trusted(self) -> Iterator[Finding]:
        try:
            self.roots = stamps.certificates(self.keys.roots()) if self.keys is not None else ()
        except (BadStamp, OSError) as exc:
            yield from self.check.skip("keyring", f"the trusted roots cannot be read: {exc}")

    def kept(self, lines: list[Line]) -> Iterator[Finding]:
        for line in lines:
            octets = self.stamped.read(line.file)
            if octets is None:
                yield from self.check.fail(f"{WHERE}/{line.file}", "the journal names this file, and it is not there")
            elif (digest := hashlib.sha256(octets).hexdigest()) != line.sha256:
                yield from self.check.fail(f"{WHERE}/{line.file}", f"it hashes to {digest}; kept: {line.sha256}")

    def unnamed(self) -> Iterator[Finding]:
        """A kill leaves at most what was put down last; it is overwritten by the next stamping."""
        named = {line.file for line in self.lines}
        last = max(line.folder for line in self.lines)
        for file in files(self.stamped.folder):
            if file in named or file.endswith(".new"):
                continue
            where = f"{WHERE}/{file}"
            if file.rpartition("/")[0] > last:
                yield from self.check.skip(where, "no line of the journal names it yet: a kill left it")
            else:
                yield from self.check.fail(where, "no line of the journal names this file")

    # -- what they are of

    def folder(self, folder: str) -> Iterator[Finding]:
        """One stamped checkpoint or renewal. A file that is not what was kept was told of, and proves nothing more."""
        held = {line.file.rpartition("/")[2]: line for line in self.lines if line.folder == folder}
        octets = {name: self.sound(line) for name, line in held.items()}
        subject = octets.get(NOTE if folder.isdigit() else RENEWAL)
        if subject is None:
            return
        problem = self.checkpoint(subject) if folder.isdigit() else self.renewal(subject)
        if problem:
            yield from self.check.fail(f"{WHERE}/{folder}/{NOTE if folder.isdigit() else RENEWAL}", problem)
            return
        for name, line in held.items():
            if name.endswith(".tsr") and octets[name] is not None:
                yield from self.token(folder, name.removesuffix(".tsr"), line, subject, octets)
        proofs = sorted(name for name in held if name.endswith(".ots") and octets[name] is not None)
        if proofs:
            yield from self.proof(f"{WHERE}/{folder}/{proofs[-1]}", octets[proofs[-1]] or b"", subject)

    def sound(self, line: Line) -> bytes | None:
        octets = self.stamped.read(line.file)
        return octets if octets is not None and hashlib.sha256(octets).hexdigest() == line.sha256 else None

    def checkpoint(self, octets: bytes) -> str | None:
        """What is wrong with a stamped note: None where it is signed by the log's key and the tiles have its root."""
        try:
            said = vouched(Note.parse(octets), self.stamped.log.verifier())
            now = self.stamped.log.checkpoint()
        except BadRecord as exc:
            return str(exc)
        if now is None or not _begins(said, now, self.stamped.log.folder):
            return f"the log of {now.size if now else 0} captures does not begin with the {said.size} that were stamped"
        return None

    def renewal(self, octets: bytes) -> str | None:
        parts = octets.split(b"\n")
        count = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        if not 0 < count <= len(self.lines) or renewal(self.lines[:count]) != octets:
            return "it is not of the lines of this journal"
        return None

    def token(self, folder: str, name: str, line: Line, subject: bytes, octets: dict[str, bytes | None]) -> Iterator[Finding]:
        covers = None if folder.isdigit() else int(subject.split(b"\n")[1])
        revoked = [found for each in lists(self.lines, line) if (found := self.sound(each)) is not None]
        yield from self.judge.token(f"{WHERE}/{line.file}", (self.lines.index(line), line), subject, octets, revoked, covers)

    def proof(self, where: str, octets: bytes, subject: bytes) -> Iterator[Finding]:
        yield from self.judge.proof(where, octets, subject)

    @property
    def judge(self) -> Judge:
        return Judge(self.check, self.roots, self.now, self.renewals, self.keys.block if self.keys is not None else None)

    def unstamped(self) -> Iterator[Finding]:
        """What was signed since."""
        try:
            now = self.stamped.log.checkpoint()
        except BadRecord:
            return  # (13) tells
        covered = max((line.size or 0 for line in self.lines if line.states is not None), default=0)
        if now is not None and now.size > covered:
            why = f"{now.size - covered} captures have no stamp of an authority yet: `crawl stamp` asks for one"
            yield from self.check.skip("log", why)


def _begins(old: Checkpoint, now: Checkpoint, folder: Path) -> bool:
    if not 0 < old.size <= now.size:
        return False
    try:
        path = tree.consistency(old.size, now.size, Tiles(folder, now.size).node)
    except Damaged:  # (12) tells of the tile; the stamp may still be of what is there
        return old == now
    return tree.extends(old.size, now.size, path, old.root, now.root)
