"""Where the ear fails: `python -m tests.bench.failures --work DIR [--seeds 7 8 9]`.

The ten worst misses (the loudest over what lies beneath first, two of a recording at most) and the
ten worst false alarms (the surest first; where there are fewer, the sounds that came nearest to
one), over the streams and scores that `python -m tests.bench.ear` left in DIR. For each a picture
in DIR/failures: 16 s of sound up to 8 kHz, the cry's calls as green bars above it, what else was
played as blue ones, and below P(kitten) in orange, P(puppy) in blue, P(cry) in black, with a line
at the threshold; and DIR/failures/README.md that names what each picture shows. Whoever has looked
at them writes DIR/failures/why.txt (the model's label, then a line a picture) and runs it again.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from models.cry_model import CryModel
from tests.bench.ear import hear
from tests.bench.figures import Bout, Result
from tests.bench.judge import Bench, Scores, name_of
from tests.bench.parts import write_part
from tests.bench.png import Picture, spectrogram, write_png
from tests.bench.streams import SHARED, streams

NUMBER = 10
OF_ONE_RECORDING = 2
SHOWN_S = 16.0
LEAD_S = 20.0  # heard before what is shown, so that the model knows the noise
TOP_HZ = 8_000.0
TAIL_S = 8.0  # after a cry in which its evidence fades; the referee keeps others that far away
COLUMNS, ROWS, BAR, CURVE, MARGIN = 1_000, 160, 8, 60, 14  # pixels
GREEN, BLUE, RED = (30, 150, 60), (70, 110, 200), (200, 40, 40)
ORANGE, BLACK, WHITE, GREY = (225, 125, 20), (0, 0, 0), (255, 255, 255), (170, 170, 170)

NUMBERED = re.compile(r"\d+\. ")

Audio = NDArray[np.float32]
Colour = tuple[int, int, int]
Span = tuple[float, float]


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong, or nearly."""

    stream: str
    span: Span  # s
    words: str


def misses(result: Result, scores: Scores) -> list[Failure]:
    """The bouts that were not found, those that stood out most first."""
    taken: Counter[str] = Counter()
    out: list[Failure] = []
    missed = [bout for bout in result.bouts if not bout.found]
    for bout in sorted(missed, key=lambda b: (-b.snr_db, peak(b, scores), b.stream, b.onset_s)):
        if taken[bout.recording] < OF_ONE_RECORDING and len(out) < NUMBER:
            taken[bout.recording] += 1
            words = (
                f"missed: `{bout.recording}` ({bout.label}), {bout.snr_db:g} dB, "
                f"highest P(cry) {peak(bout, scores):.2f}"
            )
            out.append(Failure(bout.stream, (bout.onset_s, bout.offset_s), words))
    return out


def peak(bout: Bout, scores: Scores) -> float:
    """The highest P(cry) in a bout; the larger column of `detect --scores` is P(cry)."""
    hops = scores[bout.stream]
    inside = hops[(hops[:, 0] >= bout.onset_s) & (hops[:, 0] <= bout.offset_s), 1:]
    return float(inside.max(initial=0.0))


def alarms(result: Result, bench: Bench, scores: Scores) -> list[Failure]:
    """The false alarms, surest first; then the sounds that scored highest outside all cries."""
    out = [
        Failure(a.stream, (a.at_s, a.at_s + 2.0), f"false alarm at {a.label} `{a.recording}`, "
                f"score {a.score:.2f}")
        for a in sorted(result.alarms, key=lambda a: -a.score)
    ]  # fmt: skip
    near = [
        (float(hop[1:].max()), stream, float(hop[0]))
        for stream, hops in scores.items()
        for hop in hops[hops[:, 1:].max(axis=1) > 0.3]
        if not any(
            b.stream == stream and b.onset_s - 0.5 <= hop[0] <= b.offset_s + TAIL_S
            for b in result.bouts
        )
    ]
    for score, stream, at in sorted(near, reverse=True):
        if len(out) >= NUMBER:
            break
        if all(f.stream != stream or abs(f.span[0] - at) > 10.0 for f in out):
            playing = bench.playing(stream, at, at) or [("bed", "no distractor")]
            what = ", ".join(f"{label} `{recording}`" for label, recording in playing)
            words = f"no alarm, but near: P(cry) {score:.2f} at {what}"
            out.append(Failure(stream, (at, at + 1.0), words))
    return out[:NUMBER]


# ------------------------------------------------------------------ the pictures


def picture(
    failure: Failure,
    path: Path,
    model: CryModel,
    calls: Sequence[Span],
    others: Sequence[Span],
) -> Picture:
    """The sound around a failure, and what was thought of it."""
    seconds = sf.info(path).duration
    middle = (failure.span[0] + min(failure.span[1], failure.span[0] + 8.0)) / 2
    begin = float(np.clip(middle - SHOWN_S / 2, 0.0, seconds - SHOWN_S))
    samples, rate = read(path, begin, begin + SHOWN_S)
    hops = scored(model, path, begin)
    out = np.full((2 * BAR + ROWS + CURVE + MARGIN, COLUMNS, 3), 255, np.uint8)
    out[2 * BAR : 2 * BAR + ROWS] = spectrogram(samples, rate, TOP_HZ, ROWS, COLUMNS)
    for row, spans, colour in ((0, calls, GREEN), (1, others, BLUE)):
        for on, off in spans:
            a, b = (int(np.clip((t - begin) / SHOWN_S, 0, 1) * COLUMNS) for t in (on, off))
            out[row * BAR + 1 : row * BAR + BAR - 1, a:b] = colour
    for kilohertz in (2, 4, 6):
        out[2 * BAR + int(ROWS * (1 - kilohertz * 1000 / TOP_HZ)), ::6] = RED
    base = 2 * BAR + ROWS + CURVE - 1
    out[base - int(model.card.rule.call_on * (CURVE - 4)), ::3] = GREY
    out[base, :] = GREY
    x = (hops[:, 0] / SHOWN_S * (COLUMNS - 1)).astype(int)
    for values, colour in ((hops[:, 1], ORANGE), (hops[:, 2], BLUE), (hops[:, 1:].sum(1), BLACK)):
        draw(out, x, base - (values * (CURVE - 4)).astype(int), colour)
    return out


def read(path: Path, begin_s: float, end_s: float) -> tuple[Audio, int]:
    """A stretch of a stream, and its rate."""
    rate = sf.info(path).samplerate
    first, past = int(begin_s * rate), int(end_s * rate)
    samples, _ = sf.read(path, start=first, frames=past - first, dtype="float32")
    return samples, rate


def scored(model: CryModel, path: Path, begin_s: float) -> NDArray[np.float64]:
    """Time from the beginning, P(kitten), P(puppy) of each hop of what is shown: [hops, 3]."""
    lead_s = min(LEAD_S, begin_s)
    samples, rate = read(path, begin_s - lead_s, begin_s + SHOWN_S)
    stream = model.stream()
    hops = stream.push(soxr.resample(samples, rate, model.rate_hz).astype(np.float32))
    rows = [(hop.time_s - lead_s, hop.kitten, hop.puppy) for hop in [*hops, *stream.flush()]]
    return np.array([row for row in rows if row[0] >= 0.0])


def draw(out: Picture, x: NDArray[np.int_], y: NDArray[np.int_], colour: Colour) -> None:
    """A line through points."""
    if len(x) < 2:
        return
    columns = np.arange(x[0], x[-1] + 1)
    rows = np.interp(columns, x, y).astype(int)
    for shift in (0, 1):
        out[np.clip(rows - shift, 0, len(out) - 1), columns] = colour


def sheet(
    name: str, failures: Sequence[Failure], bench: Bench, scores: Scores, out: Path
) -> list[str]:
    """Write the pictures, five a sheet; the lines that tell what they show."""
    model = CryModel.load()
    path_of = {name_of(f, path.name): path for f in bench.folders for path in f.files}
    lines: list[str] = []
    for first in range(0, len(failures), 5):
        some = failures[first : first + 5]
        path = out / f"{name}_{first + 1:02d}.png"
        panels = [
            picture(f, path_of[f.stream], model, bench.calls(f.stream), bench.played(f.stream))
            for f in some
        ]
        write_png(path, np.concatenate(panels))
        lines.append(f"\n![{name}]({path.name})\n")
        for number, failure in enumerate(some, first + 1):
            also = sorted({f"{a} `{b}`" for a, b in bench.playing(failure.stream, *failure.span)})
            at = f"{failure.stream} at {failure.span[0]:.1f} s"
            lines.append(
                f"{number}. {failure.words}; {at}; near it: {', '.join(also) or 'nothing'}"
            )
    return lines


def reasons(path: Path, number: int) -> list[str]:
    """Why, in the words of whoever looked: under the model's label, a line a picture."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if lines[:1] != [CryModel.load().label] or len(lines) != number + 1:
        print(f"{path}: not there, or not of these pictures: nobody has looked at them yet")
        return ["" for _ in range(number)]
    return lines[1:]


def main() -> None:
    """Find, draw, name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder of streams and scores")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--minutes", type=int, default=60)
    args = parser.parse_args()
    work = args.work.resolve()
    folders = [
        streams(work, SHARED / "audio", "validation", seed, args.minutes) for seed in args.seeds
    ]
    bench = Bench(folders)
    heard = [hear(folder) for folder in folders]
    result = bench.of_detections([found for found, _ in heard])
    scores = bench.scores([table for _, table in heard])
    out = work / "failures"
    out.mkdir(exist_ok=True)
    lost = sum(not bout.found for bout in result.bouts)
    lines = [f"# Where {CryModel.load().label} fails", ""]
    lines += [f"{lost} of {len(result.bouts)} cries missed."]
    lines += sheet("misses", misses(result, scores), bench, scores, out)
    lines += ["", f"{len(result.alarms)} false alarms in {result.hours:.1f} h."]
    lines += sheet("alarms", alarms(result, bench, scores), bench, scores, out)
    (out / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = [line for line in lines if NUMBERED.match(line)]
    rows = [list(row) for row in zip(told, reasons(out / "why.txt", len(told)), strict=True)]
    write_part(work, "failures", {"head": ["what", "why, by its picture"], "rows": rows})
    print("\n".join(lines))
    print(f"\npictures: {out}")


if __name__ == "__main__":
    main()
