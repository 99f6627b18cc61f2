"""Which Cyrillic name is nearest to a Latin one? Our score beside the best of 28 romanisations by Jaro-Winkler.

    python tests/bench/names_nearest.py REALDATA [QUERIES]

REALDATA: the folder with `linkage/`; QUERIES: how many of the 4,000 names are asked for (all). Needs rapidfuzz, which only
this script does: pip install rapidfuzz.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from archive.ledger.names import score

SEED, SAMPLE = 20250630, 4000


def pairs(realdata: Path) -> list[tuple[str, str]]:
    """A seeded sample of the names of `wd_russian_16`: Latin, Cyrillic."""
    lines = (realdata / "linkage" / "netranslit-coling2018" / "wd_russian_16.tsv").read_text("utf-8").splitlines()
    names = [(latin, cyrillic.replace(" ", "")) for latin, cyrillic, _ in (line.split("\t") for line in lines)]
    return random.Random(SEED).sample(names, SAMPLE)


def accuracy(held: Sequence[tuple[str, str]], queries: int, nearest: Callable[[str], str]) -> float:
    """The share of names whose nearest one is theirs."""
    return sum(nearest(latin) == cyrillic for latin, cyrillic in held[:queries]) / queries


def ours(held: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    return lambda latin: max((cyrillic for _, cyrillic in held), key=lambda cyrillic: score(latin, cyrillic))


def schemas(realdata: Path) -> list[dict[str, object]]:
    found = sorted((realdata / "linkage" / "iuliia").glob("*.json"))
    return [json.loads(path.read_text("utf-8")) for path in found]


def romanised(word: str, schema: dict[str, object]) -> str:
    """As iuliia does it: the ending, then each letter by what is before and after it."""
    mapping, before, after, ending = (schema.get(f"{kind}mapping") or {} for kind in ("", "prev_", "next_", "ending_"))
    assert isinstance(mapping, dict) and isinstance(before, dict) and isinstance(after, dict) and isinstance(ending, dict)
    stem, tail = (word[:-2], ending[word[-2:]]) if len(word) > 2 and word[-2:] in ending else (word, "")
    told = []
    for at, letter in enumerate(stem):
        last, following = stem[at - 1] if at else "", stem[at + 1 : at + 2]
        told.append(before.get(last + letter, after.get(letter + following, mapping.get(letter, letter))))
    return "".join(told) + tail


def best_of_all(held: Sequence[tuple[str, str]], realdata: Path) -> Callable[[str], str]:
    from rapidfuzz.distance import JaroWinkler

    known = schemas(realdata)
    forms = [(form, cyrillic) for _, cyrillic in held for form in {romanised(cyrillic, schema) for schema in known}]
    return lambda latin: max(forms, key=lambda pair: JaroWinkler.similarity(latin, pair[0]))[1]


def main(realdata: Path, queries: int) -> None:
    held = pairs(realdata)
    for name, nearest in (("ours", ours(held)), ("28 schemas, Jaro-Winkler", best_of_all(held, realdata))):
        began = time.process_time()
        reached = accuracy(held, queries, nearest)
        spent = time.process_time() - began
        print(f"{name}: {reached:.4f} of {queries} names among {SAMPLE}; {spent / queries / SAMPLE * 1e6:.1f} us a pair of CPU")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SAMPLE)
