"""How alike are two texts? Near-duplicates by shingles, and the figures they share; pure.

Likeness proposes and never decides: reports on a piece share its figures, and rewrites share its sentences.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

WORDS = 4  # in a shingle
KEPT = 256  # of a text's shingles, the smallest by digest: enough for a likeness within some 5 %
LEAST = 12  # words of a text that can be compared
COMMON = 50  # texts that share a shingle or a figure; one that more have says nothing
_WORD = re.compile(r"[^\W\d_]+|\d+")
# 2 076, 2,076, 2.076 with no-break and thin spaces: a figure whose groups have three digits each.
_FIGURE = re.compile(r"(?<![\w.,])\d{1,3}(?:[ \u00a0\u2009\u202f.,]\d{3})+(?![\d])|(?<![\w.,])\d{2,9}(?![\w])")


def runs(text: str) -> frozenset[str]:
    """A text's runs of four words, punctuation and case left out. Empty for what is too short to be compared."""
    words = [found[0].casefold() for found in _WORD.finditer(text)]
    if len(words) < LEAST:
        return frozenset()
    return frozenset(" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1))


def shingles(text: str) -> frozenset[int]:
    """A sketch of a text: the smallest digests of its runs of words. Empty for what is too short to be compared."""
    digests = sorted(int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest(), "big") for run in runs(text))
    return frozenset(digests[:KEPT])


def alike(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of runs that two texts have in common (Jaccard, estimated from the sketches); 0..1."""
    if not one or not other:
        return 0.0
    both = sorted(one | other)[:KEPT]
    return sum(each in one and each in other for each in both) / len(both)


def figures(text: str) -> frozenset[str]:
    """The numbers of a text that say something: of three digits and more, without their group signs; years left out."""
    found = {re.sub(r"\D", "", each[0]) for each in _FIGURE.finditer(text)}
    return frozenset(each for each in found if len(each) >= 3 and not re.fullmatch(r"(?:19|20)\d\d", each))


def shared(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of figures two texts have in common; 0 where either has fewer than four."""
    return len(one & other) / len(one | other) if min(len(one), len(other)) >= 4 else 0.0


def pairs(marks: Mapping[str, Iterable[object]]) -> Iterator[tuple[str, str]]:
    """Pairs of names that share a mark (a shingle, a figure), each once, in order: only those are worth a comparison."""
    by_mark: dict[object, list[str]] = {}
    for name in sorted(marks):
        for mark in marks[name]:
            by_mark.setdefault(mark, []).append(name)
    seen: set[tuple[str, str]] = set()
    for names in by_mark.values():
        if 1 < len(names) <= COMMON:
            seen.update(combinations(names, 2))
    yield from sorted(seen)
