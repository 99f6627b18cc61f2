"""Other people's WARC files: every fault is named with record, offset, field and clause; what is right is let pass."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from archive import message, records, standard
from archive.errors import NotFound
from archive.finding import Verdict, status
from archive.foreign import verify_file

ID = "<urn:uuid:11111111-1111-4111-8111-111111111111>"
DATE = "2026-03-02T12:00:00Z"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


def warc(*lines: str, block: bytes = b"", version: str = "WARC/1.1", end: bytes = b"\r\n\r\n") -> bytes:
    return "\r\n".join([version, *lines, "", ""]).encode() + block + end


def record(kind: str = "response", block: bytes = PAGE, *more: str, version: str = "WARC/1.1", **fields: str | None) -> bytes:
    """A record without a fault; fields: another value, or None to leave one out."""
    said: dict[str, str | None] = {
        "WARC-Type": kind,
        "WARC-Record-ID": ID,
        "WARC-Date": DATE,
        "WARC-Target-URI": None if kind == "warcinfo" else "http://court.example/",
        "Content-Type": "application/warc-fields" if kind == "warcinfo" else f"application/http; msgtype={kind}",
        "Content-Length": str(len(block)),
    }
    if kind not in ("request", "response", "warcinfo"):
        said["Content-Type"] = "text/plain"
    said |= {name.replace("_", "-"): value for name, value in fields.items()}
    return warc(*(f"{name}: {value}" for name, value in said.items() if value is not None), *more, block=block, version=version)


def faults(octets: bytes, tmp_path: Path, name: str = "a.warc") -> list[tuple[str, str]]:
    """(check, detail) of every failure."""
    path = tmp_path / name
    path.write_bytes(octets)
    return [(f.check, f.detail) for f in verify_file(path) if f.outcome is Verdict.FAIL]


def sha1(octets: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(octets).digest()).decode()


GOOD = {
    "response": record(),
    "warcinfo": record("warcinfo", b"software: none\r\n", WARC_Filename="a.warc"),
    "request": record("request", b"GET / HTTP/1.1\r\n\r\n"),
    "resource": record("resource", b"text"),
    "metadata": record("metadata", b"via: x\r\n", f"WARC-Concurrent-To: {ID}", f"WARC-Concurrent-To: {ID}"),
    "revisit": record(
        "revisit", b"", f"WARC-Payload-Digest: {sha1(b'hello')}", f"WARC-Refers-To: {ID}", f"WARC-Refers-To-Date: {DATE}",
        "WARC-Refers-To-Target-URI: http://court.example/", "WARC-Truncated: length",
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    ),
    "conversion": record("conversion", b"text", f"WARC-Refers-To: {ID}"),
    "continuation": record(
        "continuation", b"rest", "WARC-Segment-Number: 2", f"WARC-Segment-Origin-ID: {ID}", "WARC-Segment-Total-Length: 9"
    ),
    "a type of the future": record("hologram", b"x"),
    "unknown fields, repeated": record("response", PAGE, "X-Mine: 1", "x-mine: 2", "WARC-Protocol: h2", "WARC-Protocol: tls"),
    "names in any case": record().replace(b"WARC-Type", b"warc-type").replace(b"Content-Length", b"CONTENT-LENGTH", 1),
    "a folded value": record(WARC_Target_URI="\r\n http://court.example/"),
    "no value behind the colon's space": record().replace(b"WARC-Type: ", b"WARC-Type:"),
    "nine fraction digits": record(WARC_Date="2026-03-02T12:00:00.123456789Z"),
    "a year alone": record(WARC_Date="2026"),
    "a leap second": record(WARC_Date="2016-12-31T23:59:60Z"),
    "WARC 1.0": record(version="WARC/1.0"),
    "a draft": record(version="WARC/0.17"),
    "wget's brackets in 1.0": record(version="WARC/1.0", WARC_Target_URI="<http://court.example/>"),
    "an IPv6 address": record("response", PAGE, "WARC-IP-Address: 2001:db8::1"),
    "sha1 in base 32": record("response", PAGE, f"WARC-Block-Digest: {sha1(PAGE)}", f"WARC-Payload-Digest: {sha1(b'hello')}"),
    "sha256 in hex": record("response", PAGE, f"WARC-Block-Digest: sha256:{hashlib.sha256(PAGE).hexdigest()}"),
    "sha-256 in upper case": record("response", PAGE, f"WARC-Block-Digest: SHA-256:{hashlib.sha256(PAGE).hexdigest().upper()}"),
    "md5 in base 64": record(
        "response", PAGE, "WARC-Block-Digest: md5:" + base64.b64encode(hashlib.md5(PAGE).digest()).decode()
    ),
    "a digest by an algorithm of others": record("response", PAGE, "WARC-Block-Digest: xxh3:0123456789abcdef"),
    "the payload of a chunked body": record("response", CHUNKS, f"WARC-Payload-Digest: {sha1(b'hello')}"),
    "a body that was de-chunked, the head left": record(
        "response", CHUNKS.partition(b"\r\n\r\n")[0] + b"\r\n\r\nhello", f"WARC-Payload-Digest: {sha1(b'hello')}"
    ),
    "a body longer than its Content-Length": record("response", PAGE + b"!", f"WARC-Payload-Digest: {sha1(b'hello!')}"),
    "octets that are no HTTP": record("response", b"garbage"),
}  # fmt: skip

BAD = {
    "no record id": (record(WARC_Record_ID=None), "3", "WARC-Record-ID"),
    "no date": (record(WARC_Date=None), "3", "WARC-Date"),
    "no type": (record(WARC_Type=None), "3", "WARC-Type"),
    "no length": (record(Content_Length=None), "3", "Content-Length"),
    "a length below zero": (record(Content_Length="-1"), "3", "Content-Length"),
    "a length that is too large": (record(Content_Length="9" * 30), "3", "Content-Length"),
    "a length in other digits": (record(Content_Length="٥"), "3", "Content-Length"),
    "a record id without brackets": (record(WARC_Record_ID=ID.strip("<>")), "3", "WARC-Record-ID"),
    "a record id without a scheme": (record(WARC_Record_ID="<zaphod>"), "3", "WARC-Record-ID"),
    "a date in words": (record(WARC_Date="blue monday"), "3", "WARC-Date"),
    "a date of fourteen digits": (record(WARC_Date="20260302120000"), "3", "WARC-Date"),
    "a day that is not": (record(WARC_Date="2026-02-30T00:00:00Z"), "3", "WARC-Date"),
    "a fraction in 1.0": (record(version="WARC/1.0", WARC_Date="2026-03-02T12:00:00.5Z"), "3", "WARC-Date"),
    "a date field twice": (record("response", PAGE, f"WARC-Date: {DATE}"), "3", "WARC-Date"),
    "no address": (record(WARC_Target_URI=None), "3", "WARC-Target-URI"),
    "an address with a space": (record(WARC_Target_URI="http://court.example/a b"), "3", "WARC-Target-URI"),
    "an address in brackets in 1.1": (record(WARC_Target_URI="<http://court.example/>"), "3", "WARC-Target-URI"),
    "an address on a warcinfo": (record("warcinfo", b"", WARC_Target_URI="http://court.example/"), "3", "WARC-Target-URI"),
    "a file name on a response": (record("response", PAGE, "WARC-Filename: a"), "3", "WARC-Filename"),
    "an IP address on a conversion": (record("conversion", b"x", "WARC-IP-Address: 203.0.113.1"), "3", "WARC-IP-Address"),
    "no IP address at all": (record("response", PAGE, "WARC-IP-Address: a.b.c.d"), "3", "WARC-IP-Address"),
    "a revisit without a profile": (record("revisit", b""), "3", "WARC-Profile"),
    "a revisit without the digest": (
        record("revisit", b"", "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"),
        "3", "WARC-Payload-Digest",
    ),
    "a profile on a response": (record("response", PAGE, "WARC-Profile: http://a.example/"), "3", "WARC-Profile"),
    "a block without a media type": (record(Content_Type=None), "3", "Content-Type"),
    "a media type that is none": (record(Content_Type=r"gif\image"), "3", "Content-Type"),
    "a request in a response": (record(Content_Type="application/http; msgtype=request"), "3", "Content-Type"),
    "a warcinfo of another kind": (record("warcinfo", b"x", Content_Type="text/plain"), "3", "Content-Type"),
    "a continuation that begins": (
        record("continuation", b"x", "WARC-Segment-Number: 1", f"WARC-Segment-Origin-ID: {ID}"), "3", "WARC-Segment-Number"
    ),
    "a continuation of nothing": (record("continuation", b"x", "WARC-Segment-Number: 2"), "3", "WARC-Segment-Origin-ID"),
    "a changed block": (
        record("response", PAGE, f"WARC-Block-Digest: {sha1(b'other')}"), "3", "WARC-Block-Digest"
    ),
    "a changed payload": (record("response", PAGE, f"WARC-Payload-Digest: {sha1(b'other')}"), "4", "WARC-Payload-Digest"),
    "a digest over the chunks": (
        record("response", CHUNKS, f"WARC-Payload-Digest: {sha1(CHUNKS.partition(bytes(4 * [0]))[0][47:])}"),
        "4", "WARC-Payload-Digest",
    ),
    "a digest without a name": (record("response", PAGE, "WARC-Block-Digest: 1234"), "3", "WARC-Block-Digest"),
    "a digest that is too short": (record("response", PAGE, "WARC-Block-Digest: sha1:ABCD"), "3", "WARC-Block-Digest"),
    "a version of the future": (record(version="WARC/2.0"), "10", "WARC/2.0"),
    "no version": (record(version="WARC"), "3", "no WARC record"),
    "three numbers": (record(version="WARC/1.0.1"), "3", "version line"),
    "line feeds alone": (record().replace(b"\r\n", b"\n", 3), "3", "LF alone"),
    "a space before the colon": (record().replace(b"WARC-Date:", b"WARC-Date :"), "3", "not a field line"),
    "a line without a colon": (record("response", PAGE, "nonsense"), "3", "not a field line"),
    "a control character": (record("response", PAGE, "X-Mine: a\x01b"), "3", "control character"),
    "a value that is not UTF-8": (record("response", PAGE, "X-Mine: ?").replace(b"?", b"\xff"), "3", "UTF-8"),
    "one empty line too few": (warc(*record().decode().split("\r\n")[1:7], block=PAGE, end=b"\r\n"), "3", "two empty lines"),
    "three empty lines": (record() + b"\r\n" + record(), "3", "no WARC record"),
    "a block that is too short": (record()[:-10], "3", "octets"),
    "a header without an end": (record()[:80], "3", "no end"),
    "nothing": (b"", "3", "no record"),
    "text": (b"The monkeys are coming!\r\n", "3", "no WARC record"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("packed", [False, True])
def test_what_the_standard_allows_is_let_pass(name: str, packed: bool, tmp_path: Path) -> None:
    """Strict is not narrow: each of these stands in real files, or in the standard."""
    octets = gzip.compress(GOOD[name]) if packed else GOOD[name]

    assert faults(octets, tmp_path) == []


@pytest.mark.parametrize("name", BAD)
def test_what_the_standard_forbids_is_named(name: str, tmp_path: Path) -> None:
    """Under the right number, with the field or the rule."""
    octets, number, word = BAD[name]
    found = faults(GOOD["warcinfo"] + octets if octets else b"", tmp_path)

    assert [detail for check, detail in found if check.partition(" ")[0] == number and word in detail] != [], found


def test_a_finding_names_record_offset_field_and_clause(tmp_path: Path) -> None:
    """Enough to find the octets with a hex editor and the sentence in the standard."""
    path = tmp_path / "a.warc"
    path.write_bytes(GOOD["warcinfo"] + record(WARC_Date="monday"))
    (found,) = [f for f in verify_file(path) if f.outcome is Verdict.FAIL]

    assert f"a.warc: record 2 at {len(GOOD['warcinfo'])}" == found.subject
    assert found.detail == "WARC-Date: 'monday' is not a UTC time as WARC 1.1 writes it (WARC 1.1, 5.4)"


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (gzip.compress(GOOD["warcinfo"])[:-6], "inside a gzip member"),
        (gzip.compress(GOOD["warcinfo"]) + b"trailing", "no gzip member"),
        (gzip.compress(GOOD["warcinfo"] + GOOD["response"]), "not the first record in its gzip member"),
        (gzip.compress(GOOD["warcinfo"] + b"more"), "follow the record in its gzip member"),
        (gzip.compress(GOOD["warcinfo"]) + gzip.compress(b"") + gzip.compress(GOOD["response"]), "is empty"),
        (gzip.compress(GOOD["warcinfo"]) + b"\x1f\x8b\x08" + b"\0" * 60, "broken"),
    ],
)
def test_gzip_members_hold_one_record_each(octets: bytes, word: str, tmp_path: Path) -> None:
    """Torn, followed by garbage, several records in one, empty, broken: check 2 names each."""
    found = faults(octets, tmp_path, "a.warc.gz")

    assert [detail for check, detail in found if check == "2 gzip members" and word in detail] != [], found


def test_a_broken_record_does_not_hide_the_next(tmp_path: Path) -> None:
    """Damage in the middle is passed over, in plain files and in gzip."""
    good = [GOOD["warcinfo"], GOOD["response"], GOOD["resource"]]
    plain = good[0] + b"half a record\r\n" + record(Content_Length="many") + good[2]
    packed = [gzip.compress(octets) for octets in good]
    broken = bytearray(b"".join(packed))
    broken[len(packed[0]) + 30] ^= 0xFF

    for octets in (plain, bytes(broken)):
        types = [r.type for r in records.walk(io.BytesIO(octets)) if r.version is not None]
        assert (types[0], types[-1]) == ("warcinfo", "resource")


def test_a_line_without_an_end_costs_no_memory(tmp_path: Path) -> None:
    """A header line of 64 MiB in a gzip member of some kilobytes is refused at its 64th kilobyte."""
    bomb = gzip.compress(b"WARC/1.1\r\nWARC-Type: " + b"a" * (64 << 20))
    found = faults(bomb + gzip.compress(GOOD["response"]), tmp_path, "bomb.warc.gz")

    assert sorted({check for check, detail in found if "a line of" in detail}) == ["3 records and block digests"]


def test_a_member_that_swells_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Behind its bound a member is not decoded further, and the next one is still read."""
    monkeypatch.setattr(records, "FREE", 1 << 20)
    block = b"\0" * (8 << 20)
    found = faults(gzip.compress(record("resource", block)) + gzip.compress(GOOD["response"]), tmp_path, "b.warc.gz")

    assert [check for check, detail in found if "swells" in detail] == ["2 gzip members"]


def test_walking_gives_back_every_octet(tmp_path: Path) -> None:
    """Whatever a file holds, records follow each other from its first octet to its last; nothing is raised."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = [GOOD[name] for name in ("warcinfo", "request", "response", "revisit", "metadata")]
    for _ in range(300):
        pieces = [chance.choice(whole) for _ in range(3)]
        packed = chance.random() < 0.5
        octets = bytearray(b"".join(gzip.compress(piece) if packed else piece for piece in pieces))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randrange(30)] = chance.randbytes(chance.randrange(30))
        at = 0
        for found in records.walk(io.BytesIO(octets)):
            records.finish(found)
            assert (at, True) == (found.offset, found.length > 0)
            list(standard.faults(found))
            at += found.length
        assert len(octets) == at


def test_bodies_in_pieces_are_the_bodies_in_one(tmp_path: Path) -> None:
    """However a message is cut while it goes by, its entity-body is the one that `message.entity` finds."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    heads = (b"Transfer-Encoding: chunked", b"Content-Length: 7", b"X: y")
    for _ in range(400):
        body = chance.choice(
            (b"5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\n\r\n", b"5\r\nhel", b"<html>", b"", b"5\r\nhelloXX\r\n", b"ab\ncd", b"ff")
        )
        octets = b"HTTP/1.1 %d X\r\n" % chance.choice((200, 204, 304)) + chance.choice(heads) + b"\r\n\r\n" + body
        cuts = sorted(chance.randrange(len(octets) + 1) for _ in range(chance.randrange(5)))
        found = standard.Body()
        pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
        entity = b"".join(e for piece in pieces for e, _ in found.feed(piece))

        assert message.entity(octets) == entity, (octets, cuts)


def package(tmp_path: Path, *names: str, **more: bytes) -> Path:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    octets = path.read_bytes()
    for old, new in more.items():
        octets = octets.replace(old.encode(), new)
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "C:/x", "a\\b"])
def test_a_package_that_climbs_out_is_refused(name: str, tmp_path: Path) -> None:
    """Names that no extraction may follow."""
    assert status(verify_file(package(tmp_path, "datapackage.json", name))) == 4


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_package_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    """Readers differ in which of the two they see."""
    assert status(verify_file(package(tmp_path, "archive/a.warc.gz", "archive/a.warc.gz"))) == 4


def test_a_package_with_a_hidden_name_is_refused(tmp_path: Path) -> None:
    """A NUL in a name ends it for some readers only."""
    assert status(verify_file(package(tmp_path, "archive/aXb", aXb=b"a\0b"))) == 4


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """No findings about nothing."""
    with pytest.raises(NotFound):
        list(verify_file(tmp_path / "gone.warc"))


# Real files ---------------------------------------------------------------------------------------------------------

READERS = ("warcio_check", "fastwarc_check", "jwarc_validate")


def wanted(name: str, verdict: dict[str, dict[str, object]]) -> bool | None:
    """What we must say: JHOVE names its files; else what four independent readers agree to accept."""
    if name.startswith(("valid-", "invalid-")):
        return name.startswith("valid-")
    agreed = all(verdict.get(reader, {}).get("rc") == 0 for reader in READERS) and verdict["jwat"]["compliant"] == "true"
    return True if agreed else None


@pytest.mark.real
def test_real_files_get_the_verdict_they_must(realdata: Path) -> None:
    """65 files that JHOVE calls invalid are refused; its valid ones, and what four readers accept, are accepted."""
    folder = realdata / "warc"
    verdicts = json.loads((folder / "VERDICTS.json").read_bytes())
    said: dict[bool, int] = {True: 0, False: 0}
    wrong = []
    for name, verdict in verdicts.items():
        path = folder / name
        if name == "_about" or "wacz" in verdict or not path.is_file() or ".warc" not in path.name:
            continue
        want = wanted(path.name, verdict)
        if want is None:
            continue
        said[want] += 1
        if want is not (status(verify_file(path)) == 0):
            wrong.append(name)

    assert (wrong, said[False], said[True] >= 35) == ([], 65, True)
