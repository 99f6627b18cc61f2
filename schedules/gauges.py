"""What a daemon is doing, for machines: `/metrics` (Prometheus), `/healthz` and `/readyz`, on loopback alone.

/healthz   200 while the daemon's loop turns: its word is younger than a minute; else 503
/readyz    200 while it takes work; 503 while it starts and stops
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from crawler.errors import BadSettings

FRESH = 60.0  # seconds by the monotonic clock
HOSTS = 200  # the busiest that are told; the rest in sum

Start = Callable[[str, list[tuple[str, str]]], object]


class Gauges:
    """The daemon's last word, as `schedules.standing` has it. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[str, Any] = {}
        self._at: float | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def say(self, told: dict[str, Any]) -> None:
        self._told, self._at = told, self._clock()

    @property
    def alive(self) -> bool:
        return self._at is not None and self._clock() - self._at < FRESH

    @property
    def ready(self) -> bool:
        return self.alive and self._told.get("state") == "running"

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client asks a collector."""
        told = self._told
        yield GaugeMetricFamily("kartoteka_up", "1 while the daemon's loop turns", value=float(self.alive))
        if not told:
            return
        visits = CounterMetricFamily("kartoteka_visits", "visits that ended, by whether all went well", labels=["fine"])
        visits.add_metric(["true"], told["visited"] - told["bad"])
        visits.add_metric(["false"], told["bad"])
        yield visits
        for name, meaning in _GAUGES.items():
            if told.get(name) is not None:
                yield GaugeMetricFamily(f"kartoteka_{name}", meaning, value=float(told[name]))
        busy = GaugeMetricFamily("kartoteka_host_in_flight", "exchanges under way, by host", labels=["host"])
        bad = CounterMetricFamily("kartoteka_host_bad_visits", "visits that did not go well, by host", labels=["host"])
        for host in told["hosts"][:HOSTS]:
            busy.add_metric([host["host"]], host["in_flight"])
            bad.add_metric([host["host"]], host["bad"])
        yield busy
        yield bad

    def answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """The three pages, as WSGI (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest(self._registry)]
        fine = {"/healthz": self.alive, "/readyz": self.ready}.get(path)
        if fine is None:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics /healthz /readyz\n"]
        start("200 OK" if fine else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"yes\n" if fine else b"no\n"]


_GAUGES = {
    "in_flight": "visits under way",
    "per_minute": "visits that ended within the last minute",
    "orders": "orders that wait in the inbox",
    "targets": "targets of the plan",
    "alarms": "alarms that stand",
    "undelivered": "notices that are still to be delivered",
}


class _Quiet(WSGIRequestHandler):
    """Scrapes are not news."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        pass


class Served:
    """The pages at 127.0.0.1, from a thread of their own until `close`. Raises BadSettings where the port is taken."""

    def __init__(self, gauges: Gauges, port: int) -> None:
        try:
            self._server: WSGIServer = make_server("127.0.0.1", port, gauges.answer, handler_class=_Quiet)
        except OSError as exc:
            raise BadSettings(f"--metrics {port}: {exc.strerror or exc}: another process has it; name another port") from exc
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="gauges", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
