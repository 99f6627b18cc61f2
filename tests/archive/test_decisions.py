"""What people decide: kept as evidence is, found by its kind, and told again in its order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.capture import Outcome
from archive.decisions import Decision, decide, decisions
from archive.errors import BadRecord, Damaged
from archive.log import Log
from archive.manifest import canonical
from archive.store import Archive, Store, rebuild
from archive.verify import Verdict, verify
from crawler.reread import to_read

Opened = Callable[..., Store]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAKEDOWN = Decision("takedown", NOON, "asked for by the person", ("case:reg:criminal-1:aaaa",), {"scope": "name"}, "Редактор")
ACCEPT = Decision("identity", NOON + timedelta(hours=1), "the same number and day", ("reg:a", "reg:b"), {"same": True})


def test_a_decision_is_durable_and_found_by_its_kind(home: Path, opened: Opened) -> None:
    """What was decided is there when the archive is opened again, in the order it was decided, each under its kind."""
    with opened() as store:
        kept = [decide(store, each) for each in (TAKEDOWN, ACCEPT, TAKEDOWN)]

    with Archive.open(home) as archive:
        assert kept == list(decisions(archive))
        assert [TAKEDOWN, TAKEDOWN] == [each.decision for each in decisions(archive, "takedown")]
        assert [kept[1]] == list(decisions(archive, "identity"))
        assert [] == list(decisions(archive, "correction"))
        assert kept[1:] == list(decisions(archive, since_seq=1))


def test_a_decision_survives_the_loss_of_the_index(home: Path, opened: Opened) -> None:
    """The index is made anew from the WARC files, and holds the same decisions at the same places of the log."""
    with opened() as store:
        kept = [decide(store, each) for each in (ACCEPT, TAKEDOWN)]
        before = store.index.digest()
    rebuild(home)

    with Archive.open(home) as archive:
        assert kept == list(decisions(archive))
        assert before == archive.index.digest()


def test_the_verifier_proves_a_decision_as_it_proves_a_page(home: Path, opened: Opened, world) -> None:
    """Every record of it follows the standard and hashes to what the index keeps; an octet changed is found."""
    with opened() as store:
        store.keep(world.visit(world.page(b"<p>a page"))).result()
        decide(store, TAKEDOWN)
        (decided,) = store.archive.decided()
        file, span = store.archive.files()[0], decided.record
    assert [] == [found for found in verify(home) if found.outcome is Verdict.FAIL]

    octets = bytearray(file.read_bytes())
    octets[span.offset + span.length // 2] ^= 1
    file.write_bytes(octets)
    assert [] != [found for found in verify(home) if found.outcome is Verdict.FAIL]
    with Archive.open(home) as archive, pytest.raises(Damaged):
        list(decisions(archive))


def test_a_decision_is_in_the_outbox_of_the_log(home: Path, opened: Opened) -> None:
    """Nobody can say later that it was not decided, or decided at another time: it waits for its leaf as captures do."""
    with opened() as store:
        kept = decide(store, TAKEDOWN)
        assert [kept.seq] == [seq for seq, _ in store.waiting()]
    assert None is Log(home).note()


def test_a_decision_is_no_page(home: Path, opened: Opened, world) -> None:
    """No reader is asked of it, and no replayer is shown it: the reason may hold what a takedown takes down."""
    with opened() as store:
        page = store.keep(world.visit(world.page(b"<p>a page"))).result().last
        decide(store, TAKEDOWN)
        assert [page] == to_read(store.archive.captures())
        (line,) = store.archive.cdxj()
    assert page.url in line


def test_a_server_cannot_make_a_decision(home: Path, opened: Opened, world) -> None:
    """A redirect to the address of decisions is a visit that was not let out, and decides nothing."""
    astray = world.exchange(b"", TAKEDOWN.address, outcome=Outcome.GUARDED, request=b"")
    with opened() as store:
        store.keep(world.visit(astray)).result()
        foreign = world.exchange(ACCEPT.block, ACCEPT.address)
        store.keep(world.visit(foreign, foreign="theirs.warc.gz")).result()
        assert [] == list(decisions(store.archive))


def test_a_decision_that_cannot_be_kept_is_refused_before_anything_is_written(home: Path, opened: Opened) -> None:
    """No reason, no time zone, no kind, a body without JSON: nothing reaches the archive."""
    moscow = datetime(2026, 3, 2, 15, tzinfo=timezone(timedelta(hours=3)))
    for wrong in (("Takedown", NOON, "why"), ("takedown", moscow, "why"), ("takedown", NOON, "  "), ("", NOON, "why")):
        with pytest.raises(ValueError):
            Decision(*wrong)
    with opened() as store:
        with pytest.raises(ValueError):
            decide(store, Decision("takedown", NOON, "why", (), {"set": object()}))
        assert 0 == store.index.next_seq()


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"kind": "Identity"}, {"at": "yesterday"}, {"reason": ""}, {"subjects": [1]}, {"body": []}, {"more": 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_record_that_is_no_decision_is_not_taken_for_one(change: dict[str, object]) -> None:
    """A block is read strictly: another version, key or type is told, and nothing of it is believed."""
    said = orjson.loads(ACCEPT.block)
    assert ACCEPT == Decision.of(canonical(said))
    with pytest.raises(BadRecord):
        Decision.of(canonical(said | change))
    with pytest.raises(BadRecord, match="spelled"):
        Decision.of(ACCEPT.block + b" ")


words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
bodies = st.dictionaries(
    st.text(st.characters(max_codepoint=0xD7FF), max_size=6),
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words, lambda v: st.lists(v, max_size=3)),
    max_size=4,
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(words.filter(str.strip), st.lists(words, max_size=3), bodies, st.none() | words, st.integers(0, 10**15))
def test_a_decision_reads_back_as_it_was_made(
    reason: str, subjects: list[str], body: dict[str, object], who: str | None, microseconds: int
) -> None:
    """Whatever people write, in any script, comes back letter for letter; the same decision has the same bytes."""
    made = Decision(
        "note", datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds), reason, tuple(subjects), body, who
    )
    read = Decision.of(made.block)

    assert made == read
    assert made.block == read.block
