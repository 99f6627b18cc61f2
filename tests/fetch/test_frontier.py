"""The frontier forgets nothing, admits once, and hands out a few at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.frontier import Frontier

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CARD = "https://court.example/card?id={}"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.sqlite"


def test_an_address_is_admitted_once_however_it_is_spelt(path):
    """Two spellings of one address are one row, also when it has been done."""
    frontier = Frontier(path, "job")
    spellings = ["https://Court.example:443/card?id=%7e1#a", "https://court.example/card?id=~1"]
    assert frontier.add(spellings, due=NOON) == 1
    [row] = frontier.due("court.example", NOON, 10)
    assert row.url == spellings[0]
    frontier.done(row, "captured")
    assert (frontier.add(spellings, due=NOON), frontier.due("court.example", NOON, 10)) == (0, [])
    assert Frontier(path, "another job").add(spellings, due=NOON) == 1


def test_it_is_whole_after_being_killed_and_reopened(path):
    """Rows, their due times and notes, and what is done: all there."""
    killed = Frontier(path, "job")
    killed.add(map(CARD.format, range(5)), due=NOON, note="card")
    rows = killed.due("court.example", NOON, 3)
    killed.done(rows[0], "captured")
    killed.retry_at(rows[1], NOON + timedelta(hours=1))

    frontier = Frontier(path, "job")
    assert [row.url for row in frontier.due("court.example", NOON, 10)] == [CARD.format(number) for number in (2, 3, 4)]
    assert [row.url for row in frontier.due("court.example", NOON + timedelta(hours=2), 10)] == [
        CARD.format(number) for number in (2, 3, 4, 1)
    ]
    later = frontier.due("court.example", NOON + timedelta(hours=2), 10)[-1]
    assert (later.due, later.note, later.tries) == (NOON + timedelta(hours=1), "card", 1)
    assert frontier.counts() == {"captured": 1, "waiting": 4}


def test_rows_of_a_turn_are_bounded_and_in_order_of_their_time(path):
    """Ten thousand addresses are never in memory at once."""
    frontier = Frontier(path, "job")
    assert frontier.add((CARD.format(number) for number in range(10_000)), due=NOON) == 10_000
    frontier.add(["https://court.example/first"], due=NOON - timedelta(minutes=1))
    assert [row.url for row in frontier.due("court.example", NOON, 3)] == [
        "https://court.example/first",
        CARD.format(0),
        CARD.format(1),
    ]


def test_hosts_come_in_the_order_of_their_longest_due_row(path):
    """And a host whose rows are due later is not named yet."""
    frontier = Frontier(path, "job")
    for minutes, url in [
        (0, "https://b.example/"),
        (-5, "https://a.example/"),
        (-1, "https://b.example/2"),
        (9, "https://c.example/"),
    ]:
        frontier.add([url], due=NOON + timedelta(minutes=minutes))
    assert frontier.hosts_due(NOON) == ["a.example", "b.example"]
    assert frontier.hosts_due(NOON + timedelta(hours=1)) == ["a.example", "b.example", "c.example"]
    assert frontier.next_due() == NOON - timedelta(minutes=5)


def test_a_job_that_is_over_leaves_nothing(path):
    """Its addresses may be admitted anew, and another job's stay."""
    mine, other = Frontier(path, "mine"), Frontier(path, "other")
    mine.add([CARD.format(1)], due=NOON)
    other.add([CARD.format(1)], due=NOON)
    mine.forget()
    assert (mine.next_due(), other.counts(), mine.add([CARD.format(1)], due=NOON)) == (None, {"waiting": 1}, 1)


def test_what_is_no_address_is_refused(path):
    """The frontier holds addresses that can be asked for."""
    with pytest.raises(ValueError, match="not an http or https address"):
        Frontier(path, "job").add(["mailto:clerk@example.org"], due=NOON)
