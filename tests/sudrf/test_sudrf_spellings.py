"""One registration, however its card's address is spelled: hosts, schemes, order, case, escapes, names of either template."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.ledger import courts
from archive.urls import identity
from crawler.sites.sudrf import SOURCE, addresses
from tests.sudrf.invented import ADDRESSES, Site

HOSTS = [court.dash_host for court in courts.courts() if court.dash_host] + ["vydumka--vym.sudrf.ru", "9kas.sudrf.ru"]
# Register by delo_id and new, as the primary template and the VNKOD template write them; the latter has no name for some.
REGISTERS = [
    ("criminal-1", ("1540006", "0"), ("1540006", "0")),
    ("criminal-appeal", ("4", "4"), ("1540006", "4")),
    ("criminal-cassation", ("2450001", "2450001"), ("1540006", "2450001")),
    ("civil-1", ("1540005", "0"), ("1540005", "0")),
    ("civil-appeal", ("5", "5"), ("1540005", "5")),
    ("civil-cassation", ("2800001", "2800001"), ("1540005", "2800001")),
    ("kas-1", ("41", "0"), ("41", "41")),
    ("koap", ("1500001", "0"), None),
    ("koap-complaint", ("1502001", "0"), None),
    ("koap-cassation", ("2550001", "2550001"), None),
    ("material", ("1610001", "0"), ("1610001", "0")),
]
NAMES = {"case_id": "_id", "case_uid": "_uid", "delo_id": "_deloId", "case_type": "_caseType", "new": "_new"}


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, str, str, list[tuple[str, str]]]:
    """A registration: its register, its key, a court's host, and one spelling of its card's parameters."""
    register, primary, vnkod = draw(st.sampled_from(REGISTERS))
    case_id = str(draw(st.integers(1, 10**9)))
    key = str(draw(st.uuids()))
    vintage = vnkod is not None and draw(st.booleans())
    delo_id, new = vnkod if vintage and vnkod is not None else primary
    asked = [("name", "sud_delo"), ("name_op", "case"), ("case_id", case_id), ("delo_id", delo_id)]
    asked.append(("case_uid", draw(st.sampled_from((key, key.upper())))))
    # What says nothing may be left out, left empty, or written.
    if new == "0":
        asked += draw(st.sampled_from(([], [("new", "")], [("new", "0")])))
    elif delo_id == "1540006" or delo_id == "1540005" or vintage:
        asked.append(("new", new))
    else:
        asked += draw(st.sampled_from(([], [("new", "")], [("new", "0")], [("new", new)])))
    asked += draw(
        st.lists(
            st.sampled_from([("srv_num", "1"), ("case_type", "0"), ("nc", "1"), ("n_c", "1"), ("hide_parts", "0")]), unique=True
        )
    )
    asked = draw(st.permutations(asked))
    if vintage:
        asked = [(NAMES.get(name, name), value) for name, value in asked]
    if draw(st.booleans()):
        asked = [(draw(st.sampled_from((name, name.upper(), name.title()))), value) for name, value in asked]
    return register, key, draw(st.sampled_from(HOSTS)), asked


def spelled(draw: st.DrawFn, host: str, asked: list[tuple[str, str]]) -> str:
    """An address of these parameters: scheme, form and case of the host, `&amp;`, a fragment."""
    host = draw(st.sampled_from((host, host.replace("--", "."), host.upper())))
    query = draw(st.sampled_from(("&", "&amp;"))).join(f"{name}={value}" for name, value in asked)
    tail = draw(st.sampled_from(("", "#", "#tab2")))
    return f"{draw(st.sampled_from(('http', 'https')))}://{host}/modules.php?{query}{tail}"


@given(st.data())
def test_every_spelling_is_one_registration(data: st.DataObject) -> None:
    """Two spellings of one card, at its own court's host and at another's, have one subject; and so has its canonical address."""
    register, key, host, asked = data.draw(cards())
    other = data.draw(st.sampled_from(HOSTS))
    urls = [_draw(data, at, asked) for at in (host, host, other)]
    subjects = {addresses.parse(url).subject("77GV0021") for url in urls}
    assert subjects == {f"reg:{register}:{key}"}, urls
    for url in urls:
        address = addresses.parse(url)
        assert address.card is not None
        again = addresses.parse(address.card)
        assert (again.card, again.subject("77GV0021"), again.host) == (address.card, f"reg:{register}:{key}", address.host)
        assert identity(address.card) == address.card  # it can be asked for as it stands
    assert len({addresses.parse(url).card for url in urls[:2]}) == 1  # at one host one address


def _draw(data: st.DataObject, host: str, asked: list[tuple[str, str]]) -> str:
    return data.draw(st.composite(lambda draw: spelled(draw, host, asked))())


@pytest.mark.parametrize("seed", range(20))
def test_a_card_read_at_any_spelling_states_the_same(site: Site, seed: int) -> None:
    """The page itself, served under another spelling of its address: the same registration and the same values."""
    whole = SOURCE.read(site.open("card"))
    deal = random.Random(seed)
    parts = urlsplit(ADDRESSES["card"])
    asked = parse_qsl(parts.query)
    deal.shuffle(asked)
    host = deal.choice((parts.netloc, parts.netloc.replace("--", ".")))
    names = [(deal.choice((name, name.upper())), value) for name, value in asked]
    url = f"{deal.choice(('http', 'https'))}://{host}/modules.php?" + "&".join(f"{name}={value}" for name, value in names)
    reading = SOURCE.read(site.served(site.source("card"), url))
    assert [(o.subject, o.property, o.value) for o in reading.observations] == [
        (o.subject, o.property, o.value) for o in whole.observations
    ], url


@pytest.mark.real
def test_real_addresses_in_other_spellings(realdata: Path) -> None:
    """Every card's address that the saved pages and lists hold: dot and dash host, scheme, order and escapes change nothing."""
    folder = realdata / "sudrf"
    texts = [file.read_bytes().decode("utf-8", "replace") for file in sorted(folder.rglob("*.html"))]
    links = [json.loads(line)["link"] for line in (folder / "datasets" / "sudilische_links.jsonl").open(encoding="utf-8")]
    with (folder / "pages.tsv").open(encoding="utf-8") as lines:
        links += [row["url"] for row in csv.DictReader(lines, delimiter="\t")]
    for text in texts:
        links += re.findall(r"""(?:https?://[\w.-]+)?/modules\.php\?[^"'<> ]*name_op=case[^"'<> ]*""", text)
    held = {link for link in links if addresses.parse(link, "https://syktsud--komi.sudrf.ru/").op == "case"}
    assert len(held) > 80
    for link in sorted(held):
        first = addresses.parse(link, "https://syktsud--komi.sudrf.ru/")
        bare = f"https://{first.host}/modules.php?" + urlsplit(link.replace("&amp;", "&")).query
        shuffled = "&".join(reversed(urlsplit(bare).query.split("&")))
        for other in (
            bare, bare.replace("https", "http", 1), bare.replace("--", "."), bare.replace("&", "&amp;"),
            f"https://{first.host}/modules.php?{shuffled}", first.card,
        ):  # fmt: skip
            assert other is not None
            assert addresses.parse(other).subject("X") == first.subject("X"), (link, other)
            assert addresses.parse(other).register != "other", link
