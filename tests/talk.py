"""Words that somebody says, for tests: recorded ones where they are at hand, else espeak-ng's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from monitor.blocks import Samples
from monitor.recording import Recording
from tests.recordings import AUDIO

RECORDED = "speech_002.ogg"  # one word of English, of the train split
WORDS = "where did you put the other bottle"


def talk(folder: Path) -> Samples:
    """Words [n] at 16 kHz, their loudest sample 0.5; skips the test where nobody can say any."""
    path = AUDIO / RECORDED
    if not path.is_file():
        espeak = shutil.which("espeak-ng")
        if espeak is None:
            pytest.skip("no recordings of speech beside the repository, and no espeak-ng")
        path = folder / "words.wav"
        subprocess.run([espeak, "-w", path, WORDS], check=True)
    with Recording(path) as recording:
        words = np.concatenate(list(recording.pieces()))
    spoken: Samples = (0.5 * words / np.abs(words).max()).astype(np.float32)
    return spoken
