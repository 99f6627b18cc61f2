"""A page out of a package says which package, which of its files, and what the package said of itself."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import wacz
from archive.capture import Capture, Outcome, Snapshot
from archive.finding import Verdict, status
from archive.foreign import verify_file
from archive.store import Settings, Store
from archive.take import Untaken, take
from archive.verify import verify
from tests.intake import corpus
from tests.intake.corpus import HEAD, HTML, INFO, PAGE, REVISIT, SITE, datapackage, files, packed, record, sha1, sha256


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as opened:
        yield opened


def taken(store: Store, path: Path, octets: bytes) -> tuple[list[Capture], list[Untaken]]:
    path.write_bytes(octets)
    found = list(take(store, path))
    return [each.last for each in found if isinstance(each, Snapshot)], [each for each in found if isinstance(each, Untaken)]


def test_a_page_says_which_package_and_which_member_it_came_from(store: Store, tmp_path: Path) -> None:
    """The package's name and digest, the member's name and the record's place in it, and datapackage.json's digest."""
    (capture,), untaken = taken(store, tmp_path / "theirs.wacz", corpus.GOOD)
    told = store.archive.manifest(capture)["facts"]

    assert ("theirs.wacz", []) == (told["foreign"], untaken)
    assert {
        "file": "theirs.wacz", "sha256": hashlib.sha256(corpus.GOOD).hexdigest(), "member": "archive/data.warc.gz",
        "datapackage": sha256(datapackage(files())), "offset": len(packed(INFO)), "number": 2,
    }.items() <= told["taken_from"].items()  # fmt: skip
    assert PAGE == store.archive.exchange(capture).response


def test_a_package_in_a_package_says_so(store: Store, tmp_path: Path) -> None:
    """The inner package's name, then its member's."""
    (capture,), _ = taken(store, tmp_path / "many.wacz", corpus.DEEP)

    member = store.archive.manifest(capture)["facts"]["taken_from"]["member"]
    assert "inner.wacz!archive/data.warc.gz" == member


def test_nothing_is_written_beside_the_archive(store: Store, tmp_path: Path) -> None:
    """Whatever names a package holds, no file of theirs appears."""
    names = ["../slip", "/tmp/slip", "archive/../../slip.warc.gz", "C:slip", "a\\..\\slip"]
    octets = corpus.wacz(files(), odd=[(name, b"slip") for name in names], method=zipfile.ZIP_DEFLATED)
    before = {path for path in tmp_path.rglob("*") if store.home.path not in path.parents}
    taken(store, tmp_path / "a.wacz", octets)

    after = {path for path in tmp_path.rglob("*") if store.home.path not in path.parents}
    assert {tmp_path / "a.wacz"} == after - before


def test_a_file_that_is_not_listed_is_noted(tmp_path: Path) -> None:
    """It is no fault (WACZ lets others add files), and it is not passed over in silence."""
    path = tmp_path / "a.wacz"
    path.write_bytes(corpus.wacz(files(), odd=[("notes.txt", b"x")]))
    noted = [f.subject for f in verify_file(path) if "does not list it" in f.detail and f.outcome is Verdict.NOT_CHECKED]

    assert ["a.wacz: 'notes.txt'"] == noted


def test_a_signature_is_not_called_verified(tmp_path: Path) -> None:
    """Hashes that fit say nothing of who made them."""
    told = datapackage(files())
    digest = b'{"path": "datapackage.json", "hash": "%b", "signedData": {}}' % sha256(told).encode()
    octets = io.BytesIO(corpus.wacz(files(), told=b""))
    with zipfile.ZipFile(octets, "a") as package:
        package.writestr("datapackage.json", told)
        package.writestr("datapackage-digest.json", digest)
    path = tmp_path / "a.wacz"
    path.write_bytes(octets.getvalue())
    found = list(verify_file(path))

    assert (0, True) == (status(found), any("signature is not verified" in f.detail for f in found))


def test_a_listing_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zip library would hold all of it: it is not asked."""
    monkeypatch.setattr(wacz, "LARGEST_LISTING", 100)
    package = wacz.Package.open(io.BytesIO(corpus.GOOD))

    assert any("a listing of" in fault for fault in package.faults)


def test_a_package_of_too_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound no listing is believed."""
    monkeypatch.setattr(wacz, "MOST_ENTRIES", 3)
    package = wacz.Package.open(io.BytesIO(corpus.GOOD))

    assert any("4 entries; at most 3" in fault for fault in package.faults)


def test_a_damaged_package_is_told_and_never_raised(tmp_path: Path) -> None:
    """Whatever octets are changed or cut: findings and reasons come, and every record is as it was or not there."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    path = tmp_path / "a.wacz"
    for _ in range(150):
        octets = bytearray(chance.choice((corpus.GOOD, corpus.DEEP, corpus.wacz(files(), method=zipfile.ZIP_DEFLATED))))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
        path.write_bytes(octets)
        findings = list(verify_file(path))
        for entry in (package := wacz.Package.open(io.BytesIO(octets))).archived():
            if not entry.faults:
                assert entry.start + entry.coded <= len(octets), package

        assert status(findings) in (0, 4)


# Revisits ---------------------------------------------------------------------------------------------------------------

ORIGINAL = record("a", WARC_Payload_Digest=sha1(HTML))
LATER = record("b", "revisit", HEAD, **REVISIT)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [(ORIGINAL, LATER), (LATER, ORIGINAL)])
def test_a_revisit_gets_the_body_of_its_file(store: Store, tmp_path: Path, order: tuple[bytes, ...]) -> None:
    """Before or behind its original: by the digest, over octets that were hashed again."""
    captures, untaken = taken(store, tmp_path / "a.warc.gz", packed(*order))
    held = {capture.url: capture for capture in captures}
    revisit = held[SITE + "b"]

    assert (HTML, Outcome.CAPTURED, []) == (store.archive.memento(revisit).body, revisit.outcome, untaken)
    told = store.archive.manifest(revisit)["facts"]["body_from"]
    assert {"capture": held[SITE + "a"].id, "url": SITE + "a", "foreign": "a.warc.gz"} == told
    assert "foreign-revisit-resolved" in store.archive.exchange(revisit).flags
    assert 0 == status(verify(store.home.path))


def test_a_revisit_gets_the_body_of_another_file_of_its_package(store: Store, tmp_path: Path) -> None:
    """One crawl, two files."""
    octets = corpus.wacz({"archive/1.warc.gz": packed(LATER), "archive/2.warc.gz": packed(ORIGINAL)})
    captures, _ = taken(store, tmp_path / "a.wacz", octets)

    assert [HTML, HTML] == [store.archive.memento(capture).body for capture in captures]


@pytest.mark.parametrize("digest", [sha1, sha256])
def test_a_revisit_gets_a_body_that_is_held_already(store: Store, tmp_path: Path, digest: object) -> None:
    """From a file that was taken in before, by the address it refers to."""
    assert callable(digest)
    taken(store, tmp_path / "1.warc", record("a"))
    refers = {"WARC_Refers_To_Target_URI": SITE + "a", "WARC_Refers_To_Date": corpus.DATE}
    later = record("b", "revisit", HEAD, **REVISIT | refers | {"WARC_Payload_Digest": digest(HTML)})  # type: ignore[arg-type]
    (capture,), _ = taken(store, tmp_path / "2.warc", later)

    assert HTML == store.archive.memento(capture).body


def test_a_revisit_of_a_chunked_page_reads_as_that_page(store: Store, tmp_path: Path) -> None:
    """The framing that its head says is the framing of the body it gets."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(HTML), HTML)
    digest = {"WARC_Payload_Digest": sha1(HTML)}
    both = record("a", block=whole, **digest) + record("b", "revisit", head, **REVISIT)  # type: ignore[arg-type]
    plain = record("c", "revisit", HEAD, **REVISIT)  # type: ignore[arg-type]
    captures, _ = taken(store, tmp_path / "a.warc", both + plain)

    assert [HTML] * 3 == [store.archive.memento(capture).body for capture in captures]
    assert [whole, whole, PAGE] == [store.archive.exchange(capture).response for capture in captures]


@pytest.mark.parametrize("changed", [{"WARC_Payload_Digest": sha1(b"another")}, {"WARC_Payload_Digest": None}])
def test_a_revisit_whose_digest_does_not_agree_keeps_its_head_alone(
    store: Store, tmp_path: Path, changed: dict[str, str | None]
) -> None:
    """No body is guessed by address or time."""
    later = record("a", "revisit", HEAD, **REVISIT | {"WARC_Refers_To_Target_URI": SITE + "a"} | changed)  # type: ignore[arg-type]
    captures, _ = taken(store, tmp_path / "a.warc", ORIGINAL + later)

    assert [(Outcome.CAPTURED, PAGE), (Outcome.TRUNCATED, HEAD)] == [
        (capture.outcome, store.archive.exchange(capture).response) for capture in captures
    ]


def test_an_original_that_lies_about_its_digest_gives_no_body(store: Store, tmp_path: Path) -> None:
    """The octets decide: a digest that a record only claims is not believed."""
    liar = record("a", WARC_Payload_Digest=sha1(b"another"))
    later = record("b", "revisit", HEAD, **REVISIT | {"WARC_Payload_Digest": sha1(b"another")})  # type: ignore[arg-type]
    captures, _ = taken(store, tmp_path / "a.warc", liar + later)

    assert [Outcome.CAPTURED, Outcome.TRUNCATED] == [capture.outcome for capture in captures]
