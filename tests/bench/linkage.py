"""What do our rules join, and what does Splink, of the same invented records? Precision and recall of either, side by side.

    python tests/bench/linkage.py [--cases 20000] [--seed 7]

Splink is no dependency, of the project or of its tests: run this with a Python that has it (`pip install splink`), and it prints
ours alone with one that has not. It is given the same records, names in Latin letters by one table, and trains itself.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from archive.ledger.identity import groups, official  # noqa: E402
from archive.ledger.likeness import likenesses  # noqa: E402
from tests.ledger.linkage import LATIN, Record, records  # noqa: E402

Pairs = set[tuple[str, str]]


def truth(held: list[Record]) -> Pairs:
    of_case: dict[int, list[str]] = {}
    for record in sorted(held, key=lambda one: one.keys.subject):
        of_case.setdefault(record.case, []).append(record.keys.subject)
    return {pair for subjects in of_case.values() for pair in combinations(subjects, 2)}


def ours(held: list[Record]) -> Pairs:
    keys = [record.keys for record in held]
    return {(each.left, each.right) for each in likenesses(keys, groups(official(keys))) if each.tier is not None}


def theirs(held: list[Record]) -> dict[float, Pairs]:
    """What Splink predicts, by the probability asked for. Raises ImportError where it is not installed."""
    import pyarrow
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    names = ("unique_id", "surname", "name", "court", "received", "decided", "article", "uid")
    table = pyarrow.Table.from_pylist([dict(zip(names, line(record), strict=True)) for record in held])
    database = DuckDBAPI()
    rules = [block_on("surname"), block_on("court", "received"), block_on("court", "decided"), block_on("decided", "article")]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.95, 0.88, 0.8]), cl.ExactMatch("court"),
            cl.LevenshteinAtThresholds("received", [1]), cl.LevenshteinAtThresholds("decided", [1]),
            cl.JaroWinklerAtThresholds("article", [0.8]), cl.ExactMatch("uid"),
        ],
        blocking_rules_to_generate_predictions=rules,
    )  # fmt: skip
    linker = Linker(database.register(table), settings, log_level=40)
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000)
    for rule in rules[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    rows = linker.inference.predict(threshold_match_probability=0.5).as_record_list()
    scored = [(tuple(sorted((row["unique_id_l"], row["unique_id_r"]))), row["match_probability"]) for row in rows]
    return {least: {pair for pair, probability in scored if probability >= least} for least in (0.5, 0.9, 0.99, 0.999)}


def line(record: Record) -> tuple[str | None, ...]:
    keys = record.keys
    names = sorted(latin(name) for name in keys.names)
    words = names[0].split() if names else []
    surname = (words[-1] if keys.article else words[0]) if words else None
    name = " ".join([words[-1], *words[:-1]] if keys.article and words else words) or None
    return (
        keys.subject, surname, name, keys.lower_court or keys.court, keys.received, keys.lower_decided or keys.decided,
        keys.articles[0] if keys.articles else None, keys.uids[0] if keys.uids else None,
    )  # fmt: skip


def latin(name: str) -> str:
    return "".join(LATIN.get(letter, letter) for letter in name.lower().replace(".", " ")).strip()


def told(who: str, found: Pairs, true: Pairs, seconds: float) -> None:
    right = len(found & true)
    precision, recall = right / max(len(found), 1), right / len(true)
    both = 2 * precision * recall / (precision + recall) if right else 0.0
    print(f"{who:<22} {len(found):>7} pairs  precision {precision:.4f}  recall {recall:.4f}  F1 {both:.4f}  {seconds:.1f} s")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--cases", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=7)
    options = asked.parse_args()
    held = records(options.cases, random.Random(options.seed))
    true = truth(held)
    print(f"{options.cases} cases, {len(held)} records, {len(true)} true pairs, seed {options.seed}")
    began = time.process_time()
    found = ours(held)
    told("ours, by rule", found, true, time.process_time() - began)
    began = time.process_time()
    try:
        predicted = theirs(held)
    except ImportError as exc:
        print(f"Splink is not installed here: {exc}")
        return
    spent = time.process_time() - began
    for least, pairs in predicted.items():
        told(f"Splink at {least}", pairs, true, spent)


if __name__ == "__main__":
    main()
