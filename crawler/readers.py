"""Reads captures in spawned workers: a page that eats memory, time or the parser's life costs one worker, not the crawl.

The HTML parser is quadratic on some inputs and has crashed (reliability 4.2), so it runs only in workers: processes of
their own, started anew (never forked: a fork would hold the archive's lock) with limits on memory and processor time.
A job goes in as a head line of JSON and the octets, a Reading comes back as JSON: a worker that a page has taken over
can lie about that page, and nothing more.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from queue import SimpleQueue
from threading import Event, Timer
from types import TracebackType
from typing import IO, Any

from archive.capture import Outcome
from archive.ledger.observation import Counter, Link, Observation, Reading, Unread
from archive.memento import Memento
from crawler import sites
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.source import Source
from crawler.verdict import LIMIT, judged

UNREAD = "reader/1"  # the parser of a page that no source was asked about
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from crawler.readers import serve; serve(json.loads(sys.argv[2]))"
)
_SIZE = struct.Struct(">II")
ANSWER_LIMIT = 256 * 1024 * 1024  # octets: far above what a page of the input cap can say


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one job may take. memory, size: octets (address space; entity). cpu, wall: seconds. start: until a worker is up."""

    memory: int = 1024 * 1024 * 1024
    cpu: int = 10
    wall: float = 20
    size: int = LIMIT
    start: float = 60


def read(memento: Memento, source: Source | None = None) -> Reading:
    """What one capture says: verdict, then the source's reader. Never raises; needs no worker, and has no limits.

    source: found by the address where it is not given. The extraction is refused whole (verdict `unreadable`) when one
    quote is not in the source.
    """
    source = source or sites.source_for(memento.url)
    parser, charset = source.parser if source else UNREAD, "utf-8"
    try:
        word, page = judged(memento, source)
        charset = page.charset if page else charset
        flags = page.flags if page else ()
        if page is None or source is None or word not in ("page", "empty"):
            return Reading(str(word), parser, charset, word.reason, flags=flags)
        reading = source.read(page)
        _check(reading, page)
        return replace(reading, flags=tuple(dict.fromkeys(flags + reading.flags)), reason=reading.reason or word.reason)
    except Unreadable as exc:
        return Reading("unreadable", parser, charset, str(exc))
    except MemoryError:
        return Reading("unreadable", parser, charset, "the page needs more memory than a reader has")
    except Exception as exc:  # a page may break any reader: the capture stays, a mended reader will read it
        return Reading("unreadable", parser, charset, f"{type(exc).__name__}: {exc}")


def _check(reading: Reading, page: Page) -> None:
    """Every value resolves, or none is taken (ARCHITECTURE, the ledger's rule 6)."""
    if reading.charset != page.charset:
        raise Unreadable(f"read as {reading.charset}, decoded as {page.charset}")
    for said in reading.observations:
        if page.text[said.start : said.end] != said.quote:
            raise Unreadable(f"the quote of {said.subject} {said.property} is not in the source")
    if reading.verdict == "page" and not (reading.observations or reading.links or reading.counter):
        raise Unreadable("a page, and nothing on it was read")


class Readers:
    """Worker processes that read. workers: how many jobs at once; they start with their first job.

    Use as a context manager, or call `close`.
    """

    def __init__(self, workers: int = 1, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._threads = ThreadPoolExecutor(workers, "reader")
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        self._all = [_Worker(bounds) for _ in range(workers)]
        for worker in self._all:
            self._free.put(worker)

    async def read(self, memento: Memento, source_name: str | None = None) -> Reading:
        """As `read`, in a worker. Never raises for a page: a crash or a limit is the verdict `unreadable` with its reason."""
        return await self.open_and_read(lambda: memento, source_name)

    async def open_and_read(self, opened: Callable[[], Memento], source_name: str | None = None) -> Reading:
        """The same of what `opened` gives, and raises what it raises. It is called in a reader's thread when a worker's turn
        has come: however many captures wait, only as many as there are workers are in memory.
        """
        import asyncio  # a tenth of a second: workers start often and do without

        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, opened, source_name)

    def _read(self, opened: Callable[[], Memento], source_name: str | None) -> Reading:
        memento = opened()
        if len(memento.entity) > self._bounds.size:
            return _unread(f"{len(memento.entity)} octets; at most {self._bounds.size} are parsed")
        worker = self._free.get()
        try:
            return worker.read(memento, source_name)
        finally:
            self._free.put(worker)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run."""
        return [worker.process.pid for worker in self._all if worker.process and worker.process.poll() is None]

    def close(self) -> None:
        """End the workers; a job under way ends as `unreadable`."""
        for worker in self._all:
            worker.closed = True
            worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            worker.stop()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Died(Exception):
    """The worker ended, or was ended, before it answered."""


class _Worker:
    """One process and the two pipes to it; started when it is needed, and again when it has died."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds, self.closed = bounds, False
        self.process: subprocess.Popen[bytes] | None = None

    def read(self, memento: Memento, source_name: str | None) -> Reading:
        reason = ""
        for _ in range(2):  # a second try for a worker that something else killed
            try:
                return self._ask(memento, source_name)
            except _Died as exc:
                reason, again = exc.args
                self.stop()
                if not again or self.closed:
                    break
        return _unread(reason)

    def _ask(self, memento: Memento, source_name: str | None) -> Reading:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        job = {
            "url": memento.url, "status": memento.status, "fields": memento.fields, "outcome": str(memento.outcome),
            "source": source_name,
        }  # fmt: skip
        answer = self._within(self.bounds.wall, process, lambda: _exchange(process, _frame(job, memento.entity)))
        try:
            return _reading(json.loads(answer))
        except (ValueError, KeyError, TypeError) as exc:
            raise _Died(f"the reader's answer is none: {exc}", False) from exc

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.stop()
            if self.closed:
                raise _Died("the readers are closed", False)
            arguments = [json.dumps(sys.path), json.dumps(asdict(self.bounds))]
            process = subprocess.Popen(
                [sys.executable, "-c", _START, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self.process = process
            self._within(self.bounds.start, process, lambda: _received(process))
        return self.process

    def _within(self, seconds: float, process: subprocess.Popen[bytes], act: Callable[[], bytes]) -> bytes:
        """What `act` gives; the process is killed after `seconds`. Raises _Died with why, and whether to try again."""
        late = Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            return act()
        except (OSError, EOFError, ValueError) as exc:
            process.kill()
            status = process.wait()
            if late.is_set():
                raise _Died(f"the reader took more than {seconds:g} s", False) from exc
            if status == -signal.SIGXCPU:
                raise _Died(f"the reader took more than {self.bounds.cpu} s of processor time", False) from exc
            name = signal.Signals(-status).name if status < 0 else f"status {status}"
            raise _Died(f"the reader ended with {name}", status < 0) from exc
        finally:
            timer.cancel()

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):  # what could not be flushed was for a process that is dead
                    pipe.close()


def _unread(reason: str) -> Reading:
    return Reading("unreadable", UNREAD, "utf-8", reason)


def _frame(head: Mapping[str, object], body: bytes = b"") -> bytes:
    line = json.dumps(head).encode("ascii")
    return _SIZE.pack(len(line), len(body)) + line + body


def _exchange(process: subprocess.Popen[bytes], job: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(job)
    process.stdin.flush()
    return _received(process)


def _received(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    head, _ = _SIZE.unpack(_exactly(process.stdout, _SIZE.size))
    if head > ANSWER_LIMIT:
        raise EOFError(f"an answer of {head} octets")
    return _exactly(process.stdout, head)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    got = pipe.read(size)
    if len(got) < size:
        raise EOFError("the pipe ended")
    return got


def _reading(said: dict[str, Any]) -> Reading:
    """A Reading from the worker's plain values; the classes check their rules again. Raises ValueError, TypeError, KeyError."""
    return Reading(
        verdict=said["verdict"],
        parser=said["parser"],
        charset=said["charset"],
        reason=said["reason"],
        observations=tuple(Observation(**each) for each in said["observations"]),
        links=tuple(Link(**each) for each in said["links"]),
        unread=tuple(Unread(**each) for each in said["unread"]),
        counter=Counter(**said["counter"]) if said["counter"] else None,
        flags=tuple(said["flags"]),
        kind=said["kind"],
    )


# What follows runs in the worker.


def serve(bounds: Mapping[str, float]) -> None:
    """Read jobs from standard input until it ends; answer each on what was standard output."""
    import gc
    import logging
    import resource

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    jobs = sys.stdin.buffer
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sites.sources()
    _limit(resource.RLIMIT_AS, int(bounds["memory"]))
    _answer(answers, {})
    while head := jobs.read(_SIZE.size):
        line, body = _SIZE.unpack(head)
        job = json.loads(_exactly(jobs, line))
        entity = _exactly(jobs, body)
        spent = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime + 1 + bounds["cpu"]))
        _answer(answers, asdict(_do(job, entity)))
        gc.collect()


def _do(job: dict[str, Any], entity: bytes) -> Reading:
    fields = tuple((name, value) for name, value in job["fields"])
    memento = Memento(job["url"], job["status"], fields, entity, outcome=Outcome(job["outcome"]))
    if job["source"] is None:
        return read(memento)
    try:
        return read(memento, sites.source_named(job["source"]))
    except KeyError:
        return _unread(f"no source is called {job['source']}")


def _answer(pipe: IO[bytes], said: Mapping[str, object]) -> None:
    pipe.write(_frame(said))
    pipe.flush()


def _limit(kind: int, soft: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
