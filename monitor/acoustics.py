"""What a cry sounded like, measured with librosa.

librosa (with numba) takes seconds to import on a small board and more memory than all the rest, so
it is imported only when there is something to measure. The live listener has this done in another
process (`monitor/describing.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.blocks import RATE_HZ, Samples
from monitor.levels import decibels
from monitor.messages import Acoustics

FRAME = 512  # samples, 32 ms: ten periods of the lowest cry
STEP = 160  # samples, 10 ms
PITCH_HZ = (350.0, 3000.0)  # from a low whine of a puppy to the top of a yelp, with room
BAND_HZ = (300.0, 8000.0)  # where cries are; hum and rumble lie below
CLEAR = 0.8  # correlation of the sound with itself some periods later; 6 dB harmonics to noise
PERIODS = 4  # that are tried: one of them comes near to a whole number of samples
SLIP = 1.6  # pitch further from the median than this ratio is a slip of an octave
BACKGROUND = 0.25  # quantile of the frames between calls: calls that were missed lie there too
CALL_FRAMES, QUIET_FRAMES = 5, 10  # fewer tell nothing
EDGE_S = 0.1  # beside a call that is neither call nor background: scores come in steps of 0.16 s

Frames: TypeAlias = NDArray[np.float32]  # [n, FRAME]
Mask: TypeAlias = NDArray[np.bool_]  # [n]
Calls: TypeAlias = Sequence[tuple[float, float]]  # onset and offset in s from the first sample


def describe(samples: Samples, calls: Calls) -> Acoustics | None:
    """Measure the calls in mono samples [n] at 16 kHz; None where there is too little of them."""
    if len(samples) < 2 * FRAME:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP]  # [frames, FRAME]
    times = (np.arange(len(frames)) * STEP + FRAME / 2) / RATE_HZ
    sounding, quiet = _masks(times, calls)
    if sounding.sum() < CALL_FRAMES:
        return None
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    # A marked call reaches beyond its sound; what is 20 dB below its loud part is not the voice.
    loud = np.quantile(power[sounding], 0.9)
    voice = sounding & (power >= loud / 100)
    pitch, clear = _pitch(samples, len(frames))
    voiced = pitch[voice & clear]
    low = middle = high = None
    if len(voiced):
        middle = float(np.median(voiced))
        kept = voiced[(voiced > middle / SLIP) & (voiced < middle * SLIP)]
        low, high = (float(f0) for f0 in np.quantile(kept, [0.1, 0.9]))
    return Acoustics(
        pitch_hz=None if middle is None else round(middle, 1),
        pitch_range_hz=None if low is None or high is None else round(high - low, 1),
        call_s=_call_s(times, voice, calls),
        tonality=round(float(np.mean(clear[voice])), 3),
        level_dbfs=decibels(float(np.mean(power[voice]))),
        snr_db=_snr_db(frames, voice, quiet),
    )


def _masks(times: NDArray[np.float64], calls: Calls) -> tuple[Mask, Mask]:
    """Which frames lie within calls, and which well outside of all."""
    sounding = np.zeros(len(times), bool)
    near = np.zeros(len(times), bool)
    for on, off in calls:
        sounding |= (times >= on) & (times <= off)
        near |= (times >= on - EDGE_S) & (times <= off + EDGE_S)
    return sounding, ~near


def _call_s(times: NDArray[np.float64], voice: Mask, calls: Calls) -> float | None:
    """Median length of the voice within each call, in s."""
    within = [times[voice & (times >= on) & (times <= off)] for on, off in calls]
    lengths = [float(t[-1] - t[0]) + STEP / RATE_HZ for t in within if len(t)]
    return round(float(np.median(lengths)), 3) if lengths else None


def _pitch(samples: Samples, frames: int) -> tuple[NDArray[np.float64], Mask]:
    """Per frame, f0 in Hz by librosa's yin, and whether it is clear."""
    import librosa  # noqa: PLC0415 - see the module's first lines

    pitch = librosa.yin(
        samples,
        fmin=PITCH_HZ[0],
        fmax=PITCH_HZ[1],
        sr=RATE_HZ,
        frame_length=FRAME,
        hop_length=STEP,
        center=False,
    )[:frames]
    view = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP]
    clear = [_correlation(view[i], f0) >= CLEAR for i, f0 in enumerate(pitch)]
    return pitch, np.asarray(clear)


def _correlation(frame: Samples, pitch_hz: float) -> float:
    """How alike the frame is to itself one or a few periods later, -1..1."""
    best = -1.0
    for k in range(1, PERIODS + 1):
        lag = round(k * RATE_HZ / pitch_hz)
        if lag > FRAME // 2:
            break
        a, b = frame[:-lag], frame[lag:]
        norm = math.sqrt(float(np.dot(a, a)) * float(np.dot(b, b)))
        best = max(best, float(np.dot(a, b)) / norm if norm > 0 else -1.0)
    return best


def _snr_db(frames: Frames, voice: Mask, quiet: Mask) -> float | None:
    """The voice over what lies between the calls, in the band of cries."""
    if quiet.sum() < QUIET_FRAMES or not voice.any():
        return None
    both = float(np.mean(_band_power(frames[voice])))
    noise = float(np.quantile(_band_power(frames[quiet]), BACKGROUND))
    if noise <= 0 or both <= noise:
        return None
    return round(10 * math.log10((both - noise) / noise), 1)


def _band_power(frames: Frames) -> NDArray[np.float64]:
    """Power [n] of frames [n, FRAME] in BAND_HZ; any unit, the same for all."""
    spectrum = np.fft.rfft(frames * np.hanning(FRAME), axis=1)
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE_HZ)
    band = (hertz >= BAND_HZ[0]) & (hertz <= BAND_HZ[1])
    power: NDArray[np.float64] = np.square(np.abs(spectrum[:, band])).mean(axis=1)
    return power
