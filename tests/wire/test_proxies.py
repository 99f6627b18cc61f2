"""Through a proxy: what comes through the tunnel is the server's, and what the proxy says is not."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme

from archive.capture import Outcome, Vantage
from crawler.guard import Guard
from crawler.tunnel import Proxy
from crawler.wire import Limits, Wire
from tests.world.faults import always, fetch, once, origin, received
from tests.world.proxies import OPENED, proxying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOGIN = (b"clerk-of-riga", b"s3cret:words")
KINDS = ["http", "socks5"]
CA = trustme.CA()


class Public(Guard):
    """The guard of life, which knows one address of this test as a public one."""

    def allowed(self, ip: object) -> str | None:
        return None if str(ip) == "127.0.0.7" else super().allowed(str(ip))


async def resolve(host: str) -> Sequence[str]:
    return {"court.test": ["127.0.0.7"], "inside.test": ["10.0.0.1"]}.get(host, [])


@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "with a login"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_through_a_proxy(kind: str, login: tuple[bytes, bytes] | None) -> None:
    """Octet for octet what came through the tunnel; the proxy's own words beside it, and no word of who we are to it."""
    async with origin(always(OK)) as server, proxying(kind, {"court.test": server.port}, login=login) as proxy:
        wire = proxy.wire()
        first, second = await fetch(wire), await fetch(wire)
        await wire.aclose()

    assert [Outcome.CAPTURED, Outcome.CAPTURED] == [first.outcome, second.outcome]
    assert bytes(proxy.through) == received(first) + received(second)
    assert bytes(proxy.sent) == first.request + second.request == b"".join(server.requests)
    assert ["court.test:80"] == proxy.asked, "one tunnel serves both, and the name is looked up there"
    assert Vantage("afar", kind, f"127.0.0.1:{proxy.port}", "there", None, None) == first.vantage == second.vantage
    assert (first.peer, first.dns) == (None, ()), "the proxy's address is not the server's"
    said = (
        OPENED
        if kind == "http"
        else (b"\x05\x02\x01\x00" if login else b"\x05\x00") + b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"
    )
    assert (said, b"") == (first.tunnel, second.tunnel)
    assert not any(secret in repr((first, second, proxy.proxy())).encode() for secret in LOGIN)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_looked_up_here_passes_the_guard(kind: str) -> None:
    """The proxy is asked for an address that was checked, and the exchange says which; a private one is never asked for."""
    async with origin(always(OK)) as server, proxying(kind, {"127.0.0.7": server.port}) as proxy:
        wire = proxy.wire("here", guard=Public(), resolve=resolve)
        page = await fetch(wire)
        inside, literal = await fetch(wire, "http://inside.test/"), await fetch(wire, "http://169.254.169.254/")
        unknown = await fetch(wire, "http://nobody.test/")
        await wire.aclose()

    assert (Outcome.CAPTURED, ("127.0.0.7",), None) == (page.outcome, page.dns, page.peer)
    assert page.vantage is not None and ("127.0.0.7:80", "here") == (page.vantage.peer, page.vantage.names)
    assert [Outcome.GUARDED, Outcome.GUARDED, Outcome.DNS_FAILED] == [inside.outcome, literal.outcome, unknown.outcome]
    assert ["127.0.0.7:80"] == proxy.asked


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[::1]/", "http://metadata.google.internal/", "http://intranet/",
                                 "http://printer.local/", "http://localhost/", "http://2130706433/"])  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
async def test_the_far_network_is_not_looked_into(kind: str, url: str) -> None:
    """Where names are looked up there, addresses and names that every network has for itself are refused here."""
    async with proxying(kind, {}) as proxy:
        wire = proxy.wire()
        exchange = await fetch(wire, url)
        await wire.aclose()

    assert (Outcome.GUARDED, 0) == (exchange.outcome, proxy.connections)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_certificate_is_verified_through_the_tunnel(kind: str, tmp_path: Path) -> None:
    """Whoever sits between can break a connection off, and not read or change it: the chain is the server's own."""
    anchor = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(anchor))
    right, wrong = CA.issue_cert("court.test"), CA.issue_cert("other.test")
    contexts = [ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2)]
    for context, leaf in zip(contexts, (right, wrong), strict=True):
        leaf.configure_cert(context)
    async with (
        origin(always(OK), tls=contexts[0]) as good,
        origin(always(OK), tls=contexts[1]) as bad,
        proxying(kind, {"court.test": good.port, "between.test": bad.port}) as proxy,
    ):
        wire = proxy.wire(ca=[anchor])
        page, caught = await fetch(wire, "https://court.test/"), await fetch(wire, "https://between.test/")
        await wire.aclose()

    assert (Outcome.CAPTURED, OK, True) == (page.outcome, page.response, page.tls is not None and page.tls.verified)
    assert (Outcome.TLS_FAILED, b"", b"") == (caught.outcome, caught.request, caught.response)
    assert OK not in proxy.through, "it saw only what was encrypted"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_password_is_no_fault_of_the_court(kind: str) -> None:
    """The exchange is paused: the court was not asked, and nothing was learnt of it."""
    async with origin(always(OK)) as server, proxying(kind, {"court.test": server.port}, login=LOGIN) as proxy:
        wire = Wire(proxy=Proxy("afar", kind, "127.0.0.1", proxy.port, "there", (b"clerk-of-riga", b"another")))
        exchange = await fetch(wire)
        await wire.aclose()

    assert (Outcome.PAUSED, b"", b"", 0) == (exchange.outcome, exchange.request, exchange.response, server.connections)
    assert exchange.vantage is not None and {"http": "407", "socks5": "socks-login"}[kind] == exchange.vantage.fault
    assert (exchange.error or "").startswith("vantage afar: its proxy ")


async def test_a_proxy_that_says_what_it_was_asked() -> None:
    """Some echo the request in their refusal: our credentials are kept in no record, in none of their spellings."""

    secret = b"clerk-of-riga:s3cret:words"
    proxy = Proxy("afar", "http", "127.0.0.1", 1, "there", LOGIN)
    token = proxy.ask("court.test", 80).opening.split(b"Basic ")[1].split(b"\r\n")[0]
    answer = b"HTTP/1.1 403 No " + secret + b"\r\nX-Asked: " + token + b"\r\n\r\n<p>clerk-of-riga, with s3cret:words, no"
    async with origin(once(answer)) as server:
        wire = Wire(proxy=Proxy("afar", "http", "127.0.0.1", server.port, "there", LOGIN))
        exchange = await fetch(wire)
        await wire.aclose()

    assert exchange.tunnel.startswith(b"HTTP/1.1 403 No ****") and exchange.tunnel.endswith(b", no")
    assert len(answer) == len(exchange.tunnel)
    shown = exchange.tunnel + (exchange.error or "").encode()
    assert not [each for each in (secret, token, *LOGIN) if each in shown]


async def test_a_login_that_the_protocol_cannot_carry() -> None:
    """It is refused when it is set, not when it is sent cut short."""
    for kind, login in (("socks5", (b"u" * 256, b"p")), ("socks5", (b"u", b"")), ("http", (b"a:b", b"p"))):
        with pytest.raises(ValueError, match="vantage afar"):
            Proxy("afar", kind, "127.0.0.1", 1, "there", login)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_speaks_first(kind: str) -> None:
    """What comes with the proxy's last octets, from behind it, is the server's and not the proxy's."""
    early = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"
    if kind == "http":
        script = once(OPENED + early)
    else:

        async def script(peer):  # type: ignore[no-untyped-def]
            await peer.reader.readexactly(3)
            await peer.send(b"\x05\x00")
            await peer.reader.readexactly(4 + 1 + len("court.test") + 2)
            await peer.send(b"\x05\x00\x00\x03\x01p\x00\x50" + early)

    async with origin(script) as server:
        wire = Wire(limits=Limits(linger=0.05), proxy=Proxy("afar", kind, "127.0.0.1", server.port, "there"))
        exchange = await fetch(wire)
        await wire.aclose()

    assert early == received(exchange)
    assert (OPENED if kind == "http" else b"\x05\x00\x05\x00\x00\x03\x01p\x00\x50") == exchange.tunnel
