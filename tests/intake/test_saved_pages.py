"""Pages that people saved come in under the address that they, or their file, state; what cannot be read costs itself."""

from __future__ import annotations

import base64
import quopri
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.capture import Snapshot
from archive.finding import status
from archive.savedpage import MOST_PARTS, saved_page
from archive.store import Settings, Store
from archive.take import Untaken, take
from archive.verify import verify

PAGE = "<html><p>Дело № 1-17/2026 выдуманного суда = есть</p></html>".encode()
SITE = "https://court.example/card"
AT = datetime(2026, 3, 3, 7, 0, 5, tzinfo=UTC)
DOT = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as opened:
        yield opened


def taken(store: Store, path: Path, octets: bytes, **more: object) -> tuple[dict[str, Snapshot], list[str]]:
    """The captures by address, and why the others are none."""
    path.write_bytes(octets)
    found = list(take(store, path, **more))  # type: ignore[arg-type]
    snapshots = {each.url: each for each in found if isinstance(each, Snapshot)}
    assert not snapshots or 0 == status(verify(store.home.path))
    return snapshots, [each.reason for each in found if isinstance(each, Untaken)]


def part(octets: bytes, *fields: str, coding: str | None = "quoted-printable") -> bytes:
    body = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}.get(coding or "", bytes)(octets)
    lines = [*fields, *([f"Content-Transfer-Encoding: {coding}"] if coding else []), "", ""]
    return "\r\n".join(lines).encode() + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mhtml(
    *parts: bytes, location: str | None = SITE, boundary: str = "----MultipartBoundary--x----", end: bool = True
) -> bytes:
    """As a browser writes it."""
    head = [
        "From: <Saved by Blink>",
        *([f"Snapshot-Content-Location: {location}"] if location else []),
        "Subject: =?utf-8?Q?a?=",
    ]
    head += ["Date: Tue, 3 Mar 2026 10:00:05 +0300", "MIME-Version: 1.0", "Content-Type: multipart/related;"]
    head += ['\ttype="text/html";', f'\tboundary="{boundary}"', "", ""]
    line = f"\r\n--{boundary}".encode()
    return "\r\n".join(head).encode() + b"".join(line + b"\r\n" + each for each in parts) + (line + b"--\r\n" if end else b"")


HTML = part(PAGE, "Content-Type: text/html", f"Content-Location: {SITE}")
IMAGE = part(DOT, "Content-Type: image/gif", "Content-Location: https://court.example/dot.gif", coding="base64")
STYLE = part(b"p { color: red }", "Content-Type: text/css", "Content-Location: cid:css-1@mhtml.blink")


def test_an_mhtml_file_comes_in_with_its_parts(store: Store, tmp_path: Path) -> None:
    """Each under the address that the file states, at the time that it states; a part of no address is left, and told."""
    found, untaken = taken(store, tmp_path / "card.mhtml", mhtml(HTML, IMAGE, STYLE))
    opened = {url: store.archive.memento(snapshot.last) for url, snapshot in found.items()}
    told = store.archive.manifest(found[SITE].last)["facts"]["taken_from"]

    assert {SITE: (PAGE, "text/html"), "https://court.example/dot.gif": (DOT, "image/gif")} == {
        url: (memento.body, memento.mime) for url, memento in opened.items()
    }
    assert ({AT}, {"card.mhtml"}) == ({m.at for m in opened.values()}, {s.last.foreign for s in found.values()})
    assert ("MHTML", 1, AT.isoformat()) == (told["kind"], told["number"], told["saved"])
    assert ["no address of the web: it is left where it is"] == untaken


@pytest.mark.parametrize(
    ("octets", "pages", "why"),
    [
        (mhtml(HTML, IMAGE, end=False), 2, "the file ends before its last part does"),
        (mhtml(part(b"x", "Content-Type: image/gif", coding="uuencode"), HTML), 1, "part 1: transfer encoding 'uuencode' is unknown"),
        (mhtml(HTML, part(b"=", "Content-Type: image/gif", coding=None) + b"no end of a head"), 1, "no address"),
        (mhtml(HTML, b"Content-Type: image/gif" + b"x" * 70_000 + b"\r\n\r\n"), 1, "part 2: its head has no end"),
        (mhtml(HTML, part(b"--a\r\n", "Content-Type: multipart/mixed; boundary=a", coding=None)), 1, "parts inside a part"),
        (mhtml(HTML, b"Content-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAAA"), 1, "part 2: "),
        (mhtml(HTML, part(PAGE, "Content-Type: text/html", "Content-Location: file:///etc/passwd")), 1, "no address of the web"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_of_it_costs_itself(store: Store, tmp_path: Path, octets: bytes, pages: int, why: str) -> None:
    """Cut, in an unknown coding, nested, or of no address: the page is kept, and the reason is told."""
    found, untaken = taken(store, tmp_path / "card.mht", octets)

    assert (PAGE, pages) == (store.archive.memento(found[SITE].last).body, len(found))
    assert [True] == [why in reason for reason in untaken]


def test_an_mhtml_file_without_a_page(store: Store, tmp_path: Path) -> None:
    """Its pictures are kept; that there is no page is told."""
    found, untaken = taken(store, tmp_path / "card.mhtml", mhtml(IMAGE, location=None))

    assert (["https://court.example/dot.gif"], ["no part of it is a page"]) == (list(found), untaken)


def test_the_address_that_a_person_names_comes_first(store: Store, tmp_path: Path) -> None:
    """Whatever the file says of itself."""
    for number, octets in enumerate((mhtml(HTML), b"<!-- saved from url=(0026)https://court.example/card -->" + PAGE)):
        found, _ = taken(store, tmp_path / f"{number}.mhtml", octets, url="https://court.example/other")
        assert ["https://court.example/other"] == list(found)


SINGLE = f"""<!DOCTYPE html> <html lang=ru><!--
 Page saved with SingleFile
 url: {SITE}
 saved date: Tue Mar 03 2026 10:00:05 GMT+0300 (Moscow Standard Time)
--><meta charset=utf-8>""".encode()


def test_a_single_file_says_where_it_is_from(store: Store, tmp_path: Path) -> None:
    """Address and time by its own mark; its octets are kept as they are."""
    found, untaken = taken(store, tmp_path / "card.html", SINGLE + PAGE)
    memento = store.archive.memento(found[SITE].last)

    assert (SINGLE + PAGE, AT, "text/html", []) == (memento.body, memento.at, memento.mime, untaken)
    assert "SingleFile" == store.archive.manifest(found[SITE].last)["facts"]["taken_from"]["kind"]


def test_a_page_saved_whole(store: Store, tmp_path: Path) -> None:
    """By the browser's mark of where it is from; what lies in the folder beside it has no address, and that is kept as a fact."""
    (tmp_path / "card_files").mkdir()
    for name in ("a.css", "b.gif"):
        (tmp_path / "card_files" / name).write_bytes(b"x")
    mark = f"<!-- saved from url=({len(SITE):04}){SITE} -->\r\n".encode()
    found, untaken = taken(store, tmp_path / "card.html", b"<!DOCTYPE html>\r\n" + mark + PAGE)
    told = store.archive.manifest(found[SITE].last)["facts"]["taken_from"]

    assert ([SITE], [], "2 files in its folder, not taken in: their addresses are not known") == (
        list(found), untaken, told["beside"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "octets",
    [
        PAGE,
        b"<!-- saved from url=(0099)https://court.example/card -->" + PAGE,  # of another length: not that mark
        b"<!-- saved from url=(0015)file:///C:/x.htm -->" + PAGE,
        b"x" * 9000 + SINGLE,
        mhtml(part(PAGE, "Content-Type: text/html"), location=None),
    ],
)
def test_a_page_of_no_address_is_not_taken(store: Store, tmp_path: Path, octets: bytes) -> None:
    """Nor one whose mark is not what a browser writes, or stands where a page could have put it."""
    found, untaken = taken(store, tmp_path / "card.html", octets)

    assert ({}, True) == (found, "--url" in untaken[-1])


def test_a_flood_of_parts_ends() -> None:
    """So many parts, and no more; each costs its octets."""
    found = saved_page(mhtml(HTML, *[IMAGE] * (MOST_PARTS + 5)), "a.mhtml")

    assert (MOST_PARTS - 1, (f"more than {MOST_PARTS} parts",)) == (len(found.others), found.faults)


def test_no_octets_of_a_saved_page_are_an_error() -> None:
    """MHTML files cut and changed at random: read as far as they can be, and nothing is raised."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = mhtml(HTML, IMAGE, STYLE)
    words = (
        b"\r\n",
        b"\n",
        b"\0",
        b"--",
        b"\xff",
        b":",
        b"=",
        b"----MultipartBoundary--x----",
        b"Date: ",
        b"charset",
        b"\r\n\r\n",
    )
    pages = 0
    for _ in range(4000):
        octets = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randrange(30)] = chance.choice(words)
        found = saved_page(bytes(octets[: chance.randrange(len(octets))] if chance.random() < 0.3 else octets), "a.mhtml")
        pages += found.page is not None and found.page.octets == PAGE
    assert pages > 400
