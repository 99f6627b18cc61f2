"""Virtual time: clocks that a seed can set, and an asyncio loop that leaps from one event to the next.

Nothing waits here. Where the loop has nothing to do it moves the clock to its next timer; what others give to threads is
done at once, in place. Those who only look at the same thing again and again (orders, standing, alarms, the daemon's beat)
are leapt over while nothing happens: a look that finds what the last look found changes nothing, whatever the hour.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Who looks, how often they do (seconds) is their own affair.
LOOKERS = frozenset(f"Daemon.{name}" for name in ("_take_orders", "_tell_standing", "_watch", "_notify"))
BEATS = "Alarm._beats"
AHEAD = 31.0  # seconds before a turn that beats are let go on: one beat more than there is


class Killed(SystemExit):
    """The process is gone: passes every `except Exception`, as nothing of it may go on."""


class Clock:
    """Monotonic seconds that only the loop moves, and a wall clock that anybody may set. As `politeness.Clock`.

    turn: when the plan's next turn comes (UTC), as the daemon said last.
    """

    def __init__(self, start: datetime) -> None:
        self.steady = 0.0
        self.offset = (start - EPOCH).total_seconds()
        self.turn: datetime | None = None

    def wall(self) -> float:
        return self.steady + self.offset

    def monotonic(self) -> float:
        return self.steady

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.wall())

    def set(self, by: timedelta) -> None:
        """Somebody sets the wall clock, or the machine slept: monotonic time stands still meanwhile."""
        self.offset += by.total_seconds()

    def steady_at(self, at: datetime) -> float:
        """The monotonic time at which the wall clock, as it is set now, shows this."""
        return (at - EPOCH).total_seconds() - self.offset


def datetimes(clock: Clock) -> type[datetime]:
    """`datetime` whose `now` is the virtual one: for rooms that ask it."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz)

    return Virtual


class Look(asyncio.TimerHandle):
    """The timer of somebody who only looks. happened: how much had happened when it was set."""

    __slots__ = ("beat", "happened", "period")


class Tick(asyncio.TimerHandle):
    """The timer of who judges: he changes nothing, and nothing happens when he comes."""

    __slots__ = ()


class Loop(asyncio.BaseEventLoop):
    """Moves `clock`. happened counts what is no looking: timers of others, and what the script says."""

    def __init__(self, clock: Clock, connect: Callable[..., Any]) -> None:
        super().__init__()
        self.clock = clock
        self.happened = 0
        self._connect = connect
        self._selector = self
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.clock.steady

    def select(self, timeout: float | None) -> list[Any]:
        """In place of the system's: the clock is moved to the next timer."""
        if timeout is None:
            raise RuntimeError("nothing is left that could happen")
        if timeout > 0:
            self._leap()
            timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
            when = max(timers[0].when(), self.clock.steady)
            self.clock.steady = when
            if any(each.when() <= when and not isinstance(each, (Look, Tick)) for each in timers):
                self.happened += 1
        return []

    def _leap(self) -> None:
        """Lookers whose last look saw all that has happened look next when something does."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        events = [each.when() for each in timers if not isinstance(each, (Look, Tick)) and not each.cancelled()]
        if self.clock.turn is not None:
            events.append(max(self.clock.steady_at(self.clock.turn), self.clock.steady))
        if not events:
            return
        event, moved = min(events), False
        for each in timers:
            if isinstance(each, Look) and each.happened == self.happened:
                until = event - AHEAD if each.beat else event
                if each.when() < until:
                    periods = (until - each.when()) // each.period + (0 if each.beat else 1)
                    if periods > 0:
                        each._when += periods * each.period  # type: ignore[attr-defined]
                        moved = True
        if moved:
            heapq.heapify(timers)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        period = when - self.time()
        beat = False
        if getattr(callback, "__name__", "") == "wakeup":  # the scheduler's: set for the next turn, or a beat away
            looks = beat = period > AHEAD - 2
        else:
            task = asyncio.current_task(self) if asyncio._get_running_loop() is self else None
            name = task.get_coro().__qualname__ if task is not None else ""  # type: ignore[union-attr]
            beat = name == BEATS
            looks = beat or name in LOOKERS
        if not looks or period <= 0:
            return super().call_at(when, callback, *args, context=context)
        timer = Look(when, callback, args, self, context)
        timer.period, timer.happened, timer.beat = period, self.happened, beat
        return self._push(timer)

    def tick_at(self, when: float, callback: Callable[[], object]) -> None:
        """For who judges."""
        self._push(Tick(when, callback, (), self, None))

    def _push(self, timer: asyncio.TimerHandle) -> asyncio.TimerHandle:
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as exc:
            done.set_exception(exc)
        return done

    async def create_connection(self, protocol_factory: Callable[[], Any], host: str, port: int) -> Any:  # type: ignore[override]
        return await self._connect(self, protocol_factory, host, port)

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass
