"""What programs wrote for programs is taken first, and what a reader sees of it is not counted twice."""

import pytest

from crawler.citations import cited, kind
from crawler.citations.values import Citation
from crawler.errors import Unreadable
from tests.citations import documents

OUTLET = "https://courier.example/2031/05/06/courts-convict-deserters-a-week-a41774"
ACT = "https://court.example/acts/337"


def told(body: bytes, name: str = "", url: str | None = None) -> list[Citation]:
    return [each for each in cited(body, name, url).citations if each.kind == "address"]


def test_an_anchor_over_two_lines_is_one() -> None:
    """Two rectangles that touch are one citation; the cut form in the text is the annotation's, and is not told apart."""
    lines = ["See the tally:", OUTLET[:40], OUTLET[40:], "and no more."]
    box, line = documents.line_box, documents.pdf(lines, [(OUTLET, documents.line_box(1)), (OUTLET, documents.line_box(2))])

    (one,) = told(line)
    assert (OUTLET, 1.0, 1, "annotation", 2) == (one.url, one.confidence, one.occurrences, one.origin, one.rectangles)
    (twice,) = told(documents.pdf([*lines, *lines * 3], [(OUTLET, box(1)), (OUTLET, box(2)), (OUTLET, box(14))]))
    assert (3, 4) == (twice.rectangles, twice.occurrences)


def test_the_text_of_a_pdf_is_read_where_nothing_is_annotated() -> None:
    """Annotations first, then the text; each says where it is from."""
    body = documents.pdf([f"The act: {ACT}.", "Nothing else."], [(OUTLET, documents.line_box(1))])

    assert {(ACT, "text"), (OUTLET, "annotation")} == {(each.url, each.origin) for each in told(body)}


def test_a_pdf_behind_a_password_says_so() -> None:
    """It is no broken file, and nothing in it can be read."""
    with pytest.raises(Unreadable, match="password"):
        cited(documents.pdf(["x"], password="s3cret"))


def test_word_keeps_links_in_relations_and_in_fields() -> None:
    """Both forms, the field's instruction cut over runs; an anchor that shows its address is one citation."""
    field = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://court.exa</w:instrText></w:r>'
        '<w:r><w:instrText>mple/acts/337" \\l "part" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>the act</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    link = f'<w:p><w:hyperlink r:id="r1"><w:r><w:t>{OUTLET}</w:t></w:r></w:hyperlink></w:p>'
    simple = "<w:p><w:fldSimple w:instr=' HYPERLINK \"https://court.example/b\" '><w:r><w:t>b</w:t></w:r></w:fldSimple></w:p>"
    body = documents.docx(field + link + simple + documents.paragraph("Only text: https://court.example/c."), {"r1": OUTLET})

    assert [
        (f"{ACT}#part", "field", "the act", 1), (OUTLET, "relation", OUTLET, 1), ("https://court.example/b", "field", "b", 1),
        ("https://court.example/c", "text", None, 1),
    ] == sorted(((e.url, e.origin, e.anchor, e.occurrences) for e in told(body)), key=lambda e: [f"{ACT}#part", OUTLET, "https://court.example/b", "https://court.example/c"].index(e[0]))  # fmt: skip


def test_footnotes_of_a_word_document_are_read() -> None:
    """Lawyers cite there."""
    note = f'<w:footnotes xmlns:w="{documents.W}"><w:footnote>{documents.paragraph(ACT)}</w:footnote></w:footnotes>'

    assert [ACT] == [
        each.url for each in told(documents.docx(documents.paragraph("x"), more={"word/footnotes.xml": note.encode()}))
    ]


def test_rich_text_keeps_links_in_fields() -> None:
    """The field's address, its anchor in the document's code page, and an address in the text."""
    body = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Times https://font.example/x;}}\f0 "
        rb'{\field{\*\fldinst{HYPERLINK "https://court.example/acts/337"}}{\fldrslt{\ul \'e4\'e5\'eb\'ee}}}'
        rb"\par \u1057?\u1091?\u1076? https://court.example/\u1076?\u1077?\u1083?\u1086?.\par}"
    )

    first, second = sorted(told(body), key=lambda each: each.origin)
    assert (ACT, "field", "дело") == (first.url, first.origin, first.anchor)
    assert ("https://court.example/дело", "text") == (second.url, second.origin)


PAGE = """<!doctype html><html><head><title>T</title>
<script type="application/ld+json">{"@type":"NewsArticle","isBasedOn":{"url":"https://court.example/ld"},"citation":["https://court.example/cit"],
"url":"https://courier.example/own"}</script></head><body>
<p>Text <a href="/acts/337">the act</a>, <a href="https://court.example/acts/337#p2">part 2</a>, <a href="#top">top</a> and
<a href="https://court.example/shown">https://court.example/shown</a> and https://court.example/plain.</p>
<blockquote cite="https://court.example/quoted">q</blockquote>
<a href="https://court.example/r" data-versionurl="https://archive.example/web/20310101/https://court.example/r" data-versiondate="2031-01-01">r</a>
<div data-html="&lt;a href=&quot;https://court.example/widget&quot;&gt;x&lt;/a&gt;"></div>
<a href="mailto:a@b.example">m</a><a href="javascript:void(0)">j</a></body></html>"""


def test_a_page_cites_in_seven_ways() -> None:
    """Anchors from the page's address, citations, Robust Links, JSON-LD, escaped widgets and plain text; its own address is none."""
    found = {(each.url, each.origin, each.occurrences) for each in told(PAGE.encode(), url="https://court.example/x/y")}

    assert {
        (ACT, "href", 1), (f"{ACT}#p2", "href", 1), ("https://court.example/shown", "href", 1), ("https://court.example/plain", "text", 1),
        ("https://court.example/quoted", "cite", 1), ("https://court.example/r", "href", 1),
        ("https://archive.example/web/20310101/https://court.example/r", "robust", 1), ("https://court.example/ld", "json-ld", 1),
        ("https://court.example/cit", "json-ld", 1), ("https://court.example/widget", "widget", 1),
    } == found  # fmt: skip


def test_a_page_without_its_address_says_what_is_lost() -> None:
    """Relative links lead nowhere then: a hint, no error, and no address made up."""
    read = cited(PAGE.encode())

    assert ["1 relative links lead nowhere without the page's address (--url)"] == list(read.hints)
    assert ACT not in [each.url for each in read.citations]


def test_a_links_place_in_a_page_is_its_source() -> None:
    """The span of an `href` is its value in the decoded source; so is that of an address in the text."""
    spans = {each.url: [PAGE[a:b] for a, b in each.spans] for each in told(PAGE.encode(), url="https://court.example/")}

    assert ["/acts/337"] == spans[ACT]
    assert ["https://court.example/plain"] == spans["https://court.example/plain"]


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        (b"%PDF-1.7\n", "", "pdf"), (b"\n{\\rtf1}", "", "rtf"), (b"<!DOCTYPE html><p>", "a.pdf", "html"), (b"<p>hello", "a.htm", "html"),
        (b"# Title\n<b>x</b>", "a.md", "text"), ("текст".encode("cp1251"), "a.txt", "text"), (b"", "", "text"),
    ],
)  # fmt: skip
def test_what_a_file_is_its_bytes_say(body: bytes, name: str, expected: str) -> None:
    """A block page under a PDF's name is a page."""
    assert expected == kind(body, name)


@pytest.mark.parametrize(
    "body", [b"\x89PNG\r\n", b"PK\x03\x04rest", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"ab\0\0\1\2"]
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    """Told by name, not read as text full of rubbish."""
    with pytest.raises(Unreadable, match="links are read from"):
        kind(body)


def test_old_russian_text_is_decoded() -> None:
    """windows-1251 without a word about it: the address's Cyrillic path is right."""
    (one,) = told("Подробнее: https://суд.example/дело-12, там же. Так сообщил суд гарнизона.".encode("cp1251"), "a.txt")

    assert "https://суд.example/дело-12" == one.url
