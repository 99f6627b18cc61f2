"""An archive opened for work: its store, book and readers, and its network; closed in the order that loses nothing.

What was kept is logged and signed at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archive import __version__
from archive.capture import Visit
from archive.door import Globals, Shown
from archive.store import Settings as Sizes
from archive.store import Store
from crawler import settings
from crawler.crawl import Crawl, Desk
from crawler.machine import machine
from crawler.network import Network, nobody_told
from crawler.settings import Settings
from crawler.vantage import Routes

if TYPE_CHECKING:
    from crawler.carry import Carrier


def now() -> datetime:
    """The one clock of this floor's commands: wall time in UTC."""
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def at_desk(options: Globals, *, read: bool = True) -> AsyncIterator[Desk]:
    """One archive with its readers and its book, closed in the order that loses nothing."""
    told = settings.load(options.home)
    sizes = Sizes(rotate=told.warc_bytes, level=told.level, floor=told.free_bytes)
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(Store.open(options.home, settings=sizes))
        stack.callback(_logged, options, store)
        clerk = readers = None
        if read:
            from archive.ledger.book import Book
            from crawler.clerk import Clerk
            from crawler.readers import Readers

            book = stack.enter_context(Book.open(options.home, write=True))
            clerk = await stack.enter_async_context(Clerk(book))
            readers = stack.enter_context(Readers(told.readers))
        yield Desk(store, clerk, readers)


@contextlib.asynccontextmanager
async def opened(
    options: Globals,
    *,
    read: bool = True,
    patience: float = 120.0,
    waiting: Callable[[str, float, str], None] = nobody_told,
    fetchers: int = 0,
    vantage: str | None = None,
) -> AsyncIterator[Crawl]:
    """The same, with its network. patience: seconds that a host's cool-down is waited for; waiting: told of long waits.

    fetchers: processes that fetch; 0: this one does, which is enough for a few addresses and for a polite round.
    vantage: everything is asked from there, whatever settings and plan say.
    """
    told = settings.load(options.home)
    network = Network(
        options.home,
        user_agent(told),
        connect_to=tuple(options.connect_to),
        ca=tuple(options.ca),
        pace=options.pace,
        per_host=options.per_host,
        tries=told.tries,
        patience=patience,
        pause=told.pause,
        platform_pause=told.platform_pause,
        cool_down=told.cool_down,
        machine=machine(told.vantage, json.loads(json.dumps(asdict(told), default=str)) | _set(options)),
        vantages=told.vantages,
    )
    network.wire()  # what cannot be used is told before an archive is made
    network.proxies()
    routes = Routes(told.vantages, vantage)
    async with contextlib.AsyncExitStack() as stack:
        desk = await stack.enter_async_context(at_desk(options, read=read))
        stack.push_async_callback(_anchored, options, desk.store)

        async def aside(visit: Visit) -> None:
            await desk.keep(visit)

        if not fetchers:
            fetcher = await stack.enter_async_context(network.opened(aside, desk.store.keep, waiting))
            yield Crawl(fetcher, desk, now, fetcher.rests(), routes)
            return
        from crawler.shards import Shards

        # Pauses that pages ask for are kept by who fetches: a round over registers is one process's work.
        yield Crawl(await stack.enter_async_context(Shards(network, fetchers, aside, waiting)), desk, now, None, routes)


@contextlib.asynccontextmanager
async def carrier(options: Globals, store: Store, note: Callable[[str], None]) -> AsyncIterator[Carrier]:
    """Who carries the log's checkpoints to the authorities of the settings, over a network as the options say."""
    from crawler.carry import Authority, Carrier

    told = settings.load(options.home)
    network = Network(options.home, user_agent(told), connect_to=tuple(options.connect_to), ca=tuple(options.ca))
    authorities = [Authority(each.name, each.url, each.roots and options.home / each.roots) for each in told.authorities]
    wire = network.wire()
    try:
        async with Carrier(store, wire, authorities, told.calendars, user_agent=user_agent(told), now=now, note=note) as carry:
            yield carry
    finally:
        await wire.aclose()


def _logged(options: Globals, store: Store) -> None:
    from crawler.logged import log_kept

    log_kept(store, Shown(quiet=options.quiet).note)


async def _anchored(options: Globals, store: Store) -> None:
    """At the end of a crawl: logged, and stamped where an hour has passed since the last time."""
    told = settings.load(options.home)
    if told.authorities or told.calendars:
        _logged(options, store)
        async with carrier(options, store, Shown(quiet=options.quiet).note) as carry:
            await carry.carry()


def _set(options: Globals) -> dict[str, object]:
    """What was set on the command line, and changes what is fetched."""
    names = {"connect_to": options.connect_to, "pace": options.pace, "per_host": options.per_host}
    return {**names, "ca": [hashlib.sha256(path.read_bytes()).hexdigest() for path in options.ca if path.is_file()]}


def user_agent(told: Settings) -> str:
    return f"kartoteka/{__version__}" + (f" (+{told.contact})" if told.contact else "")
