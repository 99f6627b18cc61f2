"""How hard records are packed: hard while there is time, fast while pages come fast; read back alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import manifest, warc
from archive.capture import Exchange, Outcome, Visit
from archive.store import BUSY, Settings, Store

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BODY = b"".join(b"<tr><td>%d</td><td>%d</td></tr>\n" % (n, n * n) for n in range(2000))


def visit(number: int) -> Visit:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY) + 6, BODY + b"%06d" % number)
    exchange = Exchange(
        f"http://court.test/{number}",
        AT,
        0.1,
        Outcome.CAPTURED,
        response=response,
        head_length=response.index(b"<"),
        status=200,
    )
    return Visit(exchange.url, (exchange,))


def length(store: Store, number: int) -> int:
    record = store.keep(visit(number)).result().last.record
    assert record is not None
    return record.length


@pytest.mark.parametrize(("level", "busy"), [(None, 0.0), (None, 1.0), (6, 1.0), (1, 0.0)])
def test_the_level_follows_how_busy_the_writer_is(tmp_path: Path, level: int | None, busy: float) -> None:
    """Unset, it is the hard one at rest and the fast one under load; what a person set is what is done."""
    with Store.open(tmp_path, settings=Settings(floor=0, level=level)) as store:
        store._busy = busy
        written = length(store, 1)
        (capture,) = store.archive.captures()
        body = store.archive.wire_body(capture)

    octets = visit(1).last.response
    assert octets.partition(b"\r\n\r\n")[2] == body
    hard = level == 6 or (level is None and busy < BUSY)
    packed = [len(warc._packed(octets, each)) for each in (warc.LEVEL, warc.FAST)]
    assert hard == (abs(written - packed[0]) < abs(written - packed[1]))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(facts=st.dictionaries(st.text(), PLAIN))
def test_a_manifest_is_written_as_the_standard_library_writes_it(facts: dict[str, object]) -> None:
    """One canonical form, whoever makes it; what has none is refused."""
    try:
        plain = manifest.plain(facts)
        written = manifest.canonical(plain)
    except ValueError:
        return
    again = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    assert again == written
