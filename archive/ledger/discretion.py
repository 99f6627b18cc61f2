"""What of an archive's ledger may be told: its takedowns, the key of its pseudonyms, and the veil drawn from both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path

from archive.decisions import decisions
from archive.disk import Disk
from archive.errors import NoKey, NotAnArchive, NotFound, Withheld
from archive.keyring import Keyring
from archive.ledger import withheld, words
from archive.ledger.book import Book
from archive.ledger.case import Case
from archive.ledger.moment import NOW
from archive.ledger.privacy import Pseudonyms
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


def veil(home: Path, book: Book, cases: Iterable[Case] | None = None) -> Veil:
    """The veil over what a door is about to show, as it is now, whatever moment the door is asked about.

    cases: of the moment shown, where they were folded anyway; they and those of now say what belongs together.
    """
    names = book.sightings(only="name")
    standing = takedowns(home)
    if not standing and not withheld.hidden_later(names):
        return withheld.NOTHING
    folded = NOW.cases(book, events=False)
    return withheld.drawn(standing, names, folded if cases is None else (*folded, *cases), pseudonyms_held(home))


def refuse(home: Path, captures: Collection[str]) -> None:
    """Before the bytes of captures are handed out: raises Withheld where one of them shows what was taken down."""
    if not takedowns(home):
        return
    try:
        opened = Book.open(home)
    except NotFound as exc:
        raise Withheld(
            "something was taken down, and without a ledger nobody can tell where it stands: rebuild it first"
        ) from exc
    with opened as book:
        drawn = veil(home, book)
        for extraction in book.extractions(captures=captures):
            for subject in {words.registration(row[0]) for row in book.page(extraction)} | {extraction.url}:
                by = drawn.by(subject)
                if by is not None:
                    raise Withheld(
                        f"capture {extraction.capture} shows what was taken down ({by}): its bytes stay in the archive; "
                        f"`crawl takedown --undo {by}` takes that back"
                    )


def _named(name: Path) -> str:
    return name.read_text("ascii").strip()
