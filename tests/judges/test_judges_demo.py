"""Readers that others wrote read what a crawl keeps and replay it; the exact verdict of each is pinned."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from archive.capture import Capture, Outcome
from archive.store import Archive
from tests.world.command import crawl
from tests.world.judges import INDEXER, Replayed, collection, replaying

# Two visits of the demo: every answer, by what it was and its status.
ANSWERS = {
    (Outcome.CAPTURED, 200): 306,
    (Outcome.CAPTURED, 301): 1,
    (Outcome.CAPTURED, 404): 1,
    (Outcome.CAPTURED, 503): 1,
    (Outcome.REVISIT, 200): 11,
    (Outcome.REVISIT, 301): 1,
    (Outcome.REVISIT, 404): 1,
}
# A request, an answer and a manifest each; the resources are certificate chains, once a host.
RECORDS = {"warcinfo": 1, "request": 323, "response": 309, "revisit": 13, "metadata": 323, "resource": 7}
CHUNKED = 297  # of the responses: their records leave the payload digest out, because validators disagree on it


@dataclass(frozen=True, slots=True)
class Kept:
    """The demo's answers, and what a replayer shows for each if it is right.

    shown: by key and second, which is all that a replayer knows of a time, whatever was received then.
    unfound: ids of revisits of a chunked body that share their second with no response.
    """

    files: list[Path]
    captures: list[Capture]
    shown: dict[tuple[str, str], set[Replayed]]
    unfound: set[str]


def second(capture: Capture) -> tuple[str, str]:
    return capture.key, f"{capture.at:%Y%m%d%H%M%S}"


@pytest.fixture
def kept(home: Path) -> Kept:
    with Archive.open(home) as archive:
        captures = [c for c in archive.captures() if c.status is not None]
        opened = {c.id: archive.memento(c) for c in captures}
        files = archive.files()
    shown: dict[tuple[str, str], set[Replayed]] = {}
    for c in captures:
        m = opened[c.id]
        # pywb spares itself the body of a revisit that redirects: no browser shows it.
        body = b"" if c.outcome is Outcome.REVISIT and c.status == 301 else m.entity
        at = format_datetime(c.at.replace(microsecond=0), usegmt=True)
        shown.setdefault(second(c), set()).add(Replayed(c.status or 0, body, at, m.header("location")))
    responses = {second(c) for c in captures if c.outcome is Outcome.CAPTURED}
    chunked = {id_ for id_, m in opened.items() if m.header("transfer-encoding") == "chunked"}
    unfound = {c.id for c in captures if c.refers_to in chunked and second(c) not in responses}
    return Kept(files, captures, shown, unfound)


@pytest.fixture
async def index(home: Path, tmp_path: Path) -> bytes:
    """What `crawl export cdxj` writes."""
    ran = await crawl(home, "export", "cdxj", "-o", str(tmp_path / "ours.cdxj"))
    assert ran.status == 0, ran.err
    return (tmp_path / "ours.cdxj").read_bytes()


def test_the_demo_is_kept_alike_every_time(kept: Kept) -> None:
    """The judges below are asked about exactly these answers."""
    assert ANSWERS == Counter((c.outcome, c.status) for c in kept.captures)


def test_warcio_check_finds_nothing_wrong(kept: Kept) -> None:
    """Every record passes; revisits are all it does not check."""
    ran = INDEXER.ask("warcio", "check", "--verbose", *kept.files)
    verdicts = Counter(line.strip() for line in ran.stdout.splitlines() if line.startswith("    "))

    assert ran.returncode == 0
    assert verdicts == {
        "digest pass": sum(RECORDS.values()) - RECORDS["revisit"],
        "digest present but not checked (revisit)": RECORDS["revisit"],
    }


def test_fastwarc_finds_nothing_wrong_but_the_payload_of_revisits(kept: Kept) -> None:
    """Every block is what its digest says, every payload too; of a revisit FastWARC takes the block for the payload."""
    blocks: Counter[tuple[str, bool]] = Counter()
    payloads: Counter[tuple[str, bool]] = Counter()
    for path in kept.files:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=False):
                blocks[str(record.record_type), record.verify_block_digest()] += 1
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=True):
                if "WARC-Payload-Digest" in record.headers:
                    payloads[str(record.record_type), record.verify_payload_digest()] += 1

    assert {(type_, True): count for type_, count in RECORDS.items()} == blocks
    assert {("response", True): RECORDS["response"] - CHUNKED, ("revisit", False): RECORDS["revisit"]} == payloads


def test_cdxj_indexer_makes_the_lines_we_export(kept: Kept, index: bytes, tmp_path: Path) -> None:
    """Line by line they are the same but for the digest of chunked responses, which it takes over the chunks as sent."""
    out = tmp_path / "theirs.cdxj"
    INDEXER.ask("cdxj-indexer", "--sort", "--output", out, *kept.files).check_returncode()
    theirs = [line for line in out.read_bytes().splitlines() if not line.startswith(b"urn:kartoteka:")]
    ours = index.splitlines()

    def placed(lines: list[bytes]) -> dict[str, tuple[bytes, bytes, dict[str, str], str]]:
        parted = (line.split(b" ", 2) for line in lines)
        told = [(key, at, json.loads(fields)) for key, at, fields in parted]
        return {fields["offset"]: (key, at, fields, fields.pop("digest")) for key, at, fields in told}

    mine, foreign = placed(ours), placed(theirs)
    differ = {offset for offset in mine if mine[offset] != foreign[offset]}

    assert ours == sorted(ours)
    assert {o: line[:3] for o, line in mine.items()} == {o: line[:3] for o, line in foreign.items()}
    assert len(mine) == len(ours) == len(theirs) == len(kept.captures)
    assert len(differ) == CHUNKED
    assert {"sha256"} == {line[3].partition(":")[0] for line in mine.values()}
    assert {"sha1"} == {foreign[offset][3].partition(":")[0] for offset in differ}


def wrong(kept: Kept, root: Path) -> set[str]:
    """Ids of the captures that the collection `demo` does not show as they were received."""
    with replaying(root) as replay:
        return {c.id for c in kept.captures if replay.get("demo", c.at, c.url) not in kept.shown[second(c)]}


def test_pywb_replays_every_answer_by_the_index_we_export(kept: Kept, index: bytes, tmp_path: Path) -> None:
    """Pages, revisits, redirects, robots files and errors come back as received: status, time, entity-body."""
    collection(tmp_path, "demo", kept.files, index)

    assert wrong(kept, tmp_path) == set()


def test_pywb_s_own_index_loses_only_revisits_of_chunked_bodies(kept: Kept, tmp_path: Path) -> None:
    """It looks the referred-to body up by a digest that it made of the chunks, and ours is of the body: see decision 003."""
    collection(tmp_path, "demo", kept.files)

    assert kept.unfound == wrong(kept, tmp_path) != set()
