"""An observation's row as it may be given away: by pseudonym, or without the text that names somebody; pure."""

from __future__ import annotations

from archive.ledger.privacy import HIDDEN, Names, Pseudonyms, Surnames, is_name, of
from archive.ledger.rows import Plain


def given(row: Plain, names: Names, others: Surnames, people: Pseudonyms) -> Plain:
    """names: of the row's case; others: of all cases, for texts of no case.

    Its id goes too where the value goes: it is a plain hash that a guessed name would reproduce.
    """
    subject = row["subject"]
    if is_name(subject, row["property"]):
        value = people.name(row["value"])
        shown = {"value": value, "raw": value or HIDDEN, "quote": HIDDEN}
        return row | shown | {"observation": people.token(row["observation"])}
    if of(subject, row["property"]) == "restricted":
        told = None if row["value"] is None else HIDDEN
        return row | {"value": told, "raw": HIDDEN, "quote": HIDDEN, "observation": people.token(row["observation"])}
    found = names if subject.startswith("reg:") else others
    held = [key for key in ("value", "raw", "quote") if row[key] is not None and found.inside(row[key])]
    if not held:
        return row
    hidden = row | dict.fromkeys(held, HIDDEN)
    if held != ["quote"]:
        hidden["observation"] = people.token(row["observation"])
    return hidden
