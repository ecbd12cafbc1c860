"""What the speech guard does: `python -m tests.bench.speech [--split validation] [--scenes 200]`.

Replays scenes through the real way of a cry (ear, desk, describing process, outbox): recorded cries
alone, cries with people who talk between and over them (recordings, and espeak-ng where it is
installed) at many levels and distances, and cries with sneezes, laughs and crying babies. Prints
the share of clips with words that can be understood, without the guard and with it, and the share
of true cries that lost their clip to it; intervals are bootstrapped over the recordings of cries.

Words can be understood where they reach UNDERSTOOD_DB of everything else in 200 to 4000 Hz for
UNDERSTOOD_S in all; that is known because the scenes are mixed here. Not a test: it takes minutes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitor.blocks import RATE_HZ, Block, Samples
from monitor.clips import AFTER_S, BEFORE_S
from monitor.clock import Reading, WallClock
from monitor.cry_desk import CryDesk
from monitor.cry_messages import CryMessages
from monitor.describing import Calls, Describer
from monitor.ear import Ear
from monitor.hearing import load_model
from monitor.messages import Acoustics, CryMessage, CryStep, NoClip, Topics
from monitor.outbox import Outbox
from monitor.recording import Recording
from monitor.settings import ClipSettings
from monitor.worker import Worker
from tests.recordings import LABELS

SHARED = Path(__file__).resolve().parents[3] / "shared" / "audio"
HOUSEHOLD = ("household", "door", "background", "bird", "alarm", "music")
VOICES = ("person", "baby_cry")  # without words
BABBLE = {"background_011.ogg"}  # people in a coffee shop: neither with nor without words
KINDS = ("talk", "talk", "household", "household", "voices")  # of scenes, in turn

FRAME = 512  # samples
UNDERSTOOD_DB, UNDERSTOOD_S = -3.0, 0.3
HEARD_DBFS = -65.0  # what is softer nobody understands
TALK_DB = (-25.0, 12.0)  # of the words to the cry
BED_DB = (-35.0, 0.0)  # of the room to the cry
CRY_DBFS = (-50.0, -18.0)
CRY_AT_S = 2.0  # of a scene
PAUSE_S = 6.0  # after a cry, so that it ends
PIECE = RATE_HZ // 10  # samples of a block
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

# Other languages and voices for judging than for choosing.
SAID = {
    "train": [
        ("en", "where did you put the other bottle"),
        ("en+f2", "she drank nearly twelve millilitres this time"),
        ("de+m3", "hast du die Flasche schon warm gemacht"),
        ("fr+f4", "tu as fermé la porte de la chambre"),
        ("es", "mañana llamamos al veterinario"),
        ("ru+m7", "закрой дверь пожалуйста"),
    ],
    "validation": [
        ("it+f3", "hai chiuso la porta della cucina"),
        ("sv+m1", "har du värmt flaskan till den lilla"),
        ("fi", "missä toinen pullo on"),
        ("nl+f5", "morgen bellen we de dierenarts"),
        ("pt-br+m5", "a pequena dormiu bem"),
        ("en-gb-scotland+f1", "the little one lost four grams since yesterday"),
    ],
}


@dataclass(frozen=True)
class Cry:
    """A recording of cries."""

    recording: str
    sound: Samples


@dataclass(frozen=True)
class Scene:
    """A sound with one cry, and when words can be understood in it."""

    kind: str
    recording: str
    sound: Samples
    cry_s: float  # it begins at CRY_AT_S
    understood: NDArray[np.bool_]  # [frames]

    def words_s(self, from_s: float, to_s: float) -> float:
        """Of a part of it, how long words can be understood."""
        first, last = (max(0, round(s * RATE_HZ / FRAME)) for s in (from_s, to_s))
        return float(self.understood[first:last].sum()) * FRAME / RATE_HZ


@dataclass(frozen=True)
class Outcome:
    """What became of the sound of one cry that was heard."""

    scene: Scene
    true: bool  # it was the cry of the scene
    words: bool  # can be understood in it
    no_clip: NoClip | None


def read(path: Path) -> Samples:
    """A recording as mono at 16 kHz."""
    with Recording(path) as recording:
        return np.concatenate(list(recording.pieces()))


class Material:
    """The recordings of a split, and what espeak-ng says."""

    def __init__(self, audio: Path, split: str, folder: Path) -> None:
        with (audio / "manifest.csv").open(newline="") as manifest:
            rows = [row for row in csv.DictReader(manifest) if row["split"] == split]

        def of(*labels: str) -> list[Path]:
            files = [row["file"] for row in rows if row["label"] in labels]
            return [audio / file for file in files if file not in BABBLE]

        who = {audio / row["file"]: row["recording_id"] for row in rows}
        self.cries = [Cry(who[path], read(path)) for path in of(*LABELS)]
        self.household, self.voices = of(*HOUSEHOLD), of(*VOICES)
        self.words = [read(path) for path in of("speech")]
        self.recorded = len(self.words)
        if espeak := shutil.which("espeak-ng"):
            for number, (voice, words) in enumerate(SAID[split]):
                path = folder / f"{number}.wav"
                subprocess.run([espeak, "-v", voice, "-w", path, words], check=True)
                self.words.append(read(path))


def band_power(sound: Samples) -> NDArray[np.float64]:
    """Power [frames] in 200 to 4000 Hz."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)) ** 2
    low, high = (round(hertz * FRAME / RATE_HZ) for hertz in (200, 4000))
    power: NDArray[np.float64] = 2 * spectrum[:, low:high].sum(axis=1) / (0.375 * FRAME**2)
    return power


def at_level(sound: Samples, dbfs: float) -> Samples:
    """The sound with its louder frames, those within 20 dB of the loudest, at a level."""
    power = band_power(np.pad(sound, (0, FRAME)))
    loud = float(np.mean(power[power >= power.max() / 100]))
    level = 10 ** (dbfs / 20) / np.sqrt(max(loud, 1e-12))
    brought: Samples = (sound * level).astype(np.float32)
    return brought


def in_a_room(sound: Samples, rng: np.random.Generator) -> Samples:
    """The sound from near or from far: direct, and with the echo of a room."""
    echo_s = rng.uniform(0.2, 0.7)
    fall = np.exp(-6.9 * np.arange(int(echo_s * RATE_HZ)) / (echo_s * RATE_HZ))
    echo = rng.normal(size=len(fall)) * fall
    echo *= 10 ** (rng.uniform(-12, 6) / 20) / np.sqrt(np.sum(echo**2))
    echo[0] += 1.0
    size = len(sound) + len(echo)
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)
    return both.astype(np.float32)


def scene(kind: str, material: Material, rng: np.random.Generator) -> Scene:
    """One scene, drawn at random."""
    cry = material.cries[rng.integers(len(material.cries))]
    size = len(cry.sound) + int((CRY_AT_S + PAUSE_S) * RATE_HZ)
    level = rng.uniform(*CRY_DBFS)
    rest = np.random.default_rng(rng.integers(2**31)).normal(0, 10 ** (-75 / 20), size)
    rest[int(CRY_AT_S * RATE_HZ) :][: len(cry.sound)] += at_level(cry.sound, level)
    paths = material.voices if kind == "voices" else material.household
    bed = np.resize(read(paths[rng.integers(len(paths))]), size)
    rest += at_level(bed, level + rng.uniform(*BED_DB))
    words = np.zeros(size)
    if kind == "talk":
        said = in_a_room(material.words[rng.integers(len(material.words))], rng)
        at = int(rng.uniform(1, CRY_AT_S + len(cry.sound) / RATE_HZ) * RATE_HZ)
        part = at_level(said, level + rng.uniform(*TALK_DB))[: size - at]
        words[at : at + len(part)] += part
    power, other = band_power(words.astype(np.float32)), band_power(rest.astype(np.float32))
    understood = (power > other * 10 ** (UNDERSTOOD_DB / 10)) & (power > 10 ** (HEARD_DBFS / 10))
    understood &= power > power.max() / 100
    sound = np.clip(rest + words, -1, 1).astype(np.float32)
    return Scene(kind, cry.recording, sound, len(cry.sound) / RATE_HZ, understood)


class OfSpeechAlone(Describer):
    """What a cry sounded like is not asked here."""

    def describe(self, samples: Samples, calls: Calls) -> Acoustics | None:
        """Nothing."""
        return None


class House:
    """A listener from the ear to the outbox, on a clock that the sound moves on."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.outbox = Outbox(folder / "outbox.db")
        self.worker = Worker()
        self.describer = OfSpeechAlone(folder / "numba")
        model, topics = load_model(), Topics("nursery", "nest")
        self.desk = CryDesk(
            topics,
            CryMessages("nest", model.label, WallClock(Reading(0.0, BEGAN.timestamp(), True))),
            self.outbox,
            self.worker,
            self.describer,
            ClipSettings(),
            ZoneInfo("UTC"),
            lambda: None,
        )
        self.ear = Ear(model, self.desk, "normal", lambda: self.now)
        self._stream = 0

    def hear(self, sound: Samples) -> Iterator[CryMessage]:
        """The ends of the cries in a sound, in s since 1970."""
        self._stream += 1
        self.now = 1000.0 * self._stream
        for at in range(0, len(sound), PIECE):
            piece = sound[at : at + PIECE]
            self.now += len(piece) / RATE_HZ
            self.ear.hear(Block(piece, at, self.now, self._stream))
            self.desk.finish(60.0)  # the sound goes faster than it would in life
            self.ear.turn()
        self.ear.end()
        self.desk.finish(60.0)
        waiting = self.outbox.batch(1000)
        for message in [w.message for w in waiting if w.message.topic.endswith("/cry")]:
            told = CryMessage.model_validate_json(message.payload)
            if told.type is CryStep.ENDED:
                yield told
        self.outbox.acknowledge([w.id for w in waiting])

    def seconds(self, moment: datetime) -> float:
        """A moment as s from the beginning of the sound heard last."""
        return (moment - BEGAN).total_seconds() - 1000.0 * self._stream


@contextmanager
def house() -> Iterator[tuple[House, Path]]:
    """A listener, and a folder for what else is needed."""
    with tempfile.TemporaryDirectory() as folder:
        made = House(Path(folder))
        yield made, Path(folder)
        made.worker.stop()
        made.describer.stop()
        made.outbox.close()


def outcomes(made: House, shown: Scene) -> Iterator[Outcome]:
    """What became of the cries that were heard in a scene."""
    for end in made.hear(shown.sound):
        onset_s, offset_s = made.seconds(end.onset), made.seconds(end.offset)
        begin_s = max(0.0, onset_s - BEFORE_S)
        end_s = min(offset_s + AFTER_S, begin_s + ClipSettings().seconds)
        assert end.clip == (end.no_clip is None)
        yield Outcome(
            shown,
            onset_s < CRY_AT_S + shown.cry_s and offset_s > CRY_AT_S,
            shown.words_s(begin_s, end_s) >= UNDERSTOOD_S,
            end.no_clip,
        )


def share(name: str, found: Sequence[Outcome], counts: Sequence[bool]) -> str:
    """A share with its interval of 95 %, drawn anew over the recordings of cries."""
    if not found:
        return f"{name}: none"
    by: dict[str, list[bool]] = {}
    for outcome, one in zip(found, counts, strict=True):
        by.setdefault(outcome.scene.recording, []).append(one)
    groups, rng = list(by.values()), np.random.default_rng(0)
    drawn = []
    for _ in range(2000):
        pick = [groups[i] for i in rng.integers(len(groups), size=len(groups))]
        drawn.append(sum(map(sum, pick)) / sum(map(len, pick)))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return (
        f"{name}: {100 * sum(counts) / len(counts):.1f} % ({100 * low:.1f} to {100 * high:.1f}), "
        f"{sum(counts)} of {len(counts)}, {len(groups)} recordings of cries"
    )


def report(found: Sequence[Outcome]) -> list[str]:
    """The figures."""
    unchecked = sum(one.no_clip is NoClip.UNCHECKED for one in found)
    # What was not checked is not kept either, but says nothing of the guard.
    found = [one for one in found if one.no_clip is not NoClip.UNCHECKED]
    kept = [one for one in found if one.no_clip is None]
    lines = [
        share("clips with words, without the guard", found, [o.words for o in found]),
        share("clips with words, with the guard", kept, [o.words for o in kept]),
    ]
    for name, kind in (
        ("true cries without words that lost their clip", "household"),
        ("... where somebody sneezed, coughed, laughed or a baby cried", "voices"),
    ):
        of = [one for one in found if one.scene.kind == kind and one.true]
        lines.append(share(name, of, [o.no_clip is NoClip.SPEECH for o in of]))
    return [*lines, f"not checked, so not kept, and not counted: {unchecked}"]


def main() -> None:
    """Build, replay, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speech", description=__doc__)
    parser.add_argument("--audio", type=Path, default=SHARED)
    parser.add_argument("--split", choices=sorted(SAID), default="validation")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with house() as (made, folder):
        material = Material(given.audio, given.split, folder)
        said = f"{material.recorded} recorded and {len(material.words) - material.recorded} spoken"
        print(
            f"{given.split}, seed {given.seed}: {given.scenes} scenes; words: {said} by espeak-ng"
        )
        rng = np.random.default_rng(given.seed)
        found: list[Outcome] = []
        for number in range(given.scenes):
            found += outcomes(made, scene(KINDS[number % len(KINDS)], material, rng))
        print("\n".join(report(found)))


if __name__ == "__main__":
    main()
