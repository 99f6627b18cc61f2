"""An archive opened for work: its store, book and readers, and its network; closed in the order that loses nothing."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime

from archive import __version__
from archive.capture import Visit
from archive.door import Globals
from archive.ledger.book import Book
from archive.store import Settings as Sizes
from archive.store import Store
from crawler import settings
from crawler.clerk import Clerk
from crawler.crawl import Crawl, Desk
from crawler.errors import BadSettings
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness, Rests
from crawler.readers import Readers
from crawler.settings import Settings
from crawler.sites import source_for
from crawler.wire import ConnectTo, Wire

GENERAL = Manners(pause=2.0)  # towards hosts of no source of ours


def now() -> datetime:
    """The one clock of this floor's commands: wall time in UTC."""
    return datetime.now(UTC)


def _nobody_told(_host: str, _seconds: float, _why: str) -> None:
    pass


@contextlib.asynccontextmanager
async def at_desk(options: Globals, *, read: bool = True) -> AsyncIterator[Desk]:
    """One archive with its readers and its book, closed in the order that loses nothing."""
    told = settings.load(options.home)
    sizes = Sizes(rotate=told.warc_bytes, level=told.level, floor=told.free_bytes)
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(Store.open(options.home, settings=sizes))
        clerk = readers = None
        if read:
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
    waiting: Callable[[str, float, str], None] = _nobody_told,
) -> AsyncIterator[Crawl]:
    """The same, with its network. patience: seconds that a host's cool-down is waited for; waiting: told of long waits."""
    told = settings.load(options.home)
    try:
        wire = Wire(connect_to=ConnectTo(options.connect_to), ca=options.ca)
    except ValueError as exc:
        raise BadSettings(f"--connect-to or --ca: {exc}") from exc
    async with contextlib.AsyncExitStack() as stack:
        desk = await stack.enter_async_context(at_desk(options, read=read))
        politeness = Politeness(options.home / "state.sqlite", pace=options.pace, per_host=options.per_host, waiting=waiting)
        stack.callback(politeness.close)
        stack.push_async_callback(wire.aclose)

        async def aside(visit: Visit) -> None:
            await desk.keep(visit)

        behave = functools.partial(manners, told=told)
        fetcher = NetworkFetcher(
            wire, politeness, user_agent=user_agent(told), manners=behave, aside=aside, tries=told.tries, patience=patience
        )
        yield Crawl(fetcher, desk, now, Rests(politeness, behave))


def user_agent(told: Settings) -> str:
    return f"kartoteka/{__version__}" + (f" (+{told.contact})" if told.contact else "")


def manners(url: str, told: Settings) -> Manners:
    """How we behave towards an address: what its source declares, unless a person set otherwise; else the general rule."""
    source = source_for(url)
    if source is None:
        return replace(GENERAL, cool_down=told.cool_down)
    if source.platform is None:
        return Manners(pause=source.pause, cool_down=told.cool_down)
    pause = source.pause if told.pause is None else told.pause
    shared = source.platform_pause if told.platform_pause is None else told.platform_pause
    return Manners(pause=pause, platform=source.platform, platform_pause=shared, cool_down=told.cool_down)
