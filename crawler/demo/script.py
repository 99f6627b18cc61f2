"""Which accidents are to happen, and which did: the script of the small world.

A step is one thing that must be seen on the server at one visit. Whoever answers a request says so here; at the end the
script tells whether it happened as written. Nothing here asks for the time or draws a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One accident. once: it happens to one request and is over; otherwise to every request that meets it."""

    name: str
    visit: int
    promise: str
    once: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """A step that met a request."""

    step: Step
    url: str


STEPS = (
    Step("unavailable", 1, "a listing is answered 503 with Retry-After, then served", once=True),
    Step("reset", 1, "the connection breaks before the answer to a listing, then it is served", once=True),
    Step("captcha", 1, "a listing is answered by a captcha page with status 200"),
    Step("outage", 1, "a listing is answered by an outage page with status 200"),
    Step("outage-card", 1, "a card is answered by an outage page with status 200"),
    Step("blocked", 1, "a listing is answered by a block page with status 200"),
    Step("redirect", 1, "http on the dot host is sent on to https on the dash host, the query kept"),
    Step("alias-dash", 1, "a card is shown at its court's own address"),
    Step("alias-spelling", 1, "the same card is shown at another spelling of that address"),
    Step("alias-host", 1, "the same card is shown by another court's host of the region"),
    Step("empty", 1, "a listing of a window without cases says that nothing was found"),
    Step("wrong-query", 1, "a query without a required field is answered by the search form"),
    Step("paging", 1, "a listing goes on on a second page"),
    Step("changed-before", 1, "a case stands on its card without a result"),
    Step("changed-after", 2, "the same case has a new event, a result and a later stamp"),
    Step("withdrawn-before", 1, "a case stands in the listing of its month"),
    Step("withdrawn-listing", 2, "the listing of that month counts one case less"),
    Step("withdrawn-card", 2, "the card of that case is answered 404"),
)


class Script:
    """The steps, and what has happened of them so far, in order."""

    def __init__(self, steps: Iterable[Step] = STEPS) -> None:
        self._steps = {step.name: step for step in steps}
        self.happened: list[Happened] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps.values())

    def due(self, name: str, visit: int) -> bool:
        """This step belongs to this visit, and has not happened yet where it happens only once."""
        step = self._steps.get(name)
        return step is not None and step.visit == visit and not (step.once and self.count(name))

    def note(self, name: str, visit: int, url: str) -> bool:
        """Enter that a step met this request, where it is due; says whether it was."""
        if not self.due(name, visit):
            return False
        self.happened.append(Happened(self._steps[name], url))
        return True

    def count(self, name: str) -> int:
        return sum(entry.step.name == name for entry in self.happened)

    def missing(self, visits: Iterable[int] = (1, 2)) -> tuple[Step, ...]:
        """The steps of these visits that no request has met."""
        wanted = set(visits)
        return tuple(step for step in self.steps if step.visit in wanted and not self.count(step.name))
