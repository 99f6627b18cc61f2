"""How a new source begins: its file in `crawler/sites/` and its fixture folder, ready to be filled in."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from crawler.errors import BadSettings

_NAME = re.compile(r"[a-z][a-z0-9_]*")
SITES, FIXTURES = Path("crawler", "sites"), Path("tests", "sources")

_SITE = Template('''\
"""$host: its register of cases, a table of rows known by their headers."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from archive.ledger.observation import Counter, Link, Reading
from crawler.cells import Found, cells, column, grid, rows, say_date, say_judge, say_numbers, say_result
from crawler.errors import Unreadable
from crawler.page import Page
from crawler.source import Source

TABLE = "table"  # the one table of cases: say by which class or id it is known
COURT = "$name"  # the court's official code, where it has one
_TOTAL = re.compile(r"(?:найдено|всего)\\D{0,40}(\\d+)", re.IGNORECASE)
_COLUMNS = (
    column("number", "number", r"(номер|№)( дела)?"),
    column("received", "date", r"дата поступления"),
    column("judge", "judge", r"судья"),
    column("result", "text", r"результат( рассмотрения)?|решение"),
)


def matches(url: str) -> bool:
    return urlsplit(url).hostname == "$host"


def judge(page: Page) -> tuple[str, str] | None:
    """A page of cases by its own marks: a count and the table."""
    if _total(page) is None:
        return None
    return ("page", "a table of cases") if page.all(TABLE) else ("unreadable", "a count without its table")


def read(page: Page) -> Reading:
    """Every row is a case; raises Unreadable where count, headers and rows do not agree."""
    found, total = Found(), _total(page)
    header, *lines = rows(page.one(TABLE)) or [page.one(TABLE)]
    met = grid(header, lines, _COLUMNS, found, needs=("number",))
    if total != len(lines):
        raise Unreadable(f"{len(lines)} rows where {total} are said to be found")
    for line in lines:
        row = met.row(line)
        link = row.line.one("a[href]")
        address = urljoin(page.url, link.attr("href") or "")
        subject = f"reg:other:{COURT}:{(link.attr('href') or '').rstrip('/').rpartition('/')[2]}"
        found.links.append(Link(address, "card", link.text, link.selector))
        for one, _, cell in row.places:
            part = cell.whole
            match one.shape if one is not None else "":
                case "number" if part is not None:
                    found.say(part, subject, "court", COURT, derived=True)
                    found.say(part, subject, "card", address, derived=True)
                    say_numbers(found, part, subject, "number", "number_previous")
                case "date":
                    say_date(found, part, subject, "received")
                case "judge":
                    say_judge(found, part, subject, "judge")
                case "text":
                    say_result(found, part, subject, "result")
                case _:
                    found.leave(part)  # a column we do not know: kept, and an alarm
    return found.reading(SOURCE.parser, page, "listing", Counter(len(lines), min(len(lines), 1), len(lines)))


def _total(page: Page) -> int | None:
    leaves = (node for node in page.all("h1, h2, h3, p, div, span, td, caption") if not cells(node))
    return next((int(said[1]) for node in leaves if (said := _TOTAL.search(node.text))), None)


SOURCE = Source(
    name="$name",
    title="$host",
    publisher="$host",
    kind="court-register",
    version=1,
    matches=matches,
    judge=judge,
    read=read,
    follow=("card",),
)
''')
_HEAD = Template("""\
$url
Content-Type: text/html; charset=utf-8
Row: <tr\\b.*?</tr>
""")


def new(root: Path, name: str, url: str) -> list[Path]:
    """Write the file and the fixture folder of a source into the checkout at `root`, or into a folder that is none; the paths.

    Beside the head written here (address, then HTTP fields) the saved page belongs: `page.html`, with invented people.
    Raises BadSettings, before anything is written, where `root` lies within a checkout, the name is none or taken, or the URL
    is none.
    """
    try:
        host = urlsplit(url).hostname if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        host = None
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise BadSettings(f"{name!r} cannot name a source: small Latin letters, digits and _, beginning with a letter")
    if host is None:
        raise BadSettings(f"{url!r} is not an http or https address")
    if not checkout(root) and (top := next((each for each in root.resolve().parents if checkout(each)), None)) is not None:
        raise BadSettings(f"this folder lies within a checkout: run this at its top, {top}; nothing was written")
    file, folder = root / SITES / f"{name}.py", root / FIXTURES / name
    for taken in (file, file.with_suffix(""), folder):
        if taken.exists():
            raise BadSettings(f"{taken} is there already; nothing was written")
    for made in (file.parent, folder):
        made.mkdir(parents=True, exist_ok=True)
    head = folder / "page.head"
    file.write_text(_SITE.substitute(name=name, host=host), encoding="utf-8")
    head.write_text(_HEAD.substitute(url=url), encoding="utf-8")
    return [file, head]


def checkout(root: Path) -> bool:
    """Is this the top of a checkout of Kartoteka, where a source is found as soon as its file lies there?"""
    return all((root / folder).is_dir() for folder in (SITES, FIXTURES)) and (root / SITES / "__init__.py").is_file()
