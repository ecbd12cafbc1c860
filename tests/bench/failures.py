"""Where the ear fails: `python -m tests.bench.failures --work DIR [--seeds 7 8 9]`.

The ten worst misses (the loudest over what lies beneath first, two of a recording at most) and the
ten worst false alarms (the surest first; where there are fewer, the sounds that came nearest to
one), over the streams and scores that `python -m tests.bench.ear` left in DIR. For each a picture
in DIR/failures: 16 s of sound up to 8 kHz, the cry's calls as green bars above it, what else was
played as blue ones, and below P(kitten) in orange, P(puppy) in blue, P(cry) in black, with a line
at the threshold; and DIR/failures/README.md that names what each picture shows.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from models.card import read_card
from tests.bench.ear import hear
from tests.bench.figures import Bout, Result
from tests.bench.judge import Bench, Scores, name_of
from tests.bench.parts import MODELS
from tests.bench.png import Picture, spectrogram, write_png
from tests.bench.streams import SHARED, Streams, streams

NUMBER = 10
OF_ONE_RECORDING = 2
SHOWN_S = 16.0
TOP_HZ = 8_000.0
COLUMNS, ROWS, BAR, CURVE, MARGIN = 1_000, 160, 8, 60, 14  # pixels
GREEN, BLUE, RED = (30, 150, 60), (70, 110, 200), (200, 40, 40)
ORANGE, BLACK, WHITE, GREY = (225, 125, 20), (0, 0, 0), (255, 255, 255), (170, 170, 170)

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
            b.stream == stream and b.onset_s - 0.5 <= hop[0] <= b.offset_s + 2.0
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
    failure: Failure, folder: Streams, hops: NDArray[np.float64], calls: Sequence[Span],
    others: Sequence[Span], threshold: float,
) -> Picture:  # fmt: skip
    """The sound around a failure, and what was thought of it."""
    path = folder.folder / failure.stream.partition("/")[2]
    info = sf.info(path)
    middle = (failure.span[0] + min(failure.span[1], failure.span[0] + 8.0)) / 2
    begin = float(np.clip(middle - SHOWN_S / 2, 0.0, info.duration - SHOWN_S))
    samples, rate = sf.read(
        path, start=int(begin * info.samplerate), frames=int(SHOWN_S * info.samplerate),
        dtype="float32",
    )  # fmt: skip
    out = np.full((2 * BAR + ROWS + CURVE + MARGIN, COLUMNS, 3), 255, np.uint8)
    out[2 * BAR : 2 * BAR + ROWS] = spectrogram(samples, rate, TOP_HZ, ROWS, COLUMNS)
    for row, spans, colour in ((0, calls, GREEN), (1, others, BLUE)):
        for on, off in spans:
            a, b = (int(np.clip((t - begin) / SHOWN_S, 0, 1) * COLUMNS) for t in (on, off))
            out[row * BAR + 1 : row * BAR + BAR - 1, a:b] = colour
    for kilohertz in (2, 4, 6):
        out[2 * BAR + int(ROWS * (1 - kilohertz * 1000 / TOP_HZ)), ::6] = RED
    base = 2 * BAR + ROWS + CURVE - 1
    out[base - int(threshold * (CURVE - 4)), ::3] = GREY
    out[base, :] = GREY
    shown = hops[(hops[:, 0] >= begin) & (hops[:, 0] <= begin + SHOWN_S)]
    x = ((shown[:, 0] - begin) / SHOWN_S * (COLUMNS - 1)).astype(int)
    for values, colour in (
        (shown[:, 1], ORANGE),
        (shown[:, 2], BLUE),
        (shown[:, 1:].max(1), BLACK),
    ):
        draw(out, x, base - (values * (CURVE - 4)).astype(int), colour)
    return out


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
    threshold = read_card(MODELS / "card.json").rule.call_on
    folder_of = {name_of(f, path.name): f for f in bench.folders for path in f.files}
    lines: list[str] = []
    for first in range(0, len(failures), 5):
        some = failures[first : first + 5]
        path = out / f"{name}_{first + 1:02d}.png"
        write_png(
            path,
            np.concatenate(
                [
                    picture(
                        failure, folder_of[failure.stream], scores[failure.stream],
                        bench.calls(failure.stream), bench.played(failure.stream), threshold,
                    )
                    for failure in some
                ]
            ),
        )  # fmt: skip
        lines.append(f"\n![{name}]({path.name})\n")
        for number, failure in enumerate(some, first + 1):
            also = sorted({f"{a} `{b}`" for a, b in bench.playing(failure.stream, *failure.span)})
            at = f"{failure.stream} at {failure.span[0]:.1f} s"
            lines.append(
                f"{number}. {failure.words}; {at}; near it: {', '.join(also) or 'nothing'}"
            )
    return lines


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
    lines = [f"# Where {read_card(MODELS / 'card.json').label} fails", ""]
    lines += [f"{lost} of {len(result.bouts)} cries missed."]
    lines += sheet("misses", misses(result, scores), bench, scores, out)
    lines += ["", f"{len(result.alarms)} false alarms in {result.hours:.1f} h."]
    lines += sheet("alarms", alarms(result, bench, scores), bench, scores, out)
    (out / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(f"\npictures: {out}")


if __name__ == "__main__":
    main()
