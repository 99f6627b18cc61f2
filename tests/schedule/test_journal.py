"""The daemon's log: one event a line, words of a closed list, nothing in it that acts or is secret, and no work that waits for it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from archive.door import CONTROLS
from schedules.journal import BAD, CHATTY, WAITING, Event, Journal, shown
from tests.hostile.naughty import EVERY, LONE
from tests.world.command import ROOT
from tests.world.watched import Watched, until

AT = datetime(2026, 3, 2, 15, 30, 1, 250_000, tzinfo=timezone(timedelta(hours=3)))


def written(form: str, tell: Callable[[Journal], object], *, quiet: bool = False, verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    journal = Journal(form, stream, lambda: AT, quiet=quiet, verbose=verbose)
    tell(journal)
    journal.close()
    return stream.getvalue().splitlines()


def test_an_event_in_both_forms() -> None:
    """JSON: an object with time, level and event first; for people one line. Times are in UTC, whatever the clock's zone."""
    tell = lambda log: log.tell(Event.RAISED, alarm="silent", subject="sudrf 46GV0001", captures=("c1", "c2"))  # noqa: E731
    (line,) = written("json", tell)
    expected = {
        "at": "2026-03-02T12:30:01.250Z", "level": "warning", "event": "alarm-raised", "alarm": "silent",
        "subject": "sudrf 46GV0001", "captures": ["c1", "c2"],
    }  # fmt: skip
    assert (expected, list(expected)) == (json.loads(line), list(json.loads(line)))
    assert ['2026-03-02T12:30:01.250Z alarm-raised alarm=silent subject="sudrf 46GV0001" captures="c1, c2"'] == written(
        "console", tell
    )
    assert ["2026-03-02T12:30:01.250Z two targets are due"] == written("console", lambda log: log.note("two targets are due"))


@pytest.mark.parametrize("form", ["json", "console"])
def test_text_from_elsewhere_is_inert(form: str) -> None:
    """Whatever a page, a proxy or a receiver says: one line an event, and no sign in it that a terminal would obey."""
    for text in [*EVERY, *LONE, "a\nb", "a\r\nb", "\x1b[2J", "\u202eabc", "\u2028", "\ud800"]:
        lines = written(form, lambda log, text=text: log.tell(Event.UNDELIVERED, receiver=text, why={text: [text]}))  # type: ignore[misc]
        assert 1 == len(lines), text
        assert not CONTROLS.search(lines[0]), text
        if form == "json":
            assert "notice-failed" == json.loads(lines[0])["event"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://clerk:hunter22@court.example/a?b=1", "https://court.example/a?b=1"),
        ("got https://x.example/?token=abc&case_uid=1 and more", "got https://x.example/?token=*** and more".replace("***", "***&case_uid=1")),
        ("https://x.example/?X-Amz-Signature=abc&PHPSESSID=d", "https://x.example/?X-Amz-Signature=***&PHPSESSID=***"),
        ("socks5h://u:p@proxy.example:1080", "socks5h://proxy.example:1080"),
        ("https://court.example/modules.php?name=sud_delo&name_op=case&case_id=1&keyword=x&author=y",
         "https://court.example/modules.php?name=sud_delo&name_op=case&case_id=1&keyword=x&author=y"),
        ("https://x.example/#access_token=abc", "https://x.example/#access_token=***"),
        ("no address at all: key=1", "no address at all: key=1"),
    ],
)  # fmt: skip
def test_an_address_keeps_its_secrets(text: str, expected: str) -> None:
    """Name and password go, and the values of a query's fields that are called as secrets are; a court's own fields stay."""
    assert expected == shown(text)


def test_how_much_is_told() -> None:
    """People are told of visits only where they ask for more; programs of all; with --quiet only what is wrong and what it does."""
    events = [event for event in Event if event is not Event.LOST]
    tell = lambda log: [log.tell(event) for event in events]  # noqa: E731
    assert len(events) - len(CHATTY) == len(written("console", lambda log: [log.tell(e, text="x") for e in events]))
    assert (
        len(events)
        == len(written("json", tell))
        == len(written("console", lambda log: [log.tell(e, text="x") for e in events], verbose=True))
    )
    assert len(events) - len(CHATTY) - 1 == len(written("json", tell, quiet=True))
    levels = {each["event"]: each["level"] for each in map(json.loads, written("json", tell))}
    assert BAD - {Event.LOST} == {event for event, level in levels.items() if level == "warning"}


class Shut(io.StringIO):
    """A stream that fails until it is mended."""

    mended = False

    def write(self, text: str) -> int:
        if not self.mended:
            raise BrokenPipeError("gone")
        return super().write(text)


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """Nothing is raised; when lines get through again, the first says how many did not."""
    stream = Shut()
    journal = Journal("json", stream, lambda: AT)
    for _ in range(5):
        journal.tell(Event.PAUSE, host="court.example", seconds=3, why="the pause")
    while journal._lines._waiting.qsize() or journal._lines.lost < 5:
        threading.Event().wait(0.01)
    stream.mended = True
    journal.tell(Event.STOPPED, visited=1, bad=0)
    journal.close()
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [("lines-lost", 5), ("daemon-stopped", None)] == [(each["event"], each.get("lines")) for each in told]


class Stuck(io.StringIO):
    """A pipe whose reader sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        self.free.wait()
        return super().write(text)


def test_a_reader_that_sleeps_holds_up_nobody() -> None:
    """Ten thousand lines wait for him, the others are counted; nobody else waits."""
    stream = Stuck()
    journal = Journal("json", stream, lambda: AT)
    for number in range(WAITING + 500):
        journal.note(str(number))
    assert journal._lines.lost >= 499
    stream.free.set()
    journal.close()
    assert WAITING <= len(stream.getvalue().splitlines()) <= WAITING + 2


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("a fault of ours")


def test_a_fault_of_the_logs_own_is_counted() -> None:
    """What cannot be made a line is lost, and said to be; the next line comes."""
    lines = written("json", lambda log: (log.tell(Event.NOTE, text=Unspeakable()), log.note("after")))
    assert ["lines-lost", "note"] == [json.loads(line)["event"] for line in lines]


def test_a_failing_log_is_seen_to_fail() -> None:
    """The mutant: without the net a broken stream or a broken value reaches the work. So it is the net that holds."""

    class Bare(Journal):
        def tell(self, event: Event, /, **fields: object) -> None:
            self._log.info(str(event), **{name: str(value) for name, value in fields.items()})

    journal: Journal = Bare("json", io.StringIO(), lambda: AT)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        journal.tell(Event.NOTE, text=Unspeakable())
    journal.close()


async def test_a_daemons_log_is_one_object_a_line(watched: Watched, days: int) -> None:
    """Every line of stderr, from the start to a gentle stop, is one event of the list; visits begin and end."""
    watched.plan(
        f'[[source]]\nname = "sudrf"\ncourts = ["{watched.served.world.courts[2].code}"]\ndays = {days}\nevery = "1d"\n'
    )
    (watched.home / "kartoteka.toml").write_text('contact = "mailto:clerk@example.org"\n[log]\nformat = "json"\n')
    running = await watched.daemon()
    await until(lambda: running.said.count('"visit-ended"') > 4, "visits")
    running.process.send_signal(signal.SIGHUP)
    await until(lambda: "plan-reloaded" in running.said, "a reload")
    await running.ends(signal.SIGTERM)
    told = [json.loads(line) for line in running.said.splitlines()]
    words = [each["event"] for each in told]

    assert set(words) <= set(Event)
    assert {
        "daemon-started",
        "visit-started",
        "visit-ended",
        "page-read",
        "plan-reloaded",
        "daemon-stopping",
        "daemon-stopped",
    } <= set(words)
    assert ("daemon-started", 1) == (words[0] if words[0] != "note" else words[1], words.count("daemon-stopped"))
    assert words.count("visit-started") >= words.count("visit-ended") >= words.count("page-read") > 0
    assert {"here"} == {each["vantage"] for each in told if each["event"] == "visit-ended"}


def test_only_a_daemon_pays_for_its_log() -> None:
    """Whatever else is run starts without the library that writes it."""
    rooms = "schedules.cli, schedules.operate, schedules.watching, crawler.cli, crawler.opening, crawler.network"
    asked = f"import sys, {rooms}; print(sorted(m for m in sys.modules if m.partition('.')[0] == 'structlog'))"
    ran = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "[]\n" == ran.stdout
