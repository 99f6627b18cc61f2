"""A registration as it is shown where a person has corrected a value: the correction, and the court's value beside it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from archive.ledger.observation import Correction
from archive.ledger.registration import Conflict, Entity, Registration, Value

KIND: Final = "correction"  # in the place where a value of a page has the kind of its page


def corrected(registration: Registration, corrections: Iterable[Correction]) -> Registration:
    """What is shown of a registration, each correction applied; what the court says stays as a conflict with it.

    A correction of a part that is not there any more (a person of whom no page tells) waits until it is seen again. One of
    a person is of him who bears the name that was shown then, whatever number pages give him now.
    """
    for each in sorted(corrections, key=lambda one: one.seq):
        parts = [registration.own, *registration.persons, *registration.events, *registration.hearings]
        meant = _meant(parts, each)
        if meant is None:
            continue
        before = meant.values.get(each.property, ())
        value = Value(each.id, each.value, each.value, False, each.id, each.seq, each.at, KIND)
        changed = replace(meant, values=dict(sorted({**meant.values, each.property: (value,)}.items())))
        ours = (each.value,)
        said = tuple(one.text for one in before)
        conflicts = registration.conflicts
        if before and said != ours:
            conflicts = (
                *conflicts,
                Conflict(meant.subject, each.property, ours, said, before[0].capture, before[0].kind, before[0].at),
            )

        def put(part: Entity, old: Entity = meant, new: Entity = changed) -> Entity:
            return new if part is old else part

        registration = replace(
            registration, own=put(registration.own), conflicts=conflicts, persons=tuple(map(put, registration.persons)),
            events=tuple(map(put, registration.events)), hearings=tuple(map(put, registration.hearings)),
        )  # fmt: skip
    return registration


def _meant(parts: Iterable[Entity], correction: Correction) -> Entity | None:
    subject = correction.subject.removesuffix("#sentence")
    held = list(parts)
    if correction.name is not None:
        named = [part for part in held if "#person:" in part.subject and correction.name in part.all("name")]
        if len(named) == 1:
            return named[0]
    return next((part for part in held if part.subject == subject), None)
