"""What the book refuses, and why; pure.

(1) a value from a connection that was not verified, or from an answer that is not whole
(2) a value that no bytes can show: no payload, or a quote that does not stand at its place
(3) a word outside the closed lists: registers, results, events, kinds of sentence, pleas, kinds of service, what a claim counts
(4) a date that is not in normal form, or a term that is no ISO 8601 duration
"""

from __future__ import annotations

import re

from archive.capture import Capture
from archive.errors import Refused
from archive.ledger import words
from archive.ledger.observation import Observation, Reading

DATES = frozenset({
    "received", "decided", "in_force", "published", "modified", "lower_decided", "date", "placed",
    "absence_from", "absence_to", "period_from", "period_to", "as_of", "base_from", "base_to",
})  # fmt: skip
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])([T ]\S+)?)?)?")
_TERM = re.compile(r"P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T\d+H)?")

# Which words may stand where: by the form of the subject and the property. What comes of an event or a hearing may be
# told as a result or as the next event.
_CLOSED = {
    ("registration", "result"): frozenset(words.RESULTS),
    ("person", "result"): frozenset(words.RESULTS),
    ("event", "name"): frozenset((*words.EVENTS, "unknown")),
    ("event", "result"): frozenset((*words.EVENTS, *words.RESULTS)),
    ("sentence", "kind"): frozenset(words.SENTENCES),
    ("sentence", "plea"): frozenset(words.PLEAS),
    ("sentence", "service"): frozenset(words.SERVICES),
    ("hearing", "result"): frozenset((*words.EVENTS, *words.RESULTS)),
    ("claim", "metric"): frozenset(words.METRICS),
    ("claim", "unit"): frozenset((*words.UNITS, *(f"{unit}/{per}" for unit in words.UNITS for per in words.PER))),
    ("claim", "group"): frozenset(words.GROUPS),
    ("claim", "country"): frozenset(words.COUNTRIES),
}


def check(capture: Capture, reading: Reading, source_text: str | None = None) -> None:
    """Raise Refused where one value of the reading may not be entered for this capture.

    source_text: the page as decoded with `reading.charset`; where given, every quote is checked against it.
    """
    if not reading.observations:
        return
    if not capture.trusted:  # (1)
        raise Refused(f"{capture.id}: the connection was not verified, so its page feeds no value: {capture.url}")
    if not capture.outcome.whole:
        raise Refused(f"{capture.id}: the answer is not whole ({capture.outcome}), so its page feeds no value: {capture.url}")
    if capture.payload_sha256 is None and capture.refers_to is None:  # (2)
        raise Refused(f"{capture.id}: no payload was kept that could show a value: {capture.url}")
    for said in reading.observations:
        reason = wrong(said, source_text)
        if reason:
            raise Refused(f"{capture.id}: {said.subject} {said.property} {said.raw!r}: {reason}")


def wrong(said: Observation, source_text: str | None = None) -> str | None:
    """Why this value cannot be entered, in words; None where nothing is wrong with it."""
    if not said.selector:
        return "no selector says how it was found"
    if source_text is not None and source_text[said.start : said.end] != said.quote:
        return f"its quote does not stand at [{said.start}, {said.end}) of the page"
    form = words.form(said.subject)
    if said.subject.startswith("reg:"):
        register, _, key = said.subject.removeprefix("reg:").partition("#")[0].partition(":")
        if register not in words.REGISTERS or not key:
            return f"not a registration: {register!r} is no register, or its key is empty"
    if said.value is None:
        return None
    closed = _CLOSED.get((form, said.property))
    if closed is not None and said.value not in closed:
        return f"{said.value!r} is not in the closed list of words"
    if form == "sentence" and said.property in ("term", "suspended") and not _TERM.fullmatch(said.value):
        return f"{said.value!r} is not a duration in normal form"
    if said.property in DATES and not _DATE.fullmatch(said.value):
        return f"{said.value!r} is not a date in normal form"
    return None
