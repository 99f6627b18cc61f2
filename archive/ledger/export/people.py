"""Who is named in an export: nobody, unless asked otherwise; the same person has the same pseudonym every time.

Class `restricted`: names of persons, texts of articles, and every text and quote that holds a name of its case. All else
is `public`. A pseudonym is the surname's initial and a keyed token of the name: without the key it cannot be found by
trying names, which a plain hash would allow.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.ledger.rows import Plain

KEY_FILE = "pseudonym.key"
HIDDEN = "[restricted]"

# Grammatical cases change the end of a surname: without its last two letters it is found in most of them.
_ENDING = 2
_SHORT = 4


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names to pseudonyms with one key. Made by `of_home`, so that they stay the same from export to export."""

    key: bytes

    @classmethod
    def of_home(cls, home: Path) -> Pseudonyms:
        """With the key of this archive, made at the first call: 32 random bytes in a file only its owner reads."""
        path = home / KEY_FILE
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(bytes.fromhex(path.read_text("ascii")))
        with os.fdopen(handle, "w", encoding="ascii") as file:
            key = secrets.token_bytes(32)
            file.write(key.hex())
        return cls(key)

    def name(self, name: str | None) -> str | None:
        """`И-1f0c9a...`: initial of the first word, 64 bits of HMAC-SHA256 over the name, letter case and ё aside."""
        if name is None:
            return None
        folded = " ".join(name.casefold().replace("ё", "е").split())
        return f"{folded[:1].upper()}-{self.token(folded)}"

    def token(self, text: str) -> str:
        return hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one case, as a pattern that finds them in any text, in other grammatical cases too."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        stems = sorted({stem for name in names for stem in _stems(name)})
        return cls(re.compile(rf"\b(?:{'|'.join(map(re.escape, stems))})") if stems else None)

    def inside(self, text: str) -> bool:
        """Markup between the letters of a name does not hide it."""
        if self.pattern is None:
            return False
        plain = re.sub(r"<[^>]*>", "", text).casefold().replace("ё", "е")
        return bool(self.pattern.search(plain) or self.pattern.search(text.casefold().replace("ё", "е")))


def _stems(name: str) -> Iterable[str]:
    surname = re.findall(r"[^\W\d_]+", name.casefold().replace("ё", "е"))[:1]
    return (word[:-_ENDING] if len(word) > _SHORT else word for word in surname if len(word) > 1)


def without_names(row: Plain, names: Names, people: Pseudonyms) -> Plain:
    """An observation's row as it may be given away.

    Its id goes too where the value goes: it is a plain hash that a guessed name would reproduce.
    """
    name = row["property"] == "name" and "#person:" in row["subject"]
    if not name and row["property"] != "body":
        return _masked(row, names, people)
    value = people.name(row["value"]) if name else None
    shown = {"value": value, "raw": value or HIDDEN, "quote": HIDDEN}
    return row | shown | {"observation": people.token(row["observation"])}


def _masked(row: Plain, names: Names, people: Pseudonyms) -> Plain:
    held = [key for key in ("value", "raw", "quote") if row[key] is not None and names.inside(row[key])]
    if not held:
        return row
    hidden = row | dict.fromkeys(held, HIDDEN)
    if held != ["quote"]:
        hidden["observation"] = people.token(row["observation"])
    return hidden
