"""Is this machine fit to keep this archive and run its plan? Numbered checks; each failure says what to do.

(1) the home is an archive, or a place where one can be made; (2) the disk has room, syncs, and is no network's; (3) the clock
is not before the newest capture, and not far from the file system's; (4) the libraries are as new as the archive's rules want
(reliability.md S6); (5) nobody else may write here, or read the keys; (6) settings and plan are right; (7) the log's key is at
hand; (8), where that is asked for: hosts of the plan, proxies, stampers and receivers can be reached (`reach.py`). Nothing
is fetched: a connection is opened and closed again.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from archive.disk import Disk
from archive.errors import ArchiveError
from archive.finding import Finding, Verdict
from archive.home import Home
from archive.keyring import FOLDER, Keyring
from archive.log import Log
from archive.shelf import Archive
from crawler import settings
from crawler.errors import BadSettings
from crawler.sites import sources
from schedules import planfile
from schedules.plan import Plan
from schedules.reach import Target, reached

CHECKS = ("1 home", "2 disk", "3 clock", "4 versions", "5 permissions", "6 settings and plan", "7 keys", "8 network")
# What the rules of reliability.md rest on; the rest is pinned by the package itself.
FLOORS = {"h11": (0, 16), "httpx": (0, 28), "selectolax": (1, 0), "cryptography": (45, 0), "apscheduler": (3, 11)}
CEILINGS = {"apscheduler": (4, 0), "httpx": (1, 0)}
SAFE_SQLITE = (3, 51, 3)  # before it a WAL may be corrupted by two that checkpoint (R9); here only one ever does
REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"}  # flock and sync are no promise there
AHEAD = timedelta(minutes=5)


def examine(
    home: Path, environ: Mapping[str, str], now: Callable[[], datetime], target: Target | None = None
) -> Iterator[Finding]:
    """All checks, in order. target: where host and port are really connected to (`--connect-to`); None: nothing is."""
    yield (first := _home(home))
    whole = first.outcome is Verdict.PASS and Home(home).version() is not None
    told, plan = _settings(home), _plan(home)
    yield from _disk(home, told if isinstance(told, settings.Settings) else settings.Settings())
    yield from _clock(home, now(), whole=whole)
    yield from _versions()
    yield from _permissions(home)
    yield from _set(home, told, plan)
    yield from _keys(home, environ)
    yield from _network(home, told, plan, target)


def _fine(check: int, subject: object, detail: str) -> Finding:
    return Finding(CHECKS[check - 1], str(subject), Verdict.PASS, detail)


def _wrong(check: int, subject: object, detail: str) -> Finding:
    return Finding(CHECKS[check - 1], str(subject), Verdict.FAIL, detail)


def _unasked(check: int, subject: object, detail: str) -> Finding:
    return Finding(CHECKS[check - 1], str(subject), Verdict.NOT_CHECKED, detail)


def _home(home: Path) -> Finding:
    try:
        version = Home(home).version()
        if version is None:
            Home(home).check_free()
            return _fine(1, home, "no archive yet; the first crawl makes one here")
        with Archive.open(home) as archive:
            files = archive.files()
            missing = [path.name for path in files if not path.is_file()]
            if missing:
                return _wrong(1, home, f"{', '.join(missing[:3])} of its WARC files are missing: put them back from a copy")
            return _fine(1, home, f"format {version}, {archive.index.next_seq()} captures in {len(files)} files")
    except ArchiveError as exc:
        return _wrong(1, home, str(exc))


def _disk(home: Path, told: settings.Settings) -> Iterator[Finding]:
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    disk = Disk()
    space, floor = disk.space(there), told.free_bytes
    if space < 2 * floor:
        yield _wrong(2, there, f"{_size(space)} free, {_size(floor)} are never used: make room, or set free_bytes lower")
    else:
        yield _fine(2, there, f"{_size(space)} free, {_size(floor)} of it are never used")
    kind = _file_system(there)
    if kind in REMOTE:
        yield _wrong(2, there, f"a network's file system ({kind}): locks and syncs are no promise there; use a local disk")
    elif kind is not None:
        yield _fine(2, there, f"file system {kind}")
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as folder:
            begun = time.perf_counter()
            disk.put(Path(folder) / "sync", b"x" * 4096)
            disk.sync_folder(Path(folder))
            yield _fine(2, there, f"a file and its name were synced in {1000 * (time.perf_counter() - begun):.1f} ms")
    except OSError as exc:
        yield _wrong(2, there, f"nothing can be written and synced: {exc.strerror or exc}; give this user leave to write there")


def _file_system(path: Path) -> str | None:
    """As the kernel names it; None where it does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace")
    except OSError:
        return None
    best, kind = "", None
    for line in mounts.splitlines():
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ") if len(fields) > 2 else "?"
        inside = str(path.resolve()) == point or str(path.resolve()).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def _clock(home: Path, now: datetime, *, whole: bool) -> Iterator[Finding]:
    newest = None
    if whole:
        try:
            with Archive.open(home) as archive:
                last = archive.index.next_seq() - 1
                newest = next((capture.at for capture in archive.captures(since_seq=max(last, 0))), None)
        except ArchiveError:
            newest = None  # told by (1)
    if newest is not None and newest - now > AHEAD:
        yield _wrong(
            3, _stamp(now), f"the newest capture says {_stamp(newest)}: the clock is slow, or was fast then; set it right"
        )
    elif now.year < 2024:
        yield _wrong(3, _stamp(now), "the clock is years behind: set it, and keep it right with NTP")
    else:
        yield _fine(3, _stamp(now), "not before the newest capture" if newest else "no capture says otherwise")
    state = Path("/run/systemd/timesync/synchronized")
    if state.exists():
        yield _fine(3, "time synchronisation", "the system says it is in step")
    else:
        yield _unasked(3, "time synchronisation", "this system does not say whether its clock is kept right (NTP)")


def _versions() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield (_fine if sys.version_info >= (3, 11) else _wrong)(4, "python", f"{version}, 3.11 or newer is needed")
    for name, floor in FLOORS.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name != "h11":  # httpx brings it; captures do without
                yield _wrong(4, name, "not installed: install kartoteka again")
            continue
        parts = _numbers(found)
        if parts < floor:
            yield _wrong(4, name, f"{found} is older than {'.'.join(map(str, floor))}: install kartoteka again")
        elif name in CEILINGS and parts >= CEILINGS[name]:
            yield _wrong(4, name, f"{found} is not known to work: below {'.'.join(map(str, CEILINGS[name]))} is needed")
        else:
            yield _fine(4, name, found)
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        yield _fine(4, "sqlite", sqlite3.sqlite_version)
    else:
        yield _fine(4, "sqlite", f"{sqlite3.sqlite_version}: before 3.51.3 only one process may checkpoint; so it is done here")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def _permissions(home: Path) -> Iterator[Finding]:
    if not home.exists():
        yield _unasked(5, home, "it is made by the first crawl")
        return
    status = home.stat()
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield _wrong(5, home, f"others may write into it: chmod go-w {home}")
    elif status.st_mode & (stat.S_IROTH | stat.S_IXOTH):
        yield _fine(5, home, f"only its owner writes; everybody may read it: chmod o-rx {home} where that is not meant")
    else:
        yield _fine(5, home, "only its owner writes, and others do not read")
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        yield _wrong(5, home, f"it belongs to user {status.st_uid}, and this is user {os.getuid()}: run as its owner")


def _settings(home: Path) -> settings.Settings | BadSettings:
    try:
        return settings.load(home)
    except BadSettings as exc:
        return exc


def _plan(home: Path) -> Plan | BadSettings | None:
    try:
        return planfile.load(home, sources())
    except BadSettings as exc:
        return exc


def _set(home: Path, told: settings.Settings | BadSettings, plan: Plan | BadSettings | None) -> Iterator[Finding]:
    if isinstance(told, BadSettings):
        yield _wrong(6, settings.FILE, str(told))
    elif told.contact is None:
        yield _wrong(6, settings.FILE, f'no contact is set: the daemon needs contact = "https://..." in {home / settings.FILE}')
    else:
        yield _fine(6, settings.FILE, f"site operators can write to {told.contact}")
    if isinstance(plan, BadSettings):
        yield _wrong(6, planfile.FILE, str(plan))
    elif plan is None:
        yield _unasked(6, planfile.FILE, "there is none: `crawl plan check` makes one with comments")
    elif not plan.targets:
        yield _unasked(6, planfile.FILE, "it names nothing to watch")
    else:
        yield _fine(6, planfile.FILE, f"{len(plan.targets)} targets")


def _keys(home: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    keys = Keyring.of(environ)
    try:
        known = Log(home).verifier()
        if known is None:
            yield _unasked(7, keys.folder, "nothing was signed yet; the key is made with the first checkpoint")
            return
        keys.signer(known.name)
        yield _fine(7, known.name, f"its key lies in {keys.folder}; copy that folder apart from the archive ({FOLDER})")
    except ArchiveError as exc:
        yield _wrong(7, keys.folder, str(exc))


def _network(home: Path, told: object, plan: object, target: Target | None) -> Iterator[Finding]:
    if target is None:
        yield _unasked(
            8, "network", "nothing is connected to unasked: `crawl doctor --network` tries what plan and settings name"
        )
        return
    settings_ = told if isinstance(told, settings.Settings) else settings.Settings()
    for each in reached(plan if isinstance(plan, Plan) else Plan(), settings_, home, target):
        tell = _unasked if each.ok is None else (_fine if each.ok else _wrong)
        yield tell(8, each.subject, each.detail)


def _size(octets: int) -> str:
    return f"{octets / 2**30:.1f} GiB" if octets >= 2**30 else f"{octets / 2**20:.0f} MiB"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def mapped(rules: Sequence[str]) -> Callable[[str, int], tuple[str, int]]:
    """Where `--connect-to` leads. Raises ValueError for a rule that is none."""
    from crawler.wire import ConnectTo

    connect = ConnectTo(rules)

    def target(host: str, port: int) -> tuple[str, int]:
        found = connect.target(host, port)
        return found.host, found.port

    return target
