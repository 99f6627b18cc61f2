"""What people hand in, kept as records of their own: documents that cite, published lists of mirrors.

Each is one WARC resource record under a urn: address, with its digest, and a manifest that says which file it was. It is no
capture of ours of the web, is never read as a page, and is what everything concluded from it is made of again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.capture import Capture, Exchange, Outcome, Visit
from archive.shelf import Archive
from archive.store import Store

URN = "urn:kartoteka:"  # no indexer or replayer takes it for a page
CITING = f"{URN}document:sha256:"  # a document that cites, by its digest
MIRRORS = f"{URN}mirror-list"


@dataclass(frozen=True, slots=True)
class Document:
    """A kept one. told: what its manifest says of it (name, role, and what its role needs)."""

    capture: Capture
    octets: bytes
    told: Mapping[str, Any]


def keep_document(
    store: Store, address: str, name: str, octets: bytes, at: datetime, content_type: str, **told: object
) -> Capture:
    """Kept and durable, once: the same octets under the same address are found, not written again.

    at: when it was handed in (UTC). told: what the manifest says of it beside its name and digest.
    Raises what `store.keep` raises.
    """
    digest = hashlib.sha256(octets).hexdigest()
    said = {"name": name, "sha256": digest, **told}
    for held in store.archive.captures(address):
        if held.payload_sha256 == digest and _told(store.archive, held) == said:
            return held
    exchange = Exchange(address, at, 0.0, Outcome.CAPTURED, response=octets, flags=("foreign",))
    facts = {"foreign": name, "content_type": content_type, "document": said}
    return store.keep(Visit(address, (exchange,), facts)).result().last


def keep_as(store: Store, name: str, octets: bytes, at: datetime, told: Mapping[str, str]) -> Capture:
    """The same, as an order says it: `address`, `content_type`, and what else the manifest is to say."""
    more = {key: value for key, value in told.items() if key not in ("address", "content_type")}
    return keep_document(store, told["address"], name, octets, at, told["content_type"], **more)


def documents(archive: Archive, address: str) -> Iterator[Document]:
    """Everything kept under one address, in the order in which it came. Raises Damaged."""
    for capture in archive.captures(address):
        yield Document(capture, archive.memento(capture).entity, _told(archive, capture))


def _told(archive: Archive, capture: Capture) -> Mapping[str, Any]:
    said = archive.manifest(capture)["facts"].get("document")
    return said if isinstance(said, dict) else {}
