"""How loud, what is remembered, what is cut out and packed, and what it sounded like."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.synthesis import bout, draw_voice
from monitor.acoustics import describe
from monitor.blocks import RATE_HZ, Samples
from monitor.clips import CrySound, SoundMemory, to_flac
from monitor.levels import SILENCE_DBFS, LevelMeter
from monitor.messages import MAX_CLIP_BYTES
from tests.monitor.loud_model import silence, tone


def noise(seconds: float, rms: float, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    made: Samples = (rms * rng.standard_normal(round(seconds * RATE_HZ))).astype(np.float32)
    return made


def test_a_full_scale_sine_is_three_decibels_below_full_scale() -> None:
    meter = LevelMeter()
    assert meter.level_dbfs() is None
    for piece in np.array_split(tone(1000, 2, 1.0), 77):
        meter.push(piece)
    assert meter.level_dbfs() == pytest.approx(-3.0, abs=0.1)


def test_the_noise_floor_stays_when_something_cries() -> None:
    meter = LevelMeter()
    meter.push(np.concatenate([noise(30, 0.001), tone(1000, 10, 0.5), noise(5, 0.001)]))
    assert meter.noise_dbfs() == pytest.approx(-60, abs=0.5)
    meter.push(tone(1000, 1, 0.5))
    assert meter.level_dbfs() == pytest.approx(-9.0, abs=0.1)
    meter.clear()
    assert meter.noise_dbfs() is None


def test_digital_silence_is_very_quiet_and_not_loud() -> None:
    meter = LevelMeter()
    meter.push(silence(2))
    assert meter.level_dbfs() == SILENCE_DBFS


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30_000), max_size=12), st.floats(-1, 12), st.floats(0, 8))
def test_the_memory_gives_back_what_it_was_given(
    sizes: list[int], from_s: float, length_s: float
) -> None:
    sound = noise(sum(sizes) / RATE_HZ, 0.1)
    memory = SoundMemory(4.0)
    at = 0
    for size in sizes:
        memory.push(sound[at : at + size])
        at += size
    begin_s, cut = memory.cut(from_s, from_s + length_s)
    first = round(begin_s * RATE_HZ)
    assert np.allclose(cut, sound[first : first + len(cut)], atol=1e-4)
    assert first >= max(0, at - 4 * RATE_HZ)
    whole = min(from_s + length_s, at / RATE_HZ) - max(from_s, at / RATE_HZ - 4, 0)
    assert len(cut) / RATE_HZ == pytest.approx(max(0.0, whole), abs=2 / RATE_HZ)


def test_a_clip_begins_a_second_before_the_cry_and_is_no_longer_than_asked_for() -> None:
    memory = SoundMemory(30)
    memory.push(silence(3))
    memory.push(tone(1000, 20, 0.5))
    cry = CrySound(3.0, 8.0)
    cry.add([(3.0, 3.5), (9.5, 11.0), (12.0, 13.0)])
    cry.keep(memory)
    memory.push(silence(40))  # the beginning is long forgotten
    sound, calls = cry.end(memory, 23.0)
    assert len(sound) == 8 * RATE_HZ
    assert not sound[: RATE_HZ - 1].any()
    assert np.abs(sound[RATE_HZ : RATE_HZ + 100]).max() > 0.1
    assert calls == [(1.0, 1.5), (7.5, 8.0)]


def test_a_short_cry_ends_its_clip_shortly_after_it() -> None:
    memory = SoundMemory(30)
    memory.push(silence(10))
    sound, _ = CrySound(3.0, 12.0).end(memory, 4.0)
    assert len(sound) == round(2.5 * RATE_HZ)


def test_a_clip_is_flac_and_plays_what_was_heard() -> None:
    sound = tone(1000, 2, 0.5)
    samples, rate = sf.read(io.BytesIO(to_flac(sound)), dtype="float32")
    assert rate == RATE_HZ
    assert np.allclose(samples, sound, atol=1e-4)


def test_no_clip_is_larger_than_the_contract_allows() -> None:
    packed = to_flac(np.clip(noise(25, 0.5), -1, 1))
    assert len(packed) <= MAX_CLIP_BYTES
    assert sf.info(io.BytesIO(packed)).duration > 15


@pytest.mark.parametrize(("species", "low", "high"), [("kitten", 900, 1500), ("puppy", 500, 1300)])
def test_a_made_up_cry_is_described_near_what_it_was_made_of(
    species: str, low: float, high: float
) -> None:
    rng = np.random.default_rng(4)
    voice = draw_voice(species, 8, rng)  # type: ignore[arg-type]
    cry, calls = bout(voice, 8.0, 0.4, rng)
    cry = cry + noise(len(cry) / RATE_HZ, 0.002)
    found = describe(cry, calls)
    assert found is not None
    assert found.pitch_hz is not None
    assert low < found.pitch_hz < high
    assert found.call_s == pytest.approx(np.median([b - a for a, b in calls]), rel=0.3)
    assert found.tonality is not None
    assert found.tonality > 0.6
    assert found.snr_db is not None
    assert 15 < found.snr_db < 45


def test_pitch_and_level_of_a_tone_are_exact() -> None:
    sound = np.concatenate([silence(1), tone(1234, 0.5, 0.1), silence(1)]) + noise(2.5, 1e-4)
    found = describe(sound, [(1.0, 1.5)])
    assert found is not None
    assert found.pitch_hz == pytest.approx(1234, rel=0.02)
    assert found.level_dbfs == pytest.approx(-23.0, abs=0.5)
    assert found.pitch_range_hz == pytest.approx(0, abs=15)
    assert found.tonality == 1.0


def test_what_cannot_be_measured_is_unknown() -> None:
    hiss = describe(noise(3, 0.1), [(1.0, 2.0)])
    assert hiss is not None
    assert hiss.pitch_hz is None
    assert hiss.tonality is None
    assert describe(silence(0.01), [(0.0, 0.01)]) is None
    assert describe(silence(3), []) is None
    dead = describe(silence(3), [(1.0, 2.0)])
    assert dead is not None
    assert (dead.pitch_hz, dead.snr_db) == (None, None)
    all_cry = describe(tone(1000, 2), [(0.0, 2.0)])
    assert all_cry is not None
    assert all_cry.snr_db is None
