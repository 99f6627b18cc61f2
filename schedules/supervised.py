"""Tells systemd how it stands: ready, alive, reloading, stopping (sd_notify(3)); nothing where nobody supervises."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping

VARIABLE = "NOTIFY_SOCKET"


class Supervisor:
    """environ: the process's own. A supervisor that cannot be told ends nothing: it will see for itself."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get(VARIABLE)

    def ready(self, status: str) -> None:
        self._tell("READY=1", f"STATUS={status}")

    def alive(self, status: str) -> None:
        """For the watchdog; to be told at least twice in its time."""
        self._tell("WATCHDOG=1", f"STATUS={status}")

    def reloading(self) -> None:
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        # A name that begins with @ lies in the abstract space, which begins with a zero octet.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.connect(address)
            told.sendall("\n".join(line.replace("\n", " ") for line in lines).encode())
