"""Judge learn-this-box: `python -m tests.bench.learning --work DIR [--seeds 1 2 3] [--model DIR]`.

Houses are simulated with the referee's recordings, rooms and beds (../shared/referee). In each
lives a *nuisance*: one recording that is no cry but makes the model announce some, at its own speed
or another; it plays again and again, in one room, at other levels. The carer reviews the first 20
announcements, of the nuisance and of the house's own animals. Then other plays of the nuisance are
heard, and cries of all recordings of `validation` but those that were reviewed: how many are
announced before and after? What was heard is kept in DIR, named by the model's digest.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from models.cry_model import CryModel, HopScores
from monitor.blocks import RATE_HZ

REPOSITORY = Path(__file__).resolve().parents[2]
SPEEDS = (0.7, 0.85, 1.0, 1.2, 1.45)
TRIALS, HITS = 6, 3  # a recording is a nuisance where so many of its plays are announced
PLAY_S, BOUT_S, AT_S = 14.0, 26.0, 3.0  # of a stretch with one sound, and where that begins
TAUGHT, JUDGED = 40, 40  # plays of a nuisance, for reviewing and for judging
BOUTS = 6  # of each recording of cries
NUISANCE_DB, CRY_DB = (5.0, 22.0), (5.0, 20.0)  # over the bed
REVIEWS = 20
NUISANCE_SHARE = 0.6  # of what sounds in the house

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Sound:
    """One stretch of sound, as the model heard it."""

    label: str
    recording: str
    split: str
    hops: tuple[HopScores, ...]


class House:
    """Makes the sounds of one seed."""

    def __init__(self, shared: Path, model: CryModel, seed: int) -> None:
        self.referee: Any = _referee(shared)
        self.library = self.referee.Library(shared / "audio")
        self.model = model
        self.seed = seed
        self.clips = {
            split: self.referee.read_clips(shared / "audio", split)
            for split in ("train", "validation")
        }

    def beds(self, split: str) -> list[Any]:
        """The backgrounds of a split."""
        return [clip for clip in self.clips[split] if clip.label == self.referee.BED]

    def hear(self, what: Samples, split: str, db: float, seconds: float, rng: Any) -> list[HopScores]:
        """What the model hears in a stretch of bed with a sound in it."""
        track = self.referee.bed(self.beds(split), self.library, rng, seconds)
        if len(what):
            self.referee.add(track, what, AT_S + rng.uniform(0, 0.7), db)
        track *= 10 ** (rng.uniform(-6, 6) / 20)
        samples = soxr.resample(np.clip(track, -1, 1), self.referee.RATE, RATE_HZ)
        stream = self.model.stream()
        return [*stream.push(samples), *stream.flush()]

    def play(self, clip: Any, speed: float, room: int, rng: Any) -> Samples:
        """A piece of a clip at another speed, in the room of that number."""
        samples = self.library[clip.file]
        if speed != 1.0:
            samples = soxr.resample(samples, self.referee.RATE * speed, self.referee.RATE)
        begin = int(rng.integers(max(1, len(samples) - 8 * self.referee.RATE)))
        piece = self.referee.faded(samples[begin : begin + 8 * self.referee.RATE])
        wet: Samples = self.referee.room(piece, np.random.default_rng(room))
        return wet


def _referee(shared: Path) -> ModuleType:
    path = shared / "referee" / "referee.py"
    spec = importlib.util.spec_from_file_location("referee", path)
    assert spec is not None and spec.loader is not None, f"{path} is not there"
    module = importlib.util.module_from_spec(spec)
    sys.modules["referee"] = module
    spec.loader.exec_module(module)
    return module
