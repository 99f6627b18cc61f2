"""The pauses that pages ask for: whom they bind, how long, and who waits them out. The clock is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.network import Network
from crawler.politeness import CoolingDown, Manners, Politeness, Rests
from crawler.settings import Settings, load

ONE = "https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo"
TWO = "https://vkas.sudrf.ru/modules.php?name=sud_delo"
NEWS = "https://news.example/article"


class Clock:
    """Time that passes in sleep alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def wall(self) -> float:
        return 1_750_000_000.0 + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def manners(url: str, told: Settings) -> Manners:
    network = Network(Path(), "kartoteka/test", pause=told.pause, platform_pause=told.platform_pause, cool_down=told.cool_down)
    return network.manners(url)


def left(politeness: Politeness, url: str, told: Settings) -> float:
    cooling: CoolingDown | None = politeness.cooling(url.split("/")[2], manners(url, told))
    return cooling.seconds if cooling else 0.0


def test_one_tired_court_rests_the_platform(tmp_path: Path) -> None:
    """Half an hour for every court, whoever said so; other sites go on. A restart remembers it."""
    clock, told = Clock(), Settings()
    politeness = Politeness(tmp_path / "state.sqlite", clock=clock)
    Rests(politeness, lambda url: manners(url, told)).begin(ONE, "temporarily unavailable")
    assert [left(politeness, url, told) for url in (ONE, TWO, NEWS)] == [1800, 1800, 0]
    politeness.close()
    again = Politeness(tmp_path / "state.sqlite", clock=clock)
    assert [left(again, url, told) for url in (ONE, TWO, NEWS)] == [1800, 1800, 0]
    again.close()


def test_a_broken_court_rests_alone() -> None:
    """The others need not wait for it."""
    politeness, told = Politeness(None, clock=Clock()), Settings()
    Rests(politeness, lambda url: manners(url, told)).begin(ONE, "temporarily unavailable", alone=True)
    assert [left(politeness, url, told) for url in (ONE, TWO)] == [1800, 0]


async def test_whoever_waits_is_told_and_goes_on_after_it() -> None:
    """The wait is as long as the pause, and is said; one that a host's failures made longer is not waited out."""
    clock, told, heard = Clock(), Settings(), list[float]()
    politeness = Politeness(None, clock=clock, waiting=lambda host, seconds, why: heard.append(seconds))
    rests = Rests(politeness, lambda url: manners(url, told))
    rests.begin(ONE, "temporarily unavailable")
    await rests.over(TWO)
    assert (clock.now, heard, left(politeness, TWO, told)) == (1800, [1800], 0)


def test_nobody_waits_at_pace_nought() -> None:
    """Tests and exercises on loopback ask for no pause at all."""
    politeness, told = Politeness(None, pace=0, clock=Clock()), Settings()
    Rests(politeness, lambda url: manners(url, told)).begin(ONE, "temporarily unavailable")
    assert left(politeness, ONE, told) == 0


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        ("", (3.0, 1.5, 1800.0)),
        ("pause = 10\nplatform_pause = 2.5\ncool_down = 7200\n", (10.0, 2.5, 7200.0)),
        ("pause = 0\n", (0.0, 1.5, 1800.0)),
    ],
)
def test_every_pause_may_be_set(tmp_path: Path, text: str, pauses: tuple[float, float, float]) -> None:
    """3 s a host, 1.5 s over all, half an hour after a refusal, unless kartoteka.toml says otherwise."""
    (tmp_path / "kartoteka.toml").write_text(text)
    found = manners(ONE, load(tmp_path))
    assert (found.pause, found.platform_pause, found.cool_down) == pauses
    assert manners(NEWS, load(tmp_path)).platform is None
