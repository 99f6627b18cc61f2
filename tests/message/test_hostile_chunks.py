"""Chunks that a hostile sender makes: what they cost, and where two readers would see two messages."""

from __future__ import annotations

import pytest

from archive.errors import BadMessage
from archive.message import Dechunker, framing, parse_head


def test_a_cr_before_a_bare_lf_is_no_data() -> None:
    """`5 CRLF abcd CRLF`: read with bare LFs let pass, the CR would be the fifth octet; other readers see another body."""
    with pytest.raises(BadMessage, match="runs over its size"):
        Dechunker().feed(b"5\r\nabcd\r\n0\r\n\r\n")


def test_a_sender_of_bare_lfs_is_let_pass() -> None:
    """One that ends all its lines so is old, not hostile."""
    chunks = Dechunker()
    assert chunks.feed(b"4\nabcd\n0\n\n") == 10
    assert (chunks.done, chunks.spans) == (True, [(2, 6)])


@pytest.mark.parametrize("space", [b"\x0b", b"\x0c", b"\x1c", b"\x85"])
def test_a_coding_behind_an_odd_space_is_another_coding(space: bytes) -> None:
    """Only space and tab are white space in a field (RFC 9110, 5.6.3): the rest hides `chunked` from one reader of two."""
    head = parse_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + space + b"chunked\r\n\r\n")
    assert head is not None
    with pytest.raises(BadMessage, match="was not asked for"):
        framing(head)


@pytest.mark.parametrize("step", [1, 2, 5, 7, 4096])
def test_a_flood_of_small_chunks_is_cut_as_if_it_came_octet_by_octet(step: int) -> None:
    """The quick way through plain chunks finds the same spans, wherever the segments are cut."""
    body = b"1\r\na\r\n" * 300 + b"A;x=y\r\n0123456789\r\n" + b"2\r\nbc\r\n" * 9 + b"0\r\nX: y\r\n\r\n"
    chunks, fed = Dechunker(), 0
    for at in range(0, len(body), step):
        fed += chunks.feed(body[at : at + step])

    assert (chunks.done, fed) == (True, len(body))
    assert b"a" * 300 + b"0123456789" + b"bc" * 9 == b"".join(body[a:b] for a, b in chunks.spans)
    assert chunks.data_length == 300 + 10 + 18
