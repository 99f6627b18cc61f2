"""What one look at a pack knows: its checks, its lists, and what was found of captures and records so far; values."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.finding import CHECKS, Check
from archive.note import Checkpoint, Verifier
from archive.packcheck.opened import Opened

PACKED = (*CHECKS[:5], "6 sequence", *CHECKS[6:11], "12 log paths", *CHECKS[12:], "16 signature", "17 report")
COUNTED = (
    "files", "gzip members", "records", "entity-bodies", "manifests", "members and captures in their order", "revisits",
    "rows of members", "rows of the ledger", "versions", "leaves", "paths", "checkpoints", "captures with their leaf", "stamps",
    "signatures", "values",
)  # fmt: skip
Place = tuple[str, int]  # a file of the archive, and an offset in it


@dataclass(frozen=True, slots=True)
class Row:
    """A line of `members`. line: its number, from 1."""

    line: int
    file: str
    at: int
    length: int
    sha256: str
    offset: int
    kind: str
    capture: str
    block: str

    @property
    def subject(self) -> str:
        return f"members line {self.line}"

    @property
    def where(self) -> str:
        return f"warc/{self.file} at {self.at}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was met at a row: of the record its type, id, target and date; digests of block and payload."""

    type: str
    id: str
    target: str
    date: str
    block: str
    payload: str | None


@dataclass(frozen=True, slots=True)
class Capture:
    """What a manifest says that other checks need. main: the record that is the capture."""

    id: str
    digest: str
    seq: int
    began: str
    outcome: str
    payload: str | None
    refers_to: str | None
    main: Place | None
    kind: str


@dataclass
class Run:
    """One look at one pack. key: that signatures are held against. captures: as pack.json has them."""

    pack: Opened
    key: Verifier | None = None
    checks: dict[int, Check] = field(default_factory=lambda: {n: Check(PACKED[n - 1], of) for n, of in enumerate(COUNTED, 1)})
    ids: list[str] = field(default_factory=list)
    stamped: list[int] = field(default_factory=list)
    signed: bool = False
    head: Checkpoint | None = None
    rows: list[Row] = field(default_factory=list)
    met: dict[Place, Seen] = field(default_factory=dict)
    held: dict[str, Capture] = field(default_factory=dict)
    leaves: dict[str, int] = field(default_factory=dict)  # by capture, where its leaf is
