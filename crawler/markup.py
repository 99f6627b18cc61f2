"""Where in the source of a page every start tag and every run of text stands; pure.

The HTML library gives a tree without source positions, and a tree is not its source: tags are implied, text is moved
out of tables, elements are closed, reopened and merged. So the positions travel through the parser with the text.
`scan` cuts the source as the HTML standard's tokeniser does (WHATWG HTML, 13.2.5) and writes a marked copy:

    <td class=x> Ivanov &amp; Co</td>   ->   <td M=7  class=x> M12MIvanov &amp; Co</td>

where M is a character that the source does not hold. Whatever the parser does with the tag or the text, its number
goes along. A mark stands before the first character of its run that is not white space, so it goes where that
character goes and changes nothing in the tree (a property test holds this). Where our cutting and the parser's differ
(in odd SVG, say), the text behind a mark is not its run's, or text comes with no mark: page.py compares, and refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import NamedTuple


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


W = r"[\t\n\f\r\x20]"
_VALUE = rf"""{W}*+={W}*+(?:"[^"]*+"|'[^']*+'|(?=>)|[^\t\n\f\r\x20>"'][^\t\n\f\r\x20>]*+)"""
_ATTRIBUTE_NAME = r"(?:=[^\t\n\f\r\x20/>=]*+|[^\t\n\f\r\x20/>=]++)"
# White space, the text behind it up to the next markup, and that markup where it is a tag.
_TOKEN = re.compile(
    rf"([\t\n\f\r\x20\0]*+)((?:[^<]++|<(?![A-Za-z!?/]))*+)"
    rf"(?:<(/?)([A-Za-z][^\t\n\f\r\x20/>]*+)(?:[\t\n\f\r\x20/]++|{_ATTRIBUTE_NAME}(?:{_VALUE}|(?!{W}*+=)))*+>)?+"
)
START_TAG = re.compile(rf"<([A-Za-z][^\t\n\f\r\x20/>]*+)(?:[\t\n\f\r\x20/]++|{_ATTRIBUTE_NAME}(?:{_VALUE}|(?!{W}*+=)))*+>")
_ATTRIBUTE = re.compile(rf"({_ATTRIBUTE_NAME})(?:({_VALUE})|(?!{W}*+=))")
_QUOTE = re.compile(rf"""{W}*+={W}*+(["']?)""")
_COMMENT_END = re.compile(r"--!?>")
_SCRIPT_TURN = re.compile(r"<!--|-->|<(/?)script(?=[\t\n\f\r\x20/>])", re.I)

ESCAPABLE = ("title", "textarea")  # text only, with references
RAW = ("script", "style", "xmp", "iframe", "noembed", "noframes")  # text only, as it stands; scripting is off: not noscript
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r\x20/>])", re.I) for name in ESCAPABLE + RAW}
_RAW_END["plaintext"] = re.compile(r"(?!)")  # nothing ends it
# The parser keeps at most three of these with equal attributes open (13.2.4.3): a mark would make them differ.
UNMARKED = _names("b big code em font i nobr s small strike strong tt u")
# 13.2.6.5: these end SVG and MathML; inside these three SVG elements HTML goes on.
_BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol "
    "p pre ruby s small span strong strike sub sup table tt u ul var"
)
_FOREIGN, _INTEGRATION = ("svg", "math"), ("foreignobject", "desc", "title")

# White space of HTML, written out or as a reference: the parser treats both alike, so no mark may stand before it.
_BLANK = re.compile(r"[\t\n\f\r\x20\0]*+")
_BLANK_REFERENCES = re.compile(
    r"(?:[\t\n\f\r\x20\0]|&#0*+(?:9|10|12|13|32)(?![0-9]);?|&#[xX]0*+(?:9|[aA]|[cC]|[dD]|20)(?![0-9A-Fa-f]);?|&Tab;|&NewLine;)*+"
)
_REFERENCE = re.compile(r"&(?:#[xX]([0-9A-Fa-f]+);?|#([0-9]+);?|([A-Za-z][A-Za-z0-9]*;?))")
_NUMERIC = re.compile(r"&#(?:[xX][0-9A-Fa-f]+|[0-9]+)")
_LONGEST = max(map(len, html5))
_WORD = re.compile(r"\S+")


# A page has thousands of the next two, so they are plain tuples, which are made ten times as fast as named ones.

# Text between two pieces of markup: where it starts and ends, and its kind: `text`; `escapable`, the text of a title or
# textarea; `raw`, where references are not decoded.
Run = tuple[int, int, str]
# Where the attributes of a start tag begin, and where the tag ends.
Tag = tuple[int, int]


class Word(NamedTuple):
    """A stretch without white space and where it stands. at: for each character its own slice; None: one to one."""

    text: str
    start: int
    end: int
    at: tuple[tuple[int, int], ...] | None = None

    def where(self, index: int) -> tuple[int, int]:
        """The slice of one character."""
        return self.at[index] if self.at else (self.start + index, self.start + index + 1)

    def moved(self, by: int) -> Word:
        """The same word, so many characters further on."""
        at = self.at and tuple((start + by, end + by) for start, end in self.at)
        return Word(self.text, self.start + by, self.end + by, at)


@dataclass(frozen=True, slots=True)
class Markup:
    """A page's source, cut. marked: the copy for the parser; its marks are numbers into `tags` and `runs`.

    run_mark: matches the mark of a run, its number in group 1. any_mark: all that was put into the copy.
    """

    source: str
    mark: str
    tags: tuple[Tag, ...]
    runs: tuple[Run, ...]
    marked: str
    run_mark: re.Pattern[str]
    any_mark: re.Pattern[str]

    def unmarked(self, text: str) -> str:
        """Text of the tree without marks: as it would be had there been none."""
        return self.any_mark.sub("", text) if self.mark in text else text

    def words(self, number: int) -> list[Word]:
        """The words of a run."""
        start, end, kind = self.runs[number]
        return words(self.source, start, end, kind)

    def attribute(self, number: int, name: str) -> list[Word] | None:
        """The words of an attribute's value as a start tag gives it (the first of that name); None where it does not."""
        name_end, end = self.tags[number]
        return attribute(self.source, name_end, end - 1, name)


def attribute(source: str, start: int, end: int, name: str) -> list[Word] | None:
    """The words of an attribute's value (the first of that name) in a start tag, whose attributes are source[start:end]."""
    for found in _ATTRIBUTE.finditer(source, start, end):
        if found.group(1).lower() == name.lower():
            if found.group(2) is None:
                return []
            opening = _QUOTE.match(source, found.end(1))
            assert opening is not None
            quoted = len(opening.group(1))
            return words(source, opening.end(), found.end() - quoted, "attribute")
    return None


def scan(source: str) -> Markup:
    """Cut a page. Linear in its length; raises nothing: any text is some page."""
    mark = _unused(source)
    tags: list[Tag] = []
    runs: list[Run] = []
    copy: list[str] = []  # the source, with a mark put in before each run and in each tag
    copied, at, size, token, put = 0, 0, len(source), _TOKEN.match, copy.append
    foreign: list[str] = []  # open SVG and MathML elements that switch the rules

    def run(start: int, first: int, end: int, kind: str) -> int:
        """The text [start, end), unless it is all white space (`first`: what is before is); how far the source is copied."""
        blank = (_BLANK if kind == "raw" else _BLANK_REFERENCES).match(source, first, end)
        if blank is None or blank.end() == end:
            return copied
        put(source[copied : blank.end()])
        put(f"{mark}{len(runs)}{mark}")
        runs.append((start, end, kind))
        return blank.end()

    while at < size and (found := token(source, at)):
        first, end = found.end(1), found.end(2)
        if first < end:
            if source[first] == "&":
                copied = run(at, first, end, "text")
            else:
                put(source[copied:first])
                put(f"{mark}{len(runs)}{mark}")
                runs.append((at, end, "text"))
                copied = first
        at, inside = found.end(), bool(foreign) and foreign[-1] in _FOREIGN
        closes, name = found.group(3, 4)
        if name is None:
            if at < size:
                if source[at + 1] == "?":  # a comment (13.2.5.6): the parser makes a node of it, which `:nth-child` counts
                    put(source[copied : at + 1])
                    put(f"!{mark}")
                    copied = at + 1
                at, section = _declaration(source, at, inside)
                if section:
                    copied = run(*section, "raw")
            continue
        name = name.lower()
        if closes:
            if name in foreign:
                del foreign[len(foreign) - 1 - foreign[::-1].index(name) :]
            continue
        if name not in UNMARKED:
            name_end = found.end(4)
            put(source[copied:name_end])
            put(f" {mark}={len(tags)} ")
            tags.append((name_end, at))
            copied = name_end
        if inside and name in _BREAKOUT:
            foreign.clear()
            inside = False
        if name in _FOREIGN or (inside and name in _INTEGRATION):
            if source[at - 2] != "/":
                foreign.append(name)
        elif name in _RAW_END and not inside:
            end = _raw_end(source, at, name)
            copied = run(at, at, end, "escapable" if name in ESCAPABLE else "raw")
            at = end
    put(source[copied:])
    run_mark, any_mark = re.compile(f"{mark}([0-9]+){mark}"), re.compile(rf" {mark}=[0-9]+ |{mark}[0-9]+{mark}|!{mark}(?=\?)")
    return Markup(source, mark, tuple(tags), tuple(runs), "".join(copy), run_mark, any_mark)


def _unused(source: str) -> str:
    """A private-use character that the source holds neither as such nor as a reference."""
    referred = {_point(found) for found in _NUMERIC.findall(source)}
    return next(c for c in map(chr, range(0xE000, 0x10FFFE)) if c not in source and c not in referred)


def _point(reference: str) -> str:
    digits = reference[2:]
    return _character(int(digits[1:], 16) if digits[0] in "xX" else _decimal(digits))


def _declaration(source: str, at: int, inside: bool) -> tuple[int, tuple[int, int, int] | None]:
    """What begins at a `<` and is no tag: where it ends, and the text it holds (a CDATA section in SVG or MathML)."""
    if source.startswith("<!--", at):
        if source.startswith((">", "->"), at + 4):  # 13.2.5.43 and .44: closed as it opens
            return source.index(">", at) + 1, None
        end = _COMMENT_END.search(source, at + 4)
        return (end.end() if end else len(source)), None
    if inside and source.startswith("<![CDATA[", at):
        close = source.find("]]>", at + 9)
        close = len(source) if close < 0 else close
        return close + 3, (at + 9, at + 9, close)
    after = source[at + 2 : at + 3]
    if source[at + 1] in "!?" or (source[at + 1] == "/" and not (after.isascii() and after.isalpha())):
        close = source.find(">", at)  # a doctype, a bogus comment, `</>`
        return (len(source) if close < 0 else close + 1), None
    return len(source), None  # 13.2.5.1: a tag that the page ends in is dropped


def _raw_end(source: str, at: int, name: str) -> int:
    """Where the text of an element that holds nothing but text ends."""
    end = _RAW_END[name].search(source, at)
    stop = end.start() if end else len(source)
    if name != "script" or source.find("<!--", at, stop) < 0:
        return stop
    # 13.2.5.20 to .31: `<!-- <script>` in a script hides a `</script>`.
    escaped = twice = False
    while turn := _SCRIPT_TURN.search(source, at):
        if turn.group() == "<!--":
            escaped = True
            at = turn.start() + 2  # its dashes may be the closing ones too: `<!-->`
            continue
        if turn.group() == "-->":
            escaped = twice = False
        elif turn.group(1):
            if not twice:
                return turn.start()
            twice = False
        elif escaped:
            twice = True
        at = turn.end()
    return len(source)


def words(source: str, start: int, end: int, kind: str) -> list[Word]:
    """The words of the slice [start, end), each with its own slice. kind: as a Run's, or `attribute`."""
    if (kind == "raw" or source.find("&", start, end) < 0) and source.find("\0", start, end) < 0:
        return [Word(found.group(), found.start(), found.end()) for found in _WORD.finditer(source, start, end)]
    out: list[Word] = []
    word: list[_Piece] = []

    def finish() -> None:
        """What has come together is a word."""
        if len(word) == 1 and word[0][2] is None:
            at, stop, _ = word[0]
            out.append(Word(source[at:stop], at, stop))
        elif word:
            text = "".join(source[at:stop] if letter is None else letter for at, stop, letter in word)
            where: list[tuple[int, int]] = []
            for at, stop, letter in word:
                where += [(at, stop)] if letter is not None else [(i, i + 1) for i in range(at, stop)]
            out.append(Word(text, word[0][0], word[-1][1], tuple(where)))
        word.clear()

    for piece in _stretches(source, start, end, kind):
        first, last, letter = piece
        if letter is not None:
            if letter.isspace():
                finish()
            else:
                word.append(piece)
            continue
        for found in _WORD.finditer(source, first, last):
            if found.start() > first:
                finish()
            word.append((found.start(), found.end(), None))
            first = found.end()
        if first < last:
            finish()
    finish()
    return out


# A slice of the source and the one letter it stands for; None: the slice stands for itself.
_Piece = tuple[int, int, str | None]


def _stretches(source: str, start: int, end: int, kind: str) -> Iterator[_Piece]:
    """What a reader gets of a slice, in order. U+0000 is dropped from text (13.2.6.4.7)."""
    at = start
    for found in _REFERENCE.finditer(source, start, end) if kind != "raw" else ():
        text, stop = _reference(found, source, kind)
        if text is not None:
            yield from _verbatim(source, at, found.start(), kind)
            yield from ((found.start(), stop, letter) for letter in text)
            at = stop
    yield from _verbatim(source, at, end, kind)


def _verbatim(source: str, start: int, end: int, kind: str) -> Iterator[_Piece]:
    while (zero := source.find("\0", start, end)) >= 0:
        if start < zero:
            yield start, zero, None
        if kind != "text":
            yield zero, zero + 1, "\ufffd"
        start = zero + 1
    if start < end:
        yield start, end, None


def _reference(found: re.Match[str], source: str, kind: str) -> tuple[str | None, int]:
    """13.2.5.72 to .80: what a reference stands for and where it ends; None where it is no reference."""
    hexadecimal, decimal, name = found.groups()
    if name is None:
        return _character(int(hexadecimal, 16) if hexadecimal else _decimal(decimal)), found.end()
    for size in range(min(len(name), _LONGEST), 1, -1):  # the longest name that fits; `&copyright` is `©right`
        if name[:size] in html5:
            stop = found.start() + 1 + size
            following = source[stop : stop + 1]
            joined = following == "=" or (following.isascii() and following.isalnum())
            if kind == "attribute" and joined and name[size - 1] != ";":
                return None, stop  # `?a=1&copy=2` is no ©
            return html5[name[:size]], stop
    return None, found.end()


def _decimal(digits: str) -> int:
    return int(digits.lstrip("0")[:12] or "0")  # what is longer is beyond Unicode anyway


def _character(point: int) -> str:
    if point == 0 or point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        return "\ufffd"
    if 0x80 <= point <= 0x9F:  # meant as windows-1252
        return bytes([point]).decode("cp1252", errors="ignore") or chr(point)
    return chr(point)
