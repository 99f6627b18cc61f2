"""Which ledger is this? A digest over all that it holds, the same wherever and in whatever order it was read; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from archive.ledger.observation import Tie, Window


def head(
    extractions: Iterable[str], windows: Iterable[Window], ties: Iterable[tuple[str, Tie]], decided: Iterable[str] = ()
) -> str:
    """Lower-case sha256 hex. extractions: ids of those that stand; one covers its capture and all that was read in it.

    decided: ids of decisions that change what is shown. Our own clock has no part in it.
    """
    digest = hashlib.sha256()
    held = (
        ("extraction", sorted(set(extractions))),
        ("coverage", sorted(repr((window.asked, window.capture, window.at.isoformat())) for window in windows)),
        ("tie", sorted(key for key, _ in ties)),
        ("decision", sorted(decided)),
    )
    for kind, keys in held:
        for key in keys:
            digest.update(f"{kind} {key}\n".encode())
    return digest.hexdigest()
