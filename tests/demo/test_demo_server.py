"""The world on loopback: real names under TLS, accidents in the order of the script, a record of what came in."""

import asyncio
import re
import ssl
from urllib.parse import urljoin

import pytest

from crawler.demo import server
from crawler.demo.docket import FIRST
from crawler.demo.script import STEPS
from crawler.demo.server import serve
from crawler.demo.world import MONTHS, World, listing


async def test_a_court_answers_as_courts_do(visitor):
    """TLS under its own name, chunked, NSR, windows-1251 by header, and no validator of any kind."""
    court = visitor.world.courts[2]
    got = await visitor.get(listing(court, FIRST, *MONTHS[0]))

    assert got.status == 200
    assert "Всего по запросу найдено — 3." in got.text
    expected = {"content-type": "text/html; charset=windows-1251", "nsr": "1", "transfer-encoding": "chunked"}
    assert expected == {name: got.fields.get(name) for name in expected}
    assert set() == got.fields.keys() & {"etag", "last-modified", "content-length"}


async def test_the_dot_host_sends_on_with_the_query_kept(visitor):
    """http on the dot host is a 301 of nginx's 162 octets to https on the dash host; the clear dash host moves too."""
    court = visitor.world.courts[0]
    for url in (
        f"http://{court.dot}/modules.php?name=sud_delo&a=1&a=%EF",
        f"http://{court.dash}/modules.php?name=sud_delo&a=1&a=%EF",
    ):
        got = await visitor.get(url)
        assert (got.status, len(got.body)) == (301, 162)
        assert f"https://{court.dash}/modules.php?name=sud_delo&a=1&a=%EF" == got.fields["location"]


async def test_every_host_has_a_certificate_of_its_own_and_no_other_has(visitor):
    """Strict verification passes for each name of the world; a foreign name gets no certificate at all."""
    for host in visitor.world.hosts:
        _, writer = await visitor.connect(f"https://{host}/")
        names = writer.get_extra_info("peercert")["subjectAltName"]
        assert (("DNS", host),) == names
        writer.close()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        await visitor.connect("https://elsewhere.invalid/")


async def test_nothing_but_the_demo_s_root_makes_it_trusted(visitor):
    """With the trust of the machine alone the handshake fails."""
    visitor.trust = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        await visitor.connect(f"https://{visitor.world.courts[0].dash}/")


async def test_the_first_listing_is_unavailable_once(visitor):
    """503 with Retry-After: 1, then the listing."""
    url = listing(visitor.world.courts[0], FIRST, *MONTHS[0])
    first, second = await visitor.get(url), await visitor.get(url)

    assert (first.status, first.fields["retry-after"]) == (503, "1")
    assert "сайт временно недоступен" in first.text
    assert second.status == 200
    assert "Всего по запросу найдено — 4." in second.text


async def test_the_connection_breaks_once_before_the_answer(visitor):
    """A reset, not an end: no octet of an answer; then the listing. The log has both."""
    url = listing(visitor.world.courts[1], FIRST, *MONTHS[0])
    with pytest.raises(ConnectionResetError):
        await visitor.get(url)

    assert (await visitor.get(url)).status == 200
    assert [entry.status for entry in visitor.served.log] == [None, 200]


async def test_a_connection_carries_several_exchanges(visitor):
    """Keep-alive: three requests sent at once are answered in order on one connection; HEAD has no body."""
    court = visitor.world.courts[3]
    reader, writer = await visitor.connect(f"https://{court.dash}/")
    host = f"Host: {court.dash}:443\r\n"
    writer.write(
        f"GET /robots.txt HTTP/1.1\r\n{host}\r\nHEAD / HTTP/1.1\r\n{host}\r\n"
        f"GET /robots.txt HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode()
    )
    raw = await reader.read()
    writer.close()

    assert re.findall(rb"HTTP/1\.1 (\d+)", raw) == [b"200", b"200", b"200"]
    assert raw.count(b"Disallow: /admin/") == 2
    assert b"<html" not in raw
    assert [entry.url.removeprefix(f"https://{court.dash}") for entry in visitor.served.log] == [
        "/robots.txt",
        "/",
        "/robots.txt",
    ]


async def test_what_is_no_request_is_refused(visitor):
    """400 and the end of the connection."""
    reader, writer = await visitor.connect("http://anything.invalid/")
    writer.write(b"HELO there\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_the_connect_rules_name_both_ports_and_every_host(visitor):
    """Two rules with an empty host, each to a port of loopback that is open."""
    pattern = re.compile(r":(80|443):127\.0\.0\.1:\d+")
    assert [pattern.fullmatch(rule)[1] for rule in visitor.served.connect_to] == ["80", "443"]


async def test_leaving_the_world_closes_everything(world):
    """Idle connections end, the ports are shut, the certificates are gone."""
    async with serve(world) as served:
        port = int(served.connect_to[0].rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert served.ca_file.exists()

    assert await reader.read() == b""
    writer.close()
    assert not served.ca_file.parent.exists()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_fault_of_the_world_is_never_taken_for_an_accident(world, monkeypatch):
    """An error in making an answer breaks the connection, and leaving the world raises it."""

    def broken(*_):
        raise RuntimeError("the world is wrong")

    monkeypatch.setattr(server, "answer", broken)
    with pytest.raises(RuntimeError, match="the world is wrong"):
        async with serve(world) as served:
            port = int(served.connect_to[0].rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a.invalid\r\n\r\n")
            assert await reader.read() == b""
            writer.close()


async def _follow(visitor, url):
    """Fetch as a crawler does: again after a break or a 503, on after a redirect. Returns the last answer."""
    for _ in range(4):
        try:
            got = await visitor.get(url)
        except ConnectionResetError:
            continue
        if got.status == 301:
            url = got.fields["location"]
        elif got.status != 503:
            return url, got
    raise AssertionError(f"no answer: {url}")


async def _crawl(visitor):
    """Every seed, its further pages, every card they link, and the single addresses."""
    todo, seen = [seed.url for seed in visitor.world.seeds()], set()
    todo += visitor.world.addresses()
    while todo:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        final, got = await _follow(visitor, url)
        if ".sudrf.ru" in final and "name_op=r&" in final:
            links = re.findall(r"<a href='(/[^']*name_op=case[^']*)'", got.text) + re.findall(
                r"<a href= (\S+)>\d+</a>", got.text
            )
            todo += [urljoin(final, link) for link in links]


@pytest.mark.parametrize("seed", [1, 20250602])
async def test_the_script_happens_as_written(seed, visitor_of):
    """Two visits of a plain crawler meet every accident; those that happen once happen once; nothing else is noted."""
    world = World(seed=seed)
    async with serve(world) as served:
        visitor = visitor_of(served)
        await _crawl(visitor)
        assert world.script.missing((1,)) == ()
        world.turn(2)
        await _crawl(visitor)

    assert world.script.missing() == ()
    assert {1} == {world.script.count(step.name) for step in STEPS if step.once}
    assert sorted({entry.step.visit for entry in world.script.happened}) == [1, 2]
