"""Many pieces of work at once: fair, bounded, in order within a lane."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from threading import Event

import pytest

from crawler.abreast import READ_AHEAD, abreast


async def test_a_lane_keeps_its_order_and_its_bound() -> None:
    """One piece of a lane at a time, and no lane waits for another's pile."""
    busy: Counter[str] = Counter()
    most: Counter[str] = Counter()
    seen: list[tuple[str, int]] = []

    async def do(piece: tuple[str, int]) -> tuple[str, int]:
        busy[piece[0]] += 1
        most[piece[0]] = max(most[piece[0]], busy[piece[0]])
        await asyncio.sleep(0)
        busy[piece[0]] -= 1
        seen.append(piece)
        return piece

    work = [("a", n) for n in range(300)] + [("b", n) for n in range(3)]
    done = [piece async for piece in abreast(work, do, lambda piece: piece[0], in_flight=8)]

    assert sorted(work) == sorted(done)
    assert dict(most) == {"a": 1, "b": 1}
    assert [n for name, n in seen if name == "a"] == list(range(300))


async def test_a_host_may_have_several_at_once() -> None:
    """`per_lane` pieces of one lane run together, `in_flight` of all."""
    now = most = 0

    async def do(piece: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return piece

    done = [piece async for piece in abreast(range(50), do, lambda _: "one", in_flight=5, per_lane=9)]

    assert (list(range(50)), 5) == (sorted(done), most)


async def test_a_long_list_is_read_only_as_fast_as_it_is_worked_off() -> None:
    """A list without end does not fill the memory."""
    taken = 0

    def without_end() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    async def do(piece: int) -> int:
        await asyncio.sleep(0)
        return piece

    async for piece in abreast(without_end(), do, lambda piece: str(piece % 7), in_flight=4):
        if piece > 3 * READ_AHEAD:
            break

    assert taken <= 5 * READ_AHEAD + 8


async def test_a_line_is_worked_off_before_the_next_one_is_typed() -> None:
    """Who hands in one address and waits for its result gets it."""
    answered = Event()

    def typed() -> Iterator[str]:
        yield "first"
        assert answered.wait(30)
        yield "second"

    async def do(piece: str) -> str:
        return piece

    done = []
    async for piece in abreast(typed(), do, str, in_flight=3):
        done.append(piece)
        answered.set()

    assert ["first", "second"] == done


async def test_a_list_that_breaks_off_fails_after_its_last_piece() -> None:
    """What was handed in before the fault is done, and the fault is told."""

    def torn() -> Iterator[int]:
        yield from range(10)
        raise OSError("the pipe broke")

    async def do(piece: int) -> int:
        return piece

    done = []
    with pytest.raises(OSError, match="the pipe broke"):
        async for piece in abreast(torn(), do, str, in_flight=100):
            done.append(piece)

    assert set(done) <= set(range(10))


async def test_results_that_come_together_are_told_together() -> None:
    """`rest` is called when all is handed out and something is waited for, and at the end."""
    told: list[int] = []
    held: list[int] = []

    async def do(piece: int) -> int:
        await asyncio.sleep(0)
        return piece

    async for piece in abreast(range(100), do, str, in_flight=10, rest=lambda: told.extend(held) or held.clear()):
        held.append(piece)

    assert list(range(100)) == sorted(told)


async def test_one_piece_that_fails_ends_the_rest() -> None:
    """The error goes on, and nothing is left running."""
    running = 0

    async def do(piece: int) -> int:
        nonlocal running
        running += 1
        try:
            await asyncio.sleep(0.01 if piece else 0)
            if not piece:
                raise OSError("the disk is gone")
            return piece
        finally:
            running -= 1

    with pytest.raises(OSError, match="the disk is gone"):
        async for _ in abreast(range(20), do, str, in_flight=10):
            pass

    assert running == 0


async def test_an_empty_list() -> None:
    """Nothing to do is done at once."""

    async def do(piece: int) -> int:
        return piece

    assert [piece async for piece in abreast([], do, str, in_flight=3)] == []
