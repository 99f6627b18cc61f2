"""What comes of a visit, whatever the host does."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from archive.capture import Outcome
from crawler.errors import FetchFailed
from crawler.fetch import AGAIN, Validators, redirected
from crawler.politeness import Manners, Politeness

PAGE = "https://court.example/modules.php?id=1"
REAL = next((up / "shared" / "realdata" for up in Path(__file__).parents if (up / "shared" / "realdata").is_dir()), None)

RETRIED = ["dns-failed", "refused", "reset", "timeout", "truncated", "too-slow"]
FINAL = ["tls-failed", "bad-http", "too-large", "guarded"]


@pytest.mark.parametrize("word", RETRIED)
async def test_trouble_that_passes_is_tried_again(world, fetching, answer, word):
    """Each try is kept, and the last one decides."""
    world.put(PAGE, Outcome(word), Outcome(word), answer())
    visit = await fetching().fetch(PAGE)
    assert [exchange.outcome for exchange in visit.exchanges] == [word, word, "captured"]


@pytest.mark.parametrize("word", RETRIED)
async def test_trouble_that_stays_ends_after_three_tries(world, fetching, word):
    """A failure is a visit too, and no host is asked for ever."""
    world.put(PAGE, Outcome(word))
    visit = await fetching().fetch(PAGE)
    assert [exchange.outcome for exchange in visit.exchanges] == [word] * 3


@pytest.mark.parametrize("word", FINAL)
async def test_what_another_try_cannot_mend_is_not_tried_again(world, fetching, word):
    """A certificate, a broken answer, a body too large or a forbidden address stays what it is."""
    world.put(PAGE, Outcome(word))
    visit = await fetching().fetch(PAGE)
    assert [exchange.outcome for exchange in visit.exchanges] == [word]


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 410, 451, 501, *sorted(AGAIN - {429})])
async def test_only_the_statuses_that_may_pass_are_tried_again(world, fetching, answer, status):
    """A 404 is an answer; a 503 may be better the next time."""
    world.put(PAGE, answer(status))
    visit = await fetching().fetch(PAGE)
    assert [exchange.status for exchange in visit.exchanges] == [status] * (3 if status in AGAIN else 1)
    assert visit.outcome is Outcome.CAPTURED


async def test_tries_are_counted_over_all_hops(world, fetching, answer):
    """A chain of redirects through sick hosts does not multiply the tries."""
    world.put(PAGE, Outcome.RESET, answer(302, location="https://b.example/"))
    world.put("https://b.example/", Outcome.RESET)
    visit = await fetching().fetch(PAGE)
    assert [exchange.outcome for exchange in visit.exchanges] == ["reset", "captured", "reset", "reset"]


async def test_jitter_is_full_and_bounded(world, fetching, clock):
    """Waits are drawn from nothing up to a bound that doubles: clients that failed together do not come back together."""
    bounds = []

    def highest(low, high):
        bounds.append((low, high))
        return high

    world.put(PAGE, Outcome.REFUSED)
    await fetching(uniform=highest, tries=5, backoff=2.0).fetch(PAGE)
    # The fifth failure opens the breaker: no wait is drawn for a sixth try that never comes.
    assert bounds[:4] == [(0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0)]
    assert clock.slept == [2.0, 4.0, 8.0, 16.0]


async def test_a_short_retry_after_is_the_floor_of_the_wait(world, fetching, clock, answer):
    """The host says when; jitter comes on top of it, never below."""
    world.put(PAGE, answer(503, retry_after="7"), answer())
    visit = await fetching(uniform=lambda low, high: high).fetch(PAGE)
    assert ([exchange.status for exchange in visit.exchanges], clock.slept) == ([503, 200], [8.0])


async def test_a_long_retry_after_ends_the_visit_and_is_reported(world, fetching, answer):
    """Nobody waits an hour in a fetch; the pause is told, and holds for the next visit."""
    world.put(PAGE, answer(503, retry_after="3600"), answer())
    fetcher = fetching()
    first = await fetcher.fetch(PAGE)
    second = await fetcher.fetch(PAGE)
    assert [exchange.status for exchange in first.exchanges] == [503]
    assert first.facts["paused"] == {"seconds": 3600.0, "why": "503 with Retry-After"}
    assert [(exchange.outcome, exchange.request) for exchange in second.exchanges] == [(Outcome.PAUSED, b"")]
    assert world.times(PAGE) == 1


async def test_an_absurd_retry_after_is_noted(world, fetching, answer):
    """A pause of nine years is kept as a day, and the manifest says so."""
    world.put(PAGE, answer(503, retry_after="283824000"))
    visit = await fetching().fetch(PAGE)
    assert visit.facts["notes"] == ["Retry-After of '283824000' taken as 86400 seconds"]
    assert visit.facts["paused"] == {"seconds": 86400.0, "why": "503 with Retry-After"}


async def test_a_429_quiets_the_whole_platform(world, fetching, answer):
    """One court's 429 is counted by the platform: its other courts are left alone as well, half an hour."""
    other = "https://other-court.example/"
    world.put(PAGE, answer(429))
    world.put(other, answer())
    fetcher = fetching(Manners(0, platform="courts", robots="a test"))
    first, second = await fetcher.fetch(PAGE), await fetcher.fetch(other)
    assert [exchange.status for exchange in first.exchanges] == [429]
    assert second.outcome is Outcome.PAUSED and second.last.error == "429 Too Many Requests; 1800 seconds more"


async def test_the_time_budget_ends_the_tries(world, fetching, clock):
    """Slow failures use up the visit's time before its tries."""
    world.takes = 90.0
    world.put(PAGE, Outcome.TIMEOUT)
    visit = await fetching(budget=100.0, tries=10, uniform=lambda low, high: high).fetch(PAGE)
    assert len(visit.exchanges) == 2  # 90 s, a wait of 1 s; the next would begin after 181
    assert clock.now == 181.0


async def test_without_pace_nothing_is_ever_waited_for(world, fetching, clock, answer):
    """Tests run without pauses: no cool-down, no breaker, no jitter; and the records say so."""
    world.put(PAGE, *[Outcome.RESET] * 20, answer(429), answer(503, retry_after="9999"), answer())
    fetcher = fetching(Manners(5, "p", 5, robots="a test"), politeness=Politeness(None, pace=0, clock=clock), tries=30)
    visit = await fetcher.fetch(PAGE)
    assert (len(visit.exchanges), visit.last.status, clock.now) == (23, 200, 0.0)
    assert (visit.facts["pace"], visit.facts["overridden"]) == (0, True)


async def test_the_dot_host_leads_to_the_dash_host_with_its_query(world, fetching, answer):
    """Each hop is an exchange of its own that says where it came from, and the query goes along."""
    dot = "http://2zovs.msk.sudrf.example/modules.php?name=sud_delo&q=%EF%F0"
    dash = "https://2zovs--msk.sudrf.example/modules.php?name=sud_delo&q=%EF%F0"
    world.put(dot, answer(301, location=dash))
    world.put(dash, answer())
    visit = await fetching().fetch(dot)
    assert [(exchange.url, exchange.via) for exchange in visit.exchanges] == [(dot, None), (dash, dot)]
    assert (visit.url, visit.final_url, visit.outcome) == (dot, dash, "captured")


async def test_the_same_address_again_is_a_loop(world, fetching, answer):
    """The last hop's octets stay; its outcome tells what they amount to."""
    world.put(PAGE, answer(302, location="/b"))
    world.put("https://court.example/b", answer(302, b"moved", location=PAGE))
    visit = await fetching().fetch(PAGE)
    assert [exchange.outcome for exchange in visit.exchanges] == ["captured", "redirect-loop"]
    assert visit.last.response.endswith(b"moved") and visit.last.status == 302


async def test_ten_redirects_are_followed_and_no_more(world, fetching, answer):
    """A chain that never ends is a loop as well."""
    for hop in range(12):
        world.put(f"https://court.example/{hop}", answer(302, location=f"/{hop + 1}"))
    visit = await fetching().fetch("https://court.example/0")
    assert (len(visit.exchanges), visit.outcome) == (11, "redirect-loop")
    world.put("https://court.example/11", answer())
    visit = await fetching().fetch("https://court.example/1")
    assert (len(visit.exchanges), visit.outcome) == (11, "captured")


async def test_a_redirect_to_nowhere_is_an_answer(world, fetching, answer):
    """What cannot be followed is kept as the answer it is, and the reason beside it."""
    world.put(PAGE, answer(302, location="file:///etc/passwd"))
    visit = await fetching().fetch(PAGE)
    assert [(exchange.outcome, exchange.status) for exchange in visit.exchanges] == [("captured", 302)]
    assert visit.facts["notes"] == [
        "the redirect was not followed: not an http or https address: 'file:///etc/passwd'",
    ]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/дело?q=суд".encode(), "https://court.example/%D0%B4%D0%B5%D0%BB%D0%BE?q=%D1%81%D1%83%D0%B4"),
        ("/дело?q=суд".encode("cp1251"), "https://court.example/%E4%E5%EB%EE?q=%F1%F3%E4"),
        ("/é".encode("latin-1"), "https://court.example/%E9"),
        ("//суд.example/".encode(), "https://xn--d1azg.example/"),
        (b"?page=2", "https://court.example/modules.php?page=2"),
        (b"", "https://court.example/modules.php?id=1"),
        (b"#top", "https://court.example/modules.php?id=1"),
        (b" /a b ", "https://court.example/a%20b"),
        (b"http:\\\\other.example\\x", "http://other.example/x"),
        (b"HTTPS://OTHER.example:443", "https://other.example/"),
        (b"../../a/./b", "https://court.example/a/b"),
    ],
)
def test_where_a_location_leads(location, target):
    """Octets beyond ASCII are sent back as they came, in whatever charset they are."""
    assert redirected(PAGE, location) == target


@pytest.mark.parametrize(
    "location",
    [
        b"http://[::1",
        b"//",
        b"http://a b/",
        b"javascript:alert(1)",
        b"http://a:99999/",
        b"http://a..b/",
        b"http://xn--/",
        b"data:,x",
        b"http://" + b"a" * 70 + b".example/",
        b"http://\xf1\xf3\xe4/",
        b"http://a%00b/",
        b"ftp://a/",
        b"http://1.2.3.256/",
    ],
)
def test_a_location_that_is_no_address_is_refused_with_a_reason(location):
    """Hostile text raises ValueError and nothing else."""
    with pytest.raises(ValueError) as caught:
        redirected(PAGE, location)
    assert type(caught.value) is ValueError and str(caught.value)


async def test_no_mutated_location_ever_escapes(world, fetching, answer):
    """Ten thousand mangled redirects, each of them ends as a visit."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    shapes = [b"http://[::1]:80/", b"//a.example/\xd0\xb4", b"https://\xf1.example/", b"/a?b#c", b"http://u:p@1.2.3.4:99/..//"]
    shapes += [
        b"http://xn--d1azg.example/",
        b"\\\\h\\p",
        b"http:a",
        b"HtTpS:///x",
        b"?",
        b"",
        b"http://0x7f.1/%zz",
        b"mailto:a@b",
    ]
    spare = b"\x01\x7f\x80\xff%/:?#[]@\\. \t&=;0x:xn--" + "．。Ⅷ١".encode()
    page = "https://court.example/start"
    fetcher = fetching(politeness=Politeness(None, pace=0))
    words: set[str] = set()
    for _ in range(10_000):
        octets = bytearray(chance.choice(shapes))
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(octets) + 1)
            octets[at : at + chance.randrange(3)] = bytes(chance.choices(spare, k=chance.randrange(4)))
        location = bytes(octets).strip()
        world.put(page, answer(302, location=location))
        world.asked.clear()
        world.requests.clear()
        try:
            visit = await fetcher.fetch(page)
        except FetchFailed as exc:  # pragma: no cover
            pytest.fail(f"seed {seed}: {location!r} let {exc!r} out")
        words.add(visit.outcome)
    assert words <= {"captured", "redirect-loop"}
    assert len(words) == 2


@pytest.mark.real
@pytest.mark.skipif(REAL is None, reason="no real data here")
async def test_real_hostile_locations_end_as_visits(world, fetching, answer):
    """The collected hostile Locations and the web platform's own URL tests, each as a redirect."""
    assert REAL is not None
    collected = json.loads((REAL / "hostile/urls/hostile-locations.json").read_text("utf-8"))
    platform = json.loads((REAL / "hostile/urls/wpt/urltestdata.json").read_text("utf-8"))
    inputs = [*collected, *(case["input"] for case in platform if isinstance(case, dict))]
    fetcher = fetching()
    ended = 0
    for text in inputs:
        octets = text.encode("utf-8", "replace").replace(b"\r", b"").replace(b"\n", b"").strip()
        world.put(PAGE, answer(302, location=octets))
        visit = await fetcher.fetch(PAGE)
        ended += visit.outcome in ("captured", "redirect-loop")
    assert ended == len(inputs) > 800


async def test_an_unchanged_page_is_not_sent_again(world, fetching, answer):
    """The validators of the last capture go out, and a 304 is an outcome of its own."""
    world.put(PAGE, answer(304, b""))
    visit = await fetching().fetch(PAGE, validators=Validators('"abc"', "Mon, 02 Mar 2026 10:00:00 GMT"))
    sent = world.requests[0].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"abc"', "Mon, 02 Mar 2026 10:00:00 GMT")
    assert (visit.outcome, visit.last.status) == ("not-modified", 304)


async def test_a_304_that_nobody_asked_for_is_only_an_answer(world, fetching, answer):
    """Without validators there is nothing that it could stand for."""
    world.put(PAGE, answer(304, b""))
    assert (await fetching().fetch(PAGE)).outcome is Outcome.CAPTURED


async def test_validators_go_to_the_address_that_gave_them(world, fetching, answer):
    """One page's date says nothing about the page it now redirects to."""
    moved = "https://court.example/moved"
    world.put(PAGE, answer(302, location=moved))
    world.put(moved, answer(304, b""))
    await fetching().fetch(PAGE, validators=Validators('"abc"'))
    await fetching().fetch(PAGE, validators=Validators('"abc"', url=moved))
    assert ["if-none-match" in request.headers for request in world.requests] == [True, False, False, True]


async def test_hostile_validators_are_not_sent(world, fetching, answer):
    """An ETag out of a hostile page cannot write a header line."""
    world.put(PAGE, answer())
    await fetching().fetch(PAGE, validators=Validators('"a"\r\nX: y', "вторник"))
    assert {"if-none-match", "if-modified-since", "x"} & set(world.requests[0].headers) == set()


async def test_requests_are_always_alike(world, fetching, answer):
    """Headers have one order, there are no cookies, and coding is pinned to what is undone within bounds."""
    world.put(PAGE, answer(302, location="https://court.example:8443/b", set_cookie="a=b"))
    await fetching().fetch(PAGE)
    names = [[name.decode() for name, _ in request.headers.raw] for request in world.requests]
    assert names == [["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"]] * 2
    assert [request.headers["host"] for request in world.requests] == ["court.example", "court.example:8443"]
    assert world.requests[0].headers["user-agent"] == "kartoteka/0.1 (+mailto:clerk@example.org)"
    assert world.requests[0].headers["accept-encoding"] == "gzip, identity"


async def test_a_bad_certificate_is_recorded_and_that_is_all(world, fetching):
    """Nothing is captured unverified unless a source says so."""
    world.put(PAGE, Outcome.TLS_FAILED)
    visit = await fetching().fetch(PAGE)
    assert [(exchange.outcome, exchange.trusted) for exchange in visit.exchanges] == [("tls-failed", True)]


async def test_an_unverified_capture_stands_beside_its_failure_and_is_marked(world, fetching):
    """Where the source says so: first the failure, then the capture that feeds no ledger value."""
    world.put(PAGE, Outcome.TLS_FAILED)
    visit = await fetching(Manners(0, robots="a test", unverified=True)).fetch(PAGE)
    assert [(exchange.outcome, exchange.trusted) for exchange in visit.exchanges] == [("tls-failed", True), ("captured", False)]


@pytest.mark.parametrize(
    "url", ["", "x", "file:///etc/passwd", "http://", "http://a:99999/", "https://" + "a/" * 5000, "http://[/"]
)
async def test_what_is_no_address_is_a_visit_that_was_never_let_out(world, fetching, url):
    """No exception, no request: one exchange without octets that says why."""
    visit = await fetching().fetch(url)
    assert (visit.outcome, visit.last.request, world.asked) == ("guarded", b"", [])
    assert visit.last.error


async def test_credentials_never_leave_nor_stay(world, fetching, answer):
    """A password in a cited link is neither sent nor kept."""
    world.put("https://court.example/a", answer())
    visit = await fetching().fetch("https://clerk:secret@court.example/a#part")
    assert (visit.url, visit.final_url) == ("https://court.example/a", "https://court.example/a")


@pytest.mark.parametrize("moment", ["asking", "waiting", "queueing"])
async def test_cancellation_goes_through_and_leaves_the_host_free(world, fetching, clock, answer, moment):
    """A cancelled fetch is cancelled, and the host's one slot is free again."""

    async def never(_):  # a host that does not answer
        await asyncio.Event().wait()

    fetcher = fetching()
    if moment == "waiting":
        world.put(PAGE, Outcome.RESET)
        clock.sleep = never
    else:
        world.takes, clock.sleep = 1.0, never
        world.put(PAGE, answer())
    tasks = [asyncio.create_task(fetcher.fetch(PAGE)) for _ in range(2 if moment == "queueing" else 1)]
    await asyncio.sleep(0.01)
    for task in reversed(tasks):
        task.cancel()
    assert [type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)] == [asyncio.CancelledError] * len(tasks)
    world.takes, clock.sleep = 0.0, type(clock).sleep.__get__(clock)
    world.put(PAGE, answer())
    assert (await asyncio.wait_for(fetcher.fetch(PAGE), 5)).outcome is Outcome.CAPTURED
