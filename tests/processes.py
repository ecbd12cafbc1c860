"""Looking at processes that may end at any moment."""

from __future__ import annotations

from pathlib import Path


def lives(pid: int) -> bool:
    """Whether a process runs (one that has ended and waits for its parent does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # gone before it was opened (ENOENT), or while it was read (ESRCH)
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
