"""From the events of one stream to the messages of a box: names, times of day, numbering. Pure."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError
from uuid6 import uuid7

from monitor.arousal import judge
from monitor.clock import WallClock
from monitor.cries import CryEvent
from monitor.messages import (
    MAX_CALLS_A_MESSAGE,
    Acoustics,
    CryMessage,
    CryStep,
    NoClip,
    SpeciesScores,
)

log = logging.getLogger(__name__)

UNSETTLED_CRIES = 500  # ended before the clock was set, whose times can still be put right


@dataclass(frozen=True)
class _Told:
    """A cry that was told of, and when it was by the monotonic clock."""

    onset: float  # monotonic, s
    decided: float  # monotonic, s
    message: CryMessage


class CryMessages:
    """Writes the messages of one box's cries; each cry gets its name with its first message."""

    def __init__(self, box: str, model: str, wall: WallClock, *, demo: bool = False) -> None:
        self._box = box
        self._model = model
        self._wall = wall
        self._demo = demo
        self._open: _Told | None = None
        self._unsettled: deque[_Told] = deque(maxlen=UNSETTLED_CRIES)

    @property
    def open(self) -> CryMessage | None:
        """The last message of the cry that is open."""
        return self._open.message if self._open else None

    def write(
        self,
        event: CryEvent,
        monotonic: Callable[[float], float],
        *,
        acoustics: Acoustics | None = None,
        clip: bool = False,
        no_clip: NoClip | None = None,
    ) -> CryMessage:
        """The message of an event; `monotonic` tells when a moment of its stream was."""
        decided, judged = monotonic(event.decided_s), judge(event, acoustics)
        if self._open is None or event.step is CryStep.STARTED:
            cry, seq, onset = str(uuid7()), 1, monotonic(event.onset_s)
        else:  # the onset stays where it was told, though the sound card's clock is known better
            cry, seq, onset = self._open.message.id, self._open.message.seq + 1, self._open.onset
        length_s = max(0.0, event.offset_s - event.onset_s)
        message = CryMessage(
            id=cry,
            seq=seq,
            type=event.step,
            box=self._box,
            onset=self._wall.at(onset),
            offset=self._wall.at(onset) + timedelta(seconds=length_s),
            decided=self._wall.at(decided),
            clock=self._wall.state,
            species=event.species,
            species_scores=SpeciesScores(
                kitten=round(event.kitten, 4), puppy=round(event.puppy, 4)
            ),
            score=round(event.score, 4),
            calls=event.calls,
            calls_per_minute=round(event.calls_per_minute, 1),
            call_times=tuple(
                (round(max(0.0, call.onset_s - event.onset_s), 3), round(call.length_s, 3))
                for call in event.new_calls[-MAX_CALLS_A_MESSAGE:]
            ),
            arousal=judged.arousal,
            arousal_evidence=judged.evidence,
            acoustics=acoustics,
            clip=clip,
            no_clip=no_clip,
            model=self._model,
            demo=self._demo,
            reason=event.reason,
        )
        told = _Told(onset, decided, message)
        if event.step in (CryStep.STARTED, CryStep.UPDATED):
            self._open = told
        else:
            self._open = None
            if not self._wall.synchronised:
                self._unsettled.append(told)
        return message

    def put_right(self) -> list[CryMessage]:
        """Last messages of the cries that ended before the clock was set, with their real times.

        To be called once the clock is known; an open cry is put right by its next message.
        """
        messages = [self._settled(told) for told in self._unsettled]
        self._unsettled.clear()
        return messages

    def _settled(self, told: _Told) -> CryMessage:
        old = told.message
        onset = self._wall.at(told.onset)
        return old.model_copy(
            update={
                "seq": old.seq + 1,
                "onset": onset,
                "offset": onset + (old.offset - old.onset),
                "decided": self._wall.at(told.decided),
                "clock": self._wall.state,
                "call_times": (),
            }
        )


def last_words(stored: bytes) -> CryMessage | None:
    """The end of a cry that a killed listener left open, from its last message.

    None where what was stored cannot be read; it is told in the log.
    """
    try:
        last = CryMessage.model_validate_json(stored)
    except ValidationError:
        log.warning("an open cry was left behind, but what is known of it cannot be read")
        return None
    return last.model_copy(
        update={
            "seq": last.seq + 1,
            "type": CryStep.ENDED,
            "call_times": (),
            "clip": False,
            "reason": "the listener was stopped while the cry was open",
        }
    )
