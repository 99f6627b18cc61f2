"""How is one thing spelled in the index, in a manifest and in a record? Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

MANIFEST = "urn:kartoteka:manifest:"
CHAIN = "urn:kartoteka:chain:"
KINDS = ("response", "revisit", "resource", "octets")  # of the record that is the capture
NAMED = {"id", "type", "length", "sha256", "block_length", "block_sha256"}  # what a manifest says of a record
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Told = dict[str, Any]  # what a manifest says


def named(told: Told) -> list[Told]:
    """What a manifest says of each record it names, the chain last."""
    chain = told["tls"]["chain"] if told["tls"] else None
    return [*told["records"], *([chain] if chain else [])]


def plain_microseconds(date: str) -> int:
    """The date of a plain record as the index keeps it."""
    return _second(date[:19]) * 1_000_000 + int(date[20:26])


@lru_cache(64)
def _second(date: str) -> int:
    return int((datetime.fromisoformat(date + "+00:00") - EPOCH).total_seconds())


def microseconds(date: str | None) -> int | None:
    """A WARC-Date of ours as the index keeps it: microseconds since 1970; None for anything else."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", date or "")
    if match is None:
        return None
    try:
        second = datetime.fromisoformat(match[1] + "+00:00") - EPOCH
    except ValueError:
        return None
    return second // timedelta(microseconds=1) + int((match[2] or "0").ljust(6, "0"))


def as_written(url: str) -> str:
    """An address as it stands in WARC-Target-URI: what would break the line is percent-encoded."""
    return re.sub(r"[\x00-\x20\x7f-\x9f<>\ud800-\udfff]", lambda m: quote(m[0], safe="", errors="replace"), url)


def bare(record_id: str | None) -> str | None:
    """A WARC-Record-ID without what stands around its UUID."""
    return None if record_id is None else record_id.strip("<>").removeprefix("urn:uuid:")
