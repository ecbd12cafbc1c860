"""Made-up cries are sound, of the right pitch, and the same for the same seed."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.synthesis import RATE_HZ, Species, bout, call, draw_voice

SPECIES = st.sampled_from(["kitten", "puppy"])


@settings(max_examples=40, deadline=None)
@given(SPECIES, st.floats(0, 60), st.floats(0, 1), st.integers(0, 2**32))
def test_any_bout_is_sound_with_calls_in_order(
    species: Species, age: float, arousal: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    samples, calls = bout(draw_voice(species, age, rng), 5.0, arousal, rng)
    assert samples.dtype == np.float32
    assert np.abs(samples).max() <= 1
    edges = np.array(calls).ravel()
    assert (np.diff(edges) > 0).all()
    assert edges[0] == 0
    assert edges[-1] * RATE_HZ == pytest.approx(len(samples), abs=1)
    for on, off in calls:
        assert np.abs(samples[round(on * RATE_HZ) : round(off * RATE_HZ)]).max() > 1e-3


def test_the_same_seed_makes_the_same_sound() -> None:
    def once() -> np.ndarray:
        rng = np.random.default_rng(7)
        return bout(draw_voice("puppy", 12, rng), 3.0, 0.8, rng)[0]

    np.testing.assert_array_equal(once(), once())


@pytest.mark.parametrize(
    ("species", "low", "high"), [("kitten", 850, 1_800), ("puppy", 500, 1_600)]
)
def test_the_pitch_is_a_newborns(species: Species, low: float, high: float) -> None:
    pitches = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        samples = call(draw_voice(species, 8, rng), 0.4, rng)
        pitches.append(np.median(librosa.yin(samples, fmin=250, fmax=3_000, sr=RATE_HZ)))
    assert low < np.median(pitches) < high


@pytest.mark.parametrize("species", ["kitten", "puppy"])
def test_the_upset_call_faster_and_louder(species: Species) -> None:
    def of(arousal: float) -> tuple[float, float]:
        rng = np.random.default_rng(5)
        voice = draw_voice(species, 8, rng)
        samples, calls = bout(voice, 60.0, arousal, rng)
        return len(calls) / len(samples), float(np.abs(samples).max())

    calm, upset = of(0.2), of(0.9)
    assert upset[0] > 1.3 * calm[0]
    assert upset[1] > calm[1]
