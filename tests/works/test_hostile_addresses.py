"""Ten thousand mangled addresses: nothing crashes, nothing is joined that was not one, and a plain form stays what it is."""

from __future__ import annotations

import random
from datetime import date

import pytest

from archive.urls import identity
from crawler.editions.address import Said, read
from crawler.editions.evidence import links
from crawler.editions.mirrors import Mirrors, Span
from crawler.editions.works import grouped
from tests.works.test_addresses import EN, TIMES, ZONA

SEEDS = (
    ZONA, EN, f"{TIMES}/2031/07/19/a-slug-a81889", f"{TIMES}/2031/07/19/a-slug", "https://theins.ru/en/politics/273266",
    "https://meduza.io/amp/en/feature/2031/07/18/a-slug", "https://www.svoboda.org/a/slug/32512345.html", "https://zerka1o-page.xyz/news/1.html",
    f"https://web.archive.org/web/20310719120000id_/{ZONA}", "https://zona-media.translate.goog/article/2031/07/18/337?_x_tr_sl=ru&_x_tr_tl=en",
    f"https://www.google.com/url?q={ZONA}&sa=D", "https://x.cdn.ampproject.org/c/s/zona.media/article/2031/07/18/337/amp",
    "https://storage.googleapis.com/qurium/zona.media/a", "https://news.google.com/__i/rss/rd/articles/CBMiK2h0dHBzOi8vem9uYS5tZWRpYQ",
    "https://суд.испытание/дела/337?а=б#в", "https://[2001:db8::1]:8443/a", "http://192.0.2.7/a", "https://gate.example/2031/05/01/slug-a41774",
)  # fmt: skip
SIGNS = "/:?#[]@!$&'()*+,;=%.-~ \t\n\\\"<>|^`{}0aЯ\u200b\u202e\u0000🙂"


def mangled(draw: random.Random) -> str:
    url = draw.choice(SEEDS)
    for _ in range(draw.randint(0, 6)):
        at = draw.randrange(len(url) + 1)
        match draw.randrange(5):
            case 0:
                url = url[:at] + draw.choice(SIGNS) + url[at:]
            case 1:
                url = url[:at] + url[at + draw.randint(1, 9) :]
            case 2:
                url = url[:at] + draw.choice(SEEDS)[draw.randrange(20) :]
            case 3:
                url = url[:at] + url[: draw.randrange(40)] + url[at:]
            case _:
                url = url.replace(draw.choice("/-.0"), draw.choice(SIGNS), 1)
    return url


def run(count: int, seed: int) -> int:
    """How many were addresses; every promise is checked on each."""
    draw, said = random.Random(seed), list[Said]()
    mirrors = Mirrors([Span("moscowtimes.ru", "gate.example", date(2031, 1, 1), None)])
    for _ in range(count):
        url = mangled(draw)
        try:
            identity(url)
        except ValueError:
            continue
        one = read(url, mirrors)  # whatever is wrapped in it: what is an address can be read
        again = read(one.plain)
        assert (again.place, again.plain) == (one.place, one.plain), url
        assert 0 <= one.confidence <= 1 and one.reasons
        said.append(one)
    members = grouped(said, links(said, (), mirrors))
    draw.shuffle(said)
    assert {(each.url, each.work) for each in members} == {
        (each.url, each.work) for each in grouped(said, links(said, (), mirrors))
    }
    return len(said)


def test_mangled_addresses() -> None:
    """No crash; the plain form of an address is its own plain form; the order decides nothing."""
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    assert run(1500, seed) > 300


@pytest.mark.full
def test_ten_thousand_mangled_addresses() -> None:
    """The long form."""
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    assert run(10_000, seed) > 2000
