"""Cases and articles that a text names: found in three languages, and joined with the ledger's cases where they match."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.ledger.case import fold
from archive.ledger.cited import Cases
from archive.ledger.observation import Extraction, Sighting
from crawler.citations import cited
from crawler.citations.references import Reference, references

# Codes and names of courts are facts of the register (archive/ledger/courts.tsv); the numbers are invented.
SMOLENSK, UID = "77GV0021", "26RS0023-01-2020-000159-48"


def told(text: str) -> list[tuple[str, str | None]]:
    return [(each.kind, each.value) for each in references(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("по делу № 1-12/2031 в отношении", [("case", "1-12/2031")]),
        ("дело №1\u201112/2031", [("case", "1-12/2031")]),
        ("case No. 1-12/2031 was heard", [("case", "1-12/2031")]),
        (f"УИД {UID}.", [("uid", UID)]),
        (f"УИД {UID.replace('-48', '-49')}.", [("uid", None)]),
        (f"УИД {UID.replace('RS', 'РС').replace('С', 'S').replace('Р', 'R')}", [("uid", UID)]),
        ("справа № 201/10889/31", [("case-ua", "201/10889/31")]),
        ("провадження № 201/10889/31-к", [("case-ua", "201/10889/31-к")]),
        ("(ч. 5 ст. 337 УК РФ)", [("article", "337/5")]),
        ("статья 337 УК", [("article", "337")]),
        ("о дезертирстве (338 УК)", [("article", "338")]),
        ("за статтею 407 КК України", [("article", "407")]),
        ("Article 337 of the Russian Criminal Code", [("article", "337")]),
        ("under Article 332 for", [("article", "332")]),
        ("Статья 205.1 УК РФ", [("article", "205.1")]),
        ("в 2031 году 1-2/2031 голосов", []),
        ("24/7, 2-3/2031 и 15/2031", []),
        ("тел. 201/10889/31", []),
        ("стр. 337 УКаза", []),
        ("The article 5 minutes long", []),
    ],
)
def test_what_a_text_names(text: str, found: list[tuple[str, str | None]]) -> None:
    """A number is a case's where the text says so; a UID by its check digits; an article with its code."""
    assert found == told(text)


def test_a_number_with_its_court_and_its_article() -> None:
    """In one sentence, in any case of the name; the next sentence is another matter."""
    said = references(
        "Смоленского гарнизонного военного суда по делу № 1-12/2031 (ч. 5 ст. 337 УК РФ). Дело № 1-13/2031 другое."
    )

    assert [(SMOLENSK, "337/5"), (None, None)] == [(each.court, each.article) for each in said if each.kind == "case"]
    assert [SMOLENSK] == [each.court for each in references("Смоленский ГВС, 1-7/2031")]
    text = "Приговор по делу № 1-12/2031"
    (one,) = references(text)
    assert "1-12/2031" == text[one.start : one.end] == one.quote


def test_references_come_with_the_links() -> None:
    """`crawl links` tells them as lines with a kind; addresses stay what they were."""
    read = cited(b"See https://court.example/acts/1-12/2031 and case No. 1-12/2031.", "a.txt")

    assert [("case", "1-12/2031")] == [(each.kind, each.value) for each in read.references]
    row = read.references[0].row()
    assert ("reference", None, [54, 63]) == (row["kind"], row["url"], row["span"])


def extraction(seq: int) -> Extraction:
    at = datetime(2031, 7, 1, tzinfo=UTC)
    return Extraction(
        f"e{seq}",
        f"c{seq}",
        seq,
        at,
        "https://court.example/x",
        None,
        "sudrf/1",
        "page",
        "",
        "card",
        "utf-8",
        None,
        (),
        1,
        f"r{seq}",
    )


def sightings(subject: str, seq: int, **said: str) -> Iterator[Sighting]:
    for name, value in said.items():
        owner = f"{subject}#person:1" if name == "article" else subject
        e = extraction(seq)
        yield Sighting(f"{subject}{name}", owner, name, 0, value, value, False, e, seq, 1)


@pytest.fixture
def cases() -> Any:
    held = [
        *sightings("reg:criminal-1:a", 1, court=SMOLENSK, number="1-12/2031", uid=UID, article="337/5", name="Выдуманный А.А."),
        *sightings("reg:criminal-1:b", 2, court="77GV0019", number="1-12/2031", article="338"),
        *sightings("reg:criminal-1:c", 3, court="77GV0019", number="1-99/2031", article="332"),
    ]
    folded = fold(held)
    return Cases(folded), [case.id for case in folded]


def test_a_reference_means_a_case(cases: Any) -> None:
    """By UID; by number and court; by a number alone only as far as one case has it; by an article never."""
    ledger, (first, second, third) = cases

    assert [(first, 1.0)] == [(each.case, each.confidence) for each in ledger.of_uid(UID)]
    assert [] == ledger.of_uid("26RS0023-01-2020-000160-45")
    assert [first] == [each.case for each in ledger.of_number("1-12/2031", SMOLENSK)]
    assert {first, second} == {each.case for each in ledger.of_number("1-12/2031")}
    assert all(each.confidence < 0.5 for each in ledger.of_number("1-12/2031"))
    assert [(third, 0.6)] == [(each.case, each.confidence) for each in ledger.of_number("1-99/2031")]
    assert [] == ledger.of_number("1-99/2031", SMOLENSK)


def test_an_article_that_contradicts_is_told(cases: Any) -> None:
    """The number and the court fit, the article does not: half as sure, and the reason says why."""
    ledger, _ = cases
    (agrees,) = ledger.of_number("1-12/2031", SMOLENSK, "337")
    (differs,) = ledger.of_number("1-12/2031", SMOLENSK, "338")

    assert agrees.confidence > 0.98 > 0.5 > differs.confidence
    assert "but the article named is 338" in differs.reason


def test_a_reference_says_what_it_is() -> None:
    """One that has no value keeps its quote."""
    (said,) = references(f"УИД {UID.replace('-48', '-49')}")

    assert isinstance(said, Reference) and said.quote.endswith("-49") and said.row()["confidence"] == 0.0
