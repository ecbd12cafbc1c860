"""Whether somebody talks: words are found however softly said; cries are not taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.speech import WEIGHTS, ModelError, SpeechGuard
from models.synthesis import RATE_HZ, bout, draw_voice
from monitor.blocks import Samples
from monitor.recording import Recording
from tests.recordings import AUDIO
from tests.talk import talk

RECORDED = (  # long ones of train; how many of all are taken for words, tests/bench/speech.py tells
    "kitten_distress_001.flac",
    "puppy_distress_sw_lab_puppy.flac",
    "dog_whine_001.flac",
)


@pytest.fixture(scope="module")
def guard() -> SpeechGuard:
    return SpeechGuard.load()


def made_up_cry(seed: int, seconds: float = 6.0) -> Samples:
    rng = np.random.default_rng(seed)
    voice = draw_voice("kitten" if seed % 2 else "puppy", age_days=8.0, rng=rng)
    samples, _ = bout(voice, seconds=seconds, arousal=0.6, rng=rng)
    room = rng.normal(0, 1e-3, len(samples))
    made: Samples = (0.3 * samples / np.abs(samples).max() + room).astype(np.float32)
    return made


def test_made_up_cries_are_not_taken_for_words(guard: SpeechGuard) -> None:
    assert [guard.hears(made_up_cry(seed)).found for seed in range(4)] == [False] * 4


def test_recorded_cries_are_not_taken_for_words(guard: SpeechGuard) -> None:
    if not AUDIO.is_dir():
        pytest.skip("no recordings beside the repository")
    for name in RECORDED:
        with Recording(AUDIO / name) as recording:
            assert not guard.hears(np.concatenate(list(recording.pieces()))).found, name


@pytest.mark.parametrize("loudest", [0.5, 0.02, 0.002])
def test_words_are_found_behind_a_cry_and_where(
    guard: SpeechGuard, tmp_path: Path, loudest: float
) -> None:
    words, cry = talk(tmp_path), made_up_cry(1, 3.0)
    pause = np.random.default_rng(0).normal(0, 1e-3, len(words) + RATE_HZ)
    pause[RATE_HZ // 2 : RATE_HZ // 2 + len(words)] += 0.2 * words  # 9 dB below the cry
    sound = np.concatenate([cry, pause, cry]) * (loudest / 0.5)
    found = guard.hears(sound.astype(np.float32))
    assert found.found
    assert len(cry) < found.at_s * RATE_HZ < len(cry) + len(pause)


def test_nothing_is_no_speech(guard: SpeechGuard) -> None:
    assert not guard.hears(np.zeros(0, np.float32)).found
    assert not guard.hears(np.zeros(RATE_HZ, np.float32)).found
    assert not guard.hears(np.full(700, np.nan, np.float32)).found


def test_other_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        SpeechGuard.load(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"not these")
    with pytest.raises(ModelError, match="not the weights that belong here"):
        SpeechGuard.load(tmp_path)
