"""Run by a supervisor and looked at by machines: metrics and health on loopback, systemd's words, the files that install it."""

from __future__ import annotations

import asyncio
import configparser
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.errors import BadSettings
from schedules.gauges import FRESH, Gauges, Served
from schedules.supervised import Supervisor
from tests.world.command import ROOT
from tests.world.watched import Watched, until

OPERATION = ROOT / "docs" / "operation"


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(clock: Clock) -> Iterator[tuple[Gauges, int]]:
    gauges = Gauges(clock)
    served = Served(gauges, 0)
    yield gauges, served.port
    served.close()


TOLD = {
    "state": "running", "visited": 7, "bad": 2, "in_flight": 3, "per_minute": 4, "orders": 0, "targets": 5, "alarms": 1,
    "undelivered": 0, "hosts": [{"host": 'a"\n\\.example', "in_flight": 3, "bad": 2}],
}  # fmt: skip


def test_health_follows_the_daemon(served: tuple[Gauges, int], clock: Clock) -> None:
    """Not ready before its first word; ready while it runs; alive and not ready while it stops; dead when it says no more."""
    gauges, port = served
    health = lambda: (asked(port, "/healthz")[0], asked(port, "/readyz")[0])  # noqa: E731
    assert (503, 503) == health()
    gauges.say(TOLD)
    assert (200, 200) == health()
    gauges.say({**TOLD, "state": "stopping"})
    assert (200, 503) == health()
    clock.now += FRESH + 1
    assert (503, 503) == health()
    assert 404 == asked(port, "/")[0]


def test_metrics_are_read_by_their_own_parser(served: tuple[Gauges, int]) -> None:
    """Every figure comes back as it was said, whatever a host is called."""
    from prometheus_client.parser import text_string_to_metric_families

    gauges, port = served
    gauges.say(TOLD)
    status, text = asked(port, "/metrics")
    found = {
        (s.name, *sorted(s.labels.values())): s.value for family in text_string_to_metric_families(text) for s in family.samples
    }
    assert 200 == status
    assert (5, 2) == (found["kartoteka_visits_total", "true"], found["kartoteka_visits_total", "false"])
    assert 3 == found["kartoteka_host_in_flight", 'a"\n\\.example']
    assert (1, 1, 4) == (found["kartoteka_up",], found["kartoteka_alarms",], found["kartoteka_per_minute",])


def test_a_port_that_is_taken(served: tuple[Gauges, int], clock: Clock) -> None:
    with pytest.raises(BadSettings, match="name another port"):
        Served(Gauges(clock), served[1])


def test_nobody_supervises() -> None:
    """Without a socket, and with one that nobody reads, nothing is told and nothing fails."""
    for environ in ({}, {"NOTIFY_SOCKET": "/nowhere/at/all"}):
        Supervisor(environ).ready("fine")
        Supervisor(environ).stopping()


async def test_the_daemon_under_a_supervisor(watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says ready once, its watchdog's word again and again, and that it stops; meanwhile its pages say the same."""
    article = watched.served.world.editions()[0]
    watched.plan(f"[[links]]\nurls = ['{article}']\nevery = '1d'\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        path = f"{tmp_path}/s"
        told.bind(path)
        told.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        running = await watched.daemon(options=[*watched.options, "--metrics", "0"])
        await until(lambda: len(watched.done()) == 1, "the article")
        port = int(running.said.partition("http://127.0.0.1:")[2].partition("/")[0])
        assert (200, "yes\n") == await asyncio.to_thread(asked, port, "/readyz")
        await running.says("how it stands")
        words: list[str] = []

        def heard() -> list[str]:
            while True:
                try:
                    words.append(told.recv(4096).decode())
                except BlockingIOError:
                    return words

        await until(lambda: any("WATCHDOG=1" in word and "1 visited" in word for word in heard()), "its word of the visit")
        await until(lambda: sum("WATCHDOG=1" in word for word in heard()) > 1, "the watchdog's second word")
        status, text = await asyncio.to_thread(asked, port, "/metrics")
        assert 200 == status
        assert 'kartoteka_visits_total{fine="true"} 1.0' in text
        assert 0 == await running.ends(signal.SIGTERM)
        heard()
    assert 1 == sum("READY=1" in word for word in words)
    assert "STOPPING=1" in words[-1]


def test_the_unit_file(tmp_path: Path) -> None:
    """It restarts, watches, stops in time and is shut in; systemd itself finds nothing to say, where it is installed."""
    text = (OPERATION / "kartoteka.service").read_text("utf-8")
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    service = unit["Service"]
    assert ("notify", "always", "mixed") == (service["Type"], service["Restart"], service["KillMode"])
    assert int(service["WatchdogSec"]) >= 60 < int(service["TimeoutStopSec"]) + 1
    assert ("yes", "strict", "yes") == (service["NoNewPrivileges"], service["ProtectSystem"], service["DynamicUser"])
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return
    there = tmp_path / "kartoteka.service"
    there.write_text(text.replace("/opt/kartoteka/.venv/bin/crawl", "/bin/true"))
    checked = subprocess.run([tool, "verify", str(there)], capture_output=True, text=True, check=False)
    assert (0, "") == (checked.returncode, checked.stderr)
    judged = subprocess.run(
        [tool, "security", "--offline=true", "--threshold=20", str(there)], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == judged.returncode, judged.stdout[-400:]


def test_the_dockerfile() -> None:
    """hadolint finds nothing to say; what is copied is there."""
    path = OPERATION / "Dockerfile"
    judged = subprocess.run(
        ["hadolint", str(path)], capture_output=True, text=True, check=False, env={**os.environ, "PATH": _path()}
    )
    assert (0, "") == (judged.returncode, judged.stdout)
    copied = [
        word
        for line in path.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied
    assert [] == [name for name in copied if not (ROOT / name).exists()]


def _path() -> str:
    """Scripts of this environment first: a test may be run without it being entered."""
    import sys

    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
