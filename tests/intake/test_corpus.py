"""Every odd or broken file has its verdict, with the reason, and gives what can be read of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.capture import Outcome, Snapshot
from archive.finding import Verdict, status
from archive.foreign import verify_file
from archive.store import Settings, Store
from archive.take import Untaken, take
from archive.verify import verify
from tests.intake.corpus import SHAPES, SITE, Shape

STATUS = {"accepted": 0, "refused": 4, "unjudged": 5}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as opened:
        yield opened


def test_there_are_many() -> None:
    """The corpus of CI does not shrink unseen."""
    assert len(SHAPES) >= 80


@pytest.mark.parametrize("name", SHAPES)
def test_each_has_its_verdict_and_its_reason(name: str, tmp_path: Path) -> None:
    """Accepted with no failure, or refused with the words that say why; an ARC file is not judged by WARC's standard."""
    shape: Shape = SHAPES[name]
    path = tmp_path / shape.file
    path.write_bytes(shape.octets)
    findings = list(verify_file(path))
    failures = [finding.detail for finding in findings if finding.outcome is Verdict.FAIL]

    assert STATUS[shape.verdict] == status(findings), failures
    assert shape.verdict != "refused" or [detail for detail in failures if shape.words in detail] != [], failures


@pytest.mark.parametrize("name", SHAPES)
def test_each_gives_what_can_be_read(name: str, store: Store, tmp_path: Path) -> None:
    """The readable records come in, the others are told with the reason, and the archive is sound afterwards."""
    shape: Shape = SHAPES[name]
    path = tmp_path / shape.file
    path.write_bytes(shape.octets)
    found = list(take(store, path))
    pages = [each.url for each in found if isinstance(each, Snapshot)]
    untaken = [each.reason for each in found if isinstance(each, Untaken)]

    assert sorted(SITE + page for page in shape.pages) == sorted(pages), untaken
    for words in shape.untaken:
        assert [reason for reason in untaken if words in reason] != [], untaken
    assert {path.name} >= {each.last.foreign for each in found if isinstance(each, Snapshot)}
    known = {Outcome.CAPTURED, Outcome.TRUNCATED} | ({Outcome.BAD_HTTP} if shape.words == "6.3.2" else set())
    assert known >= {each.last.outcome for each in found if isinstance(each, Snapshot)}
    assert status(verify(store.home.path)) == (0 if pages else 5)
