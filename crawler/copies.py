"""Which copies of an address do public web archives hold? The questions to ask, and their answers read; pure.

Memento (RFC 7089): a TimeGate leads to the copy nearest to a time, which says its own time. CDX: a list of captures, of
which the nearest is asked for as it was received (`id_`). Nobody is asked unless a person allows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, urlsplit

from crawler.fetch import Validators

TIMEGATE = "https://web.archive.org/web/"
CDX = "https://web.archive.org/cdx/search/cdx"
MOST = 8  # lines of a CDX answer
_SET = re.compile(r"\d{14}")


@dataclass(frozen=True, slots=True)
class AcceptDatetime(Validators):
    """The one field that a TimeGate is asked with (RFC 7089, 2.1.1), sent on the first hop. at: aware, in UTC."""

    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def fields(self) -> list[tuple[bytes, bytes]]:
        return [(b"Accept-Datetime", format_datetime(self.at, usegmt=True).encode("ascii"))]


@dataclass(frozen=True, slots=True)
class Copy:
    """A public archive's copy. of: the address it is of; archive: its host; at: when it was taken, None where not said."""

    of: str
    archive: str
    at: datetime | None

    def told(self) -> dict[str, str | None]:
        """As the manifest of our capture says it: a public archive's copy, and no page of the address itself."""
        return {"of": self.of, "archive": self.archive, "taken": None if self.at is None else self.at.isoformat()}


def timegate(url: str, gate: str = TIMEGATE) -> str:
    return gate.rstrip("/") + "/" + url


def copy_of(url: str, final_url: str, fields: Iterable[tuple[str, str]]) -> Copy | None:
    """What an archive's answer is a copy of. None where it says no time of its own: it is no memento (RFC 7089, 2.1.1)."""
    said = {name.lower(): value for name, value in fields}
    at = _time(said.get("memento-datetime", ""))
    if at is None:
        stamp = re.search(r"/(\d{14})(?:[a-z]{2}_)?/", urlsplit(final_url).path)
        at = _stamp(stamp[1]) if stamp else None
    return None if at is None else Copy(url, urlsplit(final_url).hostname or "", at)


def cdx(url: str, day: date | None, server: str = CDX) -> str:
    """The question for captures that went well, those nearest to a day first."""
    near = "" if day is None else f"&sort=closest&closest={day:%Y%m%d}"
    return f"{server}?url={quote(url, safe='')}&output=json&filter=statuscode:200&limit={MOST}{near}"


def nearest(answer: bytes, day: date | None, server: str = CDX) -> str | None:
    """The address of the copy nearest to a day (None: the latest) as it was received; None where the answer has none."""
    try:
        rows = json.loads(answer)
        names, *lines = rows
        at, original = names.index("timestamp"), names.index("original")
        held = [(line[at], line[original]) for line in lines if _SET.fullmatch(line[at])]
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return None
    if not held:
        return None
    want = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)

    def away(line: tuple[str, str]) -> float:
        taken = _stamp(line[0])
        if taken is None:
            return float("inf")
        return -taken.timestamp() if want is None else abs((taken - want).total_seconds())

    stamp, address = min(held, key=away)
    parts = urlsplit(server)
    return f"{parts.scheme}://{parts.netloc}/web/{stamp}id_/{address}"


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
