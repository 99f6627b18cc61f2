"""What `crawl doctor --network` tries: everything that plan and settings name, each once, and nothing unasked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawler.preset import Authority, Settings, Vantage
from schedules.channels import Mail, Wanted, Webhook
from schedules.plan import Address, Plan
from schedules.reach import Reached, reached
from tests.hostile.street import unused
from tests.world.command import crawl as command
from tests.world.faults import Peer, origin
from tests.world.proxies import Proxying, proxying

LOGIN = (b"clerk-of-riga", b"hunter22-words")


def addresses(*urls: str, vantages: tuple[str, ...] = ()) -> tuple[Address, ...]:
    from datetime import timedelta

    return tuple(Address(url, timedelta(days=1), vantages=vantages) for url in urls)


async def tried(plan: Plan, settings: Settings, home: Path, port: int) -> dict[str, tuple[bool | None, str]]:
    """By subject. Every host leads to this port of loopback."""
    found = await asyncio.to_thread(lambda: list(reached(plan, settings, home, lambda host, _: ("127.0.0.1", port))))
    assert all(isinstance(each, Reached) for each in found)
    return {each.subject: (each.ok, each.detail) for each in found}


def vantage(home: Path, proxy: Proxying, name: str = "afar", login: bytes = b":".join(LOGIN)) -> Vantage:
    path = home / f"{name}.secret"
    path.write_bytes(login)
    path.chmod(0o600)
    kind = "socks5h" if proxy.kind == "socks5" else "http"
    return Vantage(name, f"{kind}://127.0.0.1:{proxy.port}", "there", Path(path.name))


async def silent(peer: Peer) -> None:
    await peer.until_closed()


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_host_by_its_vantages(kind: str, tmp_path: Path) -> None:
    """From here a connection, from afar a tunnel to the same port; nothing is asked of the host in either."""
    async with origin(silent) as host, proxying(kind, {"127.0.0.1": host.port}, login=LOGIN) as proxy:
        plan = Plan((), addresses("https://court.test/a", "https://court.test/b", vantages=("here", "afar")))
        told = await tried(plan, Settings(vantages=(vantage(tmp_path, proxy),)), tmp_path, host.port)

    assert {"vantage afar", "court.test", "court.test from afar"} == told.keys()
    assert {True} == {ok for ok, _ in told.values()}
    assert [] == host.requests and b"" == bytes(proxy.sent)


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_lets_nobody_in(kind: str, tmp_path: Path) -> None:
    """Told in the proxy's own words and without ours; the host behind it is not blamed for more than that."""
    async with origin(silent) as host, proxying(kind, {"127.0.0.1": host.port}, login=LOGIN) as proxy:
        settings = Settings(vantages=(vantage(tmp_path, proxy, login=b"clerk-of-riga:another"),))
        told = await tried(Plan((), addresses("https://court.test/", vantages=("afar",))), settings, tmp_path, host.port)

    assert (True, False) == (told["vantage afar"][0], told["court.test from afar"][0])
    assert told["court.test from afar"][1].startswith("its proxy ")
    assert "clerk-of-riga" not in str(told) and "another" not in str(told)


async def test_a_tunnel_is_opened_and_closed(tmp_path: Path) -> None:
    """It stands, to the port of the address; the proxy was asked for that once."""
    async with origin(silent) as host, proxying("socks5", {"127.0.0.1": host.port}, login=LOGIN) as proxy:
        plan = Plan((), addresses("https://court.test/a", "https://court.test/b", vantages=("afar",)))
        told = await tried(plan, Settings(vantages=(vantage(tmp_path, proxy),)), tmp_path, host.port)

    assert (True, f"a tunnel to port {443} stands") == told["court.test from afar"]
    assert [f"127.0.0.1:{host.port}"] == proxy.asked


async def test_nobody_at_the_other_end(tmp_path: Path) -> None:
    """Host, proxy, stamper, calendar and receivers: each is named, and what to do; no webhook's path is told."""
    with unused() as port:
        plan = Plan(
            (), addresses("https://court.test/"),
            (Webhook(f"http://127.0.0.1:{port}/services/T00/B00-hush", Wanted()), Mail("a@example.org", "b@example.org", f"127.0.0.1:{port}", Wanted())),
        )  # fmt: skip
        settings = Settings(
            vantages=(Vantage("afar", f"socks5h://127.0.0.1:{port}"), Vantage("lost", "socks5://127.0.0.1:1", secret=Path("lost.secret"))),
            authorities=(Authority("stamper", "http://tsa.test/"),), calendars=("https://calendar.test",),
        )  # fmt: skip
        told = await tried(plan, settings, tmp_path, port)

    assert {
        "vantage afar", "vantage lost", "court.test", "stamps: stamper tsa.test", "stamps: OpenTimestamps calendar.test",
        "webhook 127.0.0.1", f"mail 127.0.0.1:{port}",
    } == told.keys()  # fmt: skip
    assert {False} == {ok for ok, _ in told.values()}
    assert "write user:password into it" in told["vantage lost"][1]
    assert "hush" not in str(told)


@contextlib.asynccontextmanager
async def mailing(*said: bytes) -> AsyncIterator[int]:
    """A mail server that greets and answers EHLO and QUIT; what it was told else it refuses."""

    async def serve(peer: Peer) -> None:
        await peer.send(said[0])
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while line := await peer.reader.readuntil(b"\r\n"):
                word = line.split()[0].upper()
                await peer.send({b"EHLO": said[1], b"QUIT": b"221 bye\r\n"}.get(word, b"502 no\r\n"))

    async with origin(serve) as server:
        yield server.port


@pytest.mark.parametrize(
    ("said", "starttls", "ok"),
    [
        ((b"220 mail.test\r\n", b"250-mail.test\r\n250 STARTTLS\r\n"), True, True),
        ((b"220 mail.test\r\n", b"250 mail.test\r\n"), True, False),
        ((b"220 mail.test\r\n", b"250 mail.test\r\n"), False, True),
        ((b"HTTP/1.1 400 Bad\r\n", b""), False, False),
    ],
    ids=["with STARTTLS", "without, and it is wanted", "without, as is meant", "no mail server"],
)
async def test_a_mail_server(said: tuple[bytes, bytes], starttls: bool, ok: bool, tmp_path: Path) -> None:
    """Greeted and left; it must offer what the plan wants of it."""
    async with mailing(*said) as port:
        plan = Plan((), (), (Mail("a@example.org", "b@example.org", f"127.0.0.1:{port}", Wanted(), starttls),))
        told = await tried(plan, Settings(), tmp_path, port)

    assert ok == told[f"mail 127.0.0.1:{port}"][0]


async def test_nothing_is_tried_unasked(tmp_path: Path) -> None:
    """Without --network not one connection is made, and the check says that it was not made."""
    async with origin(silent) as host:
        (tmp_path / "plan.toml").write_text(f'[[links]]\nurls = ["http://127.0.0.1:{host.port}/"]\nevery = "1d"\n')
        quiet = await command(tmp_path, "doctor")
        before = host.connections
        asked = await command(tmp_path, "doctor", "--network")

    rows = {
        name: [row for row in ran.rows if row["check"] == "8 network"] for name, ran in (("quiet", quiet), ("asked", asked))
    }
    assert (0, 1) == (before, host.connections)
    assert (["NOT CHECKED"], ["PASS"]) == tuple([row["outcome"] for row in rows[name]] for name in ("quiet", "asked"))
