"""What a person may set: `kartoteka.toml` in the home, the environment (KARTOTEKA_...), the command line; the last wins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from archive.door import HOME_VARIABLE

FILE = "kartoteka.toml"
PREFIX = "KARTOTEKA_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One archive's settings, and what holds where nothing is set. Seconds and bytes where no unit is named.

    What each may be, and what it is for, says setting.py, which is asked only where something is set.
    """

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


def load(home: Path) -> Settings:
    """The settings of the archive in `home`. Raises BadSettings."""
    path = home / FILE
    named = (name.upper() for name in os.environ)
    if not path.exists() and not any(name.startswith(PREFIX) and name != HOME_VARIABLE for name in named):
        return Settings()
    from crawler.setting import read

    return read(path)
