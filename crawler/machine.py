"""With which clock, by which program and from where was something fetched? What each manifest says of the machine.

The clock's state is the kernel's own word (adjtimex): whether something keeps it in step, and how far off it may be at most.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from archive.manifest import canonical, plain

UNSYNCHRONISED = 0x0040  # STA_UNSYNC of <sys/timex.h>
ERROR = 5  # TIME_ERROR, what adjtimex returns then
EVERY = 60.0  # seconds for which the kernel's answer is taken
FLOORS = ("archive", "crawler", "schedules")


class _Timex(ctypes.Structure):
    """`struct timex` of Linux as far as it is read here, with room for the rest."""

    _fields_ = [
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_byte * 512),
    ]  # fmt: skip


def clock() -> Mapping[str, Any] | None:
    """Is the clock kept in step, and within how many milliseconds (a power of two, rounded up)? None where nobody says."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        told = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    synchronised = state != ERROR and not told.status & UNSYNCHRONISED
    # Rounded, so that captures of one hour say the same: what varies with every page would cost every manifest.
    return {"synchronised": synchronised, "within_ms": 1 << (told.maxerror // 1000).bit_length() if synchronised else None}


@cache
def code() -> str:
    """sha256 over the program's own files, by name and content: which code it was, whatever its version says."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for path in sorted(path for floor in FLOORS for path in (root / floor).rglob("*.py")):
        octets = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(octets)}\n".encode() + octets)
    return digest.hexdigest()


def configuration(settings: Mapping[str, Any]) -> str:
    """sha256 over what was set, in canonical JSON."""
    return hashlib.sha256(canonical(plain(settings))).hexdigest()


def machine(vantage: str | None, settings: Mapping[str, Any]) -> Mapping[str, object]:
    """What stays the same while a crawl lasts; plain values."""
    return {"code": code(), "configuration": configuration(settings), "vantage": vantage}


class Machine:
    """The same with the state of the clock, asked for once a minute. steady: a monotonic clock, seconds."""

    def __init__(self, told: Mapping[str, object], steady: Callable[[], float] = time.monotonic) -> None:
        self._told, self._steady = told, steady
        self._asked: float | None = None
        self._said: Mapping[str, object] = {}

    def facts(self) -> Mapping[str, object]:
        now = self._steady()
        if self._asked is None or now - self._asked >= EVERY:
            self._asked, self._said = now, {**self._told, "clock": clock()}
        return self._said
