"""Where a message ends and what it says, judged by h11 where h11 has an opinion."""

import random

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import message
from archive.errors import BadMessage


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<html>hi</html>", "status line"),
        (b"HTTP/1.1 099 X\r\n\r\n", "below 100"),
        (b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", "Switching"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "NUL"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "field line"),
        (b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "field line"),
        (b"HTTP/1.1 200 OK\r\n folded first\r\n\r\n", "folded"),
        (b"HTTP 200 Document follows\r\n\r\n", "status line"),
    ],
)
def test_octets_that_are_no_head(raw: bytes, why: str) -> None:
    """What cannot be cut without guessing is refused, and the reason names it."""
    with pytest.raises(BadMessage, match=why):
        message.parse_head(raw)


@pytest.mark.parametrize(
    ("raw", "status", "field", "flags"),
    [
        (b"HTTP/1.1 200 OK\nX: y\n\n", 200, b"y", ("bare-lf",)),
        (b"HTTP/1.0 200\r\nx:y\r\n\r\n", 200, b"y", ()),
        (b"HTTP/1.1 999 \r\nX:\ty \r\n\r\n", 999, b"y", ()),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n\t z\r\n\r\n", 200, b"y z", ("obs-fold",)),
        (b"HTTP/1.1 200 OK\r\nX: \xd1\x83\xe9\r\n\r\n", 200, b"\xd1\x83\xe9", ()),
        (b"HTTP/1.1 200 OK\r\nX: a\x1b[31mb\r\n\r\n", 200, b"a\x1b[31mb", ()),
        (b"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", 200, b"a\rb", ("bare-cr",)),
    ],
)
def test_odd_heads_that_real_servers_send(raw: bytes, status: int, field: bytes, flags: tuple[str, ...]) -> None:
    """They are taken as they are, and what was odd is said."""
    head = message.parse_head(raw + b"body")

    assert head is not None
    assert (status, field, flags, len(raw)) == (head.status, head.get(b"x"), head.flags, head.length)


def test_a_head_that_has_not_all_come() -> None:
    """Every cut of a good head is incomplete, never wrong."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\n"

    assert [None] * len(raw) == [message.parse_head(raw[:n]) for n in range(len(raw))]


@pytest.mark.parametrize(
    ("fields", "kind", "length", "flags"),
    [
        (b"Content-Length: 3\r\n", "length", 3, ()),
        (b"Content-Length: 3\r\nContent-Length: 3\r\n", "length", 3, ()),
        (b"Content-Length: 3, 3\r\n", "length", 3, ()),
        (b"Transfer-Encoding: chunked\r\n", "chunked", None, ()),
        (b"transfer-encoding: Chunked\r\nContent-Length: 3\r\n", "chunked", None, ("ambiguous-framing",)),
        (b"", "close", None, ()),
        (b"Transfer-Encoding: identity\r\n", "close", None, ()),
    ],
)
def test_how_a_body_ends(fields: bytes, kind: str, length: int | None, flags: tuple[str, ...]) -> None:
    """RFC 9112, 6.3, in its order."""
    head = message.parse_head(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n")

    assert head is not None
    assert message.Framing(kind, length, flags) == message.framing(head)


@pytest.mark.parametrize("value", [b"-10", b"+3", b"3 4", b"3, 4", b"", b"0x10", b"9" * 19, b"3;"])
def test_a_content_length_that_is_no_length(value: bytes) -> None:
    """A length that cannot be trusted is refused."""
    head = message.parse_head(b"HTTP/1.1 200 OK\r\nContent-Length: " + value + b"\r\n\r\n")

    assert head is not None
    with pytest.raises(BadMessage):
        message.framing(head)


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(status: int) -> None:
    """A declared length does not make a body where none can be."""
    raw = b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nhello" % status

    assert message.entity(raw) == b""


@pytest.mark.parametrize("body", [b"zz\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"\r\n", b"3 x\r\n"])
def test_chunks_that_are_none(body: bytes) -> None:
    """A chunk whose size cannot be read, or that runs over it, ends the reading."""
    with pytest.raises(BadMessage):
        message.Dechunker().feed(body)


def test_a_chunk_of_an_absurd_size() -> None:
    """A size that no body reaches is still a size: the body is short, not malformed."""
    chunks = message.Dechunker()

    assert chunks.feed(b"f" * 19 + b"\r\nabcd") == 25
    assert (chunks.done, chunks.data_length) == (False, 4)


def chunked(data: bytes, random_: random.Random) -> bytes:
    out, i = b"", 0
    while i < len(data):
        n = random_.randint(1, max(1, len(data) // 2))
        piece = data[i : i + n]
        extension = random_.choice([b"", b";a=b", b' ; q="x y"', b" "])
        out += b"%x" % len(piece) + extension + b"\r\n" + piece + b"\r\n"
        i += n
    trailers = random_.choice([b"", b"X-T: 1\r\n", b"X-T: 1\r\nY:\r\n"])
    return out + b"0\r\n" + trailers + b"\r\n"


@given(st.binary(max_size=400), st.integers(0, 2**32), st.lists(st.integers(1, 60), max_size=40))
def test_chunks_cut_anywhere(data: bytes, seed: int, cuts: list[int]) -> None:
    """However the octets come in, the data and the end are the same, and nothing after the end is taken."""
    wire = chunked(data, random.Random(seed)) + b"HTTP/1.1 next"
    chunks, at = message.Dechunker(), 0
    for n in [*cuts, len(wire)]:
        if chunks.done:
            break
        at += chunks.feed(wire[at : at + n])

    assert chunks.done
    assert len(wire) - len(b"HTTP/1.1 next") == at
    assert data == b"".join(wire[start:end] for start, end in chunks.spans)
    assert len(data) == chunks.data_length


@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_entity_bodies_as_h11_reads_them(data: bytes, seed: int) -> None:
    """On well-formed answers h11 and we undo the transfer coding alike."""
    random_ = random.Random(seed)
    body, fields = random_.choice(
        [
            (data, b"Content-Length: %d\r\n" % len(data)),
            (chunked(data, random_), b"Transfer-Encoding: chunked\r\n"),
            (data, b"Connection: close\r\n"),
        ]
    )
    raw = b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body
    judge = h11.Connection(h11.CLIENT)
    judge.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    judge.send(h11.EndOfMessage())
    judge.receive_data(raw)
    judge.receive_data(b"")
    theirs = b""
    try:
        while not isinstance(event := judge.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                theirs += bytes(event.data)
    except h11.RemoteProtocolError:
        return  # h11 refuses some white space that RFC 9112, 7.1.1 allows

    assert theirs == message.entity(raw)


def test_a_body_cut_short_is_read_as_far_as_it_goes() -> None:
    """What a truncated capture holds can still be looked at."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert message.entity(head + b"10\r\nabcd") == b"abcd"
    assert message.entity(head + b"4\r\nabcd\r\nzz\r\n") == b"abcd"
