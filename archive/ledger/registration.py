"""One court's entry of a case, folded from what its pages say; pure, and the order of captures decides nothing.

What is shown: the kind of page that comes first in words.KINDS, then its newest good capture. What others say otherwise
stays, as a conflict. A value that a later good page of the same kind leaves out stays too, marked not seen. A page that
is no page (captcha, outage) has no observations and says nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from archive.ledger import words
from archive.ledger.observation import Extraction, Sighting

_RANK = {kind: rank for rank, kind in enumerate(words.KINDS)}


@dataclass(frozen=True, slots=True)
class Value:
    """One shown value and the newest capture that shows it. not_seen: a later page of the same kind leaves it out."""

    observation: str
    raw: str
    value: str | None
    derived: bool
    capture: str
    seq: int
    at: datetime
    kind: str
    not_seen: bool = False

    @property
    def text(self) -> str:
        """The normal form; where we know none, the text of the page."""
        return self.raw if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Conflict:
    """Pages that disagree: what is shown, and what the newest page of another kind says."""

    subject: str
    property: str
    shown: tuple[str, ...]
    said: tuple[str, ...]
    capture: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entity:
    """A part of a registration: a person, an event, a hearing. Values by property, in page order."""

    subject: str
    values: Mapping[str, tuple[Value, ...]]
    not_seen: bool = False

    def first(self, name: str) -> Value | None:
        found = self.values.get(name)
        return found[0] if found else None

    def get(self, name: str) -> str | None:
        """The normal form of a property's first value; None where there is none, or none that we know."""
        found = self.first(name)
        return None if found is None else found.value

    def all(self, name: str) -> tuple[str, ...]:
        """Normal forms of a property's values, each once, in page order."""
        return tuple(dict.fromkeys(v.value for v in self.values.get(name, ()) if v.value is not None))


@dataclass(frozen=True, slots=True)
class Registration:
    """One court's entry of a case. first: log position of the first capture that says anything of it; newest: the time of
    the newest one. known: since when we could know a date of receipt or decision, by property and day. named: every name
    that any of its pages gave a person; hidden: those of them that the court printed and later hid."""

    subject: str
    first: int
    newest: datetime
    own: Entity
    persons: tuple[Entity, ...]
    events: tuple[Entity, ...]
    hearings: tuple[Entity, ...]
    conflicts: tuple[Conflict, ...]
    named: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    known: Mapping[tuple[str, str], datetime] = field(default_factory=dict, repr=False)

    @property
    def register(self) -> str:
        return self.subject.split(":", 2)[1]

    @property
    def present(self) -> tuple[Entity, ...]:
        """Persons whom the newest page that lists persons still lists."""
        return tuple(person for person in self.persons if not person.not_seen)

    @property
    def counted(self) -> tuple[Entity, ...]:
        """The persons that a case is about: in criminal registers the accused, not counsel, prosecutor or victim.

        A page says `defendant` of those on its tab or column of accused; a page that gives nobody a role lists accused only.
        """
        if not self.register.startswith("criminal"):
            return self.present
        return tuple(p for p in self.present if "defendant" in p.all("role") or p.first("role") is None)

    @property
    def values(self) -> Iterable[Value]:
        for part in (self.own, *self.persons, *self.events, *self.hearings):
            for found in part.values.values():
                yield from found


def compatible(left: str | None, right: str | None) -> bool:
    """Could two written names be one person's? Surname equal, first names and initials not against one another.

    A name that is hidden (None) is against nothing. Word order is surname first, as court pages have it.
    """
    if left is None or right is None:
        return True
    one, two = (re.findall(r"[^\W\d_]+", name.casefold().replace("ё", "е")) for name in (left, right))
    if one[:1] != two[:1]:
        return False
    return all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in zip(one[1:], two[1:], strict=False))


def register(subject: str, sightings: Sequence[Sighting]) -> Registration:
    """The registration that these sightings tell of, all of them its own."""
    newest: dict[str, Extraction] = {}
    by_subject: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        by_subject.setdefault(sighting.subject, []).append(sighting)
    for extraction in {sighting.extraction.id: sighting.extraction for sighting in sightings}.values():
        if extraction.kind not in newest or _when(newest[extraction.kind]) < _when(extraction):
            newest[extraction.kind] = extraction
    by_form: dict[str, list[str]] = {}
    for each in by_subject:
        by_form.setdefault(words.form(each), []).append(each)
    conflicts: list[Conflict] = []

    def said(*forms: str) -> list[Sighting]:
        return [sighting for form in forms for each in by_form.get(form, ()) for sighting in by_subject[each]]

    own = _entity(subject, said("registration"), newest, conflicts)
    persons = _persons(said("person", "sentence"), conflicts)
    events = _events(said("event"))
    # A day's hearing list is about its day: another day's list says nothing of this hearing.
    hearings = tuple(_entity(key, by_subject[key], {}, conflicts) for key in sorted(by_form.get("hearing", ())))
    first = min(sighting.first for sighting in sightings)
    latest = max(sighting.extraction.at for sighting in sightings)
    names = [s for s in said("person") if s.property == "name"]
    named = frozenset(s.value for s in names if s.value is not None)
    told = (own, persons, events, hearings, tuple(conflicts))
    return Registration(subject, first, latest, *told, named, hidden_later(names))


def hidden_later(names: Iterable[Sighting]) -> frozenset[str]:
    """Of the names of a registration's people those that its court no longer prints, though it tells of somebody there.

    By pages of one kind: the newest hides more names than an earlier one did, and has this name no more.
    """
    pages: dict[str, tuple[Extraction, list[Sighting]]] = {}
    for sighting in names:
        pages.setdefault(sighting.extraction.id, (sighting.extraction, []))[1].append(sighting)
    newest: dict[str, tuple[Extraction, list[Sighting]]] = {}
    for extraction, found in pages.values():
        held = newest.get(extraction.kind)
        if held is None or _when(held[0]) < _when(extraction):
            newest[extraction.kind] = (extraction, found)
    gone: set[str] = set()
    for extraction, found in pages.values():
        now = newest[extraction.kind][1]
        if sum(s.value is None for s in now) > sum(s.value is None for s in found):
            still = [s.value for s in now if s.value is not None]
            gone.update(s.value for s in found if s.value and not any(compatible(s.value, other) for other in still))
    return frozenset(gone)


def _entity(
    subject: str,
    sightings: Iterable[Sighting],
    newest: Mapping[str, Extraction],
    conflicts: list[Conflict],
    *,
    not_seen: bool = False,
) -> Entity:
    """One subject's values. newest: by kind of page, the newest one that speaks of it; what it leaves out is not seen."""
    by_property: dict[str, dict[str, list[Sighting]]] = {}
    for sighting in sightings:
        by_property.setdefault(sighting.property, {}).setdefault(sighting.extraction.id, []).append(sighting)
    values: dict[str, tuple[Value, ...]] = {}
    for name in sorted(by_property):
        pages = list(by_property[name].values())
        if len(pages) > 1:
            # A card is served by any host of its region, a listing and a hearing list by their own court only.
            last = "card" if name == "court" else None
            pages.sort(key=lambda page: (page[0].extraction.kind == last, _precedence(page[0].extraction)))
        shown, others = pages[0], pages[1:]
        extraction = shown[0].extraction
        later = newest.get(extraction.kind) if extraction.kind else None
        missing = not_seen or (later is not None and _when(later) > _when(extraction))
        values[name] = tuple(_value(sighting, missing) for sighting in _in_order(shown))
        told = {extraction.kind}
        for page in others:  # of each other kind the newest
            if page[0].extraction.kind not in told:
                told.add(page[0].extraction.kind)
                conflicts.extend(_conflict(subject, name, shown, page))
    return Entity(subject, values, not_seen)


def _persons(sightings: Iterable[Sighting], conflicts: list[Conflict]) -> tuple[Entity, ...]:
    """The persons of a registration, numbered as its best page numbers them.

    Pages number persons by their own order, so another page's person is joined by name, and by number only where one of
    the two names is hidden. A person whom the newest page of the best kind leaves out stays, not seen; one whom only a
    lesser kind of page lists beside it is a conflict, and is not counted.
    """
    pages: dict[str, dict[str, list[Sighting]]] = {}
    sources: dict[str, Extraction] = {}
    for sighting in sightings:
        subject = sighting.subject.removesuffix("#sentence")
        pages.setdefault(sighting.extraction.id, {}).setdefault(subject, []).append(sighting)
        sources[sighting.extraction.id] = sighting.extraction
    # An act tells sentences of persons, it does not list them.
    listing = [key for key in pages if any("#sentence" not in s.subject for said in pages[key].values() for s in said)]
    ordered = sorted(pages, key=lambda key: (key not in listing, _precedence(sources[key])))
    if not listing:
        return ()
    best = sources[ordered[0]].kind
    newest: dict[str, Extraction] = {}
    slots: list[_Slot] = []
    for key in ordered:
        kind = sources[key].kind
        newest.setdefault(kind, sources[key])
        taken: set[int] = set()
        for subject in sorted(pages[key], key=_number):
            said = pages[key][subject]
            name = next((s.value for s in said if s.property == "name"), None)
            place = _place(slots, subject, name, taken)
            if place is None and kind == best:
                # Two on one page are two, whatever their names; from an older page it is one who is not seen any more.
                slots.append(_Slot(subject, name, [], not_seen=bool(kind) and key != ordered[0]))
                place = len(slots) - 1
            if place is None:
                shown = tuple(slot.name or slot.subject for slot in slots)
                extraction = sources[key]
                conflicts.append(Conflict(subject, "name", shown, (name or subject,), extraction.capture, kind, extraction.at))
                continue
            taken.add(place)
            slots[place].said.extend(said)
            slots[place].name = slots[place].name or name
    return tuple(_entity(s.subject, s.said, newest, conflicts, not_seen=s.not_seen) for s in slots)


@dataclass(slots=True)
class _Slot:
    subject: str
    name: str | None
    said: list[Sighting]
    not_seen: bool


def _place(slots: Sequence[_Slot], subject: str, name: str | None, taken: set[int]) -> int | None:
    """Which person this is: the one with that name; else the one with that number, if either name is hidden."""
    free = [i for i in range(len(slots)) if i not in taken]
    if name is not None:
        named = [i for i in free if slots[i].name is not None and compatible(slots[i].name, name)]
        exact = [i for i in named if slots[i].name == name]
        same = [i for i in named if slots[i].subject == subject]
        for found in (exact, same, named):
            if len(found) == 1:
                return found[0]
    return next((i for i in free if slots[i].subject == subject and (name is None or slots[i].name is None)), None)


def _events(sightings: Iterable[Sighting]) -> tuple[Entity, ...]:
    """Dated events: as the newest page of the best kind lists them, and after them those that it does not list any more.

    Pages number events by their row, and rows are inserted: an event is the same if name, date and time are.
    """
    pages: dict[str, dict[str, list[Sighting]]] = {}
    sources: dict[str, Extraction] = {}
    for sighting in sightings:
        pages.setdefault(sighting.extraction.id, {}).setdefault(sighting.subject, []).append(sighting)
        sources[sighting.extraction.id] = sighting.extraction
    ordered = sorted(pages, key=lambda key: _precedence(sources[key]))
    found: dict[tuple[str | None, ...], Entity] = {}
    for key in ordered:
        alike: dict[tuple[str | None, ...], int] = {}
        later = bool(sources[key].kind) and sources[key].kind == sources[ordered[0]].kind and key != ordered[0]
        for subject in sorted(pages[key], key=_number):
            said = {s.property: s.value or s.raw for s in sorted(pages[key][subject], key=lambda s: -s.ordinal)}
            same = tuple(said.get(name) for name in ("name", "date", "time"))
            alike[same] = alike.get(same, 0) + 1
            mark = (*same, str(alike[same]))
            if mark not in found:
                found[mark] = _entity(subject, pages[key][subject], {}, [], not_seen=later)
    return tuple(found.values())


def _number(subject: str) -> tuple[int, str]:
    digits = re.search(r":(\d+)$", subject)
    return (int(digits[1]) if digits else 0, subject)


def _when(extraction: Extraction) -> tuple[datetime, int]:
    return extraction.at, extraction.seq


def _precedence(extraction: Extraction) -> tuple[int, float, int, str]:
    """Sorts what is shown first: kind of page, then the newest."""
    rank = _RANK.get(extraction.kind, len(_RANK))
    return rank, -extraction.at.timestamp(), -extraction.seq, extraction.id


def _in_order(page: list[Sighting]) -> list[Sighting]:
    """A page's values of one property, in page order; a place said twice (by two parsers) is taken once."""
    if len(page) == 1:
        return page
    first: dict[int, Sighting] = {}
    for sighting in sorted(page, key=lambda s: (s.ordinal, s.observation)):
        first.setdefault(sighting.ordinal, sighting)
    return list(first.values())


def _value(sighting: Sighting, not_seen: bool) -> Value:
    extraction = sighting.extraction
    return Value(
        sighting.observation, sighting.raw, sighting.value, sighting.derived, extraction.capture, extraction.seq,
        extraction.at, extraction.kind, not_seen,
    )  # fmt: skip


def _conflict(subject: str, name: str, shown: list[Sighting], said: list[Sighting]) -> Iterable[Conflict]:
    ours, theirs = (tuple(s.value or s.raw for s in _in_order(page)) for page in (shown, said))
    agree = set(ours) == set(theirs)
    if name == "name":
        agree = all(compatible(a, b) for a, b in zip(ours, theirs, strict=False))
    if not agree:
        extraction = said[0].extraction
        yield Conflict(subject, name, ours, theirs, extraction.capture, extraction.kind, extraction.at)
