"""Which links does a Word document (DOCX) hold? Relations, field codes, and the text; zip and XML read without trust."""

from __future__ import annotations

import io
import posixpath
import re
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from crawler.citations.fields import hyperlink
from crawler.citations.text import addresses, host_fits
from crawler.citations.values import Found, Mention, Reading
from crawler.errors import Unreadable

PARTS = 10_000  # members of the package
SIZE = 64 * 1024 * 1024  # octets of one part, unpacked
_TEXT_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml\Z")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}


def is_docx(body: bytes) -> bool:
    try:
        with ZipFile(io.BytesIO(body)) as packed:
            return "word/document.xml" in packed.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return False


def found(body: bytes) -> Found:
    """Every part that holds text, the document first. Raises Unreadable for a broken package or part."""
    mentions: list[Mention] = []
    texts: list[str] = []
    try:
        with ZipFile(io.BytesIO(body)) as packed:
            names = packed.namelist()
            if len(names) > PARTS:
                raise Unreadable(f"{len(names)} parts; at most {PARTS} are read")
            parts = sorted(filter(_TEXT_PARTS.match, names), key=lambda name: (name != "word/document.xml", name))
            for name in dict.fromkeys(parts):
                root = fromstring(_octets(packed, name), forbid_dtd=True)
                targets = _targets(packed, name, set(names))
                part = _Part(targets)
                part.walk(root)
                mentions += part.mentions()
                texts.append("".join(part.text))
    except DefusedXmlException as exc:
        raise Unreadable(f"the DOCX declares entities or a document type: {exc}") from exc
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, zlib.error, ParseError) as exc:
        raise Unreadable(f"not a DOCX that can be read: {exc}") from exc
    text = "\n".join(texts)
    return Found((*mentions, *addresses(text)), text)


def _octets(packed: ZipFile, name: str) -> bytes:
    with packed.open(name) as part:
        octets = part.read(SIZE + 1)
    if len(octets) > SIZE:
        raise Unreadable(f"{name} unpacks to more than {SIZE} octets")
    return octets


def _targets(packed: ZipFile, name: str, names: set[str]) -> dict[str, str]:
    """The external hyperlinks of a part, by relation id (ECMA-376, part 2, 9.3)."""
    folder, file = posixpath.split(name)
    relations = f"{folder}/_rels/{file}.rels"
    if relations not in names:
        return {}
    root = fromstring(_octets(packed, relations), forbid_dtd=True)
    return {
        each.get("Id", ""): each.get("Target", "")
        for each in root
        if each.get("TargetMode") == "External" and each.get("Type", "").endswith("/hyperlink")
    }


class _Part:
    """What one part says: its text, and its links as they come."""

    def __init__(self, targets: dict[str, str]) -> None:
        self.targets, self.text = targets, list[str]()
        self.links: list[tuple[str, str, str]] = []  # address, origin, anchor
        self._used: set[str] = set()
        self._fields: list[list[str]] = []  # instructions of the open fields; of one past `separate` also its anchor
        self._shown: list[list[str] | None] = []

    def walk(self, root: Element) -> None:
        """Depth first without recursion: nesting is the document's to choose."""
        todo: list[tuple[Element, bool, int]] = [(root, True, 0)]
        while todo:
            element, begins, at = todo.pop()
            name = str(element.tag).replace(_W, "").replace(_STRICT, "")
            if not begins:
                self._end(element, name, at)
                continue
            self._begin(element, name)
            todo.append((element, False, len(self.text)))
            todo.extend((child, True, 0) for child in reversed(element))

    def _begin(self, element: Element, name: str) -> None:
        for key, value in element.attrib.items():  # hyperlinks of text, and of drawings
            if key.endswith("}id") and value in self.targets and name != "hyperlink":
                self._used.add(value)
                self.links.append((self.targets[value], "relation", ""))
        if name == "t":
            self.text.append(element.text or "")
            for shown in self._shown:
                if shown is not None:
                    shown.append(element.text or "")
        elif name in _SIGNS:
            self.text.append(_SIGNS[name])
        elif name == "instrText" and self._fields:
            self._fields[-1].append(element.text or "")
        elif name == "fldChar":
            self._turn(next((value for key, value in element.attrib.items() if key.endswith("}fldCharType")), ""))

    def _turn(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append([])
            self._shown.append(None)
        elif self._fields and kind == "separate":
            self._shown[-1] = []
        elif self._fields and kind == "end":
            instruction, shown = "".join(self._fields.pop()), self._shown.pop()
            if url := hyperlink(instruction):
                self.links.append((url, "field", "".join(shown or ())))

    def _end(self, element: Element, name: str, at: int) -> None:
        if name == "p":
            self.text.append("\n")
        elif name == "hyperlink":
            key = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
            place = next((value for key, value in element.attrib.items() if key.endswith("}anchor")), "")
            if key in self.targets:
                self._used.add(key)
                target = self.targets[key]
                whole = f"{target}#{place}" if place and "#" not in target else target
                self.links.append((whole, "relation", "".join(self.text[at:])))
        elif name == "fldSimple":
            instruction = next((value for key, value in element.attrib.items() if key.endswith("}instr")), "")
            if url := hyperlink(instruction):
                self.links.append((url, "field", "".join(self.text[at:])))

    def mentions(self) -> Iterator[Mention]:
        unused = [(target, "relation", "") for key, target in self.targets.items() if key not in self._used]
        for target, origin, anchor in [*self.links, *unused]:
            url = target.strip()
            if url.lower().startswith(("http://", "https://")) and host_fits(url):
                why = "a hyperlink's relation says it" if origin == "relation" else "a field code says it"
                yield Mention((Reading(url, 1.0, 0, why),), origin, anchor=anchor.strip() or None)
