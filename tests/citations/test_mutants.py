"""Ten thousand broken texts: nothing crashes, no address is invented, and how many are found whole is printed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from crawler.citations import text as text_room
from crawler.citations.text import addresses
from crawler.citations.values import Found
from crawler.citations.weigh import citations
from tests.citations import mutants


@dataclass
class Count:
    """planted, whole: addresses; offered: whole among the alternatives; cut: beginnings of planted ones; invented: neither."""

    planted: int = 0
    whole: int = 0
    offered: int = 0
    cut: int = 0
    invented: int = 0

    def __str__(self) -> str:
        share = 100 * self.whole / max(1, self.planted)
        return f"{self.whole} of {self.planted} whole ({share:.1f} %), {self.offered} offered, {self.cut} cut, {self.invented} invented"


def counted(texts: int, seed: int) -> Count:
    count, draw = Count(), random.Random(seed)
    for _ in range(texts):
        mutant = mutants.mutant(draw)
        told = citations(Found(tuple(addresses(mutant.text)), mutant.text))
        urls, planted = {each.url for each in told if each.url}, set(mutant.planted)
        others = {reading.url for each in told for reading in each.alternatives}
        cut = {url for url in urls - planted if any(whole.startswith(url) for whole in planted)}
        count.planted += len(planted)
        count.whole += len(planted & urls)
        count.offered += len((planted - urls) & others)
        count.cut += len(cut)
        count.invented += len(urls - planted - cut)
        for each in told:
            assert all(0 <= start < end <= len(mutant.text) for start, end in each.spans)
    return count


def test_no_address_is_invented(capsys: pytest.CaptureFixture[str]) -> None:
    """Random wraps, punctuation, look-alikes: what is told was written; the rest is cut at worst, and offered whole."""
    seed = 20310506
    count = counted(1000, seed)

    with capsys.disabled():
        print(f"\n  1000 texts, seed {seed}: {count}")
    assert 0 == count.invented
    assert count.whole >= 0.95 * count.planted


@pytest.mark.full
def test_no_address_is_invented_in_ten_thousand(capsys: pytest.CaptureFixture[str]) -> None:
    """The long form, another draw each time; the seed is printed."""
    seed = random.SystemRandom().randrange(2**32)
    count = counted(10_000, seed)

    with capsys.disabled():
        print(f"\n  10000 texts, seed {seed}: {count}")
    assert 0 == count.invented
    assert count.whole >= 0.95 * count.planted


@pytest.mark.parametrize(("odds", "fault"), [(0.9, "invented"), (0.0, "cut")])
def test_the_count_sees_a_reader_that_guesses(odds: float, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutants: one that always joins invents, one that never does cuts; both are seen."""
    honest = counted(100, 1)
    monkeypatch.setattr(text_room, "joins", lambda seam: (odds, "a guess"))

    assert getattr(counted(100, 1), fault) > 3 + getattr(honest, fault)
