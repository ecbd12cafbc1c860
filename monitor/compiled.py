"""What numba has compiled for librosa, kept in a folder that the boxes' processes share.

Two processes that compile one gufunc at the same time can leave files that do not fit each other,
and from then on whoever loads them dies (numba issue 10128). So one compiles while the others wait,
and what somebody died of is compiled anew.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def compiling(kept: Path) -> Iterator[None]:
    """Alone with the folder, however many processes ask; raises OSError where it is not ours.

    It waits for whoever has it, who is bounded: a child that does not answer is ended.
    """
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def forget(kept: Path) -> None:
    """Have all compiled anew; raises OSError."""
    with compiling(kept):
        for file in kept.rglob("*.nb[ci]"):  # the code, and the index of it
            file.unlink()
