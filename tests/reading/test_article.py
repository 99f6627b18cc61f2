"""What a news page says of itself, where it says it, and what is no article."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from archive.ledger.observation import Reading
from archive.memento import Memento
from archive.text import decode_text, fold
from crawler.page import Page
from crawler.readers import read
from crawler.sites.article import day

URL = "https://news.example/article/2031/05/06/seventeen?utm_source=x"
SENTENCES = [
    "Гарнизонный суд Вымышленска рассмотрел семнадцать дел о самовольном оставлении части за первый квартал.",
    "Об этом говорится в карточках суда, которые прочла редакция, и в справке, которую подготовил секретарь.",
    "По словам адвоката Примеровой, приговоры по десяти делам уже вступили в законную силу.",
    "Остальные решения обжалованы, и апелляция назначена на июнь следующего года, сообщили в суде.",
]
PAGE = f"""<!DOCTYPE html>
<html lang="ru-RU"><head><meta charset="utf-8">
<title>Семнадцать дел | Вымышленные новости</title>
<meta property="og:type" content="article">
<meta property="og:title" content="Семнадцать дел за&nbsp;квартал">
<meta property="og:site_name" content="Вымышленные новости">
<meta property="og:image" content="/og/17.png">
<meta property="article:published_time" content="2031-05-06T09:30:00+03:00">
<meta property="article:modified_time" content="2031-05-07T10:00:00+03:00">
<link rel="canonical" href="/article/2031/05/06/seventeen">
<link rel="alternate" hreflang="en" href="https://en.news.example/article/2031/05/07/seventeen-eng">
<link rel="alternate" hreflang="ru" href="/article/2031/05/06/seventeen">
<link rel="alternate" type="application/rss+xml" href="/rss">
<link rel="amphtml" href="/article/2031/05/06/seventeen/amp">
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [
 {{"@type": "BreadcrumbList", "headline": "Не та"}},
 {{"@type": ["NewsArticle"], "headline": "Другая",
   "author": [{{"@type": "Person", "name": "\\u0410\\u043d\\u043d\\u0430 Примерова"}},
   {{"@type": "Person", "name": "Иван Вымышленный"}}], "inLanguage": {{"name": "Russian"}},
   "isAccessibleForFree": true, "n": [1, "2"]}}]}}
</script></head><body>
<nav><a href="/news">Новости</a> <a href="/about">О нас</a></nav>
<article><h1>Семнадцать дел за квартал</h1><p>{SENTENCES[0]}</p><p>{SENTENCES[1]}
 Карточки <a href="https://court.example/cards?n=1&amp;x=2" hreflang=ru>открыты</a>, <a href="#note">примечание</a>,
 <a href="mailto:a@news.example">почта</a>, <a href="https://court.example/cards?n=1&amp;x=2">ещё раз</a>.</p>
<p>{SENTENCES[2]}</p><script>var ad = "реклама";</script><p>{SENTENCES[3]}</p></article>
<footer>© Вымышленные новости</footer></body></html>"""


def reading(page: str = PAGE, url: str = URL) -> Reading:
    return read(Memento.saved(url, page.encode(), [("Content-Type", "text/html; charset=utf-8")]))


def values(said: Reading, property: str) -> list[tuple[str, str | None, bool]]:
    return [(each.raw, each.value, each.derived) for each in said.observations if each.property == property]


def test_an_article_says_what_it_is() -> None:
    """Every property from the first place that gives it, in its normal form; several values are several observations."""
    said = reading()

    assert (said.verdict, said.parser, said.charset) == ("page", "article/3", "utf-8")
    assert {each.subject.partition("#claim:")[0] for each in said.observations} == {URL}
    assert values(said, "title") == [("Семнадцать дел за квартал", "Семнадцать дел за квартал", False)]
    assert values(said, "authors") == [
        ("Анна Примерова", "Анна Примерова", False),
        ("Иван Вымышленный", "Иван Вымышленный", False),
    ]
    assert values(said, "published") == [("2031-05-06T09:30:00+03:00", "2031-05-06", False)]
    assert values(said, "modified") == [("2031-05-07T10:00:00+03:00", "2031-05-07", False)]
    assert values(said, "language") == [("ru-RU", "ru", False)]
    assert values(said, "outlet") == [("Вымышленные новости", "Вымышленные новости", False)]
    assert values(said, "image") == [("/og/17.png", "https://news.example/og/17.png", False)]
    canonical = "https://news.example/article/2031/05/06/seventeen"
    english = "https://en.news.example/article/2031/05/07/seventeen-eng"
    assert values(said, "canonical") == [("/article/2031/05/06/seventeen", canonical, False)]
    assert values(said, "alternate") == [
        (english, f"en {english}", False),
        ("/article/2031/05/06/seventeen", f"ru {canonical}", False),
    ]


def test_every_value_stands_in_the_source() -> None:
    """The quote is the slice that says it: an attribute, a JSON literal with its escapes, the body's markup."""
    said = reading()

    assert {PAGE[each.start : each.end] == each.quote for each in said.observations} == {True}
    assert [each.quote for each in said.observations if each.property == "authors"] == [
        "\\u0410\\u043d\\u043d\\u0430 Примерова",
        "Иван Вымышленный",
    ]
    assert [each.quote for each in said.observations if each.property == "title"] == ["Семнадцать дел за&nbsp;квартал"]
    page = Page(PAGE, URL, "utf-8")
    assert all(page.one(each.selector).tag in ("meta", "html", "link", "script", "article") for each in said.observations)


def test_the_body_is_derived_and_quoted_from_its_first_word_to_its_last() -> None:
    """In the smallest element that holds it, navigation, scripts and footer left out."""
    [body] = [each for each in reading().observations if each.property == "body"]

    assert body.derived and body.value is None
    assert all(sentence in body.raw for sentence in SENTENCES)
    assert "Новости" not in body.raw and "реклама" not in body.raw and "©" not in body.raw
    assert Page(PAGE, URL, "utf-8").one(body.selector).tag == "article"
    assert body.quote.endswith(SENTENCES[3].rstrip(".")) or body.quote.endswith(SENTENCES[3])


def test_links_are_those_the_body_cites() -> None:
    """http and https, each once, resolved; not the page itself, not the site's menu; and what joins editions."""
    links = [(link.rel, link.url, link.text, link.language) for link in reading().links]

    assert links == [
        ("canonical", "https://news.example/article/2031/05/06/seventeen", "", None),
        ("alternate", "https://en.news.example/article/2031/05/07/seventeen-eng", "", "en"),
        ("alternate", "https://news.example/article/2031/05/06/seventeen", "", "ru"),
        ("cited", "https://court.example/cards?n=1&x=2", "открыты", "ru"),
        ("amp", "https://news.example/article/2031/05/06/seventeen/amp", "", None),
    ]


def test_a_base_moves_every_address() -> None:
    """What a browser would resolve against."""
    said = reading(PAGE.replace("<title>", '<base href="https://mirror.example/deep/"><title>'))

    assert values(said, "canonical")[0][1] == "https://mirror.example/article/2031/05/06/seventeen"


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("<p class=date>6 мая 2019</p>", "2019-05-06"),
        ("<p class=post-time>Вымышленск, 6 травня 2019, 10:00</p>", "2019-05-06"),
        ('<p class="published">May 6, 2019</p>', "2019-05-06"),
        ('<p class="published">06.05.2019</p>', "2019-05-06"),
    ],
)
def test_dates_without_marks_are_concluded_from_what_is_shown(shown: str, value: str) -> None:
    """A day that the text shows is derived, and quoted where a reader sees it."""
    plain = PAGE.replace("2031-05-06T09:30:00+03:00", "").replace("<h1>", f"{shown}<h1>")
    plain = plain.replace("article:modified_time", "x:y").replace("2031/05/0", "x/")

    said = reading(plain, "https://news.example/article/seventeen")

    [published] = [each for each in said.observations if each.property == "published"]
    assert (published.value, published.derived) == (value, True)
    assert published.quote in shown and plain[published.start : published.end] == published.quote


DAYS = {
    "2031-05-06T23:59:00+03:00": "2031-05-06", "2031-05-06 10:00": "2031-05-06", "2031-05": "2031-05",
    "06.05.2031, 10:00": "2031-05-06", "6 May 2031": "2031-05-06", "31 листопада 2031": None, "2031-02-30": None,
    "2031-13-01": None, "вчера": None, "": None, "0000-00-00T00:00": None, "20310506": None,
}  # fmt: skip


@pytest.mark.parametrize(("raw", "value"), DAYS.items())
def test_a_day_is_one_or_none(raw: str, value: str | None) -> None:
    """As precise as it is said, by the page's own clock; no day is made up."""
    assert day(raw) == value


@pytest.mark.parametrize(
    ("page", "url"),
    [
        pytest.param(re.sub("<article>.*</article>", "<h1>Семнадцать</h1>", PAGE, flags=re.S), URL, id="no body"),
        pytest.param("<body><p>" + "</p><p>".join(SENTENCES * 3), URL, id="no title"),
        pytest.param(
            "<title>Новости</title>" + "".join(f"<p>{s}</p>" for s in SENTENCES * 3), "https://news.example/", id="front page"
        ),
        pytest.param(
            "<title>Справка</title><p>" + SENTENCES[0] + SENTENCES[1] + SENTENCES[2],
            URL,
            id="short, and nowhere called an article",
        ),
        pytest.param("<title>Файл</title>", URL, id="nothing"),
    ],
)
def test_what_is_no_article(page: str, url: str) -> None:
    """In doubt it is another page: nothing of it is entered."""
    said = reading(page, url)

    assert (said.verdict, said.observations) == ("other-page", ())


def test_a_soft_404_with_much_text_is_none() -> None:
    """Its heading says what it is."""
    assert reading(PAGE.replace("<h1>Семнадцать дел за квартал", "<h1>Страница не найдена")).verdict == "soft-404"


def test_broken_marks_are_left_out() -> None:
    """JSON cut short, a language tag merged from a second html: what can be shown is said, the rest is not."""
    broken = (
        PAGE.replace('<html lang="ru-RU">', "<html>")
        .replace("<body>", '<body><html lang="ru">')
        .replace("]}\n</script>", "</script>")
    )

    said = reading(broken)

    assert said.verdict == "page"
    assert [found[0] for found in values(said, "authors")] == ["Анна Примерова", "Иван Вымышленный"]
    assert [found[:2] for found in values(said, "language")] == [("Russian", "ru")]


def test_a_link_that_is_none_is_passed_over() -> None:
    """`http://[` is no address, and costs no reading."""
    said = reading(PAGE.replace('href="#note"', 'href="http://["'))

    assert [link.url for link in said.links if link.rel == "cited"] == ["https://court.example/cards?n=1&x=2"]


@pytest.mark.real
def test_saved_news_pages(realdata: Path) -> None:
    """Published dates agree with people's annotation, canonical addresses with the markup; every quote is in the source."""
    seen: Counter[str] = Counter()
    rows = [json.loads(line) for line in (realdata / "news" / "pages_index.jsonl").read_text().splitlines()]
    for row in [row for row in rows if (realdata / "news" / row["file"]).exists()][::3]:
        body = gzip.decompress((realdata / "news" / row["file"]).read_bytes())
        said = read(Memento.saved(row["url"], body))
        seen["pages"] += 1
        if said.verdict != "page":
            continue
        seen["articles"] += 1
        text = decode_text(body, said.charset)
        assert all(text[each.start : each.end] == each.quote for each in said.observations)
        assert all(fold(raw) in [fold(each) for each in row["canonical"]] for raw, _, _ in values(said, "canonical"))
        published = [value for _, value, derived in values(said, "published") if not derived]
        if row.get("date") and published:
            seen["dated"] += 1
            seen["dated right"] += published == [row["date"]]

    assert seen["articles"] > 0.9 * seen["pages"] > 0
    assert seen["dated right"] > 0.85 * seen["dated"] > 0
