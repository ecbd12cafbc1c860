"""A house's own small correction of the model: what it was told is no cry counts for less.

The network turns each hop of sound into an embedding; its last layer reads scores off it. A
correction adds to that layer one more reading, learned from a house's reviewed cries: how much a
hop is like the sounds that were no cry there, rather than like cries. Where it is, the logit of
P(cry) is lowered; elsewhere, and without a correction, nothing changes. It never raises a score.

Learned against the house's own cries and against anchors, hops of the training recordings' cries,
by logistic regression with a Gaussian prior (Newton's method; milliseconds). Pure numpy.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.card import Card, ModelError
from models.cry_model import HopScores

Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]  # [hops, values]

ANCHORS_FILE = "anchors.npz"
EMBEDDING_TYPE = np.float16  # as anchors and a house's cries are stored; 3 digits are plenty
LIMIT = 8.0  # logits that a hop may be lowered by: surely down, never beyond reckoning
# Of the following, chosen on simulated houses (`tests/bench/learning.py`, seed 1): what is left of
# the false alarms against the cries that are lost.
PRIOR = 0.001  # weight of the prior per unit of (standardised weight)^2, beside a mean loss
TOUCHED = 0.05  # share of the anchors' hops that may be lowered at all; a cry has many hops
STEEP = 8.0  # logits
OWN_CRY = 0.02  # weight of one of the house's cries, where all anchors together have 0.5
STEPS = 30  # of Newton's method; it has settled long before


@dataclass(frozen=True, eq=False)
class Correction:
    """What a house has taught: weights on the embedding, and where they begin to count."""

    model: str  # sha256 of the weights that it belongs to
    weights: Floats  # [values]
    bias: float

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Correction)
            and (self.model, self.bias) == (other.model, other.bias)
            and np.array_equal(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]

    def lowered(self, embedding: Embeddings) -> Floats:
        """How far the logits of P(cry) go down: [hops, values] to [hops], 0..LIMIT."""
        along = np.asarray(embedding, np.float64) @ self.weights + self.bias
        return np.clip(along, 0.0, LIMIT)

    def __call__(self, hops: Sequence[HopScores]) -> list[HopScores]:
        """The hops as this house has them; the very same ones where nothing changes."""
        out = list(hops)
        places = [i for i, hop in enumerate(out) if hop.embedding is not None and hop.cry > 0]
        if places:
            heard = np.array([out[i].embedding for i in places], np.float32)
            for i, down in zip(places, self.lowered(heard).tolist(), strict=True):
                if down > 0.0:
                    out[i] = _lowered(out[i], down)
        return out


def _lowered(hop: HopScores, down: float) -> HopScores:
    """The hop with the logit of P(cry) lowered; kitten and puppy keep their shares of it."""
    left = hop.cry * math.exp(-down)
    share = left / (left + max(1.0 - hop.cry, 1e-9)) / hop.cry
    return replace(hop, kitten=hop.kitten * share, puppy=hop.puppy * share)


def read_anchors(directory: Path, card: Card) -> Embeddings:
    """The anchors that the card names; raises ModelError where they are missing or others."""
    path = directory / ANCHORS_FILE
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    if hashlib.sha256(raw).hexdigest() != card.anchors:
        raise ModelError(f"{path}: these are not the anchors that the model's card names")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            anchors: Embeddings = stored["embedding"].astype(np.float32)
    except (ValueError, KeyError, IndexError) as error:  # numpy indexes what is no archive
        raise ModelError(f"{path}: these are no anchors ({error})") from None
    return anchors


def learn(
    model: str,
    anchors: Embeddings,
    cries: Sequence[Embeddings],
    others: Sequence[Embeddings],
    touched: float = TOUCHED,
) -> Correction:
    """The correction that tells `others` (sounds that were no cry) from `cries` and `anchors`.

    Each item of `others` and of the house's own `cries` holds the hops of one sound, and each
    counts alike. It begins where `touched` of the anchors' hops and twice that share of the own
    cries' lie beyond, and rises by STEEP for each standard deviation of the anchors from there.
    """
    cries = [one for one in cries if len(one)]
    others = [one for one in others if len(one)]
    middle, scale = anchors.mean(0, dtype=np.float64), anchors.std(0, dtype=np.float64) + 0.05
    hops = np.concatenate([anchors, *cries, *others], dtype=np.float64)
    x = np.column_stack([(hops - middle) / scale, np.ones(len(hops))])
    known = len(anchors) + sum(map(len, cries))
    y = np.concatenate([np.zeros(known), np.ones(len(hops) - known)])
    share = np.concatenate(
        [
            np.full(len(anchors), 0.5 / len(anchors)),
            *(np.full(len(one), OWN_CRY / len(one)) for one in cries),
            *(np.full(len(one), 0.5 / len(others) / len(one)) for one in others),
        ]
    )
    weights = _fitted(x, y, share / share.sum(), PRIOR)[:-1] / scale
    along = anchors @ weights
    begin = float(np.quantile(along, 1 - touched))
    if cries:
        begin = max(begin, float(np.quantile(np.concatenate(cries) @ weights, 1 - 2 * touched)))
    steep = STEEP / max(float(along.std()), 1e-9)
    return Correction(model, weights * steep, -begin * steep)


def _fitted(x: Floats, y: Floats, share: Floats, prior: float) -> Floats:
    """Logistic regression, the last column without a prior: [rows, columns] to [columns]."""
    penalty = np.full(x.shape[1], prior)
    penalty[-1] = 1e-6
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (share * (p - y)) + penalty * w
        bend = (x * (share * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        w -= step / max(1.0, float(np.abs(step).max()))  # no leap further than one unit
        if float(np.abs(step).max()) < 1e-7:
            break
    return w
