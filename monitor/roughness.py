"""Nonlinear phenomena of a voice: what makes a cry sound rough.

Three are told, by the terms of the field (../shared/acoustics names Massenet et al. 2022: jumps,
subharmonics and chaos occur in puppy whines, and chaos raises the distress that is heard in them):

- subharmonics: for a while every second cycle is alike, the next one is not;
- chaos: for a while the voice is loud without any period;
- a jump: the pitch changes at once by more than a voice glides.

The thresholds are ours, set for few false finds on synthesised calls of which each phenomenon is
known (61 calls, 18 dB over pink noise): 1 of 33 smooth calls was found rough; of those with jumps
7 of 10 were found, with subharmonics 5 of 14, with chaos 5 of 11. So a share of rough calls is a
lower bound. Noise takes the period from any sound, so nothing is told of faint calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.pitch import Contour

LEAST_SNR_DB = 12.0  # of a call, for its periods to be compared
LOUD = 0.1  # of the call's loudest tenth, power: 10 dB below, the voice itself is not heard
ATTACK, RELEASE = 4, 3  # frames at the ends (40, 30 ms) that are noisy in a healthy voice
LEAST_FRAMES = 12  # 120 ms: a shorter call has no middle
UNLIKE_NEXT = 0.15  # correlation lost to the next cycle and regained after it
LEAST_DOUBLED = 0.6  # correlation with the cycle after the next
LEAST_HALVED = 0.25  # correlation half a cycle on, of a pitch that fell by an octave
OCTAVE = 1 / 6  # octaves: so near to half of the call's pitch is half of it
DOUBLED_FRAMES = 4  # 40 ms
NO_PERIOD = 0.75  # correlation at the best period: 5 dB harmonics to noise
CHAOS_FRAMES = 4  # 40 ms
JUMP_ST = 2.5  # semitones, beyond what the glide on both sides explains
JUMP_SIDE = 3  # frames of steady glide on each side
OCTAVE_ST = 1.0  # nearer to an octave, it is the voice doubling its period
GLIDE_ST = 1.2  # semitones a frame: a voice glides no faster
JUMP_GAPS = (2, 3)  # frames that hold both pitches

Curve: TypeAlias = NDArray[np.float64]  # [frames]
Mask: TypeAlias = NDArray[np.bool_]  # [frames]


@dataclass(frozen=True)
class Found:
    """What was found in one call."""

    subharmonics: bool
    chaos: bool
    jump: bool

    @property
    def any(self) -> bool:
        """Whether the call is rough in any way."""
        return self.subharmonics or self.chaos or self.jump


def find(contour: Contour, power: Curve, noise: float | None) -> Found | None:
    """Look at one call, all [frames]; `noise` is the power between the calls.

    None where the call is too short or too faint, or the noise is not known.
    """
    if noise is None or len(power) < LEAST_FRAMES:
        return None
    loud = float(np.quantile(power, 0.9))
    if noise > 0 and 10 * math.log10(max(loud, noise) / noise) < LEAST_SNR_DB:
        return None
    middle = np.zeros(len(power), bool)
    middle[ATTACK : len(power) - RELEASE] = True
    middle &= power >= max(LOUD * loud, noise * 10 ** (LEAST_SNR_DB / 10))
    return Found(
        subharmonics=_longest(_doubled(contour) & middle) >= DOUBLED_FRAMES,
        chaos=_longest((contour.best < NO_PERIOD) & middle) >= CHAOS_FRAMES,
        jump=_jumps(12 * np.log2(contour.hertz), contour.clear & middle),
    )


def _doubled(contour: Contour) -> Mask:
    """Where every second cycle is alike: found as such, or as a pitch an octave below the call's.

    In a voice that is really low there is little likeness half a cycle on.
    """
    unlike = contour.doubled - contour.alike >= UNLIKE_NEXT
    found: Mask = unlike & (contour.doubled >= LEAST_DOUBLED)
    if contour.clear.any():
        upper = float(np.quantile(contour.hertz[contour.clear], 0.8))
        below = np.abs(np.log2(2 * contour.hertz / upper)) < OCTAVE
        found |= below & contour.clear & (contour.halved >= LEAST_HALVED)
    return found


def _longest(mask: Mask) -> int:
    """The longest stretch of frames."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return int((ends[1::2] - ends[::2]).max()) if len(ends) else 0


def _jumps(semitones: Curve, clear: Mask) -> bool:
    """Whether the pitch leaves one steady glide for another."""
    for gap in JUMP_GAPS:
        for at in range(JUMP_SIDE, len(semitones) - gap - JUMP_SIDE + 1):
            before, after = slice(at - JUMP_SIDE, at), slice(at + gap, at + gap + JUMP_SIDE)
            if not (clear[before].all() and clear[after].all()):
                continue
            glides = [np.diff(semitones[side]) for side in (before, after)]
            if max(float(np.abs(glide).max()) for glide in glides) > GLIDE_ST:
                continue
            change = abs(float(semitones[after][0] - semitones[before][-1]))
            glided = (gap + 1) * float(np.mean([abs(glide.mean()) for glide in glides]))
            if change - glided >= JUMP_ST and abs(change - 12) > OCTAVE_ST:
                return True
    return False
