"""A report shows the value in the bytes that say it, and never says more than was checked."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from archive import tree
from archive.errors import NotFound
from archive.finding import Finding, Verdict, status
from archive.ledger.book import Book
from archive.prove import Report, prove
from archive.report import commands
from archive.report import text as written
from archive.sheet import sheet
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
    """No outside time: NOT CHECKED, not silence; what was checked passes, the leaf of the capture and the checkpoint too."""
    report = prove(archive, book, REG)
    outcomes = {f.check: f.outcome for f in report.findings}

    assert Verdict.NOT_CHECKED is outcomes["15 outside time"]
    assert (Verdict.PASS, Verdict.PASS) == (outcomes["13 log checkpoint"], outcomes["14 captures in the log"])
    assert 3 == len([f for f in report.findings if f.check == "9 ledger values" and f.outcome is Verdict.PASS])
    assert 0 == status(report.findings)


def test_the_text_names_its_limits_and_gives_no_verdict(archive: Archive, book: Book) -> None:
    """A person reads bounds of time, the command that repeats the checks, and what is not shown."""
    text = written(prove(archive, book, REG, "number"))

    assert "«1-17/2026»" in text
    assert "not later than: not anchored" in text
    assert "python -m archive verify " in text
    assert "TLS gives no non-repudiation" in text
    assert "verified (TLSv1.3, TLS_AES_128_GCM_SHA256; certificates kept)" in text
    assert "authentic" not in text.lower()


def test_the_repeated_commands_give_the_digests(kept: Kept, archive: Archive, book: Book) -> None:
    """`tail | head | sha256sum`, of records and of the manifest, as printed, are checks that anyone can run."""
    told = [each for each in commands(prove(archive, book, REG, "number")) if "sha256sum" in each[0]]
    done = [
        subprocess.run(["sh", "-c", command], cwd=kept.home, capture_output=True, text=True, check=True) for command, _ in told
    ]

    assert 3 == len(told)
    assert [digest for _, digest in told] == [each.stdout.split()[0] for each in done]


def test_the_value_is_led_to_the_log(archive: Archive, book: Book) -> None:
    """Leaf, path, root and key of the capture's manifest; and the limits speak of the log that was asked."""
    report = prove(archive, book, REG, "number")
    (value,) = report.values
    logged = value.source.logged

    assert logged is not None
    leaf = tree.leaf_hash(logged.entry.encode())
    path = [bytes.fromhex(each) for each in logged.path]
    assert tree.includes(leaf, logged.leaf, logged.size, path, bytes.fromhex(logged.root))
    assert value.source.manifest_sha256 == json.loads(logged.entry)["manifest"]
    assert any("no witness of others has signed it" in limit for limit in report.limits)
    assert any("by the clock of the capturing machine alone" in limit for limit in report.limits)


class Looker(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and the text of each."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._in = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._in.pop()

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self._in[-1], []).append(data)


def looked(page: str) -> Looker:
    looker = Looker()
    looker.feed(page)
    looker.close()
    return looker


OURS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "div", "table", "tr", "th", "td", "code", "pre",
    "mark", "ol", "ul", "li", "br", "em", "span", "footer",
}  # fmt: skip


def test_the_page_shows_the_value_where_it_stands(archive: Archive, book: Book) -> None:
    """Marked in its surroundings, with the chain, every check, the limits, and a certificate that is left to a person."""
    report = prove(archive, book, REG, "number")
    page = sheet(report)
    seen = looked(page)

    assert OURS >= {tag for tag, _ in seen.elements}
    assert ["1-17/2026"] == seen.text["mark"]
    assert "<p>Дело № <b>" in "".join(seen.text["pre"])
    assert [f.outcome.value for f in report.findings] == [text for text in seen.text["td"] if text in set(Verdict)]
    (value,) = report.values
    for told in (
        value.source.record.member_sha256, value.source.body.payload_sha256, value.source.manifest_sha256, "Leaf 1 of the log",
        "902(13)", "902(14)", "no witness has signed it", "No outside stamp bounds it in time", *report.limits[:1],
    ):  # fmt: skip
        assert told in page
    assert "authentic" not in page.lower().replace("authenticat", "")


HOSTILE = (
    "</pre></mark><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "--><svg/onload=alert(1)>", "&lt;b&gt; &amp;",
    "</title></style><style>*{display:none}</style>", "<base href=//evil.example>", '"><a href="javascript:alert(1)">',
    "\u202eSSAP\u202c", "\u2066\u2069\ufeff\u200b", "\x00\x1b[2J\x7f", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "]]><!--", "\udc80", "PASS\n  PASS",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_page_is_inert_in_the_page(archive: Archive, book: Book, hostile: str) -> None:
    """Whatever the archived page, its address or its parser says: no element of it lives, and nothing of it is hidden."""
    report = prove(archive, book, REG, "number")
    (value,) = report.values
    source = replace(
        value.source, url=hostile, requested=hostile, peer=hostile, user_agent=hostile, certificate=hostile, tls=hostile
    )
    shown = replace(
        value, subject=hostile, value=hostile, raw=hostile, quote=hostile, passage=(hostile, hostile), selector=hostile,
        charset=hostile, parser=hostile, source=source,
    )  # fmt: skip
    findings = (Finding(hostile, hostile, Verdict.FAIL, hostile),)
    page = (
        sheet(replace(report, asked=hostile, values=(shown,), findings=findings)).encode("utf-8", "backslashreplace").decode()
    )
    before, after = looked(sheet(replace(report, findings=findings))), looked(page)

    def shape(seen: Looker) -> list[tuple[str, dict[str, str | None]]]:
        return seen.elements

    assert shape(before) == shape(after)
    assert not {c for c in page if c not in "\n\t" and not c.isprintable() and c != "\xa0"}
    assert "default-src 'none'" in next(a["content"] or "" for t, a in after.elements if "http-equiv" in a)
    assert not [a for _, a in after.elements if {"src", "href", "style"} & a.keys() or any(name.startswith("on") for name in a)]


def test_the_styles_digest_is_that_of_the_style(archive: Archive, book: Book) -> None:
    """The page's policy lets its own style pass, and no other one."""
    seen = looked(sheet(prove(archive, book, REG, "number")))
    digest = base64.b64encode(hashlib.sha256("".join(seen.text["style"]).encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in next(a["content"] or "" for t, a in seen.elements if "http-equiv" in a)


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
    text = written(Report(report.asked, None, report.home, NOON, (forged,), ()))

    assert [] == [line for line in text.splitlines() if line.strip().startswith("PASS")]
    assert "«a ⏎ b»" in text
