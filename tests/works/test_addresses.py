"""What an address says by itself: wrappers undone, grammars read, and nothing concluded from a path alone."""

from __future__ import annotations

from datetime import date

import pytest

from crawler.editions import address, outlets
from crawler.editions.address import SURE, read
from crawler.editions.evidence import links
from crawler.editions.mirrors import Mirrors, Span
from crawler.editions.works import grouped
from tests.works.pairs import counted

ZONA, EN = "https://zona.media/article/2031/07/18/337", "https://en.zona.media/article/2031/07/19/337"
TIMES = "https://www.themoscowtimes.com"


def works(*urls: str, mirrors: Mirrors | None = None, day: date | None = None) -> list[str]:
    said = [read(url, mirrors, day) for url in urls]
    return [each.work for each in grouped(said, links(said, (), mirrors, day))]


@pytest.mark.parametrize(
    ("wrapped", "relation"),
    [
        (f"https://web.archive.org/web/20310719120000id_/{ZONA}", "mirror"),
        (f"https://web.archive.org/web/2031/{ZONA}/amp", "mirror"),
        ("https://web.archive.org/web/20310719120000/https:/zona.media/article/2031/07/18/337", "mirror"),
        (f"https://archive.ph/20310719/{ZONA}", "mirror"),
        (f"https://arquivo.example/wayback/20310719120000/{ZONA}", "mirror"),
        (f"https://www.google.com/url?q={ZONA}&sa=D&usg=x", "original"),
        ("https://www.google.com/amp/s/zona.media/article/2031/07/18/337/amp", "amp"),
        ("https://zona-media.cdn.ampproject.org/c/s/zona.media/article/2031/07/18/337/amp", "amp"),
        ("https://zona-media.translate.goog/article/2031/07/18/337?_x_tr_sl=ru&_x_tr_tl=ru", "mirror"),
        (f"https://l.facebook.com/l.php?u={ZONA}&h=x", "original"),
        ("https://storage.googleapis.com/qurium/zona.media/article/2031/07/18/337", "mirror"),
        (f"{ZONA}/amp", "amp"),
        (f"{ZONA}?amp=1", "amp"),
        (f"{ZONA}/?utm_source=chatgpt.com#:~:text=a%20word", "original"),
        (f"{ZONA.replace('https', 'http')}/", "original"),
    ],
)  # fmt: skip
def test_a_wrapper_is_undone(wrapped: str, relation: str) -> None:
    """Archives, caches, redirectors, AMP and tracking stand around one article, and each says what it is to it."""
    assert [f"work:{ZONA}"] * 2 == works(ZONA, wrapped)
    assert relation == read(wrapped).relation


def test_a_machine_s_translation_is_a_text_of_its_own() -> None:
    """It is told whose translation it is, and is not joined with it."""
    said = read("https://zona-media.translate.goog/article/2031/07/18/337?_x_tr_sl=ru&_x_tr_tl=en")

    assert "translation" == said.relation and said.confidence < SURE
    assert 2 == len(set(works(ZONA, said.url)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{TIMES}/2031/07/19/a-slug-of-words-a81889", "https://themoscowtimes.com/2031/07/20/another-slug-a81889/pdf"),
        (f"{TIMES}/2031/07/19/a-slug-of-words-a81889", f"{TIMES}/2034/11/13/a-slug-of-words"),
        (f"{TIMES}/2031/07/19/a-slug-of-words", "https://themoscowtimes.com/2034/11/13/a-slug-of-words"),
        ("https://ru.themoscowtimes.com/2031/05/01/slug-a41774", "https://www.moscowtimes.ru/2031/05/01/slug-a41774"),
        ("https://theins.ru/en/politics/273266", "https://theins.press/en/news/273266"),
        ("https://theins.ru/en/opinion/an-author/273266", "https://theins.press/en/opinion/273266"),
        ("https://meduza.io/en/feature/2031/07/18/a-slug", "https://meduza.io/amp/en/feature/2031/07/18/a-slug"),
        ("https://meduza.io/feature/2031/07/18/a-slug", "https://website3.production.meduza.io/feature/2031/07/18/a-slug"),
        ("https://www.svoboda.org/a/a-slug/32512345.html", "https://www.svoboda.org/a/32512345.html"),
        (
            "https://www.pravda.com.ua/eng/news/2031/06/18/7461452/",
            "https://www.pravda.com.ua/eng/news/2031/06/18/7461452/index.amp",
        ),
        ("https://kyivindependent.com/a-slug-of-words/", "https://www.kyivindependent.com/a-slug-of-words?ref=x"),
        ("https://www.zerkalo.io/news/world/65838.html", "https://zerka1o-page.xyz/news/world/65838.html"),
        ("https://mediazona.by/article/2031/07/18/a-slug", "https://mediazonaby.com/article/2031/07/18/a-slug"),
        ("https://zona.media/translate/2031/09/04/a-slug", "https://en.zona.media/article/2031/09/04/a-slug"),
        ("https://unn.com.ua/uk/news/2031-slug", "https://unn.com.ua/uk/news/2031-slug?_amp=1"),
        (
            "https://www.ukrinform.ua/rubric-ato/123456-a-slug.html",
            "https://www.ukrinform.ua/amp/rubric-ato/123456-a-slug.html",
        ),
        ("https://news.example/a/b?id=7&utm_campaign=x", "http://www.news.example/a/b/?id=7"),
    ],
)
def test_two_addresses_of_one_article(one: str, other: str) -> None:
    """What an outlet's grammar calls the article's own part decides; the rest of the address does not."""
    assert 1 == len(set(works(one, other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{TIMES}/2031/07/19/a-slug-a41774", "https://ru.themoscowtimes.com/2031/07/19/a-slug-a41774"),
        (f"{TIMES}/2031/07/19/a-slug-a41774", f"{TIMES}/2031/07/19/a-slug-a41775"),
        (ZONA, "https://unlisted.appspot.com/article/2031/07/18/337"),
        (ZONA, "https://mediazona.ca/article/2031/07/18/337"),
        (ZONA, "https://zona.media/news/2031/07/18/337"),
        (ZONA, "https://zona.media/article/2031/07/23/337"),
        ("https://www.pravda.com.ua/news/2031/06/18/7461452/", "https://www.pravda.com.ua/eng/news/2031/06/18/7461452/"),
        ("https://theins.ru/politika/273266", "https://theins.ru/en/politics/273266"),
        ("https://zona.media/online/2031/07/18/court#1001", "https://zona.media/online/2031/07/18/court#1002"),
        ("https://zona.media/article/2031/09/04/nine", "https://zona.media/translate/2031/09/04/mediazona9"),
        ("https://www.zerkalo.io/news/world/65838.html", "https://zerkalo.example/news/world/65838.html"),
        ("https://zerka1o-page.xyz/news/world/65838.html", "https://zerka1o-page.xyz/news/world/65839.html"),
        ("https://news.example/a/b?id=7", "https://news.example/a/b?id=8"),
        ("https://news.example/amp/", "https://news.example/"),
        (f"https://any.example/zona.media{ZONA.partition('media')[2]}", ZONA),
    ],
)  # fmt: skip
def test_two_works_that_look_alike(one: str, other: str) -> None:
    """Ids of two editions, paths on unlisted hosts, neighbours by number: none of these joins."""
    assert 2 == len(set(works(one, other)))


def test_the_outlet_s_own_table_joins_two_languages() -> None:
    """Russian and English hosts, one slug, at most two days apart; the English one says so, with the reason."""
    for english in (EN, EN.replace("19/337", "20/337"), EN.replace("/19/337", "/18/337_eng-trl")):
        assert 1 == len(set(works(ZONA, english))), english
    member = grouped([read(EN), read(ZONA)], links([read(EN), read(ZONA)]))[0]
    assert ("english", f"work:{ZONA}") == (member.relation, member.work)
    assert any("own table" in reason for reason in member.reasons) and member.confidence >= SURE


def test_a_slug_that_fits_two_articles_joins_none() -> None:
    """Two candidates are a question, not an answer; and never are two articles of one edition one work."""
    later = ZONA.replace("/18/", "/20/")

    assert 3 == len(set(works(ZONA, later, EN)))
    times = [f"{TIMES}/2031/07/19/a-slug-a81889", f"{TIMES}/2033/01/01/a-slug-a99999", f"{TIMES}/2034/11/13/a-slug"]
    assert 3 == len(set(works(*times)))


def test_an_address_dated_by_its_rendering() -> None:
    """The Moscow Times writes today's date into links without an id: that date is not the article's."""
    said = read(f"{TIMES}/2035/10/29/a-slug-of-words")

    assert said.day is None
    assert any("dated by its rendering" in reason for reason in said.reasons)
    assert date(2031, 7, 19) == read(f"{TIMES}/2031/07/19/a-slug-of-words-a81889").day


def test_a_mirror_in_the_table_is_its_origin_s() -> None:
    """By full host, in its span; on another day it is told, and joins nothing."""
    host, origin = "abcdefgh.global.ssl.fastly.net", "https://ru.themoscowtimes.com/2031/05/01/slug-a41774"
    mirrors = Mirrors([Span("moscowtimes.ru", host, date(2031, 4, 26), date(2031, 7, 8))])
    mirror = f"https://{host}/2031/05/01/slug-a41774"

    assert 2 == len(set(works(origin, mirror)))
    assert 1 == len(set(works(origin, mirror, mirrors=mirrors)))
    assert 1 == len(set(works(origin, mirror, mirrors=mirrors, day=date(2031, 7, 8))))
    assert 2 == len(set(works(origin, mirror, mirrors=mirrors, day=date(2031, 7, 9))))
    assert 2 == len(
        set(works(origin, f"https://other.global.ssl.fastly.net{mirror[mirror.index('/2031') :]}", mirrors=mirrors))
    )
    gone = Mirrors([Span("moscowtimes.ru", host, date(2030, 4, 26), date(2030, 7, 8))])
    assert 2 == len(set(works(origin, mirror, mirrors=gone)))  # no longer listed when the article appeared


def test_a_host_of_two_origins_joins_nothing() -> None:
    """Ambiguous is said; two spellings of one outlet are not two origins."""
    host = "gate.example"
    two = Mirrors([Span(origin, host, date(2031, 1, 1), None) for origin in ("news.example", "other.example")])
    one = Mirrors([Span(origin, host, date(2031, 1, 1), None) for origin in ("moscowtimes.com", "themoscowtimes.com")])

    assert any("ambiguous" in reason for reason in read(f"https://{host}/a/b", two).reasons)
    assert 2 == len(set(works("https://news.example/a/b", f"https://{host}/a/b", mirrors=two)))
    assert 1 == len(set(works(f"{TIMES}/2031/07/19/slug-a81889", f"https://{host}/2031/07/19/slug-a81889", mirrors=one)))


def test_a_grouping_that_takes_a_path_for_a_name_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: one that believes unlisted hosts joins what is not one, and the count of pairs says so."""
    rows = [
        {"cluster": "a", "url": "https://unlisted.appspot.com/article/2031/07/18/337", "relation": "report on it"},
        {"cluster": "a", "url": ZONA, "relation": "original"},
    ]
    assert () == counted(rows, dict(zip([row["url"] for row in rows], works(*(row["url"] for row in rows)), strict=True))).wrong
    monkeypatch.setattr(address, "SURE", 0.2)
    monkeypatch.setattr(address, "_unlisted", lambda host, path: honest(host, path)[1:2])
    assert 1 == len(
        counted(rows, dict(zip([row["url"] for row in rows], works(*(row["url"] for row in rows)), strict=True))).wrong
    )


honest = address._unlisted


def test_every_form_that_fits_a_path_is_found_at_one_look() -> None:
    """Outlets' forms are asked together; asked one by one, edition for edition, they say the same."""
    paths = [
        "/article/2031/07/18/337", "/news/2031/07/19/337", "/2031/07/19/a-slug-of-four-words-a81889", "/en/news/a-slug-of-words",
        "/a/32567890.html", "/eng/news/2031/07/19/7400001/", "/rubric-ato/3712345-title.html", "/", "/2031/07/a-b", "/a",
    ]  # fmt: skip
    fitting = {path: list(outlets.fitting(path)) for path in paths}

    assert sum(map(len, fitting.values())) > 5
    for path, found in fitting.items():
        every = (outlets.in_edition(edition, path) for each in outlets.outlets() for edition in each.editions)
        assert [each for each in every if each] == found
