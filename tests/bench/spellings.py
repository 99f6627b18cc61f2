"""Learns `archive/ledger/spellings.tsv`: which Latin letters stand for which Cyrillic ones, from pairs of names.

    python tests/bench/spellings.py REALDATA/linkage/netranslit-coling2018/wd_russian_64.tsv > archive/ledger/spellings.tsv

Expectation maximisation over all ways to cut both words into pieces side by side; a longer piece, or one that stands for
nothing, has to be worth its price. About ten minutes of one core.
"""

from __future__ import annotations

import math
import random
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

LATIN, CYRILLIC, TOGETHER = 4, 3, 5  # letters of a piece, at most
SAMPLE, ROUNDS, SEED = 40_000, 6, 1
PRICE = 0.08  # of each letter more in a piece
OFTEN = 10.0  # a piece is kept that stands so often, in expectation
DEAREST, GAP = 70, 50  # tenths of a nat; a piece that stands for nothing is to cost less than GAP
HEAD = """\
# What Latin letters are written in Russian, and how unlikely it is: tenths of a nat, the mean of both directions' negative
# log probabilities; $ is the end of a word. Learned by expectation maximisation from the training pairs of English and
# Russian names of NETransliteration-COLING2018 (Amazon, MIT-0): tests/bench/spellings.py makes this file from them.
latin\tcyrillic\tcost"""

Pair = tuple[str, str, float]
Counts = dict[tuple[str, str], float]
SHAPES = [
    (a, b) for a in range(LATIN + 1) for b in range(CYRILLIC + 1)
    if 0 < a + b <= TOGETHER and not (a == 0 and b > 1) and not (b == 0 and a > 2)
]  # fmt: skip
PRICES = {(a, b): PRICE ** (max(a - 1, 0) + max(b - 1, 0) + (0 in (a, b))) for a, b in SHAPES}


def read(path: Path) -> list[Pair]:
    """Latin, Cyrillic, weight: a name met often counts for more, and never for more than five."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        latin, cyrillic, count = line.split("\t")
        plain = "".join(c for c in unicodedata.normalize("NFKD", latin.lower()) if not unicodedata.combining(c)) + "$"
        other = cyrillic.replace(" ", "") + "$"
        if 2 <= len(plain) <= 14 and 2 <= len(other) <= 14 and 0.45 < len(plain) / len(other) < 2.2:
            found.append((plain, other, min(1 + math.log2(int(count)), 5)))
    random.Random(SEED).shuffle(found)
    return found[:SAMPLE]


def begin(pairs: list[Pair]) -> Counts:
    """Every piece that could stand side by side, by how often it could."""
    counts: Counts = defaultdict(float)
    for latin, cyrillic, weight in pairs:
        n, m = len(latin), len(cyrillic)
        for i in range(n + 1):
            for j in range(m + 1):
                if abs(i / n - j / m) <= 0.35:
                    for a, b in SHAPES:
                        if i + a <= n and j + b <= m:
                            counts[latin[i : i + a], cyrillic[j : j + b]] += weight
    return counts


def expected(pair: Pair, chances: Counts, counts: Counts) -> None:
    """Adds how often each piece stands in a pair, over all ways to cut it (forward, backward)."""
    latin, cyrillic, weight = pair
    n, m = len(latin), len(cyrillic)
    ahead = [[0.0] * (m + 1) for _ in range(n + 1)]
    ahead[0][0] = 1.0
    steps: dict[tuple[int, int, int, int], float] = {}
    for i in range(n + 1):
        for j in range(m + 1):
            if ahead[i][j]:
                for a, b in SHAPES:
                    chance = chances.get((latin[i : i + a], cyrillic[j : j + b])) if i + a <= n and j + b <= m else None
                    if chance:
                        steps[i, j, a, b] = chance * PRICES[a, b]
                        ahead[i + a][j + b] += ahead[i][j] * steps[i, j, a, b]
    if not ahead[n][m]:
        return
    behind = [[0.0] * (m + 1) for _ in range(n + 1)]
    behind[n][m] = 1.0
    for (i, j, a, b), chance in reversed(steps.items()):
        behind[i][j] += chance * behind[i + a][j + b]
        share = ahead[i][j] * chance * behind[i + a][j + b] / ahead[n][m]
        if share > 1e-4:
            counts[latin[i : i + a], cyrillic[j : j + b]] += weight * share


def learn(pairs: list[Pair]) -> Counts:
    counts = begin(pairs)
    for number in range(ROUNDS):
        total = sum(counts.values())
        chances = {piece: count / total for piece, count in counts.items() if count > 0.5}
        counts = defaultdict(float)
        for pair in pairs:
            expected(pair, chances, counts)
        print(f"round {number}: {len(chances)} pieces", file=sys.stderr)
    return counts


def costs(counts: Counts) -> list[tuple[str, str, int]]:
    kept = {piece: count for piece, count in counts.items() if count >= OFTEN}
    latin: dict[str, float] = defaultdict(float)
    cyrillic: dict[str, float] = defaultdict(float)
    for (one, other), count in kept.items():
        latin[one] += count
        cyrillic[other] += count
    priced = [(a, b, round(-5 * (math.log(c / latin[a]) + math.log(c / cyrillic[b])))) for (a, b), c in kept.items()]
    return sorted(row for row in priced if row[2] <= DEAREST and (all(row[:2]) or row[2] < GAP))


if __name__ == "__main__":
    print(HEAD)
    for row in costs(learn(read(Path(sys.argv[1])))):
        print(*row, sep="\t")
