"""`crawl new`: what it writes is a source that reads, and that refuses what does not agree."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crawler.errors import BadSettings, Unreadable
from crawler.page import Page
from crawler.scaffold import new
from crawler.source import Source
from schedules.cli import app

URL = "https://sud.example/cases?page=1"
PAGE = """<!DOCTYPE html><html><body><p>Найдено дел: 2</p><table><tr><th>Номер дела</th><th>Дата поступления</th><th>Судья</th>
<th>Результат</th></tr>
<tr><td><a href="/cases/101">1-41/2026</a></td><td>29.01.2026</td><td>Образцов П. П.</td><td>Вынесен ПРИГОВОР</td></tr>
<tr><td><a href="/cases/102">1-42/2026</a></td><td>30.01.2026</td><td>Шаблонова И. О.</td><td></td></tr>
</table></body></html>"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "crawler" / "sites").mkdir(parents=True)
    (tmp_path / "crawler" / "sites" / "__init__.py").touch()
    (tmp_path / "tests" / "sources").mkdir(parents=True)
    return tmp_path


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "__init__.py")


def loaded(file: Path) -> Source:
    spec = importlib.util.spec_from_file_location(f"scaffolded_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    source: Source = module.SOURCE
    return source


def test_the_command_says_what_it_wrote(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line a file, for programs too; the head of the fixture holds the address."""
    monkeypatch.chdir(checkout)
    done = CliRunner().invoke(app, ["--json", "new", "example_court", URL])
    assert done.exit_code == 0, done.output
    files = ["crawler/sites/example_court.py", "tests/sources/example_court/page.head"]
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"file": file} for file in files]
    assert files_in(checkout) == files
    assert str(checkout) in done.stderr and "no checkout" not in done.stderr
    assert (checkout / files[1]).read_text(encoding="utf-8").splitlines()[0] == URL


def test_an_empty_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an installed package, far from any checkout: the same two files, and it is said where they lie and belong."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new", "example_court", URL])
    assert done.exit_code == 0, done.output
    assert files_in(tmp_path) == ["crawler/sites/example_court.py", "tests/sources/example_court/page.head"]
    assert str(tmp_path) in done.stderr and "no checkout" in done.stderr
    assert loaded(tmp_path / "crawler/sites/example_court.py").read(Page.open(PAGE.encode(), URL)).observations
    again = CliRunner().invoke(app, ["new", "example_court", URL])
    assert again.exit_code == 2 and "there already" in again.stderr


def test_a_new_source_reads_a_register_and_refuses_a_shorter_one(checkout: Path) -> None:
    """As written, it reads a table of cases by its headers; a row removed, a count that lies, a table gone are refused."""
    source = loaded(new(checkout, "example_court", URL)[0])
    assert (source.name, source.matches(URL), source.matches("https://other.example/")) == ("example_court", True, False)
    assert source.judge(Page.open(PAGE.encode(), URL)) == ("page", "a table of cases")
    reading = source.read(Page.open(PAGE.encode(), URL))
    assert [(o.property, o.value) for o in reading.observations if o.subject.endswith(":101")] == [
        ("court", "example_court"), ("card", "https://sud.example/cases/101"), ("number", "1-41/2026"), ("received", "2026-01-29"),
        ("judge", "Образцов П. П."), ("result", "verdict"),
    ]  # fmt: skip
    rows = PAGE.splitlines(keepends=True)
    for changed in (PAGE.replace(rows[2], ""), PAGE.replace(rows[3], ""), PAGE.replace("дел: 2", "дел: 3"),
                    PAGE.replace("Номер дела", "Шифр")):  # fmt: skip
        with pytest.raises(Unreadable):
            source.read(Page.open(changed.encode(), URL))
    renamed = source.read(Page.open(PAGE.replace("<th>Судья", "<th>Служитель").encode(), URL))
    assert [each.text for each in renamed.unread] == ["Образцов П. П.", "Шаблонова И. О."]
    gone = source.judge(Page.open(PAGE.replace("table", "div").encode(), URL))
    assert gone == ("unreadable", "a count without its table")


def test_what_is_written_keeps_the_house_rules(checkout: Path) -> None:
    """The new file passes the linter as it is."""
    file = new(checkout, "example_court", URL)[0]
    config = Path(__file__).parents[2] / "pyproject.toml"
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "--config", config, file], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("Example", URL),
        ("import", URL),
        ("../out", URL),
        ("x-y", URL),
        ("fine", "ftp://sud.example/"),
        ("fine", "https://[x"),
        ("fine", "sud"),
    ],
)
def test_a_name_or_an_address_that_is_none(checkout: Path, name: str, url: str) -> None:
    """Refused before anything is written."""
    with pytest.raises(BadSettings):
        new(checkout, name, url)
    assert files_in(checkout) == []


def test_a_source_that_is_there_is_not_written_over(checkout: Path) -> None:
    """Nor is a folder of that name, nor is anything written further down in a checkout."""
    file, head = new(checkout, "example_court", URL)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(BadSettings, match="there already"):
        new(checkout, "example_court", URL)
    (checkout / "crawler" / "sites" / "folder").mkdir()
    with pytest.raises(BadSettings, match="there already"):
        new(checkout, "folder", URL)
    assert (file.read_text(encoding="utf-8"), head.exists()) == ("mine", True)
    with pytest.raises(BadSettings, match="at its top"):
        new(checkout / "crawler", "other", URL)
