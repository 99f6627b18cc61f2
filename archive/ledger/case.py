"""Folds what captures say into cases: which registrations are one, which of them tells its state, whom it is about; pure.

The order of captures decides nothing. How one registration is folded is told in `registration`, which ones are one case
in `identity`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archive.errors import NotFound
from archive.ledger import words
from archive.ledger.corrected import corrected
from archive.ledger.identity import Keys, groups, links, live, official, taken_back
from archive.ledger.likeness import Likeness, likenesses
from archive.ledger.numbers import mentioned
from archive.ledger.observation import Correction, Sighting, Tie
from archive.ledger.registration import Conflict, Entity, Registration, Value, compatible, register

__all__ = ["Case", "Conflict", "Entity", "Registration", "Value", "compatible", "find", "fold", "holds"]

FIRST_INSTANCE = ("criminal-1", "civil-1", "kas-1", "koap")

Alike = Callable[[Sequence[Keys], list[frozenset[str]], list[Tie]], list[Likeness]]

# Over at this court, and going on at another one or in another case.
_SENT_ON = ("transferred", "joined")


@dataclass(frozen=True, slots=True)
class Case:
    """The registrations that are one case.

    chain: those of first instance by date of receipt, else all of them. earliest: the one with the earliest receipt; None
    where no date of receipt is known. last: the one that tells the state of the case: the last that did not send it on, if
    one did not. people: whom the case is about, each with the registration that tells his outcome. links: why these
    registrations are one case, beside the official keys they share. of_articles: no court's page shows it. Dates are as the
    court states them, YYYY-MM-DD or as precise as known, and never taken from another clock.
    """

    id: str
    registrations: tuple[Registration, ...]
    chain: tuple[Registration, ...]
    earliest: Registration | None
    last: Registration
    people: tuple[tuple[Registration, Entity], ...]
    links: tuple[tuple[str, Tie], ...] = ()
    of_articles: bool = False

    @property
    def uid(self) -> str | None:
        found = (registration.own.get("uid") for registration in (self.last, *self.chain, *self.registrations))
        return next((uid for uid in found if uid), None)

    @property
    def court(self) -> str | None:
        return self.last.own.get("court")

    @property
    def numbers(self) -> tuple[str, ...]:
        ordered = (self.last, *self.chain, *self.registrations)
        return tuple(dict.fromkeys(n for r in ordered for p in ("number", "number_previous") for n in r.own.all(p)))

    @property
    def received(self) -> str | None:
        return None if self.earliest is None else self.earliest.own.get("received")

    @property
    def persons(self) -> tuple[Entity, ...]:
        return tuple(person for _, person in self.people)

    @property
    def articles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(article for person in self.persons for article in person.all("article")))

    @property
    def result(self) -> str | None:
        return self.last.own.get("result")

    @property
    def decided(self) -> str | None:
        return self.last.own.get("decided")

    @property
    def in_force(self) -> str | None:
        return self.last.own.get("in_force")

    @property
    def events(self) -> tuple[Entity, ...]:
        return tuple(event for registration in self.registrations for event in registration.events)

    @property
    def captures(self) -> tuple[str, ...]:
        """The captures behind the shown values, in the order of the log."""
        shown = {(value.seq, value.capture) for registration in self.registrations for value in registration.values}
        return tuple(capture for _, capture in sorted(shown))

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(conflict for registration in self.registrations for conflict in registration.conflicts)


def fold(
    sightings: Iterable[Sighting], ties: Iterable[tuple[str, Tie]] = (), corrections: Iterable[Correction] = ()
) -> tuple[Case, ...]:
    """The cases that these sightings tell of, sorted by the log position of their first capture.

    What a court said on a day, and what we knew at a time, is asked of the book (`as_of`, `known_at`), which leaves out what
    came later: so either is what a ledger would tell that had been given no more.
    """
    folded = registrations(sightings, corrections)
    keys = [keys_of(registration) for registration in folded.values()]
    return assembled(folded, keys, judgements(keys, ties))


def registrations(sightings: Iterable[Sighting], corrections: Iterable[Correction] = ()) -> dict[str, Registration]:
    """Every registration that these sightings tell of, by its subject, corrected."""
    said: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        if sighting.subject.startswith("reg:"):
            said.setdefault(words.registration(sighting.subject), []).append(sighting)
    folded = {subject: replace(register(subject, found), known=_known(found)) for subject, found in said.items()}
    for subject, wanted in _by_registration(corrections).items():
        if subject in folded:
            folded[subject] = corrected(folded[subject], wanted)
    return folded


def _known(sightings: Iterable[Sighting]) -> dict[tuple[str, str], datetime]:
    """Since when a day of receipt or decision was known, whoever of the registration it is of."""
    found: dict[tuple[str, str], datetime] = {}
    for sighting in sightings:
        if sighting.property in ("received", "decided") and sighting.value is not None and sighting.since is not None:
            key = (sighting.property, sighting.value)
            found[key] = min(found.get(key, sighting.since), sighting.since)
    return found


def assembled(folded: Mapping[str, Registration], keys: Sequence[Keys], judged: Sequence[tuple[str, Tie]]) -> tuple[Case, ...]:
    """The cases of these registrations, by all that is judged of them; sorted by the log position of their first capture."""
    why = standing(judged)
    cases = [case_of([folded[subject] for subject in group], why) for group in groups(official(keys), judged)]
    return tuple(sorted(cases, key=lambda case: (min(r.first for r in case.registrations), case.id)))


def standing(judged: Iterable[tuple[str, Tie]]) -> dict[str, list[tuple[str, Tie]]]:
    """The judgements that stand, by the registration on their left."""
    found: dict[str, list[tuple[str, Tie]]] = {}
    for key, tie in live(judged):
        found.setdefault(tie.left, []).append((key, tie))
    return found


def judgements(
    keys: Sequence[Keys], ties: Iterable[tuple[str, Tie]] = (), compared: Alike = likenesses
) -> list[tuple[str, Tie]]:
    """All that is judged of these registrations, with ids: courts' own links (T1), rules' (T2, T3), and people's ties."""
    known = [*links(keys), *ties]
    return [*known, *((each.id, each.tie) for each in alike(keys, known, compared) if each.tier is not None)]


def alike(keys: Sequence[Keys], known: Sequence[tuple[str, Tie]], compared: Alike = likenesses) -> list[Likeness]:
    """What no key joins and rules or people may. known: courts' links and people's ties. compared: by whom they are compared.

    A link that was taken back is left to people: it is shown again, and no rule makes it again.
    """
    undone = taken_back(known)
    found = compared(keys, groups(official(keys), known), [tie for _, tie in live(known)])
    return [replace(each, tier=None) if each.tier is not None and each.id in undone else each for each in found]


def find(cases: Iterable[Case], name: str) -> Case:
    """The case by its id, by any registration in it (so an id from before a joining still leads here), by its UID or number.

    Raises NotFound: no case, or several (a number is not unique across courts).
    """
    held = list(cases)
    wanted = name.removeprefix("case:")
    for case in held:
        if any(registration.subject == wanted for registration in case.registrations):
            return case
    named = [case for case in held if any(wanted in (*r.own.all("uid"), *r.own.all("number")) for r in case.registrations)]
    if len(named) != 1:
        raise unclear(name, [case.id for case in named])
    return named[0]


def unclear(name: str, found: Sequence[str]) -> NotFound:
    """That no case has this name, or several have."""
    if not found:
        return NotFound(f"no case is called {name!r}: `crawl cases` lists them, `crawl search` looks for words of theirs")
    return NotFound(f"{len(found)} cases are called {name!r}, ask for one by its id: {', '.join(found)}")


def holds(article: str, wanted: str) -> bool:
    """An article with its parts answers a wider question: `337/5` to `337`, and `337` not to `337/5`."""
    return article == wanted or article.startswith(wanted + "/")


def _by_registration(corrections: Iterable[Correction]) -> dict[str, list[Correction]]:
    found: dict[str, list[Correction]] = {}
    for each in corrections:
        found.setdefault(words.registration(each.subject), []).append(each)
    return found


def keys_of(registration: Registration) -> Keys:
    """What a registration shows of who it is: its own properties only, so that a ledger read without events tells the same."""
    own = registration.own
    result = own.first("result")
    joined = mentioned(result.raw) if result is not None and result.value == "joined" else []
    behind = [own.first(name) for name in ("lower_number", "number_previous", "result")]
    captures = dict.fromkeys(value.capture for value in behind if value is not None)
    return Keys(
        subject=registration.subject,
        court=own.get("court"),
        uids=own.all("uid"),
        numbers=own.all("number"),
        previous=own.all("number_previous"),
        lower_court=own.get("lower_court"),
        below=own.all("lower_number"),
        joined=tuple(number.normal for number in joined if number.normal),
        evidence="captures " + ", ".join(captures),
        received=own.get("received"),
        decided=own.get("decided"),
        result=own.get("result"),
        lower_decided=own.get("lower_decided"),
        articles=tuple(sorted({article for person in registration.counted for article in person.all("article")})),
        names=tuple(name for person in registration.counted if (name := person.get("name"))),
        article=of_articles(registration),
        first=registration.first,
    )


def of_articles(registration: Registration) -> bool:
    """No court's page shows it: an article alone names the case (T4). It is searched, and never counted."""
    return all(value.kind == "article" for value in registration.values)


def case_of(registrations: Sequence[Registration], ties: Mapping[str, Sequence[tuple[str, Tie]]]) -> Case:
    """The case that these registrations are. ties: as `standing` makes them."""
    of_courts = [one for one in registrations if not of_articles(one)]
    shown = of_courts or list(registrations)
    ordered = tuple(sorted(shown, key=lambda r: (r.own.get("received") or "9999", r.first, r.subject)))
    first = min(registrations, key=lambda r: (r.first, r.subject))
    chain = tuple(r for r in ordered if r.register in FIRST_INSTANCE) or ordered
    dated = [registration for registration in chain if registration.own.get("received")]
    going = _going(chain)
    last = ([r for r in going if r.own.get("received")] or going or dated or chain)[-1]
    within = {registration.subject for registration in registrations}
    why = tuple(pair for name in sorted(within) for pair in ties.get(name, ()) if pair[1].same and pair[1].right in within)
    earliest = dated[0] if dated else None
    beside = sorted((one for one in registrations if one not in shown), key=lambda r: (r.first, r.subject))
    people = _people(last, going, chain)
    return Case(f"case:{first.subject}", (*ordered, *beside), chain, earliest, last, people, why, not of_courts)


def _going(chain: Sequence[Registration]) -> list[Registration]:
    """The registrations of a chain that the case still stands in: not sent on, not followed by another registration of it.

    A later receipt follows where this court had decided before it (a new trial), or where it bears the older number as its
    previous one. Parts severed from a case go on beside one another.
    """
    return [
        one for one in chain
        if one.own.get("result") not in _SENT_ON and not any(_follows(other, one) for other in chain if other is not one)
    ]  # fmt: skip


def _follows(later: Registration, one: Registration) -> bool:
    numbers, court = set(one.own.all("number")), one.own.get("court")
    if court is not None and later.own.get("court") == court and later.register == one.register:
        if numbers & set(later.own.all("number_previous")):
            return True
        if numbers and numbers == set(later.own.all("number")):  # the same entry under another key
            return (later.newest, later.subject) > (one.newest, one.subject)
    received, before = later.own.get("received"), one.own.get("received")
    decided = one.own.get("decided")
    return bool(received and before and decided and before < received and decided <= received)


def _people(
    last: Registration, going: Sequence[Registration], chain: Sequence[Registration]
) -> tuple[tuple[Registration, Entity], ...]:
    """The persons whom a case is about, each once: those of the registration that tells its state, and of the parts beside it.

    One whose name is hidden may be one already met: his articles tell, and at the same court his outcome. Where none of
    these lists anybody, an earlier registration does.
    """
    told = [last, *(one for one in reversed(going) if one is not last)]
    met: list[tuple[Registration, Entity]] = []
    for registration in told:
        free = list(met)
        for person in registration.counted:
            same = next((pair for pair in free if _same(pair, (registration, person))), None)
            if same is None:
                met.append((registration, person))
            else:
                free.remove(same)
    if not met:
        earlier = next((one for one in reversed(chain) if one.counted), None)
        return () if earlier is None else tuple((earlier, person) for person in earlier.counted)
    place = {registration.subject: at for at, registration in enumerate(chain)}
    return tuple(sorted(met, key=lambda pair: place[pair[0].subject]))


def _same(one: tuple[Registration, Entity], other: tuple[Registration, Entity]) -> bool:
    names = one[1].get("name"), other[1].get("name")
    if None not in names:
        return compatible(*names)
    if sorted(one[1].all("article")) != sorted(other[1].all("article")):
        return False
    # A case on its way to another court is in two registers for a while; one that is severed stays where it was, and its
    # man is still on the first card only if both tell the same outcome of him.
    if one[0].own.get("court") != other[0].own.get("court"):
        return True
    ends = [(person.get("decided"), person.get("result")) for _, person in (one, other)]
    return ends[0] == ends[1] and None not in ends[0]
