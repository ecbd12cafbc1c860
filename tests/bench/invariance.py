"""What does not matter to the ear, measured: `python -m tests.bench.invariance --work DIR`.

The same sound is heard again as other hardware would have given it: other block sizes, other rates,
gain with 16-bit rounding and clipping, an offset, hum. Each is judged against the truth and against
what was heard in the plain sound. On streams of the validation recordings where ../shared is there,
else on made-up cries. Takes a few minutes; keeps the figures in DIR for the card.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from models.synthesis import RATE_HZ, Species, bout, draw_voice
from monitor.blocks import Mono16k
from monitor.cries import CryEvent
from monitor.hearing import Hearing, load_model
from monitor.messages import CryStep
from tests.bench.parts import write_part
from tests.bench.streams import SHARED, referee, streams
from tests.bench.tables import table

BEFORE_S, AFTER_S = 0.5, 2.0  # around a cry in which a detection counts for it, as by the referee
HARMONICS = 20  # of hum; the n-th is 1/n as strong as the first
PIECE_S = 10.0
JOBS = 2  # processes at a time
HERE = (SHARED / "audio" / "manifest.csv").is_file()
SAMPLE_BY_SAMPLE_S = 12.0  # of sound: a block a sample is slow

Audio = NDArray[np.float32]
Span = tuple[float, float]  # s
Change = Callable[[Audio, int], tuple[Audio, int]]  # samples and rate to samples and rate


@dataclass(frozen=True)
class Stream:
    """Sound with known cries."""

    samples: Audio  # mono [n]
    rate_hz: int
    truth: list[Span]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate_hz


def hear(samples: Audio, rate_hz: int, block: int) -> list[Span]:
    """The cries in a sound that comes in blocks of so many samples, as live ones do."""
    hearing, mono = Hearing(load_model()), Mono16k(rate_hz)
    events: list[CryEvent] = []
    for at in range(0, len(samples), block):
        events += hearing.push(mono.push(samples[at : at + block, None])).events
    events += hearing.push(mono.push(np.zeros((0, 1), np.float32), last=True)).events
    events += hearing.finish().events
    return [(e.onset_s, e.offset_s) for e in events if e.step is CryStep.ENDED]


def overlap(a: Span, b: Span) -> bool:
    """Whether two stretches share a moment."""
    return a[0] < b[1] and b[0] < a[1]


def without(spans: list[Span], others: list[Span]) -> int:
    """How many of these lie on none of those."""
    return sum(not any(overlap(span, other) for other in others) for span in spans)


# ------------------------------------------------------------------ what hardware does


def sixteen_bit(samples: Audio) -> Audio:
    """As a sound card gives it: clipped at full scale, rounded to 16 bits."""
    return (np.clip(np.round(samples * 32_768), -32_768, 32_767) / 32_768).astype(np.float32)


def at_rate(rate_hz: int) -> Change:
    """Taken at another rate."""
    return lambda samples, rate: (
        sixteen_bit(soxr.resample(samples, rate, rate_hz).astype(np.float32)),
        rate_hz,
    )


def gain(decibels: float, rounded: bool) -> Change:
    """Louder or fainter; rounded: by a 16-bit sound card, which also clips."""

    def change(samples: Audio, rate: int) -> tuple[Audio, int]:
        out = (samples * 10 ** (decibels / 20)).astype(np.float32)
        return (sixteen_bit(out) if rounded else out), rate

    return change


def clipped(decibels: float) -> Change:
    """Clipped at so many dB under the loudest sample."""

    def change(samples: Audio, rate: int) -> tuple[Audio, int]:
        top = float(np.abs(samples).max()) * 10 ** (-decibels / 20)
        return sixteen_bit(np.clip(samples, -top, top)), rate

    return change


def offset(share: float) -> Change:
    """With an offset, of full scale."""
    return lambda samples, rate: (sixteen_bit(samples + np.float32(share)), rate)


def hum(hertz: float, dbfs: float) -> Change:
    """With the mains' hum and its harmonics, all together at this level."""

    def change(samples: Audio, rate: int) -> tuple[Audio, int]:
        t = np.arange(len(samples)) / rate
        mains = sum(np.sin(2 * np.pi * n * hertz * t + n * n) / n for n in range(1, HARMONICS + 1))
        mains = np.asarray(mains) * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(mains)))
        return sixteen_bit((samples + mains).astype(np.float32)), rate

    return change


def conditions() -> Iterator[tuple[str, Change]]:
    """Name and change."""
    for rate in (16_000, 22_050, 44_100, 48_000):
        yield f"{rate / 1000:g} kHz", at_rate(rate)
    for decibels in (-30, -20, -10, 10, 20):
        yield f"gain {decibels:+d} dB, not rounded", gain(decibels, rounded=False)
        yield f"gain {decibels:+d} dB, 16 bit", gain(decibels, rounded=True)
    for decibels in (12, 24, 36):
        yield f"clipped {decibels} dB under its peak", clipped(decibels)
    for share in (0.05, -0.3):
        yield f"offset of {share:+g} of full scale", offset(share)
    for hertz in (50, 60):
        for dbfs in (-50, -40, -30, -20):
            yield f"hum of {hertz} Hz and harmonics at {dbfs} dBFS", hum(hertz, dbfs)


# ------------------------------------------------------------------ what is heard


def real_streams(work: Path) -> list[Stream]:
    """The first 20 minutes of the referee's streams of seed 7."""
    built = streams(work, SHARED / "audio", "validation", 7, 60)
    truth, _ = referee().read_truth(built.folder)
    out = []
    for path in built.files[:2]:
        samples, rate = sf.read(path, dtype="float32")
        spans = [(bout.onset, bout.offset) for bout in truth if bout.file == path.name]
        out.append(Stream(samples, rate, spans))
    return out


def made_up_streams() -> list[Stream]:
    """Made-up cries at 5 to 20 dB over hiss, two streams of five minutes."""
    out = []
    for number in range(2):
        rng = np.random.default_rng([number, 2026])
        samples = rng.normal(0.0, 10 ** (-50 / 20), 300 * RATE_HZ).astype(np.float32)
        spans: list[Span] = []
        for turn in range(12):
            species: Species = "kitten" if turn % 2 else "puppy"
            cry, calls = bout(draw_voice(species, 8, rng), rng.uniform(4, 8), 0.7, rng)
            at = 5 + turn * 24
            level = 10 ** ((rng.uniform(5, 20) - 50) / 20) / np.sqrt(np.mean(np.square(cry)))
            samples[at * RATE_HZ : at * RATE_HZ + len(cry)] += cry * np.float32(level)
            spans.append((at + calls[0][0], at + calls[-1][1]))
        out.append(Stream(samples, RATE_HZ, spans))
    return out


def judged(sounds: list[Stream], plain: list[list[Span]], change: Change) -> dict[str, float]:
    """Figures of a changed sound, against the truth and the plain sound."""
    hits = alarms = lost = new = 0
    for sound, before in zip(sounds, plain, strict=True):
        samples, rate = change(sound.samples, sound.rate_hz)
        cries = hear(samples, rate, int(PIECE_S * rate))
        wide = [(on - BEFORE_S, off + AFTER_S) for on, off in sound.truth]
        hits += len(wide) - without(wide, cries)
        alarms += without(cries, wide)
        lost += without(before, cries)
        new += without(cries, before)
    number = sum(len(sound.truth) for sound in sounds)
    return {
        "found": hits,
        "recall": round(hits / number, 3),
        "f1": round(2 * hits / (hits + alarms + number), 3),
        "false_alarms": alarms,
        "lost": lost,
        "new": new,
    }


def blocks(sound: Stream, plain: list[Span]) -> dict[str, bool]:
    """Whether exactly the same cries are heard at each block size."""
    out = {}
    for name, size in (("10 ms", 0.01), ("0.1 s", 0.1), ("1 s", 1.0), ("7.3 s", 7.3)):
        out[name] = hear(sound.samples, sound.rate_hz, int(size * sound.rate_hz)) == plain
    begin = int(max(0.0, sound.truth[0][0] - 2.0) * sound.rate_hz)
    some = sound.samples[begin : begin + int(SAMPLE_BY_SAMPLE_S * sound.rate_hz)]
    whole = hear(some, sound.rate_hz, len(some))
    out["1 sample"] = hear(some, sound.rate_hz, 1) == whole
    return out


def main() -> None:
    """Hear everything in every way, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for streams and figures")
    work = parser.parse_args().work.resolve()
    sounds = sounds_in(work)
    names = [name for name, _ in conditions()]
    with ProcessPoolExecutor(JOBS) as pool:
        plain = list(pool.map(heard_plainly, sounds))
        rows = dict(zip(names, pool.map(one_row, repeat(work), repeat(plain), names), strict=True))
    as_it_is = judged(sounds, plain, lambda samples, rate: (samples, rate))
    figures: dict[str, Any] = {
        "sound": f"{sum(s.seconds for s in sounds) / 60:.0f} minutes with "
        f"{sum(len(s.truth) for s in sounds)} {'real' if HERE else 'made-up'} cries",
        "blocks_alike": blocks(sounds[0], plain[0]),
        "rows": {"as it is": as_it_is} | rows,
    }
    print(invariance_table(figures["rows"]))
    print(f"\nthe same cries at blocks of: {figures['blocks_alike']}")
    print(f"\nkept for the card: {write_part(work, 'invariance', figures)}")


@functools.cache
def sounds_in(work: Path) -> list[Stream]:
    """What is heard; once a process."""
    return real_streams(work) if HERE else made_up_streams()


def heard_plainly(sound: Stream) -> list[Span]:
    """The cries in a sound as it is."""
    return hear(sound.samples, sound.rate_hz, int(PIECE_S * sound.rate_hz))


def one_row(work: Path, plain: list[list[Span]], name: str) -> dict[str, float]:
    """The figures under one condition, in a process of its own."""
    return judged(sounds_in(work), plain, dict(conditions())[name])


def invariance_table(rows: dict[str, dict[str, float]]) -> str:
    """A row a condition."""
    head = ["", "F1", "share found", "false alarms", "cries lost; new against the sound as it is"]
    body = [
        [
            name,
            f"{row['f1']:.2f}",
            f"{row['recall']:.2f}",
            f"{row['false_alarms']:.0f}",
            f"{row['lost']:.0f}; {row['new']:.0f}",
        ]
        for name, row in rows.items()
    ]
    return table(head, body)


if __name__ == "__main__":
    main()
