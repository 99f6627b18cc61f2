"""Is a cited address alive? From every attempt that is kept, by vantage; pure, time comes with the attempts.

One failure says little: an address is dead after three of them, each of a day of its own, with no success between, as seen
from one place; what lives for another place is alive (as InternetArchiveBot counts, ukraine-news-links 3). A captcha, a
block, a login and a paywall are answers of somebody who is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from archive.capture import Outcome
from archive.urls import identity
from crawler.editions.houses import is_home

ENOUGH = 3  # failures
APART = timedelta(hours=20)  # between two that count: a daily round may come a little early
HERE = "here"  # the vantage of whoever names none
WORDS = ("alive", "moved", "paywalled", "soft-404", "blocked", "failing", "dead", "never-tried")
_BLOCKED_STATUS = (401, 403, 407, 412, 428, 429, 440, 449, 451)
_GONE_PATHS = ("/404", "/404.html", "/notfound", "/not-found", "/error", "/error404", "/page-not-found")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One visit to an address. verdict: of the page, None where it was not read. paywall: it says that it is not free."""

    url: str
    at: datetime
    outcome: Outcome
    status: int | None
    final_url: str
    verdict: str | None = None
    vantage: str = HERE
    capture: str = ""
    error: str | None = None
    paywall: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """word: one of WORDS. since: the first attempt that said so without a break. failures: those that count, in a row."""

    word: str
    reason: str
    attempts: int = 0
    failures: int = 0
    since: datetime | None = None
    last: Attempt | None = None
    vantages: tuple[tuple[str, str], ...] = ()


def health(attempts: Iterable[Attempt]) -> Health:
    """The state of one address, the best of what its vantages say."""
    by_place: dict[str, list[Attempt]] = {}
    for each in sorted(attempts, key=lambda each: each.at):
        by_place.setdefault(each.vantage, []).append(each)
    if not by_place:
        return Health("never-tried", "it was never visited")
    states = {place: _state(told) for place, told in by_place.items()}
    best = min(states.values(), key=lambda each: (WORDS.index(each.word), -(each.attempts)))
    vantages = tuple((place, states[place].word) for place in sorted(states))
    return Health(
        best.word, best.reason, sum(s.attempts for s in states.values()), best.failures, best.since, best.last, vantages
    )


def _state(told: Sequence[Attempt]) -> Health:
    """From one vantage, in order of time."""
    words = [state(each) for each in told]
    last, (word, reason) = told[-1], words[-1]
    run = len(told)
    while run and words[run - 1][0] == word:
        run -= 1
    since, failures = told[run].at, 0
    if word == "failing":
        counted: list[datetime] = []
        for each in told[run:]:
            if not counted or each.at - counted[-1] >= APART:
                counted.append(each.at)
        failures = len(counted)
        if failures >= ENOUGH:
            word, reason = "dead", f"{failures} failures from {counted[0]:%Y-%m-%d} to {counted[-1]:%Y-%m-%d}: {reason}"
        else:
            reason = f"{failures} of {ENOUGH} failures on days of their own: {reason}"
    return Health(word, reason, len(told), failures, since, last)


def state(attempt: Attempt) -> tuple[str, str]:
    """What one attempt says: a word (never `dead`), and why."""
    verdict, status = attempt.verdict, attempt.status
    if attempt.outcome in (Outcome.ROBOTS, Outcome.GUARDED, Outcome.PAUSED):
        return "blocked", f"not asked: {attempt.error or attempt.outcome}"
    if not attempt.outcome.whole:
        return "failing", attempt.error or str(attempt.outcome)
    if verdict in ("captcha", "blocked") or (status in _BLOCKED_STATUS and verdict != "login"):
        return "blocked", f"answered, and not with the page: {verdict or status}"
    if status == 402 or verdict == "login" or (attempt.paywall and (status is None or status < 400)):
        return "paywalled", "the page says that it is not free to read" if attempt.paywall else "a login stands before it"
    if verdict == "gone" or status in (404, 410):
        return "failing", f"status {status}: not there"
    if verdict in ("outage", "parked") or (status is not None and status >= 400):
        return "failing", f"{verdict or 'answered'} (status {status})"
    if verdict == "soft-404" or _gone_home(attempt):
        return (
            "soft-404",
            "answered, and says that it is not there" if verdict == "soft-404" else f"leads to {attempt.final_url}",
        )
    if _plain(attempt.final_url) != _plain(attempt.url):
        return "moved", f"leads to {attempt.final_url}"
    return "alive", f"status {status}"


def _gone_home(attempt: Attempt) -> bool:
    """Sent on to the front page or to a page for what is not there (DeadlinkChecker's rule)."""
    if _plain(attempt.final_url) == _plain(attempt.url):
        return False
    path = urlsplit(attempt.final_url).path.rstrip("/").lower()
    return path in _GONE_PATHS or (is_home(attempt.final_url) and not is_home(attempt.url))


def _plain(url: str) -> str:
    """Scheme, `www.` and a last slash moved nothing."""
    try:
        parts = urlsplit(identity(url))
    except ValueError:
        return url
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}"
