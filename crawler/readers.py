"""Reads captures in spawned workers: a page that eats memory, time or the parser's life costs one worker, not the crawl.

The HTML parser is quadratic on some inputs and has crashed (reliability 4.2), so it runs only in workers: processes of
their own, started anew (never forked: a fork would hold the archive's lock) with limits on memory and processor time.
A job goes in as a line of JSON and the octets, a Reading comes back as JSON and texts, nothing that is run: a worker that a
page has taken over can lie about what it is given to read, and nothing more.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

import orjson

from archive.capture import Outcome
from archive.ledger.observation import Counter, Link, Observation, Reading, Unread
from archive.memento import Memento
from crawler import sites
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.source import Source
from crawler.verdict import LIMIT, judged

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

UNREAD = "reader/1"  # the parser of a page that no source was asked about
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from crawler.readers import serve; serve(json.loads(sys.argv[2]))"
)
_SIZE = struct.Struct(">II")
CLOSED = "the readers are closed"
MOST, AT_ONCE = 16, 1024 * 1024  # pages, and octets of them, that go to a worker together
PIPE = 1024 * 1024  # octets a pipe holds, where the system grants it
GATHER = 0.005  # seconds that answers are let come together; the pipe holds them
LARGE, OFTEN = 256 * 1024, 64  # a worker looks for garbage after so many pages, counting one more for each so many octets
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
    page = None
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
    finally:
        if page is not None:
            page.forget()


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
    """Worker processes that read. workers: how many at once; they start with their first job.

    What waits together goes to a worker together, and each page of it has the bounds to itself. Use as a context manager, or
    call `close`.
    """

    def __init__(self, workers: int = 1, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._jobs: SimpleQueue[_Asked | None] = SimpleQueue()
        self._all = [_Worker(bounds) for _ in range(workers)]
        self._threads = [Thread(target=self._serve, args=(worker,), name="reader", daemon=True) for worker in self._all]
        self._back: _Back | None = None
        self._closed = False

    async def read(self, memento: Memento, source_name: str | None = None) -> Reading:
        """As `read`, in a worker. Never raises for a page: a crash or a limit is the verdict `unreadable` with its reason."""
        return await self.open_and_read(lambda: memento, source_name)

    async def open_and_read(self, opened: Callable[[], Memento], source_name: str | None = None) -> Reading:
        """The same of what `opened` gives, and raises what it raises. It is called in a reader's thread when a worker's turn
        has come: however many captures wait, only as many as there are workers are in memory.
        """
        import asyncio  # a tenth of a second: workers start often and do without

        if self._closed:
            return _unread(CLOSED)
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        loop = asyncio.get_running_loop()
        if self._back is None or self._back.loop is not loop:
            self._back = _Back(loop)
        back, told = self._back, loop.create_future()
        self._jobs.put(_Asked(opened, source_name, lambda came: back.tell(told, came)))
        reading: Reading = await told
        return reading

    def _serve(self, worker: _Worker) -> None:
        while asked := self._jobs.get():
            batch = self._opened(asked)
            for _ in range(min(self._jobs.qsize() // len(self._all), MOST)):
                if sum(len(each.frame) for each in batch) >= AT_ONCE:
                    break
                following = self._jobs.get()
                if following is None:
                    self._jobs.put(None)
                    break
                batch += self._opened(following)
            worker.read(batch)

    def _opened(self, asked: _Asked) -> list[_Job]:
        """What goes into the pipe: one job, or none where the capture cannot be opened or is too large."""
        try:
            memento = asked.opened()
        except Exception as exc:  # it is for who asked, and the next one is served
            asked.tell(exc)
            return []
        if len(memento.entity) > self._bounds.size:
            asked.tell(_unread(f"{len(memento.entity)} octets; at most {self._bounds.size} are parsed"))
            return []
        return [_Job(_job(memento, asked.source_name), asked.source_name, asked.tell)]

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run."""
        return [process.pid for worker in self._all if (process := worker.process) and process.poll() is None]

    def close(self) -> None:
        """End the workers; a job under way ends as `unreadable`."""
        self._closed = True
        for worker in self._all:
            worker.closed = True
            worker.kill()
            self._jobs.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        while not self._jobs.empty():
            if asked := self._jobs.get():
                asked.tell(_unread(CLOSED))
        for worker in self._all:
            worker.stop()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Died(Exception):
    """The worker ended, or was ended, before it answered: why, and whether to try again."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again


class _Back:
    """Readings on their way back to a loop, which is woken once for all that have come until it looks."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self._came: deque[tuple[Future[Reading], Reading | Exception]] = deque()
        self._rung = False

    def tell(self, told: Future[Reading], came: Reading | Exception) -> None:
        """In a reader's thread."""
        self._came.append((told, came))
        if not self._rung:
            self._rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._rung = False  # before the first is taken: what comes from now on rings again
        while self._came:
            told, came = self._came.popleft()
            if told.done():
                continue
            if isinstance(came, Exception):
                told.set_exception(came)
            else:
                told.set_result(came)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A capture to be read, opened when its turn has come, and who waits for its reading or its error."""

    opened: Callable[[], Memento]
    source_name: str | None
    tell: Callable[[Reading | Exception], None]


@dataclass(frozen=True, slots=True)
class _Job:
    """A page on its way to a worker, as it goes through the pipe, and who waits for its reading."""

    frame: bytes
    source_name: str | None
    tell: Callable[[Reading], None]


class _Worker:
    """One process and the two pipes to it; started when it is needed, and again when it has died. Used by one thread."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds, self.closed = bounds, False
        self.process: subprocess.Popen[bytes] | None = None
        self._knows: set[str | None] = set()  # the sources whose readers it has loaded

    def read(self, batch: list[_Job]) -> None:
        """Every job is told its reading, in order."""
        ahead = deque(batch)
        tried = False
        while ahead:
            try:
                process = self._running({job.source_name for job in ahead})
                for answer in self._exchange(process, b"".join(job.frame for job in ahead), len(ahead), self.bounds.wall):
                    ahead.popleft().tell(_reading(answer))
                    tried = False
            except _Died as exc:
                self.stop()
                if tried or not exc.again or self.closed:  # a second try for a worker that something else killed
                    ahead.popleft().tell(_unread(CLOSED if self.closed else exc.reason))
                tried = exc.again and not tried

    def _running(self, sources: Collection[str | None]) -> subprocess.Popen[bytes]:
        """The process, the readers of these sources (None: of all) loaded: no page pays for that out of its bounds."""
        if self.process is None or self.process.poll() is not None:
            self.stop()
            if self.closed:
                raise _Died(CLOSED, again=False)
            arguments = [json.dumps(sys.path), json.dumps(asdict(self.bounds))]
            process = subprocess.Popen(
                [sys.executable, "-c", _START, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            assert process.stdin is not None and process.stdout is not None
            for pipe in (process.stdin, process.stdout):
                os.set_blocking(pipe.fileno(), False)
                with suppress(OSError):  # what the system grants will do
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE)
            self.process = process
            self._knows.clear()
            if self.closed:  # meanwhile: whoever closes has killed what ran before
                process.kill()
            for _ in self._exchange(process, b"", 1, self.bounds.start):
                pass
        if new := [name for name in sources if name not in self._knows]:
            for _ in self._exchange(self.process, b"".join(_frame([name]) for name in new), len(new), self.bounds.start):
                pass
            self._knows.update(new)
        return self.process

    def _exchange(self, process: subprocess.Popen[bytes], jobs: bytes, count: int, seconds: float) -> Iterator[_Answer]:
        """Send `jobs`, take `count` answers; each may be `seconds` after the one before. Raises _Died, the process killed."""
        assert process.stdin is not None and process.stdout is not None
        out, back = process.stdin.fileno(), process.stdout.fileno()
        ready = select.poll()
        ready.register(back, select.POLLIN)
        if jobs:
            ready.register(out, select.POLLOUT)
        ahead, come = memoryview(jobs), bytearray()
        deadline, before = time.monotonic() + seconds, _run_time(process.pid)
        while count:
            events = ready.poll(max(0.0, deadline - time.monotonic()) * 1000)
            try:
                if not events:
                    raise _Late
                for pipe, _ in events:
                    if pipe == out:
                        ahead = ahead[os.write(out, ahead) :]
                        if not ahead:
                            ready.unregister(out)
                        continue
                    if count > 1 and not ahead:
                        time.sleep(GATHER)  # woken for each answer, this thread would hold up the others
                    if not (octets := os.read(back, PIPE)):
                        raise EOFError("the pipe ended")
                    come += octets
                while count and (answer := _taken(come)):
                    count -= 1
                    deadline = time.monotonic() + seconds
                    yield answer
            except _Late as exc:
                had = _run_time(process.pid) - before
                self._ended(process)
                # Where the machine did not let it run it is no page's fault: one more try, as for any other death.
                raise _Died(f"the reader took more than {seconds:g} s", again=had < seconds / 2) from exc
            except (OSError, EOFError, ValueError) as exc:
                raise self._died(self._ended(process)) from exc

    @staticmethod
    def _ended(process: subprocess.Popen[bytes]) -> int:
        process.kill()
        return process.wait()

    def _died(self, status: int) -> _Died:
        if status == -signal.SIGXCPU:
            return _Died(f"the reader took more than {self.bounds.cpu} s of processor time", again=False)
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        return _Died(f"the reader ended with {name}", again=status < 0)

    def kill(self) -> None:
        if (process := self.process) is not None:
            process.kill()

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


def _run_time(pid: int) -> float:
    """Seconds for which a process has had a processor (proc(5), `schedstat`); without bound where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_bytes().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return float("inf")


class _Late(Exception):
    """Nothing came in time."""


def _frame(head: object, tail: bytes = b"") -> bytes:
    try:
        line = orjson.dumps(head)
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        line = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return b"".join((_SIZE.pack(len(line), len(tail)), line, tail))


def _line(octets: bytes) -> Any:
    """What a frame's line says. Raises ValueError where it is no JSON."""
    try:
        return orjson.loads(octets)
    except orjson.JSONDecodeError:
        return json.loads(octets.decode("utf-8", "surrogatepass"))


def _job(memento: Memento, source_name: str | None) -> bytes:
    head = (memento.url, memento.status, memento.fields, str(memento.outcome), source_name)
    return _frame(head, memento.entity)


_Answer = tuple[bytes, bytes]


def _taken(come: bytearray) -> _Answer | None:
    """One answer off the front of what has come; None where it is not whole yet. Raises EOFError for one that is none."""
    if len(come) < _SIZE.size:
        return None
    head, tail = _SIZE.unpack_from(come)
    if head + tail > ANSWER_LIMIT:
        raise EOFError(f"an answer of {head + tail} octets")
    middle, end = _SIZE.size + head, _SIZE.size + head + tail
    if len(come) < end:
        return None
    answer = bytes(come[_SIZE.size : middle]), bytes(come[middle:end])
    del come[:end]
    return answer


def _told(reading: Reading) -> bytes:
    """A Reading as it goes through the pipe: its values as a line of JSON, behind it its texts and quotes in one piece."""
    said = [(o.subject, o.property, len(o.raw), o.value, o.selector, o.start, o.end, o.derived) for o in reading.observations]
    head = (
        reading.verdict, reading.parser, reading.charset, reading.reason, said,
        [(each.url, each.rel, each.text, each.selector, each.language) for each in reading.links],
        [(each.text, each.selector) for each in reading.unread],
        reading.counter and (reading.counter.total, reading.counter.first, reading.counter.last),
        reading.flags, reading.kind,
    )  # fmt: skip
    texts = "".join(text for o in reading.observations for text in (o.raw, o.quote))
    return _frame(head, texts.encode("utf-8", "surrogatepass"))


def _reading(answer: _Answer) -> Reading:
    """A Reading from the worker's plain values; the classes check their rules again. A lie is `unreadable`."""
    try:
        verdict, parser, charset, reason, said, links, unread, counter, flags, kind = _line(answer[0])
        texts, at = answer[1].decode("utf-8", "surrogatepass"), 0
        observations = []
        for subject, name, size, value, selector, start, end, derived in said:
            raw, quote = texts[at : at + size], texts[at + size : at + size + end - start]
            at += size + end - start
            observations.append(Observation(subject, name, raw, value, selector, quote, start, end, derived))
        return Reading(
            verdict, parser, charset, reason, tuple(observations), tuple(Link(*each) for each in links),
            tuple(Unread(*each) for each in unread), Counter(*counter) if counter else None, tuple(flags), kind,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as exc:
        return _unread(f"the reader's answer is none: {exc}")


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
    _limit(resource.RLIMIT_AS, int(bounds["memory"]))
    _answer(answers, _frame({}))
    read_so_far = 0
    while head := jobs.read(_SIZE.size):
        line, body = _SIZE.unpack(head)
        job = _line(_exactly(jobs, line))
        entity = _exactly(jobs, body)
        spent = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime + 1 + bounds["cpu"]))
        if len(job) == 1:  # the name of a source whose pages will come
            _load(job[0])
            _answer(answers, _frame({}))
            continue
        _answer(answers, _told(_do(job, entity)))
        read_so_far += 1 + len(entity) // LARGE
        if read_so_far >= OFTEN:
            read_so_far = 0
            gc.collect()


def _load(name: str | None) -> None:
    """The reader of this source, or of all; what was imported is not garbage: looked through once, not after every page."""
    import gc

    sites.load(name)
    gc.collect()
    gc.freeze()


def _do(job: list[Any], entity: bytes) -> Reading:
    url, status, fields, outcome, source = job
    memento = Memento(url, status, tuple((name, value) for name, value in fields), entity, outcome=Outcome(outcome))
    if source is None:
        return read(memento)
    try:
        return read(memento, sites.source_named(source))
    except KeyError:
        return _unread(f"no source is called {source}")


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    got = pipe.read(size)
    if len(got) < size:
        raise EOFError("the pipe ended")
    return got


def _answer(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(frame)
    pipe.flush()


def _limit(kind: int, soft: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
