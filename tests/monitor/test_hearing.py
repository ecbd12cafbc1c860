"""One way of hearing behind every source: how the sound is cut does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.card import Card, CryRule
from models.cry_model import CryModel, ModelError
from models.synthesis import bout as made_up_bout
from models.synthesis import draw_voice
from monitor.blocks import RATE_HZ, Samples
from monitor.cries import CryEvent
from monitor.hearing import Hearing, load_model
from monitor.messages import CryStep
from tests.monitor.loud_model import LoudModel, bout, silence


@pytest.fixture(scope="module")
def model() -> CryModel:
    return load_model()


def loud() -> CryModel:
    return cast(CryModel, LoudModel())


def cut(samples: Samples, sizes: list[int]) -> Iterator[Samples]:
    """Pieces of these lengths in turn."""
    at = turn = 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        yield samples[at : at + size]
        at, turn = at + size, turn + 1


def heard(model: CryModel, pieces: Iterator[Samples]) -> list[CryEvent]:
    hearing = Hearing(model)
    events = [event for piece in pieces for event in hearing.push(piece).events]
    return [*events, *hearing.finish().events]


SOUND = np.concatenate([silence(2), bout(4), silence(5), bout(2, hertz=900), silence(1)])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=8))
def test_the_cut_of_the_blocks_does_not_matter(sizes: list[int]) -> None:
    sizes = [max(size, 200) for size in sizes]
    assert heard(loud(), cut(SOUND, sizes)) == heard(loud(), cut(SOUND, [len(SOUND)]))


def test_the_real_model_hears_the_same_in_live_blocks_as_in_a_file(model: CryModel) -> None:
    rng = np.random.default_rng(5)
    cry, _ = made_up_bout(draw_voice("kitten", 8, rng), 8.0, 0.7, rng)
    hush = (0.001 * rng.standard_normal(RATE_HZ * 4)).astype(np.float32)
    sound = np.concatenate([hush, cry, hush])
    whole, live = heard(model, cut(sound, [len(sound)])), heard(model, cut(sound, [320]))
    assert whole == live
    assert [event.step for event in whole][:: len(whole) - 1] == [CryStep.STARTED, CryStep.ENDED]
    assert whole[0].onset_s == pytest.approx(4.0, abs=0.4)
    assert whole[0].decided_s < 4.0 + 4.0


def test_what_is_known_is_known_only_after_it_was_heard(model: CryModel) -> None:
    stream = model.stream()
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(RATE_HZ * 5).astype(np.float32) * 0.01
    for i, piece in enumerate(cut(sound, [100])):
        for hop in stream.push(piece):
            pushed_s = (i + 1) * 100 / RATE_HZ
            assert hop.time_s < hop.known_s <= pushed_s < hop.known_s + 0.02
            assert hop.known_s - hop.time_s <= model.latency_s + 1e-6
    for hop in stream.flush():
        assert hop.time_s < hop.known_s <= 5.0


def test_another_sensitivity_holds_for_the_open_stream() -> None:
    hearing = Hearing(cast(CryModel, LoudModel(CryRule(call_on=0.97, call_off=0.9))))
    assert not hearing.push(np.concatenate([bout(4), silence(8)])).events
    hearing.set_sensitivity("high")
    assert hearing.push(np.concatenate([bout(4), silence(8)])).events


def test_a_model_of_another_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Other:
        rate_hz = 8000
        card = Card(name="other", sha256="0")

    monkeypatch.setattr(CryModel, "load", Other)
    with pytest.raises(ModelError, match="8000 Hz"):
        load_model()
