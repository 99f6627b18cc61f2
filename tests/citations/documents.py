"""Documents made for the tests: PDF, DOCX and RTF with invented content, as small as readers take them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, FloatObject, NameObject, TextStringObject

LINE = 14  # points
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

Box = tuple[float, float, float, float]


def pdf(lines: Sequence[str], links: Sequence[tuple[str, Box]] = (), *, password: str | None = None) -> bytes:
    """One page with these lines from the top, and a link annotation for each address and rectangle."""
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Courier"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
    shown = "".join(f"({line}) Tj 0 -{LINE} Td\n" for line in lines)
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 10 Tf 40 {842 - LINE} Td\n{shown}ET".encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)
    annotations = ArrayObject()
    for url, box in links:
        action = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject(url)})
        annotations.append(
            writer._add_object(
                DictionaryObject(
                    {
                        NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Link"),
                        NameObject("/Rect"): ArrayObject(map(FloatObject, box)), NameObject("/A"): action,
                    }
                )
            )
        )  # fmt: skip
    page[NameObject("/Annots")] = annotations
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def line_box(number: int, left: float = 40, right: float = 500) -> Box:
    """The rectangle of a line of `pdf`, counted from 0."""
    base = 842 - LINE * (number + 1)
    return (left, base - 3, right, base + 9)


def docx(body: str, links: dict[str, str] | None = None, more: dict[str, bytes] | None = None) -> bytes:
    """body: what stands inside w:body. links: external hyperlinks by relation id. more: further parts."""
    document = f'<?xml version="1.0"?><w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>'
    relations = "".join(
        f'<Relationship Id="{key}" Type="{R}/hyperlink" Target={quoteattr(url)} TargetMode="External"/>'
        for key, url in (links or {}).items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", document)
        packed.writestr("word/_rels/document.xml.rels", f'<Relationships xmlns="{space}">{relations}</Relationships>')
        for name, octets in (more or {}).items():
            packed.writestr(name, octets)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"
