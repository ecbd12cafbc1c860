"""Whether the time of day of this computer can be believed, as far as the computer tells."""

from __future__ import annotations

import ctypes
from pathlib import Path

TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")  # made by systemd-timesyncd
TIME_ERROR = 5  # what adjtimex(2) returns while nothing disciplines the clock
TIMEX_BYTES = 512  # more than struct timex takes on any Linux


def is_synchronised() -> bool:
    """Whether a time service (timesyncd, chrony, ntpd, ...) has set the clock since the start."""
    if TIMESYNCD_MARK.exists():
        return True
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return True
    return bool(adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) != TIME_ERROR)
