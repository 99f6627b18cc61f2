"""From places to citations: each place read by what else the document says, and counted once an address; pure.

What a program wrote (an annotation, a relation, a field, an `href`) is sure, and so is what the text says once without
doubt. A doubtful place takes the reading that is sure elsewhere; one that ends at a line's end and begins a sure address
is that address, cut. Whatever was not taken stays as an alternative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from archive.urls import bare, identity
from crawler.citations.named import named
from crawler.citations.values import ORIGINS, Citation, Found, Mention, Reading

SURE = 0.95  # from here on a reading of the text speaks for the same reading elsewhere
KNOWN = 700  # so many times likelier is a reading that the document says elsewhere
_DIGITS = re.compile(r"(\d{1,2})\Z")
ALTERNATIVES = 8
WORTH = 0.002  # a reading less likely is not offered


@dataclass(slots=True)
class _Work:
    """One address, as it grows from mention to mention."""

    reading: Reading
    mention: Mention
    structural: int = 0
    textual: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    anchor: str | None = None
    rectangles: int = 0
    others: dict[str, Reading] = field(default_factory=dict)


def citations(found: Found) -> list[Citation]:
    """Every address once, in the order of the document, then the sources named without one."""
    sure = _sure(found.mentions)
    works: dict[tuple[str, str], _Work] = {}
    for mention in sorted(found.mentions, key=lambda each: ORIGINS.index(each.origin)):
        kind, chosen, others = _read(mention, sure)
        key = (kind, _key(chosen.url))
        work = works.setdefault(key, _Work(chosen, mention))
        if chosen.confidence > work.reading.confidence:
            work.reading = replace(chosen, url=work.reading.url)
        if mention.origin == "text":
            work.textual += 1
        else:
            work.structural += 1
        if mention.start is not None and chosen.end > mention.start:
            work.spans.append((mention.start, chosen.end))
        work.rectangles += mention.rectangles
        work.anchor = work.anchor or mention.anchor
        for each in others:
            if _key(each.url) != key[1] and (each.url not in work.others or each.confidence > work.others[each.url].confidence):
                work.others[each.url] = each
    told = [_citation(kind, work) for (kind, _), work in works.items()]
    told.sort(key=lambda each: (each.spans[0][0] if each.spans else 1 << 60, each.page or 0))
    return told + _unresolved(found)


def _citation(kind: str, work: _Work) -> Citation:
    spans = tuple(sorted(set(work.spans)))
    others = tuple(sorted(work.others.values(), key=lambda each: -each.confidence)[:ALTERNATIVES])
    if kind != "address":  # which address is meant is not ours to say
        others = (work.reading, *others) if kind == "bare" else others
    # An anchor that shows its own address is one citation, not two.
    occurrences = max(work.structural, work.textual)
    return Citation(
        bare(work.reading.url) if kind == "address" else None,
        work.reading.confidence,
        others,
        occurrences,
        spans,
        work.anchor,
        work.mention.origin,
        kind,
        work.mention.page,
        work.reading.why,
        rectangles=work.rectangles,
    )


def _unresolved(found: Found) -> list[Citation]:
    """Sources named in the text, each name once."""
    by_name: dict[str, list[tuple[int, int, str]]] = {}
    for each in named(found.text):
        by_name.setdefault(each.name, []).append((each.start, each.end, each.quote))
    return [
        Citation(
            None, 0.0, (), len(places), tuple((start, end) for start, end, _ in places) if found.counted else (),
            places[0][2], "text", "unresolved", why="a source named without a link", name=name,
        )
        for name, places in by_name.items()
    ]  # fmt: skip


def _key(url: str) -> str:
    """Two spellings of one address are one citation; another place in the page is another."""
    mark = url.partition("#")[2]
    try:
        return identity(url) + (f"#{mark}" if mark else "")
    except ValueError:
        return url


@dataclass(frozen=True, slots=True)
class _Sure:
    """structural: keys of what programs wrote; said: of that and of what the text says without doubt; each with its url."""

    structural: dict[str, str]
    said: dict[str, str]

    def begun_by(self, url: str, *, structural: bool) -> list[str]:
        """The addresses that `url` is a proper beginning of."""
        stem, key = url.rstrip("/"), _key(url)
        pool = self.structural if structural else self.said
        return [full for other, full in pool.items() if other != key and len(full) > len(stem) and full.startswith(stem)]


def _sure(mentions: Iterable[Mention]) -> _Sure:
    structural: dict[str, str] = {}
    said: dict[str, str] = {}
    for each in mentions:
        first = each.readings[0]
        if each.kind != "address":
            continue
        if each.origin != "text":
            structural.setdefault(_key(first.url), first.url)
        elif first.confidence >= SURE and not each.broken:
            said.setdefault(_key(first.url), first.url)
    return _Sure(structural, structural | said)


def _read(mention: Mention, sure: _Sure) -> tuple[str, Reading, list[Reading]]:
    """The kind, the reading taken, and the others, the likeliest first."""
    readings = list(mention.readings)
    if mention.kind == "bare":
        for each in readings:
            if _key(each.url) in sure.said:
                return (
                    "address",
                    replace(each, confidence=0.95, why="the document gives it elsewhere with its scheme"),
                    readings,
                )
        return "bare", readings[0], readings[1:]
    if mention.kind == "truncated":
        if (key := _key(readings[0].url)) in sure.said:
            return "address", replace(readings[0], url=sure.said[key], why="the document says it elsewhere"), []
        whole = list(dict.fromkeys(url for each in readings for url in sure.begun_by(each.url, structural=False)))
        if len(whole) == 1:
            return "address", Reading(whole[0], 0.9, readings[0].end, "shown shortened; whole elsewhere in the document"), []
        return "truncated", readings[0], [Reading(url, 0.5 / len(whole), readings[0].end, "it begins so") for url in whole]
    if mention.origin != "text":
        return "address", readings[0], readings[1:]
    weighed = _weighed(readings, sure)
    # Digits glued to an address that the document gives without them: a footnote's, if the address ends with a letter.
    if (glued := _DIGITS.search(readings[0].url)) and not readings[0].url[: glued.start()][-1:].isdigit():
        stem = readings[0].url[: glued.start()]
        if _key(stem) in sure.structural and _key(readings[0].url) not in sure.structural:
            end = readings[0].end - len(glued[1])
            weighed.append(Reading(stem, 0.99, end, "the document gives it without the digits behind it"))
    if mention.broken and _key(readings[0].url) not in sure.structural:
        last = max(readings, key=lambda each: each.end)
        if len(whole := sure.begun_by(weighed[0].url, structural=True)) == 1 and _key(whole[0]) not in map(_rkey, weighed):
            weighed.append(Reading(whole[0], 0.99, last.end, "an annotation or link has it whole"))
    weighed.sort(key=lambda each: -each.confidence)
    return "address", weighed[0], [each for each in weighed[1:] if each.confidence >= WORTH]


def _rkey(reading: Reading) -> str:
    return _key(reading.url)


def _weighed(readings: list[Reading], sure: _Sure) -> list[Reading]:
    """The same readings, their likelihoods moved towards what the document says elsewhere; they exclude one another."""
    if len(readings) == 1:
        return readings
    said = [_key(each.url) in sure.said for each in readings]
    shares = [each.confidence * (KNOWN if known else 1) for each, known in zip(readings, said, strict=True)]
    scale = min(0.99, sum(each.confidence for each in readings)) / sum(shares)
    return [
        replace(each, confidence=share * scale, why="the document says it elsewhere" if known else each.why)
        for each, share, known in zip(readings, shares, said, strict=True)
    ]
