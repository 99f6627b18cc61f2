"""Mirror lists: origins normalised, spans united, broken files survived, and each pair true in its span alone."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from crawler.editions.mirrors import Mirrors, Span, plain_origin, read, table
from tests.world.command import crawl

HEAD = "origin\tmirror_host\tfirst_seen_commit_utc\tlast_seen_commit_utc\tin_last_commit\n"
DAY = date(2031, 8, 8)


@pytest.mark.parametrize(
    "spelt",
    ["news.example", "https://news.example", "http://www.news.example/", "HTTPS://WWW.News.Example//", " news.example/ "],
)
def test_an_origin_in_all_its_spellings(spelt: str) -> None:
    """With and without scheme, www, slash and capitals."""
    assert "news.example" == plain_origin(spelt)


def test_the_spans_of_one_pair_are_one() -> None:
    """Respelt origins are one; what the last list has is open-ended; a day is in UTC."""
    text = HEAD + (
        "news.example\tgate.example\t2031-03-14T13:22:52+01:00\t2031-03-14T13:22:52+01:00\t0\n"
        "https://www.news.example/\tgate.example\t2031-05-01T00:30:00+01:00\t2031-06-01T10:00:00+00:00\t0\n"
        "https://other.example\tdoor.example\t2031-05-01T10:00:00+00:00\t2031-08-08T10:00:00+00:00\t1\n"
    )
    mirrors = table([read(text.encode(), DAY)])

    assert (
        Span("news.example", "gate.example", date(2031, 3, 14), date(2031, 6, 1)),
        Span("other.example", "door.example", date(2031, 5, 1), None),
    ) == mirrors.spans
    assert [] == mirrors.of("gate.example", date(2031, 6, 2))
    assert "other.example" == mirrors.of("door.example", date(2040, 1, 1))[0].origin


def test_every_pair_resolves_in_its_span_and_not_outside() -> None:
    """A thousand random pairs: inside yes, a day before and a day after no; two origins on one day are both told."""
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    draw = random.Random(seed)
    lines = []
    for _ in range(1000):
        first = date(2030, 1, 1) + timedelta(draw.randrange(700))
        last = first + timedelta(draw.randrange(300))
        origin = draw.choice(("https://www.news{}.example/", "news{}.example", "http://news{}.example")).format(
            draw.randrange(40)
        )
        lines.append(f"{origin}\tgate{draw.randrange(300)}.example\t{first}T10:00:00Z\t{last}T10:00:00Z\t{draw.randrange(2)}")
    mirrors = table([read((HEAD + "\n".join(lines)).encode(), DAY)])

    for span in mirrors.spans:
        for day in (span.first, span.last or date(2050, 1, 1)):
            assert span in mirrors.of(span.host, day)
        assert span not in mirrors.of(span.host, span.first - timedelta(1))
        assert span.last is None or span not in mirrors.of(span.host, span.last + timedelta(1))
    assert {host for host, _ in mirrors.ambiguous()} == {
        span.host for span in mirrors.spans if len({other.origin for other in mirrors.spans if other.host == span.host}) > 1
    }
    assert len(mirrors.spans) == len({(span.origin, span.host) for span in mirrors.spans})


def test_an_origin_that_stands_twice_in_a_file() -> None:
    """JSON's second key would hide the first: both are read."""
    listed = read(b'{"news.example": ["a.example"], "news.example": ["b.example"], "one.example": "c.example"}', DAY)

    assert ["a.example", "b.example", "c.example"] == [span.host for span in listed.spans]
    assert () == listed.faults


@pytest.mark.parametrize(
    ("octets", "hosts"),
    [
        (b'{"news.example": ["a.example", "b.example",], "other.example": ["c.example"]', 3),
        (b'{\n"news.example": [\n"a.example"\n],\n}\n', 1),
        (b'{"news.example": ["a.example" "b.exam', 1),
        (b"<<<<<<< HEAD\n", 0), (b"", 0), (b"\xff\xfe\x00", 0), (b"[" * 50_000, 0), (b'["a", 1, null]', 0),
        (b'{"news.example": {"x": 1}}', 0), (b"origin\tx\n1\t2\n", 0), (HEAD.encode() + b"a\tb\n\n\t\t\t\t\nnews.example\ta.example\tyesterday\t\t0", 0),
    ],
)  # fmt: skip
def test_a_broken_list_is_read_as_far_as_it_goes(octets: bytes, hosts: int) -> None:
    """Nothing crashes, what is there is taken, and what was wrong is told."""
    listed = read(octets, DAY)

    assert hosts == len(listed.spans)
    assert listed.faults


def test_the_newest_list_closes_what_it_no_longer_has() -> None:
    """A list is one day's; a pair that the next one lacks ended with the one before. A broken list closes nothing."""
    old = read(b'{"news.example": ["a.example", "b.example"]}', date(2031, 1, 1))
    new = read(b'{"https://news.example/": ["b.example"]}', date(2031, 6, 1))
    broken = read(b'{"news.example": ["c.example",]', date(2031, 7, 1))

    assert [("a.example", date(2031, 1, 1)), ("b.example", None)] == [(s.host, s.last) for s in table([new, old]).spans]
    assert {"b.example", "c.example"} == {s.host for s in table([old, new, broken]).spans if s.last is None}


def test_a_table_that_knows_no_days_is_seen() -> None:
    """The mutant: spans without ends resolve where they should not."""
    honest = Span("news.example", "a.example", date(2031, 1, 1), date(2031, 2, 1))
    endless = Mirrors([Span(honest.origin, honest.host, date.min, None)])

    assert [] == Mirrors([honest]).of("a.example", date(2031, 2, 2))
    assert [] != endless.of("a.example", date(2031, 2, 2))


async def test_the_command_keeps_the_list(tmp_path: Path) -> None:
    """Contract's keys; the bytes are in the archive once, by their digest; the table is made of them; a broken one is 3."""
    home, file = tmp_path / "home", tmp_path / "sites_2031-07-01.json"
    file.write_text('{"https://news.example/": ["a.example", "two.example"], "other.example": ["two.example"]}')
    ran = await crawl(home, "mirrors", "import", str(file))
    again = await crawl(home, "mirrors", "import", str(file))
    found = await crawl(home, "mirrors", "find", "two.example", "--at", "2031-07-01")
    before = await crawl(home, "mirrors", "find", "two.example", "--at", "2031-06-30")
    editions = await crawl(home, "editions", "https://news.example/a/b", "https://a.example/a/b")
    verified = await crawl(home, "verify")
    broken = tmp_path / "broken.json"
    broken.write_text('{"news.example": ["a.example",]}')
    bad = await crawl(home, "mirrors", "import", str(broken))

    plain = [row for row in ran.rows if "kind" not in row]
    assert (0, 0, 0, 5, 0, 3) == (ran.status, again.status, found.status, before.status, verified.status, bad.status)
    assert {"origin": "news.example", "host": "a.example", "from": "2031-07-01", "to": None} == plain[0]
    assert [("ambiguous", "two.example")] == [(row["kind"], row["host"]) for row in ran.rows if "kind" in row]
    assert "ambiguous" in found.err
    assert 1 == len({row["work"] for row in editions.rows})
    kept = [re.findall(r"kept as (\S+),", each.err) for each in (ran, again)]
    assert kept[0] == kept[1] and len(kept[0]) == 1
