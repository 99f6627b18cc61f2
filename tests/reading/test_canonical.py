"""Which address a page calls its own is followed, and which is not; outlets and their ids."""

from __future__ import annotations

import pytest

from crawler.editions.canonical import FOLLOWED, REFUSED, decide
from crawler.editions.outlets import outlets, own_id, title
from tests.reading.test_article import PAGE, reading, values

HERE = "https://paper.example/news/2031/05/06/seventeen-cases-10432"


@pytest.mark.parametrize(
    ("url", "named", "why"),
    [
        (HERE, ["https://www.paper.example/news/2031/05/06/seventeen-cases-10432/"], "same"),
        (HERE, ["http://paper.example/news/2031/05/06/%73eventeen-cases-10432"], "same"),
        (f"{HERE}?utm_source=x&fbclid=1", [HERE], "query"),
        (f"{HERE}?p1=top", [HERE], "query"),
        (f"{HERE};jsessionid=A1B2", [HERE], "query"),
        ("https://paper.example/view.php?f=4&t=167&sid=58", ["https://paper.example/view.php?t=167"], "query"),
        (HERE, ["https://paper.example/other/10432"], "path"),
        ("https://paper.example/jokes-of-the-day/slide/3", ["https://paper.example/jokes-of-the-day/"], "path"),
        ("https://feedproxy.google.com/~r/paper/~3/x/", [HERE], "wrapper"),
        ("https://mirror.example/news/2031/05/06/seventeen-cases-10432", [HERE], "mirror"),
        (HERE, [HERE, "https://paper.example/"], "several"),
        (HERE, ["https://.broken.example"], "no-host"),
        (HERE, ["https://paper.example/"], "front-page"),
        (HERE, ["https://paper.example/en/"], "front-page"),
        (HERE, ["https://paper.example/news"], "section"),
        (HERE, ["https://agency.example/story/10432"], "other-publisher"),
        ("https://paper.example/article.php?storyid=504", ["https://paper.example/article.php"], "lost-id"),
        (HERE, ["https://paper.example/quite/another"], "other-path"),
    ],
)
def test_a_canonical_address_is_weighed_and_not_obeyed(url: str, named: list[str], why: str) -> None:
    """Each reason has its case; what is followed is the address named, and what is not is none."""
    found = decide(url, named)

    assert found is not None and found.why == why
    assert (found.url is not None) == (why in FOLLOWED)
    assert why in FOLLOWED + REFUSED


def test_no_canonical_is_no_decision() -> None:
    """Absent is not refused."""
    assert decide(HERE, []) is None


def test_what_a_page_says_of_itself_twice_is_believed_more() -> None:
    """A path that shares nothing is followed where og:url says the same."""
    other = "https://paper.example/courts/2031/05/06/quite-another-title"

    assert [decide(HERE, [other], og).why for og in (None, other)] == ["other-path", "path"]  # type: ignore[union-attr]


def test_a_session_in_a_canonical_address_is_left_out() -> None:
    """What a visitor's session added tells no article apart."""
    found = decide(HERE, [f"{HERE}?s=22c09551c71c1a6b"])

    assert found is not None and found.url == HERE


def test_a_refused_address_stays_and_has_no_value() -> None:
    """The page's words are kept, without a normal form, and a flag says why; the link is for whoever weighs editions."""
    said = reading(
        PAGE.replace('"canonical" href="/article/2031/05/06/seventeen"', '"canonical" href="https://other.example/x"')
    )

    assert values(said, "canonical") == [("https://other.example/x", None, False)]
    assert "canonical-other-publisher" in said.flags
    assert ("canonical", "https://other.example/x") in [(link.rel, link.url) for link in said.links]


@pytest.mark.parametrize(
    ("url", "name", "own"),
    [
        (
            "https://www.themoscowtimes.com/2023/07/19/russia-convicts-100-army-deserters-a-week-mediazona-a81889",
            "The Moscow Times",
            "a81889",
        ),
        ("https://www.themoscowtimes.com/2031/07/19/some-slug-a81889/pdf", "The Moscow Times", "a81889"),
        ("https://ru.themoscowtimes.com/2031/07/19/slug-a205803", "The Moscow Times. Русская служба", "a205803"),
        ("https://theins.press/en/politics/284512", "The Insider", "284512"),
        ("https://www.pravda.com.ua/eng/news/2031/06/18/7461234/", "Українська правда", "7461234"),
        ("https://www.svoboda.org/a/some-slug/32812345.html", "Радио Свобода", "32812345"),
        ("https://zona.media/article/2031/07/18/337", "Медиазона", None),
        ("https://www.themoscowtimes.com/2031/10/29/russia-sentences-8", "The Moscow Times", None),
        ("https://nobody.example/1", None, None),
    ],
)
def test_an_outlet_is_known_by_its_host_and_its_articles_by_their_ids(url: str, name: str | None, own: str | None) -> None:
    """The id is a slice of the address; a slug or a date is none."""
    found = own_id(url)

    assert (title(url), found[0] if found else None) == (name, own)
    assert found is None or url[found[1] :].startswith(found[0])


def test_no_host_is_of_two_outlets() -> None:
    """Each host is one outlet's, and calls itself by one name."""
    told = {(host.removeprefix("www."), each.name, edition.title) for each in outlets() for edition in each.editions
            for host in edition.hosts}  # fmt: skip

    assert len(told) == len({host for host, _, _ in told})


def test_a_page_of_a_known_outlet_says_its_id() -> None:
    """Quoted from the page's own address in its head, and derived."""
    url = "https://www.themoscowtimes.com/2031/05/06/seventeen-a90001"
    said = reading(PAGE.replace('href="/article/2031/05/06/seventeen"', f'href="{url}"').replace("og:site_name", "x"), url)

    assert values(said, "outlet_id") == [("a90001", "a90001", True)]
    assert values(said, "outlet") == [(url, "The Moscow Times", True)]
