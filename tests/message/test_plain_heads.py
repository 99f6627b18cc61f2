"""A head without any oddity is read at one look; it says what the look at each line says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive import message
from archive.errors import BadMessage

STATUS = st.tuples(
    st.sampled_from([b"HTTP/1.1 200", b"HTTP/1.0 404", b"HTTP/1.1 099", b"HTTP/1.1 101", b"HTTP/1.1 20"]),
    st.sampled_from([b"", b" ", b" OK", b" \x80\t", b"\0"]),
)
NAMES = st.sampled_from([b"Content-Type", b"X", b"", b"a b", b"Y!", b"\tfolded"])
VALUES = st.text(alphabet="aB:; \t\r\n\0\x0b\x80=/1", max_size=6).map(lambda text: text.encode("latin-1"))
LINES = st.tuples(NAMES, st.sampled_from([b":", b": ", b" :", b":\t"]), VALUES, st.sampled_from([b"", b" ", b"\t "])).map(
    b"".join
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])


def said(read: object, octets: bytes) -> object:
    try:
        return read(octets)  # type: ignore[operator]
    except BadMessage as exc:
        return str(exc)


@given(STATUS.map(b"".join), st.lists(st.tuples(ENDS, LINES).map(b"".join), max_size=4), ENDS, ENDS)
def test_one_look_says_what_a_look_at_each_line_says(status: bytes, lines: list[bytes], end: bytes, empty: bytes) -> None:
    """Status, fields, length, flags, and what is refused and why."""
    octets = status + b"".join(lines) + end + empty
    found = message.HEAD_END.search(octets)
    assert found is not None
    octets = octets[: found.end()]

    assert said(message._odd, octets) == said(message._parsed, octets)


def test_a_usual_head_needs_one_look() -> None:
    """What most servers send does not go line by line."""
    octets = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nSet-Cookie:  a=b; path=/ \r\nEmpty:\r\n\r\n"
    head = message.parse_head(octets)
    assert head is not None
    assert ((b"Server", b"nginx"), (b"Set-Cookie", b"a=b; path=/"), (b"Empty", b"")) == head.fields
    assert message.PLAIN_HEAD.fullmatch(octets)
