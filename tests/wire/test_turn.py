"""The cutting of what comes, without a network: borders, endings, limits."""

from __future__ import annotations

import random
from collections import Counter

import h11
import pytest

from archive.capture import Outcome
from archive.message import entity
from crawler.turn import Limits, Turn
from tests.world.answers import Answer, answer, segments


def read(octets: list[bytes], *, limits: Limits = Limits(), method: str = "GET", eof: bool = True, sure: bool = True) -> Turn:
    turn = Turn(limits, method)
    for piece in octets:
        turn.feed(piece)
    if eof:
        turn.eof(sure=sure)
    return turn


def body_of(turn: Turn) -> bytes:
    _, response, _ = turn.pieces()
    return b"".join(response[a:b] for a, b in turn.spans())


def judge(octets: bytes) -> bytes | None:
    """The entity-body as h11 cuts it; None where h11 refuses the octets."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "court.test")]))
    client.send(h11.EndOfMessage())
    out = b""
    try:
        client.receive_data(octets)
        for _ in range(100_000):
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(b"")
            elif isinstance(event, h11.Data):
                out += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return out
    except h11.RemoteProtocolError:
        return None
    return None


def test_every_octet_lies_in_one_piece_however_it_is_cut() -> None:
    """2,000 random answers, cut at random: interim, response and surplus are what was sent, and the body is."""
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    kinds: Counter[str] = Counter()
    judged = 0
    for _ in range(2000):
        made = answer(rng)
        kinds[made.kind] += 1
        turn = read(segments(made.octets, rng))
        assert turn.ending is not None
        assert (turn.ending.outcome, made.kind) == (made.outcome, made.kind)
        assert turn.pieces() == (made.interim, made.response, made.surplus)
        if made.entity is not None:
            assert body_of(turn) == made.entity == entity(made.response)
            theirs = judge(made.octets)
            if theirs is not None:
                judged += 1
                assert theirs == made.entity
    assert len(kinds) == 9
    assert judged > 800


def test_the_borders_do_not_depend_on_the_cuts() -> None:
    """Octet by octet or all at once: the same pieces, and an ending of the same kind."""
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(200):
        made = answer(rng)
        whole = read([made.octets])
        single = read([made.octets[i : i + 1] for i in range(len(made.octets))])
        assert whole.pieces() == single.pieces()
        assert whole.ending is not None and single.ending is not None
        assert (whole.ending.outcome, whole.ending.truncated) == (single.ending.outcome, single.ending.truncated)


def test_an_answer_can_be_cut_off_anywhere() -> None:
    """Cut at every octet: nothing is lost, and only the whole answer is captured."""
    made = (
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    for cut in range(len(made) + 1):
        turn = read([made[:cut]])
        interim, response, surplus = turn.pieces()
        assert b"".join(interim) + response + surplus == made[:cut]
        assert turn.ending is not None
        assert (turn.ending.outcome is Outcome.CAPTURED) == (cut == len(made))


HEAD = b"HTTP/1.1 200 OK\r\n"


def padded_head(length: int) -> bytes:
    fixed = HEAD + b"Content-Length: 0\r\nX: \r\n\r\n"
    return fixed.replace(b"X: ", b"X: " + b"a" * (length - len(fixed)))


def many_fields(count: int) -> bytes:
    return HEAD + b"Content-Length: 0\r\n" + b"A: b\r\n" * (count - 1) + b"\r\n"


def many_interim(count: int) -> bytes:
    return b"HTTP/1.1 103 Early Hints\r\n\r\n" * count + HEAD + b"Content-Length: 0\r\n\r\n"


def declared(length: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % length + b"a" * length


def to_the_close(length: int) -> bytes:
    return HEAD + b"\r\n" + b"a" * length


def in_chunks(length: int) -> bytes:
    framed = length - len(b"40\r\n") - len(b"\r\n0\r\n\r\n")
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%02x\r\n" % framed + b"a" * framed + b"\r\n0\r\n\r\n"


def so_many_chunks(count: int) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * count + b"0\r\n\r\n"


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("cuts", ["whole", "single"])
@pytest.mark.parametrize(
    ("limits", "make", "limit"),
    [
        (Limits(head=300), padded_head, 300),
        (Limits(fields=7), many_fields, 7),
        (Limits(interim=3), many_interim, 3),
        (Limits(body=90), declared, 90),
        (Limits(body=90), to_the_close, 90),
        (Limits(body=90), in_chunks, 90),
        (Limits(chunks=9), so_many_chunks, 9),
    ],
    ids=["head", "fields", "interim", "length", "close", "chunked", "chunks"],
)
def test_a_size_limit_holds_to_the_octet(limits: Limits, make: object, limit: int, off: int, cuts: str) -> None:
    """One less and the limit itself pass; one more is too large, and what came is kept."""
    assert callable(make)
    octets = make(limit + off)
    turn = read([octets] if cuts == "whole" else [octets[i : i + 1] for i in range(len(octets))], limits=limits)

    assert turn.ending is not None
    assert turn.ending.outcome is (Outcome.TOO_LARGE if off > 0 else Outcome.CAPTURED)
    assert turn.ending.truncated == ("length" if off > 0 else None)
    interim, response, surplus = turn.pieces()
    assert b"".join(interim) + response + surplus == octets


def test_the_limits_are_those_that_were_decided() -> None:
    """reliability.md 4.1, number by number."""
    limits = Limits()
    assert (limits.dns, limits.addresses, limits.connect, limits.tls) == (10, 16, 10, 10)
    assert (limits.first_byte, limits.whole, limits.rate, limits.rate_window) == (30, 120, 1024, 30)
    assert (limits.body, limits.head, limits.fields, limits.interim, limits.url) == (64 * 2**20, 64 * 2**10, 200, 20, 8192)


@pytest.mark.parametrize(
    "endless",
    [
        b"a" * 1000,
        b"X: y\r\n" * 100,
        b"X: " + b"a" * 1000,
    ],
    ids=["status line", "fields", "one field"],
)
def test_a_head_without_an_end(endless: bytes) -> None:
    """It is dropped at the cap, not collected for ever."""
    turn = Turn(Limits())
    turn.feed(b"HTTP/1.1 200 OK" if endless.startswith(b"a") else HEAD)
    fed = 0
    while not turn.feed(endless) and fed < 1_000_000:
        fed += len(endless)

    assert turn.ending is not None
    assert turn.ending.outcome is Outcome.TOO_LARGE
    assert fed < 70_000


@pytest.mark.parametrize("endless", [b"5;" + b"x" * 40_000, b"0\r\n" + b"X: y\r\n" * 20_000], ids=["extension", "trailers"])
def test_chunk_lines_without_an_end(endless: bytes) -> None:
    """Extensions and trailers are not a way round the caps."""
    turn = read([HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + endless], eof=False)

    assert turn.ending is not None
    assert turn.ending.outcome is Outcome.BAD_HTTP


@pytest.mark.parametrize(
    ("octets", "method", "surplus"),
    [
        (HEAD + b"Content-Length: 5\r\n\r\n", "HEAD", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", b""),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "GET", b"hello"),
    ],
)
def test_answers_that_have_no_body(octets: bytes, method: str, surplus: bytes) -> None:
    """HEAD, 204 and 304 end with their head, whatever they declare; more is surplus."""
    turn = read([octets], method=method, eof=False)

    assert turn.ending is not None
    assert turn.ending.outcome is Outcome.CAPTURED
    assert turn.pieces()[2] == surplus
    assert turn.keeps == (surplus == b"")
    assert body_of(turn) == b""


@pytest.mark.parametrize(
    ("octets", "keeps"),
    [
        (HEAD + b"Content-Length: 1\r\n\r\na", True),
        (HEAD + b"Content-Length: 1\r\nConnection: keep-alive\r\n\r\na", True),
        (HEAD + b"Content-Length: 1\r\nConnection: Close\r\n\r\na", False),
        (HEAD + b"Content-Length: 1\r\nConnection: x\r\nConnection: close\r\n\r\na", False),
        (HEAD + b"Content-Length: 1\r\n\r\nab", False),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 1\n\na", False),
    ],
)
def test_which_connections_carry_another_turn(octets: bytes, keeps: bool) -> None:
    """Only one whose end was marked, with nothing beyond it, by a sender who did not say close."""
    turn = read([octets], eof=False)

    assert turn.ending is not None
    assert turn.ending.outcome is Outcome.CAPTURED
    assert turn.keeps is keeps


def test_a_body_to_the_close_needs_a_sure_close() -> None:
    """Over TLS a cut connection is no end of a body (RFC 9112, 9.8); TCP's own end is."""
    sure, cut = read([HEAD + b"\r\nhello"]), read([HEAD + b"\r\nhello"], sure=False)

    assert sure.ending is not None and sure.ending.outcome is Outcome.CAPTURED
    assert cut.ending is not None and (cut.ending.outcome, cut.ending.truncated) == (Outcome.TRUNCATED, "disconnect")


def test_the_generator_makes_what_it_says() -> None:
    """The judge has something to judge: both orders of trouble occur, and kept connections do."""
    rng = random.Random(1)
    made: list[Answer] = [answer(rng) for _ in range(500)]
    assert {a.outcome for a in made} == {Outcome.CAPTURED, Outcome.TRUNCATED, Outcome.BAD_HTTP}
    assert sum(a.kept for a in made) > 50
    assert sum(bool(a.surplus) for a in made) > 20
