"""One open archive: who may write, what is written again and what is referred to, and what readers find."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import warc
from archive.capture import Outcome
from archive.errors import Damaged, InUse, NotAnArchive, NotFound, TooNew
from archive.store import Archive, Settings, Store, rebuild

BODY = b"<p>a page that is long enough to be referred to" + b"." * 200
Opened = Callable[..., Store]
ROOT = Path(__file__).resolve().parents[2]


def test_a_second_writer_is_refused_and_told_who_holds_it(home: Path, opened: Opened) -> None:
    """One process writes; the other is told which, and gets in when the first is gone."""
    script = f"import sys; from pathlib import Path; from archive.store import Store; Store.open(Path({str(home)!r}))"
    with opened():
        told = json.loads((home / "lock").read_text())
        second = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
        with pytest.raises(InUse, match=str(told["pid"])):
            opened()
    third = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert "InUse" in second.stderr
    assert (third.returncode, third.stderr) == (0, "")


def test_a_spawned_child_does_not_inherit_the_lock(home: Path, opened: Opened) -> None:
    """A reader's worker that outlives the writer does not keep the archive shut."""
    store = opened()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        store.close()
        opened().close()
    finally:
        child.communicate(b"\n")

    assert child.returncode == 0


@pytest.mark.parametrize("name", ["notes.txt", "index.sqlite", "warc/kartoteka-20260101000000-00001.warc.gz", ".git/config"])
def test_a_folder_with_other_things_is_left_alone(home: Path, opened: Opened, name: str) -> None:
    """Nothing is written into a folder that is somebody else's."""
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text("mine")
    with pytest.raises(NotAnArchive, match="not empty"):
        opened()

    assert [name] == [str(p.relative_to(home)) for p in home.rglob("*") if p.is_file()]


def test_an_archive_of_a_newer_version_is_refused(home: Path, opened: Opened) -> None:
    """It says what it needs, and is not touched; a newer index too."""
    opened().close()
    (home / "format").write_text('{"format": 2}\n')
    for open_ in (opened, lambda: Archive.open(home), lambda: rebuild(home)):
        with pytest.raises(TooNew, match="newer"):
            open_()
    (home / "format").write_text("who knows")
    with pytest.raises(NotAnArchive):
        opened()


def test_nothing_is_made_where_nothing_may_be_made(home: Path) -> None:
    """Reading a home that is not there says so and leaves no trace."""
    with pytest.raises(NotAnArchive):
        Store.open(home, create=False)
    with pytest.raises(NotAnArchive):
        Archive.open(home)

    assert not home.exists()


def test_a_body_seen_before_is_a_revisit_within_and_across_runs(world: Any, opened: Opened) -> None:
    """The body is kept once: in the same batch, in a later run, and for another address that serves the same."""
    with opened() as store:
        first, again = (store.keep(world.visit(world.page(BODY))).result(10).last for _ in range(2))
    with opened() as store:
        later = store.keep(world.visit(world.page(BODY))).result(10).last
        other = store.keep(world.visit(world.page(BODY, "http://mirror.example/"))).result(10).last
        bodies = {store.archive.memento(c).body for c in (first, again, later, other)}

    assert [None, first.id, first.id, first.id] == [c.refers_to for c in (first, again, later, other)]
    assert [c.outcome for c in (first, again, later, other)] == [Outcome.CAPTURED] + [Outcome.REVISIT] * 3
    assert {BODY} == bodies


def test_a_body_of_the_same_visit_is_referred_to(world: Any, opened: Opened) -> None:
    """Three tries that meet the same page keep it once."""
    with opened() as store:
        captures = store.keep(world.visit(*(world.page(BODY) for _ in range(3)))).result(10).captures

    assert [None, captures[0].id, captures[0].id] == [c.refers_to for c in captures]
    assert [c.hop for c in captures] == [0, 1, 2]


def test_a_body_is_written_again_where_a_revisit_would_not_be_honest(world: Any, opened: Opened) -> None:
    """Tiny, cut short, unverified, taken in from elsewhere, or framed otherwise: the octets are kept."""
    tls = __import__("archive.capture", fromlist=["Tls"]).Tls("TLSv1.3", None, None, False, "expired")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    one = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    two = b"4\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (BODY[:4], len(BODY) - 4, BODY[4:])
    with opened() as store:

        def kept(exchange: Any, **facts: object) -> Any:
            return store.keep(world.visit(exchange, **facts)).result(10).last

        tiny = [kept(world.page(b"tiny")) for _ in range(2)]
        unverified = kept(world.page(BODY, tls=tls))
        foreign = kept(world.page(BODY), foreign="old.warc.gz")
        cut = kept(world.page(BODY, outcome=Outcome.TRUNCATED, truncated="disconnect"))
        whole = kept(world.page(BODY))
        imported_again = kept(world.page(BODY), foreign="old.warc.gz")
        chunks = [kept(world.exchange(head + body)) for body in (one, two, one)]
        framing = [store.archive.exchange(c).response for c in chunks]

    assert [c.refers_to for c in (*tiny, unverified, foreign, cut, whole, imported_again, *chunks[:2])] == [None] * 9
    assert chunks[0].id == chunks[2].refers_to
    assert [head + one, head + two, head + one] == framing
    assert [unverified.trusted, foreign.foreign] == [False, "old.warc.gz"]


def test_a_body_that_can_no_longer_be_read_is_not_referred_to(world: Any, home: Path, opened: Opened) -> None:
    """A damaged capture is no ground to stand on: the page is kept again."""
    with opened() as store:
        first = store.keep(world.visit(world.page(BODY))).result(10).last
        path = home / "warc" / first.record.file
        octets = bytearray(path.read_bytes())
        octets[first.record.offset + first.record.length // 2] ^= 1
        path.write_bytes(octets)
        second = store.keep(world.visit(world.page(BODY))).result(10).last
        with pytest.raises(Damaged):
            store.archive.memento(first)

        assert store.archive.memento(second).body == BODY


def test_a_304_stands_for_the_page_whose_validators_it_answers(world: Any, opened: Opened) -> None:
    """Not simply for the latest one; and where nothing fits it refers to nothing."""

    def unmodified(store: Store, line: bytes) -> Any:
        exchange = world.exchange(
            b"HTTP/1.1 304 Not Modified\r\n\r\n",
            outcome=Outcome.NOT_MODIFIED,
            request=b"GET / HTTP/1.1\r\nHost: court.example\r\n" + line + b"\r\n\r\n",
        )
        return store.keep(world.visit(exchange)).result(10).last

    with opened() as store:
        old = store.keep(world.visit(world.page(BODY + b"old", fields=b'ETag: "1"\r\n'))).result(10).last
        same = store.keep(world.visit(world.page(BODY + b"old", fields=b'ETag: "2"\r\n'))).result(10).last
        store.keep(world.visit(world.page(BODY + b"new", fields=b'ETag: "3"\r\n'))).result(10)
        found = [unmodified(store, b"If-None-Match: " + tag) for tag in (b'"1"', b'"2"', b'"4"')]
        memento = store.archive.memento(found[1])

    assert [Outcome.REVISIT, old.id] == [same.outcome, same.refers_to]
    assert [old.id, old.id, None] == [c.refers_to for c in found]
    assert (BODY + b"old", 200, found[1].at) == (memento.body, memento.status, memento.at)


def test_files_are_rotated_and_read_across(world: Any, home: Path, opened: Opened) -> None:
    """A new file begins when the last is full; a visit's records lie in one; a small file goes on in the next run."""
    pages = [world.page(__import__("random").Random(n).randbytes(5000)) for n in range(12)]
    captures = []
    for some in (pages[:6], pages[6:]):
        with opened(rotate=15_000) as store:
            futures = [store.keep(world.visit(e)) for e in some]
            captures += [f.result(10).last for f in futures]
    names = [p.name for p in sorted((home / "warc").iterdir())]
    with Archive.open(home) as archive:
        exchanges = [archive.exchange(c) for c in archive.captures()]
        assert names == [p.name for p in archive.files()]
        first = [next(warc.records(p)).type for p in archive.files()]

    assert pages == exchanges
    assert list(range(12)) == [c.seq for c in captures]
    assert len(names) == 4
    assert first == ["warcinfo"] * 4
    assert [f"{n:05}" for n in range(1, 5)] == [name.split("-")[2].split(".")[0] for name in names]


def test_visits_that_wait_together_share_one_sync(world: Any, opened: Opened, failing: Any) -> None:
    """An acknowledgement costs a sync, and a hundred of them may cost one."""
    disk = failing()
    with opened(disk=disk) as store:
        store._change.acquire()  # the writer waits while the queue fills
        try:
            futures = [store.keep(world.visit(world.page(BODY + b"%d" % n))) for n in range(100)]
        finally:
            store._change.release()
        wait(futures, 20)

    assert list(range(100)) == [f.result().last.seq for f in futures]
    assert disk.counts["datasync"] <= 3


def test_a_visit_with_impossible_facts_fails_alone(world: Any, home: Path, opened: Opened, read_back: Any) -> None:
    """Its neighbours of the same batch are kept, and nothing of it is."""
    with opened() as store:
        store._change.acquire()
        try:
            good = store.keep(world.visit(world.page(BODY)))
            bad = store.keep(world.visit(world.page(BODY + b"2"), world.page(BODY + b"3"), rate=float("nan")))
            after = store.keep(world.visit(world.page(BODY)))
        finally:
            store._change.release()
        with pytest.raises(ValueError, match="canonical"):
            bad.result(10)

        assert [good.result(10).last.seq, after.result(10).last.seq] == [0, 1]
    assert len(read_back(home)) == 2


def test_what_was_handed_in_is_kept_on_closing(world: Any, home: Path, opened: Opened, read_back: Any) -> None:
    """Closing waits for the queue; afterwards nothing is taken."""
    store = opened()
    futures = [store.keep(world.visit(world.page(BODY + b"%d" % n))) for n in range(50)]
    store.close()
    with pytest.raises(RuntimeError, match="closed"):
        store.keep(world.visit(world.page(BODY)))

    assert {f.result(0).last.id for f in futures} == set(read_back(home))


def test_the_queue_is_bounded(world: Any, opened: Opened) -> None:
    """A slow disk slows the callers; memory does not grow."""
    with opened(queue=10_000) as store:
        most = 0
        futures = []
        for n in range(40):
            futures.append(store.keep(world.visit(world.page(BODY * 10 + b"%d" % n))))
            most = max(most, store._waiting)

        assert [f.result(10).last.outcome for f in futures] == [Outcome.CAPTURED] * 40
    assert most <= 10_000


def test_readers_find_captures_by_address_and_time(world: Any, home: Path, opened: Opened) -> None:
    """In the order of the log, by key, up to a time, from a number on; the nearest whole one; a visit together."""
    with opened() as store:
        hops = store.keep(
            world.visit(world.page(BODY, "http://a.example/"), world.page(BODY + b"2", "http://b.example/"), plan="daily")
        ).result(10)
        gone = store.keep(world.visit(world.exchange(b"", "http://a.example/", outcome=Outcome.TIMEOUT))).result(10).last
        late = store.keep(world.visit(world.page(BODY + b"3", "http://a.example/"))).result(10).last
    first, second = hops.captures
    with Archive.open(home) as archive:
        assert [first, second, gone, late] == list(archive.captures())
        assert [first, gone, late] == list(archive.captures("http://A.example:80/"))
        assert [first, gone] == list(archive.captures("http://a.example/", at=gone.at))
        assert [gone, late] == list(archive.captures(since_seq=2))
        assert [late, first, late] == [
            archive.nearest("http://a.example/", at) for at in (None, first.at, gone.at + timedelta(hours=1))
        ]
        assert hops == archive.snapshot(first.visit)
        assert late == archive.capture(late.id)
        assert archive.manifest(first)["facts"]["plan"] == "daily"
        for missing in (
            lambda: archive.capture("x"),
            lambda: archive.nearest("http://c.example/"),
            lambda: archive.memento(gone),
        ):
            with pytest.raises(NotFound):
                missing()


def test_a_saved_page_is_a_resource(world: Any, home: Path, opened: Opened) -> None:
    """A body that came without its head is kept under its address, and read as what it is said to be."""
    saved = world.exchange(BODY, "http://saved.example/", head_length=0, status=None, request=b"", peer=None)
    with opened() as store:
        capture = store.keep(world.visit(saved, content_type="text/html; charset=koi8-r", foreign="page.html")).result(10).last
        memento = store.archive.memento(capture)
        record = store.archive.record(capture.record)

    assert (record.type, record.target) == ("resource", "http://saved.example/")
    assert (memento.status, memento.body, memento.content_type) == (None, BODY, "text/html; charset=koi8-r")
    assert capture.mime == "text/html"


def test_the_outbox_holds_what_the_log_has_not_taken(world: Any, opened: Opened) -> None:
    """One row a capture, in the capture's transaction, until the log says it has it."""
    with opened() as store:
        captures = [store.keep(world.visit(world.page(BODY + b"%d" % n))).result(10).last for n in range(3)]
        before = store.waiting()
        store.posted(1)

        assert [(c.seq, c.manifest_sha256) for c in captures] == before
        assert before[2:] == store.waiting()


def test_an_index_made_anew_is_the_same(world: Any, home: Path, opened: Opened, dumped: Any) -> None:
    """Deleted and rebuilt from the files alone: the same rows, the same numbers, whoever opens it."""
    for _ in range(3):
        with opened(rotate=8_000) as store:
            for exchange in world.shapes().values():
                store.keep(world.visit(exchange, world.page(BODY)))
    was = dumped(home)
    (home / "index.sqlite").unlink()
    with pytest.raises(NotFound, match="crawl rebuild"):
        Archive.open(home)
    found = rebuild(home)
    by_rebuild = dumped(home)
    (home / "index.sqlite").unlink()
    opened().close()

    assert found.findings == []
    assert was == by_rebuild
    assert was == dumped(home)


def test_damage_in_the_middle_of_an_old_file_hides_only_itself(world: Any, home: Path, opened: Opened) -> None:
    """A rebuild walks past it, names it, changes no byte, and keeps every number."""
    with opened(rotate=12_000) as store:
        captures = [
            store.keep(world.visit(world.page(__import__("random").Random(n).randbytes(3000)))).result(10).last
            for n in range(9)
        ]
    hurt = captures[1]
    path = home / "warc" / hurt.record.file
    octets = bytearray(path.read_bytes())
    octets[hurt.record.offset + 900] ^= 0xFF
    path.write_bytes(octets)
    found = rebuild(home)
    with Archive.open(home) as archive:
        assert [c for c in captures if c != hurt] == list(archive.captures())

    assert bytes(octets) == path.read_bytes()
    assert any(f"{path.name} at {hurt.record.offset}" in finding for finding in found.findings)


def test_a_missing_or_short_file_is_reported_and_not_written_to(world: Any, home: Path, opened: Opened) -> None:
    """Rows whose bytes are gone are named; what is kept next goes elsewhere."""
    with opened() as store:
        first = store.keep(world.visit(world.page(BODY))).result(10).last
    path = home / "warc" / first.manifest.file
    octets = path.read_bytes()
    path.write_bytes(octets[:-10])
    with opened() as store:
        short = store.recovery.findings
        second = store.keep(world.visit(world.page(BODY + b"2"))).result(10).last
    path.rename(home / "elsewhere")
    with opened() as store:
        missing = store.recovery.findings

    assert len(short) == 1 and f"{path.name} ends at {len(octets) - 10}" in short[0]
    assert [f"{path.name} is missing, and the index points into it: put it back"] == missing
    assert first.manifest.file != second.manifest.file


def test_a_last_record_that_changed_is_reported(world: Any, home: Path, opened: Opened) -> None:
    """What was written last is looked at on opening."""
    with opened() as store:
        first = store.keep(world.visit(world.page(BODY))).result(10).last
    path = home / "warc" / first.manifest.file
    octets = bytearray(path.read_bytes())
    octets[first.manifest.offset + 40] ^= 1
    path.write_bytes(octets)
    with opened() as store:
        assert [
            f"{path.name} at {first.manifest.offset}: the record is not the one that was written"
        ] == store.recovery.findings


def test_a_reader_sees_every_capture_that_is_acknowledged(world: Any, home: Path, opened: Opened) -> None:
    """An open archive follows its writer, without the lock."""
    with opened() as store, Archive.open(home) as archive:
        seen = []
        for n in range(5):
            capture = store.keep(world.visit(world.page(BODY + b"%d" % n))).result(10).last
            seen.append(archive.capture(capture.id) == capture and archive.memento(capture).body == BODY + b"%d" % n)

    assert seen == [True] * 5


def test_settings_are_kept_in_the_warcinfo(home: Path, world: Any) -> None:
    """Operator and robots policy, where they are told, stand in each file's first record."""
    settings = Settings(floor=0, warcinfo={"operator": "Someone\r\nX: y", "robots": "obey"})
    with Store.open(home, settings=settings) as store:
        store.keep(world.visit(world.page(BODY))).result(10)
        record = next(warc.records(store.archive.files()[0]))

    assert (record.block or b"").split(b"\r\n")[1:3] == [b"operator: Someone X: y", b"robots: obey"]
    assert record.get("WARC-Filename") == record.file
