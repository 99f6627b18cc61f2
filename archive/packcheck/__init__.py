"""Is a pack what was packed, and does it prove what it says? The numbered checks of docs/pack.md; nothing in it is trusted.

(1) every file is there as the list says, and no other; what the pack is of fits what is there
(2) every octet of its WARC files is in one whole member that `members` names, and each hashes to what that says
(3) every member is one record of WARC 1.1, whose block hashes to what record, `members` and manifest say
(4) every entity-body hashes to what its manifest says
(5) every manifest is canonical, is the block of its own record, and names records that are there
(6) the records stand in the order of the archive, and the captures in that of the log
(7) every revisit stands for a capture of the pack with the same body
(8) every row of `members` is what a manifest says of that record
(9) every value of the ledger stands in its page, and its row is what its id was made of
(10) the versions of pack, manifests and leaves are known
(11) every leaf is spelled as ours are
(12) a path leads from every leaf to the root that was signed, and from every stamped checkpoint to the head
(13) the checkpoint is signed by the log's key, and that is the key which was given from elsewhere
(14) every capture has a leaf of its own, which says its manifest's digest, outcome, time and number
(15) the journal of stamps is whole, and the stamps hold over their checkpoints
(16) the list of files is signed by the log's key
(17) the report says of each value what the ledger, the manifests and the log of the pack say
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.finding import Finding
from archive.note import Verifier
from archive.packcheck import listed, records
from archive.packcheck.captures import Captures, head
from archive.packcheck.opened import Folder, Opened, Zip, is_pack
from archive.packcheck.run import PACKED, Run
from archive.packcheck.stamps import Stamps
from archive.packcheck.told import Told
from archive.stamps import Certificates

__all__ = ["PACKED", "Trust", "is_pack", "verify_pack"]


@dataclass(frozen=True, slots=True)
class Trust:
    """What whoever checks has from elsewhere.

    key: of the log; None: none was given. how: where that key is from, in words. roots: of time-stamping authorities. block:
    headers of Bitcoin blocks, by height. now: UTC; None: by the clock.
    """

    key: Verifier | None = None
    how: str = "that was given"
    roots: Certificates = ()
    block: Callable[[int], bytes | None] | None = None
    now: datetime | None = None


def verify_pack(path: Path, trust: Trust) -> Iterator[Finding]:
    """Findings as they come, sums at the end. path: a folder, or a zip of the same files. Raises OSError."""
    with ExitStack() as stack:
        pack: Opened = Folder(path) if path.is_dir() else Zip(stack.enter_context(path.open("rb")))
        run = Run(pack)
        yield from _run(run, trust)
        for check in run.checks.values():
            yield from check.sum(path.name)


def _run(run: Run, trust: Trust) -> Iterator[Finding]:
    yield from listed.files(run)
    yield from head(run, trust.key, trust.how)
    yield from listed.told(run)
    yield from listed.members(run)
    yield from listed.signature(run)
    yield from records.every_member(run)
    yield from Captures(run).all()
    yield from Stamps(run, trust.roots, trust.now or datetime.now(UTC), trust.block).all()
    yield from Told(run).all()
