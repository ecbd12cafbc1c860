"""Made-up cries of newborn kittens and puppies, for the demo night, for tests and for training.

A voice is a row of harmonics that follow a pitch contour, coloured by the resonances of a short
vocal tract, with breath and, the more the animal is upset, roughness. It needs numpy only. The
ranges follow published measurements where there are some (pitch and its fall with age: Romand and
Ehret 1984, Hubka et al. 2015; rates of puppies: Scott and Marston 1950; harmonics and lengths:
measured on recordings); what arousal does to each of them is our assumption. Nobody should judge a
detector on these calls.

    voice = draw_voice("kitten", age_days=8, rng=rng)
    samples, calls = bout(voice, seconds=12.0, arousal=0.7, rng=rng)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
SOUND_M_S = 345.0  # in a warm room
TOP_HZ = 7_600.0  # no harmonic above: half the rate, with room to fall
LEVEL_RMS = 0.1  # of a call at arousal 0.5, full scale 1

Audio = NDArray[np.float32]
Curve = NDArray[np.float64]
Species = Literal["kitten", "puppy"]
Calls = list[tuple[float, float]]  # onset and offset of each, s


@dataclass(frozen=True)
class Voice:
    """One animal; its calls vary around these values."""

    species: Species
    pitch_hz: float  # highest of a call at arousal 0.5
    length_s: float
    top_at: float  # where in the call the pitch is highest, 0..1
    rise_st: float  # semitones from the onset to the top
    fall_st: float  # semitones from the top to the end
    tract_m: float  # its length sets the resonances
    tilt_db: float  # an octave, of the source
    breath: float  # noise to voice
    waver_hz: float
    waver_st: float
    rough: float  # factor on how often a call is rough


def draw_voice(species: Species, age_days: float, rng: np.random.Generator) -> Voice:
    """One animal of this age (0 to 60 days); the same generator state gives the same voice."""
    age = float(np.clip(age_days, 0.0, 60.0))
    if species == "kitten":
        pitch = 1_330.0 - 260.0 * (age / 30.0) ** 1.5  # 1.3 kHz newborn, 1.07 at a month
        return Voice(
            species,
            pitch_hz=pitch * _about(rng, 0.10),
            length_s=0.52 * _about(rng, 0.2),
            top_at=rng.uniform(0.1, 0.5),
            rise_st=3.0 * _about(rng, 0.4),
            fall_st=5.5 * _about(rng, 0.4),
            tract_m=(0.030 + 0.0002 * age) * _about(rng, 0.07),
            tilt_db=rng.uniform(-9.0, -4.0),
            breath=rng.uniform(0.02, 0.12),
            waver_hz=rng.uniform(5.0, 12.0),
            waver_st=rng.uniform(0.0, 0.25),
            rough=_about(rng, 0.4),
        )
    pitch = 620.0 + 470.0 * np.exp(-age / 28.0)  # 1.1 kHz newborn, 0.8 at a month
    return Voice(
        species,
        pitch_hz=pitch * _about(rng, 0.18),
        length_s=0.30 * _about(rng, 0.25),
        top_at=rng.uniform(0.25, 0.6),
        rise_st=4.0 * _about(rng, 0.4),
        fall_st=5.0 * _about(rng, 0.4),
        tract_m=(0.038 + 0.0004 * age) * _about(rng, 0.07),
        tilt_db=rng.uniform(-17.0, -9.0),
        breath=rng.uniform(0.02, 0.15),
        waver_hz=rng.uniform(6.0, 16.0),
        waver_st=rng.uniform(0.1, 0.8),
        rough=_about(rng, 0.4),
    )


def kitten_call(rng: np.random.Generator, age_days: float = 8, arousal: float = 0.6) -> Audio:
    """One call of some kitten: mono at RATE_HZ, float32 [n]."""
    return call(draw_voice("kitten", age_days, rng), arousal, rng)


def puppy_call(rng: np.random.Generator, age_days: float = 8, arousal: float = 0.6) -> Audio:
    """One call of some puppy: mono at RATE_HZ, float32 [n]."""
    return call(draw_voice("puppy", age_days, rng), arousal, rng)


def call(voice: Voice, arousal: float, rng: np.random.Generator) -> Audio:
    """One call of this voice at arousal 0..1: mono at RATE_HZ, float32 [n]."""
    arousal = float(np.clip(arousal, 0.0, 1.0))
    yelp = voice.species == "puppy" and rng.random() < 0.1 + 0.4 * arousal**2
    length = voice.length_s * _about(rng, 0.25) * (0.8 + 0.4 * arousal)
    length = float(np.clip(length * (0.55 if yelp else 1.0), 0.08, 1.6))
    n = int(length * RATE_HZ)
    t = np.arange(n) / n  # 0..1 along the call

    hertz = _pitch(voice, arousal, yelp, t * length, rng)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE_HZ + rng.uniform(0, 2 * np.pi)
    rough = rng.random() < 0.5 * arousal * voice.rough
    tilt = voice.tilt_db + 4.0 * (arousal - 0.5) + (5.0 if yelp else 0.0)
    mouth = np.sin(np.pi * t**0.7)  # opens and shuts; the resonances move with it
    voiced = np.zeros(n)
    orders = np.arange(1, int(TOP_HZ / hertz.min()) + 1, dtype=float)
    if rough and rng.random() < 0.4:  # period doubling
        orders = np.concatenate([orders, orders[:6] - 0.5])
    for order in orders:
        f = order * hertz
        gain = _resonance(f, voice.tract_m, mouth) * order ** (tilt / 6.02)
        gain *= np.clip((TOP_HZ - f) / 600.0, 0.0, 1.0) * np.exp(rng.normal(0.0, 0.35))
        if order % 1:
            gain *= 0.6 * np.clip(np.sin(np.pi * t) * 1.5 - 0.3, 0.0, 1.0)
        voiced += gain * np.sin(order * phase + rng.uniform(0, 2 * np.pi))
    if rough:
        voiced *= 1.0 + 0.6 * _slow_noise(rng, n, rng.uniform(40.0, 150.0))
    voiced /= _rms(voiced)
    breath = _coloured_noise(rng, n, voice.tract_m)
    gasp = 1.0 + rng.uniform(0.5, 5.0) * np.exp(-t * length / 0.03)  # noisy attack
    samples = voiced + voice.breath * (1.0 + 2.0 * rough) * gasp * breath
    samples *= _envelope(t, length, rng)
    level = LEVEL_RMS * 10 ** ((14.0 * (arousal - 0.5) + rng.normal(0.0, 1.5)) / 20.0)
    out: Audio = (samples * level / _rms(samples)).astype(np.float32)
    return np.clip(out, -1.0, 1.0)


def bout(
    voice: Voice, seconds: float, arousal: float, rng: np.random.Generator
) -> tuple[Audio, Calls]:
    """Calls of one voice for about `seconds` (it ends with a call): samples, their times."""
    parts: list[Audio] = []
    calls: Calls = []
    at, mood = 0, arousal
    while not calls or at < seconds * RATE_HZ:
        mood = float(np.clip(mood + rng.normal(0.0, 0.05) + 0.1 * (arousal - mood), 0.0, 1.0))
        samples = call(voice, mood, rng)
        calls.append((at / RATE_HZ, (at + len(samples)) / RATE_HZ))
        typical = (1.6 if voice.species == "kitten" else 0.9) * np.exp(-1.4 * mood)
        gap = float(np.clip(typical * _about(rng, 0.6), 0.12, 6.0))
        silence = np.zeros(int(gap * RATE_HZ), dtype=np.float32)
        parts += [samples, silence]
        at += len(samples) + len(silence)
    return np.concatenate(parts[:-1]), calls


def _pitch(
    voice: Voice, arousal: float, yelp: bool, time_s: Curve, rng: np.random.Generator
) -> Curve:
    """Fundamental along a call, Hz: up to the top, down from it, with waver and jitter."""
    t = time_s / time_s[-1]
    top = float(np.clip(voice.top_at + rng.normal(0.0, 0.1), 0.05, 0.85))
    rise = voice.rise_st * _about(rng, 0.3) * (1.8 if yelp else 1.0)
    fall = voice.fall_st * _about(rng, 0.3) * (1.5 if yelp else 1.0)
    semitones = np.where(
        t < top,
        -rise * np.clip(1.0 - t / top, 0.0, 1.0) ** rng.uniform(1.2, 2.5),
        -fall * np.clip((t - top) / (1.0 - top), 0.0, 1.0) ** rng.uniform(1.0, 2.0),
    )
    semitones = semitones + 3.0 * (arousal - 0.5) + rng.normal(0.0, 0.7) + (5.0 if yelp else 0.0)
    semitones += voice.waver_st * np.sin(2 * np.pi * (voice.waver_hz * time_s + rng.random()))
    semitones += 0.08 * _slow_noise(rng, len(t), 120.0)
    if rng.random() < 0.25 * arousal * voice.rough:  # the voice breaks for a moment
        start = rng.uniform(0.2, 0.7)
        semitones += rng.choice([-5.0, 4.0, 7.0]) * ((t > start) & (t < start + 0.15))
    hertz: Curve = np.clip(voice.pitch_hz * 2.0 ** (semitones / 12.0), 250.0, 3_000.0)
    return hertz


def _resonance(hertz: Curve, tract_m: float, mouth: Curve | float) -> Curve:
    """Gain of a tube shut at the larynx: odd quarter waves, raised as the mouth opens."""
    first = SOUND_M_S / (4.0 * tract_m) * (0.85 + 0.25 * np.asarray(mouth))
    gain = 0.15 + sum(
        weight / (1.0 + ((hertz - number * first) / (0.22 * first)) ** 2)
        for number, weight in ((1, 1.0), (3, 0.6))
    )
    return np.asarray(gain, dtype=np.float64)


def _envelope(t: Curve, length: float, rng: np.random.Generator) -> Curve:
    """Loudness along a call: quick in, slower out, sagging."""
    attack = np.clip(t * length / rng.uniform(0.01, 0.05), 0.0, 1.0)
    release = np.clip((1.0 - t) * length / rng.uniform(0.04, 0.12), 0.0, 1.0)
    sag = 1.0 - rng.uniform(0.0, 0.6) * t
    shape: Curve = np.sin(0.5 * np.pi * attack) ** 2 * np.sin(0.5 * np.pi * release) ** 2 * sag
    return shape


def _coloured_noise(rng: np.random.Generator, n: int, tract_m: float) -> Curve:
    """Noise of unit RMS with the resonances of the voice."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= _resonance(np.linspace(0.0, RATE_HZ / 2, len(spectrum)), tract_m, 0.5)
    noise = np.fft.irfft(spectrum, n)
    return noise / _rms(noise)


def _slow_noise(rng: np.random.Generator, n: int, cutoff_hz: float) -> Curve:
    """Noise of unit RMS with nothing above the cut-off, [n]."""
    knots = max(4, int(2 * cutoff_hz * n / RATE_HZ))
    noise = np.interp(np.linspace(0, knots - 1, n), np.arange(knots), rng.standard_normal(knots))
    return noise / _rms(noise)


def _about(rng: np.random.Generator, spread: float) -> float:
    """A factor around 1 with this spread of its logarithm, never beyond two and a half of it."""
    return float(np.exp(spread * np.clip(rng.standard_normal(), -2.5, 2.5)))


def _rms(samples: Curve) -> float:
    return float(np.sqrt(np.mean(np.square(samples))) + 1e-12)
