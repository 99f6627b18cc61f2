"""One network as a crawl was given it: its wire, its politeness and its fetcher, opened and closed together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archive.capture import Visit
from crawler.errors import BadSettings
from crawler.fetch import NetworkFetcher, Way
from crawler.machine import Machine
from crawler.politeness import COOL_DOWN, Manners, Politeness
from crawler.preset import Vantage
from crawler.sites import owner_of
from crawler.tunnel import HERE, Proxy
from crawler.vantage import proxy
from crawler.wire import ConnectTo, Wire

PAUSE = 2.0  # seconds, towards hosts of no source of ours


def nobody_told(_host: str, _seconds: float, _why: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Network:
    """What a fetcher is made from; plain values, so that another process can make the same one.

    home: where pauses and robots.txt are remembered (`state.sqlite`). connect_to, ca, pace, per_host: the options of
    these names. patience: seconds that a host's cool-down is waited for. pause, platform_pause: in place of what the source
    of a platform's hosts declares; cool_down: as in Manners. machine: what manifests say of it (`crawler.machine`).
    vantages: other places to look from; what is secret of them stays in their files.
    """

    home: Path
    user_agent: str
    connect_to: tuple[str, ...] = ()
    ca: tuple[Path, ...] = ()
    pace: float | None = None
    per_host: int | None = None
    tries: int = 3
    patience: float = 120.0
    pause: float | None = None
    platform_pause: float | None = None
    cool_down: float = COOL_DOWN
    machine: Mapping[str, object] = field(default_factory=dict)
    vantages: tuple[Vantage, ...] = ()

    def told(self) -> dict[str, Any]:
        """The same in what JSON can say."""
        vantages = [asdict(each) | {"secret": each.secret and str(each.secret)} for each in self.vantages]
        return asdict(self) | {"home": str(self.home), "ca": [str(path) for path in self.ca], "vantages": vantages}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Network:
        """Made again from what `told` said."""
        values = dict(told) | {"home": Path(told["home"]), "ca": tuple(map(Path, told["ca"]))}
        vantages = tuple(
            Vantage(
                **each | {"secret": each["secret"] and Path(each["secret"])} | {k: tuple(each[k]) for k in ("hosts", "sources")}
            )
            for each in told["vantages"]
        )
        return cls(**values | {"connect_to": tuple(told["connect_to"]), "vantages": vantages})

    def manners(self, url: str) -> Manners:
        """How we behave towards an address: what its source declares, unless a person set otherwise; else the general rule."""
        source = owner_of(url)
        if source is None:
            return Manners(PAUSE, cool_down=self.cool_down)
        if source.platform is None:
            return Manners(source.pause, cool_down=self.cool_down)
        pause = source.pause if self.pause is None else self.pause
        shared = source.platform_pause if self.platform_pause is None else self.platform_pause
        return Manners(pause, source.platform, shared, cool_down=self.cool_down)

    def wire(self, through: Proxy | None = None) -> Wire:
        """Raises BadSettings where an option cannot be used."""
        try:
            return Wire(connect_to=ConnectTo(self.connect_to), ca=self.ca, proxy=through)
        except ValueError as exc:
            raise BadSettings(f"--connect-to or --ca: {exc}") from exc

    def proxies(self) -> list[Proxy]:
        """Raises BadSettings where one cannot be used."""
        names = [HERE, *(each.name for each in self.vantages)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadSettings(f"two vantages are called {twice[0]!r} (`here` is this machine): name them apart")
        return [proxy(each, self.home) for each in self.vantages]

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
            wires = {}
            for through in (None, *self.proxies()):
                wire = wires[through and through.label] = self.wire(through)
                wire.unasked = lambda exchange: unasked(Visit(exchange.url, (exchange,)))
                stack.push_async_callback(wire.aclose)
            path = self.home / "state.sqlite"
            politeness = Politeness(path, pace=self.pace, per_host=self.per_host, waiting=waiting, checkpoints=first)
            stack.callback(politeness.close)
            yield NetworkFetcher(
                wires.pop(None),
                politeness,
                user_agent=self.user_agent,
                manners=self.manners,
                aside=aside,
                tries=self.tries,
                patience=self.patience,
                machine=Machine(self.machine).facts,
                vantages={through.label: Way(wires[through.label], through.vantage) for through in self.proxies()},
            )
