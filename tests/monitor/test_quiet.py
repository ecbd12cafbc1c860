"""Our own lines reach the journal, also while `sounddevice` keeps PortAudio's out of it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import logging, os, sys
from monitor.quiet import log_past_portaudio
logging.basicConfig(stream=sys.stderr)
log_past_portaudio()
kept = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # as sounddevice does around Pa_Initialize
logging.warning("the broker is not reached")
print("Cannot connect to server socket", file=sys.stderr, flush=True)
os.dup2(kept, 2)
logging.warning("connected")
"""


def test_a_line_that_is_logged_while_portaudio_looks_around_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr.splitlines() == [
        "WARNING:root:the broker is not reached",
        "WARNING:root:connected",
    ]
