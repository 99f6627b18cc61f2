"""An address in a text has one beginning and one end, whatever is set around it, and its place can be shown."""

import pytest

from crawler.citations import cited
from crawler.citations.values import Citation

OUTLET = "https://courier.example/2031/05/06/two-deserters-a41774"


def told(text: str) -> list[Citation]:
    return list(cited(text.encode()).citations)


def urls(text: str) -> list[str | None]:
    return [each.url for each in told(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(см. https://wiki.example/Суд_(значения)), далее", ["https://wiki.example/Суд_(значения)"]),
        ("[https://a.example/b] x", ["https://a.example/b"]),
        ("«https://a.example/b», “https://a.example/c”.", ["https://a.example/b", "https://a.example/c"]),
        ("Was it https://a.example/b?! Yes", ["https://a.example/b"]),
        ("https://a.example/b.", ["https://a.example/b"]),
        ("[t](https://a.example/b_(c)) and [https://a.example/q](https://a.example/q)", ["https://a.example/b_(c)", "https://a.example/q"]),
        ("**https://a.example/b** _https://a.example/c_", ["https://a.example/b", "https://a.example/c"]),
        ("https://a.example/b,https://c.example/d;https://e.example", ["https://a.example/b", "https://c.example/d", "https://e.example"]),
        ("hxxps://a[.]example/b", ["https://a.example/b"]),
        ("hxxp[:]//a[dot]example/b", ["http://a.example/b"]),
        ("https://a.example/some\u00adthing/long\u200bname", ["https://a.example/something/longname"]),
        ("https://a.example/x?a=1&amp;b=2", ["https://a.example/x?a=1&b=2"]),
        ("https://a.example/b\u00a0далее", ["https://a.example/b"]),
        ("https://суд.рф/дело?н=1, и далее", ["https://суд.рф/дело?н=1"]),
        ("https://a.example/pro\ufb01le \ufb01ne", ["https://a.example/profile"]),
        ("https：／／a.example／b", ["https://a.example/b"]),
        ("https://a.example/story\u00b9\u00b2 x", ["https://a.example/story"]),
        ("https://a.example/story[12] x", ["https://a.example/story"]),
        ("&lt;https://a.example/b&gt;", ["https://a.example/b"]),
        ('{"u":"https:\\/\\/a.example\\/b"}', ["https://a.example/b"]),
        ("https://archive.example/web/20310101000000/https://a.example/b x", ["https://archive.example/web/20310101000000/https://a.example/b"]),
        ("https://reader:secret@a.example/b", ["https://a.example/b"]),
        ("http://127.0.0.1:8000/b", ["http://127.0.0.1:8000/b"]),
        ("no address: https:// and http://nothing and ftp://a.example/b", []),
    ],
)  # fmt: skip
def test_what_stands_around_an_address_is_not_of_it(text: str, expected: list[str]) -> None:
    """Brackets it did not open, the sentence's punctuation, signs nobody sees: none of them is kept, none of its own is lost."""
    assert expected == urls(text)


def test_a_place_is_where_the_address_stands() -> None:
    """The span is of the text as it was given, with the hidden signs in it; each occurrence has its own."""
    text = f"One: hxxps://cour\u00adier.example/2031/05/06/two-deserters-a41774.\r\nTwo: {OUTLET}!"

    (one,) = told(text)
    assert [text[start:end] for start, end in one.spans] == [
        "hxxps://cour\u00adier.example/2031/05/06/two-deserters-a41774",
        OUTLET,
    ]
    assert (one.url, one.occurrences) == (OUTLET, 2)


def test_look_alike_letters_are_read_both_ways() -> None:
    """A Cyrillic letter inside a Latin word is most likely a Latin one; the address as written is kept beside it."""
    (one,) = told("https://cоuriеr.example/b")

    assert one.url == "https://courier.example/b"
    assert [each.url for each in one.alternatives] == ["https://cоuriеr.example/b"]


def test_a_dash_may_stand_for_a_hyphen() -> None:
    """Word processors make dashes of hyphens; titles in an encyclopedia have dashes of their own."""
    (one,), (two,) = told("https://a.example/army\u2013tally"), told("https://wiki.example/1999\u20132000")

    assert ("https://a.example/army-tally", "https://wiki.example/1999\u20132000") == (one.url, two.url)
    assert ["https://a.example/army\u2013tally"] == [each.url for each in one.alternatives]


def test_a_footnotes_number_is_not_the_files() -> None:
    """`story.html12`: nothing is called so; what was written stays as the other reading."""
    (one,) = told("https://a.example/story.html12 x")

    assert ("https://a.example/story.html", ["https://a.example/story.html12"]) == (
        one.url,
        [each.url for each in one.alternatives],
    )


def test_an_address_without_a_scheme_is_told_as_one() -> None:
    """Which scheme is meant is not ours to say: both are offered, no address is stated."""
    (one,) = told("Available at www.court.example/acts.")

    assert (None, "bare") == (one.url, one.kind)
    assert ["https://www.court.example/acts", "http://www.court.example/acts"] == [each.url for each in one.alternatives]


def test_a_shortened_address_is_no_address() -> None:
    """`courier.example/2031...` is what a page shows of a link: the whole one is taken if the document has it, none made up."""
    (alone,) = told("https://courier.example/2031/05/06/two-des\u2026 x")
    (both,) = told(f"courier.example/2031/05/06/two-des... means {OUTLET}, yes")

    (middle,) = told("https://courier.example/2031...serters-a41774 x")

    assert (None, "truncated") == (alone.url, alone.kind) == (middle.url, middle.kind)
    assert (OUTLET, 2) == (both.url, both.occurrences)


def test_parts_with_spaces_between_are_one_address() -> None:
    """Some layout programs leave a space at each place where a line may break."""
    text = "Available at https:// open .court .example/ handle/ 10986/ 25960.\nInternational Court (2031)."

    (one,) = told(text)
    assert "https://open.court.example/handle/10986/25960" == one.url
    assert "https://open.court.example/handle/" in [each.url for each in one.alternatives]


def test_sources_named_without_a_link_are_kept() -> None:
    """Who is cited is known though no address is: in English, Russian and Ukrainian, with the words that say so."""
    text = (
        "Over 20,000 cases, according to court data compiled by Courier of Nowhere. The Onlooker reported so too.\n"
        "По данным «Вымышленной газеты», дел больше. За даними «Вигаданої газети», теж."
    )

    named = {each.name: (each.kind, each.url, each.anchor) for each in told(text)}
    assert {"Courier of Nowhere", "The Onlooker", "Вымышленной газеты", "Вигаданої газети"} == set(named)
    assert ("unresolved", None, "according to court data compiled by Courier of Nowhere") == named["Courier of Nowhere"]
