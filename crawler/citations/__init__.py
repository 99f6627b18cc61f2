"""Which links does a document cite? PDF, DOCX, RTF, HTML, Markdown and plain text; no network, and nothing is trusted.

`cited` reads in this process and has no limits; documents are hostile, so `desk.read` runs it in a worker that has them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from crawler import charset
from crawler.citations.references import references
from crawler.citations.values import Cited, Found
from crawler.citations.weigh import citations
from crawler.errors import Unreadable

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|article|div|p|a\s)[^>]*>", re.I)
_HTML_BEGINS = 4096  # octets in which a page shows that it is one
_OTHER = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file (save it as DOCX)", b"PK\x03\x04": "a zip package, and no DOCX",
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip file", b"7z\xbc\xaf": "a 7z file",
}  # fmt: skip
PAGE, RICH, WORD, PDF, TEXT = "html", "rtf", "docx", "pdf", "text"


def kind(body: bytes, name: str = "") -> str:
    """Which kind of document it is, by its bytes; `name` only tells HTML from text. Raises Unreadable for any other."""
    from crawler.citations import docx

    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:_HTML_BEGINS]
    if b"%PDF-" in body[:1024]:
        return PDF
    if start.startswith(b"{\\rtf"):
        return RICH
    if body.startswith(b"PK\x03\x04") and docx.is_docx(body):
        return WORD
    for magic, what in _OTHER.items():
        if body.startswith(magic):
            raise Unreadable(f"{what}: links are read from PDF, DOCX, RTF, HTML and text")
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("pdf", "docx"):
        if not _HTML.match(start):
            raise Unreadable(f"called .{suffix}, and its bytes are not those of one")
        return PAGE  # a block page under the document's name
    if not body.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in body[:65536]:
        raise Unreadable("binary data: links are read from PDF, DOCX, RTF, HTML and text")
    if suffix in ("html", "htm", "xhtml") or (start.startswith(b"<") and _HTML.match(start) and suffix not in ("md", "txt")):
        return PAGE
    return TEXT


def found(body: bytes, name: str = "", url: str | None = None) -> Found:
    """Every place of the document that names an address. Raises Unreadable."""
    what = kind(body, name)
    if what == PDF:
        from crawler.citations import pdf

        return pdf.found(body)
    if what == WORD:
        from crawler.citations import docx

        return docx.found(body)
    if what == RICH:
        from crawler.citations import rtf

        return rtf.found(body)
    if what == PAGE:
        from crawler.citations import html

        return html.found(body, url)
    from crawler.citations.text import addresses

    text = charset.decide(body, None, "windows-1251").text
    return Found(tuple(addresses(text)), text)


def cited(body: bytes, name: str = "", url: str | None = None) -> Cited:
    """The citations of a document. Raises Unreadable.

    name: the file's; url: the address it came from, which relative links start from. Places count characters of the
    decoded text: a PDF's pages joined by a line feed and a form feed, HTML's source, a text file as it is.
    """
    said = found(body, name, url)
    return Cited(
        tuple(citations(said)),
        said.unread,
        said.hints,
        tuple(replace(each, placed=said.counted) for each in references(said.text)),
    )
