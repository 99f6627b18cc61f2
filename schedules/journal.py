"""What a daemon did, one event a line: an object for programs, a sentence for people; words of a closed list, times in UTC.

Nothing in it acts: text from elsewhere is made inert, addresses lose their credentials and whatever their queries hide. A log
that cannot be written, or that nobody reads, holds up no work: what found no room is counted, and told when there is some.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any, Protocol

from archive import __version__
from archive.capture import Visit
from archive.door import cell, json_line, visible
from archive.urls import bare
from crawler.errors import BadSettings
from crawler.tunnel import HERE

if TYPE_CHECKING:
    from archive.recovery import Recovery
    from crawler.crawl import Done
    from crawler.fetch import Fetcher, Validators
    from schedules.plan import Plan

WAITING = 10_000  # lines that may wait for whoever reads them
PATIENCE = 2.0  # seconds at the end for those that wait still
FORMS = ("console", "json")


class Event(StrEnum):
    """The closed list."""

    STARTED = "daemon-started"
    STOPPING = "daemon-stopping"
    STOPPED = "daemon-stopped"
    RELOADED = "plan-reloaded"
    NOT_RELOADED = "plan-refused"
    RECOVERED = "recovery"  # what a crash left was mended
    VISIT_STARTED = "visit-started"
    VISIT_ENDED = "visit-ended"
    READ = "page-read"
    PAUSE = "pause"  # a long wait for a host
    RAISED = "alarm-raised"
    CLEARED = "alarm-cleared"
    DISK_LOW = "disk-low"
    DELIVERED = "notice-delivered"
    UNDELIVERED = "notice-failed"
    SIGNED = "log-signed"  # the archive's log, not this one
    STAMPED = "log-stamped"
    LOST = "lines-lost"
    NOTE = "note"  # anything else that a person should know


BAD = frozenset((Event.NOT_RELOADED, Event.RAISED, Event.DISK_LOW, Event.UNDELIVERED, Event.LOST, Event.RECOVERED))
CHATTY = frozenset((Event.VISIT_STARTED, Event.VISIT_ENDED, Event.READ))  # told to people only where they ask for more

_ROW = ("url", "final_url", "outcome", "status", "verdict", "observations", "capture", "error")  # of `crawl url --json`
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_FIELD = re.compile(r"(?<=[?&;#])([^=&;#\s]+)=([^&;#\s]+)")
_HIDDEN = ("token", "secret", "password", "passwd", "apikey", "signature", "sessionid", "credential", "accesskey")
_HIDDEN_WHOLE = frozenset(("key", "sig", "auth", "pass", "pwd", "sid", "session", "jwt", "hmac", "authorization", "phpsessid"))


class Tell(Protocol):
    """Whom events are told."""

    def __call__(self, event: Event, /, **fields: object) -> None: ...


def nobody(event: Event, /, **fields: object) -> None:
    pass


def shown(text: str) -> str:
    """Text with every address in it as it may be shown: without name and password, and without what its query hides."""
    return _ADDRESS.sub(lambda match: _FIELD.sub(_hidden, bare(match[0])), text) if "://" in text else text


def _hidden(field: re.Match[str]) -> str:
    name = re.sub(r"[^a-z0-9]", "", field[1].lower())
    return f"{field[1]}=***" if name in _HIDDEN_WHOLE or name.endswith(_HIDDEN) else field[0]


def _inert(value: object) -> object:
    if isinstance(value, str):
        return visible(shown(value))
    if isinstance(value, Mapping):
        return {visible(str(key)): _inert(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_inert(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return visible(shown(str(value)))


class Journal:
    """form: of FORMS. stream: where lines go, written by a thread of its own until `close`. now: the wall clock, UTC.

    quiet: only what is wrong and what the daemon itself does; verbose: each visit too, to people.
    """

    def __init__(
        self, form: str, stream: IO[str], now: Callable[[], datetime], *, quiet: bool = False, verbose: bool = False
    ) -> None:
        import structlog  # only a daemon keeps a log of this kind, and every other command starts without it

        self._json, self._quiet, self._verbose = form == "json", quiet, verbose
        self._now = now
        self._lines = _Lines(stream)
        render = structlog.processors.JSONRenderer(serializer=_as_json) if self._json else _as_text
        self._log = structlog.wrap_logger(
            self._lines,
            processors=[structlog.processors.add_log_level, self._dated, render],
            wrapper_class=structlog.make_filtering_bound_logger(0),
            cache_logger_on_first_use=True,
        )

    def tell(self, event: Event, /, **fields: object) -> None:
        """Never raises, never waits."""
        if (event in CHATTY and not self._json and not self._verbose) or (self._quiet and event in {*CHATTY, Event.NOTE}):
            return
        if (lost := self._lines.take_lost()) and event is not Event.LOST:
            self.tell(Event.LOST, lines=lost)
        try:
            told = {name: _inert(value) for name, value in fields.items()}
            (self._log.warning if event in BAD else self._log.info)(str(event), **told)
        except Exception:  # a fault of the log's own: the work goes on, and the loss is told
            self._lines.lose()

    def note(self, text: str) -> None:
        """A sentence that no event says."""
        self.tell(Event.NOTE, text=text)

    def waiting(self, host: str, seconds: float, why: str) -> None:
        self.tell(Event.PAUSE, host=host, seconds=round(seconds), why=why)

    def told_of(self, done: Callable[[Done], None]) -> Callable[[Done], None]:
        """The same, of which this log hears too."""

        def told(each: Done) -> None:
            done(each)
            row = each.row()
            self.tell(Event.READ, **{name: row[name] for name in _ROW})

        return told

    def standing(self, say: Callable[[dict[str, object]], None]) -> Callable[[dict[str, object]], None]:
        """The same: once it is said that the daemon stops, this log says so."""
        stopping = False

        def said(told: dict[str, object]) -> None:
            nonlocal stopping
            say(told)
            if not stopping and told["state"] == "stopping":
                stopping = True
                self.tell(Event.STOPPING, in_flight=told["in_flight"])

        return said

    def close(self) -> None:
        self._lines.close()

    def _dated(self, _logger: object, _method: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        at = f"{self._now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
        return {"at": at, "level": told.pop("level"), "event": told.pop("event"), **told}


def _as_json(told: dict[str, Any], **_: object) -> str:
    return json_line(told)


def _as_text(_logger: object, _method: str, told: MutableMapping[str, Any]) -> str:
    event, at = told["event"], told["at"]
    said = [
        f"{name}={_word(value)}" for name, value in told.items() if name not in ("at", "level", "event") and value is not None
    ]
    return f"{at} {told['text']}" if event == Event.NOTE else " ".join((at, event, *said))


def _word(value: object) -> str:
    text = cell(value)
    return text if text and not re.search(r"[\s=\"]", text) else '"' + text.replace('"', '\\"') + '"'


class _Lines:
    """Lines on their way out. lost: that found no room, or could not be made or written."""

    def __init__(self, stream: IO[str]) -> None:
        self.lost = 0
        self._counting = threading.Lock()
        self._stream = stream
        self._waiting: queue.Queue[str | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def info(self, line: str) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.lose()

    warning = info

    def lose(self) -> None:
        with self._counting:
            self.lost += 1

    def take_lost(self) -> int:
        """How many were lost since this was asked last; 0 while there is no room to say so."""
        if not self.lost or self._waiting.full():
            return 0
        with self._counting:
            lost, self.lost = self.lost, 0
        return lost

    def close(self) -> None:
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(PATIENCE)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._stream.write(line + "\n")
                if self._waiting.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # a full disk, a closed pipe: the next line may find a way
                self.lose()


@contextlib.contextmanager
def journal(
    form: str, stream: IO[str], now: Callable[[], datetime], *, quiet: bool = False, verbose: bool = False
) -> Iterator[Journal]:
    """As Journal, written out at the end as far as anybody reads it."""
    made = Journal(form, stream, now, quiet=quiet, verbose=verbose)
    try:
        yield made
    finally:
        made.close()


def begun(tell: Tell, recovery: Recovery, plan: Plan) -> None:
    """A daemon has begun; and what the one before it left to be mended."""
    if recovery.adopted or recovery.aside or recovery.findings:
        aside = [path.name for path in recovery.aside]
        tell(Event.RECOVERED, adopted=recovery.adopted, aside=aside, findings=recovery.findings)
    tell(Event.STARTED, version=__version__, process=os.getpid(), targets=len(plan.targets))


@contextlib.contextmanager
def reloading(tell: Tell) -> Iterator[None]:
    """A plan that cannot be used is told, and is whoever reads it to deal with."""
    try:
        yield
    except BadSettings as exc:
        tell(Event.NOT_RELOADED, why=str(exc))
        raise


class Telling:
    """A fetcher whose visits are told, each from its vantage."""

    def __init__(self, fetcher: Fetcher, tell: Tell) -> None:
        self._fetcher, self._tell = fetcher, tell

    async def fetch(self, url: str, *, validators: Validators | None = None, vantage: str | None = None) -> Visit:
        place = vantage or HERE
        self._tell(Event.VISIT_STARTED, url=url, vantage=place)
        more = {} if vantage is None else {"vantage": vantage}
        visit = await self._fetcher.fetch(url, validators=validators, **more)
        last = visit.last
        seconds = round(sum(each.elapsed for each in visit.exchanges), 3)
        self._tell(
            Event.VISIT_ENDED, url=url, vantage=place, outcome=str(last.outcome), status=last.status,
            exchanges=len(visit.exchanges), seconds=seconds, error=last.error,
        )  # fmt: skip
        return visit
