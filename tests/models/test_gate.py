"""The gate spares the network what nothing stands out in, and never at the price of a cry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.cry_model import CryModel
from models.front_end import Samples
from models.gate import Gate, Watch
from models.synthesis import bout, draw_voice

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model() -> CryModel:
    return CryModel.load()


def noise(seconds: float, level: float = 0.003, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(int(seconds * RATE_HZ))).astype(np.float32)


def opened(model: CryModel, sound: Samples, gate: Gate | None = None) -> list[bool]:
    """Whether each step of a sound is heard."""
    card = model.card
    watch, size = Watch(gate or card.gate, card.front_end), card.window.step_frames
    frames = model.frames(sound)
    return [watch.stands_out(frames[i : i + size]) for i in range(0, len(frames) - size, size)]


def test_a_steady_noise_is_not_heard_however_loud(model: CryModel) -> None:
    for level in (1e-4, 0.003, 0.1):
        assert not any(opened(model, noise(30, level))[3:])


def test_a_hum_with_its_harmonics_becomes_part_of_the_floor(model: CryModel) -> None:
    t = np.arange(60 * RATE_HZ) / RATE_HZ
    hum = sum(0.05 / k * np.sin(2 * np.pi * 50 * k * t) for k in range(1, 20))
    assert not any(opened(model, noise(60) + np.asarray(hum, dtype=np.float32))[10:])


def test_every_call_over_noise_is_heard(model: CryModel) -> None:
    rng = np.random.default_rng(3)
    step_s = model.card.window.step_frames * model.card.front_end.step_s
    for species in ("kitten", "puppy"):
        calls, times = bout(draw_voice(species, 10, rng), 8.0, 0.6, rng)
        sound = noise(30, 0.01)  # some 15 dB under the calls
        sound[8 * RATE_HZ : 8 * RATE_HZ + len(calls)] += calls
        heard = opened(model, sound)
        for onset, offset in times:
            first, last = int((8 + onset) / step_s), int((8 + offset) / step_s)
            assert any(heard[first : last + 1])


def test_a_cry_without_a_pause_is_followed_though_it_becomes_the_floor(model: CryModel) -> None:
    card = replace(model.card, gate=replace(model.card.gate, follow=0.0))
    stream, steady = CryModel(card, model._session).stream(), noise(40)
    t = np.arange(len(steady)) / RATE_HZ
    steady[10 * RATE_HZ :] += 0.1 * np.sin(2 * np.pi * 1200 * t[10 * RATE_HZ :]).astype(np.float32)
    late = [hop for hop in stream.push(steady) if hop.time_s > 35]
    assert all(hop.embedding is not None for hop in late)


def test_without_the_gate_everything_is_heard(model: CryModel) -> None:
    assert all(opened(model, noise(10), replace(model.card.gate, frames=0)))
