"""Exports: the same for the same ledger, inert in a spreadsheet, and naming nobody unless asked."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import random
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveError, DiskFull, NoKey, NotFound
from archive.ledger.book import Book
from archive.ledger.discretion import pseudonyms
from archive.ledger.export.csv import cell, lines
from archive.ledger.export.files import FORMATS, export
from archive.ledger.export.listing import TABLES, Listing
from archive.ledger.export.schema import TABLES as SCHEMA
from archive.ledger.privacy import Pseudonyms

PEOPLE = Pseudonyms(bytes(range(32)))
FORMULAS = "=+-@\t\r＝＋－＠"


COLUMNS = {name: table.names for name, table in SCHEMA.items()}


def exported(book, target, form="csv", **asked):
    return export(Listing.of(book, key=PEOPLE, **asked), form, target)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_ledger_is_exported_twice(tmp_path, world, form):
    """Byte-identical, whatever the order of reading, and whether in one batch or made anew: a rebuild changes nothing."""
    entries = world.small()
    entries.append(world.entry(9, world.card("bbbb-1", number="1-12/2025", judge="Судьин С.С.")))
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    shuffle = random.Random(seed).shuffle
    files = []
    for n in range(4):
        home = tmp_path / f"home{n}"
        home.mkdir()
        with Book.open(home, write=True) as book:
            if n % 2:
                book.enter_many(entries)
            else:
                for entry in entries:
                    book.enter(entry.capture, entry.reading)
            written = exported(book, tmp_path / f"out{n}", form)
        files.append([(Path(each.file).name, Path(each.file).read_bytes()) for each in written])
        assert [each.sha256 for each in written] == [hashlib.sha256(content).hexdigest() for _, content in files[-1]]
        shuffle(entries)
    assert files[1:] == files[:-1]
    tables = [f"{table}.{form}" for table in TABLES]
    whole = {
        "sqlite": ["kartoteka.sqlite", "metadata.json"],
        "package": [*(f"{table}.csv" for table in TABLES), "datapackage.json"],
        "ftm": ["entities.ftm.json", "statements.csv", "coverage.csv", "lost.txt"],
    }
    assert [name for name, _ in files[0]] == whole.get(form, tables)


def test_a_spreadsheet_reads_it(book, world, tmp_path):
    """Every reader of RFC 4180 finds as many rows as were written, every row as long as the header."""
    book.enter_many(world.small())
    for each in exported(book, tmp_path / "out"):
        content = Path(each.file).read_bytes()
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert tuple(rows[0]) == COLUMNS[Path(each.file).stem]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) - 1 == each.rows == content.count(b"\n") - 1


def test_an_empty_ledger_has_columns(book, tmp_path):
    """No rows is no reason for a file without a header."""
    assert [each.rows for each in exported(book, tmp_path / "out")] == [0] * len(TABLES)
    assert (tmp_path / "out" / "cases.csv").read_bytes() == b'"' + '","'.join(COLUMNS["cases"]).encode() + b'"\r\n'


@given(
    st.text(st.sampled_from([*FORMULAS, "\n", "\x0b", "\x85", "\u2028", "\x00", '"', ",", ";", "я", "1", "\ud800"]), max_size=8)
)
def test_a_cell_that_a_spreadsheet_would_run(text):
    """No cell begins as a formula, no value ends a line, and the rest of the text is there."""
    made = cell(text)
    assert not made.startswith(tuple(FORMULAS))
    (line,) = list(lines([{"a": text}], ["a"]))[1:]
    decoded = line.decode()
    assert len(decoded.splitlines()) == 1
    assert next(csv.reader([decoded]))[0].endswith(text[-1:] if text[-1:] in '",;я1' else "")


def test_a_number_is_not_a_formula():
    """What begins with a sign is text, with the sign still to be read."""
    assert [cell(value) for value in ("=1+1", "-5", "－5", None, True, 7, ["337/5", "=x"])] == [
        "'=1+1", "'-5", "'－5", "", "true", "7", "337/5; =x",
    ]  # fmt: skip


def test_nobody_is_named_unless_asked(book, world, tmp_path):
    """No surname of the world is in any file, in any grammatical case; the same person has the same pseudonym everywhere."""
    page = world.card(
        "hhhh-1", court="57GV0001", number="1-99/2025",
        persons=[{"name": "Придуманов П.П.", "article": ("Придуманов П.П. - ст.337 ч.5", "337/5")}],
        events=[{"name": ("Судебное заседание", "hearing"), "date": ("01.02.2025", "2025-02-01"),
                 "note": ("в отношении Придуманова", None)}],
    )  # fmt: skip
    article = world.Page("article")
    article.say("https://news.test/1", "title", "Суд вынес приговор")
    article.say("https://news.test/1", "body", "Придуманов сказал в суде", derived=True)
    book.enter_many([*world.small(), world.entry(7, page), world.entry(8, article)])
    surnames = ["ымысл", "ридуман", "ебылицын", "казкин", "езднев"]
    for form in ("csv", "jsonl"):
        for each in exported(book, tmp_path / form, form):
            text = Path(each.file).read_text()
            assert [name for name in surnames if name in text.casefold()] == []
        named = (tmp_path / form / f"persons.{form}").read_text()
        assert named.count(PEOPLE.name("Придуманов П.П.")) == 3
    named = {Path(each.file).stem: Path(each.file).read_text().casefold() for each in exported(book, tmp_path, named=True)}
    assert {table: [name for name in surnames if name in text] for table, text in named.items()} == {
        "cases": surnames, "persons": surnames, "events": ["ридуман"], "observations": surnames,
        "coverage": [], "takedowns": [],
    }  # fmt: skip


def test_a_guessed_name_is_tried(book, world, tmp_path):
    """The plain hash of a named value is not given away: who guesses the name cannot check it."""
    book.enter_many(world.small())
    exported(book, tmp_path, "jsonl")
    told = [json.loads(line) for line in (tmp_path / "observations.jsonl").read_text().splitlines()]
    plain = {s.observation for s in book.sightings() if s.property == "name" and "#person:" in s.subject}
    assert plain and plain.isdisjoint(row["observation"] for row in told)
    others = {s.observation for s in book.sightings() if s.property == "received"}
    assert others <= {row["observation"] for row in told}


def test_the_key_of_the_pseudonyms(tmp_path, keyring):
    """Made once, kept among its owner's keys and not in the archive, and without it another archive names people otherwise."""
    first = pseudonyms(tmp_path)
    assert pseudonyms(tmp_path) == first
    (kept,) = keyring.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and first.key.hex() in path.read_text()] == []
    assert first.name("Вымыслов И.И.") == first.name("вымыслов  и.и.")
    assert first.name("Вымыслов И.И.") != PEOPLE.name("Вымыслов И.И.")
    assert first.name("Вымыслов И.И.").startswith("В-")
    assert first.name(None) is None
    kept.unlink()
    with pytest.raises(NoKey, match="put it back"):
        pseudonyms(tmp_path)


def test_a_key_of_an_earlier_version(tmp_path):
    """It leaves the archive for the keyring, and people keep their pseudonyms."""
    (tmp_path / "pseudonym.key").write_text(PEOPLE.key.hex())
    assert pseudonyms(tmp_path) == pseudonyms(tmp_path) == PEOPLE
    assert not (tmp_path / "pseudonym.key").exists()


def test_one_case_and_one_file(book, world, tmp_path):
    """A case by its id, into a file by its name; a mark for Excel where wanted; what is not there is said."""
    book.enter_many(world.small())
    listing = Listing.of(book, key=PEOPLE, named=True, case="reg:criminal-1:bbbb-1")
    (written,) = export(listing, "csv", tmp_path / "persons.csv", bom=True)
    assert written.rows == 3
    assert (tmp_path / "persons.csv").read_bytes().startswith(b'\xef\xbb\xbf"person"')
    (other,) = export(listing, "jsonl", tmp_path / "my.jsonl")
    assert [json.loads(line)["case"] for line in Path(other.file).read_text().splitlines()] == ["case:reg:criminal-1:bbbb-1"]
    with pytest.raises(NotFound):
        Listing.of(book, key=PEOPLE, named=True, case="case:nobody")
    with pytest.raises(ValueError, match="dbase"):
        export(listing, "dbase", tmp_path)


def test_a_file_that_cannot_be_finished(book, world, tmp_path, monkeypatch):
    """A full disk leaves no half of a file, and the one from before stands."""
    book.enter_many(world.small())
    (tmp_path / "cases.csv").write_text("before")
    listing = Listing.of(book, key=PEOPLE)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFull):
        export(listing, "csv", tmp_path / "cases.csv")
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {"cases.csv"} | {path.name for path in tmp_path.iterdir() if path.name.startswith("ledger.sqlite")}
    )
    assert (tmp_path / "cases.csv").read_text() == "before"
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="cannot be written"):
        export(listing, "csv", tmp_path / "file" / "cases.csv")
