"""Recordings as a source of sound: any format, rate and length that libsndfile reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile as sf

from monitor.blocks import Mono16k, Samples

PIECE_S = 10.0  # sound read at once
PIECE_VALUES = 4_000_000  # ... but at most so many values over all channels (16 MB)


class RecordingError(Exception):
    """A recording cannot be used; the text is one line that names it and says why."""


class Recording:
    """One recording, read piece by piece in bounded memory."""

    def __init__(self, path: Path) -> None:
        """Open the recording; raises RecordingError when it cannot be read as sound."""
        self.path = path
        try:
            # Opened by us, so that what the system says (no such file, no permission) is told.
            self._handle = path.open("rb")
        except OSError as error:
            raise RecordingError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            self._file = sf.SoundFile(self._handle)
        except (sf.LibsndfileError, TypeError, ValueError) as error:
            size = path.stat().st_size
            self._handle.close()
            if size == 0:
                raise RecordingError(f"{path}: the file is empty") from None
            raise RecordingError(f"{path}: cannot be read as sound: {_why(error)}") from None
        self.rate_hz: int = self._file.samplerate
        self.seconds: float = max(0, self._file.frames) / self.rate_hz  # as its header says

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._handle.close()

    def pieces(self, seconds: float = PIECE_S) -> Iterator[Samples]:
        """The sound as mono float32 at 16 kHz, about `seconds` at a time.

        Raises RecordingError when there is no sound in it or it breaks off.
        """
        channels = self._file.channels
        want = max(1, min(int(seconds * self.rate_hz), PIECE_VALUES // channels))
        try:
            mono = Mono16k(self.rate_hz)
        except (RuntimeError, ValueError):
            raise RecordingError(
                f"{self.path}: its rate of {self.rate_hz} Hz is of no use"
            ) from None
        read = 0
        while True:
            try:
                frames = self._file.read(want, dtype="float32", always_2d=True)
            except sf.LibsndfileError as error:
                raise RecordingError(
                    f"{self.path}: broken after {read / self.rate_hz:.1f} s: {_why(error)}"
                ) from None
            read += len(frames)
            if len(frames) == 0:
                break
            yield mono.push(frames)
        if read == 0:
            raise RecordingError(f"{self.path}: holds no sound")
        yield mono.push(np.zeros((0, 1), np.float32), last=True)


def _why(error: Exception) -> str:
    """What libsndfile says, without the file's name before it."""
    text = getattr(error, "error_string", None) or str(error)
    return text.strip().rstrip(".") or "unknown format"
