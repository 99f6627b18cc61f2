"""The house keeps its own plan: floors, doors, and what is in the wheel."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]

PLAN = """# The house

Kartoteka (Russian court clerks' word for the card index of cases) watches court registers and the links that articles
cite, keeps what the network sent as evidence, and draws a case ledger from it in which every value can be shown in the
archived bytes that say it.

    schedules/   WHEN it happens                      plan, daemon, alarms
    crawler/     how pages are GOT and READ           wire, fetch, page, verdict, sites
    archive/     what is KEPT and SAID, and PROVED    warc, index, store, verify; ledger/

Arrows run down only; the layers are contracts in pyproject.toml and run with the tests. Bytes are kept before they are
read, and nothing is in the ledger that the archive cannot show.

The path of one URL: `fetch` tries by rule over the `wire`, which keeps both directions byte for byte; `store` appends,
syncs, enters one transaction, and only then acknowledges; `readers` open the page FROM THE ARCHIVE in a limited worker, ask
`verdict` whether it is the page at all, and let `sites` read it; `book` enters what was read; `case` and `tally` are views.

A folder that is an archive:

    format            which version of this layout
    lock              held by the one writer
    warc/             the evidence: kartoteka-TIME-SERIAL.warc.gz, one gzip member a record
    index.sqlite      where every capture lies; made again by `crawl rebuild`
    ledger.sqlite     what the captures say; made again by `crawl rebuild`
    state.sqlite      pauses owed to hosts; not evidence
    kartoteka.toml    settings, where a person made some
    plan.toml         what is watched, and how often
    log/              the captures' log: checkpoint, vkey, tile/; its key lies outside, in the user's keyring
    inbox/            work handed to a running daemon

"""

# Which rooms an outside library may enter by; docs/dependencies.md has the reasons.
DOORS = {
    "apscheduler": {"schedules.daemon"},
    "brotli": {"archive.coding"},
    "certifi": {"crawler.tls"},
    "charset_normalizer": {"crawler.charset"},
    "cryptography": {"archive.certificate", "archive.note", "archive.seal", "archive.stamps", "crawler.demo.ca", "schedules.alarms"},
    "deflate": {"archive.coding", "archive.glance", "archive.member", "archive.warc"},
    "defusedxml": {"crawler.citations.docx"},
    "holidays": {"archive.ledger.workdays"},
    "htmldate": {"crawler.datelines"},
    "httpx": {"crawler.asking", "crawler.carry", "crawler.wire", "schedules.notify"},
    "idna": {"archive.urls"},
    "isal": {"archive.warc"},
    "orjson": {"archive.ledger.askings", "archive.ledger.book", "archive.ledger.counted", "archive.manifest", "crawler.readers"},
    "platformdirs": {"archive.door", "archive.keyring"},
    "prometheus_client": {"schedules.gauges"},
    "protego": {"crawler.robots"},
    "pyarrow": {"archive.ledger.export.parquet"},
    "pydantic": {"crawler.setting"},
    "pydantic_settings": {"crawler.setting"},
    "pypdf": {"crawler.citations.pdf"},
    "rfc3161_client": {"archive.stamps"},
    "rich": {"archive.cli", "archive.door", "crawler.lines"},
    "selectolax": {"crawler.page"},
    "snowballstemmer": {"archive.ledger.wordforms"},
    "structlog": {"schedules.journal"},
    "sqlalchemy": {
        "archive.ledger.book", "archive.ledger.tables", "archive.schema", "schedules.alarms", "schedules.outbox",
    },
    "tenacity": {"crawler.fetch"},
    "tldextract": {"crawler.editions.houses"},
    "trafilatura": {"crawler.sites.article"},
    "typer": {
        "archive.ask", "archive.cli", "archive.door", "archive.export_cli", "archive.review", "archive.search_cli",
        "archive.takedown_cli", "crawler.cites_cli", "crawler.claims_cli", "crawler.cli", "crawler.editions_cli",
        "crawler.stamp_cli", "schedules.cli", "schedules.operate",
    },
    "uvloop": {"crawler.cli", "crawler.shards"},
    "warcio": {"archive.warc"},
    "zstandard": {"archive.coding"},
}  # fmt: skip


def test_arrows_run_down_only() -> None:
    """No room imports one above it, and each outside library enters by its named rooms."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_else_at_the_top() -> None:
    """Top-level folders are fixed: the three floors, their tests and their papers."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    assert {".ci", "archive", "crawler", "docs", "schedules", "tests"} == {Path(p).parts[0] for p in tracked if "/" in p}


def test_each_library_enters_by_its_rooms() -> None:
    """A stranger is met at one or two doors, and renamed there."""
    own = {"archive", "crawler", "schedules"}
    met: dict[str, set[str]] = defaultdict(set)
    for path in (path for floor in own for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - own - sys.stdlib_module_names:
                met[name].add(".".join(path.relative_to(ROOT).with_suffix("").parts))

    assert DOORS == dict(met)


def test_each_library_has_its_reason() -> None:
    """docs/dependencies.md names the rooms by which a library enters; command lines and tables are everywhere at the doors."""
    rows = [row.split("|") for row in (ROOT / "docs/dependencies.md").read_text("utf-8").splitlines() if row.startswith("| ")]
    named = {library.strip(): cells[2] for cells in rows for library in cells[1].partition(" (")[0].split(",")}
    rooms = {
        (library, room.replace(".", "/"))
        for library, entered in DOORS.items() if library not in ("typer", "rich")
        for room in entered
    }  # fmt: skip
    kept = {"pydantic": "pydantic-settings"}
    told = {
        (library, room) for library, room in rooms
        if any(place in named.get(kept.get(library, library.replace("_", "-")), "") for place in (f"`{room}.py`", f"`{room.rpartition('/')[0]}/`"))
    }  # fmt: skip

    assert rooms == told


def test_nothing_is_executed_that_was_stored() -> None:
    """No pickle, no eval, no unchecked archive extraction, no certificate waved through, anywhere in the three floors."""
    never = {"pickle", "marshal", "shelve", "eval", "exec", "extractall", "yaml"}
    found = set()
    for path in (path for floor in ("archive", "crawler", "schedules") for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else None
            imported = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            found |= {(path.name, word) for word in ({name} | imported) & never}

    assert found == set()


def test_the_wheel_holds_the_three_floors_and_their_data(tmp_path: Path) -> None:
    """What is installed has the court register and the demo's templates, and no tests."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        names = set(packed.namelist())

    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert {"archive", "crawler", "schedules"} == tops
    assert {"archive/ledger/courts.tsv", "crawler/demo/templates/card.html"} <= names


def rooms() -> str:
    """Every room by floor, with the question it answers: the first line of each file."""
    lines = []
    for floor in ("schedules", "crawler", "archive"):
        lines += [f"## {floor}/", "", "| room | what it answers |", "| --- | --- |"]
        for path in sorted((ROOT / floor).rglob("*.py")):
            doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            lines.append(f"| `{path.relative_to(ROOT / floor)}` | {doc.splitlines()[0] if doc else ''} |")
        lines.append("")
    return "\n".join(lines)


def test_the_plan_on_paper_is_the_plan_in_the_code() -> None:
    """docs/house.md lists every room by its own first line. To write it anew: python tests/test_house.py > docs/house.md"""
    assert PLAN + rooms() == (ROOT / "docs" / "house.md").read_text("utf-8")


if __name__ == "__main__":
    sys.stdout.write(PLAN + rooms())
