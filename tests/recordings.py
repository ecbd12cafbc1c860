"""Recordings of cries for tests: real ones where they are at hand, else synthesised ones.

The real ones lie in `../shared/audio` beside the repository and are never part of it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf

from models.synthesis import RATE_HZ, bout, draw_voice
from monitor.cries import CryEvent, Sensitivity
from monitor.hearing import Hearing, load_model
from monitor.messages import CryStep
from monitor.recording import Recording

AUDIO = Path(__file__).resolve().parents[2] / "shared" / "audio"
LABELS = ("kitten_distress", "puppy_distress", "dog_whine")
LONGEST_S = 14.0
PLAYABLE = "PCM_16"  # paplay makes a loud noise of FLAC of 24 bits
BED_RMS = 10 ** (-62 / 20)  # a quiet room's noise, full scale 1


@dataclass(frozen=True)
class CryRecording:
    """A sound file that holds exactly one cry, as `detect` hears it."""

    path: Path
    real: bool
    first_call_s: float  # marked by people in real ones, made so in synthesised ones
    length_s: float


@cache
def real_are_here() -> bool:
    """Whether the real recordings are at hand."""
    return (AUDIO / "manifest.csv").is_file()


def heard_in(path: Path, sensitivity: Sensitivity = "normal") -> list[CryEvent]:
    """The cries that are announced in a file."""
    hearing = Hearing(load_model(), sensitivity=sensitivity)
    events: list[CryEvent] = []
    with Recording(path) as recording:
        for piece in recording.pieces():
            events += hearing.push(piece).events
    events += hearing.finish().events
    return [event for event in events if event.step in {CryStep.STARTED, CryStep.ENDED}]


def one_cry_each(folder: Path, at_most: int) -> list[CryRecording]:
    """Recordings with one sure cry each: real ones first, synthesised ones fill up.

    One that a less sensitive ear hears too is heard the same by way of a sound server and a room.
    """
    found: list[CryRecording] = []
    for path, first_call_s in [*_real(), *_synthesised(folder, 2 * at_most)]:
        if len(found) == at_most:
            break
        known = sf.info(path)
        length_s = known.duration
        playable = known.subtype == PLAYABLE and length_s <= LONGEST_S
        if playable and _is_one_sure_cry(path):
            found.append(CryRecording(path, AUDIO in path.parents, first_call_s, length_s))
    assert found, "not one recording in which the shipped model is sure of a cry"
    return found


def _is_one_sure_cry(path: Path) -> bool:
    return all(
        [event.step for event in heard_in(path, sensitivity)] == [CryStep.STARTED, CryStep.ENDED]
        for sensitivity in ("low", "normal")
    )


def _real() -> list[tuple[Path, float]]:
    if not real_are_here():
        return []
    with (AUDIO / "manifest.csv").open(newline="") as manifest:
        files = [row["file"] for row in csv.DictReader(manifest) if row["label"] in LABELS]
    first: dict[str, float] = {}
    with (AUDIO / "events.csv").open(newline="") as events:
        for row in csv.DictReader(events):
            onset = float(row["onset_s"])
            first[row["file"]] = min(onset, first.get(row["file"], onset))
    return [(AUDIO / file, first[file]) for file in files if file in first]


def _synthesised(folder: Path, number: int) -> list[tuple[Path, float]]:
    made: list[tuple[Path, float]] = []
    for seed in range(number):
        rng = np.random.default_rng(seed)
        voice = draw_voice("kitten" if seed % 2 else "puppy", age_days=8.0, rng=rng)
        samples, calls = bout(voice, seconds=6.0, arousal=0.8, rng=rng)
        path = folder / f"synthesised_{seed}.flac"
        sf.write(path, np.clip(samples, -1, 1), RATE_HZ)
        made.append((path, calls[0][0]))
    return made


def bed(folder: Path, seconds: float) -> Path:
    """The noise of a quiet room, so that a microphone is never digitally silent."""
    rng = np.random.default_rng(7)
    path = folder / "bed.flac"
    sf.write(path, rng.normal(0.0, BED_RMS, int(seconds * RATE_HZ)).clip(-1, 1), RATE_HZ)
    return path
