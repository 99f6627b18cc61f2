"""What of an archive's ledger may be told: its takedowns, the key of its pseudonyms, and the veil drawn from both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.decisions import decisions
from archive.disk import Disk
from archive.errors import NoKey, NotAnArchive, NotFound, Withheld
from archive.keyring import Keyring
from archive.ledger import withheld, words
from archive.ledger.book import Book
from archive.ledger.case import Case
from archive.ledger.privacy import Pseudonyms
from archive.ledger.rows import Plain, case_row
from archive.ledger.views import Views
from archive.ledger.withheld import Takedown, Veil
from archive.shelf import Archive

NAME = "pseudonyms"  # in the home: under which name the keyring has the key
OLD = "pseudonym.key"


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


def refuse(home: Path, captures: Collection[str]) -> None:
    """Before the bytes of captures are handed out: raises Withheld where one of them shows what was taken down."""
    for capture, takedown in showing(home, captures).items():
        raise Withheld(
            f"capture {capture} shows what was taken down ({takedown}): its bytes stay in the archive; "
            f"`crawl takedown --undo {takedown}` takes that back"
        )


def showing(home: Path, captures: Collection[str] | None = None) -> dict[str, str]:
    """Of these captures, or of all, those that show what was taken down, each with the takedown's id. Raises Withheld."""
    standing = takedowns(home)
    if not standing:
        return {}
    found: dict[str, str] = {}
    try:
        opened = Book.open(home)
    except NotFound as exc:
        raise Withheld("something was taken down, and only a ledger can tell where it stands: `crawl rebuild` first") from exc
    with opened as book, Views.open(home, book) as views:
        by = {}
        for takedown in standing:
            for subject in {words.registration(subject) for subject in takedown.subjects}:
                subjects = [subject]
                if subject.startswith("reg:"):
                    with suppress(NotFound):
                        subjects = views.find(subject)[1]
                by.update(dict.fromkeys(subjects, takedown.id))
        for extraction in book.extractions(captures=captures):
            for subject in {words.registration(row[0]) for row in book.page(extraction)} | {extraction.url}:
                if subject in by:
                    found[extraction.capture] = by[subject]
    return found


def _named(name: Path) -> str:
    return name.read_text("ascii").strip()
