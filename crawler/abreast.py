"""Many pieces of work at once, fairly: lanes take turns, and the list is read only as fast as it is worked off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

READ_AHEAD = 4096  # pieces taken from the list and not yet begun
CHUNK = 256


async def abreast(
    work: Iterable[T], do: Callable[[T], Awaitable[R]], lane: Callable[[T], str], *, in_flight: int, per_lane: int = 1
) -> AsyncIterator[R]:
    """The results as they come. At most `in_flight` pieces run at once, `per_lane` of one lane; a lane keeps its order.

    The list may block (standard input): it is read in a thread. The first error ends the rest, and goes on.
    """
    waiting: dict[str, deque[T]] = {}  # lanes that may begin a piece, in order of their turn
    held: dict[str, deque[T]] = {}  # lanes that are full
    busy: dict[str, int] = {}
    running: dict[asyncio.Task[R], str] = {}
    done: deque[asyncio.Task[R]] = deque()
    stirred = asyncio.Event()  # asyncio.wait() would look at every running piece each time one of them ends
    left = 0
    pieces = iter(work)

    def take() -> asyncio.Task[list[T]]:
        task = asyncio.create_task(_take(pieces))
        task.add_done_callback(lambda _: stirred.set())
        return task

    def over(task: asyncio.Task[R]) -> None:
        done.append(task)
        stirred.set()

    more: asyncio.Task[list[T]] | None = take()
    try:
        while True:
            while waiting and len(running) < in_flight:
                name, queue = next(iter(waiting.items()))
                del waiting[name]
                task = asyncio.create_task(_run(do, queue.popleft()))
                task.add_done_callback(over)
                running[task] = name
                left -= 1
                busy[name] = busy.get(name, 0) + 1
                if queue:
                    (waiting if busy[name] < per_lane else held)[name] = queue
            if more is None and not running:
                return
            await stirred.wait()
            stirred.clear()
            if more is not None and left < READ_AHEAD and more.done():
                taken = more.result()
                more = take() if taken else None
                left += len(taken)
                for piece in taken:
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
        every = [*running, *([more] if more else [])]
        for each in every:
            each.cancel()
        await asyncio.gather(*every, return_exceptions=True)


async def _run(do: Callable[[T], Awaitable[R]], piece: T) -> R:
    return await do(piece)


async def _take(pieces: Iterator[T]) -> list[T]:
    return await asyncio.to_thread(lambda: list(islice(pieces, CHUNK)))
