"""Which addresses stand in a text, plain or Markdown, and how may each of them be read? pure.

An address ends where no address goes on: at white space, a quotation mark, a bracket it did not open, the punctuation of
the sentence around it. At a line's end it may go on (wrapped.py weighs that), and in some PDFs a space stands behind
every slash: then both readings are offered.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from archive.urls import identity
from crawler.citations.letters import Plain, plain, untwinned
from crawler.citations.values import Mention, Reading
from crawler.citations.wrapped import Break, joins

LONGEST = 4096  # characters of one address
UNLIKELY = 0.0004  # below it a reading is not even compared with the rest of the document
LINES = 8  # one address over more is none
AROUND = 20  # so many lines on each side say how wide the text is set
MOST = 50_000  # addresses in one document

_NL = r"(?:[ \t]*\n[ \t]*)?"
_SCHEME = re.compile(
    rf"(?<![A-Za-z])(?:h{_NL}(?:[tTтТxXхХ*]{_NL}){{2}}[pр]{_NL}(?P<s>[sѕ]{_NL})?:{_NL}/{_NL}/)", re.I
)  # fmt: skip
_NEXT_SCHEME = re.compile(r"h(?:tt|xx|\*\*|хх)ps?://", re.I)
_BARE = re.compile(r"(?<![\w@./:=-])(?:www\s?\.(?=[^\W_])|(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}/(?=[^\W_]))", re.I)
_RUN = re.compile(
    r"[^\s<>\"\\^`|\x00-\x1f\x7f«»„“”‘’‹›\u2014\u2026\u2022\u00b9\u00b2\u00b3\u2070-\u209f\u3000-\u303f\uff00-\uff65]+"
)
_GAP = re.compile(r"[^\S\n]{0,200}(\n[^\S\n]{0,200})?(?=\S)")
_ENTITY = re.compile(r"&amp?\Z|&(?:quot|lt|gt|nbsp|apos|#0*39|#0*34|laquo|raquo)(?:;|\Z)", re.I)
_FOOTNOTE = re.compile(r"(?:\[\d{1,3}\])*(?:\[\d{0,3}\]?)\Z")
_CLOSERS = {"(": ")", "[": "]", "{": "}", "«": "»", "„": "“”", "“": "”", "‘": "’", "‹": "›", '"': '"', "'": "'", "<": ">"}
_ENDS = ".,;:!?'*~"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_SHORTENED = re.compile(r"(?:\.{3}|\u2026)")
_WRAPPER = re.compile(r"(?:/web/\d{4,14}(?:[a-z]{2}_)?/|[=/])\Z")
_TLD = re.compile(r"(?:xn--[a-z0-9-]+|[^\W\d_]{2,63})\Z", re.I)
_GLUED = re.compile(r"(?:[^\W\d_]|/)(\d{1,2})\Z")
_FILE_GLUED = re.compile(r"(\.(?:s?html?|php|aspx|pdf|docx?|xlsx?))(\d{1,3})\Z", re.I)


def addresses(text: str, *, origin: str = "text") -> list[Mention]:
    """Every place of `text` that is an address, in order; places count characters of `text`."""
    scan = _Scan(plain(text.replace("\r\n", " \n").replace("\r", "\n")), origin)
    return list(scan.mentions())


def host_fits(url: str) -> bool:
    """Somebody could have written this address: its host has a top-level domain, or is an IP address."""
    try:
        name = urlsplit(identity(url)).hostname or ""
    except ValueError:
        return False
    if name.startswith("[") or ":" in name or re.fullmatch(r"[\d.]+", name):
        return True
    return "." in name and bool(_TLD.search(name.rpartition(".")[2]))


def trimmed(run: str) -> str:
    """The address at the beginning of a run of characters: the sentence's own punctuation and brackets left out."""
    if found := _ENTITY.search(run):
        run = run[: found.start()]
    depth: list[str] = []
    for i, letter in enumerate(run):
        if letter in "([{":
            depth.append(letter)
        elif letter in _PAIRS:
            if not depth or depth[-1] != _PAIRS[letter]:
                run = run[:i]
                break
            depth.pop()
    while True:
        kept = _FOOTNOTE.sub("", run) if not run.partition("://")[2].startswith("[") else run
        kept = kept.rstrip(_ENDS)
        if kept[-1:] in ("(", "[", "{"):
            kept = kept[:-1]
        if kept == run:
            return kept
        run = kept


@dataclass(slots=True)
class _Scan:
    """One pass over one text."""

    plain: Plain
    origin: str
    lines: list[int] = field(default_factory=list)  # where each line begins

    def mentions(self) -> Iterator[Mention]:
        text = self.plain.text
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]
        at = count = 0
        scheme, bare = _SCHEME.search(text), _BARE.search(text)
        while count < MOST:
            if scheme and scheme.start() < at:
                scheme = _SCHEME.search(text, at)
            if bare and bare.start() < at:
                bare = _BARE.search(text, at)
            first = min((found for found in (scheme, bare) if found), key=lambda found: found.start(), default=None)
            if first is None:
                return
            at = first.end()
            if first is scheme and scheme is not None:
                made = self._address(scheme.start(), scheme.end(), "https://" if scheme["s"] else "http://")
            else:
                made = self._bare(first)
            if made is not None:
                mention, at = made
                count += 1
                yield mention

    def _bare(self, found: re.Match[str]) -> tuple[Mention, int] | None:
        """`www.court.example/a`: an address but for its scheme, which is not ours to say: both are offered."""
        made = self._address(found.start(), found.start(), "https://", bare=True)
        if made is None:
            return None
        mention, end = made
        readings = [
            Reading(f"{scheme}://{each.url.partition('://')[2]}", each.confidence / 2, each.end, "no scheme is written")
            for each in mention.readings
            for scheme in ("https", "http")
        ]
        return Mention(
            tuple(readings),
            self.origin,
            mention.start,
            kind=mention.kind if mention.kind == "truncated" else "bare",
            broken=mention.broken,
        ), end

    def _address(self, start: int, body: int, scheme: str, *, bare: bool = False) -> tuple[Mention, int] | None:
        """The mention that begins at `start`, its host at `body` or behind white space; and where to look on."""
        text = self.plain.text
        if enclosed := self._enclosed(start, body, scheme):
            return enclosed
        readings: list[tuple[str, float, int, str]] = []  # address, likelihood, end, why
        said, at, likely, why = scheme, body, 1.0, "as it stands"
        spaced, broken = False, False
        emphasis = text[start - 1] if start and text[start - 1] in "_~" else ""  # Markdown
        for _ in range(LINES * 4):
            run = self._run(at)
            said += run
            end = at + len(run)
            whole = trimmed(said).rstrip(emphasis)
            loss = len(said) - len(whole)
            gap = _GAP.match(text, end) if len(said) < LONGEST else None
            right = self._run(gap.end()) if gap and gap.end() > end else ""
            odds, reason = 0.0, ""
            if right and gap and (loss == 0 or said[-1:] in ".-?"):
                if gap[1] is None or spaced:
                    odds, reason = self._over_space(said, right, gap.end(), spaced, bare=bare)
                    spaced = spaced or odds > 0.5
                elif not _NEXT_SCHEME.match(right) or (_WRAPPER.search(said) and said.count("://") == 1):
                    broken = True
                    odds, reason = joins(self._seam(start, said, right, end, gap.end()))
                    if _NEXT_SCHEME.match(right):
                        odds = 0.9 if re.search(r"/web/\d{4,14}(?:[a-z]{2}_)?/\Z", said) else 0.05
            elif gap and gap[1] is not None:
                broken = True
            if whole != scheme and host_fits(whole):
                readings.append((whole, likely * (1 - odds), end - loss, why))
            if odds < UNLIKELY or gap is None:
                break
            if odds < 0.5 and likely < 0.01:
                break
            if said.endswith("-") and gap[1] is not None and host_fits(trimmed(said[:-1] + right)):
                other = trimmed(said[:-1] + right)
                readings.append((other, likely * odds * 0.1, gap.end() + len(right), "the hyphen is the printer's"))
                odds *= 0.9
            likely, why, at = likely * odds, reason, gap.end()
        if not readings:
            return None
        return self._mention(start, scheme, readings, broken=broken)

    def _run(self, at: int) -> str:
        """Characters of an address from `at` on, up to where another address begins inside it."""
        found = _RUN.match(self.plain.text, at, at + LONGEST)
        if found is None:
            return ""
        run = found[0]
        inner = _NEXT_SCHEME.search(run, 1)
        for _ in range(2):  # `web.archive.org/web/2031/https://...`, and one of those in another
            if inner and run[inner.start() - 1] in "/=:":
                inner = _NEXT_SCHEME.search(run, inner.end())
        return run[: inner.start()] if inner else run

    def _over_space(self, said: str, right: str, at: int, spaced: bool, *, bare: bool) -> tuple[float, str]:
        """`https:// court .example/ a`: a space behind each slash and before each other sign is the printer's."""
        why = "spaces stand between the parts"
        after = said.partition("://")[2]
        if not after:
            return (0.99 if re.match(r"[^\W_]", right) else 0.0), why
        host_only = "/" not in after
        if re.match(r"[.\-_%?&=#~/][^\W_]", right) and (spaced or (host_only and right[0] == ".")):
            return (0.995 if spaced else 0.95), why
        if spaced and said.endswith("/") and re.match(r"[^\W_]", right):
            follows = self.plain.text[at + len(right) : at + len(right) + 3]
            goes_on = re.match(r"\s?[.\-_%?/][^\W_]", follows) or re.search(r"[\d/.]", right)
            return (0.98 if goes_on else 0.4), why
        return 0.0, ""

    def _seam(self, start: int, said: str, right: str, end: int, next_at: int) -> Break:
        number = bisect_right(self.lines, end) - 1
        near = range(max(0, number - AROUND), min(len(self.lines) - 1, number + AROUND))
        widths = [self.lines[i + 1] - self.lines[i] - 1 for i in near]
        prose = [width for width in widths if width > 20]
        behind = next_at + len(right)
        rest = self.plain.text[behind : behind + 200].partition("\n")[0]
        width = max(prose) if len(prose) > 4 else 0
        closers = _CLOSERS.get(self.plain.text[start - 1 : start], "")
        kept = len(trimmed(f"{said}{right}")) - len(said)
        closes = bool(closers) and kept > 0 and any(sign in closers for sign in (right[kept:] + rest)[:1])
        return Break(said, right, rest, closes, end - self.lines[number], width)

    def _enclosed(self, start: int, body: int, scheme: str) -> tuple[Mention, int] | None:
        """`<https://court.example/a\nb>`: what angle brackets enclose is one address (RFC 3986, appendix C)."""
        text = self.plain.text
        if text[start - 1 : start] != "<" and text[max(0, start - 5) : start].upper() != "<URL:":
            return None
        stop = text.find(">", body, body + LONGEST)
        inside = text[body:stop] if stop >= 0 else ""
        if not inside.strip() or "<" in inside or inside.count("\n") > LINES or "\n\n" in inside:
            return None
        if re.search(r"\S[^\S\n]+\S", inside) or _NEXT_SCHEME.search(inside):
            return None
        url = scheme + re.sub(r"\s+", "", inside)
        if not host_fits(url):
            return None
        confidence = 0.97 if "\n" in inside else 0.99
        return self._mention(start, scheme, [(url, confidence, stop, "angle brackets enclose it")], broken=False)

    def _mention(
        self, start: int, scheme: str, read: list[tuple[str, float, int, str]], *, broken: bool
    ) -> tuple[Mention, int] | None:
        read.sort(key=lambda each: -each[1])
        url, _, end, _ = read[0]
        text = self.plain.text
        kind = "address"
        if _SHORTENED.match(text, end) and not broken:
            kind, read = "truncated", read[:1]
        elif "..." in url:  # shortened in the middle
            kind, read = "truncated", [(url.partition("...")[0], *read[0][1:])]
        readings: list[Reading] = []
        for url, likely, stop, why in read[:LINES]:
            for each, share, reason in _spelt(url, why, text[start:stop]):
                if all(each != known.url for known in readings):
                    readings.append(Reading(each, min(0.99, likely * share), self.plain.source(stop), reason))
        readings.sort(key=lambda each: -each.confidence)
        return Mention(tuple(readings), self.origin, self.plain.source(start), kind=kind, broken=broken), end


def _spelt(url: str, why: str, raw: str) -> Iterator[tuple[str, float, str]]:
    """The address as it is written, and as it may be meant: look-alike letters, a dash for a hyphen, a footnote's digit."""
    latin = untwinned(url)
    if latin != url:
        yield latin, 0.8, "letters that look Latin read as Latin"
        yield url, 0.2, "as it is written, alphabets mixed"
        return
    if "\u2013" in url:
        host = url.partition("://")[2].partition("/")[0]
        own = 0.8 if "wiki" in host else 0.2  # titles there have dashes
        yield url, own, "the dash is the address's"
        yield url.replace("\u2013", "-"), 1 - own, "the dash stands for a hyphen"
        return
    if found := _FILE_GLUED.search(url):
        yield url[: found.start(2)], 0.8, "a footnote's number stands behind the file's name"
        yield url, 0.2, why
        return
    yield url, 1.0, why
    if (found := _GLUED.search(url)) and "/" in url.partition("://")[2]:
        stem = url[: found.start(1)]
        if not stem.endswith("/"):
            yield stem, 0.05, "the digits at the end may be a footnote's"
