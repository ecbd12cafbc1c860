"""The loader refuses what is not the model; the scores depend on the sound and on nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from models.cry_model import CryModel, HopScores, ModelError
from tests.models.sounds import Audio, crying, hiss, read, recordings

SHIPPED = Path(models.__file__).parent
MODEL = CryModel.load()
SOUND = np.concatenate([hiss(1.0), crying("kitten", seconds=3.0), crying("puppy", seconds=3.0)])


def scores(samples: Audio, sizes: list[int] | None = None) -> list[HopScores]:
    """Scores of a whole sound that comes in blocks of these sizes, over and over."""
    stream, out, at = MODEL.stream(), [], 0
    for size in cycle(sizes or [len(samples)]):
        out += stream.push(samples[at : at + size])
        at += size
        if at >= len(samples):
            return out + stream.flush()
    raise AssertionError


def loudest(samples: Audio) -> float:
    """Highest P(cry) of a sound."""
    return max(hop.cry for hop in scores(samples))


WHOLE = scores(SOUND)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=5).filter(lambda s: sum(s) > 200))
def test_scores_do_not_depend_on_the_blocks(sizes: list[int]) -> None:
    assert scores(SOUND, sizes) == WHOLE


def test_hops_stand_evenly_from_the_first_sample_to_the_last() -> None:
    times = np.array([hop.time_s for hop in WHOLE])
    np.testing.assert_allclose(np.diff(times), MODEL.hop_s)
    assert times[0] < MODEL.hop_s
    assert len(SOUND) / MODEL.rate_hz - times[-1] <= MODEL.hop_s


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 5_000, 10_480, 20_481, 40_000])
def test_a_stream_of_any_length_ends_well(samples: int) -> None:
    times = [hop.time_s for hop in scores(hiss(3.0)[:samples])]
    centre_s = MODEL.card.front_end.centre_s
    end_s = samples / MODEL.rate_hz
    whole = samples >= MODEL.card.front_end.frame_samples  # less holds nothing to go by
    expected = np.arange(centre_s, end_s if whole else 0.0, MODEL.hop_s)
    np.testing.assert_allclose(times, expected)


def test_a_score_comes_no_later_than_the_latency_says() -> None:
    stream, heard = MODEL.stream(), 0
    for block in np.split(SOUND[: len(SOUND) // 160 * 160], len(SOUND) // 160):
        heard += len(block)
        for hop in stream.push(block):
            assert heard / MODEL.rate_hz - hop.time_s <= MODEL.latency_s + 0.01 + 1e-9
            assert hop.known_s <= heard / MODEL.rate_hz + 1e-9


def test_probabilities_are_probabilities() -> None:
    for hop in WHOLE:
        assert 0 <= hop.kitten <= 1
        assert 0 <= hop.puppy <= 1
        assert hop.cry <= 1 + 1e-6


@pytest.mark.parametrize("gain_db", [-30, -12, 20])
def test_loudness_does_not_matter(gain_db: float) -> None:
    louder = (SOUND * 10 ** (gain_db / 20)).astype(np.float32)  # floats do not clip
    there = np.array([hop.cry for hop in scores(louder)])
    here = np.array([hop.cry for hop in WHOLE])
    assert np.abs(there - here).max() < 0.1


@pytest.mark.parametrize("offset", [-0.3, 0.05])
def test_an_offset_of_the_sound_card_does_not_matter(offset: float) -> None:
    there = np.array([hop.cry for hop in scores(SOUND + np.float32(offset))])
    here = np.array([hop.cry for hop in WHOLE])
    assert np.abs(there - here).max() < 0.1


def test_samples_that_are_no_numbers_spoil_nothing_after_them() -> None:
    spoilt = SOUND.copy()
    spoilt[3_000:3_100] = np.nan
    spoilt[5_000] = np.inf
    there = scores(spoilt)
    assert all(np.isfinite([hop.kitten, hop.puppy]).all() for hop in there)
    assert there[-10:] == WHOLE[-10:]


@pytest.mark.parametrize("species", ["kitten", "puppy"])
def test_made_up_cries_are_heard_and_hiss_and_silence_are_not(species: Any) -> None:
    assert np.median([loudest(crying(species, seed)) for seed in range(5)]) > 0.5
    assert loudest(hiss(5.0)) < 0.3
    assert loudest(np.zeros(80_000, dtype=np.float32)) < 0.3


def test_real_kittens_and_puppies_score_above_what_is_confused_with_them() -> None:
    cries = {"kitten_distress", "puppy_distress", "dog_whine"}
    others = {"speech", "background", "household", "bird", "music"}
    files = recordings("validation", cries | others)
    if not files:
        pytest.skip("the recordings (../shared/audio) are not here")
    heard: dict[bool, list[float]] = {True: [], False: []}
    for label, path in files:
        if label in cries or len(heard[False]) < 40:
            heard[label in cries].append(loudest(read(path)))
    assert np.median(heard[True]) > 0.8
    assert np.median(heard[False]) < 0.2
    assert np.mean(np.array(heard[True])[:, None] > np.array(heard[False])) > 0.95


def spoil_card(key: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Change one entry of the card in a folder."""

    def spoil(folder: Path) -> None:
        path = folder / "card.json"
        card = json.loads(path.read_text())
        card[key] = change(card[key])
        path.write_text(json.dumps(card))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "card.json").unlink(), "card is missing"),
        (lambda folder: (folder / "cry.onnx").unlink(), "weights are missing"),
        (lambda folder: (folder / "cry.onnx").write_bytes(b"no"), "not the weights that the card"),
        (lambda folder: (folder / "card.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "card.json").write_text("[]"), "does not fit"),
        (spoil_card("schema", lambda _: 99), "schema is not 1"),
        (spoil_card("rule", lambda rule: {**rule, "call_onn": 1}), "call_onn"),
        (spoil_card("window", lambda window: {**window, "frames": 64}), "the card asks for"),
        (spoil_card("front_end", lambda front: {**front, "bands": 64}), "the card asks for"),
    ],
)
def test_what_is_not_the_model_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    for name in ("card.json", "cry.onnx"):
        shutil.copy(SHIPPED / name, tmp_path)
    assert CryModel.load(tmp_path).label == MODEL.label
    spoil(tmp_path)
    with pytest.raises(ModelError, match=said) as caught:
        CryModel.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_label_names_the_weights() -> None:
    assert MODEL.label.startswith("cry-")
    assert f"sha256:{MODEL.card.sha256[:12]}" in MODEL.label


def test_the_weights_fit_a_small_board() -> None:
    assert (SHIPPED / MODEL.card.weights).stat().st_size < 4_000_000
