"""Which figures does a file state? PDF, DOCX, RTF, HTML or text, read in a process of its own, with limits on memory and time.

A document is hostile, as in citations/desk.py: its octets go in on standard input, plain values come back and are checked
again. A page is read as an article, as `crawl read` does; of any other document the text is read.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from archive.ledger.stated import Claim, named, of_values
from crawler.citations.desk import Bounds
from crawler.errors import Unreadable

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from crawler.papers import serve; serve(sys.argv[2])"
_HEAD = 400  # characters in which a text tells its own date
_ADDRESS_DATE = re.compile(r"Original url:\s*https?://[^\s/]+/(?:[^\s/]+/)?((?:19|20)\d\d)/(\d\d)/(\d\d)/", re.I)


def stated(file: Path, url: str | None = None, published: date | None = None, bounds: Bounds = Bounds()) -> list[Claim]:
    """The claims of a file, their source its address, or its name where it has none.

    published: its own date, where the file does not tell it. Raises Unreadable for what is no document, a broken one, or one
    beyond the bounds.
    """
    if not file.is_file():
        raise Unreadable(f"{file} is {'a folder' if file.is_dir() else 'not there'}")
    if (size := file.stat().st_size) > bounds.size:
        raise Unreadable(f"{file} has {size} octets; at most {bounds.size} are read")
    job = {"name": file.name, "url": url, "published": published.isoformat() if published else None, "bounds": asdict(bounds)}
    arguments = [sys.executable, "-c", _START, json.dumps(sys.path), json.dumps(job)]
    with file.open("rb") as document:
        try:
            done = subprocess.run(arguments, stdin=document, stdout=subprocess.PIPE, timeout=bounds.wall, check=False)
        except subprocess.TimeoutExpired as exc:
            raise Unreadable(f"{file}: reading took more than {bounds.wall:g} s") from exc
    try:
        said = json.loads(done.stdout)
        if said["error"]:
            raise Unreadable(f"{file}: {said['error']}")
        found = [claim for n, each in enumerate(said["claims"]) if (claim := of_values("", str(n), map(tuple, each)))]
    except (ValueError, KeyError, TypeError) as exc:
        raise Unreadable(f"{file}: the reader ended with status {done.returncode}, and no answer") from exc
    return named(found, url or str(file))


# What follows runs in the worker.


def serve(job: str) -> None:
    """One document from standard input; the values of its claims, or the reason why there are none, on standard output."""
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
    said: dict[str, Any] = {"error": None, "claims": []}
    try:
        published = date.fromisoformat(asked["published"]) if asked["published"] else None
        said["claims"] = _read(sys.stdin.buffer.read(bounds["size"]), asked["name"], asked["url"], published)
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


Values = list[tuple[str, str, str | None]]


def _read(body: bytes, name: str, url: str | None, published: date | None) -> list[Values]:
    from crawler.citations import PAGE, found, kind
    from crawler.claims import told, values

    if kind(body, name) == PAGE:
        return _of_page(body, url, published)
    text = found(body, name, url).text
    return [values(each, text) for each in told(text, published or dated(text))]


def _of_page(body: bytes, url: str | None, published: date | None) -> list[Values]:
    from archive.memento import Memento
    from crawler.claims import told, values
    from crawler.page import Page
    from crawler.readers import read
    from crawler.sites import source_named

    address = url or "http://file.invalid/document"
    reading = read(Memento.saved(address, body), source_named("article"))
    if reading.verdict == "page" and any(said.property == "body" for said in reading.observations):
        by_claim: dict[str, Values] = {}
        for said in reading.observations:
            if "#claim:" in said.subject:
                by_claim.setdefault(said.subject, []).append((said.property, said.raw, said.value))
        return list(by_claim.values())
    text = "\n\n".join(line.text for line in Page.open(body, address).root.lines)
    return [values(each, text) for each in told(text, published or dated(text))]


def dated(text: str) -> date | None:
    """The day that a text tells as its own: in its dateline, or in the address it was printed from; None where it tells "
    "none."""
    from crawler.claims.periods import whole_dates

    if found := next(whole_dates(text[:_HEAD]), None):
        return found
    if address := _ADDRESS_DATE.search(text):
        try:
            return date(*map(int, address.groups()))
        except ValueError:
            return None
    return None
