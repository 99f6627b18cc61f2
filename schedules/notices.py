"""What is worth telling somebody: a new case, an event, a change, a withdrawal, an alarm; and how a feed shows it; pure.

A notice's id is made of what it tells, so that whatever is told twice is the same notice. A newer parser over the same bytes
tells nothing. Names of people are in none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schedules.channels import Wanted
from schedules.watch import Raised

ATOM = "http://www.w3.org/2005/Atom"
_NO_SIGN = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ENTRIES = 200  # of a feed, the newest
_OF_EVENT = {
    "received": "new-case",
    "act-withdrawn": "withdrawn",
    "withdrawn-from-site": "withdrawn",
    "number-changed": "changed",
    "anonymised": "changed",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. at: when it was seen, UTC. subject: a case, a register, a host, an address. captures: that show it.

    court, articles: of the case, for who asked to be told of some only; None and () where it is of none.
    """

    id: str
    at: datetime
    kind: str
    subject: str
    title: str
    text: str
    captures: tuple[str, ...]
    court: str | None = None
    articles: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """As a webhook's body says it."""
        return {
            "id": self.id,
            "at": _stamp(self.at),
            "kind": self.kind,
            "subject": self.subject,
            "title": self.title,
            "text": self.text,
            "captures": list(self.captures),
            "court": self.court,
            "articles": list(self.articles),
        }

    def wanted(self, by: Wanted) -> bool:
        return by.admits(self.kind, self.court, self.articles)

    @classmethod
    def of(cls, row: dict[str, Any]) -> Notice:
        """From such a row."""
        at = datetime.fromisoformat(row["at"])
        captures, articles = tuple(row["captures"]), tuple(row["articles"])
        return cls(row["id"], at, row["kind"], row["subject"], row["title"], row["text"], captures, row["court"], articles)


def of_alarm(raised: Raised) -> Notice:
    """An alarm that was raised, or that has cleared itself."""
    alarm, over = raised.alarm, raised.cleared is not None
    title = f"{'over' if over else 'alarm'}: {alarm.kind}: {alarm.subject}"
    at = raised.cleared or raised.raised
    return Notice(_id("alarm", raised.id, str(over)), at, "alarm", alarm.subject, title, alarm.detail, alarm.captures)


def of_change(row: dict[str, Any], *, court: str | None, articles: Iterable[str], number: str | None) -> Notice | None:
    """A line of `crawl changes`. None for what no page says: a newer parser, a decision of ours."""
    if row["kind"] != "source":
        return None
    kind = _OF_EVENT.get(row["event"], "event")
    title = f"{row['event']}: {number or row['case']}" + (f", {row['date']}" if row["date"] else "")
    captures = tuple(row["captures"])
    told = (row["case"], row["event"], row["date"] or "", row["detail"] or "", captures[0] if captures else "")
    # A listing may still grow while it is looked at: what it leaves out is known by the event's own id.
    id_ = _id("change", row["id"]) if row["event"] == "withdrawn-from-site" else _id("change", *told)
    at = datetime.fromisoformat(row["observed"])
    return Notice(id_, at, kind, row["case"], title, row["detail"] or "", captures, court, tuple(articles))


def _id(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def feed(name: str, notices: Iterable[Notice]) -> bytes:
    """An Atom feed (RFC 4287), the newest first; the same notices give the same bytes."""
    newest = sorted(notices, key=lambda notice: (notice.at, notice.id), reverse=True)[:ENTRIES]
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _child(root, "id", f"urn:kartoteka:feed:{name}")
    _child(root, "title", f"Kartoteka: {name}")
    _child(root, "updated", _stamp(newest[0].at) if newest else "1970-01-01T00:00:00Z")
    author = ET.SubElement(root, f"{{{ATOM}}}author")
    _child(author, "name", "Kartoteka")
    for notice in newest:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _child(entry, "id", f"urn:kartoteka:notice:{notice.id}")
        _child(entry, "title", notice.title)
        _child(entry, "updated", _stamp(notice.at))
        ET.SubElement(entry, f"{{{ATOM}}}category", term=notice.kind)
        shown = "".join(f"\ncapture {capture}" for capture in notice.captures)
        _child(entry, "content", f"{notice.text}\n{notice.subject}{shown}")
    octets: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets


def _child(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = _plain(text)


def _plain(text: str) -> str:
    """What XML 1.0 has no sign for is shown as an escape (its section 2.2)."""
    return "".join(
        c if c in "\t\n" or " " <= c < "\ud800" or "\ue000" <= c not in "\ufffe\uffff" else ascii(c)[1:-1] for c in text
    )


def signature(secret: bytes, id_: str, at: int, body: bytes) -> str:
    """Of a webhook, by the Standard Webhooks scheme: HMAC-SHA256 over id, seconds since 1970 and body (v1)."""
    signed = b".".join((id_.encode(), str(at).encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def body(notice: Notice) -> bytes:
    """A webhook's: one JSON object, `type` and `data` as Standard Webhooks has them."""
    told = {"type": f"kartoteka.{notice.kind}", "timestamp": _stamp(notice.at), "data": notice.row()}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
