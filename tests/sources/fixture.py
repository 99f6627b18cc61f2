"""The fixture folders of all sources: `NAME/PAGE.html` as its site would send it, `PAGE.head`, `PAGE.expected.json`.

A head holds the address on its first line, then HTTP fields, and `Row:`, a regular expression of one row in the page's source.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from archive.ledger.observation import Reading
from crawler import sites
from crawler.page import Page
from crawler.source import Source

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Fixture:
    """One saved page of a source, and what is known of it."""

    file: Path

    @property
    def head(self) -> dict[str, str]:
        url, *fields = self.file.with_suffix(".head").read_text(encoding="utf-8").splitlines()
        return {"URL": url, **dict(field.split(": ", 1) for field in fields)}

    @property
    def expected(self) -> Path:
        return self.file.with_suffix(".expected.json")

    @property
    def source(self) -> Source:
        return sites.source_named(self.file.parent.name)

    @property
    def row(self) -> re.Pattern[bytes]:
        charset = self.head["Content-Type"].rpartition("=")[2]
        return re.compile(self.head["Row"].encode(charset), re.DOTALL)

    def open(self, body: bytes | None = None) -> Page:
        """The page, or a changed body in its place."""
        return Page.open(
            self.file.read_bytes() if body is None else body,
            self.head["URL"],
            content_type=self.head["Content-Type"],
            default_charset=self.source.charset,
        )

    def compare(self, found: dict[str, Any]) -> dict[str, Any]:
        """What a person has read on the page. The first time it is written, and the test fails; in CI nothing is written."""
        if not self.expected.exists():
            if os.environ.get("CI"):
                raise AssertionError(f"{self.expected} is not there")
            self.expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            raise AssertionError(f"{self.expected} was written: read it, then run again")
        kept: dict[str, Any] = json.loads(self.expected.read_text(encoding="utf-8"))
        return kept


def fixtures(folder: Path = FOLDER) -> list[Fixture]:
    """Every page of every fixture folder; a folder without one is a page that is missing."""
    folders = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("_"))
    return [Fixture(file) for each in folders for file in sorted(each.glob("*.html")) or [each / "page.html"]]


def told(reading: Reading) -> dict[str, Any]:
    """A reading as it stands in an expected.json."""
    return {
        "verdict": reading.verdict,
        "kind": reading.kind,
        "counter": None if reading.counter is None else list(astuple(reading.counter)),
        "flags": list(reading.flags),
        "observations": [[o.subject, o.property, o.raw, o.value, o.derived] for o in reading.observations],
        "unread": [unread.text for unread in reading.unread],
        "links": [[link.rel, link.url, link.text] for link in reading.links],
    }
