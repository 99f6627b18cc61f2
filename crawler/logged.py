"""What was kept is logged and signed: every capture that waits gets its leaf, and the log a checkpoint over all of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from archive.errors import ArchiveError
from archive.store import Store

_logging = threading.Lock()  # one hand adds to a log


def log_kept(store: Store, note: Callable[[str], None]) -> int:
    """Every capture that waits gets its leaf, and the log a checkpoint over all of them; how many leaves were added.

    Blocks for some milliseconds, longer where much waits; from any thread. note: told what is in the way.
    """
    from archive.keyring import Keyring
    from archive.log import Writer, drain  # loaded when there is something to sign

    try:
        with _logging:
            return drain(store, Writer(store.home.path, Keyring.of(os.environ), store.disk)).logged
    except ArchiveError as exc:
        note(f"the captures are kept, and not yet in the log: {exc}")
        return 0
