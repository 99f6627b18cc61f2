"""Many pieces of work at once, fairly: lanes take turns, and the list is read only as fast as it is worked off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

READ_AHEAD = 4096  # pieces taken from the list and not yet begun


async def abreast(
    work: Iterable[T],
    do: Callable[[T], Awaitable[R]],
    lane: Callable[[T], str],
    *,
    in_flight: int,
    per_lane: int = 1,
    begin: Callable[[list[T]], None] = lambda pieces: None,
    rest: Callable[[], None] = lambda: None,
) -> AsyncIterator[R]:
    """The results as they come. At most `in_flight` pieces run at once, `per_lane` of one lane; a lane keeps its order.

    The list may block (standard input): it is read in a thread. The first error ends the rest, and goes on. begin: told of
    the pieces that are about to run, together. rest: called when every result that has come is handed out, before the next
    one is waited for.
    """
    waiting: dict[str, deque[T]] = {}  # lanes that may begin a piece, in order of their turn
    held: dict[str, deque[T]] = {}  # lanes that are full
    busy: dict[str, int] = {}
    running: dict[asyncio.Task[R], str] = {}
    done: deque[asyncio.Task[R]] = deque()
    stirred = asyncio.Event()  # asyncio.wait() would look at every running piece each time one of them ends
    left = 0
    feed = _Feed(work, stirred)

    def over(task: asyncio.Task[R]) -> None:
        done.append(task)
        stirred.set()

    try:
        while True:
            begun: list[tuple[str, T]] = []
            while waiting and len(running) + len(begun) < in_flight:
                name, queue = next(iter(waiting.items()))
                del waiting[name]
                begun.append((name, queue.popleft()))
                left -= 1
                busy[name] = busy.get(name, 0) + 1
                if queue:
                    (waiting if busy[name] < per_lane else held)[name] = queue
            if begun:
                begin([piece for _, piece in begun])
            for name, piece in begun:
                task = asyncio.create_task(_run(do, piece))
                task.add_done_callback(over)
                running[task] = name
            if feed.over and not running and not left:
                return
            if not stirred.is_set():
                rest()
            await stirred.wait()
            stirred.clear()
            for piece in feed.take(READ_AHEAD - left):
                left += 1
                name = lane(piece)
                free = busy.get(name, 0) < per_lane
                queue = held.get(name) or (waiting if free else held).setdefault(name, deque())
                queue.append(piece)
            while done:
                task = done.popleft()
                name = running.pop(task)
                busy[name] -= 1
                if not busy[name]:
                    del busy[name]
                if name in held:
                    waiting[name] = held.pop(name)
                yield task.result()
    finally:
        feed.stop()
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        rest()


async def _run(do: Callable[[T], Awaitable[R]], piece: T) -> R:
    return await do(piece)


class _Feed(Generic[T]):
    """A list read by a thread of its own, READ_AHEAD at most before they are taken; `stirred` is set when there is news.

    Nobody waits for the thread at the end: it may be reading from a person.
    """

    def __init__(self, pieces: Iterable[T], stirred: asyncio.Event) -> None:
        self._pieces, self._stirred, self._loop = pieces, stirred, asyncio.get_running_loop()
        self._read: deque[T] = deque()
        self._room = Event()
        self._rung = self._ended = self._stopped = False
        self._error: BaseException | None = None
        Thread(target=self._run, name="feed", daemon=True).start()

    @property
    def over(self) -> bool:
        """Every piece has been taken, and no more come."""
        return self._ended and not self._read and self._error is None

    def take(self, most: int) -> list[T]:
        """What has been read, up to `most`. Raises what the list raised, after its last piece."""
        self._rung = False  # before the first is taken: what is read from now on rings again
        taken = [self._read.popleft() for _ in range(min(most, len(self._read)))]
        self._room.set()
        if self._ended and not self._read and self._error is not None:
            if taken:
                self._stirred.set()
            else:
                raise self._error
        return taken

    def stop(self) -> None:
        self._stopped = True
        self._room.set()

    def _run(self) -> None:
        try:
            for piece in self._pieces:
                while len(self._read) >= READ_AHEAD and not self._stopped:
                    self._room.clear()
                    if len(self._read) >= READ_AHEAD:
                        self._room.wait()
                if self._stopped:
                    return
                self._read.append(piece)
                self._ring()
        except BaseException as exc:
            self._error = exc
        finally:
            self._ended = True
            self._rung = False
            self._ring()

    def _ring(self) -> None:
        if not self._rung and not self._stopped:
            self._rung = True
            try:
                self._loop.call_soon_threadsafe(self._stirred.set)
            except RuntimeError:  # the loop has ended meanwhile
                self._stopped = True
