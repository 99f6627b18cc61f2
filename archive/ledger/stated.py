"""A figure as somebody states it: what is counted, of whom, when, and how much; values, and the words they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from archive.ledger import words


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure of one text.

    metric: one of words.METRICS; unit: one of words.UNITS, for a rate with one of words.PER behind a stroke (`verdict/month`).
    low, high: what the text commits itself to: equal for `848`, one None for `more than 20,000` and `nearly 500`.
    about: said with a word like `around`. articles: of the criminal code; (): none is named. group: a word of words.GROUPS for
    what is meant instead. country: whose courts, `RU` or `UA`; None: not said. first, last: the period, both ends inclusive.
    as_of: the day up to which a total was counted. base: of a ratio or a share, the period it is compared with.
    quote: the sentence. source: the address or file; id: of the claim, `SOURCE#claim:N`.
    """

    metric: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    quote: str
    articles: tuple[str, ...] = ()
    group: str | None = None
    country: str | None = None
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    base: tuple[date | None, date | None] | None = None
    about: bool = False
    attributed_to: str | None = None
    id: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        thing, _, per = self.unit.partition("/")
        if self.metric not in words.METRICS or thing not in words.UNITS or (per and per not in words.PER):
            raise ValueError(f"not a metric with its unit: {self.metric!r}, {self.unit!r}")
        if self.low is None and self.high is None:
            raise ValueError("a claim that states nothing")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"a range from {self.low} down to {self.high}")

    @property
    def exact(self) -> Decimal | None:
        """The one figure that is stated; None for a range and for `more than`."""
        return self.low if self.low == self.high else None

    @property
    def thing(self) -> str:
        return self.unit.partition("/")[0]

    @property
    def per(self) -> str | None:
        return self.unit.partition("/")[2] or None

    @property
    def period(self) -> str | None:
        """As an ISO 8601 interval, `2025-04-01/2025-04-30`; `..` for an open end."""
        return interval(self.first, self.last)


def interval(first: date | None, last: date | None) -> str | None:
    return None if first is None and last is None else f"{first or '..'}/{last or '..'}"


def number(value: Decimal | None) -> int | float | None:
    """For JSON: whole numbers as such."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def of_values(source: str, id_: str, said: Iterable[tuple[str, str, str | None]]) -> Claim | None:
    """A claim from the values that the ledger holds of it: (property, raw, value). None where they are no whole claim."""
    known: dict[str, list[str]] = {}
    quote = ""
    for name, raw, value in said:
        if value is not None:
            known.setdefault(name, []).append(value)
        if name == "metric":
            quote = raw
    one = {name: values[0] for name, values in known.items()}
    try:
        exact = one.get("stated")
        low, high = (exact, exact) if exact else (one.get("stated_low"), one.get("stated_high"))
        base = (_day(one.get("base_from")), _day(one.get("base_to")))
        return Claim(
            one["metric"], one["unit"], Decimal(low) if low else None, Decimal(high) if high else None, quote,
            tuple(known.get("article", ())), one.get("group"), one.get("country"), _day(one.get("period_from")),
            _day(one.get("period_to")), _day(one.get("as_of")), base if any(base) else None, "approximate" in one,
            one.get("attributed_to"), id_, source,
        )  # fmt: skip
    except (KeyError, ValueError, ArithmeticError):
        return None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def named(claims: Iterable[Claim], source: str) -> list[Claim]:
    """The claims of one source, each with its id."""
    return [replace(claim, source=source, id=f"{source}#claim:{n}") for n, claim in enumerate(claims, 1)]
