"""A crawl of its own process through the street: the real fetcher, the real store; what came of it goes to stdout as JSON.

On stdin it takes one JSON object: home, ca, connect_to, resolves, limits, in_flight, visits (name, url, obey), good
(addresses to crawl beside them), alone (seconds that the good ones are crawled alone first).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import resource
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from archive.capture import Exchange, Snapshot, Visit
from archive.store import Settings, Store
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness
from crawler.wire import ConnectTo, Limits, Wire
from tests.hostile.street import AtHome


def peak() -> int:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def digest(exchange: Exchange) -> str:
    told = hashlib.sha256()
    for octets in (exchange.request, *exchange.interim, exchange.response, exchange.surplus):
        told.update(octets)  # a join would be a copy, and memory is what is measured here
    return told.hexdigest()


class Crawl:
    """The fetcher and the store of one job."""

    def __init__(self, job: dict[str, Any], store: Store) -> None:
        self.job, self.store = job, store
        self.limits = Limits(**job["limits"])
        self.wire = Wire(
            limits=self.limits,
            guard=AtHome(),
            connect_to=ConnectTo(job["connect_to"]),
            ca=[Path(job["ca"])],
            resolve=self.resolve,
        )
        obeyed = {visit["url"].partition("//")[2].partition("/")[0] for visit in job["visits"] if visit["obey"]}

        def manners(url: str) -> Manners:
            obeys = url.partition("//")[2].partition("/")[0] in obeyed
            return Manners(0.0, per_host=8, robots="obey" if obeys else "a bad server's are not asked for")

        self.fetcher = NetworkFetcher(
            self.wire,
            Politeness(None, pace=0, per_host=8),
            user_agent="kartoteka/0",
            manners=manners,
            aside=self.aside,
            tries=1,
        )

    async def resolve(self, host: str) -> Sequence[str]:
        if host == "slow-names.test":
            await asyncio.sleep(3600)
        if host not in self.job["resolves"]:
            raise OSError(f"{host}: name or service not known")
        found: Sequence[str] = self.job["resolves"][host]
        return found

    async def keep(self, visit: Visit) -> Snapshot:
        return await asyncio.wrap_future(self.store.keep(visit))

    async def aside(self, visit: Visit) -> None:
        await self.keep(visit)

    async def bad(self, visit: dict[str, Any]) -> dict[str, Any]:
        """One bad server visited; the watchdog's margin is three exchanges' time: a robots.txt, a page, and a hop of it."""
        began = monotonic()
        try:
            async with asyncio.timeout(3 * (self.limits.whole + 2)):
                came = await self.fetcher.fetch(visit["url"])
            snapshot = await self.keep(came)
        except BaseException as exc:
            return {"name": visit["name"], "escaped": "".join(traceback.format_exception(exc))}
        return {
            "name": visit["name"],
            "outcome": str(came.outcome),
            "error": came.last.error,
            "seconds": round(monotonic() - began, 2),
            "over": round(max(e.elapsed for e in came.exchanges) - self.limits.whole, 2),
            "captures": [capture.id for capture in snapshot.captures],
            "sha256": [digest(exchange) for exchange in came.exchanges],
        }

    async def good(self, over: asyncio.Event) -> dict[str, Any]:
        """The good servers, round and round until it is over: how many pages came, how many did not, in what time."""
        began, came, failed = monotonic(), 0, list[str]()

        async def lane(address: str) -> None:
            nonlocal came
            for number in itertools.count():
                if over.is_set():
                    return
                visit = await self.fetcher.fetch(f"{address}{number}")
                await self.keep(visit)
                if visit.outcome == "captured":
                    came += 1
                else:
                    failed.append(f"{visit.url}: {visit.outcome} {visit.last.error}")

        await asyncio.gather(*(lane(address) for address in self.job["good"]))
        return {"pages": came, "failed": failed, "rate": round(came / (monotonic() - began), 1)}


async def main() -> None:
    job = json.loads(sys.stdin.read())
    with Store.open(Path(job["home"]), settings=Settings(floor=0)) as store:
        crawl = Crawl(job, store)
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(job["alone"], over.set)
        alone = await crawl.good(over)
        before = peak()
        over = asyncio.Event()
        beside = asyncio.create_task(crawl.good(over))
        gate = asyncio.Semaphore(job["in_flight"])

        async def one(visit: dict[str, Any]) -> dict[str, Any]:
            async with gate:
                return await crawl.bad(visit)

        came = await asyncio.gather(*(one(visit) for visit in job["visits"]))
        over.set()
        told = {"alone": alone, "beside": await beside, "grown": peak() - before}
        await crawl.wire.aclose()
        told["open"] = crawl.wire.open_connections
    json.dump({**told, "visits": came}, sys.stdout)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
