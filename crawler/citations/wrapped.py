"""Does an address go on in the next line? What speaks for it and against it, as a table of rules; pure.

Nothing in a text says whether a line's end is part of what is written or the paper's edge, so each rule only weighs (in
natural log-odds), and whoever asks offers both readings. Rules that speak against are strong where a wrong join would
invent an address: a figure or a word behind `/337` is not its continuation.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_EXTENSION = re.compile(
    r"\.(?:s?html?|php\d?|aspx?|jsp|pdf|docx?|xlsx?|pptx?|rtf|txt|csv|json|xml|zip|jpe?g|png|gif|webp|mp[34])\b", re.I
)
_FIGURE = re.compile(r"\d{1,3}(?:[,.\u00a0\u202f]\d{3})+\b|\d+(?:[.,]\d+)?%?[.,;:)]?\Z")
_LETTERS = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?[.,;:!?)\]]*\Z")
_PROSE_PAIR = re.compile(r"[^\W\d_]+(?:[-/][^\W\d_]+)?[.,;:!?)]*\Z")
_ENDING = re.compile(r"(?:s?html?|php|aspx?|pdf|docx?|xlsx?|com|org|net|info|media|ru|ua|eu)\b", re.I)
_WHOLE = re.compile(r"(?:\.(?:s?html?|php|aspx?|pdf|docx?|xlsx?)|-a\d{4,})\Z", re.I)
_HALF_DATE = re.compile(r"/(?:19|20)\d\d(?:/\d{0,2})?/?\Z")
_NUMBERED = re.compile(r"-(?:a)?\d{4,}(?:\.html)?/?\Z")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")


@dataclass(frozen=True, slots=True)
class Break:
    """A line's end behind (a part of) an address.

    left: the address so far; right: the first word of the next line; rest: what follows that word in its line;
    closes: the bracket or quotation mark before the address is closed right behind that word;
    line, width: length of the address's line and of the widest line around it, in characters; 0 where it is not known.
    """

    left: str
    right: str
    rest: str = ""
    closes: bool = False
    line: int = 0
    width: int = 0


def joins(seam: Break) -> tuple[float, str]:
    """How likely the next word belongs to the address (0..1), and the rule that weighs most."""
    weights = [(weight, why) for weight, why in _weights(seam) if weight]
    total = sum(weight for weight, _ in weights) - 1.5  # most addresses end where their line does
    side = [(abs(weight), why) for weight, why in weights if (weight > 0) == (total > 0)]
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))), max(side, default=(0.0, "a line's end"))[1]


def _weights(seam: Break) -> list[tuple[float, str]]:
    left, right = seam.left, seam.right
    host, slash, _ = left.partition("://")[2].partition("/")
    word = right.rstrip(".,;:!?)]}'\"")
    alone = not seam.rest.strip()
    if not host:
        return [(9, "an address needs a host")]
    if right[0] == ")" and left.count("(") > left.count(")"):
        return [(9, "the next line closes a bracket of the address")]
    if not any(letter.isalnum() for letter in right[:2]) or right[0] in "([{'*+,;:!$@~":
        return [(-9, "the next line does not begin as an address goes on")]
    out: list[tuple[float, str]] = []

    opens = right[0] in "/?&=%#_.-"
    if right[0] in "/?&=%#_":
        out.append((5, f"the next line begins with {right[0]}"))
    elif right[0] == "-":
        out.append((4, "the next line begins with a hyphen"))
    elif right[0] == ".":
        out.append((3.5, "the next line begins with a dot"))
    if _NUMBERED.match(word):
        out.append((2.5, "the number completes the address"))

    if left[-1] in "-_=&?%":
        out.append((5 if left[-1] == "?" else 6.5, f"the line ends with {left[-1]}"))
    elif re.search(r"%[0-9A-Fa-f]\Z", left):
        out.append((5, "the line ends inside an escape"))
    elif left[-1] == "/":
        out.append((1, "the line ends with /"))
    elif left[-1] == "." and _ENDING.match(right):
        out.append((9, "the next line begins with the ending of a name"))
    elif left[-1] in ".,;:!'\")]}":
        out.append((-2.5 if left[-1] == "." else -4, "the line ends as a sentence does"))
    if _HALF_DATE.search(left) and re.match(r"\d{1,2}/", right):
        out.append((4, "the date in the address is not complete"))
    if not slash and not opens:
        # A host cut in the middle: only what has a path itself can complete it.
        out.append((-0.5 if re.search(r"/.*[\d/]", word) else -2.5, "only a host so far"))
    if right[0] not in "/?&=%#":
        if _WHOLE.search(left):
            out.append((-4, "the address ends as whole ones do"))
        elif re.search(r"/\d{3,}\Z", left):
            out.append((-1.5, "the address ends with a number of its own"))
    if seam.closes:
        out.append((5, "the quotation mark or bracket before it is closed there"))
    if right[0].isupper() and right[1:2].islower() and left.partition("://")[2].islower():
        out.append((-2.5, "the next line begins with a capital, the address has none"))

    if _FIGURE.match(right):
        out.append((-3 if alone or seam.closes else -6, "the next line begins with a figure"))
    elif _LETTERS.match(right) and not opens:
        capital = right[:1].isupper() and right[1:2].islower()
        out.append(((-2 if alone else -4) - (1.5 if capital else 0), "the next line begins with a word"))
    elif _PROSE_PAIR.match(right) and not opens and not alone:
        out.append((-2.5, "the next line begins with words"))
    else:
        if _EXTENSION.search(word):
            out.append((3, "the next line ends with a file's extension"))
        if "/" in word[1:]:
            out.append((2.5, "the next word has a path"))
        if word.count("-") - opens >= 2:
            short = not alone and len(word) <= 20 and not re.search(r"\d", word)  # "up-to-date figures"
            out.append((0.5 if short else 2.5, "the next word is a slug"))
        elif re.search(r"\w-\w", word):
            out.append((1, "the next word has a hyphen"))
        if re.search(r"%[0-9A-Fa-f]{2}|[=&_]", word[1:]):
            out.append((3, "the next word has an address's signs"))
        if re.search(r"[A-Za-z]\d|\d[A-Za-z]", word):
            out.append((1, "the next word mixes letters and digits"))
    if _CYRILLIC.search(right) and not _CYRILLIC.search(left):
        out.append((-4, "the next line is in another alphabet"))
    if alone:
        out.append((1, "the next line holds nothing else"))
    if seam.width:
        full = seam.line / seam.width
        if full >= 0.95:
            out.append((1, "the line is full"))
        elif full < 0.6:
            out.append((-2.5, "the line had room for more"))
    return out
