"""The referee beside the repository (../shared/referee), and the streams that it builds.

It is loaded as it is and never changed: the product is judged by others with the same file.
"""

from __future__ import annotations

import csv
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
CALLS = "calls.csv"  # beside a folder's truth.csv: where each bout's calls lie, which truth omits
GAP_S = 0.09  # of exact zeros: the referee puts at least 0.1 s of them between two calls

Audio = NDArray[np.float32]
Spans = list[tuple[float, float]]  # s


@dataclass(frozen=True)
class Streams:
    """A folder of streams: what is in it decides what can be said of it."""

    folder: Path
    seed: int

    @property
    def files(self) -> list[Path]:
        """The sound, in order."""
        return sorted(self.folder.glob("*.flac"))


def load_from(path: Path) -> ModuleType:
    """A program of ../shared as a module; ends with a sentence where it is not there."""
    if not path.is_file():
        sys.exit(f"bench: {path} is not there; this needs the shared folder beside the repository")
    spec = importlib.util.spec_from_file_location(f"shared_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look themselves up there
    spec.loader.exec_module(module)
    return module


@functools.cache
def referee() -> Any:
    """The judge's own module."""
    return load_from(SHARED / "referee" / "referee.py")


def streams(
    work: Path, audio: Path, split: str, seed: int, minutes: int, mode: str = "cries"
) -> Streams:
    """The streams of a seed, built where they are not there yet.

    They are, sample by sample, those of `referee.py build` with the same arguments.
    """
    folder = work / f"{audio.name}_{split}_{mode}_{seed}_{minutes}"
    if not (folder / CALLS).exists():
        words = map(str, (audio, split, seed, minutes, mode, folder))
        subprocess.run([sys.executable, "-m", __name__, *words], check=True, cwd=REPOSITORY)
    return Streams(folder, seed)


def build(audio: Path, split: str, out: Path, seed: int, minutes: int, mode: str) -> None:
    """Build streams, and write down where the calls of each bout begin and end."""
    judge = referee()
    bouts: list[tuple[float, Spans]] = []  # length in s, calls from the bout's start
    judge.make_bout = _noting(judge.make_bout, bouts, judge.RATE)
    under_way = out.with_name(f"{out.name}.{os.getpid()}")
    judge.build(audio, split, under_way, seed, minutes, mode)
    judge.make_bout = judge.make_bout.__wrapped__
    truth, _ = judge.read_truth(under_way)
    with (under_way / CALLS).open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["file", "bout_onset_s", "onset_s", "offset_s"])
        drawn = iter(bouts)
        for bout in truth:  # in the order drawn; some drawn found no place
            length = bout.offset - bout.onset
            calls = next(calls for drawn_s, calls in drawn if abs(drawn_s - length) < 2e-3)
            for onset, offset in calls:
                row = (
                    f"{bout.onset:.3f}",
                    f"{bout.onset + onset:.3f}",
                    f"{bout.onset + offset:.3f}",
                )
                writer.writerow([bout.file, *row])
    if (out / CALLS).exists():  # somebody else was quicker, with the very same
        shutil.rmtree(under_way)
    else:
        shutil.rmtree(out, ignore_errors=True)
        under_way.rename(out)


def read_calls(folder: Path) -> dict[tuple[str, float], Spans]:
    """File and onset of a bout to its calls."""
    calls: dict[tuple[str, float], Spans] = {}
    with (folder / CALLS).open(newline="") as handle:
        for row in csv.DictReader(handle):
            key = row["file"], float(row["bout_onset_s"])
            calls.setdefault(key, []).append((float(row["onset_s"]), float(row["offset_s"])))
    return calls


def _noting(
    make_bout: Callable[..., tuple[Audio, float]], into: list[tuple[float, Spans]], rate: int
) -> Callable[..., tuple[Audio, float]]:
    """`make_bout`, with a note of where the calls lie in what it makes."""

    @functools.wraps(make_bout)
    def noted(*words: Any) -> tuple[Audio, float]:
        samples, length_s = make_bout(*words)
        into.append((length_s, calls_in(samples, rate)))
        return samples, length_s

    return noted


def calls_in(samples: Audio, rate: int) -> Spans:
    """Where sound stands between stretches of exact zeros, s."""
    sounding = np.flatnonzero(samples)
    if not len(sounding):
        return []
    breaks = np.flatnonzero(np.diff(sounding) > GAP_S * rate)
    starts = sounding[np.concatenate([[0], breaks + 1])]
    ends = sounding[np.concatenate([breaks, [len(sounding) - 1]])]
    return [(a / rate, (b + 1) / rate) for a, b in zip(starts, ends, strict=True)]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    audio_, split_, seed_, minutes_, mode_, out_ = sys.argv[1:]
    build(Path(audio_), split_, Path(out_), int(seed_), int(minutes_), mode_)
