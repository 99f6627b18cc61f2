"""What holds where nothing is set: every setting and its preset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PREFIX = "KARTOTEKA_"  # of the environment's names for them


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamping authority. roots: PEM file of the certificates it is trusted by; relative to the home."""

    name: str
    url: str
    roots: Path | None = None


@dataclass(frozen=True, slots=True)
class Vantage:
    """A place to look from. proxy: http://HOST:PORT, socks5://..., socks5h://... names: where host names are looked up, "here"
    or "there"; None: as the proxy's kind has it. secret: the file with `user:password`, relative to the home.

    hosts: that are asked from there (`court.example`, `*.court.example`); sources: whose addresses are, all of them.
    """

    name: str
    proxy: str
    names: str | None = None
    secret: Path | None = None
    hosts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """How a daemon's log is written: console, for people, or json, an object a line. None: as the command line says."""

    format: str | None = None


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
    authorities: tuple[Authority, ...] = ()
    calendars: tuple[str, ...] = ()
    vantage: str | None = None
    vantages: tuple[Vantage, ...] = ()
    log: Log = Log()
    level: int | None = None
