"""What a daemon is doing: it says so every few seconds in `status.json`, which anybody may read; no evidence.

The file is replaced whole. A reader tells by the process and by its age whether what it says is of now: after a kill the last
words stand there, and are told as such.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.urls import host as host_of
from crawler.preset import Vantage

FILE = "status.json"
EVERY = 5.0  # seconds between two writings
STALE = timedelta(seconds=60)  # older words of a running process are told as old: it hangs, or the disk does
MINUTE = 60.0
HOSTS = 1_000  # the busiest that are told
PROXIED = "vantage:"  # how pauses owed to proxies are named (crawler/fetch.py)
NOT_PAUSED: dict[str, object] = {"paused_until": None, "why": None}


@dataclass(slots=True)
class HostCount:
    """Visits of one host since the daemon began. last, last_success: UTC."""

    visited: int = 0
    bad: int = 0
    in_flight: int = 0
    last: datetime | None = None
    last_success: datetime | None = None
    outcome: str | None = None


@dataclass(slots=True)
class Standing:
    """What is counted. since: when the daemon began, UTC."""

    since: datetime
    visited: int = 0
    bad: int = 0
    hosts: dict[str, HostCount] = field(default_factory=dict)
    _ends: deque[float] = field(default_factory=deque)

    def begun(self, url: str) -> None:
        self._host(url).in_flight += 1

    def gone(self, url: str) -> None:
        self._host(url).in_flight -= 1

    def ended(self, url: str, outcome: str, *, fine: bool, at: datetime, steady: float) -> None:
        """One visit has ended. at: wall clock, UTC; steady: the monotonic clock, seconds."""
        self.visited += 1
        self.bad += not fine
        host = self._host(url)
        host.visited += 1
        host.bad += not fine
        host.last, host.outcome = at, outcome
        if fine:
            host.last_success = at
        self._ends.append(steady)
        self._forget(steady)

    def per_minute(self, steady: float) -> int:
        """Visits that ended within the last minute."""
        self._forget(steady)
        return len(self._ends)

    def _forget(self, steady: float) -> None:
        while self._ends and self._ends[0] < steady - MINUTE:
            self._ends.popleft()

    def _host(self, url: str) -> HostCount:
        return self.hosts.setdefault(host_of(url) or url, HostCount())

    def told(self, state: str, at: datetime, steady: float, **more: object) -> dict[str, object]:
        """As the file says it. more: what the daemon knows beside visits."""
        busiest = sorted(self.hosts.items(), key=lambda pair: (-pair[1].in_flight, -pair[1].visited, pair[0]))[:HOSTS]
        return {
            "state": state,
            "pid": os.getpid(),
            "at": _stamp(at),
            "since": _stamp(self.since),
            "visited": self.visited,
            "bad": self.bad,
            "per_minute": self.per_minute(steady),
            "in_flight": sum(host.in_flight for host in self.hosts.values()),
            **more,
            "hosts": [
                {
                    "host": name,
                    "in_flight": host.in_flight,
                    "visited": host.visited,
                    "bad": host.bad,
                    "outcome": host.outcome,
                    "last": _stamp(host.last),
                    "last_success": _stamp(host.last_success),
                }
                for name, host in busiest
            ],
        }


def write(home: Path, told: dict[str, object]) -> None:
    """Replaces the file; not synced: after a power cut nobody runs."""
    new = home / f"{FILE}.new"
    new.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    new.replace(home / FILE)


def read(home: Path, now: datetime) -> dict[str, Any] | None:
    """What the last daemon said, its `state` set right where it can say no more itself; None where there never was one."""
    try:
        told = json.loads((home / FILE).read_bytes())
        at = datetime.fromisoformat(told["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if told["state"] != "stopped":
        if not _runs(told["pid"]):
            told["state"] = "killed"
        elif now - at > STALE:
            told["state"] = "hangs"
    return dict(told)


def _runs(pid: object) -> bool:
    with contextlib.suppress(OSError, TypeError, ValueError):
        os.kill(int(str(pid)), 0)
        return True
    return False


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def rows(told: dict[str, Any] | None, pauses: dict[str, tuple[datetime, str]]) -> Iterator[dict[str, object]]:
    """A row of the daemon and one a host. pauses: until when a host or `platform:NAME` is left alone, and why."""
    if told is None:
        yield {"kind": "daemon", "state": "never ran"}
        hosts = []
    else:
        yield {"kind": "daemon", **{name: value for name, value in told.items() if name != "hosts"}}
        hosts = told["hosts"]
    named = {host["host"] for host in hosts}
    quiet = {name: _paused(*pauses[name]) for name in pauses if not name.startswith(PROXIED)}
    for host in hosts:
        yield {"kind": "host", **host, **quiet.get(host["host"], NOT_PAUSED)}
    for name in sorted(quiet.keys() - named):
        yield {"kind": "host", "host": name, **quiet[name]}


def vantages(known: Iterable[Vantage], pauses: dict[str, tuple[datetime, str]]) -> Iterator[dict[str, object]]:
    """A row of each place that the settings know beside this machine, and until when its proxy is left alone."""
    for each in known:
        resting = pauses.get(f"{PROXIED}{each.name}")
        shown = {"kind": "vantage", "vantage": each.name, "proxy": each.proxy.rpartition("@")[2]}
        yield shown | (NOT_PAUSED if resting is None else _paused(*resting))


def _paused(until: datetime, why: str) -> dict[str, object]:
    return {"paused_until": _stamp(until), "why": why}
