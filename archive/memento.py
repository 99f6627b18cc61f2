"""A capture opened for reading: status, fields, entity-body, and the body with its content coding undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archive import message
from archive.capture import Capture, Outcome
from archive.coding import decode
from archive.errors import BadMessage


@dataclass(frozen=True, slots=True)
class Memento:
    """What a reader gets of a capture (RFC 7089's word).

    fields: in order, octets as Latin-1 text. entity: transfer coding undone, content coding kept.
    status: None for a saved page that never said one. trusted: False when the connection could not be verified.
    """

    url: str
    status: int | None
    fields: tuple[tuple[str, str], ...]
    entity: bytes
    at: datetime | None = None
    outcome: Outcome = Outcome.CAPTURED
    capture: Capture | None = None
    trusted: bool = True

    @classmethod
    def of_message(
        cls,
        url: str,
        octets: bytes,
        *,
        at: datetime | None = None,
        outcome: Outcome = Outcome.CAPTURED,
        capture: Capture | None = None,
        trusted: bool = True,
    ) -> Memento:
        """From a response as kept: head and body. Raises BadMessage where there is no head."""
        head = message.parse_head(octets)
        if head is None:
            raise BadMessage(f"the head of {url} has no end")
        fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields)
        return cls(url, head.status, fields, message.entity(octets), at, outcome, capture, trusted)

    @classmethod
    def saved(cls, url: str, body: bytes, fields: Iterable[tuple[str, str]] = ()) -> Memento:
        """A saved page, read as if it came from `url`."""
        return cls(url, None, tuple(fields), body)

    def header(self, name: str) -> str | None:
        """The first value of a field, None where it is absent."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field.lower() == wanted), None)

    @property
    def content_type(self) -> str | None:
        return self.header("content-type")

    @property
    def mime(self) -> str | None:
        """The media type alone, lower-case: `text/html`."""
        return self.content_type.partition(";")[0].strip().lower() or None if self.content_type else None

    @property
    def body(self) -> bytes:
        """The content coding undone, within bounds. Raises BadCoding."""
        codings = [value for field, value in self.fields if field.lower() == "content-encoding"]
        return decode(self.entity, ", ".join(codings))
