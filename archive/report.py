"""A proof as plain text that a person reads, and the commands by which each of its checks is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archive import __version__
from archive.prove import Other, Report, Shown, Source, time_text

LONGEST = 400  # characters of a quote shown; the digest stands for the rest


def text(report: Report) -> str:
    """One page and more of plain text; what came from the network stays on its line."""
    parts = [f"Report on {line(report.asked)}{f', {report.property}' if report.property else ''}, {report.dated()}", ""]
    parts += [each for value in report.values for each in (*_about(value), "")]
    parts += [
        "Checks",
        *(f"  {f.outcome.value:<11}  {f.check}: {line(f.subject)}: {line(f.detail)}" for f in report.findings),
    ]
    parts += ["", "To repeat them"]
    for command, result in commands(report):
        parts += [f"  {command}", *([f"    {result}"] if result else [])]
    return "\n".join([*parts, "", "What this does not show", *(f"  - {limit}" for limit in report.limits), ""])


def captures(report: Report) -> list[str]:
    """Those that the values were read from."""
    return sorted({value.source.capture for value in report.values})


def commands(report: Report) -> Iterator[tuple[str, str]]:
    """What repeats the checks, typed in the archive's folder, and what it must print where that is known now."""
    yield f"python -m archive verify {' '.join(captures(report))}", ""
    places = {(p.file, p.offset, p.length, p.member_sha256) for v in report.values for p in (v.source.record, v.source.body)}
    for file, offset, length, sha256 in sorted(places):
        yield f"tail -c +{offset + 1} warc/{file} | head -c {length} | sha256sum", sha256
    manifests = {(v.source.manifest, v.source.manifest_sha256) for v in report.values}
    for span, sha256 in sorted(manifests, key=lambda each: (each[0].file, each[0].offset)):
        cut = f"tail -c +{span.offset + 1} warc/{span.file} | head -c {span.length} | gzip -dc"
        yield f"{cut} | sed '1,/^\\r$/d' | head -c -4 | sha256sum", sha256
    for capture in captures(report) if any(v.source.logged for v in report.values) else ():
        yield f"crawl log proof {capture}", ""
    stamps = {(a.file, a.of, a.states) for v in report.values for a in v.source.anchors}
    for file, of, states in sorted(stamps, key=str):
        if states is not None:
            when = f"$(date -d {states} +%s)"
            yield f"openssl ts -verify -in {file} -data {of} -CAfile ROOTS.pem -attime {when}", "Verification: OK"
        else:
            yield f"ots verify -f {of} {file}", ""


def clock(source: Source) -> str:
    """How that clock stood, as the machine itself knew."""
    said = source.machine.get("clock")
    if not isinstance(said, dict):
        return "whose state is not known"
    return f"kept in step within {said.get('within_ms')} ms" if said.get("synchronised") else "not kept in step by anything"


def _about(value: Shown) -> Iterator[str]:
    source, record, body = value.source, value.source.record, value.source.body
    quote = value.quote if len(value.quote) <= LONGEST else f"{value.quote[:LONGEST]}[...]"
    yield f"{line(value.subject)}  {value.property}"
    yield f"  value     {line(value.value) if value.value is not None else 'not known: the text has no normal form here'}"
    yield f"  text      {line(value.raw)}{'   (concluded, not stated)' if value.derived else ''}"
    yield f"  stands    {line(value.before)}«{line(quote)}»{line(value.after)}"
    yield f"            characters [{value.start}, {value.end}) of the source, decoded as {value.charset}"
    yield f"            {line(value.selector)}"
    yield f"  read by   {value.parser}, program now {__version__}, capture by {source.software}"
    yield f"  capture   {source.capture}, number {source.seq} of the archive"
    yield f"            {line(source.url)}"
    if source.requested != source.url:
        yield f"            asked for as {line(source.requested)}"
    yield f"            {time_text(source.at)}, {source.elapsed:.3f} s; {source.outcome}, status {source.status}"
    yield f"            from {source.peer or 'an address that is not known'}"
    yield f"            asked by {line(source.user_agent or 'a program that is not named')}"
    yield f"            seen from {line(str(source.machine.get('vantage') or 'a place that was not named'))}"
    if source.truncated:
        yield f"            cut short: {source.truncated}"
    if source.foreign:
        yield f"            taken in from {line(source.foreign)}: not captured by this archive"
    yield f"  TLS       {line(source.tls)}"
    if source.certificate:
        yield f"            {line(source.certificate)}"
    yield f"  octets    {record.file}, [{record.offset}, {record.offset + record.length})"
    yield f"            member  sha256 {record.member_sha256}"
    yield f"            block   sha256 {record.block_sha256}"
    yield f"            payload sha256 {record.payload_sha256}"
    if source.body_of != source.capture:
        yield f"            body in capture {source.body_of}: {body.file}, [{body.offset}, {body.offset + body.length})"
    manifest = source.manifest
    yield f"  manifest  {manifest.file}, [{manifest.offset}, {manifest.offset + manifest.length})"
    yield f"            sha256 {source.manifest_sha256}"
    yield from _log(source)
    yield f"  time      {time_text(source.at)} by the clock of the machine, {clock(source)}"
    for stamp in source.anchors:
        yield f"            not later than {stamp.states or 'the block that a proof leads to'}: {stamp.file}"
    if not source.anchors:
        yield "            not later than: not anchored"
    yield "            not earlier than: not known"
    yield f"  the same  {value.times} captures have this reading{_others(value.same)}"
    yield f"  otherwise {_others(value.otherwise)[2:] or 'none'}"


def _others(others: Iterable[Other]) -> str:
    return "".join(f"; {o.capture} of {time_text(o.at)}: {line(o.value if o.value is not None else o.raw)}" for o in others)


def line(text: str) -> str:
    """On one line: a quote cannot write lines of the report."""
    return re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+[ \t]*", " ⏎ ", text)


def _log(source: Source) -> Iterator[str]:
    logged = source.logged
    if logged is None:
        yield "  log       not in a signed log yet"
        return
    yield f"  log       leaf {logged.leaf} of {logged.size}, under {logged.origin}"
    yield f"            root sha256 {logged.root}, {len(logged.path)} hashes from the leaf"
    yield f"            key {logged.key}"
    yield f"            {witnesses(source)}; the key {known_by(source)}"


def witnesses(source: Source) -> str:
    """Who else has signed."""
    more = source.logged.signatures - 1 if source.logged else 0
    return f"{more} lines of others below the log's own signature, not checked" if more else "no witness has signed it"


def known_by(source: Source) -> str:
    """How the log's key was obtained."""
    if source.logged is not None and source.logged.remembered:
        return "is this machine's own, as its keyring remembers"
    return "is the one that lies beside the log: compare it with one obtained from elsewhere"
