"""The pitch of a voice along one call, and how periodic it is.

librosa's yin gives a candidate for each frame; the autocorrelation says how clear it is, and
decides between its octaves: a voice whose every second cycle differs (period doubling) would
otherwise be taken for one an octave below. yin and pyin were measured side by side on synthesised
cries with known pitch: in the calls where both find it their median errors are alike (0.1
semitones), pyin finds it in fewer, and takes a hundred times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.blocks import RATE_HZ, Samples

FRAME = 512  # samples, 32 ms: ten periods of the lowest cry
STEP = 160  # samples, 10 ms
PITCH_HZ = (350.0, 3000.0)  # from a low whine of a puppy to the top of a yelp, with room
CLEAR = 0.75  # correlation of a frame with itself one period on: 5 dB harmonics to noise
LOWER_LIKED = 0.2  # correlation that a candidate has to gain for each octave that it lies lower
NEAR_LIKED = 0.2  # ... and for each octave that it lies away from the rest of the cry
TIMES = (0.5, 1.0, 2.0, 3.0)  # of yin's candidate, that are tried
DOUBLED_SHARE = 0.2  # of the frames an octave above the median: the upper one is the pitch
FINER = 4  # steps a sample in which periods are compared

Curve: TypeAlias = NDArray[np.float64]  # [frames]


@dataclass(frozen=True)
class Track:
    """One call, frame by frame, STEP apart; the first frame begins with the first sample."""

    candidates_hz: NDArray[np.float64]  # [frames, len(TIMES)]
    alike: NDArray[np.float64]  # [frames, len(TIMES)]: correlation one period on
    alike_doubled: NDArray[np.float64]  # ... two periods on
    alike_halved: NDArray[np.float64]  # ... half a period on

    def pitch(self, reference_hz: float | None) -> Contour:
        """The pitch in each frame, near to the cry's where the sound leaves a choice."""
        worth = self.alike + LOWER_LIKED * np.log2(self.candidates_hz / 1000)
        if reference_hz is not None:
            worth = worth - NEAR_LIKED * np.abs(np.log2(self.candidates_hz / reference_hz))
        low, high = PITCH_HZ
        worth[(self.candidates_hz < low) | (self.candidates_hz > high)] = -np.inf
        rows, best = np.arange(len(worth)), worth.argmax(axis=1)
        alike, doubled = self.alike[rows, best], self.alike_doubled[rows, best]
        return Contour(
            hertz=self.candidates_hz[rows, best],
            alike=alike,
            doubled=doubled,
            halved=self.alike_halved[rows, best],
            best=np.maximum(alike, doubled),
        )


@dataclass(frozen=True)
class Contour:
    """The pitch along a call, with what speaks for it; all [frames]."""

    hertz: Curve
    alike: Curve  # correlation with the next cycle, -1..1
    doubled: Curve  # with the cycle after the next
    halved: Curve  # half a cycle on: high where the cycle is really two
    best: Curve  # the better of both

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Where there is a pitch to speak of."""
        return self.best >= CLEAR


def track(samples: Samples) -> Track:
    """Follow the pitch in mono samples [n] at 16 kHz, at least FRAME of them."""
    import librosa  # noqa: PLC0415 - slow to import, and only wanted where there is a cry

    found = librosa.yin(
        samples,
        fmin=PITCH_HZ[0],
        fmax=PITCH_HZ[1],
        sr=RATE_HZ,
        frame_length=FRAME,
        hop_length=STEP,
        center=False,
    )
    correlation = _autocorrelation(samples)
    frames = min(len(found), len(correlation))
    correlation = correlation[:frames]
    candidates = found[:frames, None] * np.asarray(TIMES)[None]
    periods = RATE_HZ / candidates
    return Track(
        candidates_hz=candidates,
        alike=_at(correlation, periods),
        alike_doubled=_at(correlation, 2 * periods),
        alike_halved=_at(correlation, periods / 2),
    )


def reference_of(contours: list[Contour]) -> float | None:
    """The pitch that a cry keeps coming back to, in Hz; None where there is none."""
    hertz = np.concatenate([one.hertz[one.clear] for one in contours]) if contours else np.zeros(0)
    if not len(hertz):
        return None
    middle = float(np.median(hertz))
    above = np.mean(np.abs(np.log2(hertz / (2 * middle))) < 1 / 6)
    return 2 * middle if above >= DOUBLED_SHARE else middle


def _autocorrelation(samples: Samples) -> NDArray[np.float64]:
    """Of each frame, at FINER lags a sample, up to half a frame: [frames, lags].

    The window's own is divided out, so that a steady voice has 1 at each of its periods (Boersma
    1993, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
    ratio of a sampled sound).
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP].astype(np.float64)
    window = np.hanning(FRAME)
    lags = FINER * FRAME // 2

    def correlate(parts: NDArray[np.float64]) -> NDArray[np.float64]:
        power = np.square(np.abs(np.fft.rfft(parts, 2 * FRAME)))
        whole: NDArray[np.float64] = np.fft.irfft(power, 2 * FRAME * FINER)[..., :lags]
        return whole / np.maximum(whole[..., :1], np.finfo(np.float64).tiny)

    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    return correlate(centred) / correlate(window)


def _at(correlation: NDArray[np.float64], periods: NDArray[Any]) -> NDArray[np.float64]:
    """The correlation [frames, n] after these periods in samples [frames, n]; 0 beyond all lags."""
    places = np.round(periods * FINER).astype(int)
    rows = np.arange(len(places))[:, None]
    last = correlation.shape[1] - 1
    near = [correlation[rows, np.clip(places + d, 0, last)] for d in (-1, 0, 1)]
    best: NDArray[np.float64] = np.max(near, axis=0)
    return np.where(places < last, best, 0.0)
