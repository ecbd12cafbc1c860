"""What the model's tests listen to: real recordings where they are, made-up calls otherwise."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from models.synthesis import RATE_HZ, Species, bout, draw_voice

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "audio"

Audio = NDArray[np.float32]


def crying(species: Species, seed: int = 1, seconds: float = 6.0) -> Audio:
    """A made-up bout with half a second of faint hiss at both ends."""
    rng = np.random.default_rng(seed)
    samples, _ = bout(draw_voice(species, 8, rng), seconds, 0.7, rng)
    quiet = np.zeros(RATE_HZ // 2, dtype=np.float32)
    samples = np.concatenate([quiet, samples, quiet])
    return samples + hiss(len(samples) / RATE_HZ, seed)[: len(samples)]


def hiss(seconds: float, seed: int = 1, rms: float = 1e-3) -> Audio:
    """White noise."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (rms * noise).astype(np.float32)


def recordings(split: str, labels: set[str]) -> list[tuple[str, Path]]:
    """Label and file of each recording of a split; empty where the recordings are not there."""
    if not (RECORDINGS / "manifest.csv").exists():
        return []
    with (RECORDINGS / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        return [
            (row["label"], RECORDINGS / row["file"])
            for row in csv.DictReader(handle)
            if row["split"] == split and row["label"] in labels
        ]


def read(path: Path) -> Audio:
    """A recording, mono at the model's rate."""
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    mono: Audio = soxr.resample(samples.mean(axis=1), rate, RATE_HZ).astype(np.float32)
    return mono
