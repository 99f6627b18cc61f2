"""What people hand in to a running daemon beside addresses, done once: decisions kept and entered, files taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from archive.decisions import Decision, decisions, once
from archive.documents import keep_as
from archive.errors import BadRecord
from archive.inbox import Inbox, Papers, Ruling
from archive.take import Untaken
from crawler.crawl import Desk, Done
from crawler.intake import taken_in


async def rule(desk: Desk, inbox: Inbox, order: Ruling) -> None:
    """Durable in the archive, entered in the ledger, answered. One that a kill broke off is not kept twice."""
    try:
        decision = Decision.of(order.block.encode("utf-8", "surrogatepass"))
    except BadRecord as exc:
        inbox.end(order, refused=str(exc))
        return
    archive, clerk = desk.store.archive, desk.clerk
    assert clerk is not None
    kept = await asyncio.to_thread(once, desk.store, decision)
    # With those that a killed process did not come to enter.
    await clerk.ask(lambda book: book.decide(*decisions(archive)))
    inbox.answer(order, {"decision": kept.id}, fine=True)
    inbox.end(order)


async def take_in(desk: Desk, inbox: Inbox, order: Papers, now: Callable[[], datetime], done: Callable[[Done], None]) -> None:
    """Each file in turn, each capture kept once however often the order is begun."""
    inbox.begun(order)
    for file in order.files:
        if order.document is not None:
            octets = await asyncio.to_thread(file.read_bytes)
            kept = await asyncio.to_thread(keep_as, desk.store, file.name, octets, now(), order.document)
            inbox.answer(order, {"capture": kept.id}, fine=True)
            continue
        async for each in taken_in(desk, file, order.url, order.id):
            if isinstance(each, Untaken):
                inbox.answer(order, {"untaken": str(each)}, fine=False)
            else:
                done(each)
                inbox.answer(order, each.row(), fine=each.fine)
    inbox.end(order)
