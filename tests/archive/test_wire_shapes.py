"""What was received is kept as received, and other people's readers read it; their exact verdicts are pinned."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.checker import Checker

from archive import warc
from archive.capture import Exchange, Outcome, Tls, Visit
from archive.store import Archive, Store
from tests.world.judges import INDEXER, collection, replaying

Kept = dict[str, Any]


@pytest.fixture
def kept(world: Any, home: Path, opened: Callable[..., Store]) -> Kept:
    """Every wire shape once, the plain page twice, and a 304 that answers its ETag: capture by name."""
    shapes = world.shapes()
    shapes["plain"] = world.page(b"<p>" + b"same " * 60, "http://plain.example/", b'ETag: "one"\r\n')
    shapes["revisit"] = world.page(b"<p>" + b"same " * 60, "http://plain.example/", b"Date: later\r\n")
    shapes["not modified"] = world.exchange(
        b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n',
        "http://plain.example/",
        outcome=Outcome.NOT_MODIFIED,
        request=b'GET / HTTP/1.1\r\nHost: plain.example\r\nIf-None-Match: "one"\r\n\r\n',
    )
    with opened() as store:
        return {name: (e, store.keep(world.visit(e)).result(10).last) for name, e in shapes.items()}


def warcs(home: Path) -> list[Path]:
    return sorted((home / "warc").glob("*.warc.gz"))


def test_every_shape_comes_back_byte_for_byte(kept: Kept, home: Path) -> None:
    """Request, interim responses, response and surplus are what was on the wire; so is all that was known of them."""
    with Archive.open(home) as archive:
        assert {name: e for name, (e, _) in kept.items()} == {name: archive.exchange(c) for name, (_, c) in kept.items()}


def test_every_byte_received_lies_in_exactly_one_record(kept: Kept, home: Path) -> None:
    """Blocks in order equal the octets of the wire; only a revisit leaves its body to the record it refers to."""
    blocks: dict[str, bytes] = {}
    for path in warcs(home):
        for record in warc.records(path):
            assert record.block is not None
            if record.type in ("response", "revisit", "resource") and not (record.target or "").startswith(warc.CHAIN):
                owner = warc.bare(record.get("WARC-Concurrent-To")) or record.id or ""
                blocks[owner] = blocks.get(owner, b"") + record.block

    def received(e: Exchange, outcome: Outcome) -> bytes:
        body = e.response[: e.head_length] if outcome is Outcome.REVISIT else e.response
        return b"".join(e.interim) + body + e.surplus

    expected = {c.id: received(e, c.outcome) for e, c in kept.values()}
    assert {id_: octets for id_, octets in expected.items() if octets} == blocks


def test_warcio_check_passes_every_record(kept: Kept, home: Path) -> None:
    """`warcio check` finds no digest wrong; revisits are all it does not check."""
    said = io.StringIO()
    with redirect_stdout(said):
        exit_value = Checker(SimpleNamespace(inputs=[str(p) for p in warcs(home)], verbose=True)).process_all()
    records = sum(1 for path in warcs(home) for _ in warc.records(path))
    verdicts = Counter(line.strip() for line in said.getvalue().splitlines() if line.startswith("    "))

    assert exit_value == 0
    assert {"digest pass": records - 2, "digest present but not checked (revisit)": 2} == verdicts


def test_fastwarc_checks_every_block_and_refuses_only_revisit_payloads(kept: Kept, home: Path) -> None:
    """FastWARC takes a revisit's block for its payload: the two revisits fail there, nothing else does."""
    verdicts: Counter[tuple[str, ...]] = Counter()
    for path in warcs(home):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                block = record.verify_block_digest()
                verdicts[(str(record.record_type), "block", str(block))] += 1
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=True):
                if "WARC-Payload-Digest" in record.headers:
                    verdicts[(str(record.record_type), "payload", str(record.verify_payload_digest()))] += 1

    failed = {key: n for key, n in verdicts.items() if key[2] != "True"}
    assert failed == {("revisit", "payload", "False"): 2}
    assert verdicts[("response", "payload", "True")] == 13 - 3  # lf, chunked and cut chunked leave it out
    assert sum(n for key, n in verdicts.items() if key[1] == "block") == sum(1 for p in warcs(home) for _ in warc.records(p))


def foreign_index(home: Path) -> list[str]:
    out = home.parent / "foreign.cdxj"
    INDEXER.ask("cdxj-indexer", "--sort", "--output", out, *warcs(home)).check_returncode()
    return out.read_text().splitlines()


def test_cdxj_indexer_makes_our_lines_and_takes_nothing_else_for_a_page(kept: Kept, home: Path) -> None:
    """Key, time, place, type, status and digest agree; where a digest is left out of the record, only it differs."""
    theirs = [line for line in foreign_index(home) if not line.startswith("urn:kartoteka:")]
    with Archive.open(home) as archive:
        ours = [line.rstrip("\n") for line in archive.cdxj()]
    left_out = {kept[name][1].url for name in ("lf", "chunked", "cut chunked")}

    assert [line for line in ours if not any(u in line for u in left_out)] == [
        line for line in theirs if not any(u in line for u in left_out)
    ]

    def without_digest(line: str) -> tuple[str, str, dict[str, str]]:
        key, at, told = line.split(" ", 2)
        fields = json.loads(told)
        return key, at, {k: v for k, v in fields.items() if k != "digest"}

    assert [without_digest(line) for line in ours] == [without_digest(line) for line in theirs]
    assert ours == sorted(ours, key=str.encode)


def test_pywb_replays_every_shape(kept: Kept, home: Path, tmp_path: Path) -> None:
    """Status and entity-body of every response come back; two shapes do not, and what has no HTTP head is not found."""
    with Archive.open(home) as archive:
        collection(tmp_path, "shapes", warcs(home), "".join(archive.cdxj()).encode())
        opened = {name: archive.memento(c) for name, (_, c) in kept.items() if c.status is not None}
    with replaying(tmp_path) as replay:
        answers = {name: replay.get("shapes", c.at, c.url) for name, (_, c) in kept.items()}
    expected = {name: (m.status, m.entity) for name, m in opened.items()}
    # warcio takes the trailer of a chunked body for data, from the digits of its last chunk on.
    expected["chunked"] = (200, b"hello!!!0\r\nTrailer: yes\r\n\r\n")
    # A server-not-modified revisit is replayed as the answer it was: the head alone.
    expected["not modified"] = (304, b"")

    assert expected == {name: (a.status, a.body) for name, a in answers.items() if name in opened}
    assert {"octets": 404, "half a head": 404, "refused": 404, "robots": 404} == {
        name: a.status for name, a in answers.items() if name not in opened
    }


def test_all_records_of_an_exchange_share_their_date_and_are_tied(kept: Kept, home: Path) -> None:
    """WARC-Date is when the exchange began, to the microsecond; Concurrent-To names the capture."""
    for path in warcs(home):
        for record in warc.records(path):
            tied = warc.bare(record.get("WARC-Concurrent-To"))
            own = [e for e, c in kept.values() if c.id in (tied, record.id)]
            if own:
                assert warc.warc_date(own[0].began) == record.get("WARC-Date")
            else:
                assert record.type == "warcinfo" or (record.target or "").startswith(warc.CHAIN)


def test_a_revisit_says_what_it_refers_to(kept: Kept, home: Path) -> None:
    """Both profiles carry Refers-To, its address and its date, so that any replayer finds the body."""
    first, again, same = (kept[name][1] for name in ("plain", "revisit", "not modified"))
    with Archive.open(home) as archive:
        said = [
            {f: record.get(f) for f in ("WARC-Profile", "WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date")}
            for record in (archive.record(again.record), archive.record(same.record))
        ]
        bodies = [archive.memento(c).body for c in (first, again, same)]
    to_first = {
        "WARC-Refers-To": f"<urn:uuid:{first.id}>",
        "WARC-Refers-To-Target-URI": "http://plain.example/",
        "WARC-Refers-To-Date": warc.warc_date(first.at),
    }

    assert [{"WARC-Profile": warc.IDENTICAL_PAYLOAD} | to_first, {"WARC-Profile": warc.NOT_MODIFIED} | to_first] == said
    assert [first.outcome, again.outcome, same.outcome] == [Outcome.CAPTURED, Outcome.REVISIT, Outcome.NOT_MODIFIED]
    assert [first.id, first.id] == [again.refers_to, same.refers_to]
    assert bodies[0] == bodies[1] == bodies[2] != b""


def test_a_chain_is_written_once_in_a_file(kept: Kept, home: Path, opened: Callable[..., Store], world: Any) -> None:
    """Every exchange finds its certificates, which lie in the file once, also after the archive was closed between."""
    tls = kept["tls"][0].tls
    with opened() as store:
        later = store.keep(world.visit(world.page(b"later", "https://tls.example/later", tls=tls))).result(10).last
        assert tls == store.archive.exchange(later).tls
    chains = [r for path in warcs(home) for r in warc.records(path) if (r.target or "").startswith(warc.CHAIN)]

    assert [tls.chain] == [warc.certificates(r.block or b"") for r in chains]
    assert [r.get("Content-Type") for r in chains] == ["application/pem-certificate-chain"]


def test_no_path_or_host_of_this_machine_is_in_a_file(kept: Kept, home: Path) -> None:
    """A WARC file is for strangers: it does not say where its operator lives."""
    import getpass
    import gzip
    import socket

    whole = b"".join(gzip.decompress(path.read_bytes()) for path in warcs(home))

    assert str(home).encode() not in whole
    assert socket.gethostname().encode() not in whole or len(socket.gethostname()) < 4
    assert b"/" + getpass.getuser().encode() + b"/" not in whole


octets = st.binary(max_size=300)
words = st.text(st.characters(codec="utf-8"), max_size=20)
heads = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n",
        b"HTTP/1.0 200 OK\nX: \xff\n\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ]
)
exchanges = st.builds(
    lambda head, body, **facts: Exchange(
        response=head + body, head_length=len(head), status=int(head[9:12]) if head else None, **facts
    ),
    head=heads,
    body=octets,
    url=st.sampled_from(["http://a.example/", "https://b.example/?q=%D1%81", "http://c.example/a b"]),
    began=st.datetimes(timezones=st.just(__import__("datetime").UTC)).filter(lambda at: at.year > 1970),
    elapsed=st.integers(0, 10**9).map(lambda us: us / 1_000_000),
    outcome=st.sampled_from([o for o in Outcome if o is not Outcome.REVISIT]),
    error=st.none() | words,
    request=octets,
    interim=st.lists(octets, max_size=2).map(lambda parts: tuple(p for p in parts if p)),
    surplus=octets,
    truncated=st.sampled_from([None, "length", "time", "disconnect"]),
    first_byte=st.none() | st.integers(0, 10**9).map(lambda us: us / 1_000_000),
    peer=st.sampled_from([None, "203.0.113.5:80", "[2001:db8::1]:443", "nonsense"]),
    tls=st.none()
    | st.builds(Tls, st.just("TLSv1.2"), st.just("X"), st.none(), st.booleans(), st.none() | words, st.just((b"der",))),
    flags=st.lists(words, max_size=2).map(tuple),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(exchanges=st.lists(exchanges, min_size=1, max_size=4))
def test_any_exchange_comes_back_as_it_was(exchanges: list[Exchange], tmp_path_factory: Any) -> None:
    """Whatever the octets and the facts: what was handed in is what is read back, and the files alone remake the rows."""
    from archive.store import Settings, rebuild

    home = tmp_path_factory.mktemp("any") / "home"
    with Store.open(home, settings=Settings(floor=0, smallest_revisit=1)) as store:
        snapshot = store.keep(Visit("http://a.example/", tuple(exchanges), {"pace": 0.5, "rule": "obey"})).result(10)
        assert exchanges == [store.archive.exchange(c) for c in snapshot.captures]
        rows = list(store.archive.captures())
    rebuild(home)
    with Archive.open(home) as archive:
        assert rows == list(archive.captures())
