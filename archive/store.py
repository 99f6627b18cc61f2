"""One open archive: one writer, one lock, one order of writes.

Append whole gzip members, sync, one transaction, and only then acknowledge (reliability 3.1, R1). Hashing,
compression and writing happen in one thread behind a bounded queue; visits that wait together share one
sync and one transaction.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from archive import manifest, recovery, warc
from archive.batch import Batch, shapes
from archive.capture import Capture, Exchange, Outcome, Snapshot, Visit
from archive.disk import Disk
from archive.errors import ArchiveError, Damaged, DiskFull, InUse, NotAnArchive, Poisoned
from archive.home import Home
from archive.index import Index, serial
from archive.recovery import Recovery
from archive.shelf import Archive
from archive.urls import filed_under
from archive.warc import Referent, Shape

__all__ = ["Archive", "Settings", "Store", "rebuild"]

GIB = 1024**3
MIB = 1024**2
FULL = (errno.ENOSPC, errno.EDQUOT)
PATIENCE = 5  # tries for the lock, a tenth of a second apart
TRIED = 3  # earlier captures looked at for the same octets
BUSY = 0.25  # of the writer's time: above it pages come faster than a polite crawl's, and are packed faster
TRIED_304 = 10  # earlier captures looked at for the validators a 304 answers


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in octets. floor: what is left free on the disk (R6). smallest_revisit: bodies below it are written again."""

    rotate: int = 1_000_000_000
    level: int | None = None  # of deflate; None: warc.LEVEL, and warc.FAST while the writer has little rest
    floor: int = GIB
    smallest_revisit: int = 128
    batch: int = 16 * MIB
    queue: int = 64 * MIB
    warcinfo: Mapping[str, str] = field(default_factory=dict)  # operator, robots, isPartOf


@dataclass(frozen=True, slots=True)
class Order:
    """A visit on its way to the disk."""

    visit: Visit
    size: int
    future: Future[Snapshot]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The writer. One process holds it; `keep` may be called from any thread."""

    def __init__(self, home: Home, lock: int, disk: Disk, now: Callable[[], datetime], settings: Settings) -> None:
        self.home, self.disk, self.settings = home, disk, settings
        self._lock, self._now = lock, now
        self._orders: deque[Order] = deque()
        self._waiting = 0  # octets in the queue
        self._change = threading.Condition()
        self._closing = False
        self._file: Path | None = None
        self._fd = -1
        self._end = 0
        self._chains: dict[str, Mapping[str, object]] = {}
        self._distrusted: set[str] = set()  # files of which a sync failed (R4)
        self._busy = 0.0  # of the writer's time, lately
        self._unsure = False  # the index may or may not have taken what is in the file
        self.index = Index.open(home.index, write=True)
        try:
            self.recovery = self._recover()
        except BaseException:
            self.index.close()
            raise
        self.archive = Archive.open(home.path)  # it sees a visit once its future is resolved
        self._thread = threading.Thread(target=self._run, name="archive-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        disk: Disk | None = None,
        now: Callable[[], datetime] = utc_now,
        create: bool = True,
        settings: Settings | None = None,
    ) -> Store:
        """Takes the lock and mends what a crash left; `store.recovery` says what that was.

        Raises InUse, TooNew, NotAnArchive, DiskFull.
        """
        disk = disk or Disk()
        place = Home(home)
        lock = _locked(place, disk, create=create)
        try:
            place.begin(disk)
            return cls(place, lock, disk, now, settings or Settings())
        except OSError as exc:
            disk.close(lock)
            if exc.errno in FULL:
                raise DiskFull(f"no room to open {home}: free some") from exc
            raise
        except BaseException:
            disk.close(lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Keeps what waits, then lets go of the lock."""
        with self._change:
            if self._closing:
                return
            self._closing = True
            self._change.notify_all()
        self._thread.join()
        self._shut_file()
        self.archive.close()
        self.index.close()
        self.disk.close(self._lock)

    def has_room(self, visit: Visit) -> bool:
        """Whether `keep` would take it without blocking."""
        return not self._waiting or self._waiting + _size(visit) <= self.settings.queue

    def keep(self, visit: Visit) -> Future[Snapshot]:
        """Resolved when the visit is durable; blocks while more than `settings.queue` octets wait.

        The future raises DiskFull (keep it again when there is room), Poisoned (the disk failed twice), or
        ValueError (facts that no manifest can hold). Raises RuntimeError when the store is closed.
        """
        size = _size(visit)
        order = Order(visit, size, Future())
        with self._change:
            while self._waiting and self._waiting + size > self.settings.queue and not self._closing:
                self._change.wait()
            if self._closing:
                raise RuntimeError("the store is closed")
            self._orders.append(order)
            self._waiting += size
            self._change.notify_all()
        return order.future

    def waiting(self, most: int = 1000) -> list[tuple[int, str]]:
        """The log's outbox: seq and manifest_sha256 of captures the log has not taken, in order."""
        return self.archive.index.waiting(most)

    def posted(self, through: int) -> None:
        """The log holds every capture up to and including `through`: they leave the outbox. Raises DiskFull, Poisoned."""
        self.index.posted(through)

    # -- the writer's thread

    def _run(self) -> None:
        began = time.monotonic()
        while orders := self._take():
            taken = time.monotonic()
            while orders:
                orders = self._round(orders)
            ended = time.monotonic()
            if ended > began:
                self._busy += 0.2 * ((ended - taken) / (ended - began) - self._busy)
            began = ended

    def _take(self) -> list[Order]:
        """What waits, up to one batch; empty when the store closes."""
        with self._change:
            while not self._orders and not self._closing:
                self._change.wait()
            taken: list[Order] = []
            size = 0
            while self._orders and (not taken or size + self._orders[0].size <= self.settings.batch):
                taken.append(self._orders.popleft())
                size += taken[-1].size
            self._waiting -= size
            self._change.notify_all()
        return [order for order in taken if order.future.set_running_or_notify_cancel()] or (taken and self._take())

    def _round(self, orders: list[Order]) -> list[Order]:
        """Keeps orders in one file, and returns those that belong into the next one."""
        try:
            if self._unsure:
                self.recovery.findings += self._recover().findings
                self._unsure = False
            need = sum(order.size for order in orders)
            if self.disk.space(self.home.path) < self.settings.floor + need:
                raise DiskFull(f"less than {self.settings.floor} octets are left free under {self.home.path}: free some")
            return self._write(orders)
        except Exception as exc:
            self._unsure = self._unsure or not isinstance(exc, DiskFull)
            problem = exc if isinstance(exc, ArchiveError) else Poisoned(f"the archive could not be written: {exc!r}")
            if problem is not exc:
                problem.__cause__ = exc
            for order in orders:
                if not order.future.done():
                    order.future.set_exception(problem)
            return []

    def _write(self, orders: list[Order]) -> list[Order]:
        looks = self._looks(orders)
        held = _Held(self, [shape for _, seen in looks for shape in seen])
        for last_try in (False, True):
            batch = self._batch(held)
            done: list[tuple[Order, Snapshot]] = []
            for order, seen in looks:
                if batch.captures and batch.end >= self.settings.rotate:
                    break
                try:
                    done.append((order, batch.add(order.visit, seen)))
                except Exception as exc:  # one odd visit never costs the others their place
                    if not order.future.done():
                        order.future.set_exception(exc)
            if not done or self._appended(batch, last_try=last_try):
                break
        if not done:
            return []
        taken = {id(order) for order, _ in done}
        self._unsure = True  # until the transaction is known to be durable
        self.index.enter(batch.captures, batch.entries)
        self._unsure = False
        self._end, self._seq, self._chains = batch.end, batch.seq, batch.chains
        if self._end >= self.settings.rotate:
            self._shut_file()
        for order, snapshot in done:
            order.future.set_result(snapshot)
        return [order for order, _ in looks if id(order) not in taken and not order.future.done()]

    def _looks(self, orders: list[Order]) -> list[tuple[Order, list[Shape]]]:
        looks = []
        for order in orders:
            try:
                looks.append((order, shapes(order.visit)))
            except Exception as exc:
                order.future.set_exception(exc)
        return looks

    def _batch(self, held: _Held) -> Batch:
        new = self._file is None or self._fd < 0
        if new:
            self._file, self._end, self._chains = self._next_file(), 0, {}
        assert self._file is not None
        s = self.settings
        level = s.level if s.level is not None else warc.FAST if self._busy > BUSY else warc.LEVEL
        batch = Batch(self._file.name, self._end, self._seq, held, dict(self._chains), level, s.smallest_revisit)
        if new:
            batch.begin(self._now(), [("software", manifest.SOFTWARE), *s.warcinfo.items()])
        return batch

    def _next_file(self) -> Path:
        names = {p.name for p in recovery.files(self.home.warc)} | set(self.index.files())
        number = max((serial(name) for name in names), default=0) + 1
        return self.home.warc / f"kartoteka-{self._now():%Y%m%d%H%M%S}-{number:05}.warc.gz"

    def _appended(self, batch: Batch, *, last_try: bool) -> bool:
        """The batch is on the medium. False: the file was sealed, and a new one should be tried."""
        assert self._file is not None
        try:
            if self._fd < 0:
                self._fd = self.disk.create(self._file)
                self.disk.sync_folder(self.home.warc)
            self.disk.append(self._fd, batch.octets)
        except OSError as exc:
            if exc.errno in FULL and self._cut_back():
                raise DiskFull(f"no room for {len(batch.octets)} octets under {self.home.path}: free some") from exc
            return self._sealed(exc, last_try=last_try)
        try:
            self.disk.datasync(self._fd)
        except OSError as exc:
            # The kernel marks pages clean after a failed sync: what this file says from here on proves nothing (R4).
            return self._sealed(exc, last_try=last_try)
        return True

    def _cut_back(self) -> bool:
        """The file ends where it did before the failed append."""
        assert self._file is not None
        try:
            if self._end:
                self.disk.cut(self._file, self._end)
            else:
                self._remove_empty()
        except OSError:
            return False
        return True

    def _sealed(self, exc: OSError, *, last_try: bool) -> bool:
        """The file is left at its last good end; what was not acknowledged goes to a new one."""
        assert self._file is not None
        self._distrusted.add(self._file.name)
        self._cut_back()
        self._shut_file()
        if last_try:
            raise Poisoned(f"the disk failed twice ({exc}): nothing acknowledged is lost, this visit is not kept") from exc
        return False

    def _remove_empty(self) -> None:
        assert self._file is not None
        path = self._file
        self._shut_file()
        if path.exists():
            self.disk.remove(path)
        self.disk.sync_folder(self.home.warc)

    def _shut_file(self) -> None:
        if self._fd >= 0:
            self.disk.close(self._fd)
        self._fd, self._file, self._end, self._chains = -1, None, 0, {}

    def _recover(self) -> Recovery:
        """Makes files and index agree and opens the last file for appending, where it may be."""
        self._shut_file()
        found = recovery.recover(self.home.warc, self.index, self.disk, distrusted=self._distrusted)
        self._seq = self.index.next_seq()
        last = next(reversed(recovery.files(self.home.warc)), None)
        end = None if last is None else self.index.end(last.name)
        if last is not None and end is not None and end < self.settings.rotate and last.name not in found.shut:
            self._file, self._end, self._fd = last, end, self.disk.reopen(last)
            for entry in self.index.entries(last.name, "chain"):
                record = warc.read_member(last, entry.span.offset, entry.span.length)
                self._chains[record.block_sha256] = manifest.told_again(record, "chain")
        return found


def _size(visit: Visit) -> int:
    return sum(
        len(e.response) + len(e.request) + len(e.surplus) + len(e.tunnel) + sum(map(len, e.interim)) for e in visit.exchanges
    )


class _Held:
    """What one round may refer to: asked of the index once, and compared octet by octet."""

    def __init__(self, store: Store, seen: list[Shape]) -> None:
        self._store = store
        wanted = {s.payload_sha256 for s in seen if s.payload_sha256 is not None}
        self._bodies = store.index.referable(wanted)

    def same_body(self, exchange: Exchange, seen: Shape) -> Referent | None:
        # Octet by octet, framing too: a revisit's exchange can be put together again exactly, and a digest
        # is never the only reason why bytes are not kept.
        body = memoryview(exchange.response)[exchange.head_length :]
        found = self._bodies.get(seen.payload_sha256 or "", [])
        for capture in sorted(found, key=lambda c: c.url != exchange.url)[:TRIED]:
            try:
                if self._store.archive.wire_body(capture) == body:
                    return _referent(capture, capture)
            except Damaged:
                continue  # what cannot be read is not referred to: the body is written again
        return None

    def unmodified(self, exchange: Exchange) -> Referent | None:
        asked = _validators(exchange.request)
        archive = self._store.archive
        for capture in self._store.index.earlier(filed_under(exchange.url), exchange.url, TRIED_304):
            try:
                assert capture.record is not None
                head = archive.head(archive.record(capture.record).block or b"", capture)
                whole = (
                    archive.capture(capture.refers_to) if capture.outcome is Outcome.REVISIT and capture.refers_to else capture
                )
            except ArchiveError:
                continue
            if any(value == head.get(name) for name, value in asked):
                return _referent(whole, capture)
        return None


def _referent(whole: Capture, like: Capture) -> Referent:
    assert whole.payload_sha256 is not None
    return Referent(whole.id, whole.url, whole.at, whole.payload_sha256, like.mime)


def _validators(request: bytes) -> list[tuple[bytes, bytes]]:
    """The response fields that a conditional request repeats, with their values."""
    names = {b"if-none-match": b"etag", b"if-modified-since": b"last-modified"}
    found = []
    for line in request.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() in names:
            found.append((names[name.lower()], value.strip()))
    return found


def _locked(home: Home, disk: Disk, *, create: bool) -> int:
    if home.version() is None:
        home.check_free()
        if not create:
            raise NotAnArchive(f"{home.path} is no archive; `crawl url` makes one there")
        disk.make_folder(home.path)
    lock = _patiently(home, disk)
    # For people only: the lock itself is the kernel's.
    told = {"pid": os.getpid(), "boot": _boot(), "started": f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"}
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(told).encode() + b"\n", 0)
    return lock


def _patiently(home: Home, disk: Disk) -> int:
    # A writer that is killed while it starts a process leaves a copy of its lock there until that process is up.
    for left in reversed(range(PATIENCE)):
        try:
            return disk.lock(home.lock)
        except BlockingIOError as exc:
            if not left:
                raise InUse(f"{home.path} is in use by another writer, {_holder(home.lock)}: a daemon or a crawl") from exc
            time.sleep(0.1)
    raise AssertionError


def _holder(lock: Path) -> str:
    try:
        return f"process {int(json.loads(lock.read_bytes()[:4096])['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "which does not say who it is"


def _boot() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def rebuild(home: Path, *, disk: Disk | None = None, progress: Callable[[int], None] = lambda _octets: None) -> Recovery:
    """Makes the index anew from the WARC files alone: same rows, same numbers.

    progress: told how far the walk is in each file. Raises InUse, NotAnArchive, TooNew, DiskFull.
    """
    disk = disk or Disk()
    place = Home(home)
    lock = _locked(place, disk, create=False)
    try:
        new = home / "index.sqlite.new"
        for leftover in _database(new):
            leftover.unlink(missing_ok=True)
        index = Index.open(new, write=True)
        try:
            found = recovery.recover(place.warc, index, disk, progress=progress)
        finally:
            index.close()
        for old in _database(place.index)[1:]:  # a write-ahead log of the old tables must not meet the new ones
            old.unlink(missing_ok=True)
        disk.rename(new, place.index)
        disk.sync_folder(home)
        return found
    finally:
        disk.close(lock)


def _database(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]
