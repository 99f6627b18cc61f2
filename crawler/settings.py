"""What a person may set: `kartoteka.toml` in the home, the environment (KARTOTEKA_...), the command line; the last wins."""

from __future__ import annotations

import os
from pathlib import Path

from archive.door import HOME_VARIABLE
from crawler.preset import PREFIX, Settings

__all__ = ["FILE", "Settings", "load"]

FILE = "kartoteka.toml"


def load(home: Path) -> Settings:
    """The settings of the archive in `home`. Raises BadSettings."""
    path = home / FILE
    named = (name.upper() for name in os.environ)
    if not path.exists() and not any(name.startswith(PREFIX) and name != HOME_VARIABLE for name in named):
        return Settings()  # what holds settings against their bounds is a tenth of a second of every start
    from crawler.setting import read

    return read(path)
