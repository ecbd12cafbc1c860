"""`python -m models.training`: make the model again, from the recordings to weights and card."""

from __future__ import annotations

import argparse
import os
import platform
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from models.card import Card, CryRule, Window, read_card
from models.front_end import FrontEnd
from models.training.anchors import write_anchors
from models.training.export import write_weights
from models.training.fit import Plan, fit
from models.training.mixtures import Mixer, Recipe
from models.training.network import CryNet, start_from_mn04
from models.training.recordings import Clip, deal, read_clips

FOLDS = 3
SEEDS = (1, 2, 3, 4)
HEAD_SEED = 1  # of the weights that mn04 does not have
SHIPPED = Path(__file__).resolve().parents[1]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--audio", type=Path, default=Path("../shared/audio"), help="recordings")
    parser.add_argument(
        "--start",
        type=Path,
        default=Path("../shared/peers/weights/mn04.onnx"),
        help="mn04's weights (MIT), from which the trunk starts",
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of cry.onnx, card.json")
    parser.add_argument("--chunks", type=int, default=Plan.chunks, help="some 17 s of a core each")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=SEEDS, help="a run each; the mean is shipped"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--hold-out",
        type=int,
        choices=range(FOLDS),
        help="leave this third of the recordings out (for choosing)",
    )
    return parser.parse_args()


def main() -> None:
    """Train, export, write the card; goes on from the last checkpoint in --work."""
    args = arguments()
    torch.set_num_threads(args.threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))  # of the process that mixes
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(args.threads))
    args.out.mkdir(parents=True, exist_ok=True)
    clips = read_clips(args.audio)
    if args.hold_out is not None:
        fold = deal(clips, FOLDS)
        clips = [clip for clip in clips if fold[clip.recording] != args.hold_out]
    front_end, window, recipe = FrontEnd(), Window(), Recipe()
    plan = replace(Plan(), chunks=args.chunks)
    runs = []
    for seed in args.seeds:
        torch.manual_seed(HEAD_SEED)  # one start for all runs, or their mean would mean nothing
        network = CryNet(front_end, window)
        start_from_mn04(network, args.start)
        network = network.to(memory_format=torch.channels_last)
        work = args.work / f"seed_{seed}"
        work.mkdir(parents=True, exist_ok=True)
        runs.append(fit(network, Mixer(clips, recipe), replace(plan, seed=seed), work))
    trained = {
        "start": "EfficientAT mn04_as (MIT)",
        "seeds": args.seeds,
        "plan": asdict(plan),
        "recipe": asdict(recipe),
        "held_out_fold": args.hold_out,
        **about(clips),
    }
    rule = kept_rule(args.out)
    card = Card("cry-2", "", front_end=front_end, window=window, rule=rule, trained=trained)
    digest = write_weights(mean_of(runs), card, args.out / card.weights)
    text = replace(card, sha256=digest).to_json()
    (args.out / "card.json").write_text(text, encoding="utf-8")
    write_anchors(args.out, clips)
    print(f"{args.out / card.weights}: {card.name} sha256:{digest[:12]}")


def about(clips: list[Clip]) -> dict[str, object]:
    """What the weights were learned from and with, for the card."""
    return {
        "clips": dict(Counter(clip.label for clip in clips)),
        "licences": dict(Counter(clip.licence for clip in clips)),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }


def mean_of(runs: list[CryNet]) -> CryNet:
    """One network with the mean of the weights of several that began alike; better than each."""
    states = [run.state_dict() for run in runs]
    mean = {key: sum(state[key] for state in states) / len(states) for key in states[0]}
    runs[0].load_state_dict(mean)
    return runs[0].eval()


def kept_rule(folder: Path) -> CryRule:
    """The rule of the card that is there, else the shipped one: it is chosen apart from weights."""
    known = [path for path in (folder / "card.json", SHIPPED / "card.json") if path.exists()]
    return read_card(known[0]).rule if known else CryRule()


if __name__ == "__main__":
    main()
