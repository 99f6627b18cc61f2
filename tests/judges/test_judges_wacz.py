"""Packages we write are opened by those who wrote the format: py-wacz, pywb, and ReplayWeb.page in a real browser."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from archive.keyring import Keyring
from archive.package import export, shown
from archive.store import Archive
from tests.packs.world import CODINGS, World, build
from tests.world.browser import replayed
from tests.world.judges import PYWB, WACZ, replaying


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("wacz"))


@pytest.fixture(scope="module")
def package(world: World) -> Path:
    path = world.folder / "all.wacz"
    with Archive.open(world.home) as archive:
        export(archive, path, shown(archive.captures(), {}), keys=world.keys, note=str)
    return path


@pytest.fixture(scope="module")
def unsigned(world: World) -> Path:
    path = world.folder / "unsigned.wacz"
    with Archive.open(world.home) as archive:
        export(archive, path, shown(archive.captures(), {}), keys=Keyring(world.folder / "none"), note=str)
    return path


def pages(package: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(package) as opened:
        return [json.loads(line) for line in opened.read("pages/pages.jsonl").splitlines()[1:]]


def test_py_wacz_finds_it_valid(package: Path, unsigned: Path) -> None:
    """With and without a signature."""
    for path in (package, unsigned):
        ran = WACZ.ask("wacz", "validate", "-f", path)
        assert "Validation succeeded, the passed WACZ is valid" in ran.stdout, ran.stdout + ran.stderr


def test_py_wacz_finds_a_changed_one_invalid(package: Path, tmp_path: Path) -> None:
    """The judge can say no: a page's line is another, and the listing of the zip agrees."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(tmp_path / "bad.wacz", "w") as new:
        for info in old.infolist():
            octets = old.read(info)
            new.writestr(info, octets.replace(b"number=1", b"number=7") if info.filename == "pages/pages.jsonl" else octets)
    ran = WACZ.ask("wacz", "validate", "-f", tmp_path / "bad.wacz")

    assert "Validation succeeded" not in ran.stdout


def test_pywb_replays_what_was_received(world: World, package: Path, tmp_path: Path) -> None:
    """Added as its manager adds packages: each page by its address and time, as the server sent it."""
    PYWB.ask("wb-manager", "init", "ours", at=tmp_path).check_returncode()
    PYWB.ask("wb-manager", "add", "ours", package, "--unpack-wacz", at=tmp_path).check_returncode()
    with Archive.open(world.home) as archive:
        kept = {each["id"]: archive.memento(archive.capture(each["id"])) for each in pages(package)}
    with replaying(tmp_path) as replay:
        shown = {each["id"]: replay.get("ours", datetime.fromisoformat(each["ts"]), each["url"]) for each in pages(package)}

    assert {id_: (m.status, hashlib.sha256(m.entity).hexdigest()) for id_, m in kept.items()} == {
        id_: (r.status, hashlib.sha256(r.body).hexdigest()) for id_, r in shown.items()
    }
    assert len(kept) == 3 * world.cases


@pytest.fixture
def hidden(package: Path, tmp_path: Path) -> Iterator[Path]:
    """Under a name that says nothing."""
    shutil.copy(package, tmp_path / "package.wacz")
    yield tmp_path / "package.wacz"


@pytest.mark.full
@pytest.mark.parametrize("case", range(1, len(CODINGS) + 1), ids=[CODINGS[case % len(CODINGS)] for case in range(1, 5)])
def test_a_person_reads_it_in_a_browser(hidden: Path, case: int) -> None:
    """ReplayWeb.page shows the text of the page, whatever its codings; and asks nobody for the page itself."""
    page = next(each for each in pages(hidden) if each["url"].endswith(f"number={case}"))
    ts = "".join(each for each in page["ts"] if each.isdigit())
    seen = replayed(hidden, page["url"], ts, f"1-{case}/2026")
    text = seen.frames[-1][1]

    assert seen.frames[-1][0].endswith(page["url"])
    assert ["number", f"1-{case}/2026", "received"] == text.split()[:3] and f"Вымыслов И. О. {case}" in text
    assert [] == [each for each in seen.beyond if "court.example" in each] and [] == seen.errors
