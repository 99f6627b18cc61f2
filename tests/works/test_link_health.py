"""Alive, moved, paywalled, soft 404, blocked, failing, dead: one failure is little, and each place is asked for itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archive.capture import Outcome
from crawler import health as room
from crawler.health import Attempt, health, state

AT = datetime(2031, 7, 1, 9, tzinfo=UTC)
URL = "https://news.example/a"


def tried(days: float = 0, outcome: Outcome = Outcome.CAPTURED, status: int | None = 200, **more: object) -> Attempt:
    final = str(more.pop("final_url", URL))
    return Attempt(URL, AT + timedelta(days=days), outcome, status, final, **more)  # type: ignore[arg-type]


def failed(days: float, vantage: str = "here") -> Attempt:
    return tried(days, Outcome.DNS_FAILED, None, error="no address", vantage=vantage)


@pytest.mark.parametrize(
    ("attempt", "word"),
    [
        (tried(), "alive"),
        (tried(verdict="page"), "alive"),
        (tried(outcome=Outcome.NOT_MODIFIED, status=304), "alive"),
        (tried(final_url="http://www.news.example/a/"), "alive"),
        (tried(final_url="https://news.example/b"), "moved"),
        (tried(final_url="https://news.example/"), "soft-404"),
        (tried(final_url="https://news.example/404"), "soft-404"),
        (tried(verdict="soft-404"), "soft-404"),
        (tried(verdict="captcha"), "blocked"),
        (tried(status=403), "blocked"),
        (tried(status=451), "blocked"),
        (tried(status=503, verdict="blocked"), "blocked"),
        (tried(outcome=Outcome.ROBOTS, status=None), "blocked"),
        (tried(status=402), "paywalled"),
        (tried(status=401, verdict="login"), "paywalled"),
        (tried(paywall=True), "paywalled"),
        (tried(status=404, verdict="gone"), "failing"),
        (tried(status=410), "failing"),
        (tried(status=500, verdict="outage"), "failing"),
        (tried(verdict="parked"), "failing"),
        (tried(outcome=Outcome.TIMEOUT, status=None), "failing"),
        (tried(outcome=Outcome.TLS_FAILED, status=None), "failing"),
    ],
)
def test_what_one_attempt_says(attempt: Attempt, word: str) -> None:
    """A block, a login and a paywall are somebody's answer; only silence and `not there` are failures."""
    assert word == state(attempt)[0] == health([attempt]).word


def test_dead_after_three_failures_over_days() -> None:
    """Three in an hour are one; three days are three; a success between begins anew."""
    assert "failing" == health([failed(0), failed(0.01), failed(0.02)]).word
    assert ("failing", 2) == (health([failed(0), failed(1)]).word, health([failed(0), failed(1)]).failures)
    dead = health([failed(2), failed(0), failed(1)])
    assert ("dead", 3, AT) == (dead.word, dead.failures, dead.since)
    assert "failing" == health([failed(0), failed(1), tried(2), failed(3)]).word
    assert "alive" == health([failed(0), failed(1), failed(2), tried(3)]).word


def test_a_round_that_comes_a_little_early() -> None:
    """Every day at nine, and once at half past eight: still three days."""
    assert "dead" == health([failed(0), failed(0.98), failed(1.96)]).word


def test_each_place_is_asked_for_itself() -> None:
    """What is dead from here and lives from there is alive; failures of two places do not add up."""
    here, there = [failed(0), failed(1), failed(2)], [failed(0, "there"), failed(1, "there")]

    assert "failing" == health([failed(0), failed(1), *there]).word
    told = health([*here, tried(2, vantage="there")])
    assert ("alive", (("here", "dead"), ("there", "alive"))) == (told.word, told.vantages)


def test_nothing_is_said_of_what_was_never_tried() -> None:
    assert "never-tried" == health([]).word


def test_a_count_that_takes_an_hour_for_days_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: without the pause between them three quick failures are a death."""
    quick = [failed(0), failed(0.01), failed(0.02)]
    assert "failing" == health(quick).word
    monkeypatch.setattr(room, "APART", timedelta(0))
    assert "dead" == health(quick).word
