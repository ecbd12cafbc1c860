"""Training: mixtures know what they hold, a short run makes a model that the loader takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

import torch

from models.card import Card, Window, read_card
from models.cry_model import CryModel
from models.front_end import FrontEnd
from models.synthesis import RATE_HZ, bout, draw_voice
from models.training.export import write_weights
from models.training.fit import Plan, fit, loss_of
from models.training.mixtures import Mixer, Recipe
from models.training.network import CryNet
from models.training.recordings import SOUNDS, Clip, deal
from models.training.windows import make_windows
from tests.models.sounds import crying, hiss


def made_up_clips() -> list[Clip]:
    """A small corpus: two voices of each animal, hiss as beds, tones as distractors."""
    clips = []
    for number, (species, label) in enumerate(
        [("kitten", "kitten_distress"), ("puppy", "dog_whine")] * 2
    ):
        rng = np.random.default_rng(number)
        kind: Any = species
        samples, calls = bout(draw_voice(kind, 8, rng), 4.0, 0.6, rng)
        clips.append(clip(f"{species}{number}", label, samples, tuple(calls)))
    tone = np.sin(2 * np.pi * 700 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    clips += [
        clip("bed", "background", hiss(3.0)),
        clip("tone", "alarm", 0.3 * tone),
        clip("cat", "adult_cat", 0.3 * tone),
    ]
    return clips


def clip(name: str, label: str, samples: Any, calls: tuple[tuple[float, float], ...] = ()) -> Clip:
    return Clip(f"{name}.flac", label, label, name, "CC0", "nobody", samples, calls)


def test_mixtures_mark_where_the_cry_is() -> None:
    recipe = Recipe(with_cry=1.0, distractors=0.0, snr_db=(20.0, 20.0), band_limited=0.0)
    mixer = Mixer(made_up_clips(), recipe)
    for seed in range(8):
        samples, marks = mixer.mixture(np.random.default_rng(seed))
        assert samples.shape == marks.shape == (int(recipe.seconds * RATE_HZ),)
        assert np.abs(samples).max() <= 1
        power = np.square(samples - samples.mean())
        called = (marks == 1) | (marks == 2)
        assert power[called].mean() > 4 * power[marks == 0].mean()


def test_a_mixture_is_known_by_its_seed() -> None:
    mixer = Mixer(made_up_clips(), Recipe())
    once, again, other = (
        make_windows(mixer, FrontEnd(), Window(), (1, seed), 2) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(once[0], again[0])
    np.testing.assert_array_equal(once[1], again[1])
    assert not np.array_equal(once[0], other[0])


def test_folds_hold_whole_recordings_and_share_each_label_out() -> None:
    clips = [
        clip(f"{label}{recording}", label, hiss(0.1))
        for label in ("bird", "dog_whine")
        for recording in range(7)
        for _ in range(2)
    ]
    folds = deal(clips, 3)
    for label in ("bird", "dog_whine"):
        count = np.bincount([folds[f"{label}{i}"] for i in range(7)], minlength=3)
        assert count.max() - count.min() <= 1


def test_open_hops_teach_nothing() -> None:
    logits = torch.randn(2, 8, len(SOUNDS))
    labels = torch.zeros(2, 8, dtype=torch.long)
    labels[:, 4] = -1
    moved = logits.clone()
    moved[:, 4] += 5
    assert loss_of(logits, labels, Window()) == loss_of(moved, labels, Window())


def test_the_network_does_not_hear_the_gain() -> None:
    network = CryNet(FrontEnd(), Window()).eval()
    log_mel = torch.randn(1, 128, 96)
    with torch.no_grad():
        torch.testing.assert_close(network(log_mel), network(log_mel + 3.0), atol=1e-4, rtol=1e-4)


def test_a_short_run_makes_a_model_that_the_loader_takes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = CryNet(FrontEnd(), Window())
    plan = Plan(chunks=1, mixtures=4, batch=8)
    network = fit(network, Mixer(made_up_clips(), Recipe()), plan, tmp_path)
    card = Card("cry-test", "")
    digest = write_weights(network, card, tmp_path / card.weights)
    (tmp_path / "card.json").write_text(Card("cry-test", digest).to_json())
    assert read_card(tmp_path / "card.json") == Card("cry-test", digest)

    model = CryModel.load(tmp_path)
    frames = model.frames(crying("kitten"))[: model.card.window.frames]
    with torch.no_grad():
        logits = network(torch.from_numpy(frames[None]))[0]
    window = model.card.window
    given = slice(window.first_hop, window.first_hop + window.hops)
    kitten, puppy = torch.softmax(logits, -1)[given][:, 1:3].T
    expected = torch.stack([1 - kitten - puppy, kitten, puppy], -1).numpy()
    np.testing.assert_allclose(model.run(frames)[0], expected, atol=1e-4)


def test_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    mixer, plan = Mixer(made_up_clips(), Recipe()), Plan(chunks=1, mixtures=2, batch=8)
    torch.manual_seed(1)
    first = fit(CryNet(FrontEnd(), Window()), mixer, plan, tmp_path)
    again = fit(CryNet(FrontEnd(), Window()), mixer, plan, tmp_path)  # nothing is left to learn
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_listening_needs_no_torch_and_no_scipy() -> None:
    code = (
        "import sys; from models.cry_model import CryModel; CryModel.load(); "
        "print(*{'torch', 'scipy', 'librosa', 'soundfile'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
