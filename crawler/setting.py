"""What each setting may be and what it is for: settings read from file and environment, held against that."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.errors import BadSettings
from crawler.preset import PREFIX, Authority, Log, Settings, Vantage

UNSET = Settings()


class Stamper(BaseModel):
    """A time-stamping authority (RFC 3161)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9-]{0,30}$", description="what its files are called")
    url: str = Field(pattern="^https?://", description="where requests are sent")
    roots: Path | None = Field(None, description="PEM file of the certificates it is trusted by; relative to the home")


class Place(BaseModel):
    """A place to look from, through a proxy."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9-]{0,30}$", description="what plan, manifests and alarms call it")
    proxy: str = Field(max_length=300, description="http://HOST:PORT (CONNECT), socks5://HOST:PORT or socks5h://HOST:PORT")
    names: Literal["here", "there"] | None = Field(
        None, description="where host names are looked up; unset: there with socks5h, else here"
    )
    secret: Path | None = Field(None, description="file with user:password, for its owner alone; relative to the home")
    hosts: tuple[str, ...] = Field(
        (), description="asked from there where the plan says nothing: court.example, *.court.example"
    )
    sources: tuple[str, ...] = Field((), description="the same for all hosts of these sources")


class Logging(BaseModel):
    """The daemon's log."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["console", "json"] | None = Field(None, description="lines for people, or an object a line")


class Setting(BaseSettings):
    """Every setting with its bounds; what is not set is as in `Settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid")

    contact: str | None = Field(
        UNSET.contact, description="address or URL that a site's operator can write to; goes into User-Agent"
    )
    tries: int = Field(UNSET.tries, ge=1, le=10, description="attempts at one address")
    pause: float | None = Field(
        UNSET.pause, ge=0, le=3600, description="seconds between two fetches of a court's host (its source says 3)"
    )
    platform_pause: float | None = Field(
        UNSET.platform_pause, ge=0, le=3600, description="the same over all hosts of a platform (1.5)"
    )
    cool_down: float = Field(
        UNSET.cool_down, ge=0, le=86_400, description="pause of a platform after 429 or `temporarily unavailable`"
    )
    in_flight: int = Field(UNSET.in_flight, ge=1, le=4096, description="addresses under way at once")
    fetchers: int = Field(
        UNSET.fetchers, ge=0, le=16, description="processes that fetch a list of addresses; 0: the one that writes does"
    )
    readers: int = Field(UNSET.readers, ge=1, le=64, description="processes that read pages")
    warc_bytes: int = Field(UNSET.warc_bytes, ge=1_000_000, description="a WARC file is closed beyond this size")
    free_bytes: int = Field(UNSET.free_bytes, ge=0, description="space that is never used: below it nothing new is taken in")
    authorities: tuple[Stamper, ...] = Field(
        (), description="who stamps the log's checkpoints, two or more of different owners; none: nobody does"
    )
    calendars: tuple[str, ...] = Field(UNSET.calendars, description="OpenTimestamps calendars that take them too")
    vantage: str | None = Field(
        UNSET.vantage, max_length=200, description="from where this machine looks, in your words; manifests say it"
    )
    vantages: tuple[Place, ...] = Field((), description="other places to look from, through proxies; `here` is this machine")
    log: Logging = Field(Logging(format=None), description="KARTOTEKA_LOG__FORMAT in the environment")
    level: int | None = Field(
        UNSET.level,
        ge=1,
        le=9,
        description="deflate level of WARC records; unset: 6, and 1 while pages come in faster than politely",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the file comes in as init: the environment is nearer


def read(path: Path) -> Settings:
    """What this file, where there is one, and the environment set. Raises BadSettings."""
    told: dict[str, Any] = {}
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise BadSettings(f"{path}: {exc}; mend that line or remove the file") from exc
    try:
        said = Setting(**told).model_dump()
        made = {
            "authorities": tuple(Authority(**each) for each in said["authorities"]),
            "vantages": tuple(Vantage(**each) for each in said["vantages"]),
            "log": Log(**said["log"]),
        }
        return Settings(**said | made)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(
            f"setting {name!r} in {path} or KARTOTEKA_{name.upper()}: {first['msg']}; "
            f"known are {', '.join(Setting.model_fields)}"
        ) from exc
