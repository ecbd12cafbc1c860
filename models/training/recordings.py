"""The recordings to learn from: clips of one split with their samples, and folds of them."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

RATE_HZ = 16_000
# What a hop can sound like. The first is the background; the second and third are what counts.
# The rest is told apart only to learn better: who knows babies mistakes fewer of them for cats.
SOUNDS = (
    *("nothing", "kitten", "puppy", "grown_cat", "grown_dog", "alarm", "alarm clock", "baby_cry"),
    *("bird", "brushing teeth", "can opening", "chirping birds", "church bells", "clapping"),
    *("clock tick", "coughing", "creaking wood", "crow", "dog_bark", "door", "footsteps"),
    *("glass breaking", "household", "keyboard", "knock", "laughing", "mouse click", "music"),
    *("person", "pouring water", "rodent", "siren", "sneezing", "snore", "speech", "toilet flush"),
    *("toy_squeak", "water drops"),
)
LIKE = {  # labels that share another's place
    "adult_cat": "grown_cat",
    "caterwaul": "grown_cat",
    "purr": "grown_cat",
    "adult_dog": "grown_dog",
    "dog_play": "dog_bark",
    "other_animal": "rodent",
}
SPECIES = {"kitten_distress": "kitten", "puppy_distress": "puppy", "dog_whine": "puppy"}
GROWN_CATS = ("adult_cat", "caterwaul")
GROWN = (*GROWN_CATS, "adult_dog")
BED = "background"


@dataclass(frozen=True)
class Clip:
    """One file of the corpus, its samples and the calls marked in it."""

    file: str
    label: str
    kind: str  # the label, or what the notes call it where they are finer
    recording: str
    licence: str
    attribution: str
    samples: NDArray[np.float32]  # mono, RATE_HZ
    calls: tuple[tuple[float, float], ...]  # onset and offset, s


def sound(kind: str) -> int:
    """Place in SOUNDS of a distractor of this kind."""
    return SOUNDS.index(LIKE.get(kind, kind))


def read_clips(audio: Path, split: str = "train") -> list[Clip]:
    """Read every clip of a split named in `audio`/manifest.csv, with events.csv's calls."""
    calls: dict[str, list[tuple[float, float]]] = {}
    with (audio / "events.csv").open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            span = float(row["onset_s"]), float(row["offset_s"])
            calls.setdefault(row["file"], []).append(span)
    with (audio / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["split"] == split]
    return [
        Clip(
            row["file"],
            row["label"],
            row["notes"] if row["notes"] in SOUNDS else row["label"],
            row["recording_id"],
            row["licence"],
            row["attribution"],
            read_mono(audio / row["file"]),
            tuple(sorted(calls.get(row["file"], []))),
        )
        for row in rows
    ]


def read_mono(path: Path) -> NDArray[np.float32]:
    """A sound file as mono float32 at RATE_HZ."""
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    mono: NDArray[np.float32] = samples.mean(axis=1)
    return mono if rate == RATE_HZ else soxr.resample(mono, rate, RATE_HZ)


def deal(clips: list[Clip], folds: int) -> dict[str, int]:
    """Recording to fold, each label spread as evenly as its number of recordings allows."""
    out: dict[str, int] = {}
    for label in sorted({clip.label for clip in clips}):
        names = sorted({c.recording for c in clips if c.label == label} - set(out))
        names.sort(key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        start = len(out)
        for i, name in enumerate(names):
            out[name] = (start + i) % folds
    return out
