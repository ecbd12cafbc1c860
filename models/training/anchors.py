"""What a house's correction must not lose: embeddings of the training recordings' cries.

    python -m models.training.anchors --audio ../shared/audio [--model DIR]

Mixtures of `train` are heard by the trained model; the embeddings of hops in calls are kept in
`anchors.npz` beside the card, which names their digest. They belong to these very weights: to be
made again whenever the weights are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.card import read_card
from models.cry_model import CryModel, Embedding
from models.local import ANCHORS_FILE, EMBEDDING_TYPE
from models.training.mixtures import Mixer, Recipe
from models.training.recordings import SOUNDS, Clip, read_clips

MIXTURES = 300  # of 10 s each, a cry in every one
HOPS = 1200  # that are kept, of kittens and puppies as many
SEED = 11


def write_anchors(directory: Path, clips: list[Clip]) -> str:
    """Make `anchors.npz` for the model in `directory` from clips of `train`; its sha256.

    The card is written again, to name the digest.
    """
    model = CryModel.load(directory)
    mixer = Mixer(clips, replace(Recipe(), with_cry=1.0))
    rng = np.random.default_rng(SEED)
    found: dict[int, list[Embedding]] = {SOUNDS.index(who): [] for who in ("kitten", "puppy")}
    for _ in tqdm(range(MIXTURES), unit="mixture", mininterval=10):
        samples, marks = mixer.mixture(rng)
        stream = model.stream()
        for hop in [*stream.push(samples), *stream.flush()]:
            label = int(marks[min(round(hop.time_s * model.rate_hz), len(marks) - 1)])
            # What was not heard as a cry is not lost by being heard even less as one.
            if label in found and hop.embedding is not None and hop.cry >= model.card.rule.call_off:
                found[label].append(hop.embedding)
    path = directory / ANCHORS_FILE
    embeddings = [
        np.array(hops)[rng.permutation(len(hops))[: HOPS // len(found)]] for hops in found.values()
    ]
    np.savez_compressed(path, embedding=np.concatenate(embeddings).astype(EMBEDDING_TYPE))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = replace(read_card(directory / "card.json"), anchors=digest)
    (directory / "card.json").write_text(card.to_json(), encoding="utf-8")
    return digest


def main() -> None:
    """Make the anchors of a model that is there."""
    parser = argparse.ArgumentParser(prog="python -m models.training.anchors", description=__doc__)
    parser.add_argument("--audio", type=Path, default=Path("../shared/audio"), help="recordings")
    parser.add_argument(
        "--model",
        type=Path,
        default=Path(__file__).resolve().parents[1],
        help="folder of cry.onnx and card.json",
    )
    args = parser.parse_args()
    digest = write_anchors(args.model, read_clips(args.audio))
    size = (args.model / ANCHORS_FILE).stat().st_size
    print(json.dumps({"anchors": digest, "bytes": size}))


if __name__ == "__main__":
    main()
