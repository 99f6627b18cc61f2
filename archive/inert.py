"""A received page's text, made so that showing it makes no browser connect to anybody; pure.

The sandbox and the policy that a page is shown under (`show`) stop its scripts, requests and forms. They do not stop what a
browser does on its own: it connects to the host of `<link rel=preconnect>`, in a `srcdoc` frame too, and to that of a link
when a mouse button goes down on it (seen with Chromium 150; no policy forbids it). Elements that can ask for that are given
names that mean nothing; of everything else the text stays what it was.
"""

from __future__ import annotations

import codecs
import re

from archive.text import decode_text

# A tag's name ends so (HTML, 13.2.5.8), and nothing else than these letters makes such a tag, whatever stands around it.
ASKS = re.compile(r"<(/?)(a|area|link|iframe)(?=[\t\n\f\r />])", re.IGNORECASE)
VOID = ("area", "link")  # have no end, and must not hold what follows them
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
PRESCAN = 1024  # octets in which a page may say its own charset (HTML, 13.2.3.2)
PRESET = "cp1251"  # where nothing is said: the one that HTML gives to readers of Russian


def inert(body: bytes, media: str | None) -> bytes:
    """The same page in UTF-8, in which nothing asks a browser to connect. media: Content-Type as received."""
    return ASKS.sub(_unknown, decoded(body, media)).encode("utf-8", "replace")


def decoded(body: bytes, media: str | None) -> str:
    """By its byte order mark; as UTF-8 where it is; else as the head says, the page says, or PRESET."""
    for mark, charset in BOMS:
        if body.startswith(mark):
            return decode_text(body, charset)
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    for said in (media or "", body[:PRESCAN].decode("latin-1")):
        for name in CHARSET.findall(said):
            try:
                return decode_text(body, name)
            except LookupError:
                continue
    return decode_text(body, PRESET)


def _unknown(tag: re.Match[str]) -> str:
    return f"<{tag[1]}wbr" if tag[2].lower() in VOID else f"<{tag[1]}x-{tag[2]}"
