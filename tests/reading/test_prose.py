"""Where a page's running text stands, and which pages have none."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from archive.memento import Memento
from crawler.page import Page
from crawler.prose import between, has_prose, is_most, letters, prose, tells
from crawler.readers import read

URL = "https://paper.example/2031/05/seventeen"
WORDS = "Гарнизонный суд Вымышленска рассмотрел дело и назначил следующее заседание на начало осени, сообщает секретарь суда."
TEXT = [f"{n}. {WORDS}" for n in range(1, 9)]
BODY = "".join(f"<p>{line}</p>\n" for line in TEXT)
ROWS = "".join(f"<tr><td>5-{n}/2031</td><td>Примерова А.Б.</td><td>{WORDS}</td></tr>" for n in range(12))


def opened(markup: str) -> Page:
    return Page(markup, URL, "utf-8", sparse=True)


def bodies(page: str, url: str = URL) -> list[str]:
    said = read(Memento.saved(url, page.encode(), [("Content-Type", "text/html; charset=utf-8")]))
    return [each.raw for each in said.observations if each.property == "body"]


def test_paragraphs_side_by_side_are_the_text() -> None:
    """What stands between them and is none (a picture, an advertisement's script) is left out; so is what stands around."""
    page = opened(
        f"<nav><p>Меню</p></nav><main><div id=text><h1>Заглавие</h1>{BODY}<figure>Фото</figure><script>ad()</script>"
        f"<ul><li>Первое</ul><ul><li><a href=/x>Читайте также</a></ul><p>Конец.</p></div></main><footer>©</footer>"
    )

    found = prose(page)

    assert found is not None
    assert found.text == " ".join([*TEXT, "Первое", "Конец."])
    assert (found.holder.attr("id"), page.text[found.start : found.end][:9]) == ("text", "1. Гарниз")
    assert page.text[found.start : found.end].endswith("Конец.")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"<div>{BODY}</div><div>{BODY}</div>", id="two places"),
        pytest.param(f"<div>{BODY}<div>{WORDS * 3}</div></div>", id="other text beside it"),
        pytest.param(f"<div>{WORDS * 2}{BODY}</div>", id="text outside paragraphs"),
        pytest.param(f"<div>{BODY[:400]}</div>", id="little text"),
        pytest.param("<br>".join(TEXT), id="no paragraphs"),
    ],
)
def test_what_is_not_plain_is_not_decided(page: str) -> None:
    """In doubt somebody else decides; that there is text is seen all the same, where there is much."""
    assert prose(opened(page)) is None
    assert has_prose(opened(page)) == (page != f"<div>{BODY[:400]}</div>")


def test_a_register_is_no_article() -> None:
    """A table of cases says what it is called and cites nothing; a few paragraphs under it change nothing."""
    under = f"<title>Дела</title><table>{ROWS * 6}</table><div>{BODY}</div>"
    for page in (f"<title>Дела</title><table>{ROWS}</table>", under):
        said = read(Memento.saved(URL, page.encode(), [("Content-Type", "text/html; charset=utf-8")]))
        assert (said.verdict, said.kind, [o.property for o in said.observations], said.links) == ("page", "", ["title"], ())
    assert not has_prose(opened(f"<table>{ROWS}</table>"))
    assert prose(opened(under)) is not None and not is_most(opened(under), prose(opened(under)))  # type: ignore[arg-type]


def test_a_page_of_links_or_of_numbers_says_nothing() -> None:
    """Letters outside links are counted, and no more of them than asked for."""
    assert not tells(opened("<p><a href=/x>" + "слово " * 500 + "</a>" + "17 " * 500), 100)
    assert tells(opened("<p>" + "слово " * 20), 100)
    assert not tells(opened("<p>" + "слово " * 20), 101)


def test_an_act_without_marks_is_text_and_its_date_is_not_guessed() -> None:
    """A page that nowhere says it is an article has its text, and no day that it does not state."""
    page = f"<title>Дело</title><table><tr><td>17.05.2031</td></tr></table><div>{BODY}</div>"

    said = read(Memento.saved(URL, page.encode(), [("Content-Type", "text/html; charset=utf-8")]))

    assert [o.property for o in said.observations] == ["title", "body"]


def test_two_ends_are_found_in_the_smallest_element_that_holds_both() -> None:
    """Letters decide, upper and lower case alike; a teaser elsewhere that begins alike is not the text."""
    last = "Последнее слово осталось за защитой, и суд удалился в совещательную комнату до утра."
    head, tail = letters(TEXT[0])[:40], letters(last)[-40:]
    source = f"<aside><p>{TEXT[0][:70]}</p></aside><div><section id=s><p>{TEXT[0].upper()}</p><p>мимо</p><p>{last}</p></section></div>"
    page = opened(source)

    found = between(page, "text", head, tail)

    assert found is not None
    assert (found.holder.attr("id"), found.start) == ("s", source.index(TEXT[0].upper()))
    assert source[found.start : found.end].endswith("до утра")
    assert between(page, "text", head, "нигде") is None


@pytest.mark.real
def test_text_taken_at_sight_is_what_trafilatura_takes(realdata: Path) -> None:
    """On saved news pages both find the same words, but for a heading or a caption."""
    from trafilatura import extract

    rows = [json.loads(line) for line in (realdata / "news" / "pages_index.jsonl").read_text().splitlines()]
    likeness: list[float] = []
    for row in [row for row in rows if (realdata / "news" / row["file"]).exists()][::2]:
        page = Page.open(gzip.decompress((realdata / "news" / row["file"]).read_bytes()), row["url"], sparse=True)
        found = prose(page)
        theirs = extract(page.text, include_comments=False) if found and is_most(page, found) else None
        if found and theirs:
            one, other = (Counter(re.findall(r"\w+", text.casefold())) for text in (found.text, theirs))
            likeness.append(2 * (one & other).total() / (one.total() + other.total()))

    assert len(likeness) >= 10
    assert sum(likeness) / len(likeness) > 0.95
