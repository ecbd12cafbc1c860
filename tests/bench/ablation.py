"""Other models beside the shipped one: `python -m tests.bench.ablation --work DIR NAME=FOLDER ...`.

FOLDER holds a card.json and its weights, as `python -m models.training --out FOLDER` writes them.
Each hears the streams that `python -m tests.bench.ear` built in DIR, with its own card's rule.
Prints a table and keeps it in DIR for the card; `--part reproduction` keeps it as the proof that
training repeats.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models.card import read_card
from tests.bench.ear import add_grown, hear
from tests.bench.figures import Figures, with_intervals
from tests.bench.judge import Bench
from tests.bench.parts import MODELS, write_part
from tests.bench.streams import SHARED, Streams, streams
from tests.bench.tables import table, told

SHOWN = (
    ("f1", "F1", 2),
    ("recall", "share found", 2),
    ("recall_kitten", "kittens", 2),
    ("recall_puppy", "puppies and whines", 2),
    ("false_alarms_an_hour", "false alarms an hour", 1),
    ("best_f1", "F1 by sweep", 2),
    ("recall_at_1_an_hour", "share found at 1 an hour", 2),
    ("grown_that_alarm", "grown that alarm", 2),
    ("announced_median_s", "announced after, s", 1),
)


def measured(cries: list[Streams], grown: list[Streams], model: Path) -> Figures:
    """The figures of one model."""
    bench, heard = Bench(cries), [hear(folder, model) for folder in cries]
    figures = with_intervals(bench.of_detections([found for found, _ in heard]))
    figures |= bench.sweep(bench.scores([scores for _, scores in heard]))[1]
    add_grown(figures, Bench(grown).of_detections([hear(folder, model)[0] for folder in grown]))
    return figures


def main() -> None:
    """Hear, judge, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of streams and scores")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--audio", type=Path, default=SHARED / "audio")
    parser.add_argument("--part", default="ablation", help="name among the card's figures")
    parser.add_argument("--words", default="", help="a sentence to stand over the table")
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    args = parser.parse_args()
    work, half = args.work.resolve(), args.minutes // 2
    cries = [streams(work, args.audio, args.split, s, args.minutes) for s in args.seeds]
    grown = [streams(work, args.audio, args.split, s, half, "adult") for s in args.seeds]
    named = {"as shipped": MODELS} | {
        name: Path(folder).resolve()
        for name, _, folder in (item.partition("=") for item in args.models)
    }
    rows = []
    for name, folder in named.items():
        figures = measured(cries, grown, folder)
        label = read_card(folder / "card.json").label
        cells = [told(figures.get(key), digits) for key, _, digits in SHOWN]
        rows.append([f"{name} (`{label}`)", *cells])
        print(table(["", *(words for _, words, _ in SHOWN)], rows[-1:]), flush=True)
    head = ["", *(words for _, words, _ in SHOWN)]
    figures_of = {"head": head, "rows": rows} | ({"words": args.words} if args.words else {})
    print(f"\n{table(head, rows)}\n\nkept: {write_part(work, args.part, figures_of)}")


if __name__ == "__main__":
    main()
