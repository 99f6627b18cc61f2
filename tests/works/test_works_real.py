"""Real addresses, the documents this project starts from, and a published list's history; figures are printed."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.shelf import Archive
from crawler.citations import cited
from crawler.editions.address import read
from crawler.editions.mirrors import Mirrors, table
from crawler.editions.mirrors import read as read_list
from crawler.held import Shelf, works
from tests.works.holding import hold
from tests.works.pairs import counted, is_form
from tests.works.web import article

pytestmark = pytest.mark.real


@pytest.fixture
def rows(realdata: Path) -> list[dict[str, Any]]:
    lines = (realdata / "news" / "clusters" / "url_clusters.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def history(realdata: Path) -> Mirrors:
    octets = (realdata / "news" / "mirrors" / "rsf_mirror_history.tsv").read_bytes()
    return table([read_list(octets, date(2026, 8, 8))])


def test_the_clusters(rows: list[dict[str, Any]], history: Mirrors, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                      monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """No two works are joined: by addresses alone, with the mirror list, and with pages that name their originals."""
    urls = [row["url"] for row in rows]
    alone = counted(rows, {each.url: each.work for each in works(Shelf(), urls).members})
    monkeypatch.setattr("crawler.held.mirrors", lambda archive: history)
    listed = counted(rows, {each.url: each.work for each in works(Shelf(), urls).members})
    # Made-up pages with the tags that mirrors of these outlets carry: the origin's canonical address and og:url.
    first: dict[str, str] = {}
    for row in rows:
        if is_form(row["relation"]) and read(row["url"]).known and not read(row["url"]).soft:
            first.setdefault(row["cluster"], row["url"])
    pages = {}
    for row in rows:
        origin = first.get(row["cluster"])
        own = read(row["url"])
        named = origin if origin and is_form(row["relation"]) and own.relation in ("unknown", "mirror") else row["url"]
        head = f'<link rel="canonical" href="{named}"><meta property="og:url" content="{named}">'
        pages[row["url"]] = article(
            f"Page {len(pages)}", head, f"<p>{'A text of its own about ' + row['url']}</p>" * 20, row["lang"]
        )
    hold(tmp_path, pages)
    with Archive.open(tmp_path) as archive:
        held = counted(rows, {each.url: each.work for each in works(Shelf(archive), urls).members})

    with capsys.disabled():
        print(f"\n  addresses alone: {alone}\n  with the mirror list: {listed}\n  with pages held: {held}")
    assert ((), (), ()) == (alone.wrong, listed.wrong, held.wrong)
    assert alone.right <= listed.right <= held.right
    assert () == held.missed


def test_the_seed_s_addresses_are_works(realdata: Path) -> None:
    """Six addresses: the Russian and the English piece are one work; the related article is dated by its rendering."""
    body = (realdata / "seeds" / "moscow-times-a81889.pdf.txt").read_bytes()
    urls = [each.url for each in cited(body, "a.txt").citations if each.url]
    found = {each.url: each for each in works(Shelf(), urls).members}

    ru, en = "https://zona.media/article/2023/07/18/337", "https://en.zona.media/article/2023/07/19/337"
    assert (6, 5) == (len(urls), len({each.work for each in found.values()}))
    assert found[ru].work == found[en].work == f"work:{ru}"
    assert ("original", "english") == (found[ru].relation, found[en].relation)
    rendered = [url for url, each in found.items() if any("dated by its rendering" in reason for reason in each.reasons)]
    assert ["/2025/10/29/"] == [url.partition(".com")[2][:12] for url in rendered]
    whole = next(url for url in urls if url.endswith("a81889"))
    cut = whole.removesuffix("-a81889")
    assert 1 == len(
        {
            each.work
            for each in works(Shelf(), [whole, cut, cut.replace("www.", "").replace("2023/07/19", "2024/11/13")]).members
        }
    )


def test_each_pair_of_the_history(realdata: Path, history: Mirrors) -> None:
    """True from its first day to its last and on no other day; one that is listed still has no end; two origins are told."""
    spans: dict[tuple[str, str], list[tuple[date, date, bool]]] = defaultdict(list)
    with (realdata / "news" / "mirrors" / "rsf_mirror_history.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            origin = row["origin"].strip().lower().partition("://")[2] or row["origin"].strip().lower()
            first, last = (
                datetime.fromisoformat(row[name]).astimezone(UTC).date()
                for name in ("first_seen_commit_utc", "last_seen_commit_utc")
            )
            key = (origin.removeprefix("www.").rstrip("/"), row["mirror_host"].strip().lower())
            spans[key].append((first, last, row["in_last_commit"] == "1"))
    day = timedelta(1)
    for (origin, host), told in spans.items():
        first, last, still = min(t[0] for t in told), max(t[1] for t in told), any(t[2] for t in told)
        for inside in (first, last, first + (last - first) / 2):
            assert origin in {span.origin for span in history.of(host, inside)}, (origin, host, inside)
        assert origin not in {span.origin for span in history.of(host, first - day)}
        assert (origin in {span.origin for span in history.of(host, last + day)}) is still
        if still:
            assert origin in {span.origin for span in history.of(host, date(2100, 1, 1))}
    assert len(spans) == len(history.spans)
    two = {host for host in {h for _, h in spans} if len({o for o, h in spans if h == host}) > 1}
    assert two == {host for host, _ in history.ambiguous()}


def test_the_lists_of_several_days(realdata: Path) -> None:
    """Five published files, one of them broken: all are read, and the newest tells what is listed still."""
    folder = realdata / "news" / "mirrors"
    lists = [
        read_list(file.read_bytes(), date.fromisoformat(file.stem[-10:])) for file in sorted(folder.glob("rsf_sites_20*.json"))
    ]
    broken = read_list((folder / "rsf_sites_invalid_json_example.txt").read_bytes(), date(2022, 4, 5))

    assert [()] * len(lists) == [each.faults for each in lists]
    assert len(broken.spans) > 40 and broken.faults
    newest = {(span.origin, span.host) for span in lists[-1].spans}
    assert newest == {(span.origin, span.host) for span in table([*lists, broken]).spans if span.last is None}
