"""A manifest of the plainest kind, told at one glimpse: canonical, and what it says; or None.

For the verifier, as `glance` is for records. A manifest is canonical JSON (RFC 8785) with the same keys every time; where
no string in it needs an escape, one expression says that it is, and finds the values. Nothing is found wrong here: what
this does not know is decoded, and looked at the long way. What it accepts, decoding and encoding accepts: a test holds the
two against each other.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from archive.glance import Plain

# RFC 8785: keys sorted, no white space, no float that is spelled in two ways.
DECODE = json.JSONDecoder().raw_decode
ENCODE = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode  # fmt: skip
LONGEST_FACTS = 4096  # characters that are remembered

BARE = r'[^"\\\x00-\x1f]*'  # what stands in a string without an escape: in canonical form exactly so
NUMBER = r"(?:0|[1-9][0-9]{0,14})"
TEXT, COUNT = f'"({BARE})"', f"({NUMBER})"
PERHAPS, PERHAPS_COUNT = f"(?:null|{TEXT})", f"(?:null|{COUNT})"
LIST = rf'\[(?:"{BARE}"(?:,"{BARE}")*)?\]'
RECORD = (
    rf'\{{"block_length":{NUMBER},"block_sha256":"[0-9a-f]{{64}}","id":"[0-9a-f-]+","kind":"[a-z-]+","length":{NUMBER},'
    rf'"offset":{NUMBER},"sha256":"[0-9a-f]{{64}}","type":"[a-z]+"\}}'
)
SPELLED = {
    "began": TEXT, "dns": LIST, "elapsed_us": NUMBER, "ended": f'(?:null|"{BARE}")', "error": PERHAPS,
    "facts": r"(\{.*\})", "file": TEXT,
    "first_byte_us": f"(?:null|{NUMBER})", "flags": LIST, "head_length": NUMBER, "hop": COUNT, "id": TEXT,
    "method": f'"{BARE}"', "mime": PERHAPS, "nonce": f'"{BARE}"', "outcome": TEXT, "payload_length": f"(?:null|{NUMBER})",
    "payload_sha256": PERHAPS, "peer": f'(?:null|"{BARE}")', "records": rf"(\[(?:{RECORD}(?:,{RECORD})*)?\])",
    "refers_to": rf'(?:null|\{{"capture":{TEXT},"date":"{BARE}","url":"{BARE}"\}})', "requested": f'"{BARE}"', "seq": COUNT,
    "size": COUNT, "software": f'"{BARE}"', "status": PERHAPS_COUNT,
    "tls": rf'(?:null|\{{"alpn":(?:null|"{BARE}"),"chain":(?:null|({RECORD})),"cipher":(?:null|"{BARE}"),'
    rf'"reason":(?:null|"{BARE}"),"verified":(true|false),"version":(?:null|"{BARE}")\}})',
    "truncated": f'(?:null|"{BARE}")', "url": TEXT, "v": "[12]", "via": f'(?:null|"{BARE}")', "visit": TEXT,
}  # fmt: skip
# Those of version 1 do not say when they ended.
MANIFEST = re.compile(
    r"\{" + "".join(f'(?:"{k}":{v},)?' if k == "ended" else f'"{k}":{v},' for k, v in SPELLED.items())[:-1] + r"\}"
)
KIND = re.compile(r'"kind":"([a-z-]+)"')
OFFSET = re.compile(r'"offset":([0-9]{1,15})[,}]')


class Said(NamedTuple):
    """What a manifest says. records, chain: as text, to be held against `spelled`; kinds: of the records, in order.

    outcome to foreign: as the columns of an index row.
    """

    seq: int
    id: str
    visit: str
    hop: int
    url: str
    outcome: str
    status: int | None
    mime: str | None
    payload_sha256: str | None
    size: int
    error: str | None
    refers_to: str | None
    trusted: int
    foreign: Any
    file: str
    began: str
    kinds: list[str]
    records: str
    chain: str | None


def glimpse(block: memoryview) -> Said | None:
    """block: of a metadata record that should be a manifest."""
    try:
        match = MANIFEST.fullmatch(str(block, "utf-8"))
    except UnicodeDecodeError:
        return None
    if match is None:
        return None
    (
        began, error, facts, file, hop, id_, mime, outcome, payload, records, refers_to, seq, size, status, chain, verified,
        url, visit,
    ) = match.groups()  # fmt: skip
    known, foreign = _foreign(facts) if len(facts) <= LONGEST_FACTS else (False, None)
    if not known:
        return None
    return Said(
        int(seq), id_, visit, int(hop), url, outcome, None if status is None else int(status), mime, payload, int(size), error,
        refers_to, int(verified != "false"), foreign, file, began, KIND.findall(records), records, chain,
    )  # fmt: skip


def spelled(kind: str, offset: int, plain: Plain) -> str:
    """A record as a manifest names it."""
    id_, type_, length, sha256, block_length, block_sha256, *_ = plain
    return (
        f'{{"block_length":{block_length},"block_sha256":"{block_sha256}","id":"{id_}","kind":"{kind}","length":{length},'
        f'"offset":{offset},"sha256":"{sha256}","type":"{type_}"}}'
    )


def offset_of(record: str) -> int | None:
    """Where a record lies that a manifest names."""
    match = OFFSET.search(record)
    return int(match[1]) if match else None


@lru_cache(1024)
def _foreign(facts: str) -> tuple[bool, Any]:
    """(they are canonical, which file of others the capture is from)."""
    try:
        told, end = DECODE(facts)
        return (True, told.get("foreign")) if end == len(facts) and ENCODE(told) == facts else (False, None)
    except (ValueError, TypeError, RecursionError):
        return False, None
