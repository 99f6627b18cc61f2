"""Addresses of court sites: many spellings, one card."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from archive.ledger import words
from crawler.sites.sudrf import SOURCE, addresses
from crawler.source import Query

UID = "00000001-aaaa-4bbb-8ccc-000000000001"
CARD = f"https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo&srv_num=1&name_op=case&case_id=9000001&case_uid={UID}&delo_id=1540006"


@pytest.mark.parametrize(
    "url",
    [
        CARD,
        CARD.replace("https", "http"),
        CARD.replace("sgvs--sml", "sgvs.sml"),
        CARD.replace(UID, UID.upper()),
        CARD.replace("&", "&amp;"),
        CARD + "&case_type=0&new=0",
        CARD + "&new=",
        CARD.replace("&srv_num=1", ""),
        CARD.replace("case_id", "CASE_ID").replace("delo_id", "Delo_Id"),
    ],
)
def test_a_card_has_one_address_and_one_subject(url: str) -> None:
    """Host form, scheme, case, order, `&amp;` and empty parameters do not make another card."""
    address = addresses.parse(url)
    assert (address.card, address.subject("77GV0021")) == (CARD, f"reg:criminal-1:{UID}")


VINTAGE = f"https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo&name_op=case&_id=9000001&_uid={UID}&_deloId=1540006&_caseType=0&_new=0&srv_num=1"


@pytest.mark.parametrize(
    "url",
    [
        VINTAGE,
        VINTAGE.replace("&", "&amp;").replace("https", "http").replace("--", "."),
        VINTAGE.replace("&srv_num=1", "").replace("&_caseType=0&_new=0", ""),
        VINTAGE.replace("_deloId", "_deloid").replace(UID, UID.upper()) + "&_doc=1",
    ],
)
def test_a_court_of_the_other_template_is_asked_in_its_own_names(url: str) -> None:
    """It prints them in its links, and whether it understands others nobody knows; the registration is the same one."""
    address = addresses.parse(url)
    assert (address.card, address.subject("77GV0021")) == (VINTAGE, addresses.parse(CARD).subject("77GV0021"))


def test_two_hosts_that_serve_one_card_show_one_registration() -> None:
    """case_uid alone is the key: the address differs, the subject does not."""
    there = addresses.parse(CARD.replace("sgvs--sml", "gvs--klg"))
    assert there.card != CARD
    assert there.subject("77GV0014") == addresses.parse(CARD).subject("77GV0021")


def test_a_registration_without_a_uid_is_keyed_by_court() -> None:
    """case_id counts only inside one court's base; a card without either is known by its number."""
    without = addresses.parse(CARD.replace(f"&case_uid={UID}", ""))
    assert without.subject("77GV0021") == "reg:criminal-1:77GV0021:9000001"
    assert addresses.parse(CARD.replace(UID, "0")).subject("77GV0021") == "reg:criminal-1:77GV0021:9000001"
    bare = addresses.parse("https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo&name_op=case&delo_id=1540006")
    assert bare.subject("77GV0021", "1-41/2026") == "reg:criminal-1:77GV0021:1-41/2026"
    assert bare.subject("77GV0021") is None


@pytest.mark.parametrize(
    ("delo_id", "new", "register"),
    [
        ("1540006", "0", "criminal-1"),
        ("1540006", "", "criminal-1"),
        ("1540006", "4", "criminal-appeal"),  # the VNKOD template's way to say appeal
        ("4", "4", "criminal-appeal"),
        ("4", "2450001", "criminal-cassation"),
        ("2450001", "2450001", "criminal-cassation"),
        ("1540005", "0", "civil-1"),
        ("5", "5", "civil-appeal"),
        ("2800001", "2800001", "civil-cassation"),
        ("2800001", "5", "other"),
        ("41", "0", "kas-1"),
        ("42", "0", "kas-appeal"),
        ("43", "0", "kas-cassation"),
        ("1500001", "0", "koap"),
        ("1502001", "0", "koap-complaint"),
        ("1513001", "0", "koap-complaint-2"),
        ("2550001", "2550001", "koap-cassation"),
        ("1610001", "0", "material"),
        ("99", "0", "other"),
    ],
)
def test_delo_id_and_new_together_name_the_register(delo_id: str, new: str, register: str) -> None:
    """Neither does alone; a pair that is none names `other`."""
    address = addresses.parse(f"https://1kas.sudrf.ru/modules.php?name=sud_delo&name_op=r&delo_id={delo_id}&new={new}")
    assert address.register == register
    assert register in words.REGISTERS


def test_a_query_that_can_only_find_nothing_is_known_beforehand() -> None:
    """A wrong pair, another register's table, and Cyrillic in UTF-8 all give a silent empty answer."""
    base = "https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo&name_op=r&delo_id=1540006&case_type=0&new=0"
    assert addresses.parse(f"{base}&delo_table=u1_case&U1_DEFENDANT__NAMESS=%CF%F0%EE%E2%E5%F0%EA%E8%ED").wrong is None
    assert (
        addresses.parse(f"{base}&U1_DEFENDANT__NAMESS=%D0%9F%D1%80%D0%BE%D0%B2%D0%B5%D1%80%D0%BA%D0%B8%D0%BD").wrong is not None
    )
    assert addresses.parse(f"{base}&delo_table=g1_case").wrong is not None
    assert addresses.parse(base.replace("new=0", "new=5")).wrong is not None


@pytest.mark.parametrize(
    ("heading", "register"),
    [
        ("Уголовные дела - первая инстанция", "criminal-1"),
        ("Уголовные дела - апелляция", "criminal-appeal"),
        ("Гражданские дела - кассация", "civil-cassation"),
        ("Административные дела (КАC РФ) - первая инстанция", "kas-1"),  # a Latin C
        ("Дела об административных правонарушениях - первая инстанция", "koap"),
        ("Дела об административных правонарушениях - жалобы", None),
        ("Новости суда", None),
    ],
)
def test_a_heading_names_a_register_or_none(heading: str, register: str | None) -> None:
    """What a heading does not say for certain it does not say."""
    assert addresses.titled(heading) == register


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://sgvs--sml.sudrf.ru/modules.php", True),
        ("http://giaginsky.adg.sudrf.ru/", True),
        ("https://sudrf.ru/index.php?id=300", True),
        ("https://sudrf.ru.example/", False),
        ("https://notsudrf.ru/", False),
        ("https://mos-gorsud.ru/", False),
        ("https://[broken/", False),
    ],
)
def test_only_hosts_of_sudrf_are_ours(url: str, ours: bool) -> None:
    """The name must end there, at a dot."""
    assert SOURCE.matches(url) is ours


def test_seeds_ask_month_by_month_and_never_twice_for_a_day() -> None:
    """The windows of one register touch, do not overlap, and cover what was asked; every query is of the right form."""
    seeds = list(SOURCE.seeds(Query(("77GV0021",), date(2026, 1, 15), date(2026, 3, 3), ("criminal-1",))))
    assert [(seed.first, seed.last) for seed in seeds] == [
        (date(2026, 1, 15), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 3)),
    ]
    assert {(seed.court, seed.register) for seed in seeds} == {("77GV0021", "criminal-1")}
    assert seeds[0].url == (
        "https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo&srv_num=1&name_op=r&delo_id=1540006&case_type=0&new=0"
        "&delo_table=u1_case&u1_case__ENTRY_DATE1D=15.01.2026&u1_case__ENTRY_DATE2D=31.01.2026&Submit=%CD%E0%E9%F2%E8"
    )
    assert all(addresses.parse(seed.url).wrong is None and "vnkod=" not in seed.url for seed in seeds)


def test_every_court_is_asked_in_its_own_registers() -> None:
    """Garrisons first instance and materials, districts and fleets appeals too, the two courts above their own instance."""
    seeds = list(SOURCE.seeds(Query()))
    assert len({seed.court for seed in seeds if seed.url}) == 111
    assert [seed.court for seed in seeds if not seed.url and seed.register == "criminal-1"] == [
        "61GV0020", "61GV0021", "61GV0022", "61GV0023",  # no site is known
    ]  # fmt: skip
    assert Counter(seed.register for seed in seeds) == {
        "criminal-1": 113, "material": 113, "criminal-appeal": 10, "criminal-cassation": 1,
    }  # fmt: skip
    asked = [seed for seed in seeds if seed.url]
    assert [addresses.parse(seed.url).register for seed in asked] == [seed.register for seed in asked]
    assert [addresses.parse(seed.url).wrong for seed in asked] == [None] * len(asked)


def test_a_court_outside_the_register_works_by_its_host() -> None:
    """Its label stands for the code that is not known; the spelling of the host decides nothing."""
    for host in ("leninsky--bkr.sudrf.ru", "leninsky.bkr.sudrf.ru"):
        seeds = list(SOURCE.seeds(Query((host,), registers=("criminal-1",))))
        assert [(seed.court, addresses.parse(seed.url).host) for seed in seeds] == [("leninsky--bkr", "leninsky--bkr.sudrf.ru")]
    assert {seed.court for seed in SOURCE.seeds(Query(("sgvs.sml.sudrf.ru",)))} == {"77GV0021"}


def test_a_register_that_nobody_asks_for_is_refused() -> None:
    """A mistyped word is said to be one."""
    with pytest.raises(ValueError, match="criminal-2"):
        list(SOURCE.seeds(Query(registers=("criminal-2",))))


def test_a_court_we_do_not_know_is_refused() -> None:
    """A mistyped code is said to be one, not skipped."""
    with pytest.raises(ValueError, match="77GV9999"):
        list(SOURCE.seeds(Query(("77GV9999",))))


def test_places_are_the_whole_register() -> None:
    """115 lines, each with its code; the dot host is an alias of the dash host, and so are the hosts of predecessors."""
    places = {place.court: place for place in SOURCE.places()}
    assert len(places) == 115
    assert (places["77GV0021"].host, places["77GV0021"].aliases) == ("sgvs--sml.sudrf.ru", ("sgvs.sml.sudrf.ru",))
    assert places["66OV0001"].aliases == ("covs.svd.sudrf.ru", "povs.sam.sudrf.ru", "ovs.svd.sudrf.ru")
    assert places["61GV0020"].seeds == ()
