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
from archive.ledger.case import Case, fold
from archive.ledger.observation import Sighting
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


def veil(home: Path, sightings: Iterable[Sighting], cases: Iterable[Case]) -> Veil:
    """The veil over what a door is about to show. sightings: all of the registrations that the cases hold."""
    return withheld.drawn(takedowns(home), sightings, cases, pseudonyms_held(home))


def refuse(home: Path, captures: Collection[str]) -> None:
    """Before the bytes of captures are handed out: raises Withheld where one of them shows what was taken down."""
    standing = takedowns(home)
    if not standing:
        return
    with Book.open(home) as book:
        said = book.sightings()
        drawn = withheld.drawn(standing, said, fold(said, book.ties()), pseudonyms_held(home))
        for extraction in book.extractions(captures=captures):
            for subject in {words.registration(row[0]) for row in book.page(extraction)} | {extraction.url}:
                by = drawn.by(subject)
                if by is not None:
                    raise Withheld(
                        f"capture {extraction.capture} shows what was taken down (decision {by}): its bytes stay in the archive; "
                        f"`crawl takedown --undo {by}` takes that back"
                    )


def _named(name: Path) -> str:
    return name.read_text("ascii").strip()
