"""Which figures does a file state? PDF, DOCX, RTF, HTML or text, read in a process of its own, with limits on memory and time.

A page is read as an article, as `crawl read` does; of any other document the text is read.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from archive.ledger.stated import Claim, named, of_values
from crawler import confined
from crawler.confined import Bounds
from crawler.errors import Unreadable

_HEAD = 400  # characters in which a text tells its own date
_ADDRESS_DATE = re.compile(r"Original url:\s*https?://[^\s/]+/(?:[^\s/]+/)?((?:19|20)\d\d)/(\d\d)/(\d\d)/", re.I)


def stated(file: Path, url: str | None = None, published: date | None = None, bounds: Bounds = Bounds()) -> list[Claim]:
    """The claims of a file, their source its address, or its name where it has none.

    published: its own date, where the file does not tell it. Raises Unreadable for what is no document, a broken one, or one
    beyond the bounds.
    """
    job = {"name": file.name, "url": url, "published": published.isoformat() if published else None}
    said = confined.ask(__name__, file, job, bounds)
    try:
        found = [claim for n, each in enumerate(said["claims"]) if (claim := of_values("", str(n), map(tuple, each)))]
    except (KeyError, TypeError, ValueError) as exc:
        raise Unreadable(f"{file}: the reader's answer is none: {exc}") from exc
    return named(found, url or str(file))


def serve(job: str) -> None:
    """In the worker."""
    confined.answer(job, _claims)


def _claims(body: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    published = date.fromisoformat(asked["published"]) if asked["published"] else None
    return {"claims": _read(body, asked["name"], asked["url"], published)}


Values = list[tuple[str, str, str | None]]


def _read(body: bytes, name: str, url: str | None, published: date | None) -> list[Values]:
    from crawler.citations import PAGE, found, kind
    from crawler.claims import told, values

    if kind(body, name) == PAGE:
        return _of_page(body, url, published)
    text = found(body, name, url).text
    return [values(each, text) for each in told(text, published or dated(text))]


def _of_page(body: bytes, url: str | None, published: date | None) -> list[Values]:
    from archive.memento import Memento
    from crawler.claims import told, values
    from crawler.page import Page
    from crawler.readers import read
    from crawler.sites import source_named

    address = url or "http://file.invalid/document"
    reading = read(Memento.saved(address, body), source_named("article"))
    if reading.verdict == "page" and any(said.property == "body" for said in reading.observations):
        by_claim: dict[str, Values] = {}
        for said in reading.observations:
            if "#claim:" in said.subject:
                by_claim.setdefault(said.subject, []).append((said.property, said.raw, said.value))
        return list(by_claim.values())
    text = "\n\n".join(line.text for line in Page.open(body, address).root.lines)
    return [values(each, text) for each in told(text, published or dated(text))]


def dated(text: str) -> date | None:
    """The day that a text tells as its own: in its dateline, or in the address it was printed from; None where it tells "
    "none."""
    from crawler.claims.periods import whole_dates

    if found := next(whole_dates(text[:_HEAD]), None):
        return found
    if address := _ADDRESS_DATE.search(text):
        try:
            return date(*map(int, address.groups()))
        except ValueError:
            return None
    return None
