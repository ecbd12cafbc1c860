"""A folder of made-up cries among real sounds, from which the referee can build streams.

The cries are of `models.synthesis` (which taught the model too, with other voices) and of the
workshop's other call model, ../shared/acoustics; beds and distractors are those of the split.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from models.synthesis import RATE_HZ, bout, draw_voice
from tests.bench.streams import load_from

VOICES = 12  # of each species and each call model
OLDEST_DAYS = 42.0  # the ages in which the young are fed by hand
SECONDS = 12.0
CRIES = ("kitten_distress", "puppy_distress", "dog_whine")
FIELDS = ("file", "label", "recording_id", "split")

Species = Literal["kitten", "puppy"]
Maker = Callable[
    [Species, np.random.Generator], tuple[NDArray[Any], list[tuple[float, float]], int]
]


def make_folder(shared: Path, split: str, out: Path) -> Path:
    """Make the folder, where it is not there yet: links to the split's other sounds, and cries."""
    manifest = out / "manifest.csv"
    if manifest.exists():
        return out
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    with (shared / "audio" / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["split"] == split and row["label"] not in CRIES:
                link = out / row["file"]
                link.unlink(missing_ok=True)
                link.symlink_to(shared / "audio" / row["file"])
                rows.append({key: row[key] for key in FIELDS})
    with (out / "events.csv").open("w", newline="") as handle:
        events = csv.writer(handle)
        events.writerow(["file", "onset_s", "offset_s"])
        for name, species, samples, calls, rate in made_up(shared):
            file = f"{name}.flac"
            sf.write(out / file, np.clip(samples, -1, 1), rate, subtype="PCM_16")
            events.writerows([file, f"{on:.3f}", f"{off:.3f}"] for on, off in calls)
            label = f"{species}_distress"
            rows.append({"file": file, "label": label, "recording_id": name, "split": split})
    part = manifest.with_suffix(".part")
    with part.open("w", newline="") as handle:
        table = csv.DictWriter(handle, FIELDS)
        table.writeheader()
        table.writerows(rows)
    part.rename(manifest)
    return out


def made_up(
    shared: Path,
) -> Iterator[tuple[str, Species, NDArray[Any], list[tuple[float, float]], int]]:
    """Name, species, samples, calls and rate of each voice's cry."""
    makers: dict[str, Maker] = {"own": own, "other": other(shared)}
    for source, make in makers.items():
        for species in ("kitten", "puppy"):
            for number in range(VOICES):
                rng = np.random.default_rng([number, len(source), len(species), 2026])
                samples, calls, rate = make(species, rng)
                yield f"{source}_{species}_{number:02d}", species, samples, calls, rate


def own(
    species: Species, rng: np.random.Generator
) -> tuple[NDArray[Any], list[tuple[float, float]], int]:
    """A cry by the product's own call model."""
    voice = draw_voice(species, rng.uniform(0.0, OLDEST_DAYS), rng)
    samples, calls = bout(voice, SECONDS, rng.uniform(0.4, 1.0), rng)
    return samples, calls, RATE_HZ


def other(shared: Path) -> Maker:
    """Cries by the workshop's call model."""
    calls_py = load_from(shared / "acoustics" / "calls.py")

    def make(
        species: Species, rng: np.random.Generator
    ) -> tuple[NDArray[Any], list[tuple[float, float]], int]:
        animal = calls_py.make_animal(species, rng.uniform(0.0, OLDEST_DAYS), rng)
        rate = 32_000
        while True:  # a bout may begin so late that no call fits
            samples, calls = calls_py.synthesise_bout(
                animal, SECONDS, rng.uniform(0.4, 1.0), rng, rate
            )
            if len(calls) >= 3:
                return samples, calls, rate

    return make
