"""A document that attacks its reader costs one process, and the error says what happened."""

from __future__ import annotations

import io
import random
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from crawler.citations import cited, desk
from crawler.confined import Bounds
from crawler.errors import Unreadable
from tests.citations import documents

ADDRESS = "https://court.example/acts/337"
BOMB = b"<w:t>" + b" " * (80 * 1024 * 1024) + b"</w:t>"


def saved(folder: Path, name: str, body: bytes) -> Path:
    file = folder / name
    file.write_bytes(body)
    return file


def test_a_worker_reads_as_the_function_does(tmp_path: Path) -> None:
    """The pipe changes nothing."""
    body = documents.pdf([f"See {ADDRESS}.", "According to Courier of Nowhere, so."], [(ADDRESS, documents.line_box(0))])

    assert cited(body, "a.pdf") == desk.read(saved(tmp_path, "a.pdf", body))


def test_a_package_that_unpacks_without_end_is_refused() -> None:
    """80 MiB of spaces in 80 KiB: no more than the bound is ever unpacked."""
    body = documents.docx("", more={"word/footnotes.xml": BOMB})

    with pytest.raises(Unreadable, match="unpacks to more than"):
        cited(body)


def test_entities_are_not_expanded() -> None:
    """A billion laughs in a Word document."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>')

    with pytest.raises(Unreadable, match="entities or a document type"):
        cited(out.getvalue())


def test_nesting_without_end_is_refused() -> None:
    """Groups in groups."""
    with pytest.raises(Unreadable, match="nested"):
        cited(b"{\\rtf1" + b"{" * 5000)


def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """The process is ended at its deadline."""
    with pytest.raises(Unreadable, match=r"took more than 0\.01 s"):
        desk.read(saved(tmp_path, "a.txt", ADDRESS.encode()), bounds=Bounds(wall=0.01))


def test_a_document_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    """The limit is the process's own, and this one goes on."""
    file = saved(tmp_path, "a.txt", b"x" * (96 * 1024 * 1024))

    with pytest.raises(Unreadable, match=r"memory|ended with status"):
        desk.read(file, bounds=Bounds(memory=200 * 1024 * 1024))


def test_a_file_above_the_bound_is_not_opened(tmp_path: Path) -> None:
    """Nothing of it is read."""
    with pytest.raises(Unreadable, match="at most 10 are read"):
        desk.read(saved(tmp_path, "a.txt", b"x" * 11), bounds=Bounds(size=10))


@pytest.mark.parametrize("make", ["pdf", "docx", "rtf", "html"])
def test_broken_octets_are_an_error_and_never_a_crash(make: str) -> None:
    """Cut anywhere, octets changed anywhere: it is read or Unreadable; the seed is fixed and printed on failure."""
    body = {
        "pdf": documents.pdf([f"See {ADDRESS}."] * 5, [(ADDRESS, documents.line_box(0))]),
        "docx": documents.docx(documents.paragraph(ADDRESS), {"r1": ADDRESS}),
        "rtf": rb'{\rtf1\ansi{\field{\*\fldinst{HYPERLINK "https://court.example/acts/337"}}{\fldrslt x}}\par y}',
        "html": f"<!doctype html><p><a href='{ADDRESS}'>x</a> {ADDRESS}".encode(),
    }[make]
    seed, outcomes = 337, {"read": 0, "unreadable": 0}
    draw = random.Random(seed)
    for _ in range(40):
        octets = bytearray(body)
        for _ in range(draw.randint(1, 8)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        try:
            told = cited(bytes(octets[: draw.randint(len(octets) // 2, len(octets))]), f"a.{make}").citations
            assert all(each.url is None or each.url.startswith("http") for each in told), f"seed {seed}"
            outcomes["read"] += 1
        except Unreadable:
            outcomes["unreadable"] += 1

    assert 40 == sum(outcomes.values())
