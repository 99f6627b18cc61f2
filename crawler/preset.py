"""What holds where nothing is set: every setting and its preset."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "KARTOTEKA_"  # of the environment's names for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One archive's settings. Seconds and bytes where no unit is named; what each is for, and may be, says setting.py."""

    contact: str | None = None
    tries: int = 3
    pause: float | None = None
    platform_pause: float | None = None
    cool_down: float = 1800
    in_flight: int = 64
    fetchers: int = 0
    readers: int = 1
    warc_bytes: int = 1_000_000_000
    free_bytes: int = 1 << 30
    level: int | None = None
