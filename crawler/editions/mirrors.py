"""Whose mirror was a host, on a day? Published lists, and the table made of them; pure.

The key is the full host with a span of days: one registrable domain serves many origins, hosts die within days, and some
stood for two origins at once. A pair that lists spell in several ways is one, from the first day it was listed to the
last; one that the newest list still has is open-ended. Listed is not working: a span says whose mirror a host was said
to be, and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from archive.urls import identity

MOST = 500_000  # pairs of one list
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"\s*(:)?|([{}\[\]])')


@dataclass(frozen=True, slots=True)
class Span:
    """origin: host, and path where the list has one, without scheme and `www.`. first, last: days; last None: still listed."""

    origin: str
    host: str
    first: date
    last: date | None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{self.host} is listed until {self.last}, and from {self.first} on")

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def row(self) -> dict[str, str | None]:
        """A line of `crawl mirrors import` (CONTRACT)."""
        last = None if self.last is None else self.last.isoformat()
        return {"origin": self.origin, "host": self.host, "from": self.first.isoformat(), "to": last}


@dataclass(frozen=True, slots=True)
class Listed:
    """What one list says. day: the one it shows. spans: as it has them. faults: what could not be read, in words."""

    day: date
    spans: tuple[Span, ...] = ()
    faults: tuple[str, ...] = ()


class Mirrors:
    """The table made of all lists."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.spans = united(spans)
        self._by_host: dict[str, list[Span]] = {}
        self._by_origin: dict[str, list[Span]] = {}
        for span in self.spans:
            self._by_host.setdefault(span.host, []).append(span)
            self._by_origin.setdefault(span.origin, []).append(span)

    def of(self, host: str, day: date | None = None) -> list[Span]:
        """Whose mirror this host was, on that day or (None) ever; several where it is ambiguous."""
        return [span for span in self._by_host.get(plain_host(host) or host, ()) if day is None or span.holds(day)]

    def hosts(self, origin: str, day: date | None = None) -> list[Span]:
        """The mirrors of an origin on that day, the one listed last first."""
        held = [span for span in self._by_origin.get(plain_origin(origin) or origin, ()) if day is None or span.holds(day)]
        return sorted(held, key=lambda span: (span.first, span.host), reverse=True)

    def ambiguous(self) -> Iterator[tuple[str, list[Span]]]:
        """Hosts that stood for two origins, in order."""
        for host in sorted(self._by_host):
            if len(held := self._by_host[host]) > 1:
                yield host, held


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Each pair once: from its first day to its last; open where one of its spans is. In order of origin and host."""
    held: dict[tuple[str, str], Span] = {}
    for span in spans:
        if before := held.get((span.origin, span.host)):
            last = None if before.last is None or span.last is None else max(before.last, span.last)
            span = Span(span.origin, span.host, min(before.first, span.first), last)
        held[span.origin, span.host] = span
    return tuple(held[pair] for pair in sorted(held))


def table(lists: Iterable[Listed]) -> Mirrors:
    """The table of several lists. What a list has open ends with it where a later whole one of its kind lacks the pair.

    Of its kind: one that knows half of its origins or more. A short list of somebody else's closes nothing.
    """
    shown = sorted(lists, key=lambda each: each.day)
    origins = [frozenset(span.origin for span in each.spans) for each in shown]
    spans: list[Span] = []
    for at, each in enumerate(shown):
        replaced = any(
            not later.faults and later.day > each.day and 2 * len(origins[at] & known) >= len(origins[at])
            for later, known in zip(shown[at + 1 :], origins[at + 1 :], strict=True)
        )
        for span in each.spans:
            ends = replaced and span.last is None
            spans.append(Span(span.origin, span.host, span.first, max(each.day, span.first)) if ends else span)
    return Mirrors(spans)


def read(octets: bytes, day: date) -> Listed:
    """A published list: RSF's JSON (`{origin: [hosts]}`), or its history as tab-separated lines with a head.

    day: the one that a list without dates shows. What is broken is read as far as it goes, and told.
    """
    text = octets.decode("utf-8-sig", "replace")
    if "\t" in text.partition("\n")[0]:
        return _history(text, day)
    return _snapshot(text, day)


def _history(text: str, day: date) -> Listed:
    """Columns by name: origin, mirror_host or host, first..., last...; `in_last_commit`: 1 where it is listed still."""
    lines = text.splitlines()
    names = [name.strip().lower() for name in lines[0].split("\t")]
    at = {
        want: next((i for i, name in enumerate(names) if name.startswith(starts)), None)
        for want, starts in (
            ("origin", ("origin",)), ("host", ("mirror", "host")), ("first", ("first", "from")), ("last", ("last", "to")),
            ("open", ("in_last",)),
        )
    }  # fmt: skip
    lacking = [want for want in ("origin", "host", "first") if at[want] is None]
    if lacking:
        return Listed(day, (), (f"no column for {', '.join(lacking)} in its head",))
    spans, faults, lasts = [], [], list[date]()
    for number, line in enumerate(lines[1 : MOST + 1], 2):
        cells = line.split("\t")
        if not line.strip():
            continue
        said = {want: cells[i].strip() if i is not None and i < len(cells) else "" for want, i in at.items()}
        origin, host = plain_origin(said["origin"]), plain_host(said["host"])
        first, last = _day(said["first"]), _day(said["last"])
        if origin is None or host is None or first is None or (last is None and said["last"]):
            faults.append(f"line {number}: {line[:120]!r}")
            continue
        still = said["open"] == "1" or (last is None and at["open"] is None)
        try:
            spans.append(Span(origin, host, first, None if still else last or first))
            lasts.append(last or first)
        except ValueError as exc:
            faults.append(f"line {number}: {exc}")
    return Listed(max(lasts, default=day), tuple(spans), tuple(faults))


def _snapshot(text: str, day: date) -> Listed:
    """A list of one day. An origin may stand in it twice, and a broken file is read string by string."""
    faults: list[str] = []
    try:
        told = json.loads(text, object_pairs_hook=list)
        pairs = list(_told(told))
    except (ValueError, RecursionError) as exc:
        faults.append(f"no JSON: {exc}; read as far as strings and brackets go")
        pairs = list(_scanned(text))
    spans: list[Span] = []
    for said, served in pairs[:MOST]:
        origin, host = plain_origin(said), plain_host(served)
        if origin is None or host is None:
            faults.append(f"no pair of hosts: {said[:80]!r}, {served[:80]!r}")
            continue
        spans.append(Span(origin, host, day, None))
    if not spans:
        faults.append("no mirror is listed")
    return Listed(day, tuple(spans), tuple(faults))


def _told(told: object) -> Iterator[tuple[str, str]]:
    """{origin: [host, ...]} or {origin: host}; objects come as lists of pairs, so that none hides another."""
    if not isinstance(told, list):
        raise ValueError("not an object of origins")
    for each in told:
        if isinstance(each, tuple) and len(each) == 2:
            for host in each[1] if isinstance(each[1], list) else [each[1]]:
                if isinstance(host, str):
                    yield str(each[0]), host


def _scanned(text: str) -> Iterator[tuple[str, str]]:
    """What strings and brackets say where commas are wrong: a string before a colon is an origin, others are its hosts."""
    origin: str | None = None
    for found in _STRING.finditer(text):
        if found[3]:
            origin = None if found[3] in "}]" else origin
        elif found[2]:
            origin = found[1]
        elif origin is not None:
            yield origin, found[1]


def plain_origin(text: str) -> str | None:
    """`https://www.News.example/`, `news.example`: one origin, `news.example`; with its path where it has one."""
    text = text.strip()
    try:
        parts = urlsplit(identity(text if "://" in text else f"https://{text}"))
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.")
    if "." not in host and ":" not in host:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path.rstrip('/')}"


def plain_host(text: str) -> str | None:
    """The full host of a mirror: `www.` is part of it only where nothing else is."""
    origin = plain_origin(text)
    return None if origin is None else origin.partition("/")[0]


def _day(text: str) -> date | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo is None else at.astimezone(UTC)).date()


def rows(mirrors: Mirrors) -> Iterator[Mapping[str, object]]:
    """Lines of `crawl mirrors import`: each pair, then each host that stood for two origins."""
    for span in mirrors.spans:
        yield span.row()
    for host, held in mirrors.ambiguous():
        yield {
            "kind": "ambiguous", "origin": None, "host": host, "from": None, "to": None,
            "origins": [span.origin for span in held],
        }  # fmt: skip
