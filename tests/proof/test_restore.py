"""What was received comes back byte for byte, under names of ours, inside the folder asked for and nowhere else."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import show
from archive.capture import Exchange, Outcome, Visit
from archive.errors import Damaged, NotAnArchive, NotFound
from archive.restore import Restored, restore
from archive.store import Archive, Settings, Store
from tests.proof.world import CHUNKED, COURT, NOON, PAGE, VISITS, Kept, exchange, response


def roles(out: Path, files: list[Restored], hop: str = "01") -> dict[str, bytes]:
    """role -> octets, of one capture."""
    found = {}
    for file in files:
        place, _, name = file.file.rpartition("/")
        if place == hop:
            found[name.rpartition("-")[0]] = (out / file.file).read_bytes()
    return found


@pytest.mark.parametrize("name", VISITS)
def test_every_exchange_comes_back_byte_for_byte(kept: Kept, archive: Archive, tmp_path: Path, name: str) -> None:
    """Request, interim, response, surplus: what was on the wire is in the files, for every hop."""
    first = next(c for c in archive.captures() if kept.ids()[c.id] == name)
    files = restore(archive, first.id, out=tmp_path / "out")

    for number, was in enumerate(VISITS[name].exchanges, 1):
        found = roles(tmp_path / "out", files, f"{number:02}")
        sent = {"request": was.request, "response": was.response, "surplus": was.surplus}
        sent |= {f"interim-{n}": octets for n, octets in enumerate(was.interim, 1)} | {"head": was.response[: was.head_length]}
        assert {role: octets for role, octets in sent.items() if octets} == {
            role: octets for role, octets in found.items() if role in sent
        }


def test_the_body_is_the_entity_and_the_decoded_body_lies_beside_it(archive: Archive, tmp_path: Path) -> None:
    """CONTRACT: payload_sha256 is over the entity-body, the content coding kept."""
    capture = archive.nearest(COURT + "coded")
    found = roles(tmp_path / "out", restore(archive, COURT + "coded", out=tmp_path / "out"))

    assert capture.payload_sha256 == hashlib.sha256(found["entity"]).hexdigest()
    assert gzip.decompress(found["entity"]) == found["body"] == b"<p>coded page</p>" * 30


def test_chunks_are_undone_and_a_revisit_has_its_body(archive: Archive, kept: Kept, tmp_path: Path) -> None:
    """A body is a file that opens, however it was sent or kept."""
    chunked = restore(archive, COURT + "new", out=tmp_path / "chunked")
    revisit = next(c for c in archive.captures() if c.outcome is Outcome.REVISIT)

    assert roles(tmp_path / "chunked", chunked, "02")["body"] == b"hello world"
    assert CHUNKED in roles(tmp_path / "chunked", chunked, "02")["response"]
    assert roles(tmp_path / "out", restore(archive, revisit.id, out=tmp_path / "out"))["body"] == PAGE


def test_the_provenance_says_what_was_asked_and_what_was_found(archive: Archive, tmp_path: Path) -> None:
    """The time asked, the time of the nearest capture, and where each lies; every file with its digest."""
    files = restore(archive, COURT + "card", at=NOON, out=tmp_path / "out")
    told = json.loads((tmp_path / "out" / "provenance.json").read_bytes())
    first = next(archive.captures())

    assert ("2026-03-02T12:00:00.000000Z", "2026-03-02T12:00:00.000000Z") == (told["at"], told["nearest"])
    assert first.id == told["chosen"]
    assert first.record is not None
    assert (first.record.file, first.record.offset, first.record.length) == tuple(
        told["captures"][0]["record"][key] for key in ("file", "offset", "length")
    )
    sums = (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()
    assert sorted(f"{f.sha256}  {f.file}" for f in files if f.file != "SHA256SUMS") == sorted(sums)
    for file in files:
        assert file.sha256 == hashlib.sha256((tmp_path / "out" / file.file).read_bytes()).hexdigest()


def test_the_manifest_comes_back_as_it_was_hashed(archive: Archive, tmp_path: Path) -> None:
    """sha256sum of the file is what index and log keep."""
    capture = archive.nearest(COURT + "last")
    found = roles(tmp_path / "out", restore(archive, COURT + "last", out=tmp_path / "out"))

    assert capture.manifest_sha256 == hashlib.sha256(found["manifest"]).hexdigest()


def test_a_failed_visit_comes_back_as_what_it_was(archive: Archive, kept: Kept, tmp_path: Path) -> None:
    """Absence is evidence: the request that nobody answered, and the manifest that says so."""
    refused = next(c for c in archive.captures() if c.outcome is Outcome.REFUSED)
    found = roles(tmp_path / "out", restore(archive, refused.id, out=tmp_path / "out"))

    assert {"manifest", "request"} == set(found)


HOSTILE = [
    "http://court.example/../../../etc/passwd",
    "http://court.example/..%2f..%2fetc%2fpasswd",
    "http://court.example/a\0b.html",
    "http://court.example/" + "a" * 5000,
    "http://court.example/\u202egnp.exe",
    "http://court.example/con.txt:stream",
    "http://court.example/\x1b[2J\r\nX: y",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_no_address_names_a_file(url: str, tmp_path: Path) -> None:
    """Whatever an address or a media type says, files lie in the folder under names of ours."""
    answer = response(b"<p>x</p>", b"Content-Disposition: attachment; filename=../../x", b"X-Other: y").replace(
        b"text/html; charset=windows-1251", b"../../text/../html"
    )
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        capture = store.keep(Visit(url, (exchange(url, answer, 0),))).result().last
        files = restore(store.archive, capture.id, out=tmp_path / "in" / "out")

    written = {p for p in tmp_path.rglob("*") if p.is_file() and tmp_path / "home" not in p.parents}
    assert {tmp_path / "in" / "out" / file.file for file in files} == written
    assert all(p.resolve().is_relative_to(tmp_path / "in" / "out") and len(p.name) < 120 for p in written)
    assert {".json", ".http", ".txt", ".bin", ".pem", ""} >= {p.suffix for p in written}


def test_a_folder_with_other_things_is_left_alone(archive: Archive, tmp_path: Path) -> None:
    """Nothing is overwritten, and nothing of ours is mixed with what was there."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")

    with pytest.raises(NotAnArchive):
        restore(archive, COURT + "card", out=tmp_path / "out")
    assert ["mine.txt"] == [p.name for p in (tmp_path / "out").iterdir()]


def test_a_link_in_place_of_the_folder_is_not_followed(archive: Archive, tmp_path: Path) -> None:
    """A name that leads elsewhere is no folder to write to."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotAnArchive):
        restore(archive, COURT + "card", out=tmp_path / "out")
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_damaged_bytes_are_not_laid_out(kept: Kept, tmp_path: Path) -> None:
    """What does not hash to what was kept is not handed to anyone as evidence; the folder is not even made."""
    kept.sql("UPDATE captures SET payload_sha256 = ? WHERE seq = 8", "0" * 64)

    with Archive.open(kept.home) as archive, pytest.raises(Damaged):
        restore(archive, COURT + "last", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_not_kept_is_not_found(archive: Archive, tmp_path: Path) -> None:
    """Nor is a folder made for it."""
    with pytest.raises(NotFound):
        restore(archive, "https://court.example/never", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@contextmanager
def served(out: Path) -> Iterator[show.Shown]:
    with show.serve(out) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server: show.Shown, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_a_restored_page_is_shown_inert(archive: Archive, tmp_path: Path) -> None:
    """Sandboxed without scripts, not sniffed, under an address that nobody can guess; the octets themselves are saved."""
    files = restore(archive, COURT + "last", out=tmp_path / "out")
    body = next(f.file for f in files if "/body-" in f.file)
    with served(tmp_path / "out") as server:
        status, fields, octets = ask(server, f"/{server.secret}/page/01")
        raw = ask(server, f"/{server.secret}/{body}")
        listing = ask(server, f"/{server.secret}/")
        elsewhere = [
            ask(server, path)[0]
            for path in (
                "/",
                f"/{body}",
                f"/{server.secret}/provenance.json",
                f"/{server.secret}/../{body}",
                f"/{server.secret}//etc/passwd",
                f"/{server.secret}/page/02",
                f"/{server.secret}/view/999999999",
            )
        ]
        rebound = ask(server, f"/{server.secret}/page/01", Host="court.example")[0]
        posted = ask(server, f"/{server.secret}/page/01", "POST")[0]

    assert (200, b"<p>the last one</p>" * 20) == (status, octets)
    assert fields["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert ("nosniff", "no-referrer") == (fields["x-content-type-options"], fields["referrer-policy"])
    assert "text/html; charset=utf-8" == fields["content-type"]
    assert (200, True) == (listing[0], body.encode() in listing[2])
    assert ("application/octet-stream", octets) == (raw[1]["content-type"], raw[2])
    assert raw[1]["content-disposition"].startswith("attachment")
    assert [404] * 7 == elsewhere
    assert (421, 501) == (rebound, posted)


def test_a_banner_says_when_it_was_received(archive: Archive, kept: Kept, tmp_path: Path) -> None:
    """Of each page: its address, its time, its capture, and what is to be known of it; opened by itself, it gets its frame."""
    revisit = next(c for c in archive.captures() if c.outcome is Outcome.REVISIT)
    unverified = next(c for c in archive.captures() if not c.trusted)
    for capture, words in (
        (revisit, (b"its body is that of 2026-03-02T12:00:00.000000Z", b"revisit, status 200")),
        (unverified, (b"the connection was NOT verified",)),
    ):
        out = tmp_path / capture.id
        restore(archive, capture.id, out=out)
        with served(out) as server:
            status, fields, page = ask(server, f"/{server.secret}/view/01")
            alone = ask(server, f"/{server.secret}/page/01", **{"Sec-Fetch-Dest": "document"})
            front = ask(server, f"/{server.secret}/")[2]
        told = (capture.url.encode(), f"Received {capture.at.isoformat(timespec='microseconds')[:-6]}Z".encode())

        assert 200 == status
        assert set() == {each for each in (*told, *words, capture.id.encode()) if each not in page or each not in front}
        assert b'<iframe sandbox src="../page/01"' in page and b"not the live one" in page
        assert "frame-src 'self'" in fields["content-security-policy"] and "script" not in fields["content-security-policy"]
        assert (303, f"/{server.secret}/view/01") == (alone[0], alone[1]["location"])


def test_a_banner_is_no_door_for_what_was_received(tmp_path: Path) -> None:
    """An address with markup, an error with an escape: text, and nothing acts."""
    url = "http://court.example/?<script>alert(1)</script>\u202e\"'"
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        store.keep(Visit(url, (exchange(url, response(b"<p>x"), 0, error="\x1b[2J<img src=x>"),))).result()
        restore(store.archive, url, out=tmp_path / "out")
    with served(tmp_path / "out") as server:
        pages = ask(server, f"/{server.secret}/")[2] + ask(server, f"/{server.secret}/view/01")[2]

    assert (False, False) == (b"<script" in pages, b"<img" in pages)
    assert (False, True) == (b"\x1b" in pages or "\u202e".encode() in pages, b"&lt;script&gt;" in pages)


def test_what_a_browser_should_not_open_is_saved(tmp_path: Path) -> None:
    """SVG, scripts and unknown types come as attachments."""
    answer = response(b"<svg onload='alert(1)'/>").replace(b"text/html; charset=windows-1251", b"image/svg+xml")
    visit = Visit(COURT, (exchange(COURT, answer, 0),))
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        store.keep(visit).result()
        files = restore(store.archive, COURT, out=tmp_path / "out")
    body = next(f.file for f in files if "/body-" in f.file)
    with served(tmp_path / "out") as server:
        _, fields, _ = ask(server, f"/{server.secret}/{body}")

    assert "application/octet-stream" == fields["content-type"]
    assert fields["content-disposition"].startswith("attachment")


def test_a_file_changed_after_it_was_restored_is_not_shown(archive: Archive, tmp_path: Path) -> None:
    """What is shown is what was laid out."""
    files = restore(archive, COURT + "last", out=tmp_path / "out")
    body = next(f.file for f in files if "/body-" in f.file)
    (tmp_path / "out" / body).write_bytes(b"<p>another</p>")
    with served(tmp_path / "out") as server:
        assert 410 == ask(server, f"/{server.secret}/{body}")[0]


def test_a_folder_that_no_restore_made_is_not_shown(tmp_path: Path) -> None:
    """Nor one whose provenance names files elsewhere."""
    with pytest.raises(NotAnArchive):
        show.serve(tmp_path)
    told = {"captures": [{"files": [{"file": "../secret", "sha256": "", "media": None}]}]}
    (tmp_path / "provenance.json").write_text(json.dumps(told))
    with pytest.raises(NotAnArchive):
        show.serve(tmp_path)


def test_exchanges_of_odd_octets_come_back(tmp_path: Path) -> None:
    """Bare line feeds, folded and repeated fields, 8-bit octets, a body cut short: nothing is put in order."""
    odd = [
        b"HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok",
        b"HTTP/1.0 200  Fine \r\nX-Fold: a\r\n  b\r\nX: \xff\xfe\r\nx: 2\r\n\r\nbody without an end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x\r\n0123456789\r\n3\r\nab",
    ]
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as store:
        for number, octets in enumerate(odd):
            head = octets.find(b"\n\n") + 2 if b"\n\n" in octets else octets.find(b"\r\n\r\n") + 4
            cut = number == 2
            turn = Exchange(
                url=COURT + str(number), began=NOON, elapsed=0.1, outcome=Outcome.TRUNCATED if cut else Outcome.CAPTURED,
                response=octets, head_length=head, status=200, truncated="disconnect" if cut else None,
            )  # fmt: skip
            kept_as = store.keep(Visit(turn.url, (turn,))).result().last
            out = tmp_path / f"out-{number}"
            found = roles(out, restore(store.archive, kept_as.id, out=out))

            assert (octets, octets[:head]) == (found["response"], found["head"])
