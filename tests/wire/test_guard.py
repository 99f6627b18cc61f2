"""Which addresses are not connected to, asked directly and through every way round."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from archive.capture import Outcome
from crawler.guard import Guard
from crawler.wire import ConnectTo, Limits, Wire
from tests.world.faults import always, fetch, origin

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

CLOSED = re.findall(
    r"\S+",
    """
0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 100.100.100.200 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1
192.52.193.1 192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.5
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::808:808 ::ffff:127.0.0.1 ::ffff:10.1.2.3
::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::c0a8:1 64:ff9b:1::1 64:ff9b:1::808:808 100::1 2001::1
2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:808:808::
2620:4f:8000::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%lo febf::1 fec0::1 ff02::1 ff0e::1
1000::1 not-an-address 1.2.3 1.2.3.4.5 127.1 0x7f000001 2130706433 0177.0.0.1
    """,
)

OPEN = re.findall(
    r"\S+",
    """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::808:808 2001:200::1 2001:4860:4860::8888 2003::1 2a00:1450:4001::1
3ffe:ffff::1
    """,
)


@pytest.mark.parametrize("address", CLOSED)
def test_addresses_that_are_not_public(address: str) -> None:
    """Each is refused with a reason, and so is what is no plain address at all."""
    assert Guard().allowed(address)


@pytest.mark.parametrize("address", OPEN)
def test_the_neighbours_of_what_is_closed_are_open(address: str) -> None:
    """The table refuses its rows and not the web around them."""
    assert Guard().allowed(address) is None


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("ftp", "court.test"),
        ("file", ""),
        ("http", ""),
        ("http", "localhost"),
        ("http", "a.LOCALHOST."),
        ("http", "127.0.0.1"),
        ("http", "127.1"),
        ("http", "0x7f.1"),
        ("http", "0X7F000001"),
        ("http", "2130706433"),
        ("http", "017700000001"),
        ("http", "0177.0.0.1"),
        ("http", "0"),
        ("http", "8.8.8.8."),
        ("http", "1.2.3.4.5"),
        ("http", "a.0x1"),
        ("http", "::1"),
        ("http", "fe80::1%25lo"),
        ("http", "①②⑦.0.0.1"),
        ("http", "127。0。0。1"),
        ("http", "a..b"),
        ("http", "a b"),
        ("http", "a%2e"),
        ("http", "a\n"),
        ("http", "-a.test"),
        ("http", "a" * 64 + ".test"),
        ("http", ("a" * 60 + ".") * 5),
    ],
)
def test_urls_that_are_not_followed(scheme: str, host: str) -> None:
    """Other schemes, and hosts that a resolver may read in its own way."""
    assert Guard().refusal(scheme, host)


@pytest.mark.parametrize(
    "host",
    ["court.test", "court.test.", "a_b.court.test", "xn--80aaxgqbdi.xn--p1ai", "oblsud--kln.court.test", "8.8.8.8", "2003::1"],
)
def test_hosts_that_are(host: str) -> None:
    """Real names, dots, dashes, underscores and punycode included."""
    assert Guard().refusal("https", host) is None


def test_credentials_and_ports() -> None:
    """No credentials in a URL; 80, 443 and what was allowed beside them."""
    assert Guard().refusal("http", "court.test", credentials=True)
    assert [Guard().port(p) is None for p in (80, 443, 22, 8080)] == [True, True, False, False]
    assert [Guard(extra_ports=(8080,)).port(p) is None for p in (80, 8080, 8081)] == [True, True, False]


# Through the wire, with a listener that must stay untouched


@contextlib.asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[object]]]:
    """A listener on every loopback address, v4 and v6, of one port; the list holds who came."""
    touched: list[object] = []

    def touch(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        touched.append(writer.get_extra_info("sockname"))
        writer.close()

    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as sock:
        server = await asyncio.start_server(touch, sock=sock)
        async with server:
            yield sock.getsockname()[1], touched


async def test_the_canary_sings() -> None:
    """The detector detects: where an address is let pass, the listener is touched."""

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    async with canary() as (port, touched):
        wire = Wire(resolve=resolve, connect_to=ConnectTo([f"::named.test:{port}"]))
        await fetch(wire)
        await wire.aclose()

    assert len(touched) == 1


REBOUND = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1%lo",
    "nonsense",
]


@pytest.mark.parametrize("address", REBOUND)
@pytest.mark.parametrize("before", [[], ["8.8.8.8"], ["8.8.8.8", "2003::1"]], ids=["alone", "behind one", "behind two"])
async def test_a_name_that_points_inside(address: str, before: list[str]) -> None:
    """One answer that is not public refuses them all, whatever stands before it: nothing is connected to."""

    async def resolve(host: str) -> list[str]:
        return [*before, address]

    async with canary() as (port, touched):
        wire = Wire(resolve=resolve, guard=Guard(extra_ports=(port,)), limits=Limits(connect=0.5))
        exchange = await fetch(wire, f"http://court.test:{port}/")
        await wire.aclose()

    assert (exchange.outcome, exchange.request, touched) == (Outcome.GUARDED, b"", [])
    assert exchange.dns == (*before, address)


async def test_a_name_is_looked_up_once() -> None:
    """The address that was checked is the one that is connected to: a second answer is never asked for."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    class Lenient(Guard):
        def allowed(self, ip: object) -> str | None:
            return None if ip == "127.0.0.1" else "not the first answer"

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return next(answers)

    async with origin(always(OK)) as server:
        wire = Wire(resolve=resolve, guard=Lenient(extra_ports=(server.port,)))
        exchange = await fetch(wire, f"http://court.test:{server.port}/")
        await wire.aclose()

    assert (exchange.outcome, exchange.peer, asked) == (Outcome.CAPTURED, f"127.0.0.1:{server.port}", ["court.test"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://court.test/",
        "http://user:secret@court.test/",
        "http://user@court.test/",
        "http://court.test:22/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http:///",
    ],
)
async def test_urls_that_leave_no_trace_outside(url: str) -> None:
    """Not even a look-up."""

    async def resolve(host: str) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    wire = Wire(resolve=resolve)
    exchange = await fetch(wire, url)
    await wire.aclose()

    assert (exchange.outcome, exchange.dns, exchange.peer) == (Outcome.GUARDED, (), None)


async def test_a_named_target_passes() -> None:
    """What a person named with --connect-to is connected to, for names and ports that would not pass."""
    async with origin(always(OK)) as server:
        wire = server.wire()
        outcomes = [
            (await fetch(wire, url)).outcome for url in ("http://court.test:8080/", "http://127.0.0.1/", "http://localhost/")
        ]
        still = await fetch(wire, "http://user:secret@court.test/")
        await wire.aclose()

    assert outcomes == [Outcome.CAPTURED] * 3
    assert still.outcome is Outcome.GUARDED


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy variables change nothing: the connection goes where it was checked to go."""
    async with canary() as (port, touched), origin(always(OK)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        wire = server.wire()
        async with httpx.AsyncClient(transport=wire, trust_env=False) as client:
            assert (await client.get("http://court.test/")).text == "ok"

    assert touched == []


# Looking up


@pytest.mark.parametrize(("count", "outcome"), [(15, Outcome.REFUSED), (16, Outcome.REFUSED), (17, Outcome.DNS_FAILED)])
async def test_a_name_with_too_many_addresses(count: int, outcome: Outcome) -> None:
    """16 are looked at, 17 are a failed look-up, and none of them is connected to."""

    async def resolve(host: str) -> list[str]:
        return [f"127.0.0.{n + 1}" for n in range(count)]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wire = Wire(resolve=resolve, connect_to=ConnectTo([f"::named.test:{port}"]))
    exchange = await fetch(wire)
    await wire.aclose()

    assert (exchange.outcome, len(exchange.dns)) == (outcome, count)


@pytest.mark.parametrize("fault", ["nothing", "error", "odd error", "silence"])
async def test_a_name_without_an_address(fault: str) -> None:
    """No answer, an error or silence: the look-up failed, and no exception of its own gets out."""

    async def resolve(host: str) -> list[str]:
        if fault == "error":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if fault == "odd error":
            raise KeyError(host)
        if fault == "silence":
            await asyncio.sleep(60)
        return []

    wire = Wire(resolve=resolve, limits=Limits(dns=0.2))
    exchange = await fetch(wire)
    await wire.aclose()

    assert (exchange.outcome, exchange.request) == (Outcome.DNS_FAILED, b"")
    assert exchange.error


async def test_the_systems_own_look_up() -> None:
    """Without a resolver of the caller's the system answers; a named target needs no guard."""
    async with origin(always(OK)) as server:
        wire = Wire(connect_to=ConnectTo([f"::localhost:{server.port}"]))
        exchange = await fetch(wire)
        await wire.aclose()

    assert exchange.outcome is Outcome.CAPTURED
    assert "127.0.0.1" in exchange.dns


# Real hosts


@pytest.mark.real
async def test_hosts_that_reach_inside() -> None:
    """47 ways to write an inside address: directly and by a name that points there, nothing is touched."""
    path = REAL / "hostile" / "urls" / "ssrf-hosts.json"
    if not path.exists():
        pytest.skip("no real data here")
    cases = json.loads(path.read_text("utf-8"))
    assert len(cases) == 47
    async with canary() as (port, touched):
        for case in cases:
            host, inside = case["host"], case["glibc_resolves_to"]

            async def resolve(name: str, inside: str = inside) -> list[str]:
                return [inside]

            guard = Guard(extra_ports=(port,))
            assert guard.refusal("http", host), host
            assert guard.allowed(inside), host
            wire = Wire(guard=guard, resolve=resolve, limits=Limits(connect=0.5))
            with contextlib.suppress(httpx.InvalidURL):  # refused even before: no request can be made of it
                literal = f"[{host}]" if ":" in host else host
                direct = await fetch(wire, f"http://{literal}:{port}/")
                assert direct.outcome is Outcome.GUARDED, host
            rebound = await fetch(wire, f"http://court.test:{port}/")
            assert (rebound.outcome, rebound.dns) == (Outcome.GUARDED, (inside,)), host
            await wire.aclose()

    assert touched == []
