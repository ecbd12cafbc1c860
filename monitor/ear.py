"""Follows the sound of a source from stream to stream, and brings cries to the desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from models.cry_model import CryModel, HopScores
from monitor.blocks import RATE_HZ, Block
from monitor.clips import SoundMemory
from monitor.clock import SampleClock
from monitor.cries import CryEvent, Sensitivity, at_sensitivity
from monitor.cry_desk import CryDesk
from monitor.hearing import Heard, Hearing
from monitor.learning import NOTHING, Learned
from monitor.levels import LevelMeter
from monitor.minutes import Minutes

LOAD_S = 60.0  # over which the load of inference is averaged
SILENCE_ENDS_S = 2.0  # without any sound coming in, a stream has ended


@dataclass
class Stream:
    """One stretch of sound without a gap, and what is known of it."""

    number: int
    hearing: Hearing
    memory: SoundMemory
    first: int  # sample of the source with which it begins
    end: int  # ... and before which it ends so far
    clock: SampleClock = field(default_factory=SampleClock)

    def goes_on_with(self, block: Block) -> bool:
        """Whether the block follows without a gap."""
        return self.number == block.stream and self.end == block.first


@dataclass
class Peaks:
    """The highest scores since they were last told of."""

    kitten: float = 0.0
    puppy: float = 0.0


class Pupil(Protocol):
    """Who remembers cries to learn from them: `monitor.learning_box.Learner`."""

    def begin_stream(self) -> None:
        """Another stream: its times begin anew."""

    def hear(self, hops: Iterable[HopScores]) -> None:
        """The next hops, as the model gave them."""

    def follow(self, event: CryEvent, cry: str | None) -> None:
        """One step of the cry of that id."""


class Ear:
    """Each stream is heard on its own, and ends where sound is lost."""

    def __init__(
        self,
        model: CryModel,
        desk: CryDesk,
        sensitivity: Sensitivity,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._desk = desk
        self._clock = clock
        self._stream: Stream | None = None
        self.sensitivity = sensitivity
        self.learned: Learned = NOTHING
        self.pupil: Pupil | None = None
        self.muted = False
        self.levels = LevelMeter()
        self.peaks = Peaks()
        self.minutes = Minutes(model.hop_s, clock())
        self.newest: float | None = None  # monotonic time of the newest sample
        self.load = 0.0  # time spent on scores / time of the sound
        self.latency_s: float | None = None  # newest score: from the sound to the score

    def hear(self, block: Block) -> None:
        """Take the next block."""
        stream = self._stream
        if stream is None or not stream.goes_on_with(block):
            self.end()
            stream = self._stream = Stream(
                block.stream,
                Hearing(self._model, self.sensitivity, self.learned),
                SoundMemory(self._desk.memory_s),
                first=block.first,
                end=block.first,
            )
            if self.pupil is not None:
                self.pupil.begin_stream()
        self.newest = block.captured
        stream.end = block.end
        stream.clock.observe(stream.end - stream.first, block.captured)
        stream.memory.push(block.samples)
        self.levels.push(block.samples)
        self.minutes.hear(block.samples)
        began = self._clock()
        heard = stream.hearing.push(block.samples)
        self._note(stream, heard, began, len(block.samples) / RATE_HZ)
        self._report(stream, heard)

    def turn(self) -> None:
        """Do what has become due, with or without new sound."""
        now = self._clock()
        if self._stream and self.newest is not None and now - self.newest > SILENCE_ENDS_S:
            self.end()
        self._desk.turn(self._stream.memory if self._stream else None, now)

    def end(self) -> None:
        """The stream has ended, and what was open in it as well."""
        if self._stream is not None:
            self.minutes.end(crying=self._stream.hearing.crying)
            self._report(self._stream, self._stream.hearing.finish())
            self._stream = None
            self.levels.clear()
            self.peaks = Peaks()

    def mute(self, muted: bool) -> None:
        """Tell of no cries for now, or again; a cry that is open ends."""
        self.end()
        self.muted = muted

    @property
    def threshold(self) -> float:
        """The score from which a sound is a call, 0..1."""
        if self._stream is not None:
            return self._stream.hearing.rule.call_on
        return self.learned.rule(at_sensitivity(self._model.card.rule, self.sensitivity)).call_on

    def set_sensitivity(self, sensitivity: Sensitivity) -> None:
        """Judge what is heard from now on by other thresholds."""
        self.sensitivity = sensitivity
        if self._stream is not None:
            self._stream.hearing.set_sensitivity(sensitivity)

    def set_learned(self, learned: Learned) -> None:
        """Judge what is heard from now on by what the house has taught."""
        self.learned = learned
        if self._stream is not None:
            self._stream.hearing.set_learned(learned)

    def _report(self, stream: Stream, heard: Heard) -> None:
        if self.muted:
            return
        if self.pupil is not None:
            self.pupil.hear(heard.as_made)
        for event in heard.events:
            cry = self._desk.open_cry
            self._desk.take(event, stream.memory, stream.clock.monotonic, self._clock())
            if self.pupil is not None:
                self.pupil.follow(event, self._desk.open_cry or cry)

    def _note(self, stream: Stream, heard: Heard, began: float, sound_s: float) -> None:
        now = self._clock()
        share = min(1.0, sound_s / LOAD_S)
        self.load += share * ((now - began) / max(sound_s, 1e-6) - self.load)
        for hop in heard.hops:
            self.peaks.kitten = max(self.peaks.kitten, hop.kitten)
            self.peaks.puppy = max(self.peaks.puppy, hop.puppy)
        if not self.muted:
            self.minutes.judge(heard.hops, stream.hearing.rule, crying=stream.hearing.crying)
        if heard.hops:
            self.latency_s = max(0.0, now - stream.clock.monotonic(heard.hops[-1].known_s))
