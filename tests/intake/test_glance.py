"""What is accepted at a glance, the long way accepts; and the long way says of it what the glance said."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from pathlib import Path

import deflate
import pytest

from archive import message, records, standard
from archive.glance import glance
from archive.glimpse import ENCODE, glimpse
from tests.proof.world import Kept, build


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The gzip members of an archive that holds a capture of every kind."""
    home = tmp_path_factory.mktemp("glance") / "home"
    build(home, ledger=False)
    return [member.octets for member in Kept(home).members()]


def long_way(octets: bytes) -> tuple[list[str], list[object]]:
    """(every fault, what the glance should have said) of the records in some octets."""
    faults: list[str] = []
    said: list[object] = []
    for record in records.walk(io.BytesIO(octets), inner=True):
        digests, block = standard.Digests(record), b"".join(record.block())
        digests.feed(block)
        records.finish(record)
        faults += map(str, [*record.faults, *standard.faults(record), *digests.faults()])
        said.append((record.type, record.length, record.sha256, record.get("WARC-Date"), record.get("WARC-Target-URI"), block))
    return faults, said


def test_most_records_of_ours_are_told_at_a_glance(members: list[bytes]) -> None:
    """Only a file's own description goes the long way: else the glance would be no use."""
    missed = [gzip.decompress(octets).partition(b"\r\n\r\n")[0] for octets in members if glance(octets) is None]

    assert [True] == [b"WARC-Type: warcinfo" in head for head in missed]


def test_the_glance_and_the_long_way_say_the_same(members: list[bytes]) -> None:
    """Type, place, digest, date, address and block of every record."""
    for octets in members:
        found = glance(octets)
        if found is not None:
            plain, block = found
            said = (plain.type, plain.length, plain.sha256, plain.date, plain.target, bytes(block))
            assert ([], [said]) == long_way(octets)


def test_bodies_at_a_glance_are_the_bodies_that_readers_get(members: list[bytes]) -> None:
    """However a body is framed, well or badly, its digest is that of `message.entity`."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    fields = (b"Transfer-Encoding: chunked", b"transfer-encoding:chunked", b"Content-Length: 7", b"Content-Length: 9", b"X: y")
    chunks = (
        b"5\r\nhello\r\n",
        b"A\r\n0123456789\r\n",
        b"0\r\n\r\n",
        b"0\r\nX: 1\r\n\r\n",
        b"3;a=b\r\nabc\r\n",
        b"5\r\nhel",
        b"<p>",
        b"",
    )
    seen = 0
    for _ in range(3000):
        head = b"HTTP/1.%d %d X\r\n" % (chance.randrange(2), chance.choice((200, 200, 204, 304, 404)))
        head += b"".join(field + b"\r\n" for field in chance.sample(fields, chance.randrange(1, 4))) + b"\r\n"
        block = head + b"".join(chance.choices(chunks, k=chance.randrange(4)))
        lines = gzip.decompress(next(octets for octets in members if b"WARC-Type: response" in gzip.decompress(octets)))
        warc = lines.partition(b"\r\n\r\n")[0].split(b"\r\n")
        warc = [line for line in warc if not line.startswith((b"WARC-Payload", b"WARC-Block", b"Content-"))]
        warc.append(b"WARC-Block-Digest: sha256:" + hashlib.sha256(block).hexdigest().encode())
        warc += [b"Content-Type: application/http;msgtype=response", b"Content-Length: %d" % len(block)]
        found = glance(bytes(deflate.gzip_compress(b"\r\n".join([*warc, b"", block]) + b"\r\n\r\n", 1)))
        if found is not None:
            seen += 1
            assert hashlib.sha256(message.entity(block)).hexdigest() == found[0].payload_sha256, block
    assert seen > 1000


def test_what_the_glance_accepts_has_no_fault(members: list[bytes]) -> None:
    """Records changed at random, in their text and in their coding: whatever passes the glance passes the long way."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    words = (b"\r\n", b"\n", b" ", b"1", b"-", b":", b"WARC-Date: 2026\r\n", b"<", b"\xd0", b"x", b"0", b"Z", b"\0", b"gzip")
    accepted = 0
    for _ in range(6000):
        text = bytearray(gzip.decompress(chance.choice(members)))
        end = text.find(b"\r\n\r\n") + 4
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(end if chance.random() < 0.8 else len(text))
            text[at : at + chance.randrange(3)] = chance.choice(words)
        if chance.random() < 0.5:  # a writer that keeps its digest in step with what it writes
            head, _, block = bytes(text).partition(b"\r\n\r\n")
            block = block.removesuffix(b"\r\n\r\n")
            old = head.partition(b"WARC-Block-Digest: sha256:")[2][:64]
            text = bytearray(bytes(text).replace(old, hashlib.sha256(block).hexdigest().encode()))
        octets = bytes(deflate.gzip_compress(bytes(text), 1))
        if glance(octets) is not None:
            accepted += 1
            assert [] == long_way(octets)[0], bytes(text)
    assert accepted > 0


def manifests(members: list[bytes]) -> list[bytes]:
    found = [told for octets in members if (told := glance(octets)) is not None]
    return [bytes(block) for plain, block in found if plain.target.startswith("urn:kartoteka:manifest:")]


def test_most_manifests_are_told_at_a_glimpse(members: list[bytes]) -> None:
    """And it says of them what decoding says."""
    said = [(glimpse(memoryview(block)), json.loads(block)) for block in manifests(members)]
    told = [(short, long) for short, long in said if short is not None]

    assert len(told) >= len(said) - 1 > 5
    for short, long in told:
        same = (
            "seq",
            "id",
            "visit",
            "hop",
            "url",
            "outcome",
            "status",
            "mime",
            "payload_sha256",
            "size",
            "error",
            "file",
            "began",
        )
        assert {key: long[key] for key in same} == {key: getattr(short, key) for key in same}
        assert (long["refers_to"] or {}).get("capture") == short.refers_to
        assert int(long["tls"] is None or long["tls"]["verified"]) == short.trusted
        assert long["facts"].get("foreign") == short.foreign
        assert [each["kind"] for each in long["records"]] == short.kinds
        assert ENCODE(long["records"]) == short.records
        assert (long["tls"] and long["tls"]["chain"] and ENCODE(long["tls"]["chain"])) == short.chain


def test_what_the_glimpse_accepts_is_canonical(members: list[bytes]) -> None:
    """Manifests changed at random: whatever passes, decoding and encoding passes, and says the same."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    words = (
        b" ",
        b'"',
        b"\\",
        b"\\u0041",
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b"0",
        b"-1",
        b"1.0",
        b"null",
        b"\xd0\xb4",
        b"\xff",
        b"\n",
        b"e5",
    )
    known, accepted = manifests(members), 0
    for _ in range(6000):
        block = bytearray(chance.choice(known))
        at = chance.randrange(len(block))
        block[at : at + chance.randrange(3)] = chance.choice(words)
        said = glimpse(memoryview(block))
        if said is not None:
            accepted += 1
            told = json.loads(block)
            assert ENCODE(told).encode() == bytes(block)
            assert (told["seq"], told["id"], told["url"], told["size"]) == (said.seq, said.id, said.url, said.size)
    assert accepted > 0


@pytest.mark.parametrize("hidden", [b"", b"hidden", gzip.compress(b"hidden", mtime=0)])
def test_octets_behind_the_member_are_never_part_of_it(members: list[bytes], hidden: bytes) -> None:
    """Though they end in the same eight octets as the member does."""
    member = next(octets for octets in members if glance(octets) is not None)

    assert None is glance(member + hidden + member[-8:])
    assert None is glance(member + hidden + b"\0" * 4 + member[-4:])


def test_a_member_that_says_a_wrong_length_costs_no_memory() -> None:
    """The length at the end of a gzip member is only a claim."""
    coded = gzip.compress(b"WARC/1.1\r\n" + b"a" * 1000)

    assert None is glance(coded[:-4] + b"\xff\xff\xff\xff")
    assert None is glance(gzip.compress(b"\0" * (17 << 20)))


def test_every_bit_of_a_member_counts(members: list[bytes]) -> None:
    """One bit flipped anywhere: not told at a glance, or told with another digest of the member."""
    plain_ones = [octets for octets in members if glance(octets) is not None][:4]
    for octets in plain_ones:
        for bit in range(len(octets) * 8):
            flipped = bytearray(octets)
            flipped[bit // 8] ^= 1 << bit % 8
            found = glance(bytes(flipped))
            assert found is None or found[0].sha256 != hashlib.sha256(octets).hexdigest()


def test_the_bench_is_kept_runnable() -> None:
    """The figures' script compiles: it runs by name only."""
    path = Path(__file__).parents[1] / "bench" / "verify_speed.py"

    assert compile(path.read_text("utf-8"), str(path), "exec") is not None
