"""What a crawl does for its proof: what was kept is logged and signed.

Crash-only: what a kill left in the outbox is logged by whoever comes next. Nothing here may cost what was crawled: where
the log cannot be written or signed, that is told, and the captures wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from archive.errors import ArchiveError
from archive.keyring import Keyring
from archive.store import Store


def log_kept(store: Store, note: Callable[[str], None]) -> int:
    """Every capture that waits gets its leaf, and the log a checkpoint over all of them; how many leaves were added.

    Blocks for some milliseconds, longer where much waits; from any thread. note: told what is in the way.
    """
    from archive.log import Writer, drain  # cryptography: loaded when there is something to sign

    try:
        return drain(store, Writer(store.home.path, Keyring.of(os.environ), store.disk)).logged
    except ArchiveError as exc:
        note(f"the captures are kept, and not yet in the log: {exc}")
        return 0
