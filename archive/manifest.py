"""What is known of one capture beside its bytes: a versioned manifest in canonical JSON.

Every row of the index, and the exchange itself, can be made again from the manifest and the records it
names (reliability 2.2). Durations are whole microseconds, so that no number has two spellings.

Of what is asked there: address and hops (requested, url, via, hop, visit), records with file, offset, length and digests
(file, records, payload_sha256), begin and end by the wall clock and the time between by the monotonic one (began, ended,
elapsed_us, first_byte_us), DNS, peer, TLS with its verdict and the chain's record, outcome and truncation, the nonce, the
program (software). In `facts`, where it is the same for many captures: user_agent, politeness and robots, and `machine`:
the state of the clock, the vantage, the digests of the program's code and of what was set (crawler/machine.py). What went
through a proxy has `vantage` too: label, kind, proxy without credentials, where names were looked up, and the peer as far as
it is known; what the proxy said is the record of kind `tunnel`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import orjson

from archive import __version__
from archive.capture import Capture, Exchange, Outcome, Span, Tls, Vantage, Visit
from archive.errors import BadRecord
from archive.urls import filed_under
from archive.warc import Member, Record, Referent, Shape, read_date, warc_date

VERSION = 2  # 1 had no `ended`, and nothing of the machine in its facts
VERSIONS = (1, VERSION)  # that are read
UNKNOWN = "unknown"  # the peer behind a proxy that looked the name up itself
SOFTWARE = f"kartoteka/{__version__}"
LARGEST = 2**53 - 1  # RFC 8785, 3.2.2.3: numbers are doubles


def canonical(value: Mapping[str, object]) -> bytes:
    """RFC 8785: keys sorted by UTF-16, no white space, one spelling for every value. value: as `plain` makes it.

    Raises ValueError where it is not.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as exc:  # orjson's own error is one
        raise ValueError(f"no canonical JSON: {exc}") from exc


def plain(value: Any) -> Any:
    """The same in values whose JSON is canonical.

    Raises ValueError for what has none here: keys beyond the BMP, NaN, integers that a double does not hold, and
    fractions that Python and ECMAScript spell differently.
    """
    if value is None or (type(value) is str and value.isascii()):  # which most of a manifest is
        return value
    match value:
        case str():
            # A lone surrogate has no UTF-8: kept legible, as Python escapes it.
            return value.encode("utf-8", "backslashreplace").decode()
        case bool():
            return value
        case int() if abs(value) <= LARGEST:
            return value
        case float() if value.is_integer() and abs(value) <= LARGEST:
            return int(value)
        case float() if 1e-4 <= abs(value) < 1e16:  # here repr() is ECMAScript's spelling
            return value
        case Mapping():
            if any(not isinstance(key, str) or (not key.isascii() and max(key) > "\uffff") for key in value):
                raise ValueError(f"keys of a manifest are text of the BMP: {list(value)!r:.80}")
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
    raise ValueError(f"no canonical JSON for {type(value).__name__} {value!r:.60}")


def told(member: Member, offset: int) -> dict[str, Any]:
    """What a manifest says of one record."""
    return {
        "kind": member.kind,
        "type": member.type,
        "id": member.id,
        "offset": offset,
        "length": len(member.octets),
        "sha256": member.sha256,
        "block_length": member.block_length,
        "block_sha256": member.block_sha256,
    }


def told_again(record: Record, kind: str) -> dict[str, Any]:
    """The same, of a record read back."""
    return {
        "kind": kind,
        "type": record.type,
        "id": record.id,
        "offset": record.offset,
        "length": record.length,
        "sha256": record.sha256,
        "block_length": record.block_length,
        "block_sha256": record.block_sha256,
    }


class Place(NamedTuple):
    """Which capture of the archive this is: its ids, its number in the log, its turn in the visit, its file."""

    id: str
    seq: int
    visit: str
    hop: int
    file: str


def compose(
    visit: Visit,
    exchange: Exchange,
    seen: Shape,
    place: Place,
    records: Sequence[Mapping[str, object]],
    chain: Mapping[str, object] | None,
    referent: Referent | None,
) -> dict[str, Any]:
    """The manifest of one exchange. records, chain: as `told`; all lie in `place.file`, before the manifest itself."""
    outcome = exchange.outcome
    if referent is not None and outcome is Outcome.CAPTURED and exchange.status != 304:
        outcome = Outcome.REVISIT
    told: dict[str, Any] = {
        "v": VERSION,
        "software": SOFTWARE,
        "nonce": secrets.token_hex(16),  # leaf hashes of the log cannot be guessed from addresses (P13)
        "id": place.id,
        "seq": place.seq,
        "visit": place.visit,
        "hop": place.hop,
        "requested": plain(visit.url),
        "url": plain(exchange.url),
        "via": plain(exchange.via),
        "method": exchange.method,
        "began": warc_date(exchange.began),
        "ended": None if exchange.ended is None else warc_date(exchange.ended),
        "elapsed_us": _microseconds(exchange.elapsed),
        "first_byte_us": None if exchange.first_byte is None else _microseconds(exchange.first_byte),
        "outcome": outcome.value,
        "error": plain(exchange.error),
        "truncated": exchange.truncated,
        "flags": plain(exchange.flags),
        "status": exchange.status,
        "mime": referent.mime if referent is not None and exchange.status == 304 else seen.mime,
        "head_length": exchange.head_length,
        "size": len(exchange.response),
        "payload_sha256": referent.payload_sha256 if referent is not None else seen.payload_sha256,
        "payload_length": seen.payload_length,
        "refers_to": referent and {"capture": referent.capture, "url": referent.url, "date": warc_date(referent.at)},
        "peer": exchange.peer,
        "dns": list(exchange.dns),
        "tls": exchange.tls and _tls(exchange.tls, chain),
        "file": place.file,
        "records": list(records),
        "facts": plain(visit.facts),
    }
    if exchange.vantage is not None:
        told["vantage"] = _vantage(exchange.vantage)
    return told


def _vantage(vantage: Vantage) -> dict[str, object]:
    return {
        "label": plain(vantage.label),
        "kind": vantage.kind,
        "proxy": plain(vantage.proxy),
        "names": vantage.names,
        "peer": vantage.peer or UNKNOWN,
        "fault": plain(vantage.fault),
    }


def _vantage_again(told: Mapping[str, Any] | None) -> Vantage | None:
    if told is None:
        return None
    peer = None if told["peer"] == UNKNOWN else told["peer"]
    return Vantage(told["label"], told["kind"], told["proxy"], told["names"], peer, told["fault"])


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _tls(tls: Tls, chain: Mapping[str, object] | None) -> dict[str, object]:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "alpn": tls.alpn,
        "verified": tls.verified,
        "reason": plain(tls.reason),
        "chain": chain,
    }


def parse(block: bytes) -> dict[str, Any]:
    """A manifest as kept. Raises BadRecord when it is none, or of a version this program does not know."""
    try:
        manifest = orjson.loads(block)
    except ValueError as exc:
        raise BadRecord(f"a manifest is not JSON: {exc}") from exc
    if not isinstance(manifest, dict) or manifest.get("v") not in VERSIONS:
        raise BadRecord(f"not a manifest of version {VERSION} or before: {block[:60]!r}")
    return manifest


def spans(manifest: Mapping[str, Any]) -> list[tuple[str, Span]]:
    """Kind and place of every record the manifest names, in the order of the wire; the chain last."""
    told = [*manifest["records"], *([manifest["tls"]["chain"]] if manifest["tls"] and manifest["tls"]["chain"] else [])]
    return [(r["kind"], Span(manifest["file"], r["offset"], r["length"], r["sha256"])) for r in told]


def capture(manifest: Mapping[str, Any], span: Span, sha256: str) -> Capture:
    """The index row: while writing and while rebuilding the same function makes it. Raises BadRecord."""
    try:
        told = next((r for r in manifest["records"] if r["kind"] in ("response", "revisit", "resource", "octets")), None)
        record = told and Span(manifest["file"], told["offset"], told["length"], told["sha256"])
        tls, refers_to = manifest["tls"], manifest["refers_to"]
        foreign = manifest["facts"].get("foreign")
        return Capture(
            id=manifest["id"],
            seq=manifest["seq"],
            visit=manifest["visit"],
            hop=manifest["hop"],
            url=manifest["url"],
            key=filed_under(manifest["url"]),
            at=read_date(manifest["began"]),
            outcome=Outcome(manifest["outcome"]),
            status=manifest["status"],
            mime=manifest["mime"],
            payload_sha256=manifest["payload_sha256"],
            size=manifest["size"],
            record=record,
            manifest=span,
            manifest_sha256=sha256,
            refers_to=refers_to and refers_to["capture"],
            error=manifest["error"],
            trusted=tls is None or tls["verified"],
            foreign=None if foreign is None else str(foreign),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise BadRecord(f"{span.file} at {span.offset}: the manifest lacks something: {exc!r}") from exc


def exchange(manifest: Mapping[str, Any], block: Callable[[Span], bytes], chain: tuple[bytes, ...], body: bytes) -> Exchange:
    """The exchange as it was handed in. block: reads a record's block; body: what a revisit left out. Raises BadRecord."""
    try:
        parts: dict[str, list[bytes]] = {}
        for kind, span in spans(manifest):
            if kind != "chain":
                parts.setdefault(kind, []).append(block(span))
        response = b"".join(b for kind in ("response", "revisit", "resource", "octets") for b in parts.get(kind, ()))
        tls = manifest["tls"]
        first = manifest["first_byte_us"]
        outcome = Outcome(manifest["outcome"])
        return Exchange(
            url=manifest["url"],
            began=read_date(manifest["began"]),
            elapsed=manifest["elapsed_us"] / 1_000_000,
            outcome=Outcome.CAPTURED if outcome is Outcome.REVISIT else outcome,
            method=manifest["method"],
            error=manifest["error"],
            request=b"".join(parts.get("request", ())),
            interim=tuple(parts.get("interim", ())),
            response=response + body,
            head_length=manifest["head_length"],
            status=manifest["status"],
            surplus=b"".join(parts.get("surplus", ())),
            truncated=manifest["truncated"],
            first_byte=None if first is None else first / 1_000_000,
            peer=manifest["peer"],
            dns=tuple(manifest["dns"]),
            tls=tls and Tls(tls["version"], tls["cipher"], tls["alpn"], tls["verified"], tls["reason"], chain),
            via=manifest["via"],
            flags=tuple(cast("list[str]", manifest["flags"])),
            ended=None if manifest.get("ended") is None else read_date(manifest["ended"]),
            vantage=_vantage_again(manifest.get("vantage")),
            tunnel=b"".join(parts.get("tunnel", ())),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise BadRecord(f"the manifest of {manifest.get('id')} lacks something: {exc!r}") from exc
