"""A takedown reaches every door, index and export, leaves a tombstone, and can be taken back; so does a court's own hiding."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.decisions import Decision, decisions
from archive.ledger import discretion, withheld
from archive.ledger.book import Book
from archive.ledger.export.files import export
from archive.ledger.export.listing import TABLES, Listing
from archive.ledger.moment import NOW, Moment
from archive.ledger.privacy import Names, Pseudonyms, Surnames
from archive.ledger.privacy import of as class_of
from archive.ledger.words import PROPERTIES
from archive.store import Archive
from schedules.cli import main
from tests.proof.world import build

KEY = Pseudonyms(bytes(range(32)))
AT = datetime(2025, 7, 1, tzinfo=UTC)
FORMS = ("csv", "jsonl", "sqlite", "package", "ftm", "parquet")


def text_of(folder: Path) -> str:
    """All that the files of an export hold, read as anybody would: Parquet and SQLite keep their text in the clear or are read."""
    import duckdb

    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            found.append(str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()))
        elif path.is_file():
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


def person(book: Book, subject: str, name: str) -> withheld.Takedown:
    case = next(c for c in NOW.cases(book) if any(p.subject == subject for r in c.registrations for p in r.persons))
    subjects = tuple(r.subject for r in case.registrations)
    return withheld.Takedown("takedown-1", AT, "asked for by the person", "person", subjects, frozenset({KEY.token(name)}))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("named", [False, True])
def test_a_person_is_taken_down(book, world, tmp_path, form, named):
    """No file holds the name in any grammatical case, other people are told as before, and the statistics do not move."""
    note = world.card(
        "bbbb-1", court="57GV0001", number="1-12/2025", persons=[{"name": "Придуманов П.П."}, {"name": "Небылицын Н.Н."}],
        events=[{"name": ("Заседание", "hearing"), "date": ("01.02.2025", "2025-02-01"), "note": ("допрошен Придуманов", None)}],
    )  # fmt: skip
    book.enter_many([*world.small(), world.entry(9, note)])
    taken = person(book, "reg:criminal-1:bbbb-1#person:1", "Придуманов П.П.")
    before = Listing.of(book, key=KEY, named=named)
    after = Listing.of(book, key=KEY, named=named, takedowns=[taken])
    export(after, form, tmp_path / "out")
    told = text_of(tmp_path / "out")
    assert "ридуман" not in told.casefold()
    assert KEY.name("Придуманов П.П.") not in told
    assert ("Небылицын" if named else KEY.name("Небылицын Н.Н.")) in told
    assert after.head != before.head
    assert [(c.id, c.received, c.result, len(c.people)) for c in after.cases] == [
        (c.id, c.received, c.result, len(c.people)) for c in before.cases
    ]


def test_a_takedown_leaves_a_tombstone(book, world, tmp_path):
    """What is gone is counted, and named by a digest that nobody without the key can try names against."""
    book.enter_many(world.small())
    taken = person(book, "reg:criminal-1:bbbb-1#person:1", "Придуманов П.П.")
    whole = withheld.Takedown("takedown-2", AT, "by order", "case", ("reg:criminal-1:cccc-1",))
    listing = Listing.of(book, key=KEY, takedowns=[taken, whole])
    first, second = listing.rows("takedowns")
    names = [s.observation for s in book.sightings(only="name") if s.value == "Придуманов П.П."]
    case = [q.sighting.observation for q in book.quoted(["reg:criminal-1:cccc-1"])]
    assert (first["scope"], first["persons"], first["observations"]) == ("person", 1, len(names))
    assert first["sha256"] == KEY.digest("\n".join(sorted(names)))
    assert (second["scope"], second["cases"], second["observations"]) == ("case", 1, len(case))
    assert not any("cccc-1" in json.dumps(row) for table in TABLES for row in listing.rows(table))


def test_a_case_that_grows_stays_down(book, world):
    """A registration that joins the case later is withheld with it, and another one is not."""
    book.enter_many(world.small()[:3])
    taken = withheld.Takedown("t", AT, "by order", "case", ("reg:criminal-1:bbbb-1",))
    book.enter_many(world.small()[3:])
    veil = withheld.drawn([taken], NOW.cases(book), KEY)
    shown = {r.subject for case in veil.cases(NOW.cases(book)) for r in case.registrations}
    assert "reg:criminal-appeal:bbbb-2" not in shown and "reg:criminal-1:aaaa-1" in shown


def test_the_key_is_lost(book, world):
    """Without the key nobody can tell who was meant: then nobody of the case is named."""
    book.enter_many(world.small())
    taken = person(book, "reg:criminal-1:bbbb-1#person:1", "Придуманов П.П.")
    for key in (None, Pseudonyms(bytes(32))):
        veil = withheld.drawn([taken], NOW.cases(book), key)
        names = [
            p.get("name")
            for c in veil.cases(NOW.cases(book))
            for r in c.registrations
            for p in r.persons
            if "bbbb" in p.subject
        ]
        assert names == [None, None, None]


@pytest.mark.parametrize("named", [False, True])
def test_a_court_hides_a_name_it_had_printed(book, world, tmp_path, named):
    """From then on no view and no export has it, of no moment either; a name never printed hides nothing."""
    entries = world.small()
    hidden = world.card(
        "bbbb-1", court="57GV0001", number="1-12/2025",
        persons=[{"name": ("Информация скрыта", None), "article": ("ст.338 ч.1 УК РФ", "338/1")}, {"name": "Небылицын Н.Н."}],
    )  # fmt: skip
    book.enter_many([*entries, world.entry(9, hidden)])
    for asked in (NOW, Moment(known_at=entries[-1].capture.at)):
        listing = Listing.of(book, key=KEY, named=named, asked=asked)
        export(listing, "jsonl", tmp_path / "out")
        told = text_of(tmp_path / "out")
        assert "ридуман" not in told and KEY.name("Придуманов П.П.") not in told
        assert ("Вымыслов" if named else KEY.name("Вымыслов Иван Ильич")) in told
    assert {name for case in NOW.cases(book) for r in case.registrations for name in r.hidden} == {"Придуманов П.П."}


def test_a_person_who_leaves_a_page_is_not_hidden(book, world):
    """One who is severed from a case keeps his name, though another on the page never had one."""
    two = [{"name": "Придуманов П.П."}, {"name": ("Информация скрыта", None)}]
    book.enter_many([
        world.entry(1, world.card("x-1", court="57GV0001", number="1-1/2025", persons=two)),
        world.entry(2, world.card("x-1", court="57GV0001", number="1-1/2025", persons=two[1:])),
    ])  # fmt: skip
    assert [name for case in NOW.cases(book) for r in case.registrations for name in r.hidden] == []


def test_every_property_has_a_class():
    """What the ledger can hold is public or restricted, and a property that nobody knows is an error."""
    subjects = {
        "registration": "reg:criminal-1:a", "person": "reg:criminal-1:a#person:1", "event": "reg:criminal-1:a#event:1",
        "hearing": "reg:criminal-1:a#hearing:2025-01-01:10:00", "sentence": "reg:criminal-1:a#person:1#sentence",
        "page": "https://news.test/1", "claim": "https://news.test/1#claim:1",
    }  # fmt: skip
    classes = {(form, name): class_of(subjects[form], name) for form, names in PROPERTIES.items() for name in names}
    restricted = {pair for pair, found in classes.items() if found == "restricted"}
    assert restricted == {("person", "name"), ("page", "body"), ("sentence", "unit")}
    with pytest.raises(ValueError, match="no property"):
        class_of("reg:criminal-1:a", "shoe-size")


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Суд приговорил Придуманова", True),
        ("Дело ПРИДУМАНОВА П.П.", True),
        ("Придумка удалась", False),
        ("Суд вынес приговор", False),
    ],
)
def test_a_title_names_somebody(title, named):
    """A surname of any case is found in texts of no case, in its other forms; words that begin otherwise are not."""
    assert Surnames.of(["Придуманов П.П.", "Суд С."]).inside(title) is (named or title.startswith("Суд"))


def crawl(home: Path, *words: str) -> tuple[int, list[dict]]:
    """The command in this process: its exit status, and its lines."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([*words, "--home", str(home), "--json"])
    return int(ended.value.code or 0), [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_doors_go_by_the_register(tmp_path, monkeypatch):
    """By the command: taken down, gone from cases, case, changes, prove, restore and export; back when it is taken back."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    home = tmp_path / "home"
    build(home)
    status, (listed,) = crawl(home, "cases")
    case, capture = listed["case"], listed["captures"][0]
    number = listed["numbers"][0]
    doors = [
        ("case", case), ("prove", case), ("restore", capture, "-o", str(tmp_path / "laid")), ("cases",), ("changes",),
        ("cases", "--query", number), ("search", number),
    ]  # fmt: skip
    assert [crawl(home, *door)[0] for door in (doors[0], *doors[3:])] == [0] * 5
    status, (stone,) = crawl(home, "takedown", case, "--reason", "by order of the court")
    assert (status, stone["scope"], stone["cases"], stone["reason"]) == (0, "case", 1, "by order of the court")
    assert [crawl(home, *door) for door in doors] == [(5, [])] * 7
    assert not (tmp_path / "laid").exists()
    assert crawl(home, "export", "jsonl", "-o", str(tmp_path / "out"))[0] == 0
    assert (tmp_path / "out" / "observations.jsonl").read_text() == ""
    assert crawl(home, "takedown", "--undo", stone["takedown"], "--reason", "the order was lifted")[0] == 0
    assert [crawl(home, *door)[0] for door in (doors[0], *doors[2:])] == [0] * 6
    assert discretion.takedowns(home) == ()


def test_people_are_named_to_somebody(tmp_path, monkeypatch):
    """That an export had names is a record of the archive, which says what was exported and names nobody."""
    monkeypatch.setenv("KARTOTEKA_FREE_BYTES", "0")
    home = tmp_path / "home"
    build(home)
    status, files = crawl(home, "export", "csv", "-o", str(tmp_path / "plain"))
    assert status == 0 and not names_exported(home)
    status, named = crawl(home, "export", "csv", "-o", str(tmp_path / "named"), "--with-names")
    assert status == 0 and [file["rows"] for file in named] == [file["rows"] for file in files]
    (record,) = names_exported(home)
    assert record.body["form"] == "csv" and len(record.body["head"]) == 64
    assert crawl(home, "export", "csv", "-o", str(home / "out"))[0] == 2
    assert crawl(home, "export", "delta", "-o", str(tmp_path / "delta"))[0] == 2
    status, (delta,) = crawl(home, "export", "delta", "-o", str(tmp_path / "delta"), "--since", "2020-01-01")
    assert (status, delta["rows"] > 0) == (0, True)


def names_exported(home: Path) -> list[Decision]:
    with Archive.open(home) as archive:
        return [kept.decision for kept in decisions(archive, "names-exported")]


@pytest.mark.parametrize(
    "text",
    [
        "Суд признал Небывальского виновным", '<meta content="Дело Небывальского: сколько">', "Неб<b>ываль</b>ского",
        "&#1053;ебывальского", "&lt;p&gt;Небывальск&#1080;й",
    ],
)  # fmt: skip
def test_a_name_is_found_however_the_page_writes_it(text: str) -> None:
    """In an attribute, in pieces, in character references: by the pattern of its case, and among texts of no case."""
    name = ["Небывальский Трифон Маркович"]

    assert Names.of(name).inside(text) and Surnames.of(name).inside(text)
    assert not Names.of(name).inside("<b>Небы</b> &#1074;али")
    assert not Surnames.of(name).inside("&amp; <p class=x>Суд</p> небывальский")
