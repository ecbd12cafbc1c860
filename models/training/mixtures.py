"""Mixtures to learn from: cries of known place over beds and distractors, as a microphone has them.

Every draw comes from one generator, so a chunk of mixtures is known by its seed. A label stands a
hop: 0 other, 1 kitten, 2 puppy, -1 where an edge of a call leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from models.training.recordings import BED, GROWN_CATS, RATE_HZ, SPECIES, Clip

Audio = NDArray[np.float32]
Calls = list[tuple[int, int]]  # first and past-last sample
CLASS = {"kitten": 1, "puppy": 2}
EDGE_S = 0.06  # a hop this near to a call's edge is left open


@dataclass(frozen=True)
class Recipe:
    """How mixtures are made; shares are probabilities."""

    seconds: float = 10.24
    with_cry: float = 0.5  # of the mixtures
    grown_cat_as_kitten: float = 0.15  # of the kitten bouts: grown cats played faster
    synthetic: float = 0.0  # of the bouts
    changed_speed: float = 0.7  # of the bouts
    speed: tuple[float, float] = (0.85, 1.5)
    snr_db: tuple[float, float] = (-2.0, 22.0)
    distractors: float = 1.3  # a mixture, on average
    distractor_db: tuple[float, float] = (0.0, 25.0)
    grown: float = 0.12  # of the distractors: bouts of grown cats and dogs
    blanket: float = 0.3
    band_limited: float = 0.3  # of the mixtures: low-passed at 3.5 to 8 kHz
    bed_dbfs: tuple[float, float] = (-62.0, -35.0)
    hiss_dbfs: tuple[float, float] = (-85.0, -60.0)


class Mixer:
    """Draws mixtures from the clips of one fold."""

    def __init__(self, clips: list[Clip], recipe: Recipe) -> None:
        self.recipe = recipe
        self.cries: dict[str, dict[str, list[Clip]]] = {"kitten": {}, "puppy": {}}
        self.cats: dict[str, list[Clip]] = {}
        self.others: dict[str, list[Clip]] = {}
        self.beds: list[Clip] = []
        for clip in clips:
            if clip.label in SPECIES:
                group = self.cries[SPECIES[clip.label]]
                group.setdefault(clip.recording, []).append(clip)
            elif clip.label == BED:
                self.beds.append(clip)
            elif clip.label in GROWN_CATS:
                self.cats.setdefault(clip.recording, []).append(clip)
            else:
                self.others.setdefault(clip.label, []).append(clip)
        self.labels = sorted(self.others)
        variety = [len({c.recording for c in self.others[label]}) for label in self.labels]
        self.weights = np.sqrt(variety) / np.sqrt(variety).sum()

    def mixture(self, rng: np.random.Generator) -> tuple[Audio, Audio]:
        """Samples [n] and, a sample, what they hold: 0 other, 1 kitten, 2 puppy, -1 open."""
        r = self.recipe
        n = int(r.seconds * RATE_HZ)
        track = self.bed(rng, n)
        marks = np.zeros(n, dtype=np.int8)
        for _ in range(rng.poisson(r.distractors)):
            self.add_distractor(rng, track)
        if rng.random() < r.with_cry:
            species = "kitten" if rng.random() < 0.5 else "puppy"
            bout, calls = self.bout(rng, species)
            start = int(rng.integers(-len(bout) // 2, n - RATE_HZ))
            cut = max(0, -start)
            bout, start = bout[cut:], max(0, start)
            bout = bout[: n - start]
            add(track, bout, start, float(rng.uniform(*r.snr_db)))
            for on, off in calls:
                on, off = on - cut + start, off - cut + start
                if off <= 0 or on >= n:
                    continue
                edge = int(EDGE_S * RATE_HZ)
                marks[max(0, on - edge) : max(0, on + edge)] = -1
                marks[max(0, off - edge) : max(0, off + edge)] = -1
                marks[max(0, on + edge // 2) : max(0, off - edge // 2)] = CLASS[species]
        return self.microphone(rng, track), marks

    def bed(self, rng: np.random.Generator, n: int) -> Audio:
        """A background looped to n samples, with hiss of some colour."""
        r = self.recipe
        out = coloured(rng, n) * db(rng.uniform(*r.hiss_dbfs))
        if self.beds and rng.random() < 0.9:
            piece = self.beds[int(rng.integers(len(self.beds)))].samples
            loop = np.resize(np.roll(piece, int(rng.integers(len(piece)))), n)
            out += loop * (db(rng.uniform(*r.bed_dbfs)) / rms(loop))
        return out

    def bout(self, rng: np.random.Generator, species: str) -> tuple[Audio, Calls]:
        """Calls of one voice with their own or drawn gaps, in a room: samples, calls."""
        r = self.recipe
        clip, speed = self.voice(rng, species)
        parts: list[Audio] = []
        calls: Calls = []
        at, want = 0, rng.uniform(1.5, 9.0) * RATE_HZ
        spans = clip.calls or loud_span(clip.samples)
        k = int(rng.integers(len(spans)))
        stretch = rng.uniform(0.6, 1.6)
        while at < want:
            on, off = spans[k % len(spans)]
            piece = faded(
                clip.samples[max(0, int((on - 0.03) * RATE_HZ)) : int((off + 0.03) * RATE_HZ)]
            )
            piece = faster(piece, speed * float(np.exp(rng.normal(0, 0.02))))
            piece = piece * np.float32(db(rng.uniform(-4, 4)))
            following = spans[(k + 1) % len(spans)][0] - off
            gap = following if 0.1 <= following <= 1.5 else rng.uniform(0.2, 1.6)
            silence = int(max(0.08, gap * stretch) * RATE_HZ)
            pad = int(0.03 * RATE_HZ / speed)
            calls.append((at + pad, at + len(piece) - pad))
            parts += [piece, np.zeros(silence, np.float32)]
            at += len(piece) + silence
            k = k + 1 if rng.random() < 0.7 else int(rng.integers(len(spans)))
        return self.room(rng, np.concatenate(parts), r.blanket), calls

    def voice(self, rng: np.random.Generator, species: str) -> tuple[Clip, float]:
        """Whose calls to play, and how much faster."""
        r = self.recipe
        if species == "kitten" and self.cats and rng.random() < r.grown_cat_as_kitten:
            names = sorted(self.cats)
            clips = self.cats[names[int(rng.integers(len(names)))]]
            return clips[int(rng.integers(len(clips)))], float(rng.uniform(1.5, 2.2))
        groups = self.cries[species]
        names = sorted(groups)
        clips = groups[names[int(rng.integers(len(names)))]]
        speed = float(rng.uniform(*r.speed)) if rng.random() < r.changed_speed else 1.0
        return clips[int(rng.integers(len(clips)))], speed

    def add_distractor(self, rng: np.random.Generator, track: Audio) -> None:
        """Mix in something that is no cry, in place."""
        r = self.recipe
        if self.cats and rng.random() < r.grown:
            names = sorted(self.cats)
            clips = self.cats[names[int(rng.integers(len(names)))]]
            speed = float(rng.uniform(0.8, 1.1))
        else:
            clips = self.others[self.labels[int(rng.choice(len(self.labels), p=self.weights))]]
            speed = float(rng.uniform(0.8, 1.3)) if rng.random() < 0.6 else 1.0
        piece = clips[int(rng.integers(len(clips)))].samples
        most = int(7 * RATE_HZ)
        begin = int(rng.integers(max(1, len(piece) - most)))
        piece = faster(faded(piece[begin : begin + most]), speed)
        if float(np.abs(piece).max(initial=0)) < 1e-4:
            return
        if len(piece) < RATE_HZ and rng.random() < 0.5:  # short sounds come in series too
            gap = np.zeros(int(rng.uniform(0.1, 1.2) * RATE_HZ), np.float32)
            piece = np.concatenate([piece, gap] * int(rng.integers(2, 6)))
        piece = self.room(rng, piece, 0.15)
        start = int(rng.integers(-len(piece) // 2, len(track) - RATE_HZ // 2))
        piece, start = piece[max(0, -start) :], max(0, start)
        add(track, piece[: len(track) - start], start, float(rng.uniform(*r.distractor_db)))

    def room(self, rng: np.random.Generator, samples: Audio, blanket: float) -> Audio:
        """A small room, at times a blanket over the box, a tilt of the spectrum."""
        if rng.random() < 0.85:
            n = int(rng.uniform(0.08, 0.5) * RATE_HZ)
            tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
            tail[: int(0.002 * RATE_HZ)] = 0
            tail *= db(-rng.uniform(2, 16)) / np.sqrt(np.sum(tail**2))
            tail[0] = 1.0
            samples = fftconvolve(samples, tail)[: len(samples) + int(0.1 * RATE_HZ)]
        if rng.random() < blanket:
            samples = low_pass(samples, rng.uniform(2500, 7500), 2)
        return samples.astype(np.float32)

    def microphone(self, rng: np.random.Generator, track: Audio) -> Audio:
        """What the microphone and its amplifier make of it: band, gain, clipping, DC, 16 bits."""
        if rng.random() < self.recipe.band_limited:
            track = low_pass(track, rng.uniform(3500, 7800), int(rng.integers(2, 9)))
        if rng.random() < 0.3:
            a = float(rng.uniform(-0.5, 0.5))
            track = track + a * np.concatenate([[0], track[:-1]])
        track = track * db(rng.uniform(-12, 12))
        if rng.random() < 0.05:
            track = np.clip(track * 8, -1, 1) * 0.5
        step = 2.0**-15
        return (np.round(np.clip(track, -1, 1) / step) * step).astype(np.float32)


def db(value: float) -> float:
    """Decibels to a factor of amplitude."""
    return float(10 ** (value / 20))


def rms(samples: Audio) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-9)


def coloured(rng: np.random.Generator, n: int) -> Audio:
    """Noise of unit RMS, white to brown."""
    white = rng.standard_normal(n).astype(np.float32)
    if rng.random() < 0.5:
        spectrum = np.fft.rfft(white)
        spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0.2, 1.0)
        white = np.fft.irfft(spectrum, n).astype(np.float32)
    return white / np.float32(rms(white))


def low_pass(samples: Audio, hertz: float, order: int) -> Audio:
    """Butterworth low-pass."""
    sos = butter(order, min(hertz, 0.49 * RATE_HZ), fs=RATE_HZ, output="sos")
    filtered: Audio = sosfilt(sos, samples).astype(np.float32)
    return filtered


BAND = butter(2, (300, 7500), "bandpass", fs=RATE_HZ, output="sos")


def loud_rms(samples: Audio) -> float:
    """RMS in 300..7500 Hz over the louder half of 50 ms frames: the calls, not the gaps."""
    n = RATE_HZ // 20
    heard = sosfilt(BAND, samples)
    if len(heard) < n:
        return rms(heard)
    power = np.sort(np.mean(heard[: len(heard) // n * n].reshape(-1, n) ** 2, axis=1))
    return float(np.sqrt(power[len(power) // 2 :].mean()) + 1e-9)


def add(track: Audio, what: Audio, at: int, snr_db: float) -> None:
    """Mix in place, at an SNR against the stretch of track beneath."""
    if len(what) == 0:
        return
    under = rms(sosfilt(BAND, track[at : at + len(what)]))
    track[at : at + len(what)] += what * np.float32(under * db(snr_db) / loud_rms(what))


def faded(samples: Audio) -> Audio:
    """With 10 ms ramps at both ends."""
    n = min(RATE_HZ // 100, len(samples) // 2)
    out = samples.copy()
    if n:
        ramp = np.linspace(0, 1, n, dtype=np.float32)
        out[:n] *= ramp
        out[-n:] *= ramp[::-1]
    return out


def faster(samples: Audio, speed: float) -> Audio:
    """Played `speed` times as fast, pitch and formants with it."""
    if abs(speed - 1) < 0.005 or len(samples) < 64:
        return samples
    out: Audio = soxr.resample(samples, RATE_HZ * speed, RATE_HZ, quality="MQ")
    return out


def loud_span(samples: Audio) -> tuple[tuple[float, float], ...]:
    """Where an unmarked clip sounds: the span within 25 dB of its loudest 50 ms, at most 3 s."""
    n = RATE_HZ // 20
    level = np.array([rms(samples[i : i + n]) for i in range(0, max(1, len(samples) - n), n)])
    over = np.flatnonzero(level > level.max() * db(-25))
    first = over[0] * 0.05
    return ((first, min((over[-1] + 1) * 0.05, first + 3.0)),)
