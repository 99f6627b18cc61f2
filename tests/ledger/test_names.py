"""Two written names and one person: what fits, what does not, and how often on judged pairs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.ledger.names import score

FULL = "Вымыслов Артемий Валекьевич"
FITS = {
    "initials": "Вымыслов А.В.",
    "initials apart": "Вымыслов А. В.",
    "initials first": "А. В. Вымыслов",
    "capitals": "ВЫМЫСЛОВ АРТЕМИЙ ВАЛЕКЬЕВИЧ",
    "another order": "Артемий Валекьевич Вымыслов",
    "no patronymic": "Артемий Вымыслов",
    "genitive": "Вымыслова Артемия Валекьевича",
    "dative initials": "Вымыслову А.В.",
    "instrumental": "Вымысловым Артемием Валекьевичем",
    "romanised": "Vymyslov Artemiy Valekyevich",
    "romanised otherwise": "Artemij Vymyslov",
    "romanised initials": "A. V. Vymyslov",
    "a letter left out": "Вымыслв Артемий Валекьевич",
    "two letters changed places": "Вымылсов Артемий Валекьевич",
}
AGAINST = {
    "another first name": "Вымыслов Герман Валекьевич",
    "another patronymic": "Вымыслов Артемий Денисович",
    "another surname": "Небылицын Артемий Валекьевич",
    "other initials": "Вымыслов Г.В.",
    "the initials the other way round": "Вымыслов В.А.",
    "another second initial": "Вымыслов А.Г.",
    "another surname, the same initials": "Небылицын А.В.",
    "romanised, another first name": "German Vymyslov",
    "a first name alone": "Артём",
    "nothing": "",
}


@pytest.mark.parametrize("how", FITS)
def test_one_name_is_written_in_many_ways(how):
    """Each fits, in either order."""
    assert score(FULL, FITS[how]) >= 0.5
    assert score(FULL, FITS[how]) == score(FITS[how], FULL)


@pytest.mark.parametrize("how", AGAINST)
def test_another_man_has_nearly_the_same_name(how):
    """None fits: of one surname, the one with other initials is another."""
    assert score(FULL, AGAINST[how]) < 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Раджаб Тагир Салам оглы", "Раджаба Тагира Салам Оглы"),
        ("Раджаб Тагир Салам оглы", "Radzhab Tagir"),
        ("Салтыков-Небылицын П.П.", "Салтыков Небылицын Пётр Петрович"),
        ("Щербаков Юрий", "Shcherbakov Yuri"),
        ("Щербаков Юрий", "Ščerbakov Jurij"),
        ("Щербаков Ю.Ю.", "Yuriy Scherbakov"),
        ("Семёнов Фёдор Ильич", "Семенов Федор Ильич"),
        ("Вымышленко Олексій", "Вымышленко Алексей"),
        ("Вигаданий Сергій Іванович", "Vyhadanyi Serhii"),
        ("Хан Евгений", "Khan Yevgeny"),
        ("ВымысловАртемий", "Вымыслов Артемий"),
    ],
)
def test_names_of_other_makes(one, other):
    """Turkic patronymics, hyphens, ё, Ukrainian forms, several romanisations, words run together."""
    assert score(one, other) >= 0.5


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_score(one, other):
    """Between 0 and 1, the same both ways, whatever is written; nothing is raised."""
    assert 0.0 <= score(one, other) <= 1.0
    assert score(one, other) == score(other, one)


def f1(judged: list[tuple[bool, bool]]) -> float:
    hit = sum(said and true for said, true in judged)
    return 2 * hit / (sum(said for said, _ in judged) + sum(true for _, true in judged))


@pytest.mark.real
def test_generated_russian_pairs(realdata: Path):
    """F1 at least 0.95 on compatible and conflicting pairs of invented people (best published matcher: 0.66)."""
    lines = (realdata / "linkage" / "ru_name_pairs_generated.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [line.split("\t") for line in lines]
    reached = f1([(score(one, other) >= 0.5, match == "true") for one, other, match, _ in pairs])
    print(f"F1 {reached:.4f} of {len(pairs)}")
    assert reached >= 0.95


@pytest.mark.real
def test_judged_persons_of_the_world(realdata: Path):
    """F1 at least 0.75 on the persons of nomenklatura's name bench."""
    with (realdata / "linkage" / "nomenklatura" / "name_bench_cases.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["schema"] == "Person"]
    reached = f1([(score(row["name1"], row["name2"]) >= 0.5, row["is_match"] == "true") for row in rows])
    print(f"F1 {reached:.4f} of {len(rows)}")
    assert reached >= 0.75
