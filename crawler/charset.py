"""Which characters a page's bytes stand for; pure.

The order (CONTRACT, "Decoding"): bytes that are strictly valid multibyte UTF-8 are UTF-8 whatever is declared;
else a byte order mark, the HTTP header, the page's own meta, the source's default, a guess. A declaration that the
bytes themselves refute is passed over and flagged.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from archive.text import decode_text

MISMATCH = "charset-mismatch"  # the page is not what it declares
UNKNOWN = "charset-unknown-label"  # it declares a name that is none
GUESSED = "charset-guessed"
DAMAGED = "charset-damaged"  # some bytes stand for no character

# WHATWG Encoding, 4.2: browsers read these labels as their Windows supersets.
SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
_KNOWN = (
    "utf-8 utf-16 utf-16-le utf-16-be cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 cp932 cp949 "
    "koi8-r koi8-u mac-cyrillic mac-roman iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 "
    "iso8859-13 iso8859-14 iso8859-15 iso8859-16 gb18030 big5hkscs euc_jp iso2022_jp"
)
KNOWN = frozenset(_KNOWN.split())
ALIASES = {
    "x-cp1251": "cp1251", "win-1251": "cp1251", "windows1251": "cp1251", "cp-1251": "cp1251", "x-mac-cyrillic": "mac-cyrillic",
    "x-sjis": "cp932", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "koi": "koi8-r", "koi8": "koi8-r", "dos-866": "cp866",
    "x-gbk": "gb18030", "ks_c_5601-1987": "cp949", "unicode": "utf-16-le",
}  # fmt: skip

_PARAMETER = re.compile(r"""charset\s*=\s*["']?\s*([^\s"'/>;,]+)""", re.I)
_META = re.compile(rb"""<meta[\s/](?:[^>"']|"[^"]*"|'[^']*')*>""", re.I)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
META_WITHIN = 64 * 1024  # browsers look at 1 KiB; saved court pages have had theirs behind long scripts
# One byte in this many of those above 0x7F may be broken before a declared UTF-8 is taken for an error: a page cut
# in the middle of a letter or with one bad name in it is still UTF-8, a page in a one-byte code never is.
BROKEN_SHARE = 20


@dataclass(frozen=True, slots=True)
class Decoded:
    """charset: a Python codec name with which archive.text.decode_text gives `text` again. flags: words."""

    text: str
    charset: str
    flags: tuple[str, ...] = ()


def codec(label: str) -> str | None:
    """The Python codec for a label as found on the web, None for one that no browser takes."""
    label = label.strip().strip("\"'").lower()
    name = ALIASES.get(label)
    if name is None:
        try:
            name = codecs.lookup(label).name
        except (LookupError, ValueError):
            return None
    name = SUPERSETS.get(name, name)
    return name if name in KNOWN else None


def declared(body: bytes, content_type: str | None) -> list[str]:
    """The labels a page is declared with, the strongest first: header, then meta."""
    labels = [found.group(1)] if content_type and (found := _PARAMETER.search(content_type)) else []
    head = body[:META_WITHIN]
    head = _COMMENT.sub(b"", head) if b"<!--" in head else head
    low, at = head.lower(), 0  # an expression that minds no case is looked for octet by octet
    while (at := low.find(b"<meta", at)) >= 0:
        meta = _META.match(head, at)
        if meta and (found := _PARAMETER.search(meta.group().decode("latin-1"))):
            labels.append(found.group(1))
            break
        at = meta.end() if meta else at + 1
    return labels


def decide(body: bytes, content_type: str | None, default: str) -> Decoded:
    """The text of a page. default: what the source's pages are where they say nothing (a Python codec or a label)."""
    labels = declared(body, content_type)
    named = [name for name in map(codec, labels) if name]
    flags = [UNKNOWN] if len(named) < len(labels) else []
    if named and named[-1].startswith("utf-16") and not content_type:
        named[-1] = "utf-8"  # WHATWG HTML, 13.2.3.2: a meta that could be read was not UTF-16

    marked = _by_mark(body)
    if marked != "utf-16" and not body.isascii() and (text := _utf8(body, marked or "utf-8")) is not None:
        flags += [MISMATCH] if named and named[0] != "utf-8" else []
        return Decoded(text, marked or "utf-8", tuple(flags))
    if marked:
        flags += [MISMATCH] if named and not named[0].startswith(marked[:6]) else []
        return _decoded(body, marked, flags)
    for name in named:
        if not _refuted(body, name):
            return _decoded(body, name, flags)
        flags.append(MISMATCH)
    fallback = codec(default)
    if fallback and not _refuted(body, fallback):
        return _decoded(body, fallback, flags)
    return _decoded(body, _guess(body), [*flags, GUESSED])


def _decoded(body: bytes, charset: str, flags: list[str]) -> Decoded:
    text = decode_text(body, charset)
    damaged = [DAMAGED] if "\ufffd" in text else []
    return Decoded(text, charset, tuple(dict.fromkeys(flags + damaged)))


def _by_mark(body: bytes) -> str | None:
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _utf8(body: bytes, charset: str) -> str | None:
    """Strictly decoded, so as archive.text.decode_text decodes what has no error in it."""
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return None


def _refuted(body: bytes, charset: str) -> bool:
    """The bytes cannot be this: too many of them stand for nothing."""
    if charset == "utf-16" or charset.startswith("utf-16-"):
        return len(body) > 1 and body.count(0) * 8 < len(body) and decode_text(body, charset).count("\ufffd") > 0
    if charset != "utf-8" or body.isascii():
        return False
    high = len(body) - len(body.translate(None, bytes(range(0x80, 0x100))))
    return decode_text(body, charset).count("\ufffd") * BROKEN_SHARE > high


def _guess(body: bytes) -> str:
    from charset_normalizer import from_bytes  # 20 ms to import, and hardly ever needed

    best = from_bytes(body[: 256 * 1024]).best()
    name = codec(best.encoding) if best else None
    return name or "cp1252"  # the web's last resort: it has a character for nearly every byte
