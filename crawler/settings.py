"""What a person may set: `kartoteka.toml` in the home, the environment (KARTOTEKA_...), the command line; the last wins."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from crawler.errors import BadSettings

FILE = "kartoteka.toml"


class Authority(BaseModel):
    """A time-stamping authority (RFC 3161)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9-]{0,30}$", description="what its files are called")
    url: str = Field(pattern="^https?://", description="where requests are sent")
    roots: Path | None = Field(None, description="PEM file of the certificates it is trusted by; relative to the home")


class Settings(BaseSettings):
    """One archive's settings. Seconds and bytes where no unit is named."""

    model_config = SettingsConfigDict(env_prefix="KARTOTEKA_", extra="forbid")

    contact: str | None = Field(None, description="address or URL that a site's operator can write to; goes into User-Agent")
    tries: int = Field(3, ge=1, le=10, description="attempts at one address")
    pause: float | None = Field(
        None, ge=0, le=3600, description="seconds between two fetches of a court's host (its source says 3)"
    )
    platform_pause: float | None = Field(None, ge=0, le=3600, description="the same over all hosts of a platform (1.5)")
    cool_down: float = Field(1800, ge=0, le=86_400, description="pause of a platform after 429 or `temporarily unavailable`")
    in_flight: int = Field(64, ge=1, le=4096, description="addresses under way at once")
    fetchers: int = Field(0, ge=0, le=16, description="processes that fetch a list of addresses; 0: the one that writes does")
    readers: int = Field(1, ge=1, le=64, description="processes that read pages")
    warc_bytes: int = Field(1_000_000_000, ge=1_000_000, description="a WARC file is closed beyond this size")
    free_bytes: int = Field(1 << 30, ge=0, description="space that is never used: below it nothing new is taken in")
    authorities: tuple[Authority, ...] = Field(
        (), description="who stamps the log's checkpoints, two or more of different owners; none: nobody does"
    )
    calendars: tuple[str, ...] = Field((), description="OpenTimestamps calendars that take them too")
    vantage: str | None = Field(
        None, max_length=200, description="from where this machine looks, in your words; manifests say it"
    )
    level: int | None = Field(
        None, ge=1, le=9, description="deflate level of WARC records; unset: 6, and 1 while pages come in faster than politely"
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


def load(home: Path) -> Settings:
    """The settings of the archive in `home`. Raises BadSettings."""
    path = home / FILE
    told: dict[str, Any] = {}
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise BadSettings(f"{path}: {exc}; mend that line or remove the file") from exc
    try:
        return Settings(**told)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(
            f"setting {name!r} in {path} or KARTOTEKA_{name.upper()}: {first['msg']}; "
            f"known are {', '.join(Settings.model_fields)}"
        ) from exc
