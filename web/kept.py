"""Short secrets that are made at the first start and stay: each in a file of its own."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """What the file holds; made where there is none, readable by its owner only. Raises OSError.

    Several processes may start at once: they take turns, and the first one's is everybody's. It
    has its name only when it is on the disk; an empty file, as a power cut leaves it behind that
    was not waited for, holds nothing and is made anew.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        known = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
        if known.strip():
            return known.strip()
        made, new = make(), path.with_name(f"{path.name}.new")
        with open(new, "w", encoding="ascii", opener=_private) as file:
            file.write(made + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        os.fsync(folder)
        return made
    finally:
        os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
