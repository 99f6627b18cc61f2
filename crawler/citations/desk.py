"""Reads a document's citations in a process of its own, and checks what comes back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawler import confined
from crawler.citations import cited
from crawler.citations.references import Reference
from crawler.citations.values import Citation, Cited, Reading
from crawler.confined import Bounds
from crawler.errors import Unreadable


def read(file: Path, url: str | None = None, bounds: Bounds = Bounds()) -> Cited:
    """The citations of a file.

    url: the address the document came from. Raises Unreadable for what is no document, a broken one, or one beyond the
    bounds; OSError where the file cannot be read.
    """
    said = confined.ask(__name__, file, {"name": file.name, "url": url}, bounds)
    try:
        told = tuple(_citation(each) for each in said["citations"])
        named = tuple(Reference(**each) for each in said["references"])
        return Cited(told, tuple(map(str, said["unread"])), tuple(map(str, said["hints"])), named)
    except (KeyError, TypeError, ValueError) as exc:
        raise Unreadable(f"{file}: the reader's answer is none: {exc}") from exc


def _citation(said: dict[str, Any]) -> Citation:
    alternatives = tuple(Reading(**each) for each in said.pop("alternatives"))
    spans = tuple((int(start), int(end)) for start, end in said.pop("spans"))
    return Citation(alternatives=alternatives, spans=spans, **said)


def serve(job: str) -> None:
    """In the worker."""
    confined.answer(job, lambda body, asked: asdict(cited(body, asked["name"], asked["url"])))
