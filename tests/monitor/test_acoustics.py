"""What is measured in a cry, against sounds of which it is known; and what it is judged to mean."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import synthesis
from models.synthesis import Species as Kind
from monitor import acoustics as measuring
from monitor.acoustics import describe
from monitor.arousal import CALL_RATES, judge
from monitor.blocks import RATE_HZ, Samples
from monitor.cries import CryEvent
from monitor.messages import Acoustics, Arousal, CryStep, Species
from monitor.pitch import Track, track

Curve = NDArray[np.float64]
Calls = list[tuple[float, float]]

WITHIN_ST = 1.0  # semitones: the promise for the pitch of a cry, at half of them or more
SEEDS = range(5)


def a_cry(kind: Kind, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Samples, Calls, float]:
    """A synthesised cry of 5 s, its calls, and the median of its true pitch."""
    curves: list[Curve] = []
    made = synthesis._pitch

    def listen(*given: object) -> Curve:
        curves.append(made(*given))  # type: ignore[arg-type]
        return curves[-1]

    monkeypatch.setattr(synthesis, "_pitch", listen)
    rng = np.random.default_rng(seed)
    sound, calls = synthesis.bout(synthesis.draw_voice(kind, 8, rng), 5.0, 0.4, rng)
    monkeypatch.undo()
    return sound, calls, float(np.median(np.concatenate(curves)))


def in_noise(sound: Samples, calls: Calls, snr_db: float, seed: int) -> tuple[Samples, Calls]:
    """The cry a second into pink noise, so far above it in the band of cries."""
    padded = np.pad(sound.astype(np.float64), RATE_HZ)
    rng = np.random.default_rng(seed)
    hertz = np.fft.rfftfreq(len(padded), 1 / RATE_HZ)
    colour = np.where(hertz > 20, 1 / np.sqrt(np.maximum(hertz, 20)), 0.0)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(padded))) * colour, len(padded))
    heard = np.square(measuring.without_hum(noise.astype(np.float32))).mean()
    voiced = np.concatenate([sound[int(a * RATE_HZ) : int(b * RATE_HZ)] for a, b in calls])
    noise *= np.sqrt(np.square(voiced).mean() / heard / 10 ** (snr_db / 10))
    return (padded + noise).astype(np.float32), [(a + 1, b + 1) for a, b in calls]


@pytest.mark.parametrize("snr_db", [30, 15, 8])
def test_the_pitch_of_a_cry_is_right_at_every_noise_that_it_stands_out_of(
    snr_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = []
    for seed in SEEDS:
        for kind in ("kitten", "puppy"):
            sound, calls, truth = a_cry(kind, seed, monkeypatch)
            found = describe(*in_noise(sound, calls, snr_db, seed))
            assert found is not None
            assert found.snr_db == pytest.approx(snr_db, abs=3.5)
            assert found.pitch_hz is not None
            off.append(abs(12 * np.log2(found.pitch_hz / truth)))
    assert np.median(off) < WITHIN_ST
    assert max(off) < 3 * WITHIN_ST  # never another octave


def test_what_the_noise_covers_is_unknown_rather_than_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in SEEDS:
        sound, calls, _ = a_cry("kitten", seed, monkeypatch)
        found = describe(*in_noise(sound, calls, -3, seed))
        assert found is not None
        assert found.level_dbfs is not None
        hidden = ("pitch_hz", "call_s", "tonality", "rough", "pitch_slope_st_s")
        assert [getattr(found, name) for name in hidden] == [None] * len(hidden)
        assert found.per_call == ()


def voice(hertz: Curve, subharmonics: Curve | float = 0.0, hiss: Curve | float = 0.0) -> Samples:
    """A voice of six harmonics along a pitch; `hiss` takes its place, 0..1."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE_HZ
    tone = np.sum([np.sin(order * phase) / order for order in range(1, 7)], axis=0)
    tone += subharmonics * np.sum([np.sin((order + 0.5) * phase) for order in range(4)], axis=0)
    noise = np.random.default_rng(2).standard_normal(len(hertz))
    sound = (1 - np.asarray(hiss)) * tone + hiss * noise
    fade = np.clip(np.minimum(np.arange(len(hertz)), np.arange(len(hertz))[::-1]) / 300, 0, 1)
    made: Curve = 0.1 * fade * sound / np.sqrt(np.mean(np.square(sound)))
    return made.astype(np.float32)


def five(make: Callable[[Curve], Samples], seconds: float = 0.5) -> Acoustics:
    """Five calls alike, one a second, in faint noise; `make` gets the time along a call, 0..1."""
    call = make(np.linspace(0, 1, round(seconds * RATE_HZ)))
    sound = np.random.default_rng(1).normal(0, 3e-4, 6 * RATE_HZ)
    for at in range(5):
        first = at * RATE_HZ + RATE_HZ // 2
        sound[first : first + len(call)] += call
    calls = [(at + 0.45, at + 0.55 + seconds) for at in range(5)]
    found = describe(sound.astype(np.float32), calls)
    assert found is not None
    return found


def span(t: Curve, low: float, high: float) -> Curve:
    return ((t > low) & (t < high)).astype(float)


def test_a_smooth_glide_is_not_rough_and_its_slope_is_told() -> None:
    found = five(lambda t: voice(1000 * 2 ** (-6 * t / 12)))  # 6 semitones in half a second
    assert (found.subharmonics, found.chaos, found.jumps, found.rough) == (0, 0, 0, 0)
    assert found.pitch_slope_st_s == pytest.approx(-12, abs=1)
    assert found.call_s == pytest.approx(0.5, abs=0.05)
    assert found.voices_per_minute == pytest.approx(60, abs=1)
    assert found.pitch_spread_st == pytest.approx(0, abs=0.1)
    assert [round(call.at_s) for call in found.per_call] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("subharmonics", lambda t: voice(1200 + 0 * t, subharmonics=0.4 * span(t, 0.3, 0.7))),
        ("chaos", lambda t: voice(1200 + 0 * t, hiss=span(t, 0.3, 0.7))),
        ("jumps", lambda t: voice(1000 + 350 * (t > 0.5))),
    ],
)
def test_each_kind_of_roughness_is_told_by_its_name(
    name: str, make: Callable[[Curve], Samples]
) -> None:
    found = five(make)
    shares = {kind: getattr(found, kind) for kind in ("subharmonics", "chaos", "jumps")}
    assert shares.pop(name) == 1
    assert set(shares.values()) == {0}
    assert found.rough == 1


def test_two_calls_that_the_listener_took_for_one_are_told_apart() -> None:
    found = five(lambda t: voice(1000 + 0 * t) * (1 - span(t, 0.4, 0.7)).astype(np.float32))
    assert len(found.per_call) == 10
    assert found.call_s == pytest.approx(0.19, abs=0.06)


def test_hum_below_the_voice_does_not_matter() -> None:
    times = np.arange(6 * RATE_HZ) / RATE_HZ
    hum = 0.3 * np.sin(2 * np.pi * 100 * times)
    call = voice(np.full(RATE_HZ // 2, 1100.0))
    sound = hum + np.random.default_rng(1).normal(0, 3e-4, len(hum))
    sound[RATE_HZ : RATE_HZ + len(call)] += call
    found = describe(sound.astype(np.float32), [(1.0, 1.5)])
    assert found is not None
    assert found.pitch_hz == pytest.approx(1100, rel=0.01)
    assert found.level_dbfs == pytest.approx(-20, abs=1)
    assert found.rough is None  # of a single call there are no shares


def test_a_silence_that_was_cut_out_of_a_recording_does_not_break_the_measuring() -> None:
    assert Acoustics(snr_db=measuring._snr_db(0.01, 1e-20)).snr_db == measuring.CLEANEST_DB


def test_a_long_cry_is_sampled_and_not_wholly_described(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []

    def count(samples: Samples) -> Track:
        followed.append(len(samples))
        return track(samples)

    monkeypatch.setattr(measuring, "track", count)
    call = voice(np.full(RATE_HZ // 5, 900.0))
    sound = np.random.default_rng(1).normal(0, 3e-4, 30 * RATE_HZ)
    calls = [(at / 2 + 0.1, at / 2 + 0.3) for at in range(59)]
    for on, _ in calls:
        first = round(on * RATE_HZ)
        sound[first : first + len(call)] += call
    found = describe(sound.astype(np.float32), calls)
    assert found is not None
    assert len(followed) == len(found.per_call) == measuring.CALLS_MEASURED
    assert found.voices_per_minute == pytest.approx(120, abs=1)
    assert found.per_call[-1].at_s == pytest.approx(29.0, abs=0.1)
    assert len(found.model_dump_json()) < 4096


def test_librosa_is_not_needed_before_there_is_a_cry() -> None:
    assert "librosa" not in sys.modules["monitor.arousal"].__dict__
    assert "librosa" not in sys.modules["monitor.acoustics"].__dict__


def event(calls: int, lasts_s: float, species: Species = Species.KITTEN) -> CryEvent:
    return CryEvent(
        step=CryStep.ENDED,
        number=1,
        decided_s=lasts_s,
        onset_s=0.0,
        offset_s=lasts_s,
        calls=calls,
        new_calls=(),
        score=0.9,
        kitten=0.9,
        puppy=0.1,
        species=species,
    )


LOUD = Acoustics(snr_db=20, tonality=0.9, rough=0.0, subharmonics=0.0, chaos=0.0, jumps=0.0)


@pytest.mark.parametrize(
    ("calls", "sound", "arousal", "words"),
    [
        (1, LOUD, Arousal.UNKNOWN, "too little to tell by (1 call)"),
        (14, None, Arousal.MEDIUM, "calls come steadily (28 a minute)"),
        (24, LOUD, Arousal.HIGH, "calls come fast (48 a minute)"),
        (6, LOUD, Arousal.LOW, "voice smooth in all calls"),
        (24, Acoustics(snr_db=1.2), Arousal.UNKNOWN, "too faint to tell by (only 1 dB above"),
        (24, Acoustics(level_dbfs=-50), Arousal.UNKNOWN, "no louder than the room"),
    ],
)
def test_arousal_is_said_with_what_it_was_judged_by(
    calls: int, sound: Acoustics | None, arousal: Arousal, words: str
) -> None:
    judged = judge(event(calls, 30.0), sound)
    assert judged.arousal is arousal
    assert words in "; ".join(judged.evidence)


def test_a_rough_voice_raises_the_arousal_and_is_named() -> None:
    rough = LOUD.model_copy(update={"rough": 0.5, "chaos": 0.4, "jumps": 0.1})
    judged = judge(event(14, 30.0), rough)
    assert judged.arousal is Arousal.HIGH
    assert judged.evidence[-1] == "voice rough in 50% of calls (chaos in 40%, jumps in 10%)"


@given(
    calls=st.integers(0, 400),
    lasts_s=st.floats(0.1, 300),
    species=st.sampled_from(Species),
    rough=st.none() | st.floats(0, 1),
    snr_db=st.none() | st.floats(-20, 60),
)
def test_more_calls_never_sound_calmer(
    calls: int, lasts_s: float, species: Species, rough: float | None, snr_db: float | None
) -> None:
    sound = Acoustics(rough=rough, snr_db=snr_db, tonality=0.5)
    order = [Arousal.UNKNOWN, Arousal.LOW, Arousal.MEDIUM, Arousal.HIGH]
    fewer, more = (judge(event(n, lasts_s, species), sound) for n in (calls, calls + 5))
    assert order.index(more.arousal) >= order.index(fewer.arousal)
    assert fewer.evidence
    assert all(len(words) <= 200 for words in fewer.evidence)
    low, high = CALL_RATES[species]
    assert low < high
