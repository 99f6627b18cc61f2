"""Hostile text through the whole house: in pages, fields and addresses, to terminal, log, JSON, CSV, CDXJ and the file system."""

from __future__ import annotations

import asyncio
import base64
import csv
import html
import io
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from archive.door import CONTROLS
from archive.ledger.export import csv as cells
from archive.ledger.export import jsonl
from tests.hostile.catalogue import by_path
from tests.hostile.certificates import Authority
from tests.hostile.naughty import EVERY, LONE
from tests.sudrf.invented import ADDRESSES, PAGES
from tests.world.command import ROOT, START
from tests.world.faults import Peer, Script, origin

HOST, PRESS = "sgvs--sml.sudrf.ru", "press.test"
CARD = ADDRESSES["card"]
ROW = "<tr><td>Проверкин Тест Тестович</td>"
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
RAW = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class Said:
    """What one command wrote."""

    words: tuple[str, ...]
    status: int
    out: bytes
    err: bytes


async def crawl(home: Path, *words: str, stdin: bytes = b"", **env: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, *words, "--home", str(home), cwd=ROOT, env={**os.environ, "KARTOTEKA_FREE_BYTES": "0", **env},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Said(words, process.returncode, out, err)


# Many commands in one process: what a command costs to start is no concern of what it writes. Octets are taken from the
# descriptors, below whatever Python puts between.
SEVERAL = """
import base64, json, os, sys, tempfile
from schedules.cli import main
out, told = os.dup(1), []
for words in json.load(sys.stdin):
    files = [tempfile.TemporaryFile() for _ in range(2)]
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    try:
        main(words)
        status = 0
    except SystemExit as exc:
        status = exc.code or 0
    sys.stdout.flush(), sys.stderr.flush()
    told.append([status, *(base64.b64encode(os.pread(file.fileno(), 1 << 30, 0)).decode() for file in files)])
os.write(out, json.dumps(told).encode()) and os.close(out)
"""


async def several(home: Path, commands: Sequence[tuple[str, ...]], **env: str) -> list[Said]:
    """Each command as `crawl` runs it, one after another."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SEVERAL, cwd=ROOT, env={**os.environ, "KARTOTEKA_FREE_BYTES": "0", **env},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(json.dumps([[*words, "--home", str(home)] for words in commands]).encode())
    assert process.returncode == 0
    return [
        Said(words, status, base64.b64decode(told), base64.b64decode(err))
        for words, (status, told, err) in zip(commands, json.loads(out), strict=True)
    ]


def card(texts: Sequence[str]) -> bytes:
    """An invented card whose accused, hearings and judge have these texts for names."""
    page = (PAGES / "card.html").read_bytes().decode("cp1251")
    rows = "".join(
        f"<tr><td>{html.escape(t)}</td><td>ст.158 ч.1 УК РФ</td><td>20.02.2026</td><td>{html.escape(t)}</td></tr>"
        for t in texts
    )
    events = "".join(
        f"<tr><td>{html.escape(t)}</td><td>10.02.2026</td><td>10:00</td><td>{html.escape(t)}</td><td></td><td></td>"
        f"<td>{html.escape(t)}</td><td>11.02.2026</td></tr>"
        for t in texts
    )
    page = page.replace(ROW, rows + ROW, 1)
    page = page.replace("<tr><td>Провозглашение приговора</td>", events + "<tr><td>Провозглашение приговора</td>", 1)
    return page.encode("cp1251", "xmlcharrefreplace")


def article(text: str) -> bytes:
    body = "Суд рассмотрел дело и вынес решение, о котором сообщили стороны. " * 12
    return (
        f"<!doctype html><html lang=ru><head><meta charset=utf-8><title>{html.escape(text)}</title>"
        f'<meta property="og:type" content="article"><meta name=author content="{html.escape(text)}"></head>'
        f"<body><article><h1>{html.escape(text)}</h1><p>{body}</p></article></body></html>"
    ).encode("utf-8", "replace")


def answered(body: bytes, charset: str, *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: text/html; charset=" + charset.encode(), *fields, b"Connection: close"]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


def press(texts: Sequence[str]) -> Script:
    """/N is an article whose title, author and a header field are the N-th text; any other path is one too."""

    async def script(peer: Peer) -> None:
        octets = await peer.request()
        if octets is None:
            return
        path = octets.split(b" ")[1][1:]
        if path == b"robots.txt":
            await peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        text = texts[int(path)] if path.isdigit() and int(path) < len(texts) else "Заголовок"
        field = re.sub(rb"[\r\n\0]", b"?", text.encode("utf-8", "replace"))
        await peer.send(
            answered(article(text), "utf-8", b"X-Text: " + field, b'ETag: "' + field[:50] + b'"', b"Server: " + field)
        )

    return script


@asynccontextmanager
async def served(texts: Sequence[str], folder: Path) -> AsyncIterator[list[str]]:
    """The options that lead to the court and to the press."""
    authority = Authority(folder)
    nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with AsyncExitStack() as stack:
        register = by_path({b"/robots.txt": nothing}, answered(card(texts), "windows-1251"))
        court = await stack.enter_async_context(origin(register, tls=authority.context("good", HOST)))
        paper = await stack.enter_async_context(origin(press(texts)))
        yield [
            "--connect-to", f"{HOST}:443:127.0.0.1:{court.port}", "--connect-to", f"{PRESS}:80:127.0.0.1:{paper.port}",
            "--connect-to", "::127.0.0.1:1", "--ca", str(authority.file), "--pace", "0", "--per-host", "8",
        ]  # fmt: skip


def inert(said: Said) -> None:
    """Nothing that a terminal obeys is in what a command wrote."""
    for octets in (said.out, said.err):
        assert b"Traceback" not in octets, (said.words, octets[-2000:])
        assert RAW.search(octets) is None, (said.words, RAW.search(octets))
        assert CONTROLS.search(octets.decode().replace("\n", "")) is None, said.words


async def through_the_house(texts: Sequence[str], addresses: Sequence[bytes], folder: Path, *proved: str) -> dict[str, int]:
    """Capture, ledger, every question, every export, restore; what was counted on the way. proved: the property, or all."""
    home = folder / "home"
    counted = {"texts": len(texts), "addresses": len(addresses), "outputs": 0, "cells": 0, "lines": 0}
    asked = [CARD.encode(), *(f"http://{PRESS}/{n}".encode() for n in range(0, len(texts), 4)), *addresses]
    async with served(texts, folder) as options:
        first = await crawl(home, "url", "-", *options, "--json", "--verbose", stdin=b"\n".join(asked) + b"\n")
        inert(first)
        rows = [json.loads(line) for line in first.out.splitlines()]
        assert len(rows) == len([a for a in asked if a.strip() and not a.startswith(b"#")])
        assert [row["verdict"] for row in rows if row["url"] == CARD] == ["page"]
        again = await crawl(home, "url", "-", *options, "--verbose", stdin=b"\n".join(asked[1:40:3]) + b"\n")
        inert(again)
    (cases,) = await several(home, [("cases", "--json")])
    case = json.loads(cases.out.splitlines()[0])
    page = f"http://{PRESS}/0"
    questions = [
        ("cases",), ("case", case["case"]), ("prove", case["case"], *proved), ("prove", page), ("tally", "--by", "article,court"),
    ]  # fmt: skip
    exports = [
        ("export", form, "-o", str(folder / f"out.{form}"), *(["--with-names"] if form != "cdxj" else []))
        for form in ("csv", "jsonl", "cdxj")
    ]
    restored = folder / "restored"
    restore = ("restore", CARD, "-o", str(restored))
    forms = [(*words, *form) for words in questions for form in ((), ("--json",))]
    names: set[str] = set()
    for said in await several(home, [*forms, *exports, restore]):
        inert(said)
        if said.words[0] == "export":
            assert said.status == 0, said.err
            place = Path(said.words[3])
            for file in sorted(place.iterdir()) if place.is_dir() else [place]:
                counted |= judge_file(file, counted)
        elif said.words[0] != "restore":
            counted["outputs"] += 2
        if "--json" in said.words:
            lines = [json.loads(line) for line in said.out.splitlines()]
            counted["lines"] += len(lines)
            names |= {row["raw"] for row in lines if said.words[0] == "case" and row.get("property") == "name"}
    # What a reader of the page sees: NUL and C1 are no characters of a page, and white space is folded (CONTRACT, raw).
    assert {" ".join(t.split()) for t in texts if not re.search("[\0\x80-\x9f&]", t)} - {""} <= {
        " ".join(n.split()) for n in names
    }
    await judge_folder(home, restored, folder)
    return counted


def judge_file(file: Path, counted: dict[str, int]) -> dict[str, int]:
    octets = file.read_bytes()
    assert re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", octets) is None, file
    text = octets.decode()
    if file.suffix == ".csv":
        assert text.count("\r") == text.count("\r\n")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) == text.count("\r\n")
        assert [] == [cell for row in rows for cell in row if FORMULA.match(CONTROLS.sub("", cell).lstrip())]
        return {"cells": counted["cells"] + sum(map(len, rows))}
    assert "\r" not in text
    lines = text.split("\n")[:-1]
    for line in lines:
        json.loads(line if file.suffix == ".jsonl" else line.split(" ", 2)[2])
    return {"lines": counted["lines"] + len(lines)}


async def judge_folder(home: Path, restored: Path, folder: Path) -> None:
    """Files with names of ours, in their folder and nowhere else."""
    inside = [path.relative_to(restored).as_posix() for path in restored.rglob("*")]
    assert inside and all(re.fullmatch(r"[A-Za-z0-9.\-/]+", name) for name in inside)
    beside = {path.name for path in folder.iterdir()} - {"root.pem"}
    assert beside == {"home", "restored", "out.csv", "out.jsonl", "out.cdxj"}


def as_addresses(texts: Sequence[str]) -> list[bytes]:
    """The texts where an address is expected: whole, in a path, in a query, in a host."""
    flat = [re.sub(r"[\r\n\x85\x0b\x0c\x1c-\x1e\u2028\u2029]", " ", t).encode("utf-8", "surrogatepass") for t in texts]
    flat = [t for t in flat if t.strip() and not t.strip().startswith(b"#")]
    return flat + [b"http://press.test/x?" + t for t in flat] + [b"http://press.test/x/" + quote(t).encode() for t in flat[::3]]


async def test_naughty_text_through_the_whole_house(tmp_path: Path) -> None:
    """As names, titles, header fields and addresses: inert in every output, and read back as it was."""
    counted = await through_the_house(
        EVERY, [*as_addresses(EVERY[::4]), b"http://press.test/\xff\xfe", b"\xed\xa0\x80"], tmp_path, "name"
    )
    print(counted)


@pytest.mark.parametrize("text", [*EVERY, *LONE])
def test_no_cell_and_no_line_acts(text: str) -> None:
    """A cell is text to a spreadsheet whatever it begins with; a line of JSON is one line, and reads back the same."""
    (line,) = list(cells.lines([{"a": text, "b": [text, text]}], ("a", "b")))[1:]
    row = next(csv.reader(io.StringIO(line.decode("utf-8"), newline="")))
    assert [] == [cell for cell in row if FORMULA.match(CONTROLS.sub("", cell).lstrip())]
    assert RAW.search(line.removesuffix(b"\r\n")) is None
    (told,) = jsonl.lines([{"a": text}])
    assert RAW.search(told) is None and told.count(b"\n") == 1
    assert {"a": text} == json.loads(told)


@pytest.mark.real
@pytest.mark.full
async def test_collected_payloads_through_the_whole_house(tmp_path: Path, realdata: Path) -> None:
    """Every line of the payload collections, and every address of the URL collections."""
    texts = [
        line
        for file in sorted((realdata / "hostile/payloads").iterdir())
        for line in file.read_text("utf-8", "replace").splitlines()
    ]
    texts = list(dict.fromkeys(text for text in texts if text.strip()))
    inputs = json.loads((realdata / "hostile/urls/wpt/urltestdata.json").read_text("utf-8"))
    urls = [each["input"] for each in inputs if isinstance(each, dict)]
    urls += json.loads((realdata / "hostile/urls/hostile-locations.json").read_text("utf-8"))
    for number in range(0, len(texts), 400):
        some = tmp_path / str(number)
        some.mkdir()
        counted = await through_the_house(texts[number : number + 400], as_addresses(urls)[number // 5 :: 13], some)
        print(counted)
