"""Texts with known addresses in them, broken the ways texts break: wraps, punctuation, look-alikes; all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

HOSTS = (
    "news.example", "www.courier.example", "en.courier.example", "суд.испытание", "register.court.example", "xn--80ak6aa92e.example",
)  # fmt: skip
SLUGS = (
    "court-convicts-two-soldiers-for-leaving-their-unit-a41774", "desertion-tally-2031", "500500", "337",
    "приговор-гарнизонного-суда", "well_known_case_(appeal)", "garrison-courts-receive-a-thousand-cases-every-month",
)  # fmt: skip
_PROSE = (
    "The court of the invented garrison received 2,076 cases in the first half of the year, said the press office. Lawyers "
    "well-known in the region spoke of and/or clauses, of 18,159 files (Article 337) and of a one-time bonus. По данным суда, "
    "приговоров стало 848, то есть 38 за каждый рабочий день. Nobody answered in 2031. - no comment. Year-on-year growth: 12%."
)
WORDS = _PROSE.split()
NEAR = str.maketrans({"-": "\u2010", "/": "\u2215", ":": "\uff1a", ".": "\u2024"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """A text, and the addresses that were written into it."""

    text: str
    planted: tuple[str, ...]


def address(draw: random.Random) -> str:
    host, slug = draw.choice(HOSTS), draw.choice(SLUGS)
    day = f"20{draw.randint(23, 39)}/{draw.randint(1, 12):02}/{draw.randint(1, 28):02}"
    path = draw.choice(
        (f"/article/{day}/{slug}", f"/{day}/{slug}", f"/en/politics/{draw.randint(100000, 999999)}", f"/news/{slug}.html")
    )
    query = draw.choice(("", "", "", f"?id={draw.randint(1, 9999)}&part=b"))
    return f"{draw.choice(('http', 'https'))}://{host}{path}{query}"


def written(url: str, draw: random.Random) -> str:
    """As a document may show it: defanged, escaped, with signs nobody sees, look-alike signs."""
    way = draw.randrange(9)
    if way == 0:
        return "hxxp" + url.removeprefix("http")
    if way == 1:
        host = url.partition("://")[2].partition("/")[0]
        return url.replace(host, host.replace(".", "[.]"), 1)
    if way == 2:
        return url.replace("&", "&amp;")
    if way == 3:
        i = draw.randrange(8, len(url))
        return url[:i] + draw.choice("\u00ad\u200b\u2060\ufeff") + url[i:]
    if way == 4:
        i = draw.randrange(8, len(url))
        return url[:i] + url[i].translate(NEAR) + url[i + 1 :]
    return url


def wrapped(words: list[str], draw: random.Random) -> str:
    """Set at a width; a word with `://` in it is broken as the paper's edge falls: anywhere, at its signs, or not at all."""
    width, way = draw.choice((60, 72, 90)), draw.randrange(4)
    lines, line = [], ""
    for word in words:
        if word == "\n":
            lines.append(line)
            line = ""
            continue
        long = "/" in word and len(word) > 20
        if len(line) + 1 + len(word) <= width:
            line = f"{line} {word}".strip()
            continue
        if not long or way == 0:
            lines.append(line)
            line = word
            continue
        room = width - len(line) - 1 if draw.random() < 0.5 else 0
        if room < 12:
            lines.append(line)
            line, room = "", width
        else:
            line += " "
        while word:
            at = min(room, len(word))
            if at < len(word) and way in (2, 3):  # behind a sign, or (3) before it
                signs = [i for i in range(8, at) if word[i] in "/-?&="]
                at = (signs[-1] + (way == 2)) if signs else at
            line += word[:at]
            word = word[at:]
            if word:
                lines.append(line)
                line, room = "", width
    return "\n".join([*lines, line])


def mutant(draw: random.Random) -> Mutant:
    planted, words = [], []
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(WORDS))
        words += WORDS[at : at + draw.randint(3, 30)]
        url = address(draw)
        planted.append(url)
        opens, closes = draw.choice((("", ""), ("", ""), ("(", ")"), ("«", "»"), ("[", "]"), ("\u201c", "\u201d"), ("<", ">")))
        tail = draw.choice(("", "", ".", ",", ";", ":", "!", "\u00b9", "[12]", ").", "\u00a0"))
        shown = f"{opens}{written(url, draw)}{closes}{tail}"
        words += [shown] * draw.choice((1, 1, 1, 2))
        if draw.random() < 0.4:  # a line of its own, or the last of its line
            words.append("\n")
    at = draw.randrange(len(WORDS))
    words += WORDS[at : at + draw.randint(0, 30)]
    text = wrapped(words, draw)
    if draw.random() < 0.2:  # a line's end where nobody would set one
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(text))
            text = text[:at] + draw.choice(("\n", " \n", "\r\n")) + text[at:]
    return Mutant(text, tuple(planted))
