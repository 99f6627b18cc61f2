"""`crawl log` at the door: how it stands, a checkpoint, a proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import door
from archive.log import Log, proven
from archive.note import Verifier
from schedules.cli import main
from tests.log.conftest import keep


def ran(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]], str]:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr()
    return int(ended.value.code or 0), [json.loads(line) for line in said.out.splitlines()], said.err


@pytest.fixture
def world(home: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KARTOTEKA_KEYS", str(place / "keys"))
    keep(home, 0, 4)
    return home


def test_a_log_from_its_beginning_to_a_proof(world: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What waits is told, then logged; a proof written to a file proves the capture under the key that was shown."""
    ask = ["--home", str(world), "--json", "log"]
    assert (0, 4, 0) == (*(ran(ask, capsys)[1][0][k] for k in ("size", "waiting")), ran(ask, capsys)[0])
    status, [row], _ = ran([*ask, "checkpoint"], capsys)
    assert (door.DONE, 4, 4, 0) == (status, row["size"], row["logged"], row["waiting"])
    id_ = next(iter_ids(world))
    status, [told], _ = ran([*ask, "proof", id_, "-o", str(place / "one.tlog-proof")], capsys)
    assert (door.DONE, id_) == (status, told["capture"])
    said, checkpoint = proven((place / "one.tlog-proof").read_text("utf-8"), Verifier.parse(str(row["key"])))
    assert (0, 4) == (said["seq"], checkpoint.size)


def test_the_wrong_words(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A proof without a capture is a usage error; of a capture that waits, nothing is found; both say what to do."""
    ask = ["--home", str(world), "--json", "log"]
    assert door.USAGE == ran([*ask, "proof"], capsys)[0]
    assert door.USAGE == ran([*ask, "status", "x"], capsys)[0]
    status, rows, said = ran([*ask, "proof", next(iter_ids(world))], capsys)
    assert (door.NOTHING, []) == (status, rows)
    assert "crawl log checkpoint" in said


def test_a_log_that_was_put_back_fails_in_words(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence on stderr and a status, no traceback; what is kept stays."""
    ask = ["--home", str(world), "--json", "log"]
    ran([*ask, "checkpoint"], capsys)
    (world / "log" / "vkey").unlink()
    status, _, said = ran([*ask, "checkpoint"], capsys)
    assert door.PARTLY == status
    assert "put it back" in said
    assert Log(world).note() is not None


def iter_ids(home: Path) -> Iterator[str]:
    from archive.shelf import Archive

    with Archive.open(home) as archive:
        yield from [c.id for c in archive.captures()]
