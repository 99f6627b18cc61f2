"""Real documents: every address found whole and counted, none invented; precision and recall are printed."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest

from archive.urls import identity
from crawler.citations import cited
from crawler.citations.values import Citation

pytestmark = pytest.mark.real


def told(file: Path) -> list[Citation]:
    return [each for each in cited(file.read_bytes(), file.name).citations if each.kind == "address"]


def keys(urls: list[str]) -> set[str]:
    return {identity(url) + url.partition("#")[2] for url in urls}


def test_the_seed_with_links(realdata: Path) -> None:
    """Six addresses, twelve places: the broken one is joined, nothing is made of `/337` and the figures around it."""
    found = {each.url: each.occurrences for each in told(realdata / "seeds" / "moscow-times-a81889.pdf.txt")}
    times = "https://www.themoscowtimes.com"

    assert {
        "https://zona.media/article/2023/07/18/337": 2,
        f"{times}/2022/09/20/russian-lawmakers-approve-long-jail-terms-for-military-surrender-refusal-to-serve-a78843": 4,
        f"{times}/2023/07/19/russia-convicts-100-army-deserters-a-week-mediazona-a81889": 1,
        f"{times}/2025/10/29/russia-sentences-8-mobilized-soldiers-to-prison-for-deserting-in-ukraine": 1,
        "https://en.zona.media/article/2023/07/19/337": 2,
        "https://zona.media/article/2023/03/22/500500": 2,
    } == found


def test_the_seed_without_links(realdata: Path) -> None:
    """No address is in it; who it cites is."""
    read = cited((realdata / "seeds" / "article-2025-06-30.txt").read_bytes()).citations

    assert [] == [each for each in read if each.kind != "unresolved"]
    assert {"Mediazona", "Kyiv Independent", "The Insider", "the Office of the Prosecutor General"} <= {
        each.name for each in read
    }


def test_a_paper_with_annotations(realdata: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """32 annotations with an http(s) address, 27 addresses, 5 of them over two lines; and one in the text alone."""
    file = realdata / "news" / "pdf" / "pdfx_valid.pdf"
    both = told(file)
    annotated = [each for each in both if each.origin == "annotation"]

    assert (32, 27) == (sum(each.rectangles for each in annotated), len(annotated))
    assert 5 == sum(each.rectangles == 2 and each.occurrences == 1 for each in annotated)
    truth = keys([str(each.url) for each in annotated]) | keys(["http://dx.doi.org/10.1145/2810103.2813707"])
    pages = "\n\f".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file.read_bytes())).pages)
    text = [each for each in cited(pages.encode()).citations if each.kind == "address"]
    with capsys.disabled():
        for what, read in (("text alone", text), ("text and annotations", both)):
            found = keys([str(each.url) for each in read])
            print(f"\n  {what}: precision {len(found & truth)}/{len(found)}, recall {len(found & truth)}/{len(truth)}", end="")
        print()
    assert truth == keys([str(each.url) for each in both])
    assert keys([str(each.url) for each in text]) <= truth


def test_a_report_with_spaces_in_its_addresses(realdata: Path) -> None:
    """Four addresses, each taken apart by spaces, one of them by a line's end too."""
    assert [
        "https://data.europa.eu/doi/10.2759/731415",
        "https://doi.org/10.1017/dap.2021.21",
        "https://openknowledge.worldbank.org/handle/10986/25960",
        "https://unstats.un.org/unsd/covid19-response/covid19-nso-survey-report-2.pdf",
    ] == [each.url for each in told(realdata / "news" / "pdf" / "d-ind-global.01-2022-pdf-e-184.pdf")]


def test_a_document_without_addresses(realdata: Path) -> None:
    """Nothing is found where nothing is."""
    assert () == cited((realdata / "news" / "pdf" / "test.pdf").read_bytes()).citations
