"""Which addresses are one work: what pages state on both sides, and nothing that only looks alike."""

import itertools

from crawler.editions import is_home, one_house, original, work_of

RU, EN, AMP = "https://news.example/article/17", "https://en.news.example/article/17-eng", "https://news.example/article/17/amp"


def test_an_amp_page_is_the_work_it_names() -> None:
    """Canonical on the same host is believed."""
    assert work_of(RU, RU, [], {}) == work_of(AMP, RU, [], {RU: (RU, [])})


def test_translations_join_only_when_both_say_so() -> None:
    """hreflang is often wrong on one side; both pages held and naming each other is a statement of the outlet."""
    one_way = {EN: (EN, [])}
    two_way = {EN: (EN, [RU])}

    assert work_of(RU, RU, [EN], one_way) != work_of(EN, EN, [], {RU: (RU, [EN])})
    assert work_of(RU, RU, [EN], two_way) == work_of(EN, EN, [RU], {RU: (RU, [EN])})
    assert work_of(RU, RU, [EN], {}) == f"work:{RU}"


def test_another_publisher_s_canonical_is_not_obeyed() -> None:
    """A syndicated copy names its source: it is another edition, and a person decides."""
    assert original(RU, "https://other.example/story") == RU
    assert one_house(RU, EN)
    assert not one_house("https://news.co.uk/", "https://other.co.uk/")
    assert not one_house("https://a.appspot.com/x", "https://b.appspot.com/y")  # two owners under one suffix


def test_a_mirror_that_names_its_origin_is_the_same_work() -> None:
    """Only the host differs: path and query are the origin's."""
    mirror = "https://dead-drop-17.appspot.com/article/17"

    assert work_of(mirror, RU, [], {}) == work_of(RU, RU, [], {})


def test_front_pages_join_nothing() -> None:
    """Every article names them as alternates."""
    assert all(
        map(
            is_home,
            ("https://news.example/", "https://news.example/en/", "https://news.example", "https://news.example/index.html"),
        )
    )
    assert not is_home("https://news.example/?p=17") and not is_home(RU)
    assert original(RU, "https://news.example/") == RU
    home = "https://en.news.example/"
    assert f"work:{RU}" == work_of(RU, RU, [home], {home: (home, [RU])})


def test_the_work_is_the_same_in_whatever_order_pages_came() -> None:
    """Its name depends on the pages, not on the road to them."""
    pages = {RU: (RU, [EN]), EN: (EN, [RU]), AMP: (RU, [EN])}

    works = {work_of(url, *pages[url], dict(order)) for url in pages for order in itertools.permutations(pages.items())}

    assert len(works) == 1


def test_a_mirror_that_says_whose_it_is() -> None:
    """Only the host differs: the address it names is the original; a front page stands for nothing but itself."""
    assert original("https://gate-7.example/article/2025/06/03/337", "https://outlet.example/article/2025/06/03/337") == (
        "https://outlet.example/article/2025/06/03/337"
    )
    assert original("https://gate-7.example/", "https://outlet.example/") == "https://gate-7.example/"


def test_a_page_that_names_nothing_else_is_its_own_work() -> None:
    """Told at one look, and the same as beside a page that has nothing to do with it."""
    elsewhere = {"https://unrelated.example/a": (None, ())}
    amp_of_another = "https://web.archive.org/web/20310719120000/https://zona.media/article/2031/07/18/337"

    for url in (RU, EN, AMP, amp_of_another, "https://zona.media/article/2031/07/18/337", "http://127.0.0.2:8080/2031/07/a-b"):
        assert work_of(url, None, [], {}) == work_of(url, url, [], {}) == work_of(url, None, [], elsewhere)
