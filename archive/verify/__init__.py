"""Is the archive what it was when it was written? Numbered checks, findings out; never repairs, never fetches.

(1) the format is known, and files and rows name one another: every WARC file that the index names is there,
    and no file is there that it does not name; what a recovery set aside is named
(2) every gzip member is one whole record, they follow each other without a gap to the end of the file, and
    each hashes to what the index keeps
(3) every record follows WARC 1.1, and its block hashes to the digest it was written with
(4) every entity-body hashes to what the index, the manifest and the record say
(5) every manifest is canonical, hashes to what the index and the log's outbox keep, and names records that are
    there; every record belongs to one manifest
(6) the captures are numbered from 0 without a gap, in the order of the files, and no record is there twice
(7) every revisit stands for a kept capture with the body it names
(8) every row of the index says what its record and its manifest say
(9) every value of the ledger stands in the decoded source of a kept capture, where its row says; what could not
    be trusted feeds none (`quotes`)
(10) the versions of the index, the ledger, the manifests and the records are known
(11) to (14) the log holds every capture, once, and is what was signed (`logcheck`)
(15) the stamps of outside authorities hold, and are of this log (`stampcheck`)

A check that checked nothing is NOT CHECKED, never PASS. The verifier reads files and tables with the standard
library and with eyes of its own (`records`, `standard`), not with the code that wrote them; only the bodies of quotes
are asked of that code. It holds one step of octets, one manifest and one page at a
time; what it must remember of every record lies in a table on disk (`met`).

    scene        what there is: format, index, files (1), and versions (10)
    octets       one pass over the files (2), (3), (4); `plain` settles what is sound while it goes by, `carried` keeps what a
                 run that is stopped has read
    manifests    (5) and (6)
    rows         (7), (8), and what the index says of bodies (4)
    quotes       (9)
    logcheck     (11) to (14)
    stampcheck   (15)

What it cannot find: an archive and its log written anew as a whole, with all of their digests, and signed with the log's
own key, where neither this machine's keyring nor anybody outside remembers an earlier checkpoint. `prove` says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from archive import logcheck, quotes
from archive.errors import ArchiveError
from archive.finding import CHECKS, Check, Finding, Verdict, status
from archive.keyring import Keyring
from archive.log import Log
from archive.verify.carried import Carried
from archive.verify.manifests import Manifests
from archive.verify.met import Met
from archive.verify.octets import Octets, Progress
from archive.verify.rows import Rows
from archive.verify.scene import Scene, read_only

__all__ = ["CHECKS", "Finding", "Verdict", "status", "verify"]

COUNTED = (
    "files", "gzip members", "records", "entity-bodies", "manifests", "captures", "revisits", "index rows",
    "values at their places", "versions",
)  # fmt: skip


def verify(
    home: Path,
    ids: Sequence[str] = (),
    *,
    keys: Keyring | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
    scratch: Path | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Finding]:
    """All checks over an archive, or over the captures (or visits) named; findings as they come, sums at the end.

    keys: remembers what this machine signed last, and which authorities are trusted; None: what needs that is NOT CHECKED.
    now: UTC, by which certificates of authorities have ended or not; None: by the clock. scratch: a private file, outside
    the archive, by which a run over all of it that is stopped is gone on with (`carried`); note: is told where that is done,
    or why it is not. Raises NotFound where an id names nothing.
    """
    told = progress or (lambda *_: None)
    with ExitStack() as outer:
        with ExitStack() as stack:
            checks = {n: Check(CHECKS[n - 1], of) for n, of in enumerate(COUNTED, 1)}
            scene = Scene(home, checks, stack)
            yield from scene.format_and_index()
            kept = None
            if scratch is not None and not ids and scene.index is not None:
                kept = Carried.open(scratch, scene, outer, lambda: datetime.now(UTC))
            yield from _run(scene, ids, told, kept, note)
        yield from logcheck.check_log(home, ids, keys=keys, progress=told)
        yield from _stamps(home, ids, keys, now)
        if kept is not None:
            kept.finish()


def _run(
    scene: Scene, ids: Sequence[str], progress: Progress, kept: Carried | None, note: Callable[[str], None]
) -> Iterator[Finding]:
    checks = scene.checks
    met = Met(scene, kept.db if kept is not None else None)
    manifests, rows = Manifests(scene, met), Rows(scene, met)
    octets = Octets(scene, met, manifests, progress)
    scope = scene.scope(ids)
    if scope is None:
        yield from scene.files()
        yield from octets.all_records(kept, note)
        yield from manifests.sequence()
    else:
        checks[6].why_not = "needs the whole archive: run `verify` without an id"
        yield from octets.records_of(scope)
    captures = None if scope is None else [row["id"] for row in scope]
    yield from rows.revisits(captures)
    yield from rows.index_rows(captures)
    yield from ledger(scene, captures)
    subject = ", ".join(ids) if ids else str(scene.home)
    if not checks[3].looked and not checks[10].failed:
        checks[10].looked = 0  # an archive that holds nothing has nothing whose version could be known
    for check in checks.values():
        yield from check.sum(subject)


def _stamps(home: Path, ids: Sequence[str], keys: Keyring | None, now: datetime | None) -> Iterator[Finding]:
    """(15) What knows certificates is loaded where there is something to look at."""
    if not (home / "log" / "stamps").is_dir() and not _stamped_once(home, keys):
        why = "nothing was stamped: name authorities in kartoteka.toml, and `crawl stamp`"
        yield from Check(CHECKS[14], "stamps", why_not=why).sum("log")
        return
    from archive.stampcheck import check_stamps

    yield from check_stamps(home, logcheck.leaves_of(home, ids) if ids else None, keys=keys, now=now)


def _stamped_once(home: Path, keys: Keyring | None) -> bool:
    """Does this machine remember stamps of this log? Then that there are none is no answer."""
    with suppress(ArchiveError, OSError):  # a log that cannot be read is told by its own checks
        key = Log(home).verifier()
        return key is not None and keys is not None and keys.stamped(key.name) is not None
    return False


def ledger(scene: Scene, captures: Sequence[str] | None) -> Iterator[Finding]:
    """(9) The values of the ledger, and (10) its version."""
    check, path = scene.checks[9], scene.home / "ledger.sqlite"
    if not path.is_file():
        if scene.checks[10].looked:
            check.why_not = "there is no ledger: nothing was read yet"
        return
    if scene.index is None:
        check.why_not = "there is no index to find captures with"
        return
    from archive.shelf import Archive  # it brings SQLAlchemy, which costs more than a small archive's whole verification

    try:
        with closing(read_only(path)) as book, Archive.open(scene.home) as archive:
            version = book.execute("PRAGMA user_version").fetchone()[0]
            scene.checks[10].looked += 1
            if version == quotes.VERSION:
                yield from quotes.ledger(check, book, scene.index, archive, captures)
            else:
                why = f"version {version}; this verifier knows {quotes.VERSION}"
                yield from scene.checks[10].fail("ledger.sqlite", why)
    except (sqlite3.Error, ArchiveError) as exc:
        yield from check.fail("ledger.sqlite", f"the ledger cannot be read: {exc}")
