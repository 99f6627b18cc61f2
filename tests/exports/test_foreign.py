"""Readers that others wrote read every export, and find in it what the ledger says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from archive.ledger.export import delta
from archive.ledger.export.csv import cell
from archive.ledger.export.files import export
from archive.ledger.export.listing import TABLES, Listing
from archive.ledger.export.schema import FLAG, NUMBER, PERSONS, TEXTS
from archive.ledger.export.schema import TABLES as SCHEMA
from archive.ledger.moment import Moment
from archive.ledger.observation import CoverageWindow
from archive.ledger.privacy import Pseudonyms
from tests.world.judges import FTM
from tests.world.judges import TABLES as READERS

KEY = Pseudonyms(bytes(range(32)))
FTM_READER, DATASETTE_READER = (Path(__file__).with_name(f"{name}_reader.py") for name in ("ftm", "datasette"))


@pytest.fixture
def listing(book, world) -> Listing:
    """The small world, a window of coverage, an article, and values that break naive files."""
    entries = world.small()
    hard = world.card(
        "ffff-1", court="57GV0001", number="1-90/2025", received=("01.03.2025", "2025-03"), judge='=cmd|" /C calc"!A0; Ёлкин, "С"',
        persons=[{"name": "Вымыслов, О'Гай \"Ы\"", "article": [("ст.337 ч.5", "337/5"), ("?", None)]}],
        events=[{"name": ("Перерыв\tи — «ё»", "recess"), "date": ("02.03.2025", "2025-03-02"), "note": "'-1\x0bстрока"}],
    )  # fmt: skip
    entries.append(world.entry(7, hard))
    article = world.Page("article")
    for name, raw in (("title", "Суд вынес приговор"), ("published", "2025-04-26"), ("language", "ru"), ("outlet", "Вестник")):
        article.say("https://news.test/1", name, raw)
    entries.append(world.entry(8, article, url="https://news.test/1"))
    book.enter_many(entries)
    window = CoverageWindow("sudrf", "57GV0001", "criminal-1", None, None, 3, 3, None, "run-1")
    book.cover(world.capture(9, "listing"), window)
    return Listing.of(book, key=KEY)


def rows(listing: Listing, table: str) -> list[dict[str, Any]]:
    return list(listing.rows(table))


def test_duckdb_reads_parquet(listing, tmp_path):
    """Nested values, absent ones and numbers are what the ledger says, in the order of the file."""
    for written in export(listing, "parquet", tmp_path):
        table = Path(written.file).stem
        found = duckdb.sql(f"SELECT * FROM read_parquet('{written.file}')")
        told = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        assert (told, len(told)) == (rows(listing, table), written.rows)


def test_duckdb_reads_json_lines(listing, tmp_path):
    """Every key and value of every row."""
    for written in export(listing, "jsonl", tmp_path):
        table = Path(written.file).stem
        kinds = {TEXTS: "VARCHAR[]", NUMBER: "BIGINT", FLAG: "BOOLEAN", PERSONS: "JSON"}
        columns = {column.name: kinds.get(column.kind, "VARCHAR") for column in SCHEMA[table].columns}
        found = duckdb.read_json(written.file, columns=columns, format="newline_delimited")
        told = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        for row in told:
            if "persons" in row:
                row["persons"] = json.loads(row["persons"])
        assert told == rows(listing, table)


def test_duckdb_reads_csv(listing, tmp_path):
    """Every cell: the value, inert, on one line; an absent one is empty."""
    for written in export(listing, "csv", tmp_path):
        table = Path(written.file).stem
        found = duckdb.read_csv(written.file, header=True, all_varchar=True, delimiter=",", quotechar='"', escapechar='"')
        told = [[value or "" for value in row] for row in found.fetchall()]
        assert found.columns == list(SCHEMA[table].names)
        assert told == [[cell(value) for value in row.values()] for row in rows(listing, table)]


def test_datasette_opens_the_database(listing, tmp_path):
    """Rows, facets, search and the meaning of a column, as its pages show them."""
    export(listing, "sqlite", tmp_path)

    lists = {t: "".join(f"&_json={c.name}" for c in SCHEMA[t].columns if c.kind in (TEXTS, PERSONS)) for t in TABLES}
    paths = {t: f"/kartoteka/{t}.json?_shape=array&_size=max&_sort={SCHEMA[t].key}{lists[t]}" for t in TABLES}
    paths |= {"search": "/kartoteka/cases.json?_search=57GV0001-01-2025-000002-18", "page": "/kartoteka/cases"}
    done = READERS.ask("python", DATASETTE_READER, "kartoteka.sqlite", "metadata.json", *paths.values(), at=tmp_path)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {path: status for path, (status, _) in answers.items() if status != 200} == {}, done.stdout[:3000]
    told = {name: answers[path][1] for name, path in paths.items()}
    for table in TABLES:
        key = SCHEMA[table].key
        wanted = sorted(rows(listing, table), key=lambda row: row[key])
        assert json.loads(told[table]) == [{n: int(v) if isinstance(v, bool) else v for n, v in row.items()} for row in wanted]
    cases = json.loads(told["search"])
    assert [row[0] for row in cases["rows"]] == ["case:reg:criminal-1:bbbb-1"]
    assert {facet["value"] for facet in cases["facet_results"]["court"]["results"]} == {"57GV0001"}
    assert "official code of the court where the case stands" in told["page"] and listing.head in told["page"]


def test_frictionless_validates_the_package(listing, tmp_path):
    """Schemas, keys, digests and lengths hold; and a changed octet does not pass."""
    export(listing, "package", tmp_path)

    def valid() -> tuple[bool, str]:
        done = READERS.ask("frictionless", "validate", "--json", "datapackage.json", at=tmp_path)
        report = json.loads(done.stdout)
        return report["valid"], done.stdout

    assert valid()[0], valid()[1]
    described = json.loads((tmp_path / "datapackage.json").read_text())
    assert (described["head"], described["as_of"]) == (listing.head, listing.as_of)
    persons = tmp_path / "persons.csv"
    persons.write_bytes(persons.read_bytes().replace(b"337/5", b"337/4"))
    assert not valid()[0]


def test_followthemoney_takes_the_entities(listing, tmp_path):
    """Each is valid by the model, cleaned it is the same, its statements make it up, and every link leads somewhere."""
    export(listing, "ftm", tmp_path)
    done = FTM.ask("python", FTM_READER, tmp_path / "entities.ftm.json", tmp_path / "statements.csv")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["invalid"], found["changed"], found["astray"], found["strangers"]) == ([], [], [], [])
    cases = {row["case"]: row for row in rows(listing, "cases")}
    persons = [row for row in rows(listing, "persons") if row["counted"]]
    assert found["schemata"] == {
        "Article": 1, "CourtCase": len(cases), "CourtCaseParty": len(persons), "Event": len(rows(listing, "events")),
        "Person": len(persons), "PublicBody": len({row["court"] for row in rows(listing, "persons")} - {None}),
    }  # fmt: skip
    assert sorted(found["case_numbers"]) == sorted(n for row in cases.values() for n in (*row["numbers"], row["uid"]) if n)
    assert sorted(found["person_names"]) == sorted(row["name"] or "name not shown" for row in persons)
    assert "coverage" in (tmp_path / "lost.txt").read_text()


def test_a_delta_leads_from_one_head_to_the_next(book, world, tmp_path):
    """Applied to the rows of the earlier head it gives those of the later one; both heads are named."""
    entries = world.small()
    book.enter_many(entries[:3])
    early = Listing.of(book, key=KEY).head
    later = world.card(
        "bbbb-1", court="57GV0001", number="1-12/2025", judge="Судьин С.С.", received=("05.04.2025", "2025-04-05")
    )
    book.enter_many([*entries[3:], world.entry(20, later)])
    now, before = Listing.of(book, key=KEY), Listing.of(book, key=KEY, asked=Moment(known_at=entries[2].capture.at))
    assert early == before.head != now.head
    delta.write(before, now, tmp_path / "delta.jsonl")
    first, *changes = map(json.loads, (tmp_path / "delta.jsonl").read_text().splitlines())
    assert (first["from"], first["to"]) == (before.head, now.head)
    assert {change["op"] for change in changes} >= {"ADD", "MOD"}
    for table in TABLES:
        key = SCHEMA[table].key
        held = {row[key]: row for row in rows(before, table)}
        for change in changes:
            if change["table"] == table:
                held.pop(change["key"], None)
                if change["op"] != "DEL":
                    held[change["key"]] = change["row"]
        for stamped in held.values():
            stamped.update(head=now.head, as_of=now.as_of)
        assert sorted(held.values(), key=lambda row: row[key]) == sorted(rows(now, table), key=lambda row: row[key])
    assert list(delta.delta(now, now))[1:] == []
