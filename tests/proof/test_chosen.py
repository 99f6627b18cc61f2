"""What is meant by an address and a time is found, said, and followed inside the archive; nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.capture import Outcome, Visit
from archive.chosen import MOST_HOPS, Chosen, apart, choose
from archive.errors import NotFound
from archive.store import Settings, Store
from tests.proof.world import COURT, NOON, exchange, response

OLD, NEW = COURT + "old", COURT + "new"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home", settings=Settings(floor=0)) as opened:
        yield opened


def keep(store: Store, url: str, minute: int, answer: bytes | None = None, **more: object) -> str:
    """A visit of one exchange, as other people's archives have them; the capture's id."""
    octets = response(b"<p>page %d</p>" % minute) if answer is None else answer
    return store.keep(Visit(url, (exchange(url, octets, minute, **more),))).result().last.id


def leads(to: str, status: bytes = b"302 Found") -> bytes:
    return response(b"", b"Location: " + to.encode("latin-1"), status=status)


def ids(chosen: Chosen) -> list[str]:
    return [capture.id for capture in chosen.captures]


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_the_nearest_in_time_is_taken_and_its_distance_said(store: Store) -> None:
    """Before, between and after; the newest where no time is asked for."""
    kept = [keep(store, COURT, minute) for minute in (0, 10, 30)]
    asked = {minute: choose(store.archive, COURT, at(minute)) for minute in (-5, 4, 10, 19, 21, 99)}

    assert [kept[n] for n in (0, 0, 1, 1, 2, 2)] == [chosen.capture.id for chosen in asked.values()]
    assert kept[2] == choose(store.archive, COURT).capture.id
    assert asked[4].says == (
        "the capture of https://court.example/ nearest to 2026-03-02 12:04:00 UTC is of 2026-03-02 12:00:00 UTC, 0:04:00 earlier",
    )
    assert choose(store.archive, COURT).says == ("the latest capture of https://court.example/ is of 2026-03-02 12:30:00 UTC",)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (at(0), "that very time"), (at(1), "0:01:00 later"), (at(-1), "0:01:00 earlier"), (at(3000), "2 days 2:00:00 later"),
        (NOON + timedelta(microseconds=9), "less than a second later"),
    ],
)  # fmt: skip
def test_a_distance_in_words(found: datetime, words: str) -> None:
    """Days, then hours, minutes and seconds; and in which direction."""
    assert words == apart(found, NOON)


def test_an_id_is_that_capture_with_its_visit(store: Store) -> None:
    """Whatever else is kept of the address; in capitals too, as some write them."""
    first, _ = keep(store, COURT, 0), keep(store, COURT, 1)

    assert [first] == ids(choose(store.archive, first)) == ids(choose(store.archive, first.upper(), at(1)))


def test_a_redirect_of_another_visit_is_followed(store: Store) -> None:
    """Imported captures come one by one: the page that a redirect leads to is the one nearest to it in time."""
    redirect = keep(store, OLD, 10, leads("/new#part"))
    pages = [keep(store, NEW, minute) for minute in (0, 12, 90)]
    chosen = choose(store.archive, OLD)

    assert [redirect, pages[1]] == ids(chosen)
    assert chosen.says[1] == (
        "https://court.example/old leads to https://court.example/new: followed in the archive to the capture of "
        "2026-03-02 12:12:00 UTC, 0:02:00 later"
    )


def test_a_chain_of_redirects_is_followed_to_its_end(store: Store) -> None:
    """Each hop by its own time; absolute, relative and protocol-relative."""
    kept = [
        keep(store, COURT + "1", 0, leads("/2", b"301 Moved Permanently")),
        keep(store, COURT + "2", 1, leads("//court.example/3", b"307 Temporary Redirect")),
        keep(store, COURT + "3", 2, leads("https://court.example/4", b"308 Permanent Redirect")),
        keep(store, COURT + "4", 3),
    ]

    assert kept == ids(choose(store.archive, COURT + "1"))


def test_http_that_leads_to_https(store: Store) -> None:
    """Both are filed under one key, and the redirect is not taken for its own page."""
    first = keep(store, "http://court.example/", 0, leads("https://court.example/"))
    second = keep(store, "https://court.example/", 60)
    chosen = choose(store.archive, first)

    assert [first, second] == ids(chosen)
    assert [second] == ids(choose(store.archive, "http://court.example/"))  # it is the latest of that key, and says what it is
    assert "https://court.example/" in choose(store.archive, "http://court.example/").says[0]


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_a_redirect_to_itself_ends(store: Store, kept: int) -> None:
    """A loop is walked once round: no capture is laid out twice."""
    first = keep(store, OLD, 0, leads(OLD))
    more = [keep(store, OLD, minute, leads(OLD + "#x")) for minute in range(1, 1 + kept)]
    chosen = choose(store.archive, first)

    assert len(set(ids(chosen))) == len(ids(chosen)) <= 1 + len(more)
    assert chosen.says[-1].endswith("of which nothing more is kept")


def test_an_endless_chain_ends(store: Store) -> None:
    """After as many hops as a visit follows, and that is said."""
    for n in range(20):
        keep(store, f"{COURT}{n}", n, leads(f"/{n + 1}"))
    chosen = choose(store.archive, COURT + "0")

    assert MOST_HOPS + 1 == len(chosen.captures)
    assert f"no more than {MOST_HOPS} redirects are followed" == chosen.says[-1]


@pytest.mark.parametrize("to", ["/never-kept", "mailto:a@court.example", "http://[", "", "javascript:alert(1)", "\xff/\x85"])
def test_a_redirect_that_leads_nowhere_here(store: Store, to: str) -> None:
    """To what is not kept, or to no address of the web: the redirect itself is laid out, and nothing is asked."""
    first = keep(store, OLD, 0, leads(to))

    assert [first] == ids(choose(store.archive, OLD))


def test_an_address_that_never_answered(store: Store) -> None:
    """The failure nearest to the time, told as one; a page that came at any time goes before."""
    failed = [keep(store, COURT, minute, b"", outcome=Outcome.REFUSED, error="refused") for minute in (0, 10)]

    assert [failed[1]] == ids(choose(store.archive, COURT))
    assert [failed[0]] == ids(choose(store.archive, COURT, at(1)))
    assert choose(store.archive, COURT).says == (
        "no page of https://court.example/ is kept: the latest of 2 attempts is of 2026-03-02 12:10:00 UTC, refused: refused",
    )
    page = keep(store, COURT, 5)
    assert [page] == ids(choose(store.archive, COURT))


@pytest.mark.parametrize("asked", [COURT + "never", "00000000-0000-4000-8000-00000000000c", "no address at all"])
def test_what_is_not_kept_is_not_found(store: Store, asked: str) -> None:
    """By address or id."""
    with pytest.raises(NotFound):
        choose(store.archive, asked)
