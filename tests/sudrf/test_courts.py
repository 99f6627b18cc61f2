"""The register of military courts."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from archive.ledger import courts


def test_the_register_is_whole() -> None:
    """115 codes: 104 garrison, 9 district and fleet, one appellate, one cassation court; four without a known site."""
    kinds = Counter(court.kind for court in courts.courts())
    assert kinds == {"garrison": 104, "district": 6, "fleet": 3, "appeal": 1, "cassation": 1}
    assert [court.code for court in courts.courts() if court.host is None] == ["61GV0020", "61GV0021", "61GV0022", "61GV0023"]
    assert len({court.code for court in courts.courts()}) == len({court.name for court in courts.courts()}) == 115


def test_every_court_has_the_court_above_it() -> None:
    """Garrison under district or fleet, these under the appellate, that under the cassation court, which has none."""
    above = {"garrison": {"district", "fleet"}, "district": {"appeal"}, "fleet": {"appeal"}, "appeal": {"cassation"}}
    for court in courts.courts():
        higher = courts.by_code(court.higher) if court.higher else None
        assert (higher.kind in above[court.kind]) if higher else court.kind == "cassation", court.code
    assert Counter(court.higher for court in courts.courts() if court.kind == "garrison")["77OV0000"] == 22


@pytest.mark.parametrize(
    "host",
    [
        "sgvs.sml.sudrf.ru",
        "sgvs--sml.sudrf.ru",
        "SGVS--SML.sudrf.ru",
        "http://sgvs.sml.sudrf.ru",
        "https://sgvs--sml.sudrf.ru:443/modules.php?name=sud_delo",
    ],
)
def test_two_spellings_of_a_host_are_one_court(host: str) -> None:
    """Dot and dash form, with and without scheme, port and path."""
    court = courts.by_host(host)
    assert court is not None
    assert (court.code, court.dash_host) == ("77GV0021", "sgvs--sml.sudrf.ru")


def test_hosts_of_one_label_have_one_spelling() -> None:
    """vap and vkas stand directly under sudrf.ru."""
    assert [courts.dashed(host) for host in ("vap.sudrf.ru", "vkas.sudrf.ru", "1ap.sudrf.ru")] == [
        "vap.sudrf.ru", "vkas.sudrf.ru", "1ap.sudrf.ru",
    ]  # fmt: skip
    assert courts.by_host("sgvs.sml.sudrf.ru.example") is None
    assert courts.by_host("2zovs.sudrf.ru") is None  # does not exist: a district court needs its region


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Смоленский ГВС", "77GV0021"),
        ("смоленский гвс", "77GV0021"),
        ("Смоленский гарнизонный военный суд", "77GV0021"),
        ("35 ГВС", "25GV0004"),
        ("35-й гарнизонный военный суд", "25GV0004"),
        ("2-й Западный окружной военный суд", "77OV0000"),
        ("2 ЗОВС", "77OV0000"),
        ("Балтийский ФВС", "39OV0000"),
        ("Балтийский ГВС", "39GV0004"),
        ("ГВС", None),
        ("ЗОВС", None),
        ("Вымышленский ГВС", None),
        ("Самарский областной суд", None),
    ],
)
def test_a_page_names_courts_in_short(name: str, code: str | None) -> None:
    """An abbreviation names exactly one court, or none."""
    court = courts.by_short_name(name)
    assert (court.code if court else None) == code


def test_every_fact_has_its_source() -> None:
    """What is known of a court is known from somewhere; what is not known from nowhere."""
    facts = ("code", "kind", "name", "english", "host", "region", "region_code", "higher")
    unsourced = [
        (court.code, fact)
        for court in courts.courts()
        for fact in facts
        if bool(court.said_by(fact)) != (getattr(court, fact) is not None)
    ]
    assert unsourced == []
    assert all(former.source for former in courts.formers())


def test_courts_became_others() -> None:
    """The reform of 1 October 2019: five district courts renamed, two merged into a new one; of eight more no heir is known."""
    reform = date(2019, 10, 1)
    assert {
        court.code: [(former.english.split()[0], former.how, former.ended) for former in court.predecessors]
        for court in courts.courts()
        if court.predecessors
    } == {
        "27OV0000": [("Far", "renamed", reform)],
        "61OV0000": [("North", "renamed", reform)],
        "66OV0001": [("Volga", "merged", reform), ("Ural", "merged", reform)],
        "75OV0000": [("East", "renamed", reform)],
        "77OV0000": [("Moscow", "renamed", reform)],
        "78OV0000": [("Leningrad", "renamed", reform)],
    }
    assert len([former for former in courts.formers() if former.successor is None and former.ended is None]) == 8
    heirs = [former.successor for former in courts.formers() if former.successor]
    assert all(courts.by_code(code) for code in heirs)


@pytest.mark.parametrize("host", ["povs.sam.sudrf.ru", "povs--sam.sudrf.ru", "http://povs.sam.sudrf.ru/modules.php"])
def test_a_dead_host_is_of_a_court_that_is_no_more(host: str) -> None:
    """Links of old articles lead there: the court is known, and it is not taken for the one that came after it."""
    former = courts.former_by_host(host)
    assert former is not None
    assert (former.name, former.successor) == ("Приволжский окружной военный суд", "66OV0001")
    assert courts.by_host(host) is None
