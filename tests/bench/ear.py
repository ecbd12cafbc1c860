"""Judge the ear beside its peers: `python -m tests.bench.ear --work DIR [--seeds 7 8 9]`.

The referee (../shared/referee) builds streams of the validation recordings; `nursery-monitor
detect` and the peers (../shared/peers) hear the same files. Ours is judged at the shipped
thresholds, the peers at their own best threshold and with their better map of classes, which
flatters them; all by a sweep over thresholds too. Every figure has a 95 % interval drawn over
recordings. Streams of made-up cries over the same beds are a table of their own.

Prints Markdown, and keeps the figures in DIR for the card (`python -m tests.bench.card`). Streams
and scores are kept in DIR too and used again: another model is heard anew, the peers are not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.card import read_card
from tests.bench.figures import Figure, Figures, Result, alarms_at, by_recording, with_intervals
from tests.bench.judge import Bench
from tests.bench.parts import MODELS, write_part
from tests.bench.peers import MAPS, ONE_THREAD, scored
from tests.bench.streams import REPOSITORY, SHARED, Streams, streams
from tests.bench.tables import PEERS, detail, recordings, summary
from tests.bench.voices import make_folder

DETECT = Path(sys.executable).parent / "nursery-monitor"
HEARING = [
    REPOSITORY / "monitor" / f"{name}.py"
    for name in (
        "blocks",
        "recording",
        "hearing",
        "evidence",
        "cries",
        "learning",
        "commands/detect",
    )
]


@dataclass(frozen=True)
class Peer:
    """A peer's scores under the map that serves it best, and its best threshold."""

    mapping: str
    threshold: float
    swept: Figures
    result: Result


def run(command: Sequence[str | Path], out: Path) -> None:
    """Run a program on one thread to its end, its output into a file that is whole or not there."""
    part = out.with_name(f"{out.name}.{os.getpid()}")
    with part.open("wb") as sink:
        environment = {**os.environ, **ONE_THREAD}
        words = [str(word) for word in command]
        done = subprocess.run(
            words, stdout=sink, stderr=subprocess.PIPE, env=environment, cwd=REPOSITORY, check=False
        )
    if done.returncode:
        sys.exit(f"bench: {words[0]} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    part.rename(out)


def hear(folder: Streams, model: Path = MODELS) -> tuple[Path, Path]:
    """What `detect` finds with a folder's model: detections and scores; kept while they hold."""
    name = f"ours.{fingerprint(model)}"
    found, scores = folder.folder / f"{name}.jsonl", folder.folder / f"{name}.csv"
    if not found.exists():
        program: list[str | Path] = [DETECT, "detect"]
        if model != MODELS:
            program = [sys.executable, "-m", "tests.bench.hear", model]
        run([*program, "--json", "--scores", scores, *folder.files], found)
    return found, scores


def fingerprint(model: Path) -> str:
    """What decides what is heard: weights, card and programs."""
    card = replace(read_card(model / "card.json"), figures={}, trained={})
    digest = hashlib.sha256(card.to_json().encode())
    for path in [*sorted((REPOSITORY / "models").glob("*.py")), *HEARING]:
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def best_of(bench: Bench, peer: str) -> Peer:
    """A peer at its best threshold on these very streams, with the map that is better there.

    What is left at few false alarms may be another map's: its better one for that figure.
    """
    found = []
    for mapping in MAPS[peer]:
        scores = bench.scores([scored(f, peer, mapping) for f in bench.folders])
        threshold, swept = bench.sweep(scores)
        found.append(Peer(mapping, threshold, swept, bench.at_threshold(scores, threshold)))
    best = max(found, key=lambda one: one.swept["best_f1"][0] or 0.0)
    swept = {key: max((one.swept[key] for one in found), key=value_of) for key in best.swept}
    return replace(best, swept=swept)


def value_of(figure: Figure) -> float:
    """A figure without its interval."""
    return figure[0] or 0.0


def judge(
    cries: Sequence[Streams], grown: Sequence[Streams], model: Path = MODELS
) -> dict[str, Any]:
    """All figures of ours and of the peers on these folders, taken as one."""
    bench = Bench(cries)
    heard = [hear(folder, model) for folder in cries]
    ours = bench.of_detections([found for found, _ in heard])
    _, swept = bench.sweep(bench.scores([scores for _, scores in heard]))
    peers = {peer: best_of(bench, peer) for peer in PEERS}
    figures = {"ours": with_intervals(ours) | swept}
    for name, peer in peers.items():
        figures[name] = with_intervals(peer.result) | peer.swept
    if grown:
        adults = Bench(grown)
        result = adults.of_detections([hear(folder, model)[0] for folder in grown])
        add_grown(figures["ours"], result)
        for name, peer in peers.items():
            scores = adults.scores([scored(f, name, peer.mapping) for f in grown])
            add_grown(figures[name], adults.at_threshold(scores, peer.threshold))
    results = {"ours": ours} | {name: peer.result for name, peer in peers.items()}
    return {
        "bouts": len(ours.bouts),
        "recordings": len({bout.recording for bout in ours.bouts}),
        "hours": round(ours.hours, 2),
        "maps": {name: peer.mapping for name, peer in peers.items()},
        "figures": figures,
        "false_alarms_at": {name: alarms_at(result) for name, result in results.items()},
        "by_recording": by_recording(results),
    }


def add_grown(figures: Figures, result: Result) -> None:
    """Add the share of grown cats' and dogs' bouts that alarm."""
    grown = with_intervals(result)
    figures["grown_that_alarm"] = grown["recall"]
    for species in ("adult_cat", "adult_dog"):
        if f"recall_{species}" in grown:
            figures[f"grown_that_alarm_{species}"] = grown[f"recall_{species}"]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ear", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for streams and figures")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--minutes", type=int, default=60, help="with cries, and as many without")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time")
    return parser.parse_args()


def prepared(
    work: Path, audio: Path, split: str, seed: int, minutes: int, mode: str = "cries"
) -> Streams:
    """Streams of a seed that everybody has heard."""
    folder = streams(work, audio, split, seed, minutes, mode)
    hear(folder)
    for peer, mappings in MAPS.items():
        for mapping in mappings:
            scored(folder, peer, mapping)
    print(f"heard: {folder.folder.name}", file=sys.stderr, flush=True)
    return folder


def main() -> None:
    """Build, listen, judge, print, keep."""
    args = arguments()
    work, audio = args.work.resolve(), SHARED / "audio"
    voices = make_folder(SHARED, args.split, work / "made_up")
    with ThreadPoolExecutor(args.jobs) as pool:  # the work is done by programs of their own

        def begin(sound: Path, seed: int, minutes: int, mode: str = "cries") -> Future[Streams]:
            return pool.submit(prepared, work, sound, args.split, seed, minutes, mode)

        cries = [begin(audio, seed, args.minutes) for seed in args.seeds]
        grown = [begin(audio, seed, args.minutes // 2, "adult") for seed in args.seeds]
        made_up = begin(voices, args.seeds[0], args.minutes)
    sets: dict[str, Any] = {
        f"seed {seed}": judge([cry.result()], [adult.result()])
        for seed, cry, adult in zip(args.seeds, cries, grown, strict=True)
    }
    sets["all"] = judge([cry.result() for cry in cries], [adult.result() for adult in grown])
    figures: dict[str, Any] = {
        "streams": f"split {args.split}, {args.minutes} min with cries and as many without a seed; "
        f"grown animals {args.minutes // 2} min and as many without",
        "sets": sets,
        "made_up": judge([made_up.result()], []),
    }
    print(summary(sets))
    print("\n" + detail(sets["all"]))
    print("\n" + recordings(sets["all"]["by_recording"]))
    print("\nMade-up cries over real beds\n\n" + detail(figures["made_up"]))
    print(f"\nkept for the card: {write_part(work, 'ear', figures)}")


if __name__ == "__main__":
    main()
