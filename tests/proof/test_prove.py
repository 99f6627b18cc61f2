"""A report shows the value in the bytes that say it, and never says more than was checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest

from archive.errors import NotFound
from archive.finding import Verdict, status
from archive.ledger.book import Book
from archive.prove import LOG, TIME, Report, prove
from archive.store import Archive
from tests.proof.world import NOON, REG, Kept, reading


@pytest.fixture
def book(kept: Kept) -> Iterator[Book]:
    with Book.open(kept.home) as opened:
        yield opened


def test_a_value_is_shown_where_it_stands(archive: Archive, book: Book) -> None:
    """The quote, marked, with what surrounds it in the decoded source."""
    (value,) = prove(archive, book, REG, "number").values

    assert ("1-17/2026", "1-17/2026", "cp1251", "sudrf/1") == (value.value, value.quote, value.charset, value.parser)
    assert value.before.endswith("<p>Дело № <b>")
    assert value.after.startswith("</b></p><p>Поступило: 12.01.2026</p>")
    assert 60 == len(value.after)
    assert 2 == value.times


def test_the_digests_are_those_of_the_octets(kept: Kept, archive: Archive, book: Book) -> None:
    """Computed now, from the range that the report names; a revisit names the record that has the body."""
    (value,) = prove(archive, book, REG, "received").values
    octets = kept.file.read_bytes()
    first, second = archive.capture(value.source.body_of), archive.capture(value.source.capture)

    assert (0, 1) == (first.seq, second.seq)
    for place in (value.source.record, value.source.body):
        member = octets[place.offset : place.offset + place.length]
        assert place.member_sha256 == hashlib.sha256(member).hexdigest()
    assert first.payload_sha256 == value.source.body.payload_sha256


def test_what_was_not_checked_is_said(archive: Archive, book: Book) -> None:
    """No log, no outside time: NOT CHECKED, not silence; what was checked passes."""
    report = prove(archive, book, REG)
    outcomes = {f.check: f.outcome for f in report.findings}

    assert (Verdict.NOT_CHECKED, Verdict.NOT_CHECKED) == (outcomes[LOG], outcomes[TIME])
    assert 3 == len([f for f in report.findings if f.check == "9 ledger values" and f.outcome is Verdict.PASS])
    assert 0 == status(report.findings)


def test_the_text_names_its_limits_and_gives_no_verdict(archive: Archive, book: Book) -> None:
    """A person reads bounds of time, the command that repeats the checks, and what is not shown."""
    text = prove(archive, book, REG, "number").text()

    assert "«1-17/2026»" in text
    assert "not later than: not anchored" in text
    assert "python -m archive verify " in text
    assert "TLS gives no non-repudiation" in text
    assert "verified (TLSv1.3, TLS_AES_128_GCM_SHA256; certificates kept)" in text
    assert "authentic" not in text.lower()


def test_the_repeated_command_gives_the_digest(kept: Kept, archive: Archive, book: Book) -> None:
    """`tail | head | sha256sum`, as printed, is a check that anyone can run."""
    import subprocess

    lines = prove(archive, book, REG, "number").text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.lstrip().startswith("tail -c"))
    done = subprocess.run(["sh", "-c", lines[at]], cwd=kept.home, capture_output=True, text=True, check=True)

    assert lines[at + 1].strip() == done.stdout.split()[0]


@pytest.mark.parametrize("name", [REG, f"case:{REG}", "1-17/2026"])
def test_a_case_is_found_by_its_names(archive: Archive, book: Book, name: str) -> None:
    """Registration, case id and number lead to the same values."""
    assert ["judge", "number", "received"] == sorted(value.property for value in prove(archive, book, name).values)


@pytest.mark.parametrize(("name", "property"), [("reg:criminal-1:none", None), (REG, "decided"), ("1-99/2026", None)])
def test_nothing_to_prove_is_an_error(archive: Archive, book: Book, name: str, property: str | None) -> None:
    """An empty report would look like a good one."""
    with pytest.raises(NotFound):
        prove(archive, book, name, property)


def test_another_reading_is_told_as_otherwise(kept: Kept, archive: Archive) -> None:
    """Two captures that disagree stand beside each other."""
    captures = kept.captures()
    with Book.open(kept.home, write=True, now=lambda: NOON) as book:
        other = reading("1-71/2026")
        book.enter(captures[8], type(other)("page", "mirror/1", "cp1251", observations=other.observations, kind="listing"))
    with Book.open(kept.home) as book:
        shown = {v.value: v for v in prove(archive, book, REG, "number").values if v.source.seq != 8}

    assert [("1-71/2026", captures[8].id)] == [(o.value, o.capture) for o in shown["1-17/2026"].otherwise]


def test_a_changed_quote_fails_in_the_report(kept: Kept, archive: Archive) -> None:
    """The report is not kinder than the verifier."""
    kept.sql("UPDATE sighting SET quote = '1-18/2026' WHERE quote = '1-17/2026'", file="ledger.sqlite")
    with Book.open(kept.home) as book:
        report = prove(archive, book, REG, "number")

    assert {Verdict.FAIL} == {f.outcome for f in report.findings if f.subject == f"{REG} number"}
    assert 4 == status(report.findings)


def test_damaged_octets_fail_in_the_report(kept: Kept, archive: Archive) -> None:
    """A value whose page is damaged is not shown, and the reason is."""
    octets = bytearray(kept.file.read_bytes())
    member = kept.member("response", 0)
    octets[member.offset + 40] ^= 1
    kept.file.write_bytes(octets)
    with Book.open(kept.home) as book:
        report = prove(archive, book, REG, "number")

    assert ((), 4) == (report.values, status(report.findings))


def test_rows_are_json_and_keep_the_keys_of_the_contract(archive: Archive, book: Book) -> None:
    """A plain row is a check; values and limits have a kind."""
    rows = [json.loads(json.dumps(row)) for row in prove(archive, book, REG, "number").rows()]

    assert {"check", "subject", "outcome", "detail"} == {key for row in rows if "kind" not in row for key in row}
    assert {"value", "limit"} == {row["kind"] for row in rows if "kind" in row}


def test_a_page_cannot_write_lines_of_the_report(archive: Archive, book: Book) -> None:
    """Line ends in a quote are shown as signs: no page says PASS."""
    report = prove(archive, book, REG, "number")
    (value,) = report.values
    forged = type(value)(**{f: getattr(value, f) for f in value.__slots__} | {"before": "\n  PASS  forged", "quote": "a\r\nb"})
    text = Report(report.asked, None, report.home, (forged,), ()).text()

    assert [] == [line for line in text.splitlines() if line.strip().startswith("PASS")]
    assert "«a ⏎ b»" in text
