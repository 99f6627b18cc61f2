"""Which outside stamps are kept, of which checkpoints, and not later than when do they put a capture?

Below the log's folder, nothing of it ever written anew:

    stamps/SIZE/checkpoint     the signed note of so many leaves, as it was stamped
    stamps/SIZE/NAME.tsq, NAME.tsr     what an authority was asked, and its answer as it came
    stamps/SIZE/NAME.pem, NAME.1.crl   certificates beside those in the answer, and who was revoked, as of that day: of each
                                       authority once a day
    stamps/SIZE/N.ots          OpenTimestamps; the highest N is the newest, upgraded one
    stamps/renewals/N/...      the same over `renewal`: so many lines of the journal, and the digest of the last of them
    stamps/journal             a line for each of these files: its digest, and that of the line before

A token over a line of the journal therefore covers every file before it: that is how tokens are renewed before their
certificates end (the idea of RFC 4998), by one new token for all. The keyring remembers the last line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import stamps
from archive.disk import Disk
from archive.errors import BadRecord, BadStamp
from archive.keyring import Keyring
from archive.log import Log, told
from archive.manifest import canonical
from archive.note import LONGEST, Checkpoint, Note
from archive.tiles import Tiles

FOLDER, JOURNAL, NOTE, RENEWAL, RENEWALS = "stamps", "journal", "checkpoint", "renewal", "renewals"
KEYS = ["at", "ends", "file", "previous", "sha256", "states"]
FILE = re.compile(r"(?:\d{12}|renewals/\d{4})/[a-z0-9][a-z0-9.-]*")
LIST = re.compile(r"([a-z0-9][a-z0-9.-]*)\.\d+\.crl")
BEGIN = "0" * 64  # what the first line says of the line before
SOON = timedelta(days=90)  # before a certificate ends its tokens are renewed
APART = timedelta(days=30)  # one renewal and the next


@dataclass(frozen=True, slots=True)
class Line:
    """One file, as the journal has it.

    at: when it was kept, by this machine's clock. states: the time that a token states; ends: when its certificate does.
    previous: sha256 of the line before.
    """

    at: str
    ends: str | None
    file: str
    previous: str
    sha256: str
    states: str | None

    def __bytes__(self) -> bytes:
        return canonical({key: getattr(self, key) for key in KEYS})

    @property
    def digest(self) -> str:
        return hashlib.sha256(bytes(self)).hexdigest()

    @property
    def folder(self) -> str:
        return self.file.rpartition("/")[0]

    @property
    def size(self) -> int | None:
        """Leaves of the checkpoint that it is of; None for a renewal."""
        return int(self.folder) if self.folder.isdigit() else None

    @property
    def list_of(self) -> str | None:
        """The authority whose issuer's list of revoked certificates it is; None for anything else."""
        match = LIST.fullmatch(self.file.rpartition("/")[2])
        return match[1] if match else None

    @classmethod
    def parse(cls, octets: bytes) -> Line:
        """Raises BadRecord."""
        try:
            said = json.loads(octets)
            if not isinstance(said, dict) or sorted(said) != KEYS or not FILE.fullmatch(said["file"]):
                raise ValueError("not the keys of a line, or no name of a file here")
            line = cls(**said)
            if bytes(line) != octets:
                raise ValueError("not spelled as canonical JSON")
            for said_at in (line.at, line.ends, line.states):
                _ = said_at and time(said_at)
        except (ValueError, TypeError, AttributeError, RecursionError) as exc:
            raise BadRecord(f"not a line of the journal: {octets[:100]!r}: {exc}") from exc
        return line


def chained(journal: bytes) -> list[Line]:
    """The lines of a journal, in its order. Raises BadRecord: of which line, and why; one that a kill cut off is none."""
    found: list[Line] = []
    previous = BEGIN
    for number, octets in enumerate(journal.split(b"\n")[:-1], 1):
        line = Line.parse(octets)
        if line.previous != previous:
            raise BadRecord(f"line {number} of the journal does not follow on the line before")
        previous = line.digest
        found.append(line)
    return found


def lists(lines: Sequence[Line], token: Line) -> list[Line]:
    """Which lists say whether a token's certificate was revoked: that of its own day, and the newest of its authority."""
    name = token.file.rpartition("/")[2].removesuffix(".tsr")
    kept = [each for each in lines if each.list_of == name]
    of_the_day = [each for each in kept if each.at <= token.at][-1:]
    return list(dict.fromkeys((*of_the_day, *kept[-1:])))


class Stamped:
    """The stamps of one log, to read."""

    def __init__(self, home: Path) -> None:
        self.log = Log(home)
        self.folder = self.log.folder / FOLDER

    def lines(self) -> list[Line]:
        """The journal, in its order. Raises BadRecord: of which line, and why; a last line that a kill cut off is none."""
        return chained(self.journal())

    def journal(self) -> bytes:
        try:
            return (self.folder / JOURNAL).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as exc:
            raise BadRecord(f"{self.folder / JOURNAL} cannot be read: {exc.strerror}") from exc

    def read(self, file: str) -> bytes | None:
        """A file's octets, as long as such a file may be; None where it is not there. Raises BadRecord."""
        try:
            with (self.folder / file).open("rb") as opened:
                return opened.read(1 + 64 * stamps.LARGEST)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise BadRecord(f"{self.folder / file} cannot be read: {exc.strerror}") from exc

    def checkpoint(self, size: int) -> tuple[bytes, Checkpoint] | None:
        """The note that was stamped, and what it says. Raises BadRecord where it is no note."""
        octets = self.read(f"{size:012}/{NOTE}")
        if octets is None or len(octets) > LONGEST:
            return None
        return octets, Checkpoint.parse(Note.parse(octets).text)

    def covered(self) -> int:
        """Leaves under the largest checkpoint that has a token of an authority; 0 where none has. Raises BadRecord."""
        return max((line.size or 0 for line in self.lines() if line.states is not None), default=0)

    def pending_since(self) -> str | None:
        """When the first capture was made that is signed for and has no stamp of an authority; None where there is none."""
        now, covered = self.log.checkpoint(), self.covered()
        if now is None or now.size <= covered:
            return None
        at: str = told(Tiles(self.log.folder, now.size).entry(covered))["at"]
        return at

    def first_over(self, leaf: int) -> list[Line]:
        """The tokens of the earliest stamped checkpoint that holds a leaf, and of no other. Raises BadRecord."""
        over = [line for line in self.lines() if line.states is not None and (line.size or 0) > leaf]
        earliest = min((line.size or 0 for line in over), default=0)
        return [line for line in over if line.size == earliest]


class Stamping(Stamped):
    """The one hand that adds to them; its caller holds the archive's lock."""

    def __init__(self, home: Path, keys: Keyring, disk: Disk | None = None) -> None:
        super().__init__(home)
        self._keys, self._disk = keys, disk or Disk()
        self._known: list[Line] | None = None  # the journal: nobody else adds to it

    def keep(self, file: str, octets: bytes, at: datetime, *, token: stamps.Token | None = None) -> Line:
        """One file more, durable with its line when this returns. A file that is there stays what it is: of other octets, it
        raises BadStamp. token: what it states, where it is the answer of an authority."""
        lines = self._known if self._known is not None else self.lines()
        held = next((line for line in lines if line.file == file), None)
        digest = hashlib.sha256(octets).hexdigest()
        if held is not None:
            if held.sha256 != digest:
                raise BadStamp(f"{self.folder / file} is kept, and holds other octets")
            return held
        line = Line(
            spelled(at), spelled(token.ends) if token is not None else None, file, lines[-1].digest if lines else BEGIN, digest,
            spelled(token.at) if token is not None else None,
        )  # fmt: skip
        path = self.folder / file
        self._disk.make_folder(path.parent)
        self._disk.put(path, octets)
        self._disk.sync_folder(path.parent)
        whole = b"".join(bytes(each) + b"\n" for each in (*lines, line))
        self._disk.put(self.folder / JOURNAL, whole)
        self._disk.sync_folder(self.folder)
        self._known = [*lines, line]
        self.remember(line)
        return line

    def remember(self, last: Line) -> None:
        """The keyring knows how far the journal has come."""
        key = self.log.verifier()
        if key is not None:
            self._keys.remember_stamped(key.name, last.digest, self._disk)

    def stands(self) -> None:
        """Raises BadRecord where the journal is not the one that this machine wrote last: nothing is added to it then."""
        key, lines = self.log.verifier(), self.lines()
        last = self._keys.stamped(key.name) if key is not None else None
        if last is not None and last not in {line.digest for line in lines}:
            raise BadRecord(f"{self.folder / JOURNAL} does not hold what this machine added last: it was put back, or cut")

    def renewal(self) -> bytes:
        """What a renewing token is over: the journal as it is now."""
        return renewal(self.lines())


def renewal(lines: list[Line]) -> bytes:
    """So many lines of the journal, and the digest of the last of them."""
    return f"kartoteka renewal\n{len(lines)}\n{lines[-1].digest}\n".encode()


def renewing(lines: list[Line], now: datetime) -> datetime | None:
    """When the first certificate ends whose tokens no later renewal covers, if that is soon; None: nothing is to be renewed."""
    renewals = [number for number, line in enumerate(lines) if line.size is None and line.states is not None]
    if renewals and now - time(lines[renewals[-1]].at) < APART:
        return None
    ends = [time(line.ends) for line in lines[renewals[-1] if renewals else 0 :] if line.ends is not None]
    return min((end for end in ends if now <= end <= now + SOON), default=None)


def outlasting(lines: list[Line], end: datetime) -> set[str]:
    """The names of authorities whose newest token has a certificate that ends later."""
    newest = {line.file.rpartition("/")[2].removesuffix(".tsr"): time(line.ends) for line in lines if line.ends is not None}
    return {name for name, ends in newest.items() if ends > end}


def files(folder: Path) -> Iterator[str]:
    """What lies there, by names below the folder; the journal left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / JOURNAL:
            yield path.relative_to(folder).as_posix()


def spelled(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time(text: str) -> datetime:
    """As `spelled` writes it. Raises ValueError."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if spelled(at) != text:
        raise ValueError(f"not the spelling of a time here: {text[:40]!r}")
    return at
