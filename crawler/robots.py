"""May this address be asked for, by the site's robots.txt? (RFC 9309)

The file is got by the fetcher; here it is read, judged and remembered: for a day, or for an hour where the site could not
say. Whatever a file holds, it never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from archive.capture import Exchange, Outcome
from archive.coding import decode
from archive.errors import BadCoding, BadMessage
from archive.message import entity, parse_head
from crawler.politeness import DAY, Politeness

MOST = 500 * 1024  # octets parsed: RFC 9309, 2.5
REDIRECTS = 5  # 2.3.1.2
HELD = DAY  # 2.4
ASKED_AGAIN = 3_600.0  # where the site could not say: all is disallowed for so long, then it is asked again
GIVEN_UP = 30 * DAY  # 2.3.1.4: unreachable for so long is taken as absent
LONGEST_DELAY = 60.0  # seconds of Crawl-delay that are honoured
CACHED = 1_000  # files held parsed


@dataclass(frozen=True, slots=True)
class Ruling:
    """What robots.txt says of one address. delay: its Crawl-delay in seconds, bounded; why: where it is not allowed."""

    allowed: bool
    delay: float = 0.0
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Robots:
    """One origin's robots.txt as it was last seen.

    state: "read", "absent" (nothing there: all is allowed) or "unreachable" (all is disallowed).
    expires, since: wall time in seconds; since: when it became unreachable.
    """

    state: str
    expires: float
    since: float
    body: bytes = b""
    why: str | None = None

    def rules(self) -> Callable[[str, str], Ruling]:
        """A function of address and product token."""
        if self.state == "unreachable":
            return lambda _url, _token: Ruling(False, why=f"robots.txt could not be had: {self.why}")
        try:
            parsed = Protego.parse(self.body.decode("utf-8-sig", "replace"))
        except Exception as exc:  # a library's, over a stranger's text: no rule was read, so none forbids
            note = f"robots.txt could not be read: {type(exc).__name__}"
            return lambda _url, _token: Ruling(True, why=note)
        return lambda url, token: _ruling(parsed, url, token)


def _ruling(parsed: Protego, url: str, token: str) -> Ruling:
    try:
        delay = min(max(float(parsed.crawl_delay(token) or 0.0), 0.0), LONGEST_DELAY)
        allowed = bool(parsed.can_fetch(url, token))
    except Exception as exc:
        return Ruling(True, why=f"robots.txt could not be read: {type(exc).__name__}")
    return Ruling(allowed, delay, None if allowed else f"robots.txt disallows {url}")


def seen(last: Exchange, now: float, before: Robots | None = None) -> Robots:
    """What the last exchange of a visit to robots.txt amounts to. before: what was known until then.

    A file that broke off, or that is too large, counts as far as it came; a redirect too many counts as no file.
    """
    status = last.status or 0
    answered = last.head_length > 0 and last.outcome is not Outcome.RESET and last.outcome is not Outcome.TIMEOUT
    if answered and 200 <= status < 300:
        return Robots("read", now + HELD, now, _body(last))
    if last.outcome in (Outcome.BAD_HTTP, Outcome.REDIRECT_LOOP, Outcome.GUARDED) or (answered and status < 500):
        return Robots("absent", now + HELD, now)
    why = f"status {status}" if answered else str(last.outcome)
    if before is not None and before.state == "read":  # 2.4: a copy may serve while the site cannot say
        return Robots("read", now + ASKED_AGAIN, now, before.body)
    since = before.since if before is not None and before.state == "unreachable" else now
    state = "absent" if now - since >= GIVEN_UP else "unreachable"
    return Robots(state, now + ASKED_AGAIN, since, why=why)


def _body(last: Exchange) -> bytes:
    head = parse_head(last.response)
    codings = head.get(b"content-encoding") if head else None
    try:
        body = decode(entity(last.response), codings.decode("latin-1") if codings else None, limit=16 * MOST)
    except (BadCoding, BadMessage):
        return b""
    return body if len(body) <= MOST else body[:MOST].rpartition(b"\n")[0]


_FILES = """
    origin VARCHAR NOT NULL PRIMARY KEY, state VARCHAR NOT NULL, expires FLOAT NOT NULL, since FLOAT NOT NULL,
    body BLOB NOT NULL, why VARCHAR
"""


class RobotsFiles:
    """The robots.txt of every origin met, on disk beside the pauses; the latest ones parsed in memory."""

    def __init__(self, politeness: Politeness) -> None:
        self._state = politeness.state
        self._clock = politeness.clock
        self._state.table("robots", _FILES)
        self._rules: dict[str, tuple[Robots, Callable[[str, str], Ruling]]] = {}

    def known(self, origin: str) -> Robots | None:
        """What was last seen there, expired or not."""
        if origin in self._rules:
            return self._rules[origin][0]
        row = self._state.get("robots", "origin", origin)
        if row is None:
            return None
        robots = Robots(row["state"], row["expires"], row["since"], row["body"], row["why"])
        self._hold(origin, robots)
        return robots

    def fresh(self, origin: str) -> bool:
        """Is it known well enough not to be asked for again?"""
        known = self.known(origin)
        # An expiry beyond a day is the clock's doing.
        return known is not None and self._clock.wall() < known.expires <= self._clock.wall() + HELD

    def judges(self, origin: str) -> bool:
        """Is there a file to go by, be it an older one?"""
        known = self.known(origin)
        return known is not None and known.state != "unreachable"

    def ruling(self, origin: str, url: str, token: str) -> Ruling:
        """What the file known of the origin says of the address; KeyError where none is known."""
        if self.known(origin) is None:
            raise KeyError(origin)
        return self._rules[origin][1](url, token)

    def enter(self, origin: str, last: Exchange) -> Robots:
        """Remembers what the last exchange of a visit to the origin's robots.txt amounts to."""
        robots = seen(last, self._clock.wall(), self.known(origin))
        row = {name: getattr(robots, name) for name in ("state", "expires", "since", "body", "why")}
        self._state.put("robots", {"origin": origin, **row})
        self._hold(origin, robots)
        return robots

    def _hold(self, origin: str, robots: Robots) -> None:
        if len(self._rules) >= CACHED:
            del self._rules[next(iter(self._rules))]
        self._rules[origin] = (robots, robots.rules())
