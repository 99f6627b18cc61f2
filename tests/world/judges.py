"""Other people's readers as processes, each in an environment of its own, made once a machine and kept in its cache.

They bring AGPL and GPL code and pins that fight ours: none of it is imported here. Where an environment cannot be made the
test fails: a verdict that was not asked for is no verdict.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from platformdirs import user_cache_path

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0  # seconds for a server to answer for the first time, on a busy machine


class NoJudge(Exception):
    """A foreign reader could not be installed, or did not start."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time: parallel workers make a shared thing once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class Judge:
    """A reader by name, and what pip installs for it."""

    name: str
    needs: tuple[str, ...]

    def home(self) -> Path:
        """The environment, made where it is not there yet: one for each list of needs and each Python. Raises NoJudge."""
        key = hashlib.sha256("\n".join([*self.needs, sys.version, sys.base_prefix]).encode()).hexdigest()[:16]
        cache = user_cache_path("kartoteka-tests", appauthor=False)
        folder, done = cache / f"{self.name}-{key}", cache / f"{self.name}-{key}.done"
        with locked(cache / f"{self.name}-{key}.lock"):
            if not (done.exists() and folder.exists()):
                done.unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left
                self._install("-m", "venv", str(folder), python=Path(sys.executable))
                pip = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
                self._install(*pip, *self.needs, python=folder / "bin" / "python")
                done.touch()
        return folder

    def _install(self, *words: str, python: Path) -> None:
        ran = subprocess.run([python, *words], capture_output=True, text=True, check=False, env=environment())
        if ran.returncode:
            raise NoJudge(f"{self.name} is needed to judge our files and could not be installed:\n{ran.stdout}{ran.stderr}")

    def command(self, tool: str) -> Path:
        return self.home() / "bin" / tool

    def ask(self, tool: str, *words: str | Path, at: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs one of its commands in the folder `at`, and waits for its end."""
        command = [self.command(tool), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=at, env=environment())


# warcio's command imports pkg_resources, which later setuptools no longer bring.
INDEXER = Judge("cdxj-indexer", ("cdxj-indexer==1.5.0", "warcio==1.8.1", "surt==0.3.1", "setuptools<81"))
PYWB = Judge("pywb", ("pywb==2.10.0", "warcio==1.8.1", "surt==0.3.1", "setuptools<81"))

WACZ = Judge("py-wacz", ("wacz==0.6.0", "cdxj-indexer==1.5.0", "warcio==1.8.1", "surt==0.3.1", "setuptools<81"))

TABLES = Judge("tables", ("datasette==0.65.5", "frictionless==5.21.0", "setuptools<81"))
# PyICU comes as source alone and would need a compiler: nothing that is asked of the model transliterates.
FTM = Judge(
    "followthemoney",
    (
        "--no-deps", "followthemoney==4.11.2", "normality==3.1.0", "rigour==2.6.1", "prefixdate==0.6.1", "banal==1.1.2",
        "python-stdnum==2.2", "phonenumbers==9.0.43", "jinja2", "markupsafe", "pyyaml", "orjson", "pydantic==2.14.3",
        "pydantic-core==2.50.4", "typing-extensions", "typing-inspection", "annotated-types", "babel", "click", "certifi",
        "charset-normalizer", "chardet", "idna", "requests", "urllib3", "sqlalchemy==2.1.9",
    ),
)  # fmt: skip


def environment() -> dict[str, str]:
    """Ours, without what would lead a foreign Python into our packages; text is UTF-8."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {"PYTHONUTF8": "1"}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay server answered. body: the entity-body, content coding kept; at: Memento-Datetime as it wrote it."""

    status: int
    body: bytes
    at: str | None
    location: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """pywb, running over a folder of collections."""

    port: int

    def get(self, collection: str, at: datetime, url: str) -> Replayed:
        """The capture nearest to `at`, to the second, as it was received (`id_`)."""
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE)) as connection:
            # Without Accept-Encoding pywb would undo the content coding.
            target = f"/{collection}/{at:%Y%m%d%H%M%S}id_/{url}"
            connection.request("GET", target, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            body = answer.read()
        return Replayed(answer.status, body, answer.getheader("Memento-Datetime"), answer.getheader("Location"))


def collection(root: Path, name: str, warcs: list[Path], index: bytes | None = None) -> None:
    """A pywb collection over these files where they lie; pywb makes its index unless one is given."""
    folder = root / "collections" / name
    PYWB.ask("wb-manager", "init", name, at=root).check_returncode()
    for path in warcs:
        (folder / "archive" / path.name).symlink_to(path)
    if index is None:
        PYWB.ask("wb-manager", "reindex", name, at=root).check_returncode()
    else:
        (folder / "indexes" / "index.cdxj").write_bytes(index)


@contextmanager
def replaying(root: Path) -> Iterator[Replay]:
    """Serves the collections under `root` on loopback until the block is left. Raises NoJudge where it does not come up."""
    with socket.socket() as chosen:
        chosen.bind((LOOPBACK, 0))
        port = chosen.getsockname()[1]
    log = root / "wayback.log"
    command = [PYWB.command("wayback"), "--bind", LOOPBACK, "--port", str(port)]
    with log.open("wb") as said, subprocess.Popen(command, cwd=root, stdout=said, stderr=said, env=environment()) as server:
        try:
            _answers(port, server, log)
            yield Replay(port)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _answers(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE)) as connection:
            try:
                connection.request("GET", "/")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
    raise NoJudge(f"pywb did not come up:\n{log.read_text(errors='replace')}")
