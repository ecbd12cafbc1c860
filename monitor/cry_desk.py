"""Brings each step of a cry into the outbox, with its sound and what it sounded like."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from models.speech import Speech
from monitor.blocks import Samples
from monitor.clips import LATE_S, CrySound, SoundMemory, to_flac
from monitor.cries import CryEvent
from monitor.cry_messages import CryMessages, last_words
from monitor.describing import Describer
from monitor.messages import Acoustics, CryMessage, CryStep, NoClip, Topics
from monitor.outbox import Outbox, Outgoing
from monitor.settings import ClipSettings
from monitor.worker import Job, Worker

log = logging.getLogger(__name__)

MEASURED_S = 12.0  # of a cry are measured, at most
DESCRIBED_WITHIN_S = 10.0  # what a cry sounded like is waited for (0.3 s), then it ends without
UNCHECKED = "it took too long to tell whether somebody talked"
TALLY = "cries_today"  # key in the outbox

T = TypeVar("T")
MonotonicOf = Callable[[float], float]  # a moment of the stream to the monotonic clock


@dataclass(frozen=True)
class Tally:
    """Cries of the house's day, and the newest of all."""

    day: date | None = None
    cries: int = 0
    last: datetime | None = None

    def on(self, day: date) -> int:
        """Cries of that day."""
        return self.cries if day == self.day else 0

    def with_cry(self, onset: datetime, zone: ZoneInfo) -> Tally:
        """One more."""
        day = onset.astimezone(zone).date()
        return Tally(day, self.on(day) + 1, onset)

    def to_json(self) -> str:
        """To be remembered over a restart."""
        return json.dumps(
            {
                "day": self.day.isoformat() if self.day else None,
                "cries": self.cries,
                "last": self.last.isoformat() if self.last else None,
            }
        )

    @classmethod
    def from_json(cls, text: str | None) -> Tally:
        """What was remembered; nothing where that cannot be read."""
        try:
            known = json.loads(text or "{}")
            return cls(
                date.fromisoformat(known["day"]) if known["day"] else None,
                int(known["cries"]),
                datetime.fromisoformat(known["last"]) if known["last"] else None,
            )
        except (KeyError, TypeError, ValueError):
            return cls()


@dataclass
class _OpenCry:
    """What is kept of the cry that is open, for its end."""

    sound: CrySound
    before: Tally  # to go back to, should it be taken back


@dataclass
class _Ending:
    """A cry that has ended and waits to be described."""

    event: CryEvent
    monotonic: MonotonicOf
    sound: Samples
    speech: Job[Speech | None] | None
    acoustics: Job[Acoustics | None] | None
    give_up: float  # monotonic, s

    @property
    def jobs(self) -> list[Job[Any]]:
        """What is under way."""
        return [job for job in (self.speech, self.acoustics) if job is not None]


class CryDesk:
    """Takes the events of one box's cries; what it says is on the disk before it returns."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is one of its partners
        self,
        topics: Topics,
        messages: CryMessages,
        outbox: Outbox,
        worker: Worker,
        describer: Describer,
        clips: ClipSettings,
        zone: ZoneInfo,
        told: Callable[[], None],
    ) -> None:
        """`told` is called whenever the outbox holds something new."""
        self._topics = topics
        self._messages = messages
        self._outbox = outbox
        self._worker = worker
        self._describer = describer
        self._clips = clips
        self._zone = zone
        self._told = told
        self._cry: _OpenCry | None = None
        self._ending: _Ending | None = None
        self._unchecked = False  # whether the sound of the last cry could not be checked for speech
        self.tally = Tally.from_json(outbox.recall(TALLY))

    @property
    def sound_s(self) -> float:
        """How much sound of a cry is wanted, from BEFORE_S before its onset on."""
        return self._clips.seconds if self._clips.keep else MEASURED_S

    @property
    def memory_s(self) -> float:
        """How much sound has to be remembered, so that a cry's is there when it is announced."""
        return self.sound_s + LATE_S

    @property
    def open_cry(self) -> str | None:
        """The id of the cry that is open."""
        return self._messages.open.id if self._messages.open and self._cry else None

    @property
    def speech_trouble(self) -> str | None:
        """Why no sound is kept, though it should be: speech cannot be told.

        Empty when it can, None when it was not tried yet.
        """
        trouble = self._describer.speech_trouble
        return trouble or (UNCHECKED if self._unchecked else trouble)

    def warm_up(self) -> None:
        """Have what describes a cry ready before its end; to be called once there is sound."""
        self._worker.submit(self._describer.warm_up)

    def end_what_was_left_open(self) -> None:
        """End the cry that a killed listener left open, where it was last known to be."""
        stored = self._outbox.open_cry()
        if stored is None:
            return
        last = last_words(stored)
        self._outbox.close_step([self._outgoing(last)] if last else [], None)
        if last:
            log.info("a cry that an earlier run left open has been ended")
        self._told()

    def take(
        self, event: CryEvent, memory: SoundMemory, monotonic: MonotonicOf, now: float
    ) -> None:
        """One step of a cry, with the sound of its stream."""
        self._say_ending()
        if event.step is CryStep.STARTED:
            self._cry = _OpenCry(CrySound(event.onset_s, self.sound_s), self.tally)
            self.warm_up()
        if self._cry is None:
            return
        self._cry.sound.add((call.onset_s, call.offset_s) for call in event.new_calls)
        if event.step in (CryStep.STARTED, CryStep.UPDATED):
            message = self._messages.write(event, monotonic)
            if event.step is CryStep.STARTED:
                self.tally = self.tally.with_cry(message.onset, self._zone)
            self._close_step([self._outgoing(message)], message.payload())
            return
        cry, self._cry = self._cry, None
        if event.step is CryStep.RETRACTED:
            self.tally = cry.before
            self._close_step([self._outgoing(self._messages.write(event, monotonic))], None)
            return
        sound, calls = cry.sound.end(memory, event.offset_s)
        speech = None
        if self._clips.keep and len(sound):  # first, for without it no sound is kept
            speech = self._worker.submit(lambda: self._describer.speech(sound))
        acoustics = self._worker.submit(lambda: self._describer.describe(sound, calls))
        give_up = now + DESCRIBED_WITHIN_S
        self._ending = _Ending(event, monotonic, sound, speech, acoustics, give_up)

    def turn(self, memory: SoundMemory | None, now: float) -> None:
        """Do what has become due: keep the open cry's sound, say a cry's end."""
        if self._cry and memory:
            self._cry.sound.keep(memory)
        ending = self._ending
        if ending and (now >= ending.give_up or all(job.done for job in ending.jobs)):
            self._say_ending()

    def finish(self, patience_s: float) -> None:
        """Say what has not been said yet; wait so long for what the cry sounded like."""
        if self._ending and self._ending.jobs:
            self._ending.jobs[-1].wait(patience_s)  # they are done one after the other
        self._say_ending()

    def put_right(self) -> None:
        """The clock is set now: tell the real times of cries that ended before."""
        messages = self._messages.put_right()
        if messages:
            log.info("the clock is set now: times of %d cries are put right", len(messages))
            self._say([self._outgoing(message) for message in messages])

    def _say_ending(self) -> None:
        ending, self._ending = self._ending, None
        if ending is None:
            return
        no_clip = self._why_no_clip(ending)
        clip = self._clips.keep and len(ending.sound) > 0 and no_clip is None
        message = self._messages.write(
            ending.event,
            ending.monotonic,
            acoustics=_result(ending.acoustics),
            clip=clip,
            no_clip=no_clip,
        )
        outgoing = [self._outgoing(message)]
        if clip:
            outgoing.append(Outgoing(self._topics.clip(message.id), to_flac(ending.sound)))
        self._close_step(outgoing, None)

    def _why_no_clip(self, ending: _Ending) -> NoClip | None:
        """Keep no sound in which somebody talks, nor one of which that is not known."""
        if not self._clips.keep or not len(ending.sound):
            return None
        speech = _result(ending.speech)
        if speech is None:
            self._unchecked = True
            log.warning("the sound of a cry is not kept: %s", self.speech_trouble)
            return NoClip.UNCHECKED
        self._unchecked = False
        if not speech.found:
            return None
        log.info("the sound of a cry is not kept: somebody talked (at %.1f s of it)", speech.at_s)
        return NoClip.SPEECH

    def _outgoing(self, message: CryMessage) -> Outgoing:
        return Outgoing(self._topics.cry, message.payload())

    def _say(self, outgoing: list[Outgoing]) -> None:
        self._outbox.close_step(outgoing, self._outbox.open_cry())
        self._told()

    def _close_step(self, outgoing: list[Outgoing], open_cry: bytes | None) -> None:
        self._outbox.close_step(outgoing, open_cry, {TALLY: self.tally.to_json()})
        self._told()


def _result(job: Job[T | None] | None) -> T | None:
    """What came of it so far."""
    return job.result if job is not None and job.done else None
