"""The front end is librosa's mel spectrogram, however the stream is cut."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from models.front_end import FrontEnd, LogMel, hertz_to_mel, mel_bank, mel_to_hertz
from models.synthesis import kitten_call, puppy_call
from tests.models.sounds import hiss

PARAMS = FrontEnd()


def test_the_mel_bank_is_librosas() -> None:
    theirs = librosa.filters.mel(
        sr=PARAMS.rate_hz,
        n_fft=PARAMS.fft_samples,
        n_mels=PARAMS.bands,
        fmin=PARAMS.low_hz,
        fmax=PARAMS.high_hz,
        htk=True,
        norm=None,
    )
    np.testing.assert_allclose(mel_bank(PARAMS), theirs.T, atol=1e-6)


def test_every_band_hears_something() -> None:
    assert mel_bank(PARAMS).sum(axis=0).min() > 0.5


@pytest.mark.parametrize("sound", ["kitten", "puppy", "hiss", "silence"])
def test_the_log_mel_frames_are_librosas(sound: str) -> None:
    rng = np.random.default_rng(4)
    samples = {
        "kitten": kitten_call(rng),
        "puppy": puppy_call(rng),
        "hiss": hiss(1.0),
        "silence": np.zeros(16_000, dtype=np.float32),
    }[sound]
    ours = LogMel(PARAMS)(samples)
    # librosa puts the window in the middle of the FFT's frame; ours begins with the window
    lead = (PARAMS.fft_samples - PARAMS.frame_samples) // 2
    padded = np.pad(samples, lead)
    theirs = librosa.feature.melspectrogram(
        y=padded,
        sr=PARAMS.rate_hz,
        n_fft=PARAMS.fft_samples,
        win_length=PARAMS.frame_samples,
        hop_length=PARAMS.step_samples,
        window="hann",
        center=False,
        power=2.0,
        n_mels=PARAMS.bands,
        fmin=PARAMS.low_hz,
        fmax=PARAMS.high_hz,
        htk=True,
        norm=None,
    ).T
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, np.log(theirs + PARAMS.floor), atol=1e-4)


def test_mel_and_hertz_are_inverse() -> None:
    hertz = np.array([0.0, 129.0, 1_000.0, 7_896.0])
    np.testing.assert_allclose(mel_to_hertz(hertz_to_mel(hertz)), hertz, atol=1e-9)


def test_less_than_a_frame_gives_no_frame() -> None:
    frames = LogMel(PARAMS)(np.zeros(PARAMS.frame_samples - 1, dtype=np.float32))
    assert frames.shape == (0, PARAMS.bands)
