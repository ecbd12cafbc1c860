"""A house's correction lowers what it was told is no cry, and leaves cries as they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.card import ModelError, read_card
from models.cry_model import EMBEDDING_VALUES, CryModel, HopScores
from models.local import (
    ANCHORS_FILE,
    LIMIT,
    TOUCHED,
    Correction,
    Embeddings,
    learn,
    read_anchors,
)

MODELS = Path(__file__).parents[2] / "models"
SEEDS = st.integers(0, 10_000)


def cloud(seed: int, hops: int, away: float = 0.0) -> Embeddings:
    """Hops around a middle that lies `away` along some direction of the seed's."""
    rng = np.random.default_rng(seed)
    along = np.random.default_rng(1000 + seed % 7).standard_normal(EMBEDDING_VALUES)
    along /= np.linalg.norm(along)
    made = rng.standard_normal((hops, EMBEDDING_VALUES)) + away * along
    return made.astype(np.float32)


def hops_of(embedding: Embeddings, score: float) -> list[HopScores]:
    return [HopScores(0.16 * i, score * 0.9, score * 0.1, 0, e) for i, e in enumerate(embedding)]


def taught(seed: int, away: float = 6.0) -> Correction:
    return learn("m", cloud(seed, 400), [cloud(seed + 1, 10)], [cloud(seed, 12, away)] * 4)


def test_what_it_was_told_is_no_cry_is_lowered_also_where_it_was_not_heard_before() -> None:
    correction = taught(1)
    unheard = correction(hops_of(cloud(8, 50, away=6.0), 0.95))  # the same direction
    assert np.median([hop.cry for hop in unheard]) < 0.3
    cries = correction(hops_of(cloud(3, 200), 0.95))
    assert np.mean([hop.cry < 0.9 for hop in cries]) < 0.15


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, away=st.floats(0.0, 8.0))
def test_no_more_of_the_anchors_are_touched_than_is_said(seed: int, away: float) -> None:
    anchors = cloud(seed, 400)
    correction = learn("m", anchors, [], [cloud(seed, 12, away)] * 3)
    assert np.mean(correction.lowered(anchors) > 1e-6) <= TOUCHED + 1 / len(anchors)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, score=st.floats(0.0, 1.0))
def test_no_score_ever_rises_and_the_kinds_keep_their_shares(seed: int, score: float) -> None:
    before = hops_of(cloud(seed, 60, away=5.0), score)
    for old, new in zip(before, taught(seed)(before), strict=True):
        assert 0.0 <= new.cry <= old.cry
        assert new.kitten * old.puppy == pytest.approx(new.puppy * old.kitten)
        assert (new.time_s, new.known_s) == (old.time_s, old.known_s)


def test_hops_that_are_not_lowered_are_the_very_same() -> None:
    before = hops_of(cloud(1, 100), 0.9)
    after = taught(1)(before)
    assert sum(old is new for old, new in zip(before, after, strict=True)) > 80
    silent = [HopScores(0.0, 0.0, 0.0), HopScores(0.16, 0.4, 0.1)]  # the network was not asked
    assert [id(hop) for hop in taught(1)(silent)] == [id(hop) for hop in silent]


def test_the_order_of_reviews_does_not_matter() -> None:
    cries, others = [cloud(i, 9) for i in range(4)], [cloud(i, 8, 5.0) for i in range(5)]
    one = learn("m", cloud(9, 300), cries, others)
    other = learn("m", cloud(9, 300), cries[::-1], others[::-1])
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6, atol=1e-9)
    assert one.bias == pytest.approx(other.bias, rel=1e-6)


def test_it_is_bounded() -> None:
    far = cloud(1, 5, away=1e4)
    assert taught(1).lowered(far).max() <= LIMIT


def test_the_shipped_anchors_are_those_that_the_card_names() -> None:
    card = read_card(MODELS / "card.json")
    anchors = read_anchors(MODELS, card)
    assert anchors.shape[1] == EMBEDDING_VALUES
    assert len(anchors) >= 500
    assert (MODELS / ANCHORS_FILE).stat().st_size < 300_000


def test_other_anchors_than_the_card_names_are_refused(tmp_path: Path) -> None:
    card = read_card(MODELS / "card.json")
    with pytest.raises(ModelError, match="cannot be read"):
        read_anchors(tmp_path, card)
    (tmp_path / ANCHORS_FILE).write_bytes(b"something else")
    with pytest.raises(ModelError, match="not the anchors"):
        read_anchors(tmp_path, card)
    digest = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(ModelError, match="no anchors"):
        read_anchors(tmp_path, replace(card, anchors=digest))


def test_the_scores_are_made_of_the_embedding() -> None:
    model = CryModel.load()
    rng = np.random.default_rng(1)
    loud = (0.1 * rng.standard_normal(32_000)).astype(np.float32)
    hops = [hop for hop in model.stream().push(loud) if hop.embedding is not None]
    assert hops
    assert {hop.embedding.shape for hop in hops if hop.embedding is not None} == {(64,)}
