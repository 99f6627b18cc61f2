"""Addresses grouped by the pages that are held: believed as far as a page may be, and undone by a decision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from archive import decisions
from archive.ledger.book import Book
from archive.shelf import Archive
from archive.store import Store
from crawler.editions.works import SURE
from crawler.held import KIND, Shelf, Works, works
from tests.works.holding import AT, SMALL, hold
from tests.works.web import article
from tests.world.command import crawl

ZONA, EN = "https://zona.media/article/2031/07/18/337", "https://en.zona.media/article/2031/07/19/337"
GATE = "https://unlisted-426024.appspot.com/article/2031/07/19/337"
TIMES = "https://www.themoscowtimes.com"
WHOLE = f"{TIMES}/2031/07/19/a-slug-of-words-a81889"


def canonical(url: str) -> str:
    return f'<link rel="canonical" href="{url}">'


def alternate(**urls: str) -> str:
    return "".join(f'<link rel="alternate" hreflang="{code}" href="{url}">' for code, url in urls.items())


def grouped(home: Path, pages: Mapping[str, bytes | str], *asked: str, read: bool = False) -> Works:
    hold(home, pages, read=read)
    with Archive.open(home) as archive:
        if not read:
            return works(Shelf(archive), asked)
        with Book.open(home) as book:
            return works(Shelf(archive, book), asked)


def one(found: Works) -> bool:
    return len({each.work for each in found.members}) == 1 and all(each.confidence >= SURE for each in found.members)


def test_an_unlisted_mirror_that_names_its_origin(tmp_path: Path) -> None:
    """Its date is a day off and its host on no list; that it names the article, under a path of the grammar, decides."""
    found = grouped(tmp_path, {GATE: article("One", canonical(ZONA), language="ru")}, ZONA, EN, GATE)

    assert one(found)
    assert ["original", "english", "mirror"] == [each.relation for each in found.members]
    assert any("canonical" in reason for reason in found.members[2].reasons)


@pytest.mark.parametrize(
    ("page", "head"),
    [
        (GATE, canonical("https://zona.media/")),
        (GATE, canonical("https://zona.media/article/2031/07/11/other")),
        ("https://other.example/a-report", canonical(ZONA)),
        ("https://zona.media/article/2031/03/22/500500", canonical(ZONA)),
        (EN.replace("337", "other"), canonical(ZONA)),
        ("https://other.example/a-report", '<meta property="og:url" content="https://zona.media/article/2031/07/18/337">'),
    ],
)
def test_a_page_that_is_not_believed(tmp_path: Path, page: str, head: str) -> None:
    """Front pages, other articles, foreign houses with a path of their own: named, and not joined; the reason is told."""
    found = grouped(tmp_path, {page: article("One", head)}, ZONA, page)

    assert 2 == len({each.work for each in found.members})
    assert any(not link.joins and link.confidence < SURE for link in found.links) or "names a front page" in str(found.links)


def test_a_template_that_names_one_address_for_all(tmp_path: Path) -> None:
    """Five articles of one site that all name the first: a mistake of their maker, not five copies."""
    urls = [f"https://news.example/story-{number}/text" for number in range(5)]
    found = grouped(tmp_path, {url: article(url, canonical(urls[0])) for url in urls}, *urls)

    assert 5 == len({each.work for each in found.members})
    pair = grouped(tmp_path / "two", {url: article(url, canonical(urls[0])) for url in urls[:2]}, *urls[:2])
    assert one(pair)


def test_a_page_is_found_in_whatever_spelling(tmp_path: Path) -> None:
    """It was kept with `www.` and a slash, and is asked for without."""
    kept = f"{GATE.replace('https://', 'http://www.')}/"
    found = grouped(tmp_path, {kept: article("One", canonical(ZONA), language="ru")}, ZONA, GATE)

    assert one(found)


def test_hreflang_counts_where_both_say_so(tmp_path: Path) -> None:
    """Two slugs, two days: the outlet's pages name one another; one side alone, or a front page, is not enough."""
    ru, en = "https://zona.media/article/2031/09/04/nine", "https://en.zona.media/article/2031/09/09/mediazona9"
    both = {
        ru: article("Девять", alternate(en=en), language="ru"), en: article("Nine", alternate(ru=ru)),
    }  # fmt: skip
    found = grouped(tmp_path / "both", both, ru, en)
    assert one(found) and ["original", "english"] == [each.relation for each in found.members]
    assert not one(grouped(tmp_path / "one", {**both, en: article("Nine")}, ru, en))
    home = "https://en.zona.media/"
    assert not one(
        grouped(tmp_path / "home", {ru: article("a", alternate(en=home)), home: article("b", alternate(ru=ru))}, ru, home)
    )


def test_a_redirect_within_a_house(tmp_path: Path) -> None:
    """An address without id leads to the article; one that leads to the front page leads nowhere."""
    bare, home = f"{TIMES}/2034/11/13/another-slug", f"{TIMES}/"
    found = grouped(tmp_path, {WHOLE: article("One"), home: article("Front"), bare: WHOLE, f"{TIMES}/2034/01/01/lost": home},
                    WHOLE, bare, f"{TIMES}/2034/01/01/lost")  # fmt: skip

    first, second, third = (each.work for each in found.members)
    assert first == second != third


def test_a_feed_s_address_is_what_it_leads_to(tmp_path: Path) -> None:
    """Feed proxies and shorteners say nothing by themselves; another house's redirect proves nothing."""
    feed, short, other = "http://feedproxy.google.com/~r/x/~3/abc/", "https://t.co/abc", "https://other.example/abc"
    found = grouped(tmp_path, {ZONA: article("One"), feed: ZONA, short: ZONA, other: ZONA}, ZONA, feed, short, other)

    works = [each.work for each in found.members]
    assert works[0] == works[1] == works[2] != works[3]


def test_the_article_s_id_in_its_image(tmp_path: Path) -> None:
    """The Moscow Times names an image by the article's id and its digest: that holds for an address without id."""
    digest = hashlib.md5(b"81889").hexdigest()
    image = f'<meta property="og:image" content="https://static.example/og/{digest[:2]}/81889__{digest}.jpg">'
    forged = f'<meta property="og:image" content="https://static.example/og/{digest[:2]}/81890__{digest}.jpg">'
    bare = f"{TIMES}/2034/11/13/renamed-since"

    assert one(grouped(tmp_path / "a", {bare: article("One", image)}, WHOLE, bare))
    assert not one(grouped(tmp_path / "b", {bare: article("One", forged)}, WHOLE, bare))


def test_one_lead_image(tmp_path: Path) -> None:
    """With the outlet's path it tells a mirror; alone, under another path, it tells nothing."""
    image = '<meta property="og:image" content="https://s3.zona.media/entry/0123456789abcdef0123456789abcdef_1400x850">'
    other = "https://other.example/2031/07/copy"
    found = grouped(
        tmp_path, {url: article("One", image, language="ru") for url in (ZONA, GATE, other)}, ZONA, GATE, other
    )  # fmt: skip

    first, second, third = (each.work for each in found.members)
    assert first == second != third


def test_likeness_proposes_and_never_decides(tmp_path: Path) -> None:
    """A verbatim copy elsewhere is a reprint with a work of its own; the same text under the outlet's path is a mirror."""
    copy = "https://other.example/2031/07/a-copy"
    found = grouped(tmp_path, {url: article("One") for url in (ZONA, GATE, copy)}, ZONA, GATE, copy, read=True)

    first, second, third = found.members
    assert first.work == second.work != third.work
    assert ("reprint", True) == (third.relation, third.confidence < SURE)
    assert any("runs of words" in reason for reason in third.reasons)


def test_a_report_cites_and_is_not_the_work(tmp_path: Path) -> None:
    """It links to the piece, and shares its figures."""
    report = "https://other.example/2031/07/a-report"
    body = (
        f'<p>According to <a href="{ZONA}">the outlet</a>, '
        + "2,076 and 1,369 and 1,010 and 18,159 cases were heard. " * 9
        + "</p>"
    )
    found = grouped(tmp_path, {ZONA: article("One"), report: article("Two", body=body)}, ZONA, report, read=True)

    assert found.members[0].work != found.members[1].work
    assert "cites" == found.members[1].relation


def decide(home: Path, act: str, left: str, right: str) -> None:
    with Store.open(home, settings=SMALL) as store:
        decisions.decide(store, decisions.Decision(KIND, AT, "seen", (left, right), {"act": act, "method": "m"}))


def test_a_decision_parts_joins_and_is_taken_back(tmp_path: Path) -> None:
    """A record of its own, the later one counting; nothing that was kept before is changed."""
    pages = {GATE: article("One", canonical(ZONA), language="ru")}
    hold(tmp_path, pages)
    files = {path.name: path.read_bytes() for path in (tmp_path / "warc").iterdir()}

    def works_now(*urls: str) -> list[str]:
        with Archive.open(tmp_path) as archive:
            return [each.work for each in works(Shelf(archive), urls).members]

    assert 1 == len(set(works_now(ZONA, GATE)))
    decide(tmp_path, "apart", GATE, ZONA)
    assert 2 == len(set(works_now(ZONA, GATE)))
    decide(tmp_path, "undo", ZONA, GATE)
    assert 1 == len(set(works_now(ZONA, GATE)))
    nine, ninth = "https://zona.media/article/2031/09/04/nine", "https://zona.media/translate/2031/09/04/mediazona9"
    assert 2 == len(set(works_now(nine, ninth)))
    decide(tmp_path, "together", nine, ninth)
    assert 1 == len(set(works_now(nine, ninth)))
    for name, octets in files.items():
        assert (tmp_path / "warc" / name).read_bytes().startswith(octets)


async def test_the_command(tmp_path: Path) -> None:
    """Contract's keys and nothing else; no archive is needed, and none is made; what is no address is told."""
    ran = await crawl(tmp_path / "home", "editions", "-", stdin=f"{ZONA}\n{EN}\nmailto:nobody\n")

    assert 3 == ran.status and "mailto:nobody" in ran.err
    assert [["confidence", "reasons", "relation", "url", "work"]] * 2 == [sorted(row) for row in ran.rows]
    assert [f"work:{ZONA}"] * 2 == [row["work"] for row in ran.rows]
    assert not (tmp_path / "home").exists()


async def test_the_command_decides(tmp_path: Path) -> None:
    """--apart with its reason; a decision without one is refused."""
    home = tmp_path / "home"

    assert 2 == (await crawl(home, "editions", ZONA, EN, "--apart")).status
    ran = await crawl(home, "editions", ZONA, EN, "--apart", "--because", "two pieces")
    assert 2 == len({row["work"] for row in ran.rows})
    again = await crawl(home, "editions", ZONA, EN, "--links")
    links = [row for row in again.rows if row.get("kind") == "link"]
    assert 2 == len({row["work"] for row in again.rows if "work" in row})
    assert [("english", "editions/1")] == [(row["relation"], row["method"]) for row in links]
    with Book.open(home) as book:
        before = book.digest()
    rebuilt = await crawl(home, "rebuild")
    assert [before] == [(row["rows"], row["sha256"]) for row in rebuilt.rows if row["file"] == "ledger.sqlite"]
