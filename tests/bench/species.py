"""What who is in the box does to the species that is said: `python -m tests.bench.species`.

Each recording of ../shared/audio that holds a kitten's or a puppy's calls is heard whole by the
model, clean and with the room in the way (a blanket: high tones gone; and pink noise at 5 dB).
The species is judged of its marked calls, by the sound alone and with boxes of the right kind, of
both kinds and of the wrong kind, for several strengths of the prior. Dog whines count as puppies.
Printed are the shares said right, said wrong and left unknown; the interval is by recording.

`--model DIR` takes a card and weights from elsewhere; `--split train` is only honest of a model
that has not learned from these recordings. `--share` also prints each `species_share`, by the
sound alone.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from models.cry_model import CryModel
from monitor.blocks import RATE_HZ, Samples
from web.care.voice import PRIOR_ODDS, whose

AUDIO = Path(__file__).resolve().parents[3] / "shared" / "audio"
TRUTH = {"kitten_distress": "kitten", "puppy_distress": "puppy", "dog_whine": "puppy"}
OTHER = {"kitten": "puppy", "puppy": "kitten"}
ODDS = (1.0, 1.5, PRIOR_ODDS, 3.0, 10.0)
SHARES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
SNR_DB, BLANKET_HZ = 5.0, 2500.0
DRAWS = 1000


@dataclass(frozen=True)
class Heard:
    """One recording as the model heard it in one room."""

    recording: str
    room: str
    truth: str
    kitten: float  # mean score while calls sounded
    puppy: float

    def alone(self, share: float) -> str:
        """By the rule of `monitor.cries`."""
        enough = share * (self.kitten + self.puppy)
        if self.kitten >= enough and self.kitten > self.puppy:
            return "kitten"
        return "puppy" if self.puppy >= enough and self.puppy > self.kitten else "unknown"


def main() -> None:
    """Listen and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.species", description=__doc__)
    parser.add_argument("--audio", type=Path, default=AUDIO)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", type=Path, help="folder of a card and its weights")
    parser.add_argument("--share", action="store_true", help="sweep species_share")
    args = parser.parse_args()
    model = CryModel.load(args.model)
    share = model.card.rule.species_share
    heard = listen(model, args.audio, args.split)
    print(f"{model.label}, split {args.split}, species_share {share}\n")
    print("| room | box | odds | right (95 %) | wrong | unknown | kittens | puppies right |")
    print("|---|---|---|---|---|---|---|---|")
    for room in ("clean", "blanket", "noise"):
        these = [one for one in heard if one.room == room]
        print(row(room, "not asked", 1.0, these, [one.alone(share) for one in these]))
        for box in ("right", "both", "wrong"):
            for odds in ODDS[1:] if box != "both" else (PRIOR_ODDS,):
                print(row(room, box, odds, these, [said(one, box, odds, share) for one in these]))
    if args.share:
        for value in SHARES:
            print(row("all", f"share {value}", 1.0, heard, [one.alone(value) for one in heard]))


def listen(model: CryModel, audio: Path, split: str) -> list[Heard]:
    """Every recording with marked calls, in each room."""
    calls: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with (audio / "events.csv").open(newline="") as events:
        for event in csv.DictReader(events):
            calls[event["file"]].append((float(event["onset_s"]), float(event["offset_s"])))
    found = []
    with (audio / "manifest.csv").open(newline="") as manifest:
        for line in csv.DictReader(manifest):
            if line["split"] != split or line["label"] not in TRUTH or line["file"] not in calls:
                continue
            samples, rate = sf.read(audio / line["file"], dtype="float32", always_2d=True)
            sound = soxr.resample(samples.mean(axis=1), rate, RATE_HZ)
            truth = TRUTH[line["label"]]
            for room, there in rooms(sound).items():
                kitten, puppy = scores(model, there, calls[line["file"]])
                found.append(Heard(line["recording_id"], room, truth, kitten, puppy))
    return found


def rooms(sound: Samples) -> dict[str, Samples]:
    """The sound as it is, under a blanket, and in noise."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    blanket = np.fft.irfft(spectrum / (1 + (hertz / BLANKET_HZ) ** 4), len(sound))
    white = np.fft.rfft(np.random.default_rng(1).standard_normal(len(sound)))
    noise = np.fft.irfft(white / np.sqrt(np.maximum(hertz, 20.0)), len(sound))
    loud = np.quantile(np.square(sound), 0.9)
    noise *= np.sqrt(loud / np.mean(np.square(noise)) / 10 ** (SNR_DB / 10))
    return {
        "clean": sound,
        "blanket": blanket.astype(np.float32),
        "noise": (sound + noise).astype(np.float32),
    }


def scores(
    model: CryModel, sound: Samples, calls: list[tuple[float, float]]
) -> tuple[float, float]:
    """Mean scores of both kinds over the hops within marked calls."""
    stream = model.stream()
    hops = [*stream.push(sound), *stream.flush()]
    inside = [hop for hop in hops if any(on <= hop.time_s <= off for on, off in calls)]
    if not inside:
        return 0.0, 0.0
    return float(np.mean([h.kitten for h in inside])), float(np.mean([h.puppy for h in inside]))


def said(one: Heard, box: str, odds: float, share: float) -> str:
    """The species as the page says it, with that box."""
    here = {"right": {one.truth}, "both": {"kitten", "puppy"}, "wrong": {OTHER[one.truth]}}[box]
    return whose(one.alone(share), one.kitten, one.puppy, here, odds).species or "unknown"


def row(room: str, box: str, odds: float, heard: list[Heard], words: list[str]) -> str:
    """One line of the table."""
    right = np.array([word == one.truth for one, word in zip(heard, words, strict=True)])
    unknown = np.array([word == "unknown" for word in words])
    kinds = [
        f"{np.mean(right[np.array([one.truth == kind for one in heard])]):.2f}" for kind in OTHER
    ]
    low, high = interval([one.recording for one in heard], right)
    share = f"{right.mean():.2f} ({low:.2f} to {high:.2f})"
    wrong = (~right & ~unknown).mean()
    return (
        f"| {room} | {box} | {odds:g} | {share} | {wrong:.2f} | {unknown.mean():.2f} "
        f"| {kinds[0]} | {kinds[1]} |"
    )


def interval(recordings: list[str], right: np.typing.NDArray[np.bool_]) -> tuple[float, float]:
    """95 % of the mean, drawing whole recordings."""
    names = sorted(set(recordings))
    groups = [right[[i for i, name in enumerate(recordings) if name == one]] for one in names]
    rng = np.random.default_rng(7)
    means = [
        float(np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))]).mean())
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
