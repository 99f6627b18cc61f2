"""What robots.txt says is done (RFC 9309), and a bad one never ends a job."""

from __future__ import annotations

import asyncio
import gzip
import random
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest

from archive.capture import Outcome
from crawler.politeness import Manners, Politeness
from crawler.robots import MOST, Robots

PAGE = "https://court.example/cases?id=1"
FILE = "https://court.example/robots.txt"
OBEY = Manners(0.0)
REAL = next((up / "shared" / "realdata" for up in Path(__file__).parents if (up / "shared" / "realdata").is_dir()), None)


def rules(*lines):
    return "\n".join(lines).encode()


NO = rules("User-agent: *", "Disallow: /")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"", "captured"),
        (NO, "robots"),
        (rules("User-agent: *", "Disallow: /cases"), "robots"),
        (rules("User-agent: *", "Disallow: /other"), "captured"),
        (rules("User-agent: *", "Disallow: /", "Allow: /cases"), "captured"),
        (rules("User-agent: *", "Disallow: /*?id="), "robots"),
        (rules("User-agent: *", "Disallow: /cases$"), "captured"),
        (rules("User-agent: Kartoteka", "Disallow: /", "", "User-agent: *", "Allow: /"), "robots"),
        (rules("User-agent: other", "Disallow: /"), "captured"),
        (b"\xef\xbb\xbf" + NO, "robots"),
        (b"<html><body>404</body></html>", "captured"),
        (b"\x00\xff\xfe" * 1000, "captured"),
        (b"\r".join([b"User-agent: *", b"Disallow: /"]), "robots"),
    ],
)
async def test_rules_are_followed(world, fetching, answer, body, outcome):
    """The group that names us, else the general one; the longest rule wins; a page that is no robots.txt forbids nothing."""
    world.put(FILE, answer(200, body))
    world.put(PAGE, answer())
    visit = await fetching(OBEY).fetch(PAGE)
    assert visit.outcome == outcome
    assert world.times(PAGE) == (outcome == "captured")


@pytest.mark.parametrize(
    ("script", "outcome", "asked"),
    [
        (404, "captured", True),
        (401, "captured", True),
        (403, "captured", True),
        (410, "captured", True),
        (500, "robots", False),
        (503, "robots", False),
        (599, "robots", False),
        (Outcome.RESET, "reset", False),
        (Outcome.TIMEOUT, "timeout", False),
        (Outcome.TOO_SLOW, "too-slow", False),
        (Outcome.TRUNCATED, "truncated", False),  # broke off inside its head
        (Outcome.BAD_HTTP, "captured", True),
        (Outcome.DNS_FAILED, "captured", True),
        (Outcome.REFUSED, "captured", True),
        (Outcome.TLS_FAILED, "captured", True),
    ],
    ids=str,
)
async def test_what_its_answers_mean(world, fetching, answer, script, outcome, asked):
    """4xx allows all. 5xx and a broken answer forbid all for now. Where no connection stood nothing was asked, and the page's
    own try decides."""
    world.put(FILE, answer(script) if isinstance(script, int) else script)
    world.put(PAGE, answer())
    visit = await fetching(OBEY).fetch(PAGE)
    assert (visit.outcome, world.times(PAGE) == 1) == (outcome, asked)
    assert len(visit.exchanges) == 1


async def test_a_dead_host_is_told_as_what_it_is(world, fetching):
    """Not "robots": nobody is there. And the page costs one try beside those for robots.txt."""
    world.put(FILE, Outcome.DNS_FAILED)
    world.put(PAGE, Outcome.DNS_FAILED)
    visit = await fetching(OBEY).fetch(PAGE)
    assert ([exchange.outcome for exchange in visit.exchanges], visit.facts["robots"]) == (
        ["dns-failed"],
        "not had: dns-failed",
    )


@pytest.mark.parametrize(("hops", "outcome"), [(5, "robots"), (6, "captured")])
async def test_five_redirects_are_followed_and_a_sixth_means_there_is_none(world, fetching, answer, hops, outcome):
    """RFC 9309, 2.3.1.2; across hosts as well."""
    world.put(PAGE, answer())
    addresses = [FILE, *(f"https://host{hop}.example/r" for hop in range(hops))]
    for address, target in pairwise(addresses):
        world.put(address, answer(301, location=target))
    world.put(addresses[-1], answer(200, NO))
    assert (await fetching(OBEY).fetch(PAGE)).outcome == outcome


@pytest.mark.parametrize(("filler", "outcome"), [(MOST - 100, "robots"), (600 * 1024, "captured")])
async def test_five_hundred_kibibytes_are_read_and_no_more(world, fetching, answer, filler, outcome):
    """RFC 9309, 2.5: what stands beyond is not read, and a cut line is no rule."""
    body = b"User-agent: *\n" + b"#" * 99 + b"\n" + (b"#" + b"x" * 98 + b"\n") * (filler // 100 - 2) + b"Disallow: /\n"
    world.put(FILE, answer(200, body))
    world.put(PAGE, answer())
    assert (await fetching(OBEY).fetch(PAGE)).outcome == outcome


async def test_a_compressed_file_is_read_and_a_bomb_is_not(world, fetching, answer):
    """Content coding is undone within bounds; beyond them no rule was read."""
    outcomes = []
    for body in (gzip.compress(NO), gzip.compress(b"#" * 200_000_000, 1), b"\x1f\x8bbroken"):
        world.put(FILE, answer(200, body, content_encoding="gzip"))
        world.put(PAGE, answer())
        outcomes.append((await fetching(OBEY).fetch(PAGE)).outcome)
    assert outcomes == ["robots", "captured", "captured"]


async def test_it_is_asked_for_once_a_day_and_origin(world, fetching, clock, answer):
    """Pages of one origin share the answer, also those that come at once; another port is another origin."""
    world.put(FILE, answer(200, b""))
    fetcher = fetching(OBEY)
    await asyncio.gather(*(fetcher.fetch(f"https://court.example/{page}") for page in range(5)))
    await clock.sleep(86_000.0)
    await fetcher.fetch(PAGE)
    assert world.times(FILE) == 1
    await clock.sleep(500.0)
    await fetcher.fetch(PAGE)
    await fetcher.fetch("https://court.example:8443/")
    await fetcher.fetch("http://court.example/")
    assert [world.times(url) for url in (FILE, "https://court.example:8443/robots.txt", "http://court.example/robots.txt")] == [
        2,
        1,
        1,
    ]


async def test_it_is_remembered_over_a_restart(world, fetching, clock, answer, tmp_path):
    """A new process does not ask again within the day."""
    world.put(FILE, answer(200, NO))
    for _ in range(3):
        politeness = Politeness(tmp_path / "state.sqlite", clock=clock)
        assert (await fetching(OBEY, politeness=politeness).fetch(PAGE)).outcome == "robots"
        politeness.close()
    assert world.times(FILE) == 1


async def test_a_site_that_cannot_say_is_asked_again_after_an_hour(world, fetching, clock, answer):
    """All is disallowed for that long, and not for ever."""
    world.put(FILE, answer(503), answer(503), answer(503), answer(200, b""))
    world.put(PAGE, answer())
    fetcher = fetching(OBEY)
    first, second = await fetcher.fetch(PAGE), await fetcher.fetch(PAGE)
    assert (first.outcome, second.outcome, world.times(FILE)) == ("robots", "robots", 3)
    assert first.last.error == "robots.txt could not be had: status 503"
    await clock.sleep(3_601.0)
    assert (await fetcher.fetch(PAGE)).outcome == "captured"


async def test_an_older_copy_serves_while_the_site_cannot_say(world, fetching, clock, answer):
    """RFC 9309, 2.4: known rules are better than none, in both directions."""
    world.put(FILE, answer(200, rules("User-agent: *", "Disallow: /secret")), answer(503))
    world.put(PAGE, answer())
    fetcher = fetching(OBEY)
    await fetcher.fetch(PAGE)
    await clock.sleep(90_000.0)
    assert (await fetcher.fetch(PAGE)).outcome == "captured"
    assert (await fetcher.fetch("https://court.example/secret")).outcome == "robots"


async def test_a_month_of_silence_is_taken_as_absence(world, fetching, clock, answer):
    """RFC 9309, 2.3.1.4: after thirty days unreachable, nothing is forbidden."""
    world.put(FILE, answer(500))
    world.put(PAGE, answer())
    outcomes = []
    fetcher = fetching(OBEY, tries=1)
    for _ in range(3):
        outcomes.append((await fetcher.fetch(PAGE)).outcome)
        await clock.sleep(15.1 * 86_400)
    assert outcomes == ["robots", "robots", "captured"]


async def test_its_visits_are_kept_aside(world, fetching, asides, answer):
    """The file decides what is in the archive, so it is in the archive too."""
    world.put(FILE, answer(301, location="/r"))
    world.put("https://court.example/r", answer(200, NO))
    await fetching(OBEY).fetch(PAGE)
    assert [(visit.url, [exchange.url for exchange in visit.exchanges]) for visit in asides] == [
        (FILE, [FILE, "https://court.example/r"])
    ]


async def test_an_override_is_explicit_and_says_why(world, fetching, asides, answer):
    """A source may decide otherwise, with a reason that every record carries; the file is then not even asked for."""
    world.put(FILE, answer(200, NO))
    world.put(PAGE, answer())
    visit = await fetching(Manners(0.0, robots="court registers are public by law 262-FZ")).fetch(PAGE)
    assert visit.outcome == "captured"
    assert visit.facts["robots"] == "not followed: court registers are public by law 262-FZ"
    assert (world.times(FILE), asides) == (0, [])


@pytest.mark.parametrize(
    ("asked", "paused"), [("10", 10.0), ("1", 3.0), ("99999", 60.0), ("-5", 3.0), ("nan", 3.0), ("soon", 3.0)]
)
async def test_its_crawl_delay_is_a_floor_within_reason(world, fetching, clock, answer, asked, paused):
    """A longer pause is kept up to a minute; a shorter or senseless one changes nothing."""
    world.put(FILE, answer(200, rules("User-agent: *", f"Crawl-delay: {asked}")))
    world.put(PAGE, answer())
    fetcher = fetching(Manners(3.0))
    visit = await fetcher.fetch(PAGE)
    await fetcher.fetch(PAGE)
    times = [at for at, url in world.asked if url == PAGE]
    assert (times[1] - times[0], visit.facts["pause"]) == (paused, paused)


async def test_a_redirect_is_judged_by_the_robots_of_where_it_leads(world, fetching, answer):
    """The hop that is not allowed ends the visit, unasked."""
    world.put(PAGE, answer(302, location="https://closed.example/x"))
    world.put("https://closed.example/robots.txt", answer(200, NO))
    visit = await fetching(OBEY).fetch(PAGE)
    assert [(exchange.url, exchange.outcome, exchange.via) for exchange in visit.exchanges] == [
        (PAGE, "captured", None),
        ("https://closed.example/x", "robots", PAGE),
    ]
    assert world.times("https://closed.example/x") == 0


async def test_a_host_that_cools_down_is_not_asked_for_its_robots(world, fetching, answer):
    """A pause is a pause for robots.txt as well."""
    world.put(FILE, answer(429))
    fetcher = fetching(OBEY)
    first, second = await fetcher.fetch(PAGE), await fetcher.fetch(PAGE)
    assert (first.outcome, second.outcome, world.times(FILE), world.times(PAGE)) == ("paused", "paused", 1, 0)


def test_no_bytes_whatever_make_it_raise():
    """Random bytes and mangled rules are read as far as they go."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    words = [
        b"User-agent:",
        b"*",
        b"Disallow:",
        b"/",
        b"Allow:",
        b"\n",
        b"\r",
        b"%",
        b"%zz",
        b"$",
        b"*" * 9,
        b"\xff",
        b" ",
        b":",
    ]
    words += [b"Crawl-delay:", b"1e999", b"Sitemap:", b"http://[", b"Visit-time:", b"Request-rate:", b"1/0", b"\x00"]
    judged = 0
    for _ in range(500):
        body = b"".join(chance.choices(words, k=chance.randrange(40)))
        ruling = Robots("read", 0.0, 0.0, body).rules()("https://court.example/%zz?a[]=*", "kartoteka")
        judged += isinstance(ruling.allowed, bool) and 0.0 <= ruling.delay <= 60.0
    assert judged == 500


@pytest.mark.real
@pytest.mark.skipif(REAL is None or not (REAL / "hostile/robots").is_dir(), reason="the corpus of robots.txt files is not here")
def test_real_robots_files_are_all_read():
    """Thousands of sites' own files, none of which may raise."""
    assert REAL is not None
    read = 0
    for archive in (REAL / "hostile/robots").glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                if stream is not None:
                    read += isinstance(Robots("read", 0.0, 0.0, stream.read(MOST)).rules()(PAGE, "kartoteka").allowed, bool)
    assert read > 4_000
