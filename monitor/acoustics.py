"""What a cry sounded like, measured with librosa.

librosa (with numba) takes seconds to import on a small board and more memory than all the rest, so
it is imported only when there is something to measure. The live listener has this done in another
process (`monitor/describing.py`). What the room's noise hides is left unknown: pitch and length
from LEAST_SNR_DB on, roughness from `monitor.roughness.LEAST_SNR_DB` on. A long cry is sampled:
CALLS_MEASURED of its calls at most are followed, CALL_MEASURED_S of each.

Two voices at once (biphonation) are not told: in a box with several animals they cannot be told
from two of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor import roughness
from monitor.blocks import RATE_HZ, Samples
from monitor.levels import decibels
from monitor.messages import Acoustics, CallSound
from monitor.pitch import FRAME, STEP, Contour, reference_of, track

HUM_HZ = (200.0, 300.0)  # below is hum and rumble, no cry (../shared/acoustics: high-pass at 250)
LEAST_SNR_DB = 3.0  # below, hardly a frame has a clear pitch, and it is seldom the right one
CLEANEST_DB = 96.0  # of 16 bits: more is a clip whose silence was cut out, not measured
SLIP = 1.8  # pitch further from the median than this ratio is a slip of the tracker
BACKGROUND = 0.25  # quantile of the frames between calls: calls that were missed lie there too
CALL_FRAMES, QUIET_FRAMES = 5, 10  # fewer tell nothing
EDGE_S = 0.1  # beside a call that is neither call nor background: scores come in steps of 0.16 s
GAP_FRAMES = 6  # 60 ms of silence part two calls that the listener's hops may have joined
VOICE_FRAMES = 4  # a shorter sound is no call
PITCH_FRAMES, PITCH_SHARE = 4, 0.2  # with a clear pitch, and their share, for a call to have one
SLOPE_FRAMES = 7  # with a clear pitch, for a slope
TONAL_SHARE = 0.1  # of a cry's frames with a clear pitch, for it to have one
CALLS_MEASURED = 20  # of a cry are followed, spread over it
CALL_MEASURED_S = 1.5  # of each call
SPREAD_CALLS = 3  # fewer have no spread

Mask: TypeAlias = NDArray[np.bool_]  # [frames]
Curve: TypeAlias = NDArray[np.float64]  # [frames]
Calls: TypeAlias = Sequence[tuple[float, float]]  # onset and offset in s from the first sample


@dataclass(frozen=True)
class _Voice:
    """One call: frames `first` to `last`, and the pitch along it."""

    first: int
    last: int
    contour: Contour
    rough: roughness.Found | None  # None where that cannot be told

    @property
    def length_s(self) -> float:
        return (self.last - self.first + 1) * STEP / RATE_HZ


def describe(samples: Samples, calls: Calls) -> Acoustics | None:
    """Measure the calls in mono samples [n] at 16 kHz; None where there is too little of them."""
    if len(samples) < 2 * FRAME:
        return None
    heard = without_hum(samples)
    power = _power(heard)  # [frames]
    times = (np.arange(len(power)) * STEP + FRAME / 2) / RATE_HZ
    sounding, quiet = _masks(times, calls)
    if sounding.sum() < CALL_FRAMES:
        return None
    # A marked call reaches beyond its sound; what is 20 dB below its loud part is not the voice.
    loud = np.quantile(power[sounding], 0.9)
    voice = sounding & (power >= loud / 100)
    noise = float(np.quantile(power[quiet], BACKGROUND)) if quiet.sum() >= QUIET_FRAMES else None
    snr_db = _snr_db(float(np.mean(power[voice])), noise)
    level = decibels(float(np.mean(power[voice])))
    if noise is not None and (snr_db is None or snr_db < LEAST_SNR_DB):
        return Acoustics(level_dbfs=level, snr_db=snr_db)
    if noise is not None:
        voice &= power >= 2 * noise
    parts = _parts(voice)
    voices = _follow(heard, power, parts, noise)
    return Acoustics(
        level_dbfs=level,
        snr_db=snr_db,
        voices_per_minute=_rate(parts, times),
        **_of_length(parts),
        **_of_pitch(voices),
        **_of_roughness(voices),
        per_call=_per_call(voices, times, calls),
    )


def without_hum(samples: Samples) -> Samples:
    """The samples [n] without what lies below HUM_HZ."""
    whole = -(-len(samples) // RATE_HZ) * RATE_HZ  # seconds transform fast, and in little memory
    spectrum = np.fft.rfft(samples, whole)
    hertz = np.fft.rfftfreq(whole, 1 / RATE_HZ)
    low, high = HUM_HZ
    spectrum *= 0.5 - 0.5 * np.cos(np.pi * np.clip((hertz - low) / (high - low), 0.0, 1.0))
    return np.fft.irfft(spectrum, whole)[: len(samples)].astype(np.float32)


def _power(samples: Samples) -> Curve:
    """Mean square of each frame, STEP apart."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(0, len(samples) - FRAME + 1, STEP)
    power: Curve = np.maximum(energy[starts + FRAME] - energy[starts], 0.0) / FRAME
    return power


def _masks(times: Curve, calls: Calls) -> tuple[Mask, Mask]:
    """Which frames lie within calls, and which well outside of all."""
    sounding = np.zeros(len(times), bool)
    near = np.zeros(len(times), bool)
    for on, off in calls:
        sounding |= (times >= on) & (times <= off)
        near |= (times >= on - EDGE_S) & (times <= off + EDGE_S)
    return sounding, ~near


def _snr_db(both: float, noise: float | None) -> float | None:
    """The voice over what lies between the calls; None where it does not stand out."""
    if noise is None or noise <= 0 or both <= noise:
        return None
    return min(CLEANEST_DB, round(10 * math.log10((both - noise) / noise), 1))


def _parts(voice: Mask) -> list[tuple[int, int]]:
    """The calls as first and last frames: what gaps of GAP_FRAMES part."""
    frames = np.flatnonzero(voice)
    if not len(frames):
        return []
    breaks = np.flatnonzero(np.diff(frames) > GAP_FRAMES)
    firsts = [int(frames[0]), *(int(frames[i + 1]) for i in breaks)]
    lasts = [*(int(frames[i]) for i in breaks), int(frames[-1])]
    both = zip(firsts, lasts, strict=True)
    return [(first, last) for first, last in both if last - first + 1 >= VOICE_FRAMES]


def _follow(
    heard: Samples, power: Curve, parts: list[tuple[int, int]], noise: float | None
) -> list[_Voice]:
    """Follow the pitch along some of the calls, spread over the cry."""
    some = np.linspace(0, len(parts) - 1, min(len(parts), CALLS_MEASURED)).round().astype(int)
    longest = round(CALL_MEASURED_S * RATE_HZ / STEP)
    chosen = [parts[i] for i in some]
    ends = [(first, min(last, first + longest - 1)) for first, last in chosen]
    tracks = [track(heard[first * STEP : last * STEP + FRAME]) for first, last in ends]
    reference = reference_of([one.pitch(None) for one in tracks])
    found = []
    for (first, last), (_, end), one in zip(chosen, ends, tracks, strict=True):
        contour = one.pitch(reference)
        rough = roughness.find(contour, power[first : end + 1], noise)
        found.append(_Voice(first, last, contour, rough))
    return found


def _rate(parts: list[tuple[int, int]], times: Curve) -> float | None:
    """Calls a minute, from the onset of the first to that of the last."""
    if len(parts) < SPREAD_CALLS:
        return None
    lasts = times[parts[-1][0]] - times[parts[0][0]]
    return round(60.0 * (len(parts) - 1) / float(lasts), 1)


def _of_length(parts: list[tuple[int, int]]) -> dict[str, float | None]:
    lengths = [(last - first + 1) * STEP / RATE_HZ for first, last in parts]
    if not lengths:
        return {}
    return {
        "call_s": round(float(np.median(lengths)), 3),
        "call_range_s": _between(lengths) if len(lengths) >= SPREAD_CALLS else None,
    }


def _of_pitch(voices: list[_Voice]) -> dict[str, float | None]:
    frames = sum(len(one.contour.clear) for one in voices)
    if not frames:
        return {}
    hertz = np.concatenate([one.contour.hertz[one.contour.clear] for one in voices])
    tonality = len(hertz) / frames
    said: dict[str, float | None] = {"tonality": round(tonality, 3)}
    if len(hertz) < CALL_FRAMES or tonality < TONAL_SHARE:
        return said
    middle = float(np.median(hertz))
    kept = hertz[(hertz > middle / SLIP) & (hertz < middle * SLIP)]
    of_calls = [f0 for one in voices if (f0 := _pitch_of(one)) is not None]
    slopes = [slope for one in voices if (slope := _slope_of(one)) is not None]
    return said | {
        "pitch_hz": round(middle, 1),
        "pitch_range_hz": _between(kept, 1),
        "pitch_spread_st": _spread_st(of_calls) if len(of_calls) >= SPREAD_CALLS else None,
        "pitch_slope_st_s": round(float(np.median(slopes)), 1) if slopes else None,
    }


def _of_roughness(voices: list[_Voice]) -> dict[str, float | None]:
    found = [one.rough for one in voices if one.rough is not None]
    if len(found) < SPREAD_CALLS:
        return {}
    return {
        "subharmonics": round(sum(one.subharmonics for one in found) / len(found), 3),
        "chaos": round(sum(one.chaos for one in found) / len(found), 3),
        "jumps": round(sum(one.jump for one in found) / len(found), 3),
        "rough": round(sum(one.any for one in found) / len(found), 3),
    }


def _per_call(voices: list[_Voice], times: Curve, calls: Calls) -> tuple[CallSound, ...]:
    onset_s = min(on for on, _ in calls)
    return tuple(
        CallSound(
            at_s=round(max(0.0, float(times[one.first]) - onset_s), 2),
            length_s=round(one.length_s, 2),
            pitch_hz=None if (f0 := _pitch_of(one)) is None else round(f0),
            rough=one.rough.any if one.rough else None,
        )
        for one in voices
    )


def _pitch_of(voice: _Voice) -> float | None:
    """Median pitch of one call, Hz."""
    clear = voice.contour.clear
    if clear.sum() < PITCH_FRAMES or clear.mean() < PITCH_SHARE:
        return None
    return float(np.median(voice.contour.hertz[clear]))


def _slope_of(voice: _Voice) -> float | None:
    """Slope of the straight line nearest to the pitch of one call, semitones a second."""
    clear = np.flatnonzero(voice.contour.clear)
    if len(clear) < SLOPE_FRAMES:
        return None
    semitones = 12 * np.log2(voice.contour.hertz[clear])
    near = np.abs(semitones - np.median(semitones)) < 12 * math.log2(SLIP)
    if near.sum() < SLOPE_FRAMES:
        return None
    return float(np.polyfit(clear[near] * STEP / RATE_HZ, semitones[near], 1)[0])


def _between(values: Sequence[float] | Curve, digits: int = 3) -> float:
    """From the 10th to the 90th percentile."""
    low, high = np.quantile(values, [0.1, 0.9])
    return round(float(high - low), digits)


def _spread_st(hertz: list[float]) -> float:
    """Robust standard deviation in semitones."""
    semitones = 12 * np.log2(hertz)
    return round(1.4826 * float(np.median(np.abs(semitones - np.median(semitones)))), 2)
