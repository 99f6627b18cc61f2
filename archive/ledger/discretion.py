"""What of an archive's ledger may be told: its takedowns, the key of its pseudonyms, and the veil drawn from both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from archive.decisions import decisions
from archive.disk import Disk
from archive.errors import NoKey, NotAnArchive, NotFound, Withheld
from archive.keyring import Keyring
from archive.ledger import withheld, words
from archive.ledger.book import Book
from archive.ledger.case import Case
from archive.ledger.privacy import Pseudonyms
from archive.ledger.rows import Plain, case_row, select
from archive.ledger.then import Group, Then
from archive.ledger.views import CHUNK, Views
from archive.ledger.withheld import Takedown, Veil
from archive.shelf import Archive

NAME = "pseudonyms"  # in the home: under which name the keyring has the key
OLD = "pseudonym.key"
NOTHING: Final = Veil({}, {}, {}, {})  # is withheld


def pseudonyms(home: Path, keys: Keyring | None = None, disk: Disk | None = None) -> Pseudonyms:
    """With the key of this archive, made at the first call; it lies in the keyring, and only its name in the home.

    A key that an earlier version left in the home is taken over, so that people keep their pseudonyms. Raises NoKey.
    """
    ring, writes = keys or Keyring.of(os.environ), disk or Disk()
    name, old = home / NAME, home / OLD
    if name.exists():
        key = ring.secret_held(_named(name))
        if key is None:
            raise NoKey(
                f"the key of this archive's pseudonyms is not at hand ({_named(name)}.secret in {ring.folder}): put it back, "
                f"or remove {name}, and people get new pseudonyms"
            )
        return Pseudonyms(key)
    given = bytes.fromhex(old.read_text("ascii")) if old.exists() else None
    new = secrets.token_hex(8)
    key = ring.secret(new, writes, given=given)
    writes.put(name, new.encode("ascii") + b"\n")
    writes.sync_folder(home)
    old.unlink(missing_ok=True)
    return Pseudonyms(key)


def pseudonyms_held(home: Path) -> Pseudonyms | None:
    """The same where the key is at hand; nothing is made."""
    name = home / NAME
    key = Keyring.of(os.environ).secret_held(_named(name)) if name.exists() else None
    return None if key is None else Pseudonyms(key)


def takedowns(home: Path) -> tuple[Takedown, ...]:
    """The takedowns that stand; none where there is no archive yet."""
    try:
        with Archive.open(home) as archive:
            return withheld.standing(decisions(archive, withheld.KIND))
    except (NotAnArchive, NotFound):
        return ()


def veil(home: Path, cases: Iterable[Case]) -> Veil:
    """The veil over the cases that a door is about to show: what is withheld now, whatever moment the door is asked about."""
    return withheld.drawn(takedowns(home), cases, pseudonyms_held(home))


def rows(home: Path, views: Views, told: Iterable[Plain]) -> Iterator[Plain]:
    """Lines of `crawl cases` out of the views, which know what courts have hidden, and nothing of takedowns."""
    standing = takedowns(home)
    changed: dict[str, Plain | None] = {}
    for subject in {words.registration(subject) for takedown in standing for subject in takedown.subjects}:
        if subject.startswith("reg:"):
            try:
                case = views.case(subject)
            except NotFound:
                continue
            shown = withheld.drawn(standing, (case,), pseudonyms_held(home)).case(case)
            changed[case.id] = None if shown is None else case_row(shown)
    for row in told:
        shown_row = changed.get(row["case"], row)
        if shown_row is not None:
            yield shown_row


class Discreet:
    """What may be told of a ledger as of a moment, case by case: what one veil over all cases, of then and of now, would show.

    key: as for `withheld.drawn`.
    """

    def __init__(self, views: Views, then: Then, taken: tuple[Takedown, ...], key: Pseudonyms | None) -> None:
        self._views, self._then, self._key, self.taken = views, then, key, taken
        self._bases = {words.registration(subject) for each in taken for subject in each.subjects}
        about = (*views.cases_of(self._bases), *then.cases_of(self._bases)) if taken else ()
        self._taken = self._bases | {r.subject for case in about for r in case.registrations}
        self._pages: Veil | None = None

    def about(self) -> tuple[Veil, set[str]]:
        """The veil over what was taken down, and every registration and page that it may withhold something of."""
        veil = self._drawn(self._bases)
        return veil, {*self._taken, *veil.gone, *veil.taken}

    def veil(self, case: Case) -> Veil:
        """For that case of then."""
        subjects = [r.subject for r in case.registrations]
        if self._plain(subjects) and not any(r.hidden for r in case.registrations):
            return NOTHING
        return self._drawn(subjects)

    def veils(self, bases: Collection[str]) -> dict[str, Veil]:
        """By registration or page, for those of these of which something may be withheld."""
        found = {base: self._over_pages() for base in bases if not base.startswith("reg:")}
        asked = [group for group in self._then.groups_of(bases) if not (group.same and self._plain(group.subjects))]
        for case in self._then.cases(asked, events=False):
            veil = self.veil(case)
            if veil is not NOTHING:
                found |= dict.fromkeys((r.subject for r in case.registrations), veil)
        return found

    def cases(self, wanted: Sequence[Group], *, events: bool = True) -> Iterator[Case]:
        """As they may be shown, in this order."""
        for case in self._then.cases(wanted, events=events):
            shown = self.veil(case).case(case)
            if shown is not None:
                yield shown

    def told(self, wanted: Sequence[Group], **asked: Any) -> Iterator[Plain]:
        """Lines of `crawl cases`, in this order; asked: as for `rows.select`."""
        chosen = {row["case"] for row in self._views.rows(**asked)} if asked else None
        for start in range(0, len(wanted), CHUNK):
            groups = wanted[start : start + CHUNK]
            kept = {group.id for group in groups if group.same and self._taken.isdisjoint(group.subjects)}
            folded = {each.id: each for each in self.cases([group for group in groups if group.id not in kept])}
            for group in groups:
                if group.id in kept:
                    if chosen is None or group.id in chosen:
                        yield self._views.row(group.id)
                elif group.id in folded:
                    yield from map(case_row, select([folded[group.id]], **asked))

    def _over_pages(self) -> Veil:
        """Texts of no case name nobody whom a case withholds, of then or of now."""
        if self._pages is None:
            self._pages = self._drawn({*self._bases, *self._views.hiding(), *self._then.hiding})
        return self._pages

    def _plain(self, registrations: Collection[str]) -> bool:
        """Nothing in the case of these is taken down, or hidden by now."""
        return self._taken.isdisjoint(registrations) and not self._views.hide(registrations)

    def _drawn(self, subjects: Collection[str]) -> Veil:
        now = self._views.cases_of(subjects)
        then = self._then.cases_of({*subjects, *(r.subject for one in now for r in one.registrations)})
        return withheld.drawn(self.taken, (*now, *then), self._key)


def discreet(home: Path, views: Views, then: Then) -> Discreet:
    """With the takedowns that stand now, and the key where it is at hand."""
    return Discreet(views, then, takedowns(home), pseudonyms_held(home))


def over(home: Path, views: Views, registrations: Iterable[str] = ()) -> Veil:
    """The veil over the cases of these registrations and those that takedowns are of, and over texts of no case."""
    standing = takedowns(home)
    subjects = {words.registration(subject) for takedown in standing for subject in takedown.subjects}
    return withheld.drawn(standing, views.cases_of({*registrations, *subjects}), pseudonyms_held(home))


def refuse(home: Path, captures: Collection[str]) -> None:
    """Before the bytes of captures are handed out: raises Withheld where one of them shows what was taken down."""
    for capture, takedown in showing(home, captures).items():
        raise Withheld(
            f"capture {capture} shows what was taken down ({takedown}): its bytes stay in the archive; "
            f"`crawl takedown --undo {takedown}` takes that back"
        )


def showing(home: Path, captures: Collection[str] | None = None) -> dict[str, str]:
    """Of these captures, or of all, those that show what was taken down, each with the takedown's id. Raises Withheld."""
    if not takedowns(home):
        return {}
    found: dict[str, str] = {}
    try:
        opened = Book.open(home)
    except NotFound as exc:
        raise Withheld("something was taken down, and only a ledger can tell where it stands: `crawl rebuild` first") from exc
    with opened as book, Views.open(home, book) as views:
        veil = over(home, views)
        for extraction in book.extractions(captures=captures):
            said = book.page(extraction)
            by = next((by for subject in (extraction.url, *(row[0] for row in said)) if (by := veil.by(subject))), None)
            if by is None and any(not row[0].startswith("reg:") and veil.surnames.inside(row[2]) for row in said):
                by = next(iter((*veil.taken.values(), *veil.gone.values())))
            if by is not None:
                found[extraction.capture] = by
    return found


def _named(name: Path) -> str:
    return name.read_text("ascii").strip()
