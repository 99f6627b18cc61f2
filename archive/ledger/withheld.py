"""What no view tells: cases, people and pages that were taken down, and names that a court printed and later hid; pure.

A takedown is a decision, kept in the archive as a record of its own, and taken back by another one that names it. The bytes
stay where they are. Statistics stay too: they name nobody. What is withheld leaves a tombstone: how much it is, and a digest.

A name that a court printed and later hid (`Registration.hidden`) is withheld in the whole case, whatever page still has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from archive.decisions import Kept
from archive.errors import Withheld
from archive.ledger import words
from archive.ledger.case import Case, Entity, Registration, Value, compatible
from archive.ledger.observation import Correction, Quoted
from archive.ledger.privacy import Names, Pseudonyms, Surnames, is_name

KIND: Final = "takedown"
SCOPES: Final = ("person", "case", "page")
WITHHELD: Final = "[withheld]"


@dataclass(frozen=True, slots=True)
class Takedown:
    """A decision that stands. at: UTC. subjects: registrations, or addresses of pages; tokens: of the names of one person."""

    id: str
    at: datetime
    reason: str
    scope: str
    subjects: tuple[str, ...]
    tokens: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of what was taken down. sha256: keyed, over the sorted ids of the observations withheld."""

    takedown: Takedown
    cases: int
    persons: int
    observations: int
    sha256: str


def standing(kept: Iterable[Kept]) -> tuple[Takedown, ...]:
    """The takedowns that no later decision took back, in the order of the log."""
    found: dict[str, Takedown] = {}
    for each in kept:
        decision, body = each.decision, each.decision.body
        if decision.kind != KIND:
            continue
        undone = body.get("undoes")
        if undone is not None:
            found.pop(str(undone), None)
            continue
        tokens = frozenset(map(str, body.get("tokens", ())))
        found[each.id] = Takedown(each.id, decision.at, decision.reason, str(body.get("scope")), decision.subjects, tokens)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Veil:
    """What to leave out, by registration and address. Made by `drawn`; every door looks through it.

    gone: takedown by registration or address that is withheld whole. names: by registration the names no view tells.
    surnames: of all of them, for texts of no case: what articles say.
    """

    gone: Mapping[str, str]
    names: Mapping[str, frozenset[str]]
    patterns: Mapping[str, Names]
    taken: Mapping[str, str]  # by registration the takedown of a person in it
    surnames: Surnames = field(default_factory=lambda: Surnames(frozenset()))

    def cases(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """The cases that may be shown, without the names that may not."""
        shown = (self.case(case) for case in cases)
        return tuple(case for case in shown if case is not None)

    def case(self, case: Case) -> Case | None:
        """As it may be shown; None where all of it is withheld."""
        if any(r.subject in self.gone for r in case.registrations):
            return None
        if not any(r.subject in self.names for r in case.registrations):
            return case
        done = {r.subject: self._registration(r) for r in case.registrations}
        people = {person.subject: person for r in done.values() for person in r.persons}
        return replace(
            case,
            registrations=tuple(done[r.subject] for r in case.registrations),
            chain=tuple(done[r.subject] for r in case.chain),
            earliest=None if case.earliest is None else done[case.earliest.subject],
            last=done[case.last.subject],
            people=tuple((done[r.subject], people[person.subject]) for r, person in case.people),
        )

    def whole(self, case: Case) -> Case:
        """The case as it may be shown. Raises Withheld where it was taken down."""
        shown = self.case(case)
        if shown is None:
            by = next(self.gone[r.subject] for r in case.registrations if r.subject in self.gone)
            raise Withheld(f"{case.id} was taken down ({by}): `crawl takedown` lists what is, and why")
        return shown

    def quoted(self, found: Iterable[Quoted]) -> list[Quoted]:
        """Values with their places, as they may be shown: a place that holds a withheld name is not quoted."""
        shown = []
        for each in found:
            sighting = each.sighting
            base = words.registration(sighting.subject)
            if base in self.gone:
                continue
            if base in self.names:
                raw, value = self._told(base, sighting.subject, sighting.property, sighting.raw, sighting.value)
                if raw != sighting.raw or value != sighting.value:
                    each = Quoted(sighting._replace(raw=raw, value=value), each.selector, WITHHELD, each.start, each.end)
                elif self.patterns[base].inside(each.quote):
                    each = each._replace(quote=WITHHELD)
            elif not base.startswith("reg:"):
                told = sighting._replace(raw=self.free(sighting.raw), value=sighting.value and self.free(sighting.value))
                each = each._replace(sighting=told, quote=self.free(each.quote))
            shown.append(each)
        return shown

    def corrections(self, found: Iterable[Correction]) -> list[Correction]:
        """People's corrections, as they may be shown."""
        shown = []
        for each in found:
            base = words.registration(each.subject)
            if base in self.gone:
                continue
            if base in self.names:
                held = (each.value, each.name or "", *each.was)
                if any(text in self.names[base] or self.patterns[base].inside(text) for text in held):
                    each = replace(each, value=WITHHELD, name=None, was=())
            shown.append(each)
        return shown

    def changes(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Lines of `crawl changes`, as they may be shown."""
        for row in rows:
            if row["registration"] not in self.gone:
                yield row | {"detail": self.text(row["registration"], row["detail"])}

    def text(self, subject: str, text: str) -> str:
        """A text that is told of a registration, or of a page, or nothing of it where it holds a withheld name."""
        base = words.registration(subject)
        if not base.startswith("reg:"):
            return self.free(text)
        pattern = self.patterns.get(base)
        return WITHHELD if pattern is not None and pattern.inside(text) else text

    def free(self, text: str) -> str:
        """A text of no case, or nothing of it where it names somebody whom no view names."""
        return WITHHELD if self.surnames.inside(text) else text

    def untouched(self, found: Iterable[Quoted]) -> list[Quoted]:
        """Only those values that may be shown as they are, with their places."""
        return [each for each in found if self.quoted((each,)) == [each]]

    def by(self, subject: str) -> str | None:
        """The takedown that withholds a subject, or a person in its registration; None where none does."""
        base = words.registration(subject)
        return self.gone.get(base) or self.taken.get(base)

    def _registration(self, one: Registration) -> Registration:
        if one.subject not in self.names:
            return one

        def told(part: Entity) -> Entity:
            values = {
                name: tuple(self._value(one.subject, part.subject, name, value) for value in found)
                for name, found in part.values.items()
            }
            return replace(part, values=values)

        def texts(found: Iterable[str]) -> tuple[str, ...]:
            return tuple(self.text(one.subject, text) for text in found)

        conflicts = tuple(replace(each, shown=texts(each.shown), said=texts(each.said)) for each in one.conflicts)
        persons, events, hearings = (tuple(map(told, parts)) for parts in (one.persons, one.events, one.hearings))
        return replace(one, own=told(one.own), persons=persons, events=events, hearings=hearings, conflicts=conflicts)

    def _value(self, base: str, subject: str, property: str, value: Value) -> Value:
        raw, normal = self._told(base, subject, property, value.raw, value.value)
        return value if raw == value.raw and normal == value.value else replace(value, raw=raw, value=normal)

    def _told(self, base: str, subject: str, property: str, raw: str, value: str | None) -> tuple[str, str | None]:
        if is_name(subject, property):
            said = raw if value is None else value
            return (WITHHELD, None) if said in self.names[base] or raw in self.names[base] else (raw, value)
        if self.patterns[base].inside(raw) or (value is not None and self.patterns[base].inside(value)):
            return WITHHELD, None
        return raw, value


def drawn(takedowns: Iterable[Takedown], cases: Iterable[Case], people: Pseudonyms | None) -> Veil:
    """The veil over these cases. people: with the key by which persons were taken down; None where it is not at hand.

    Without it, or where no name of the case answers to the tokens any more, every name of that case is withheld.
    """
    held = [tuple(case.registrations) for case in cases]
    case_of: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    hidden: dict[str, set[str]] = {}
    for registrations in held:
        subjects = {r.subject for r in registrations}
        for one in registrations:
            case_of.setdefault(one.subject, set()).update(subjects)
            shown = {name for person in one.persons for name in person.all("name")}  # people's corrections among them
            named.setdefault(one.subject, set()).update(one.named, shown)
        for name in {name for one in registrations for name in one.hidden}:
            for subject in subjects:
                hidden.setdefault(subject, set()).add(name)
    gone: dict[str, str] = {}
    taken: dict[str, str] = {}
    unnamed: set[str] = set()  # people of cases that are gone: texts of no case name them no more either
    for takedown in takedowns:
        bases = {words.registration(subject) for subject in takedown.subjects}
        subjects = {each for base in bases for each in case_of.get(base, {base})}
        if takedown.scope != "person":
            gone.update(dict.fromkeys(sorted(subjects), takedown.id))
            unnamed.update(name for subject in subjects for name in named.get(subject, ()))
            continue
        whole = {name for subject in subjects for name in named.get(subject, ())}
        meant = whole if people is None else {name for name in whole if people.token(name) in takedown.tokens}
        for subject in subjects:
            hidden.setdefault(subject, set()).update(meant or whole)
            taken[subject] = takedown.id
    for subject, kept_back in hidden.items():  # other spellings of the same person
        kept_back |= {n for n in named.get(subject, ()) if any(compatible(n, other) for other in tuple(kept_back))}
    names = {subject: frozenset(found) for subject, found in hidden.items()}
    patterns = {subject: Names.of(found) for subject, found in names.items()}
    return Veil(gone, names, patterns, taken, Surnames.of(unnamed.union(*names.values())))


def tombstones(
    takedowns: Iterable[Takedown], veil: Veil, quoted: Iterable[Quoted], people: Pseudonyms
) -> tuple[Tombstone, ...]:
    """What each takedown leaves, in the order of the log. quoted: all that the book says, nothing left out."""
    counted: dict[str, set[str]] = {}
    for found in quoted:
        sighting = found.sighting
        base = words.registration(sighting.subject)
        by = veil.gone.get(base)
        if by is None and base in veil.taken and is_name(sighting.subject, sighting.property):
            by = veil.taken[base] if (sighting.value or sighting.raw) in veil.names[base] else None
        if by is not None:
            counted.setdefault(by, set()).add(sighting.observation)
    return tuple(
        Tombstone(
            each,
            cases=1 if each.scope == "case" else 0,
            persons=1 if each.scope == "person" else 0,
            observations=len(counted.get(each.id, ())),
            sha256=people.digest("\n".join(sorted(counted.get(each.id, ())))),
        )
        for each in takedowns
    )
