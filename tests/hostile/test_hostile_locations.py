"""Redirects to hostile places over the real wire: each visit ends in its word, and nothing but our own errors is ever raised."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from archive import urls
from archive.capture import Outcome, Visit
from archive.store import Settings, Store
from crawler.fetch import NetworkFetcher, redirected
from crawler.politeness import Manners, Politeness
from crawler.wire import ConnectTo, Limits, Wire
from tests.hostile.street import AtHome

START = "http://court.test/start"
# Addresses that must not be connected to, addresses that are none, and addresses that look like others.
OWN = [
    b"", b"#", b"?", b"/", b"//", b"///", b"////etc/passwd", b"\\\\court.test\\x", b"http:", b"http:/", b"http://", b"http:///",
    b"https:court", b"HtTpS://COURT.test", b"http://court.test:0/", b"http://court.test:00080/", b"http://court.test:65536/",
    b"http://court.test:-1/", b"http://court.test:8 0/", b"http://[::1]/", b"http://[::ffff:7f00:1]/", b"http://[::1%25lo]/",
    b"http://[fe80::1%eth0]/", b"http://[]/", b"http://[:::]/", b"http://127.1/", b"http://0/", b"http://0x7f000001/",
    b"http://0177.1/", b"http://2130706433/", b"http://4294967296/", b"http://127.0.0.1.:80/", b"http://1.2.3/",
    "http://①②⑦.⓪.⓪.①/".encode(), "http://суд.test/дело?суд=1#суд".encode(), "http://суд.test/".encode("cp1251"),
    "http://court。test/".encode(), "http://court․test/".encode(), "http://ⓒourt.test/".encode(), b"http://xn--/", b"http://xn--a/",
    b"http://xn--" + b"a" * 70 + b".test/", b"http://" + b"a." * 200 + b"test/", b"http://-court-.test/", b"http://_x.test/",
    b"http://a b.test/", b"http://a%00b.test/", b"http://a%2eb.test/", b"http://court.test%2f@127.0.0.1/", b"http://u:p@court.test/",
    b"http://u:p@127.0.0.1:80/", b"http://@court.test/", b"http://court.test\\@127.0.0.1/", b"http://127.0.0.1\\@court.test/",
    b"http://court.test/%", b"http://court.test/%zz%00%0d%0aX:%20y", b"http://court.test/\x01\x02\x7f", b"http://court.test/\xff\xfe",
    b"http://court.test/../../../x", b"http://court.test/%2e%2e/%2e%2e/x", b"/" + b"../" * 3000, b"/" + b"a" * 8192,
    b"?" + b"a=" * 5000, b"javascript:alert(1)", b"data:text/html,x", b"file:///etc/passwd", b"ftp://court.test/", b"gopher://x/_",
    b"blob:http://court.test/1", b"about:blank", b"view-source:http://court.test/", b"mailto:a@b", b"ws://court.test/", b"http;//x",
    b"\x00http://court.test/", b"ht\ttp://court.test/", b"http://court.test:80:80/", b"http://court.test/a\\b\\..\\c",
]  # fmt: skip
SPARE = b"\x01\x09\x0b\x1b\x7f\x80\xff%/:?#[]@\\. &=;0x:xn--\xe2\x80\xae\xef\xbb\xbf" + "．。Ⅷ١ſK".encode()


def clean(location: bytes) -> bytes:
    """What a field can carry: with a line break or NUL in it, it would be another head (and those the catalogue has)."""
    return re.sub(rb"[\r\n\0]", b"", location)


class Court:
    """A server that sends every start on to the next hostile place, and knows nothing else."""

    def __init__(self) -> None:
        self.places: dict[int, bytes] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                number = re.fullmatch(rb"/start\?n=([0-9]{1,9})", target)
                if number:
                    place = self.places[int(number[1])]
                    writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")
                else:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            writer.close()


@pytest.fixture
async def court() -> AsyncIterator[Court]:
    court = Court()
    async with await asyncio.start_server(court.serve, "127.0.0.1", 0, limit=1 << 20) as server:
        court.port = server.sockets[0].getsockname()[1]
        yield court
        server.close()


async def led(court: Court, places: Sequence[bytes]) -> list[Visit]:
    """The visits, 32 at once; whatever one of them raises fails the test."""

    async def resolve(host: str) -> list[str]:
        if host == "court.test":
            raise AssertionError("a named target is not looked up")
        if host.endswith(".test"):
            raise OSError(f"{host} is not known")
        return ["127.0.0.1"]  # the attacker's name server answers what it likes

    court.places = dict(enumerate(map(clean, places)))
    wire = Wire(
        connect_to=ConnectTo([f"court.test:80:127.0.0.1:{court.port}"]),
        guard=AtHome(),
        limits=Limits(first_byte=20),
        resolve=resolve,
    )

    async def aside(visit: Visit) -> None:
        raise AssertionError("no robots.txt was to be asked for")

    fetcher = NetworkFetcher(
        wire, Politeness(None, pace=0, per_host=32), user_agent="kartoteka/0", tries=1, aside=aside,
        manners=lambda _: Manners(0.0, per_host=32, robots="not asked in this test"),
    )  # fmt: skip
    gate = asyncio.Semaphore(32)

    async def one(number: int) -> Visit:
        async with gate:
            return await fetcher.fetch(f"{START}?n={number}")

    visits = await asyncio.gather(*map(one, court.places))
    await wire.aclose()
    assert wire.open_connections == 0
    return visits


WORDS = {Outcome.CAPTURED, Outcome.REDIRECT_LOOP, Outcome.GUARDED, Outcome.DNS_FAILED, Outcome.TOO_LARGE}


def judge(visits: Sequence[Visit], places: Sequence[bytes]) -> Counter[str]:
    """Every visit ended in one of the words that can be; nothing went anywhere but to the court; every hop says where from."""
    for visit, place in zip(visits, places, strict=True):
        assert visit.outcome in WORDS, place
        assert {exchange.peer for exchange in visit.exchanges if exchange.request} == {visit.exchanges[0].peer}, place
        for before, hop in zip(visit.exchanges, visit.exchanges[1:], strict=False):
            assert hop.via == before.url, place
            assert urls.identity(urls.identity(hop.url)) == urls.identity(hop.url), place
            assert "@" not in hop.url.split("/")[2], place
    return Counter(str(visit.outcome) for visit in visits)


def mutated(chance: random.Random, shapes: Sequence[bytes]) -> bytes:
    octets = bytearray(chance.choice(shapes)[:300])
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(octets) + 1)
        octets[at : at + chance.randrange(3)] = bytes(chance.choices(SPARE, k=chance.randrange(4)))
    return bytes(octets)


async def test_redirects_to_hostile_places_are_kept(court: Court, tmp_path: Path) -> None:
    """Loops, private addresses, other schemes, broken hosts: a visit with its word each, in the archive as it was met."""
    visits = await led(court, OWN)
    said = judge(visits, OWN)
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        kept = [await asyncio.wrap_future(store.keep(visit)) for visit in visits]
        for visit, snapshot in zip(visits, kept, strict=True):
            assert [e.response for e in visit.exchanges] == [store.archive.exchange(c).response for c in snapshot.captures]
    print(len(OWN), said)
    assert said["guarded"] >= 10


async def test_ten_thousand_mutated_redirects(court: Court) -> None:
    """Only our own classes, whatever the field says; over sockets for a tenth of them, and all of them by the rule alone."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    places = [mutated(chance, OWN) for _ in range(10_000)]
    for place in places:
        try:
            target = redirected(START, clean(place))
        except ValueError:
            continue
        assert target.startswith(("http://", "https://")), (seed, place)
    print(judge(await led(court, places[:1_000]), places[:1_000]))


@pytest.mark.full
async def test_ten_thousand_mutated_redirects_over_the_wire(court: Court) -> None:
    """All of them over sockets."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    places = [mutated(chance, OWN) for _ in range(10_000)]
    print(judge(await led(court, places), places))


@pytest.mark.real
async def test_collected_hostile_redirects_over_the_wire(court: Court, realdata: Path) -> None:
    """The 31 collected ones, the hosts that SSRF uses, and the open redirects of a payload collection."""
    collected = json.loads((realdata / "hostile/urls/hostile-locations.json").read_text("utf-8"))
    hosts = json.loads((realdata / "hostile/urls/ssrf-hosts.json").read_text("utf-8"))
    places = [text.encode("utf-8", "replace") for text in collected]
    assert len(places) == 31
    places += [f"http://{each['host'] if isinstance(each, dict) else each}/".encode("utf-8", "replace") for each in hosts]
    for file in sorted((realdata / "hostile/payloads").glob("patt-Open_Redirect-*.txt")):
        places += file.read_bytes().splitlines()
    print(len(places), judge(await led(court, places), places))
