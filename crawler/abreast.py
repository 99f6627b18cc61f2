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
    left = 0
    pieces = iter(work)
    more: asyncio.Task[list[T]] | None = asyncio.create_task(_take(pieces))
    try:
        while True:
            while waiting and len(running) < in_flight:
                name, queue = next(iter(waiting.items()))
                del waiting[name]
                running[asyncio.create_task(_run(do, queue.popleft()))] = name
                left -= 1
                busy[name] = busy.get(name, 0) + 1
                if queue:
                    (waiting if busy[name] < per_lane else held)[name] = queue
            if more is None and not running:
                return
            tasks: set[asyncio.Task[R] | asyncio.Task[list[T]]] = set(running)
            if more is not None and left < READ_AHEAD:
                tasks.add(more)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if more is not None and more in done:
                done.discard(more)
                taken = more.result()
                more = asyncio.create_task(_take(pieces)) if taken else None
                left += len(taken)
                for piece in taken:
                    name = lane(piece)
                    free = busy.get(name, 0) < per_lane
                    queue = held.get(name) or (waiting if free else held).setdefault(name, deque())
                    queue.append(piece)
            for task in done:
                name = running.pop(task)  # type: ignore[arg-type]
                busy[name] -= 1
                if not busy[name]:
                    del busy[name]
                if name in held:
                    waiting[name] = held.pop(name)
                yield task.result()  # type: ignore[misc]
    finally:
        every = [*running, *([more] if more else [])]
        for each in every:
            each.cancel()
        await asyncio.gather(*every, return_exceptions=True)


async def _run(do: Callable[[T], Awaitable[R]], piece: T) -> R:
    return await do(piece)


async def _take(pieces: Iterator[T]) -> list[T]:
    return await asyncio.to_thread(lambda: list(islice(pieces, CHUNK)))
