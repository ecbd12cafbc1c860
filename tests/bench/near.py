"""What near calls tell: `python -m tests.bench.near [--seconds 20]`.

A cry that is too faint for the threshold should leave a mark in the minutes, and a quiet room none.
Hears the validation recordings (../shared/audio): other sounds as they are, and cries in white
noise, fainter and fainter; prints how often a cry was told, and how often only near or lone calls
were counted. Not a test: another model gives other figures.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from models.cry_model import CryModel
from monitor.blocks import RATE_HZ, Samples
from monitor.hearing import Hearing, load_model
from monitor.messages import CryStep
from monitor.near import NearCalls, NearCount
from monitor.recording import Recording
from tests.recordings import AUDIO, LABELS, real_are_here

SNRS_DB = (20, 10, 5, 0, -5, -10, -15)
NOISE_RMS = 0.003
HUSH_S = 8.0  # after each, so that cries end and lone calls are counted
PIECE = RATE_HZ // 2


@dataclass
class Told:
    """What a recording led to."""

    cries: int
    near: int
    lone: int

    @property
    def mark(self) -> bool:
        """Whether only the minutes tell of it."""
        return not self.cries and bool(self.near or self.lone)


def hear(model: CryModel, sound: Samples) -> Told:
    """Listen as the listener does."""
    hearing, count = Hearing(model), NearCount()
    near = NearCalls(hearing.rule, model.hop_s, count)
    cries = 0
    for at in range(0, len(sound), PIECE):
        heard = hearing.push(sound[at : at + PIECE])
        near.hear(heard.hops, crying=hearing.crying)
        cries += sum(event.step is CryStep.STARTED for event in heard.events)
    near.finish(crying=hearing.crying)
    return Told(cries, count.near, count.lone)


def recordings(seconds: float) -> Iterator[tuple[str, Samples]]:
    """Label and beginning of each recording of the validation split."""
    with (AUDIO / "manifest.csv").open(newline="") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == "validation"]
    for row in rows:
        with Recording(AUDIO / row["file"]) as recording:
            whole = np.concatenate(list(recording.pieces()))
        yield row["label"], whole[: round(seconds * RATE_HZ)]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each recording")
    asked = parser.parse_args()
    if not real_are_here():
        sys.exit(f"bench: the recordings are not at hand ({AUDIO})")
    model, rng = load_model(), np.random.default_rng(7)
    cries: list[Samples] = []
    others: dict[str, tuple[float, list[Told]]] = {}
    hush = np.float32(1e-3) * rng.standard_normal(round(HUSH_S * RATE_HZ), dtype=np.float32)
    for label, sound in recordings(asked.seconds):
        if label in LABELS:
            cries.append(sound)
            continue
        so_far, told = others.setdefault(label, (0.0, []))
        told.append(hear(model, np.concatenate([sound, hush])))
        others[label] = so_far + len(sound) / RATE_HZ, told
    print("other sounds | s | cries | near | lone\n--- | --- | --- | --- | ---")
    for label, (length_s, told) in sorted(others.items()):
        sums = (sum(column) for column in zip(*map(astuple, told), strict=True))
        print(" | ".join([label, f"{length_s:.0f}", *map(str, sums)]))
    print(f"\n{len(cries)} cries in noise, SNR | told | only a mark | nothing")
    print("--- | --- | --- | ---")
    for snr_db in SNRS_DB:
        marks = [hear(model, in_noise(sound, snr_db, rng)) for sound in cries]
        found, marked = sum(one.cries > 0 for one in marks), sum(one.mark for one in marks)
        print(f"{snr_db} dB | {found} | {marked} | {len(marks) - found - marked}")


def in_noise(sound: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """The sound at an SNR over its whole length, and noise alone after it."""
    length = len(sound) + round(HUSH_S * RATE_HZ)
    noise = np.float32(NOISE_RMS) * rng.standard_normal(length, dtype=np.float32)
    rms = max(float(np.sqrt(np.mean(sound**2))), 1e-9)
    noise[: len(sound)] += sound * np.float32(NOISE_RMS * 10 ** (snr_db / 20) / rms)
    return noise


if __name__ == "__main__":
    main()
