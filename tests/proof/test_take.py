"""Other people's files come in as what they are: octet for octet, marked as foreign, and what is odd is said."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.capture import Outcome, Snapshot
from archive.errors import NotFound
from archive.finding import status
from archive.store import Settings, Store
from archive.take import Untaken, take
from archive.verify import verify
from tests.proof.test_standard import CHUNKS, GOOD, ID, PAGE, record

REQUEST = b"GET / HTTP/1.1\r\nHost: court.example\r\n\r\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as opened:
        yield opened


def taken(store: Store, path: Path, octets: bytes, **more: object) -> tuple[list[Snapshot], list[Untaken]]:
    path.write_bytes(octets)
    found = list(take(store, path, **more))  # type: ignore[arg-type]
    return [f for f in found if isinstance(f, Snapshot)], [f for f in found if isinstance(f, Untaken)]


@pytest.mark.parametrize("packed", [False, True])
def test_a_response_comes_in_with_its_request_and_its_origin(store: Store, tmp_path: Path, packed: bool) -> None:
    """The octets are those of the file; the time is the file's; the manifest says where it comes from."""
    pieces = [GOOD["warcinfo"], record(), record("request", REQUEST)]
    octets = b"".join(gzip.compress(piece) if packed else piece for piece in pieces)
    (snapshot,), untaken = taken(store, tmp_path / "theirs.warc", octets)
    exchange = store.archive.exchange(snapshot.last)
    told = store.archive.manifest(snapshot.last)["facts"]["taken_from"]

    assert (PAGE, REQUEST, []) == (exchange.response, exchange.request, untaken)
    assert ("theirs.warc", datetime(2026, 3, 2, 12, tzinfo=UTC)) == (snapshot.last.foreign, snapshot.last.at)
    assert hashlib.sha256(octets).hexdigest() == told["sha256"]
    assert (ID, "none", 2) == (told["fields"]["WARC-Record-ID"], told["warcinfo"]["software"], told["number"])
    assert 0 == status(verify(store.home.path))


def test_a_request_before_its_response_is_found_too(store: Store, tmp_path: Path) -> None:
    """Writers differ in the order; the pair has one address and one time."""
    (snapshot,), _ = taken(store, tmp_path / "a.warc", record("request", REQUEST) + record())

    assert REQUEST == store.archive.exchange(snapshot.last).request


def test_a_request_of_another_page_is_not_taken_for_this_one(store: Store, tmp_path: Path) -> None:
    """Neighbours in a file are not one exchange."""
    other = record("request", REQUEST, WARC_Target_URI="http://court.example/other")
    (snapshot,), _ = taken(store, tmp_path / "a.warc", other + record())

    assert b"" == store.archive.exchange(snapshot.last).request


def test_bodies_read_as_their_writers_meant_them(store: Store, tmp_path: Path) -> None:
    """Chunked, de-chunked with the field left in, longer than their Content-Length: the page is all there."""
    left = CHUNKS.partition(b"\r\n\r\n")[0] + b"\r\n\r\n<p>hello</p>"
    for number, (octets, body) in enumerate([(CHUNKS, b"hello"), (left, b"<p>hello</p>"), (PAGE + b"!!", b"hello!!")]):
        (snapshot,), _ = taken(store, tmp_path / f"{number}.warc", record("response", octets))
        assert body == store.archive.memento(snapshot.last).entity
    assert 0 == status(verify(store.home.path))


def test_a_page_without_its_head_is_a_resource(store: Store, tmp_path: Path) -> None:
    """No status and no field is made up."""
    html = record("resource", b"<p>saved</p>", Content_Type="text/html; charset=utf-8")
    (snapshot,), _ = taken(store, tmp_path / "a.warc", html)
    memento = store.archive.memento(snapshot.last)

    assert (None, "text/html", b"<p>saved</p>") == (memento.status, memento.mime, memento.body)


def test_a_revisit_keeps_its_head_and_is_not_called_whole(store: Store, tmp_path: Path) -> None:
    """Its body lies in a record that need not be in this file: nothing is read from it."""
    head = PAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    revisit = record("revisit", head, "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest")
    (snapshot,), _ = taken(store, tmp_path / "a.warc", revisit)

    assert (Outcome.TRUNCATED, head) == (snapshot.last.outcome, store.archive.exchange(snapshot.last).response)


def test_a_304_with_a_body_keeps_every_octet(store: Store, tmp_path: Path) -> None:
    """Such an answer has no body; what a file holds behind its head is kept as beyond it."""
    octets = PAGE.replace(b"200 OK", b"304 Not Modified")
    (snapshot,), _ = taken(store, tmp_path / "a.warc", record("response", octets))
    exchange = store.archive.exchange(snapshot.last)

    assert (octets, b"hello", Outcome.NOT_MODIFIED) == (
        exchange.response + exchange.surplus, exchange.surplus, snapshot.last.outcome,
    )  # fmt: skip
    assert 0 == status(verify(store.home.path))


def test_a_digest_that_differs_is_said(store: Store, tmp_path: Path) -> None:
    """It is kept, since it may be all there is, and marked."""
    (snapshot,), _ = taken(store, tmp_path / "a.warc", record("response", PAGE, "WARC-Block-Digest: sha1:" + "A" * 32))

    assert "foreign-block-digest" in store.archive.exchange(snapshot.last).flags


def test_foreign_bodies_are_never_stood_for(store: Store, tmp_path: Path) -> None:
    """Our own captures never lean on a body that somebody else says they received."""
    octets = PAGE.replace(b"hello", b"hello" * 100).replace(b"Length: 5", b"Length: 500")
    first, _ = taken(store, tmp_path / "a.warc", record("response", octets))
    second, _ = taken(store, tmp_path / "b.warc", record("response", octets))

    assert [None, None] == [s.last.refers_to for s in first + second]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (record(WARC_Date="blue monday"), "no time can be read"),
        (record(WARC_Date=None), "no time can be read"),
        (record(WARC_Target_URI="urn:pageinfo:x"), "no address of the web"),
        (record(Content_Length="many"), "cannot be read"),
        (record()[:-30], "the block ends after"),
        (b"garbage\r\n", "no WARC record"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_rest_is_kept(store: Store, tmp_path: Path, octets: bytes, reason: str) -> None:
    """One bad record costs itself."""
    after = b"" if reason.startswith("the block") else record("response", PAGE, WARC_Target_URI="http://court.example/after")
    snapshots, (untaken,) = taken(store, tmp_path / "a.warc", GOOD["warcinfo"] + record() + octets + after)

    assert reason in untaken.reason
    assert ["http://court.example/", "http://court.example/after"][: 2 if after else 1] == [s.url for s in snapshots]


def test_a_torn_member_costs_itself(store: Store, tmp_path: Path) -> None:
    """A file that was cut gives all that came before."""
    octets = gzip.compress(record()) + gzip.compress(record("response", PAGE, "X: 1"))[:-20]
    snapshots, untaken = taken(store, tmp_path / "a.warc.gz", octets)

    assert (1, 1) == (len(snapshots), len(untaken))


ARC = (
    b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 73\n1 0 InternetArchive\n"
    b"URL IP-address Archive-date Content-type Archive-length\n"
)


def test_an_arc_file_comes_in(store: Store, tmp_path: Path) -> None:
    """The older format, plain and gzipped by record, with a space in an address."""
    first = b"http://court.example/a 203.0.113.1 20080430204825 text/html %d\n" % len(PAGE) + PAGE + b"\n"
    second = b"http://court.example/b c 203.0.113.1 20080430204826 text/html %d\n" % len(PAGE) + PAGE + b"\n"
    head = ARC.replace(b" 73\n", b" %d\n" % (len(ARC) - ARC.index(b"\n") - 1)) + b"\n"
    for name, octets in {
        "a.arc": head + first + second,
        "b.arc.gz": b"".join(map(gzip.compress, (head, first, second))),
    }.items():
        snapshots, untaken = taken(store, tmp_path / name, octets)
        assert ([], ["http://court.example/a", "http://court.example/b c"]) == (untaken, [s.url for s in snapshots])
        assert [datetime(2008, 4, 30, 20, 48, s, tzinfo=UTC) for s in (25, 26)] == [s.last.at for s in snapshots]
        assert b"hello" == store.archive.memento(snapshots[0].last).body
    assert 0 == status(verify(store.home.path))


def test_a_saved_page_comes_in_with_the_address_it_is_of(store: Store, tmp_path: Path) -> None:
    """At the time we got it, with no head, and said to be saved by a person."""
    at = datetime(2026, 5, 1, tzinfo=UTC)
    octets = "<html><p>сохранено</p>".encode("cp1251")
    (snapshot,), _ = taken(store, tmp_path / "saved.html", octets, url="https://court.example/card", at=at)
    memento = store.archive.memento(snapshot.last)

    assert (octets, "text/html", None) == (memento.body, memento.mime, memento.status)
    assert ("saved.html", at) == (snapshot.last.foreign, snapshot.last.at)
    assert "saved page" == store.archive.manifest(snapshot.last)["facts"]["taken_from"]["kind"]
    assert 0 == status(verify(store.home.path))


def test_a_saved_page_without_an_address_is_not_taken(store: Store, tmp_path: Path) -> None:
    """Nothing is guessed from a file's name."""
    snapshots, (untaken,) = taken(store, tmp_path / "saved.html", b"<p>saved</p>")

    assert ([], True) == (snapshots, "--url" in untaken.reason)


def test_a_file_that_is_not_there_is_an_error(store: Store, tmp_path: Path) -> None:
    """Not an empty result."""
    with pytest.raises(NotFound):
        list(take(store, tmp_path / "gone.warc"))


@pytest.mark.real
def test_real_files_come_in_and_what_came_in_verifies(store: Store, realdata: Path) -> None:
    """Files of many writers, whole and broken: nothing is raised, and the archive is sound afterwards."""
    count = {Snapshot: 0, Untaken: 0}
    for path in sorted((realdata / "warc").rglob("*")):
        small = path.is_file() and path.stat().st_size < 500_000
        if small and (".warc" in path.name or ".arc" in path.name) and "cdx" not in path.name:
            for found in take(store, path):
                count[type(found)] += 1

    assert (True, True) == (count[Snapshot] > 200, count[Untaken] > 50)
    assert 0 == status(verify(store.home.path))
