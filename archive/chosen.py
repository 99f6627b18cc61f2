"""Which captures does a person mean by an address and a time, or by an id? Redirects are followed inside the archive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive import message
from archive.capture import Capture
from archive.errors import BadMessage, NotFound
from archive.shelf import Archive
from archive.urls import resolve

MOST_HOPS = 10  # as many redirects as a visit follows
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Chosen:
    """asked: an address, or the id of a capture. at: the time asked for, UTC; None: the newest.

    capture: the one that is meant. captures: those of its visit in order, and behind them those of the visits that its
    redirects lead to. says: in sentences, how each was chosen.
    """

    asked: str
    at: datetime | None
    capture: Capture
    captures: tuple[Capture, ...]
    says: tuple[str, ...]


def choose(archive: Archive, asked: str, at: datetime | None = None) -> Chosen:
    """Raises NotFound where nothing is kept under that id or address."""
    capture, how = _by_id(archive, asked) if ID.fullmatch(asked) else _by_address(archive, asked, at)
    captures, says = list(archive.snapshot(capture.visit).captures), [how]
    for _ in range(MOST_HOPS):
        following = _following(archive, captures)
        if following is None:
            break
        found, said = following
        says.append(said)
        if found is None:
            break
        captures += archive.snapshot(found.visit).captures
    else:
        says.append(f"no more than {MOST_HOPS} redirects are followed")
    return Chosen(asked, at, capture, tuple(captures), tuple(says))


def location(archive: Archive, capture: Capture) -> str | None:
    """Where a kept redirect leads; None where it is none, or leads to no address of the web. Raises Damaged."""
    if capture.status not in REDIRECTS:
        return None
    try:
        head = message.parse_head(archive.exchange(capture).response)
        field = None if head is None else head.get(b"location")
        # Octets beyond ASCII are percent-encoded one by one, as browsers do.
        text = "".join(chr(octet) if octet < 0x80 else f"%{octet:02X}" for octet in field or b"")
        return resolve(text, capture.url) if text else None
    except (BadMessage, ValueError):
        return None


def told(at: datetime) -> str:
    """A time as people read it: to the second, UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _by_id(archive: Archive, id_: str) -> tuple[Capture, str]:
    capture = archive.capture(id_.lower())
    return capture, f"capture {capture.id} of {capture.url}, {told(capture.at)}, as was asked for"


def _by_address(archive: Archive, url: str, at: datetime | None) -> tuple[Capture, str]:
    try:
        found = archive.nearest(url, at)
    except NotFound:
        # No page was ever had: that it was not is kept too, and the failure tells of it.
        failed = [(abs(each.at - at) if at else -each.seq, -each.seq, each) for each in archive.captures(url)]
        if not failed:
            raise
        capture = min(failed, key=lambda row: row[:2])[2]
        which = "latest" if at is None else f"nearest to {told(at)}"
        why = f": {capture.error}" if capture.error else ""
        said = (
            f"no page of {url} is kept: the {which} of {len(failed)} attempts is of {told(capture.at)}, {capture.outcome}{why}"
        )
        return capture, said
    if at is None:
        return found, f"the latest capture of {found.url} is of {told(found.at)}"
    return found, f"the capture of {found.url} nearest to {told(at)} is of {told(found.at)}, {apart(found.at, at)}"


def apart(found: datetime, asked: datetime) -> str:
    """How far a capture is from the time that was asked for."""
    if found == asked:
        return "that very time"
    gap = abs(found - asked)
    days, rest = gap.days, timedelta(seconds=round(gap.total_seconds()) % 86_400)
    length = f"{days} days {rest}" if days else str(rest) if rest else "less than a second"
    return f"{length} {'later' if found > asked else 'earlier'}"


def _following(archive: Archive, captures: list[Capture]) -> tuple[Capture | None, str] | None:
    """The capture that the last one leads to, nearest to it in time; None where it leads nowhere."""
    last = captures[-1]
    url = location(archive, last)
    if url is None:
        return None
    seen = {each.id for each in captures}
    held = [each for each in archive.captures(url) if each.outcome.whole and each.id not in seen]
    # One key files http and https, with www and without: another spelling of the address counts where it is a page.
    held = [each for each in held if each.url == url or each.status not in REDIRECTS]
    found = min(held, key=lambda each: (each.url != url, abs(each.at - last.at), each.seq), default=None)
    if found is None:
        return None, f"{last.url} leads to {url}, of which nothing more is kept"
    return (
        found,
        f"{last.url} leads to {url}: followed in the archive to the capture of {told(found.at)}, {apart(found.at, last.at)}",
    )
