"""Blocked here, reachable there: told apart from gone, asked politely, and kept so that it can be shown."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.capture import Outcome
from archive.door import Globals
from archive.finding import Verdict
from archive.ledger.book import Book
from archive.restore import pieces
from archive.shelf import Archive
from archive.verify import verify
from crawler.attempts import attempts
from crawler.errors import BadSettings
from crawler.health import health
from crawler.opening import opened
from crawler.preset import Vantage
from crawler.vantage import Routes
from tests.world.command import crawl as command
from tests.world.faults import Origin, Peer, origin
from tests.world.proxies import OPENED, Proxying, proxying

URL = "http://court.test/news/one"
LOGIN = (b"clerk-of-riga", b"s3cret:words")
PAGE = b"<!doctype html><html><head><title>News of the court</title></head><body><h1>News</h1><p>" + b"A hearing. " * 60
ROBOTS = b"User-agent: *\nDisallow:\n"


def answer(status: int, body: bytes = PAGE) -> bytes:
    return b"HTTP/1.1 %d Said\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


@dataclass
class Place:
    """The court as one vantage sees it: what it answers to everything but robots.txt."""

    says: bytes = answer(200)

    async def script(self, peer: Peer) -> None:
        while (asked := await peer.request()) is not None:
            await peer.send(answer(200, ROBOTS) if b"/robots.txt" in asked.split(b"\r\n")[0] else self.says)


@dataclass
class World:
    options: Globals
    here: Place
    there: Place
    seen_here: Origin
    seen_there: Origin
    proxy: Proxying

    def asked(self) -> tuple[int, int]:
        """How often the page was asked for, here and there."""
        return tuple(sum(b"/news/one" in each.split(b"\r\n")[0] for each in seen.requests)
                     for seen in (self.seen_here, self.seen_there))  # type: ignore[return-value]  # fmt: skip

    def set(self, text: str) -> None:
        (self.options.home / "kartoteka.toml").write_text(
            f'free_bytes = 0\n{text}[[vantages]]\nname = "afar"\nproxy = "socks5h://127.0.0.1:{self.proxy.port}"\n'
            'secret = "afar.secret"\nhosts = ["nowhere.test"]\n'
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    home = tmp_path / "home"
    home.mkdir()
    secret = home / "afar.secret"
    secret.write_bytes(b":".join(LOGIN) + b"\n")
    secret.chmod(0o600)
    here, there = Place(), Place()
    async with (
        origin(here.script) as seen_here,
        origin(there.script) as seen_there,
        proxying("socks5", {"127.0.0.1": seen_there.port}, login=LOGIN) as proxy,
    ):
        made = World(Globals(home, [f"::127.0.0.1:{seen_here.port}"], pace=0), here, there, seen_here, seen_there, proxy)
        made.set("")
        yield made


async def visited(world: World, *vantages: str) -> tuple[str | None, list[tuple[str, str]]]:
    """The verdict that came of it, and of each visit: from where, and its outcome."""
    async with opened(world.options) as crawl:
        crawl.routes.plan({URL: vantages} if vantages else {}, {})
        done = await crawl.url(URL)
        archive = crawl.desk.store.archive
        captures = [each for each in archive.captures(URL) if each.url == URL]
        places = [archive.manifest(each)["facts"].get("vantage", "here") for each in captures]
    return done.reading and done.reading.verdict, [(p, str(c.outcome)) for p, c in zip(places, captures, strict=True)]


async def test_blocked_here_and_reachable_there(world: World) -> None:
    """Both visits are kept, each with its vantage; the page is read; its health says from where it lives. All of it verifies,
    and nothing of the proxy's login is anywhere in the archive."""
    world.here.says = answer(403, PAGE + b"<p>Access denied from your country")
    assert ("page", [("here", "captured"), ("afar", "captured")]) == await visited(world, "here", "afar")
    assert (1, 1) == world.asked()

    home = world.options.home
    with Archive.open(home) as archive, Book.open(home) as book:
        first, second = (each for each in archive.captures(URL) if each.url == URL)
        told, plain = archive.manifest(second), archive.manifest(first)
        state = health(attempts(archive, book, URL))
        laid = {piece.role: piece.octets for piece in pieces(archive, second)}
        kept = archive.exchange(second)
        robots = [each for each in archive.captures("http://court.test/robots.txt")]
    expected = {
        "label": "afar", "kind": "socks5", "proxy": f"127.0.0.1:{world.proxy.port}", "names": "there", "peer": "unknown",
        "fault": None,
    }  # fmt: skip
    assert (2, expected, None) == (told["v"], told["vantage"], told["peer"])
    assert (2, False) == (plain["v"], "vantage" in plain)
    assert world.there.says == kept.response and kept.vantage is not None and "afar" == kept.vantage.label
    assert 2 == len(robots), "each vantage asks for its own"
    assert ("alive", (("afar", "alive"), ("here", "blocked"))) == (state.word, state.vantages)
    assert "tunnel" not in laid, "the tunnel was made for robots.txt, and its words are kept there"
    assert set() == {f"{f.check} {f.detail}" for f in verify(home) if f.outcome is Verdict.FAIL}
    told_octets = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in home.rglob("*") if path.is_file() and path.name != "afar.secret"
    )  # fmt: skip
    assert b"urn:kartoteka:tunnel:" in told_octets
    assert not [secret for secret in LOGIN if secret in told_octets]


async def test_what_the_proxy_says_is_a_record_of_its_own(world: World) -> None:
    """It can be laid out and it is in no other record; the archive made again from its files says the same."""
    async with opened(world.options, vantage="afar", read=False) as crawl:
        await crawl.url(URL)
        archive = crawl.desk.store.archive
        (robots,) = archive.captures("http://court.test/robots.txt")
        laid = {piece.role: piece.octets for piece in pieces(archive, robots)}
        records = archive.manifest(robots)["records"]

    assert b"\x05\x02\x01\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50" == laid["tunnel"]
    assert ["tunnel", "request", "response"] == [each["kind"] for each in records]
    assert OPENED not in laid["response"] and laid["response"].endswith(ROBOTS)


@pytest.mark.parametrize(
    ("here", "there", "verdict", "asked"),
    [
        (answer(200), answer(200), "page", (1, 0)),
        (answer(404), answer(200), "page", (1, 1)),
        (answer(410), answer(404), "gone", (1, 1)),
        (answer(451), answer(200), "page", (1, 1)),
        (answer(429), answer(200), None, (3, 0)),
        (answer(200, PAGE + b'<div class="g-recaptcha" data-sitekey="x"></div><form id="captcha-form">captcha</form>'), answer(200), "captcha", (1, 0)),
        (b"not HTTP at all\r\n\r\n", answer(200), None, (1, 0)),
    ],
    ids=["a page", "gone here alone", "gone everywhere", "withheld here", "too many requests", "a captcha", "no HTTP"],
)  # fmt: skip
async def test_when_the_next_vantage_is_asked(
    world: World, here: bytes, there: bytes, verdict: str | None, asked: tuple[int, int]
) -> None:
    """Where one is blocked or told of nothing; never round a captcha or a request to slow down, and never twice."""
    world.here.says, world.there.says = here, there
    found, _ = await visited(world, "here", "afar")

    assert asked == world.asked()
    if verdict is not None:
        assert verdict == found


async def test_a_dead_proxy_before_a_live_court(world: World) -> None:
    """The next vantage is asked, here this machine itself; and the visit through the proxy says that nothing was asked."""
    world.set("")
    (world.options.home / "afar.secret").write_bytes(b"clerk-of-riga:another")
    assert ("page", [("afar", "paused"), ("here", "captured")]) == await visited(world, "afar", "here")
    assert (1, 0) == world.asked()

    with Archive.open(world.options.home) as archive, Book.open(world.options.home) as book:
        paused = next(iter(archive.captures(URL)))
        state = health(attempts(archive, book, URL))
    assert (Outcome.PAUSED, "vantage afar: its proxy does not take our user and password (status 1)") == (
        paused.outcome, paused.error,
    )  # fmt: skip
    assert ("alive", "blocked") == (state.word, dict(state.vantages)["afar"]), "blocked: not asked; never dead"


async def test_the_settings_alone_name_a_vantage(world: World) -> None:
    """By host, where no plan says otherwise: what is asked for by hand goes the same way as what the daemon asks for."""
    text = (world.options.home / "kartoteka.toml").read_text().replace("nowhere.test", "*.test")
    (world.options.home / "kartoteka.toml").write_text(text)
    assert ("page", [("afar", "captured")]) == await visited(world)
    assert (0, 1) == world.asked()


async def test_the_command_asks_from_where_it_is_told(world: World) -> None:
    """--vantage NAME asks from there alone; an unknown one is an error of use, which names those that there are."""
    world.there.says = answer(403)
    rule = world.options.connect_to[0]
    words = ("url", URL, "--connect-to", rule, "--pace", "0", "--json")
    ran = await command(world.options.home, *words, "--vantage", "afar")
    here = await command(world.options.home, *words, "--vantage", "here")
    wrong = await command(world.options.home, *words, "--vantage", "nowhere")

    assert (3, "blocked", "page") == (ran.status, json.loads(ran.out)["verdict"], json.loads(here.out)["verdict"])
    assert (2, True) == (wrong.status, "known are here, afar" in wrong.err)
    assert not [secret for secret in LOGIN for each in (ran, here, wrong) if secret.decode() in each.out + each.err]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("socks5h://", "socks5h://clerk:hunter22@"), "credentials"),
        (lambda text: text.replace("socks5h://", "https://"), "http://HOST:PORT"),
        (lambda text: text.replace("socks5h://127.0.0.1:", "socks5h://127.0.0.1:9"), "Port out of range"),
        (lambda text: text.replace('name = "afar"', 'name = "here"'), "called 'here'"),
        (lambda text: text.replace("afar.secret", "lost.secret"), "write user:password into it"),
        (lambda text: text.replace('secret = "afar.secret"', 'names = "nowhere"'), "names"),
    ],
    ids=["credentials in it", "a kind we do not speak", "a port", "here", "no secret", "names"],
)
async def test_a_vantage_that_cannot_be_used(world: World, change: Callable[[str], str], told: str) -> None:
    """It is told before anything is asked or kept, and without repeating what is secret."""
    path = world.options.home / "kartoteka.toml"
    path.write_text(change(path.read_text()))
    with pytest.raises(BadSettings, match=told) as caught:
        async with opened(world.options):
            pass

    assert "hunter22" not in str(caught.value) and not (world.options.home / "warc").exists()


async def test_a_secret_that_others_may_read(world: World) -> None:
    """It is refused until it is its owner's alone."""
    (world.options.home / "afar.secret").chmod(0o644)
    with pytest.raises(BadSettings, match="chmod 600"):
        async with opened(world.options):
            pass


async def test_the_proof_says_from_where(world: World) -> None:
    """Report and sheet name the vantage, the proxy and what is not known for it; the login is in neither."""
    async with opened(world.options) as crawl:
        crawl.routes.plan({URL: ("afar",)}, {})
        await crawl.url(URL)
    ran = await command(world.options.home, "prove", URL)

    told = ran.out + ran.err
    assert (
        f"afar, through the socks5 proxy 127.0.0.1:{world.proxy.port}; the proxy looked its name up, and the server's"
        in told.replace("\n", " ")
    )
    assert not [secret for secret in LOGIN if secret.decode() in told]


async def test_a_fetching_process_goes_the_same_way(world: World) -> None:
    """A process of its own reads the login from its file, and hands back what the proxy said and from where it was asked."""
    async with opened(world.options, read=False, vantage="afar", fetchers=1) as crawl:
        done = await crawl.url(URL)
        archive = crawl.desk.store.archive
        page = archive.exchange(done.capture)
        (robots,) = archive.captures("http://court.test/robots.txt")
        tunnel = archive.exchange(robots).tunnel

    assert (Outcome.CAPTURED, world.there.says) == (page.outcome, page.response)
    assert page.vantage is not None and ("afar", "there", None) == (page.vantage.label, page.vantage.names, page.vantage.peer)
    assert tunnel.startswith(b"\x05\x02\x01\x00")


def test_which_vantages_an_address_has() -> None:
    """The plan's word for the address, then for its host, then the settings' by host and by source; else this machine."""
    known = (Vantage("riga", "socks5://r:1", hosts=("*.court.test",)), Vantage("oslo", "socks5://o:1", sources=("sudrf",)))
    routes = Routes(known)
    routes.plan({"http://a.court.test/1": ("here", "oslo")}, {"b.court.test": ("oslo", "riga")})
    asked = {
        "http://a.court.test/1": ("here", "oslo"), "http://a.court.test/2": ("riga",), "http://court.test/": ("riga",),
        "http://b.court.test/": ("oslo", "riga"), "http://notcourt.test/": ("here",), "http://sudrf.test/": ("oslo",),
    }  # fmt: skip
    owner = lambda url: "sudrf" if "sudrf" in url else None  # noqa: E731
    assert asked == {url: routes.of(url, owner) for url in asked}
    assert ("oslo",) == Routes(known, "oslo").of("http://a.court.test/1", owner)
    with pytest.raises(BadSettings, match="from the next start on"):
        routes.plan({"http://a.court.test/1": ("paris",)}, {})
    assert ("here", "oslo") == routes.of("http://a.court.test/1", owner), "a plan that cannot be used changes nothing"
