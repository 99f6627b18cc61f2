"""One network as a crawl was given it: its wire, its politeness and its fetcher, opened and closed together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.capture import Visit
from crawler.errors import BadSettings
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness
from crawler.sites import source_for
from crawler.wire import ConnectTo, Wire

GENERAL = Manners(pause=2.0)  # towards hosts of no source of ours


def nobody_told(_host: str, _seconds: float, _why: str) -> None:
    pass


def manners(url: str) -> Manners:
    """How we behave towards an address: what its source declares, else the general rule."""
    source = source_for(url)
    if source is None:
        return GENERAL
    return Manners(pause=source.pause, platform=source.platform, platform_pause=source.platform_pause)


@dataclass(frozen=True, slots=True)
class Network:
    """What a fetcher is made from; plain values, so that another process can make the same one.

    home: where pauses and robots.txt are remembered (`state.sqlite`). connect_to, ca, pace, per_host: the options of
    these names. patience: seconds that a host's cool-down is waited for.
    """

    home: Path
    user_agent: str
    connect_to: tuple[str, ...] = ()
    ca: tuple[Path, ...] = ()
    pace: float | None = None
    per_host: int | None = None
    tries: int = 3
    patience: float = 120.0

    def told(self) -> dict[str, Any]:
        """The same in what JSON can say."""
        return asdict(self) | {"home": str(self.home), "ca": [str(path) for path in self.ca]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Network:
        """Made again from what `told` said."""
        values = dict(told) | {"home": Path(told["home"]), "ca": tuple(map(Path, told["ca"]))}
        return cls(**values | {"connect_to": tuple(told["connect_to"])})

    def wire(self) -> Wire:
        """Raises BadSettings where an option cannot be used."""
        try:
            return Wire(connect_to=ConnectTo(self.connect_to), ca=self.ca)
        except ValueError as exc:
            raise BadSettings(f"--connect-to or --ca: {exc}") from exc

    @contextlib.asynccontextmanager
    async def opened(
        self,
        aside: Callable[[Visit], Awaitable[None]],
        unasked: Callable[[Visit], object],
        waiting: Callable[[str, float, str], None] = nobody_told,
        *,
        first: bool = True,
    ) -> AsyncIterator[NetworkFetcher]:
        """aside: takes the visits to robots.txt; unasked: what came on a connection that was idle; waiting: told of long waits.

        first: of the processes that share the state.
        """
        async with contextlib.AsyncExitStack() as stack:
            wire = self.wire()
            wire.unasked = lambda exchange: unasked(Visit(exchange.url, (exchange,)))
            stack.push_async_callback(wire.aclose)
            path = self.home / "state.sqlite"
            politeness = Politeness(path, pace=self.pace, per_host=self.per_host, waiting=waiting, checkpoints=first)
            stack.callback(politeness.close)
            yield NetworkFetcher(
                wire,
                politeness,
                user_agent=self.user_agent,
                manners=manners,
                aside=aside,
                tries=self.tries,
                patience=self.patience,
            )
