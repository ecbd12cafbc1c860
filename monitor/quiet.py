"""Keeps what ALSA writes to standard error out of the journal, and our own lines in it.

While a microphone is missing we try it every two seconds, and each try makes ALSA write several
lines past Python. What counts is told by exceptions; the rest goes to the log as debugging.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from typing import Any

log = logging.getLogger(__name__)

_kept: list[Any] = []  # ALSA keeps the handler's address for as long as we run


def quieten_alsa() -> None:
    """Take over ALSA's messages, where that is possible; once is enough."""
    if _kept:
        return
    # File, line, function, error, format; what follows the format only C can read.
    handler = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
    )(_alsa_says)
    _kept.append(handler)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    except (AttributeError, OSError) as error:
        log.debug("ALSA keeps its own messages: %s", error)


def log_past_portaudio() -> None:
    """Let the log write to a descriptor of its own.

    While PortAudio looks for devices, `sounddevice` turns descriptor 2 away, and a line that
    another thread logs in those moments would be lost.
    """
    to_stderr = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    for handler in to_stderr:
        own = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace")
        handler.setStream(own)


def _alsa_says(
    file: bytes | None, line: int, function: bytes | None, error: int, text: bytes | None
) -> None:
    log.debug("ALSA: %s:%d %s: %s (%d)", _words(file), line, _words(function), _words(text), error)


def _words(text: bytes | None) -> str:
    return (text or b"").decode(errors="replace").strip()
