"""Every text of a page comes with its exact place in the source, or it is refused: held on invented and on saved pages."""

import gzip
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from archive.text import decode_text, fold
from crawler.errors import Unreadable
from crawler.markup import scan
from crawler.page import Node, Page
from crawler.written import Writing

URL = "https://court.example/card"

# `{}` becomes a number that no other fragment has: where it stands is known without the code under test.
TAME = (
    "W{}", " W{} ", "&laquo;W{}&raquo;", "W{}&amp;Co", "&nbsp;W{}", "W{}&nbsp;Z{}", "W{} &lt; Z{}", "W{}\r\nZ{}", "\n",
    "&#1048;W{}", "W{}<br>", "W{} < Z{}", "1<2 W{}", "<p>", "</p>", "<div class=a>", "</div>", "<table>", "</table>", "<tr>",
    "<td>", "<th>", "</td>", "</tr>", "<tbody>", "<li>", "<ul>", "</ul>", "<b>", "</b>", "<i>", "</i>", "<font color=red>",
    "</font>", "<a href='?a=1&copy=2&amp;n={}'>", "</a>", "<span title=\"W{} > 1\">", "</span>", "<!-- W{} <td> -->",
    "<script>var W{} = '<td>';</script>", "<style>W{} > b</style>", "<textarea>W{} &lt;b></textarea>",
    "<select><option>W{}<option>Z{}</select>", "<input value=W{}>", "<img alt='W{}'>", "<br/>", "<hr>", "<nobr>W{}</nobr>",
    "<h1>W{}</h1>", "<p class=x class=y>W{}", "<td nowrap>W{}", "<dl><dt>W{}<dd>Z{}</dl>", "<pre>\nW{}</pre>",
)  # fmt: skip
WILD = (
    "<html lang=ru>", "<head>", "<body class=b>", "</body>", "</html>", "<title>W{} &amp; Z{}</title>", "<!DOCTYPE html>",
    "<!DOCTYPE W{}>", "<svg><path d='M{}'/>", "</svg>", "<svg><title>W{}</title></svg>", "<svg><style>W{}<b>Z{}</style>",
    "<math><mi>W{}</mi>", "</math>", "<![CDATA[W{} > Z{}]]>", "<foreignObject>", "<template>W{}</template>",
    "<noscript><p>W{}</noscript>", "<frameset>", "<iframe>W{}</iframe>", "<script><!-- <script> W{} </script> --></script>",
    "<script>W{}", "<!-->W{}", "<!--->W{}", "<!-- W{}", "<!W{}>", "</ W{}>", "<?W{}?>", "<?xml version='{}'>",
    "<textarea>W{} <b></textarea>", "<a<b>W{}", "<td/W{}=1>", "<x =W{}>", "<p a='W{}", "&#0;W{}", "&#x80;W{}", "&notit;W{}",
    "&copyW{}", "&#W{}", "\0W{}", "W{}\0Z{}", "&Tab;", "&#10;", "&#100;W{}", "\ue000{}\ue000W{}", "&#xE000;{}&#xE000;W{}",
    "<plaintext>W{}", "<xmp>W{}<b></xmp>", "<o:p>W{}</o:p>", "<select><title>W{}<b></title>", "<b><b><b><b><b>W{}",
    "<a href={}><p>W{}", "<nobr><nobr>W{}", "<table>W{}<td>Z{}", "<caption>W{}", "<colgroup>W{}", "<form>", "</form>",
    "<button>W{}", "<marquee>", "<isindex>", "<image src={}>", "<keygen>", "<frame>", "<ruby>W{}<rt>Z{}", "</p>W{}",
    "</br>W{}", "<datalist><option>W{}</datalist>",
)  # fmt: skip


def written(fragments: list[str]) -> str:
    number = iter(range(1000, 100_000))
    return "".join(re.sub(r"\{\}", lambda _: str(next(number)), fragment) for fragment in fragments)


tame_pages = st.lists(st.sampled_from(TAME), max_size=40).map(written)
wild_pages = st.lists(st.sampled_from(TAME + WILD), max_size=40).map(written)


def shape(root: LexborNode, clean: Page | None = None) -> list[object]:
    """A tree as plain values; `clean`: the page whose marks are taken off first."""
    out: list[object] = []
    ahead: list[LexborNode | str] = [root]
    while ahead:
        node = ahead.pop()
        if isinstance(node, str):
            out.append(node)
        elif node.is_text_node:
            text = node.text_content or ""
            text = clean._markup.unmarked(text) if clean else text
            if out and isinstance(out[-1], list):
                out[-1][0] += text
            elif text:
                out.append([text])
        elif node.is_element_node:
            own = {name: value for name, value in node.attributes.items() if not clean or name != clean._markup.mark}
            out.append((node.tag, tuple(own.items())))
            children, child = [], node.first_child
            while child is not None:
                children.append(child)
                child = child.next
            ahead += ["end", *reversed(children)]
    return out


class Reader(HTMLParser):
    """The standard library's idea of a piece of source: its text without white space, scripts and styles."""

    @classmethod
    def read(cls, quote: str) -> str:
        reader = cls()
        reader.seen: list[str] = []
        reader.feed(quote)
        reader.close()
        return "".join("".join(reader.seen).split())

    def handle_data(self, data: str) -> None:
        if self.cdata_elem not in ("script", "style"):
            self.seen.append(data)


def every_word(page: Page) -> tuple[int, int, list[str]]:
    """Words of the page located and refused, and what is wrong with those located."""
    located, refused, wrong = 0, 0, []
    for atom in page.root._atoms:
        try:
            word = page._word(atom, "html")
        except Unreadable:
            refused += 1
            continue
        located += 1
        quote = page.text[word.start : word.end]
        if atom.text not in (
            quote,
            quote.replace("\0", "\ufffd"),
            html.unescape(quote).replace("\0", ""),
            html.unescape(quote).replace("\0", "\ufffd"),
        ):
            wrong.append(f"{atom.text!r} is said to be {quote!r}")
        wrong += [f"{n} of {atom.text!r} is not in {quote!r}" for n in re.findall(r"[WZ]\d{4,}", atom.text) if n not in quote]
    return located, refused, wrong


@settings(max_examples=400, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(tame_pages)
@example("<table>W1000<tr><td>W1001<table><td>W1002</table></table>W1003")
@example("<b><b><b><b><b>W1000<p>W1001</b></b></b></b></b>W1002")
def test_every_word_of_a_careless_page_is_placed(source: str) -> None:
    """Unclosed rows, text in tables, references, scripts and comments cost no place and give no wrong one."""
    page = Page(source, URL, "utf-8")

    _, refused, wrong = every_word(page)

    assert (wrong, refused) == ([], 0)


@settings(max_examples=600, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(wild_pages)
@example("<svg><style>W1000<b>W1001</style><p>W1002")
@example("&#xE000;0&#xE000;W1000<p>W1001")
@example("<frameset>W1000</frameset>W1001")
def test_a_place_is_right_or_refused(source: str) -> None:
    """Whatever the source does to the parser, no text is shown where it does not stand."""
    page = Page(source, URL, "utf-8")

    _, _, wrong = every_word(page)

    assert wrong == []


@settings(max_examples=600, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(wild_pages)
@example("<table>&#10;<tr>&Tab;<td>W1000</table>")
@example("&#32;<title>W1000</title>")
@example("<b><b><b><b><b>W1000<p>W1001</b>")
@example("<svg><path/><g/>W1000</svg>")
def test_marks_change_no_tree(source: str) -> None:
    """The tree that is read is the tree of the page itself."""
    page = Page(source, URL, "utf-8")
    own = LexborHTMLParser(source, options=LexborDocumentOptions.WO_EVENTS)

    assert shape(own.root) == shape(page._tree.root, page)


@settings(max_examples=200, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(wild_pages)
@example("<?xml version='1.0'?><p>W1000<?W1001><br>")
def test_a_selector_selects_its_node_and_its_attributes_are_quoted(source: str) -> None:
    """`selector` finds exactly the node; an attribute's quote is its value, or is refused."""
    page = Page(source, URL, "utf-8")

    for node in [page.root, *page.all("*")]:
        assert node == page.one(node.selector)
        for name in node._raw.attributes:
            if name == page._markup.mark:
                continue
            try:
                part = node.attribute(name)
            except Unreadable:
                continue
            if part:
                assert fold(node.attr(name) or "") == part.text
                assert all(n in part.quote for n in re.findall(r"W\d{4,}", part.text))


@settings(max_examples=200, deadline=None, print_blob=True)
@given(tame_pages, st.data())
def test_a_part_of_a_part_stands_where_its_letters_stand(source: str, data: st.DataObject) -> None:
    """Cutting a text by its letters cuts its quote by the same letters."""
    page = Page(source, URL, "utf-8")
    if not page.root.text:
        return
    line = data.draw(st.sampled_from(page.root.lines))
    i = data.draw(st.integers(0, len(line.text) - 1))
    j = data.draw(st.integers(i + 1, len(line.text)))
    if not line.text[i:j].strip():
        return

    part = line.sub(i, j)

    assert line.text[i:j].strip() == part.text
    assert page.text[part.start : part.end] == part.quote
    assert line.start <= part.start < part.end <= line.end
    assert part.text.replace(" ", "") == Reader.read(part.quote)


def test_text_moved_out_of_a_table_is_quoted_where_it_was_written() -> None:
    """The parser puts stray text before its table; the quote is where the clerk put it."""
    page = Page("<div><table><tr>Stray<td>Cell</table></div>", URL, "utf-8")

    assert page.one("div").text == "Stray Cell"
    assert [line.quote for line in page.one("div").lines] == ["Stray", "Cell"]


def test_text_in_another_order_than_the_source_is_refused() -> None:
    """A quote from first to last letter would not hold what the tree says."""
    page = Page("<div><table><tr><td>Cell</td></tr>Stray</table></div>", URL, "utf-8")

    assert page.one("div").text == "Stray Cell"
    with pytest.raises(Unreadable, match="elsewhere in the source"):
        _ = page.one("div").whole
    assert whole(page.one("td")) == "Cell"


def test_only_what_disagrees_is_refused() -> None:
    """A piece of SVG that the parser reads otherwise costs its own text; what follows keeps its place."""
    page = Page(
        "<p>Before</p><svg><foreignObject><svg><title>In<b>side</b></title></svg></foreignObject></svg><p id=after>After</p>",
        URL,
        "utf-8",
    )

    assert whole(page.one("p:first-child")) == "Before"
    assert whole(page.one("#after")) == "After"


def test_marks_that_a_page_forges_are_text() -> None:
    """A page that writes the marks itself is given others."""
    page = Page("<p>Real</p><p id=b>\ue0000\ue000Real &#xE001;0&#57345;Real</p>", URL, "utf-8")

    part = page.one("#b").whole
    assert part is not None
    assert part.quote == "\ue0000\ue000Real &#xE001;0&#57345;Real"


def test_attributes_are_quoted_inside_their_tag() -> None:
    """First of two alike, with or without quotes, references decoded as browsers decode them there."""
    page = Page("<a href='?x=1&copy=2&amp;y=3' href=other title = \" A&nbsp; B \" name>t</a><b title=x>", URL, "utf-8")
    link = page.one("a")

    href, title = link.attribute("href"), link.attribute("title")
    assert href is not None and title is not None
    assert (href.text, href.quote) == ("?x=1&copy=2&y=3", "?x=1&copy=2&amp;y=3")
    assert (title.text, title.quote) == ("A B", "A&nbsp; B")
    assert (link.attr("name"), link.attribute("name"), link.attr("absent")) == ("", None, None)
    with pytest.raises(Unreadable, match="its title"):
        page.one("b").attribute("title")  # one of those the parser may drop or repeat: not marked


def test_a_megabyte_is_cut_in_one_pass() -> None:
    """Nothing in cutting a page looks twice at its end, so broken ones cost no more than others."""
    for source in (
        "<" * 300_000,
        "<a " * 200_000,
        "<!--" * 200_000,
        '<p a="' * 100_000,
        "&" * 500_000,
        "<script><!--" * 50_000,
        "<![CDATA[" * 50_000,
    ):
        markup = scan(source)
        assert source == markup.unmarked(markup.marked)


def whole(node: Node) -> str:
    part = node.whole
    assert part is not None
    assert part.text == fold(html.unescape(re.sub("<[^>]*>", "", part.quote)))
    return part.quote


@pytest.mark.real
def test_every_saved_page_is_placed(realdata: Path) -> None:
    """Courts and newspapers: every word a reader sees is placed, none wrongly, and the tree is the page's own."""
    files = [
        *realdata.glob("sudrf/pages/*.html"),
        *realdata.glob("hostile/challenge/*.html"),
        *realdata.glob("news/pages/**/*.gz"),
    ]
    located = refused = 0
    wrong: list[str] = []
    for file in files:
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        page = Page.open(body, URL, default_charset="cp1251" if "sudrf" in file.parts else "utf-8")
        assert page.text == decode_text(body, page.charset)
        good, bad, amiss = every_word(page)
        located, refused, wrong = located + good, refused + bad, wrong + [f"{file.name}: {each}" for each in amiss]
        own = LexborHTMLParser(page.text, options=LexborDocumentOptions.WO_EVENTS)
        assert shape(own.root) == shape(page._tree.root, page), file.name

    assert wrong == []
    assert len(files) > 0 and located > 100_000
    assert refused < located / 10_000


# A page of which few places are asked for: each is found by itself.


def places(page: Page, node: Node) -> list[tuple[str, int, int]]:
    """Where a node's text, its lines and its attributes stand; what is refused is left out."""
    found: list[tuple[str, int, int]] = []
    asked = [lambda: [node.whole], lambda: node.lines]
    names = [name for name in node._raw.attributes if page.sparse or name != page._markup.mark]
    for ask in [*asked, *(lambda name=name: [node.attribute(name)] for name in names)]:  # type: ignore[misc]
        try:
            found += [(part.text, part.start, part.end) for part in ask() if part]
        except Unreadable:
            found.append(("refused", 0, 0))
    if found and found[0][0] != "refused" and node.text:
        assert node.span == found[0][1:]  # of its whole text, whose words are asked for nothing
    return found


@settings(max_examples=80, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(wild_pages)
@example("W1000<body class=b>W1001")
@example("<title>W1000 &amp; Z1001</title><head><title>W1002</title>")
@example("<!-- <p>W1000</p> --><p>W1000</p>")
@example("<textarea><p>W1000</p></textarea><p>W1000")
@example("<html lang=ru><html lang=uk><p>W1000")
def test_a_place_asked_for_by_itself_is_that_of_the_whole_page_or_refused(source: str) -> None:
    """Cutting a piece of a page finds what cutting the page finds; text and tree are the same to begin with."""
    page, whole = Page(source, URL, "utf-8", sparse=True), Page(source, URL, "utf-8")

    assert shape(page._tree.root) == shape(whole._tree.root, whole)
    assert page.root.text == whole.root.text
    nodes = [whole.root, *whole.all("*")]
    for node, same in zip([page.root, *page.all("*")], nodes, strict=True):
        assert (node.selector, node.text) == (same.selector, same.text)
        for one, other in zip(places(page, node), places(whole, same), strict=False):
            assert one == other or "refused" in (one[0], other[0])


HIDDEN = {
    "script": "<script>var html = '<p>Seventeen words of a court</p>'</script>{}",
    "upper case": "<SCRIPT>var html = '<p>Seventeen words of a court</p>'</SCRIPT>{}",
    "comment": "<!-- <p>Seventeen words of a court</p> -->{}",
    "textarea": "<textarea><p>Seventeen words of a court</p></textarea>{}",
    "template": "<template><p>Seventeen words of a court</p></template>{}",
    "attribute": "<div title='<p>Seventeen words of a court</p>'></div>{}",
    "open comment before an open script": "<!-- <script> <p>Seventeen words of a court</p> -->{}",
}


@pytest.mark.parametrize("page", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_only_looks_like_the_element_is_not_quoted(page: str) -> None:
    """The tree's own paragraph is written otherwise than its copy in a place no reader sees: it is quoted where it is read."""
    source = page.format("<p >Seventeen words of a court")

    part = Page(source, URL, "utf-8", sparse=True).all("p")[-1].whole

    assert part is not None
    assert (part.start, part.quote) == (source.rindex("Seventeen"), "Seventeen words of a court")


def test_a_page_that_forgot_what_hides_markup_would_quote_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant of the test above: without the look for what hides, the copy is taken for the paragraph."""
    monkeypatch.setattr(Writing, "hides", lambda writing, at: False)
    source = HIDDEN["script"].format("<p >Seventeen words of a court")

    part = Page(source, URL, "utf-8", sparse=True).one("p").whole

    assert part is not None and part.start < source.index("</script>")


def test_two_paragraphs_alike_each_have_their_place() -> None:
    """What is written twice is not found by its looks."""
    page = Page("<p>Again</p><div><p>Again</p></div>", URL, "utf-8", sparse=True)

    assert [part.start for node in page.all("p") if (part := node.whole)] == [3, 20]


def test_what_a_page_shows_is_counted_no_further_than_it_must() -> None:
    """Exactly so many characters, white space between texts counted; scripts and options of a list are seen by nobody."""
    for source in (
        "<p>Ten  signs</p>",
        "<b>Ten</b>\n<i>signs</i>",
        "<title>Ten</title>signs",
        "<select><option>Ten<option>signs</select>",
    ):
        page = Page(f"<script>var many = 'more than ten'</script>{source}", URL, "utf-8", sparse=True)
        assert (page.shows(9), page.shows(10)) == (True, False), source


@pytest.mark.real
def test_saved_pages_give_each_place_by_itself(realdata: Path) -> None:
    """What an article's reader asks for stands where cutting the whole page finds it."""
    files = [*realdata.glob("news/pages/**/*.gz"), *realdata.glob("hostile/challenge/*.html")]
    same: list[bool] = []
    for file in sorted(files)[::6]:
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        page, whole = Page.open(body, URL, sparse=True), Page.open(body, URL)
        for css in ("title", "meta[content]", "link[rel=canonical]", "h1", "time", "p", "script[type='application/ld+json']"):
            for node, known in list(zip(page.all(css), whole.all(css), strict=True))[:8]:
                assert page.text == whole.text
                one, other = places(page, node), places(whole, known)
                same += [a == b for a, b in zip(one, other, strict=True) if "refused" not in (a[0], b[0])]

    assert len(same) > 500
    assert all(same)
