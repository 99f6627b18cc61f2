"""A crawl of its own process through the street: the real fetcher, archive, readers and book; what came of it goes to stdout as JSON.

On stdin it takes one JSON object: home, ca, connect_to, resolves, limits, in_flight, visits (name, url, obey), good
(addresses to crawl beside them), rounds (the visits are dealt out to so many), alone (seconds that the good ones are
crawled alone before each round: a machine that is busy with something else is so in both halves of a pair).
"""

from __future__ import annotations

import asyncio
import contextlib
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

from archive.capture import Exchange, Visit
from archive.ledger.book import Book
from archive.store import Settings, Store
from crawler.clerk import Clerk
from crawler.crawl import Desk
from crawler.fetch import NetworkFetcher
from crawler.politeness import Manners, Politeness
from crawler.readers import Readers
from crawler.wire import ConnectTo, Limits, Wire
from tests.hostile.memory import forget, peak
from tests.hostile.street import AtHome


def digest(exchange: Exchange) -> str:
    told = hashlib.sha256()
    for octets in (exchange.request, *exchange.interim, exchange.response, exchange.surplus):
        told.update(octets)  # a join would be a copy, and memory is what is measured here
    return told.hexdigest()


class Crawl:
    """The fetcher and the desk of one job."""

    def __init__(self, job: dict[str, Any], desk: Desk) -> None:
        self.job, self.desk = job, desk
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

    async def aside(self, visit: Visit) -> None:
        await self.desk.keep(visit)

    async def bad(self, visit: dict[str, Any]) -> dict[str, Any]:
        """One bad server visited; the watchdog's margin is three exchanges' time: a robots.txt, a page, and a hop of it."""
        began = monotonic()
        try:
            async with asyncio.timeout(3 * (self.limits.whole + 2)):
                came = await self.fetcher.fetch(visit["url"])
            told = {
                "name": visit["name"],
                "outcome": str(came.outcome),
                "error": came.last.error,
                "seconds": round(monotonic() - began, 2),
                "over": round(max(e.elapsed for e in came.exchanges) - self.limits.whole, 2),
                "sha256": [digest(exchange) for exchange in came.exchanges],
            }
            snapshot = await self.desk.keep(came)
            del came  # as a crawl does
            done = await self.desk.read(visit["url"], snapshot)
        except BaseException as exc:
            return {"name": visit["name"], "escaped": "".join(traceback.format_exception(exc))}
        verdict = done.reading.verdict if done.reading else None
        return {**told, "captures": [capture.id for capture in snapshot.captures], "verdict": verdict, "refused": done.refused}

    async def good(self, over: asyncio.Event) -> dict[str, Any]:
        """The good servers, round and round until it is over: how many pages came, how many did not, in what time."""
        began, came, failed, late = monotonic(), 0, list[str](), list[float]()

        async def lane(address: str) -> None:
            nonlocal came
            for number in itertools.count():
                if over.is_set():
                    return
                visit = await self.fetcher.fetch(f"{address}{number}")
                await self.desk.keep(visit)
                if visit.outcome == "captured":
                    came += 1
                else:
                    failed.append(f"{visit.url}: {visit.outcome} {visit.last.error}")

        async def watch() -> None:
            while not over.is_set():
                due = monotonic() + 0.01
                await asyncio.sleep(0.01)
                late.append(monotonic() - due)

        await asyncio.gather(watch(), *(lane(address) for address in self.job["good"]))
        seconds = monotonic() - began
        return {
            "pages": came, "failed": failed, "rate": came / seconds, "seconds": seconds,
            "stalls": sum(each for each in late if each > 0.02), "longest": max(late, default=0.0),
        }  # fmt: skip

    async def round(self, visits: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The good ones alone for a while, then beside these bad ones for as long as those take."""
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(self.job["alone"], over.set)
        alone = await self.good(over)
        over = asyncio.Event()
        gate = asyncio.Semaphore(self.job["in_flight"])

        async def one(visit: dict[str, Any]) -> dict[str, Any]:
            async with gate:
                return await self.bad(visit)

        beside = asyncio.create_task(self.good(over))
        came = await asyncio.gather(*(one(visit) for visit in visits))
        over.set()
        return {"alone": alone, "beside": await beside, "visits": came}


async def main() -> None:
    job = json.loads(sys.stdin.read())
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(Store.open(Path(job["home"]), settings=Settings(floor=0)))
        clerk = await stack.enter_async_context(Clerk(stack.enter_context(Book.open(Path(job["home"]), write=True))))
        readers = stack.enter_context(Readers(1))
        crawl = Crawl(job, Desk(store, clerk, readers))
        warm = await crawl.bad({"name": "the first page pays for what is loaded late", "url": job["good"][0]})
        assert warm["verdict"] is not None, warm
        (reader,) = readers.pids
        before, began = forget(), peak(reader)
        visits, rounds = job["visits"], job["rounds"]
        came = [await crawl.round(visits[n::rounds]) for n in range(rounds)]
        told = {
            "rounds": [{key: each[key] for key in ("alone", "beside")} for each in came],
            "visits": [visit for each in came for visit in each["visits"]],
            "grown": (peak() - before) // 1024,
            "reader": max((peak(pid) - began) // 1024 for pid in readers.pids),
            "cpu": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
        }
        await crawl.wire.aclose()
        told["open"] = crawl.wire.open_connections
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
