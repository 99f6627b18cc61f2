"""Enters readings in the book, off the loop: what waits together shares one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from archive.capture import Capture
from archive.ledger.book import Book, Entry
from archive.ledger.observation import CoverageWindow

T = TypeVar("T")

MOST = 200  # entries in one transaction
GATHER = 0.05  # seconds that a busy clerk lets more come: a transaction alone costs three times what one of many does
ENOUGH = 16  # entries that no more are waited for; and no longer than while some come


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry | tuple[Capture, CoverageWindow]
    told: asyncio.Future[None]


class Clerk:
    """The one who writes in the book while a crawl runs. Use as an async context manager."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._thread = ThreadPoolExecutor(1, "clerk")
        self._desk: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=4 * MOST)
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._enter_all())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        assert self._work is not None
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        self._thread.shutdown()

    async def enter(self, entry: Entry) -> None:
        """Entered and durable when this returns. Raises Refused, and then nothing of it is entered."""
        await self._hand_in(entry)

    async def cover(self, capture: Capture, window: CoverageWindow) -> None:
        """A window that no page answered."""
        await self._hand_in((capture, window))

    async def ask(self, question: Callable[[Book], T]) -> T:
        """What the book says now, in the thread that has it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self.book)

    async def _hand_in(self, entry: Entry | tuple[Capture, CoverageWindow]) -> None:
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._desk.put(_Waiting(entry, told))
        await told

    async def _enter_all(self) -> None:
        loop = asyncio.get_running_loop()
        busy = False
        while True:
            batch = [await self._desk.get()]
            before = -1
            while busy and before < self._desk.qsize() < ENOUGH:
                before = self._desk.qsize()
                await asyncio.sleep(GATHER)
            while len(batch) < MOST and not self._desk.empty():
                batch.append(self._desk.get_nowait())
            busy = len(batch) > 1  # who enters page after page alone is not kept waiting
            for waiting, error in await loop.run_in_executor(self._thread, self._write, batch):
                if waiting.told.done():
                    continue
                if error is None:
                    waiting.told.set_result(None)
                else:
                    waiting.told.set_exception(error)

    def _write(self, batch: list[_Waiting]) -> list[tuple[_Waiting, Exception | None]]:
        entries = [each.entry for each in batch if isinstance(each.entry, Entry)]
        if len(entries) == len(batch) and self._try(lambda: self.book.enter_many(entries)) is None:
            return [(each, None) for each in batch]
        return [(each, self._try(lambda each=each: self._one(each))) for each in batch]  # type: ignore[misc]

    def _one(self, each: _Waiting) -> None:
        """By itself: what one page says wrong is no other page's fault."""
        if isinstance(each.entry, Entry):
            self.book.enter_many([each.entry])
        else:
            self.book.cover(*each.entry)

    @staticmethod
    def _try(write: Callable[[], object]) -> Exception | None:
        try:
            write()
        except Exception as exc:  # whatever it is, who handed it in must hear of it, and the next one is served
            return exc
        return None
