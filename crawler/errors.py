"""Two families, and two errors of our own: we could not get it, or it is not the page we know.

FetchFailed             each has its outcome word (archive.capture.Outcome) and carries the Exchange as far as it came
    Guarded                 the address is not one we connect to
    DnsFailed               the name has no address
    Refused                 nobody listens there, or the network says no
    TlsFailed               the certificate or the handshake is wrong
    Reset                   the connection broke
    TimedOut                the deadline passed
    TooSlow                 bytes came below the minimum rate
    Truncated               the body ended before its declared end
    TooLarge                a cap was reached
    BadHttp                 the answer is not HTTP/1.1
    RedirectLoop            too many hops, or the same address again
    Robots                  the site's robots.txt says no
    Paused                  the host is cooling down
Unreadable              the bytes are kept, and are not the page the reader knows
BadSettings             what a person set cannot be used
FetcherDied             a process of ours that fetches ended, and ended again
"""

from __future__ import annotations

from typing import ClassVar

from archive.capture import Exchange, Outcome


class FetchFailed(Exception):
    """We could not get it. `exchange` holds what was sent and received until then."""

    outcome: ClassVar[Outcome]

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.url}: {exchange.error or self.outcome}")
        if exchange.outcome is not self.outcome:
            raise ValueError(f"{type(self).__name__} with outcome {exchange.outcome}")
        self.exchange = exchange


class Guarded(FetchFailed):
    outcome = Outcome.GUARDED


class DnsFailed(FetchFailed):
    outcome = Outcome.DNS_FAILED


class Refused(FetchFailed):
    outcome = Outcome.REFUSED


class TlsFailed(FetchFailed):
    outcome = Outcome.TLS_FAILED


class Reset(FetchFailed):
    outcome = Outcome.RESET


class TimedOut(FetchFailed):
    outcome = Outcome.TIMEOUT


class TooSlow(FetchFailed):
    outcome = Outcome.TOO_SLOW


class Truncated(FetchFailed):
    outcome = Outcome.TRUNCATED


class TooLarge(FetchFailed):
    outcome = Outcome.TOO_LARGE


class BadHttp(FetchFailed):
    outcome = Outcome.BAD_HTTP


class RedirectLoop(FetchFailed):
    outcome = Outcome.REDIRECT_LOOP


class Robots(FetchFailed):
    outcome = Outcome.ROBOTS


class Paused(FetchFailed):
    outcome = Outcome.PAUSED


class Unreadable(Exception):
    """The page is not the one its reader knows: the selector or the rule, and what was found instead."""


class FetcherDied(Exception):
    """A fetching process ended twice with the same address in hand; all that was acknowledged is kept."""


class BadSettings(Exception):
    """A setting that cannot be used; the text names the file or variable and the setting."""


def failed(exchange: Exchange) -> FetchFailed:
    """The error that tells this exchange's outcome."""
    for kind in FetchFailed.__subclasses__():
        if kind.outcome is exchange.outcome:
            return kind(exchange)
    raise ValueError(f"{exchange.outcome} is not a failure")
