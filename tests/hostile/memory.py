"""What memory a process has had at most, and since when."""

from __future__ import annotations

import re
from pathlib import Path


def peak(process: int | str = "self") -> int:
    """The most memory a process has had since it began or since `forget`, in KiB.

    Not ru_maxrss: that is handed on through fork and exec, and a child of a large parent would never seem to grow.
    """
    found = re.search(r"VmHWM:\s+([0-9]+) kB", Path(f"/proc/{process}/status").read_text("ascii"))
    assert found is not None
    return int(found[1])


def forget() -> int:
    """What this process has now, in KiB; the peak is measured anew from here."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return peak()
