"""A made-up night that tells the founding story, for whoever has no microphone or no animals.

A kitten and a puppy lie apart and cry; they are put together and are quiet; then both cry when it
is time to eat. It goes on like that for ever, at real speed, over the hush of a room.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.synthesis import Species, Voice, bout, draw_voice
from monitor.blocks import RATE_HZ, Samples

log = logging.getLogger(__name__)

AGE_DAYS = 8.0
SEED = 20  # of the two voices and of the night
HUSH_RMS = 0.0012  # of the room, full scale 1: -58 dBFS
VOICE_GAIN = 0.5  # on calls that are made up for a microphone quite near
PIECE_S = 0.5  # of sound that is made at once


@dataclass(frozen=True)
class Scene:
    """A part of the night: who cries, how much, and for how long it is quiet after that."""

    told: str
    quiet_s: float
    who: tuple[Species, ...] = ()
    cry_s: float = 0.0  # of each that cries
    arousal: float = 0.6  # 0..1


NIGHT = (
    Scene("the room is quiet", quiet_s=6),
    Scene("the kitten lies alone and cries", 9, ("kitten",), 14, 0.7),
    Scene("the kitten goes on crying", 11, ("kitten",), 10, 0.8),
    Scene("the puppy lies alone and cries", 9, ("puppy",), 12, 0.7),
    Scene("the puppy goes on crying", 11, ("puppy",), 9, 0.8),
    Scene("they are put together, and are quiet", quiet_s=45),
    Scene("it is time to eat: the puppy cries", 7, ("puppy",), 8, 0.5),
    Scene("it is time to eat: both cry", 9, ("kitten", "puppy"), 10, 0.6),
    Scene("they have eaten, and sleep", quiet_s=40),
)


def demo_night(seed: int = SEED) -> Iterator[Samples]:
    """The night over and over: pieces of mono samples at 16 kHz, without end."""
    rng = np.random.default_rng(seed)
    species: tuple[Species, ...] = ("kitten", "puppy")
    voices = {who: draw_voice(who, AGE_DAYS, rng) for who in species}
    while True:
        for scene in NIGHT:
            log.info("demo: %s", scene.told)
            sound = _scene(scene, voices, rng)
            for at in range(0, len(sound), int(PIECE_S * RATE_HZ)):
                piece = sound[at : at + int(PIECE_S * RATE_HZ)]
                hush = HUSH_RMS * rng.standard_normal(len(piece), dtype=np.float32)
                yield piece + hush


def _scene(scene: Scene, voices: dict[Species, Voice], rng: np.random.Generator) -> Samples:
    cries = [bout(voices[who], scene.cry_s, scene.arousal, rng)[0] for who in scene.who]
    length = max((len(cry) for cry in cries), default=0)
    sound = np.zeros(length + int(scene.quiet_s * RATE_HZ), np.float32)
    for cry in cries:
        sound[: len(cry)] += VOICE_GAIN * cry
    return sound
