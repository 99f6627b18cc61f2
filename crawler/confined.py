"""A document read in a process of its own, with limits on its size, memory, time and answer.

A document is hostile: what takes too long, too much, or a library's life costs that process, and the error says so. Its octets
go in on standard input; plain values come back as JSON, and whoever asked checks them again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from crawler.errors import Unreadable

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from {} import serve; serve(sys.argv[2])"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one document may take. memory, size, answer: octets (address space; the file; what is found). cpu, wall: seconds."""

    memory: int = 1536 * 1024 * 1024
    cpu: int = 60
    wall: float = 120
    size: int = 256 * 1024 * 1024
    answer: int = 128 * 1024 * 1024


def ask(module: str, file: Path, job: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
    """What `serve` of a module answered about a file. job: plain values that it is handed.

    Raises Unreadable for what is no document, a broken one, or one beyond the bounds; OSError where the file cannot be read.
    """
    if not file.is_file():
        raise Unreadable(f"{file} is {'a folder' if file.is_dir() else 'not there'}")
    if (size := file.stat().st_size) > bounds.size:
        raise Unreadable(f"{file} has {size} octets; at most {bounds.size} are read")
    words = [sys.executable, "-c", _START.format(module), json.dumps(sys.path), json.dumps({**job, "bounds": asdict(bounds)})]
    with file.open("rb") as document:
        process = subprocess.Popen(words, stdin=document, stdout=subprocess.PIPE)
        timer = Timer(bounds.wall, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            answer = process.stdout.read(bounds.answer + 1)
        finally:
            late = not timer.is_alive()
            timer.cancel()
            process.kill()
            status = process.wait()
            if process.stdout:
                process.stdout.close()
    try:
        said = json.loads(answer) if len(answer) <= bounds.answer else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Unreadable(f"{file}: {_ended(status, bounds, late=late, answer=len(answer))}")
    if said.get("error"):
        raise Unreadable(f"{file}: {said['error']}")
    return said


def _ended(status: int, bounds: Bounds, *, late: bool, answer: int) -> str:
    if answer > bounds.answer:
        return f"it holds more than {bounds.answer} octets can say"
    if late:
        return f"reading took more than {bounds.wall:g} s"
    return f"the reader ended with status {status} (its limits: {bounds.cpu} s of processor time, {bounds.memory} octets)"


def answer(job: str, read: Callable[[bytes, dict[str, Any]], dict[str, Any]]) -> None:
    """In that process: one document from standard input; what `read` makes of it and of its job, or why nothing, on stdout."""
    import logging
    import os
    import resource
    import warnings

    asked = json.loads(job)
    bounds = asked["bounds"]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, bounds["memory"]), (resource.RLIMIT_CPU, bounds["cpu"])):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    said: dict[str, Any] = {"error": None}
    try:
        body = sys.stdin.buffer.read(bounds["size"] + 1)
        if len(body) > bounds["size"]:
            raise Unreadable(f"more than {bounds['size']} octets")
        said |= read(body, asked)
    except Unreadable as exc:
        said["error"] = str(exc)
    except MemoryError:
        said["error"] = "the document needs more memory than a reader has"
    except RecursionError:
        said["error"] = "the document is nested too deep"
    except Exception as exc:  # a document may break any library: that is an error of the document
        said["error"] = f"{type(exc).__name__}: {exc}"
    answers.write(json.dumps(said).encode("ascii"))
    answers.flush()
