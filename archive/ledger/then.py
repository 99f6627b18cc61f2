"""All cases as of a moment, one after another: a few are held at a time, and what has not changed since comes from the views.

Which registrations are one case is asked of all of them, so the keys of all are held (some hundred octets each). Only those of
which a later capture or correction speaks are folded anew for that; comparisons are made anew for these alone. So it comes
to what a fold of the whole ledger comes to (`Moment.cases`), in memory that does not grow with the observations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from archive.ledger import words
from archive.ledger.book import Book
from archive.ledger.case import Case, case_of, judgements, keys_of, registrations, standing, unclear
from archive.ledger.counted import Counted, reduced
from archive.ledger.identity import Keys, groups, official
from archive.ledger.moment import Moment
from archive.ledger.observation import Tie, Window
from archive.ledger.views import CHUNK, Views, batches

MANY: Final = 4  # where more than a quarter of all extractions came later, everything is looked at again


@dataclass(frozen=True, slots=True)
class Group:
    """The registrations of one case, sorted, and its id. same: it is what it is now, and nothing of it was said since."""

    id: str
    subjects: tuple[str, ...]
    same: bool


class Then:
    """The ledger as of a moment. Made of the views as they are now, which stay open as long as it is used."""

    def __init__(self, book: Book, views: Views, asked: Moment) -> None:
        self._book, self._views, self._asked = book, views, asked
        self._corrections = asked.corrections(book)
        self._ties: dict[str, list[tuple[str, Tie]]] = {}
        self._alone: dict[str, str] = {}  # as it is counted, of each registration that was folded: most are cases of their own
        self.hiding: set[str] = set()  # registrations that were folded, and whose court had printed a name and hidden it
        self.groups: tuple[Group, ...] = tuple(self._grouped())
        self._at = {subject: number for number, group in enumerate(self.groups) for subject in group.subjects}

    def cases(self, wanted: Sequence[Group] | None = None, *, events: bool = True) -> Iterator[Case]:
        """In the order of the log. wanted: these alone, in their order. events: as for `Book.sightings`."""
        return self._folded(self.groups if wanted is None else wanted, events=events)

    def case(self, name: str) -> Case:
        """One case, by what it was called then: as `case.find`. Raises NotFound."""
        wanted = name.removeprefix("case:")
        found = [self._at[wanted]] if wanted in self._at else sorted(
            {self._at[keys.subject] for keys in self._keys.values() if wanted in (*keys.uids, *keys.numbers)}
        )  # fmt: skip
        if len(found) != 1:
            raise unclear(name, [self.groups[number].id for number in found])
        return next(self._folded([self.groups[found[0]]]))

    def groups_of(self, subjects: Iterable[str]) -> list[Group]:
        """The cases that these registrations were of, not yet folded."""
        return [self.groups[at] for at in sorted({self._at[subject] for subject in subjects if subject in self._at})]

    def cases_of(self, subjects: Iterable[str]) -> list[Case]:
        """The cases that these registrations were of."""
        return list(self._folded(self.groups_of(subjects)))

    def counted(self) -> Iterator[Counted]:
        """Every case as it is counted; in no order to rely on."""
        left = []
        held = {each.id: each for each in self._views.counted()} if any(group.same for group in self.groups) else {}
        for group in self.groups:
            if group.same:
                yield held[group.id]
            elif len(group.subjects) == 1 and group.subjects[0] in self._alone:
                yield Counted.of_text(self._alone[group.subjects[0]])
            else:
                left.append(group)
        yield from map(reduced, self._folded(left, events=False))

    def windows(self) -> list[Window]:
        """What was asked of the registers by then."""
        return self._views.windows() if self._asked.now else self._book.coverage(known_at=self._asked.until)

    def _folded(self, wanted: Sequence[Group], *, events: bool = True) -> Iterator[Case]:
        for some in batches([group.subjects for group in wanted]):
            asked = [subject for group in some for subject in group]
            folded = registrations(self._asked.sightings(self._book, asked, events=events), self._corrections)
            for group in some:
                yield case_of([folded[subject] for subject in group], self._ties)

    def _grouped(self) -> Iterator[Group]:
        touched = self._touched()
        now = self._views.keys()
        self._keys = {keys.subject: keys for keys in now if keys.subject not in touched}
        self._keys |= {keys.subject: keys for keys in self._keys_of(sorted(touched))}
        held = sorted(self._keys.values(), key=lambda keys: keys.subject)
        judged = judgements(held, self._asked.ties(self._book), self._views.comparisons(touched).likenesses)
        self._ties = standing(judged)
        made = []
        for group in groups(official(held), judged):
            first = min((self._keys[subject].first, subject) for subject in group)
            id_, subjects = f"case:{first[1]}", tuple(sorted(group))
            same = touched.isdisjoint(group) and self._views.is_case(id_, subjects)
            made.append((first[0], Group(id_, subjects, same)))
        return (group for _, group in sorted(made, key=lambda each: (each[0], each[1].id)))

    def _keys_of(self, subjects: Sequence[str]) -> Iterator[Keys]:
        for start in range(0, len(subjects), CHUNK):
            some = subjects[start : start + CHUNK]
            folded = registrations(self._asked.sightings(self._book, some, events=False), self._corrections)
            self.hiding |= {subject for subject, one in folded.items() if one.hidden}
            for subject in sorted(folded):
                self._alone[subject] = reduced(case_of([folded[subject]], {})).text()
                yield keys_of(folded[subject])

    def _touched(self) -> set[str]:
        """Registrations of which something was said or corrected since; more of them do no harm."""
        if self._asked.now:
            return set()
        corrected = set(self._book.corrections()) ^ set(self._corrections)
        touched = {words.registration(each.subject) for each in corrected}
        since = self._since()
        later, every = self._book.later(*since)
        return touched | set(self._book.all_registrations() if later * MANY > every else self._book.touched_later(*since))

    def _since(self) -> tuple[datetime | None, datetime | None]:
        return self._asked.known_at, self._asked.as_of
