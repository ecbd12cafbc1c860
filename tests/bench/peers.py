"""The peers' scores (../shared/peers) of a folder of streams, all maps of classes in one pass.

They are those of `score.py --peer PEER --map MAP`, to the digit; hearing twice for two maps would
take twice as long.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.streams import REPOSITORY, SHARED, Streams, load_from

MAPS = {"yamnet": ("default", "narrow"), "mn04": ("default", "narrow"), "mn04-head": ("default",)}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def scored(folder: Streams, peer: str, mapping: str) -> Path:
    """The scores of a peer under a map: CSV `file,time_s,kitten,puppy`; kept once made."""
    table = table_of(folder.folder, peer, mapping)
    if not table.exists():
        subprocess.run(
            [sys.executable, "-m", __name__, peer, str(folder.folder)],
            check=True,
            cwd=REPOSITORY,
            env={**os.environ, **ONE_THREAD},
        )
    return table


def table_of(folder: Path, peer: str, mapping: str) -> Path:
    """Where the scores lie."""
    return folder / f"{peer}.{mapping}.csv"


def score(peer: str, folder: Path) -> None:
    """Hear every stream of a folder, and write the scores under each map."""
    program: Any = load_from(SHARED / "peers" / "score.py")
    taggers = {mapping: program.Tagger(peer, mapping) for mapping in MAPS[peer]}
    parts = {m: table_of(folder, peer, m).with_suffix(f".{os.getpid()}") for m in taggers}
    with ExitStack() as stack:
        rows = {
            mapping: csv.writer(stack.enter_context(path.open("w", newline="")))
            for mapping, path in parts.items()
        }
        for writer in rows.values():
            writer.writerow(["file", "time_s", "kitten", "puppy"])
        first = next(iter(taggers.values()))
        for path in sorted(folder.glob("*.flac")):
            for times, classes in first.stream(path):
                for mapping, tagger in taggers.items():
                    kitten = classes[:, tagger.columns["kitten"]].max(axis=1)
                    puppy = classes[:, tagger.columns["puppy"]].max(axis=1)
                    for row in zip(times, kitten, puppy, strict=True):
                        rows[mapping].writerow([path.name, *(f"{v:.5f}" for v in row)])
    for mapping, path in parts.items():
        path.rename(table_of(folder, peer, mapping))


if __name__ == "__main__":
    score(sys.argv[1], Path(sys.argv[2]))
