"""Which links does an RTF document hold? Its HYPERLINK fields, and its text; read by a small reader of our own.

RTF 1.9.1. Of its eighteen hundred control words the text needs thirty. A library that gives the text drops the fields.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from crawler.citations.fields import hyperlink
from crawler.citations.text import addresses, host_fits
from crawler.citations.values import Found, Mention, Reading
from crawler.errors import Unreadable

DEEP = 2000  # groups in one another
_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)")
_SIGNS = {
    "par": "\n", "line": "\n", "sect": "\n", "page": "\n\f", "tab": "\t", "cell": "\t", "row": "\n", "emdash": "\u2014",
    "endash": "\u2013", "lquote": "\u2018",
    "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022", "emspace": " ",
    "enspace": " ", "zwj": "", "zwnj": "",
}  # fmt: skip
_SYMBOLS = {"~": "\u00a0", "-": "\u00ad", "_": "\u2011", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n", "\t": "\t"}
_UNSEEN = """
    fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore latentstyles listtable
    listoverridetable rsidtbl generator xmlnstbl mmathPr filetbl revtbl fldtype datafield shppict nonshppict
"""
_HIDDEN = frozenset(_UNSEEN.split())
_FONT_CHARSETS = {
    204: "cp1251",
    238: "cp1250",
    161: "cp1253",
    162: "cp1254",
    186: "cp1257",
    128: "cp932",
    134: "gbk",
    0: "cp1252",
}


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds inside a group. where: `text`, `instruction` (of a field), `font` (the table), or `` (unseen)."""

    where: str = "text"
    skip: int = 1  # characters that stand behind a \\u for readers without Unicode
    codec: str = "cp1252"
    field: int | None = None  # which field it belongs to
    font: int = 0


@dataclass(slots=True)
class _Field:
    instruction: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


def found(body: bytes) -> Found:
    """Fields in their order, then the text. Raises Unreadable for what is no RTF or is nested without end."""
    if not body.lstrip()[:6].startswith(b"{\\rtf"):
        raise Unreadable("not an RTF document")
    text, fields = _read(body)
    mentions = []
    for each in fields:
        url = hyperlink("".join(each.instruction)) or ""
        if url.lower().startswith(("http://", "https://")) and host_fits(url):
            anchor = "".join(each.shown).strip() or None
            mentions.append(Mention((Reading(url, 1.0, 0, "a field code says it"),), "field", anchor=anchor))
    return Found((*mentions, *addresses(text)), text)


def _read(body: bytes) -> tuple[str, list[_Field]]:
    text: list[str] = []
    fields: list[_Field] = []
    stack: list[_Group] = []
    group, star, skip, pending = _Group(), False, 0, bytearray()
    default, fonts = "cp1252", dict[int, str]()

    def put(piece: str) -> None:
        if group.where == "text":
            text.append(piece)
            if group.field is not None:
                fields[group.field].shown.append(piece)
        elif group.where == "instruction" and group.field is not None:
            fields[group.field].instruction.append(piece)

    def flush() -> None:
        if pending:
            put(pending.decode(group.codec, "replace"))
            pending.clear()

    for token in _TOKEN.finditer(body):
        word, number, octet, symbol, brace, run = token.groups()
        if octet is not None or run is not None:
            octets = bytes.fromhex(octet.decode()) if octet else run
            kept = octets[skip:]
            skip = max(0, skip - len(octets))
            pending += kept
            star = False
            continue
        if word != b"u" or skip:
            flush()
        if brace == b"{":
            skip = 0
            if len(stack) >= DEEP:
                raise Unreadable(f"groups nested more than {DEEP} deep")
            stack.append(group)
        elif brace == b"}":
            skip = 0
            if not stack:
                break  # what follows the document is not of it
            group = stack.pop()
        elif symbol is not None:
            if symbol == b"*":
                star = True
                continue
            if symbol == b"'":
                continue  # no two hex digits follow
            put(_SYMBOLS.get(symbol.decode("latin-1"), ""))
        elif word is not None:
            name, value = word.decode(), int(number or 0)
            if name == "bin" and value > 0:
                raise Unreadable("binary data stands in the RTF")
            if name == "u":
                flush()
                put(chr(value % 65536) if not 0xD800 <= value % 65536 < 0xE000 else "\ufffd")
                skip = group.skip
            elif name == "uc":
                group = replace(group, skip=min(8, max(0, value)))
            elif name == "ansicpg":
                default = _codec(value) or default
                group = replace(group, codec=default)
            elif name == "f":
                group = replace(group, codec=fonts.get(value, default), font=value)
            elif name == "fcharset" and group.where == "font":
                if value in _FONT_CHARSETS and value != 0:
                    fonts[group.font] = _FONT_CHARSETS[value]
            elif name == "field":
                fields.append(_Field())
                group = replace(group, field=len(fields) - 1)
            elif name == "fldinst":
                group = replace(group, where="instruction" if group.where else "")
            elif name == "fldrslt":
                group = replace(group, where="text" if group.where else "")
            elif name == "fonttbl":
                group = replace(group, where="font")
            elif (name in _HIDDEN or star) and name not in ("fldinst", "hlinkbase"):
                group = replace(group, where="")
            elif name in _SIGNS:
                put(_SIGNS[name])
        star = False
    flush()
    return "".join(text), fields


def _codec(page: int) -> str | None:
    try:
        return codecs.lookup("utf-8" if page == 65001 else f"cp{page}").name
    except LookupError:
        return None
