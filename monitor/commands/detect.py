"""`nursery-monitor detect`: the cries in recordings, found as the live listener finds them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np

from models.cry_model import HopScores, ModelError
from monitor.acoustics import describe
from monitor.arousal import judge
from monitor.blocks import Samples
from monitor.clips import LATE_S, CrySound, SoundMemory
from monitor.cries import CryEvent, Sensitivity
from monitor.cry_desk import MEASURED_S
from monitor.evidence import Evidence
from monitor.failure import Failure
from monitor.hearing import Heard, Hearing, load_model
from monitor.messages import CryStep
from monitor.progress import Progress
from monitor.recording import PIECE_S, Recording, RecordingError


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, a cry each.")
@click.option(
    "--scores",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Also write, hop by hop, how much speaks for a cry, as CSV: file,time_s,kitten,puppy.",
)
@click.option(
    "--sensitivity",
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    help="How easily a sound is taken for a cry.",
)
@click.option("--acoustics", is_flag=True, help="Also measure pitch, level and the like.")
def detect(
    files: tuple[Path, ...],
    *,
    as_json: bool,
    scores: Path | None,
    sensitivity: Sensitivity,
    acoustics: bool,
) -> None:
    """Find the cries in recordings.

    Takes any sound file (WAV, FLAC, Ogg, MP3, ...) of any length, and hears in it what the live
    listener would hear. A file that cannot be read is told about, and the others are done.
    """
    try:
        model = load_model()
    except ModelError as error:
        raise Failure(str(error)) from None
    failed = False
    with ExitStack() as stack:
        table = stack.enter_context(ScoreTable(scores)) if scores else None
        for path in files:
            try:
                hearing = Hearing(model, sensitivity)
                for cry in _cries_in(path, hearing, table, Describer() if acoustics else None):
                    click.echo(json.dumps(cry) if as_json else _sentence(cry))
            except RecordingError as error:
                failed = True
                click.echo(f"nursery-monitor: {error}", err=True)
    if failed:
        sys.exit(2)


class ScoreTable:
    """What speaks for a cry as CSV, a row a hop."""

    def __init__(self, path: Path) -> None:
        try:
            self._handle = path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise Failure(f"{path}: cannot be written: {error.strerror}") from None
        self._writer = csv.writer(self._handle)
        self._writer.writerow(["file", "time_s", "kitten", "puppy"])

    def __enter__(self) -> ScoreTable:
        return self

    def __exit__(self, *exc: object) -> None:
        self._handle.close()

    def write(self, path: Path, evidence: Evidence, hops: tuple[HopScores, ...]) -> None:
        """Add hops of a file."""
        for hop in hops:
            kitten, puppy = evidence.hear(hop)
            self._writer.writerow([path, f"{hop.time_s:.3f}", f"{kitten:.5f}", f"{puppy:.5f}"])


class Describer:
    """Follows a stream beside the hearing, and measures each cry."""

    def __init__(self) -> None:
        self._memory = SoundMemory(MEASURED_S + LATE_S + PIECE_S)
        self._cry: CrySound | None = None

    def hear(self, samples: Samples) -> None:
        """Take the samples that the next events are about."""
        self._memory.push(samples)

    def describe(self, event: CryEvent) -> dict[str, Any]:
        """Take an event; what the cry sounded like, once it has ended."""
        if event.step is CryStep.STARTED or self._cry is None:
            self._cry = CrySound(event.onset_s, MEASURED_S)
        self._cry.add((call.onset_s, call.offset_s) for call in event.new_calls)
        self._cry.keep(self._memory)
        if event.step is not CryStep.ENDED:
            return {}
        found = describe(*self._cry.end(self._memory, event.offset_s))
        judged = judge(event, found)
        return {
            "arousal": judged.arousal.value,
            "arousal_evidence": judged.evidence,
            "acoustics": found.model_dump() if found else None,
        }


def _cries_in(
    path: Path, hearing: Hearing, table: ScoreTable | None, describer: Describer | None
) -> Iterator[dict[str, Any]]:
    """One JSON object a cry, when it has ended; raises RecordingError."""
    announced_s: dict[int, float] = {}
    evidence = Evidence(hearing.rule, hearing.hop_s)
    with Recording(path) as recording:
        progress = Progress(path.name, recording.seconds)
        try:
            for samples, heard in _heard(recording, hearing):
                if describer:
                    describer.hear(samples)
                if heard.hops:
                    progress.show(heard.hops[-1].known_s)
                if table:
                    table.write(path, evidence, heard.hops)
                for event in heard.events:
                    announced_s.setdefault(event.number, event.decided_s)
                    described = describer.describe(event) if describer else {}
                    if event.step is CryStep.ENDED:
                        progress.clear()
                        yield _as_json(path, event, announced_s[event.number]) | described
        finally:
            progress.clear()


def _heard(recording: Recording, hearing: Hearing) -> Iterator[tuple[Samples, Heard]]:
    """The sound of a recording and what is heard in it; also of one that breaks off."""
    broken: RecordingError | None = None
    try:
        for samples in recording.pieces():
            yield samples, hearing.push(samples)
    except RecordingError as error:
        broken = error
    yield np.zeros(0, np.float32), hearing.finish()
    if broken:
        raise broken


def _as_json(path: Path, event: CryEvent, announced_s: float) -> dict[str, Any]:
    return {
        "file": str(path),
        "onset_s": round(event.onset_s, 3),
        "offset_s": round(event.offset_s, 3),
        "species": event.species.value,
        "score": round(event.score, 4),
        "announced_s": round(announced_s, 3),
        "calls": event.calls,
        "calls_per_minute": round(event.calls_per_minute, 1),
        "species_scores": {"kitten": round(event.kitten, 4), "puppy": round(event.puppy, 4)},
    }


def _sentence(cry: dict[str, Any]) -> str:
    who = {"kitten": "a kitten", "puppy": "a puppy"}.get(cry["species"], "a kitten or a puppy")
    return (
        f"{cry['file']}: {_clock(cry['onset_s'])} to {_clock(cry['offset_s'])} {who} cries, "
        f"{cry['calls']} calls, {cry['score']:.0%} sure"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}"
