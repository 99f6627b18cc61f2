"""Which links does a PDF hold? Annotations, and the text of its pages; the only room that knows pypdf.

An anchor that a line's end breaks is painted as several rectangles, and each is an annotation of its own: those of one
page and address that touch are one anchor.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader

from crawler.citations.text import addresses, host_fits
from crawler.citations.values import Found, Mention, Reading
from crawler.errors import Unreadable

PAGES = 2000
CHARACTERS = 20_000_000  # of all pages together
ANNOTATIONS = 50_000
BREAK = "\n\f"  # between the texts of two pages

Rectangle = tuple[float, float, float, float]


def found(body: bytes) -> Found:
    """Annotations first, then the text. Raises Unreadable for what is no PDF, or one that only a password opens."""
    reader, pages = _opened(body)
    mentions: list[Mention] = []
    texts: list[str] = []
    unread: list[str] = []
    read = size = 0
    for number in range(1, min(pages, PAGES) + 1):
        text = ""
        try:
            page = reader.pages[number - 1]
            mentions += _annotated(page, number)
            text = page.extract_text()
            read += 1
        except MemoryError:
            raise
        except Exception as exc:  # one broken page does not take the others along
            unread.append(f"page {number}: {type(exc).__name__}: {exc}")
        texts.append(text)
        size += len(text) + len(BREAK)
        if number < pages and (size > CHARACTERS or len(mentions) > ANNOTATIONS or number == PAGES):
            unread.append(f"read up to page {number} of {pages}: the document is larger than is read")
            break
    if not read:
        raise Unreadable(f"no page of the PDF can be read{'; ' if unread else ''}{''.join(unread[:1])}")
    text = BREAK.join(texts)
    return Found((*mentions, *addresses(text)), text, tuple(unread))


def _opened(body: bytes) -> tuple[PdfReader, int]:
    """The reader and its number of pages."""
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF opens with a password only")
        return reader, len(reader.pages)
    except (Unreadable, MemoryError):
        raise
    except Exception as exc:  # a broken file can break the library anywhere
        raise Unreadable(f"not a PDF that can be read: {type(exc).__name__}: {exc}") from exc


def _annotated(page: Any, number: int) -> Iterator[Mention]:
    """One mention an anchor, in the page's order."""
    anchors: list[tuple[str, list[Rectangle]]] = []
    for uri, box in _links(page):
        for url, boxes in anchors:
            if url == uri and any(_touch(box, other) for other in boxes):
                boxes.append(box)
                break
        else:
            anchors.append((uri, [box]))
    for uri, boxes in anchors:
        if uri.lower().startswith(("http://", "https://")) and host_fits(uri):
            yield Mention((Reading(uri, 1.0, 0, "an annotation says it"),), "annotation", page=number, rectangles=len(boxes))
        elif uri.lower().startswith("www.") and host_fits(f"http://{uri}"):
            both = tuple(Reading(f"{scheme}://{uri}", 0.5, 0, "no scheme is written") for scheme in ("https", "http"))
            yield Mention(both, "annotation", page=number, kind="bare", rectangles=len(boxes))


def _links(page: Any) -> Iterator[tuple[str, Rectangle]]:
    listed = page.get("/Annots")
    listed = listed.get_object() if listed is not None else []
    for reference in listed if isinstance(listed, list) else []:
        annotation = reference.get_object()
        action = annotation.get("/A") if isinstance(annotation, dict) else None
        action = action.get_object() if action is not None else None
        uri = action.get("/URI") if isinstance(action, dict) else None
        uri = uri.get_object() if uri is not None else None
        if uri is None:
            continue
        uri = uri.decode("utf-8", "replace") if isinstance(uri, bytes) else str(uri)
        box = annotation.get("/Rect")
        corners = [float(each) for each in box.get_object()] if box is not None else []
        left, low, right, high = corners if len(corners) == 4 else (0.0, 0.0, 0.0, 0.0)
        yield "".join(uri.split()), (min(left, right), min(low, high), max(left, right), max(low, high))


def _touch(box: Rectangle, other: Rectangle) -> bool:
    """The two stand in one line or in lines next to each other: less than half a line's height lies between them."""
    height = max(box[3] - box[1], other[3] - other[1])
    between = max(box[1], other[1]) - min(box[3], other[3])
    if between > height / 2:
        return False
    same_line = between < -height / 2
    return not same_line or max(box[0], other[0]) - min(box[2], other[2]) <= height
