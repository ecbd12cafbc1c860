"""Messages as a listener would send them, for tests of the dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.messages import (
    CryMessage,
    CryStep,
    LevelMessage,
    MinuteMessage,
    StateMessage,
    Topics,
    utc_text,
)
from web.mqtt import Arrived

NOW = datetime(2026, 11, 22, 2, 14, 7, 310000, tzinfo=UTC)
BASE = "nursery"
MODEL = "cry-1 sha256:ab12"
QUIET_MINUTE: dict[str, object] = {  # a whole minute of a room in which nothing happens
    "length_s": 60.0,
    "listened_s": 60.0,
    "level_dbfs": -62.0,
    "loud_dbfs": -58.0,
    "peak_dbfs": -45.0,
    "noise_dbfs": -64.0,
    "score": 0.05,
    "threshold": 0.5,
    "sensitivity": "normal",
}
FLAC = b"fLaC" + bytes(100)


def cry_id(number: int) -> str:
    """A cry's id that sorts by number."""
    return f"01929b1e-7c1a-7aa0-a2ef-{number:012x}"


def cry(
    number: int = 1,
    seq: int = 1,
    step: CryStep = CryStep.STARTED,
    *,
    box: str = "nest",
    onset: datetime = NOW,
    lasts_s: float = 1.0,
    **fields: Any,
) -> CryMessage:
    """One step in the life of a cry."""
    values: dict[str, Any] = {
        "schema": 1,
        "id": cry_id(number),
        "seq": seq,
        "type": step,
        "box": box,
        "onset": onset,
        "offset": onset + timedelta(seconds=lasts_s),
        "clock": "synchronised",
        "species": "kitten",
        "species_scores": {"kitten": 0.9, "puppy": 0.1},
        "score": 0.9,
        "calls": seq,
        "calls_per_minute": 30.0,
        "call_times": ((float(seq), 0.4),),
        "model": MODEL,
    }
    return CryMessage.model_validate({**values, **fields})


def life(number: int = 1, updates: int = 2, **fields: Any) -> list[CryMessage]:
    """A whole cry: started, updated, ended."""
    steps = [CryStep.STARTED, *[CryStep.UPDATED] * updates, CryStep.ENDED]
    return [
        cry(number, seq, step, lasts_s=float(seq), **fields)
        for seq, step in enumerate(steps, start=1)
    ]


def state(box: str = "nest", word: str = "listening", **fields: Any) -> StateMessage:
    """What a box does."""
    return StateMessage.model_validate(
        {"schema": 1, "box": box, "state": word, "since": NOW, **fields}
    )


def level(box: str = "nest", dbfs: float = -50.0) -> LevelMessage:
    """How loud it is at a box."""
    return LevelMessage.model_validate(
        {
            "schema": 1,
            "box": box,
            "at": NOW,
            "level_dbfs": dbfs,
            "noise_dbfs": -60.0,
            "kitten": 0.1,
            "puppy": 0.0,
        }
    )


def minute(number: int = 1, *, box: str = "nest", **fields: Any) -> MinuteMessage:
    """What a minute was like; the first begins at NOW."""
    values: dict[str, Any] = {
        "schema": 1,
        "box": box,
        "run": "0123456789abcdef",
        "number": number,
        "at": NOW + timedelta(minutes=number - 1),
        "clock": "synchronised",
        **QUIET_MINUTE,
    }
    return MinuteMessage.model_validate({**values, **fields})


def arrived(
    message: CryMessage | StateMessage | LevelMessage | MinuteMessage, **how: Any
) -> Arrived:
    """The message as the broker gives it."""
    topics = Topics(BASE, message.box)
    topic = {
        CryMessage: topics.cry,
        StateMessage: topics.state,
        LevelMessage: topics.level,
        MinuteMessage: topics.minute,
    }
    return Arrived(topic[type(message)], message.payload(), **how)


def clip(number: int = 1, box: str = "nest", flac: bytes = FLAC) -> Arrived:
    """A cry's sound as the broker gives it."""
    return Arrived(Topics(BASE, box).clip(cry_id(number)), flac)


def raw(topic: str, payload: bytes) -> Arrived:
    """Anything."""
    return Arrived(topic, payload)


def text(moment: datetime) -> str:
    """A moment as messages write it."""
    return utc_text(moment)
