"""Mixtures turned into what the network learns from: windows of log-mel frames, a label a hop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.card import Window
from models.front_end import FrontEnd, LogMel
from models.training.mixtures import Mixer

Windows = NDArray[np.float32]  # [n, frames, bands]
Labels = NDArray[np.int8]  # [n, hops]: place in SOUNDS, -1 open


def make_windows(
    mixer: Mixer, front_end: FrontEnd, window: Window, seed: tuple[int, ...], mixtures: int
) -> tuple[Windows, Labels]:
    """Windows without overlap, at a random offset in each mixture; known by the seed."""
    log_mel = LogMel(front_end)
    frames, labels = [], []
    for number in range(mixtures):
        rng = np.random.default_rng([*seed, number])
        samples, marks = mixer.mixture(rng)
        hop = window.hop_frames * front_end.step_samples
        skip = int(rng.integers(hop))
        mel = log_mel(samples[skip:])
        count = len(mel) // window.frames
        hops = count * window.frames // window.hop_frames
        centres = skip + front_end.frame_samples // 2 + np.arange(hops) * hop
        frames.append(mel[: count * window.frames].reshape(count, window.frames, -1))
        labels.append(marks[centres].reshape(count, -1))
    return masked(np.concatenate(frames), np.random.default_rng(seed)), np.concatenate(labels)


def masked(windows: Windows, rng: np.random.Generator) -> Windows:
    """Some windows lose a run of bands or frames, so that no single clue decides."""
    _, frames, bands = windows.shape
    for window in windows:
        level = window.mean()
        if rng.random() < 0.4:
            width = int(rng.integers(2, 14))
            at = int(rng.integers(bands - width))
            window[:, at : at + width] = level
        if rng.random() < 0.2:
            width = int(rng.integers(2, 12))
            at = int(rng.integers(frames - width))
            window[at : at + width] = level
        if rng.random() < 0.5:  # a microphone's own colour
            knots = rng.normal(0, 1.0, 6)
            window[:] += np.interp(np.linspace(0, 5, bands), np.arange(6), knots)
    return windows
