"""Mixtures to learn from: cries of known place over beds and distractors, as a microphone has them.

Every draw comes from one generator, so a chunk of mixtures is known by its seed. A label stands a
hop: its place in `recordings.SOUNDS`, or -1 where an edge of a call leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from models.synthesis import Species, draw_voice
from models.synthesis import bout as made_up
from models.training.recordings import BED, GROWN, GROWN_CATS, RATE_HZ, SOUNDS, SPECIES, Clip, sound
from models.training.voices import draw_disguise

Audio = NDArray[np.float32]
Marks = NDArray[np.int8]  # a sample: place in SOUNDS, -1 open
Calls = list[tuple[int, int]]  # first and past-last sample
HARD = frozenset(
    {"alarm", "baby_cry", "bird", "dog_bark", "other_animal", "person", "rodent", "toy_squeak"}
)
EDGE_S = 0.06  # a hop this near to a call's edge is left open


@dataclass(frozen=True)
class Recipe:
    """How mixtures are made; shares are probabilities."""

    seconds: float = 10.24
    with_cry: float = 0.5  # of the mixtures
    grown_cat_as_kitten: float = 0.15  # of the kitten bouts: grown cats played faster
    synthetic: float = 0.05  # of the bouts: made up by models.synthesis
    changed_speed: float = 0.7  # of the bouts
    speed: tuple[float, float] = (0.8, 1.6)
    disguised: float = 0.6  # of all bouts, half as many of other sounds
    snr_db: tuple[float, float] = (-2.0, 22.0)
    distractors: float = 1.5  # a mixture, on average
    distractor_db: tuple[float, float] = (0.0, 25.0)
    hard: float = 1.5  # so many times as often as the others: sounds that are taken for cries
    grown: float = 0.15  # of the distractors: bouts of grown cats and dogs
    slowed: float = 0.15  # of those: kittens and puppies played slower, down to a grown voice
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
        self.grown: dict[str, list[Clip]] = {}
        self.others: dict[str, list[Clip]] = {}
        self.beds: list[Clip] = []
        for clip in clips:
            if clip.label in SPECIES:
                group = self.cries[SPECIES[clip.label]]
                group.setdefault(clip.recording, []).append(clip)
            elif clip.label == BED:
                self.beds.append(clip)
            elif clip.label in GROWN:
                self.grown.setdefault(clip.recording, []).append(clip)
                if clip.label in GROWN_CATS:
                    self.cats.setdefault(clip.recording, []).append(clip)
            else:
                self.others.setdefault(clip.label, []).append(clip)
        self.labels = sorted(self.others)
        variety = [len({c.recording for c in self.others[label]}) for label in self.labels]
        weights = np.sqrt(variety) * [
            recipe.hard if label in HARD else 1.0 for label in self.labels
        ]
        self.weights = weights / weights.sum()

    def mixture(self, rng: np.random.Generator) -> tuple[Audio, Marks]:
        """Samples [n] and what they hold."""
        r = self.recipe
        n = int(r.seconds * RATE_HZ)
        track = self.bed(rng, n)
        marks = np.zeros(n, dtype=np.int8)
        for _ in range(rng.poisson(r.distractors)):
            self.add_distractor(rng, track, marks)
        if rng.random() < r.with_cry:
            species: Species = "kitten" if rng.random() < 0.5 else "puppy"
            bout, calls = self.cry(rng, species)
            start = int(rng.integers(-len(bout) // 2, n - RATE_HZ))
            cut = max(0, -start)
            bout, start = bout[cut:], max(0, start)
            bout = bout[: n - start]
            add(track, bout, start, float(rng.uniform(*r.snr_db)))
            for on, off in calls:
                mark(marks, on - cut + start, off - cut + start, SOUNDS.index(species))
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

    def cry(self, rng: np.random.Generator, species: Species) -> tuple[Audio, Calls]:
        """A bout of a kitten or puppy in a room: samples, calls."""
        r = self.recipe
        if rng.random() < r.synthetic:
            voice = draw_voice(species, float(rng.uniform(0, 45)), rng)
            samples, times = made_up(voice, float(rng.uniform(1.5, 8)), float(rng.random()), rng)
            calls = [(int(on * RATE_HZ), int(off * RATE_HZ)) for on, off in times]
        else:
            samples, calls = self.bout(rng, *self.voice(rng, species))
        return self.room(rng, samples, r.blanket), calls

    def voice(self, rng: np.random.Generator, species: Species) -> tuple[Clip, float]:
        """Whose calls to play, and how much faster."""
        r = self.recipe
        if species == "kitten" and self.cats and rng.random() < r.grown_cat_as_kitten:
            return one_of(rng, self.cats), float(rng.uniform(1.5, 2.2))
        speed = float(rng.uniform(*r.speed)) if rng.random() < r.changed_speed else 1.0
        return one_of(rng, self.cries[species]), speed

    def bout(self, rng: np.random.Generator, clip: Clip, speed: float) -> tuple[Audio, Calls]:
        """A clip's calls with their own or drawn gaps: samples, calls."""
        parts: list[Audio] = []
        calls: Calls = []
        at, want = 0, rng.uniform(1.5, 9.0) * RATE_HZ
        spans = clip.calls or loud_span(clip.samples)
        k = int(rng.integers(len(spans)))
        stretch = rng.uniform(0.6, 1.6)
        disguise = draw_disguise(rng) if rng.random() < self.recipe.disguised else None
        while at < want:
            on, off = spans[k % len(spans)]
            piece = clip.samples[max(0, int((on - 0.03) * RATE_HZ)) : int((off + 0.03) * RATE_HZ)]
            piece = faster(piece, speed * float(np.exp(rng.normal(0, 0.02))))
            piece = faded(disguise(rng, piece) if disguise else piece)
            piece = piece * np.float32(db(rng.uniform(-4, 4)))
            following = spans[(k + 1) % len(spans)][0] - off
            gap = following if 0.1 <= following <= 1.5 else rng.uniform(0.2, 1.6)
            silence = int(max(0.08, gap * stretch) * RATE_HZ)
            pad = int(0.03 * RATE_HZ / speed)
            calls.append((at + pad, at + len(piece) - pad))
            parts += [piece, np.zeros(silence, np.float32)]
            at += len(piece) + silence
            k = k + 1 if rng.random() < 0.7 else int(rng.integers(len(spans)))
        return np.concatenate(parts), calls

    def grown_bout(self, rng: np.random.Generator) -> tuple[Audio, int]:
        """A grown cat or dog, or a young one played so slowly that it sounds grown."""
        if rng.random() < self.recipe.slowed:
            species: Species = "kitten" if rng.random() < 0.6 else "puppy"
            clip, speed = one_of(rng, self.cries[species]), rng.uniform(0.42, 0.58)
            like = sound("adult_cat" if species == "kitten" else "adult_dog")
        else:
            clip, speed = one_of(rng, self.grown), rng.uniform(0.75, 1.1)
            like = sound(clip.kind)
        return self.bout(rng, clip, speed)[0], like

    def sound(self, rng: np.random.Generator) -> tuple[Audio, int]:
        """A piece of some clip that is no animal's cry, and its place in SOUNDS."""
        label = self.labels[int(rng.choice(len(self.labels), p=self.weights))]
        clips = self.others[label]
        clip = clips[int(rng.integers(len(clips)))]
        piece = clip.samples
        most = int(7 * RATE_HZ)
        begin = int(rng.integers(max(1, len(piece) - most)))
        piece = faded(piece[begin : begin + most])
        if len(piece) < RATE_HZ and rng.random() < 0.5:  # short sounds come in series too
            gap = np.zeros(int(rng.uniform(0.1, 1.2) * RATE_HZ), np.float32)
            piece = np.concatenate([piece, gap] * int(rng.integers(2, 6)))
        if rng.random() < self.recipe.disguised / 2:
            piece = faded(draw_disguise(rng)(rng, piece))
        if rng.random() < 0.6:
            piece = faster(piece, float(rng.uniform(0.8, 1.3)))
        return piece, sound(clip.kind)

    def add_distractor(self, rng: np.random.Generator, track: Audio, marks: Marks) -> None:
        """Mix in something that is no cry, in place, and mark where it is loud."""
        r = self.recipe
        grown = self.grown and rng.random() < r.grown
        piece, like = self.grown_bout(rng) if grown else self.sound(rng)
        if float(np.abs(piece).max(initial=0)) < 1e-4:
            return
        piece = self.room(rng, piece, 0.15)
        start = int(rng.integers(-len(piece) // 2, len(track) - RATE_HZ // 2))
        piece, start = piece[max(0, -start) :], max(0, start)
        piece = piece[: len(track) - start]
        add(track, piece, start, float(rng.uniform(*r.distractor_db)))
        marks[start : start + len(piece)][loud(piece)] = like

    def room(self, rng: np.random.Generator, samples: Audio, blanket: float) -> Audio:
        """A small room, at times a blanket over the box, a tilt of the spectrum."""
        if rng.random() < 0.85:
            n = int(rng.uniform(0.08, 0.5) * RATE_HZ)
            tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
            tail[: int(0.002 * RATE_HZ)] = 0
            tail *= db(-rng.uniform(2, 16)) / np.sqrt(np.sum(tail**2))
            tail[0] = 1.0
            wet = fftconvolve(samples, tail)[: len(samples) + int(0.1 * RATE_HZ)]
            samples = wet.astype(np.float32)
        if rng.random() < blanket:
            samples = low_pass(samples, rng.uniform(2500, 7500), 2)
        return samples

    def microphone(self, rng: np.random.Generator, track: Audio) -> Audio:
        """What the microphone and its amplifier make of it: band, gain, clipping, DC, 16 bits."""
        if rng.random() < self.recipe.band_limited:
            track = low_pass(track, rng.uniform(3500, 7800), int(rng.integers(2, 9)))
        if rng.random() < 0.3:
            a = float(rng.uniform(-0.5, 0.5))
            track = track + np.float32(a) * np.pad(track, (1, 0))[:-1]
        track = track * np.float32(db(rng.uniform(-12, 12)))
        if rng.random() < 0.05:
            track = (np.clip(track * 8, -1, 1) / 2).astype(np.float32)
        step = 2.0**-15
        return (np.round(np.clip(track, -1, 1) / step) * step).astype(np.float32)


def mark(marks: Marks, on: int, off: int, label: int) -> None:
    """Write a call into the marks, its edges open; samples outside the marks are left away."""
    edge = int(EDGE_S * RATE_HZ)
    for first, last, value in (
        (on - edge, on + edge, -1),
        (off - edge, off + edge, -1),
        (on + edge // 2, off - edge // 2, label),
    ):
        marks[max(0, first) : max(0, last)] = value


def loud(samples: Audio) -> NDArray[np.bool_]:
    """Where a sound is within 20 dB of its loudest 50 ms: [n]."""
    n = RATE_HZ // 20
    padded = np.pad(samples, (0, -len(samples) % n)).reshape(-1, n)
    power = np.mean(np.square(padded), axis=1)
    return np.repeat(power > 0.01 * power.max(initial=0.0), n)[: len(samples)]


def one_of(rng: np.random.Generator, groups: dict[str, list[Clip]]) -> Clip:
    """A clip of some group, each group as likely as every other."""
    names = sorted(groups)
    clips = groups[names[int(rng.integers(len(names)))]]
    return clips[int(rng.integers(len(clips)))]


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
