"""Judge the ear beside its peers: `python -m tests.bench.ear --work DIR [--seeds 7 8 9]`.

The referee (../shared/referee) builds streams of the validation recordings; `nursery-monitor
detect` and the peers (../shared/peers) hear the same files in the same run, on one thread each.
Ours is judged at the shipped thresholds, the peers at their own best threshold, which flatters
them. Streams and peers' scores are kept in DIR and used again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = ("yamnet", "mn04", "mn04-head")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Cost:
    """What one run took, start-up included."""

    cpu_s: float
    peak_mib: float

    def over(self, hours: float) -> str:
        """In words, an hour of sound."""
        return f"{self.cpu_s / hours:.1f} CPU s an hour, {self.peak_mib:.0f} MiB at most"


def run(command: Sequence[str | Path], out: Path | None = None) -> Cost:
    """Run a program to its end, its output into a file; say what it took."""
    with (out or Path(os.devnull)).open("wb") as sink:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=sink, env={**os.environ, **ONE_THREAD}
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"ear: {command[0]} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ear", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for streams and scores")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--minutes", type=int, default=60, help="with cries, and as many without")
    parser.add_argument("--split", default="validation")
    return parser.parse_args()


def main() -> None:
    """Build, listen, judge, print."""
    args = arguments()
    referee = args.shared / "referee" / "referee.py"
    for seed in args.seeds:
        for mode in ("cries", "adult"):
            streams = args.work / f"{args.split}_{mode}_{seed}"
            if not (streams / "truth.csv").exists():
                minutes = args.minutes if mode == "cries" else args.minutes // 2
                run(
                    [
                        *(sys.executable, referee, "build", "--audio", args.shared / "audio"),
                        *("--split", args.split, "--seed", str(seed), "--mode", mode),
                        *("--minutes", str(minutes), "--out", streams),
                    ]
                )
            print(f"\n## seed {seed}, {mode}\n", flush=True)
            print(judged(referee, streams, args.shared / "peers" / "score.py"))


def judged(referee: Path, streams: Path, peers: Path) -> str:
    """The referee's tables of ours and of the peers on these streams, and what each cost."""
    files = sorted(streams.glob("*.flac"))
    hours = len(files) * 600 / 3600
    found = streams / "ours.jsonl"
    detect = shutil.which("nursery-monitor", path=str(Path(sys.executable).parent))
    assert detect is not None, "the package is not installed beside this Python"
    cost = run([detect, "detect", "--json", *files], found)
    lines = [f"ours: {cost.over(hours)}"]
    scores = []
    for peer in PEERS:
        table = streams / f"{peer}.csv"
        if not table.exists():
            part = table.with_suffix(".part")
            lines.append(
                f"{peer}: " + run([sys.executable, peers, "--peer", peer, *files], part).over(hours)
            )
            part.rename(table)
        scores.append(f"{peer}={table}")
    for command in (["score", f"ours={found}"], ["sweep", *scores]):
        name, *named = command
        text = streams / f"{name}.md"
        run([sys.executable, referee, name, "--streams", streams, *named], text)
        lines.append(text.read_text())
    return "\n".join(lines)


if __name__ == "__main__":
    main()
