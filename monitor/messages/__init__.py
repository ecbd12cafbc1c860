"""The message contract: every topic and payload that crosses the broker.

A promise to others (Home Assistant, other listeners, other dashboards): change it only by adding.
Payloads are JSON objects in UTF-8 of at most `MAX_PAYLOAD_BYTES`; a reader ignores keys that it
does not know. Frozen copies of the JSON Schemas stand in `monitor/schemas/` and are held to this
package by a test. Nothing else of the project is imported here; everybody imports from here, not
from the modules within.
"""

from __future__ import annotations

from typing import Any, Literal

from monitor.messages.base import (
    ANIMAL_PATTERN,
    BOX_PATTERN,
    CRY_PATTERN,
    EARLIEST,
    LATEST,
    MAX_CALLS_A_MESSAGE,
    MAX_CLIP_BYTES,
    MAX_PAYLOAD_BYTES,
    NO_BOX,
    RUN_PATTERN,
    SCHEMA_VERSION,
    UPDATE_INTERVAL_S,
    Amount,
    AnimalId,
    BoxId,
    Count,
    CryId,
    Decibels,
    Message,
    Moment,
    Seconds,
    Share,
    Whole,
    utc_text,
)
from monitor.messages.dashboard import (
    AnimalCareMessage,
    AnimalCommand,
    Companion,
    FeedState,
    SuggestionItem,
    SuggestionMessage,
)
from monitor.messages.listener import (
    Acoustics,
    Answer,
    Arousal,
    BoxState,
    CallSound,
    Check,
    CheckStatus,
    ClockState,
    Command,
    CryMessage,
    CryStep,
    DeafReason,
    HealthMessage,
    LearnedVersion,
    LearningMessage,
    LevelMessage,
    MinuteMessage,
    NoClip,
    Species,
    SpeciesScores,
    StateMessage,
    Tolerance,
)
from monitor.messages.topics import (
    ANIMAL_COMMANDS,
    COMMANDS,
    OFFLINE,
    ONLINE,
    AnimalTopics,
    Topics,
    is_clip_topic,
    is_spare_topic,
)

__all__ = [
    "ANIMAL_COMMANDS",
    "ANIMAL_PATTERN",
    "BOX_PATTERN",
    "COMMANDS",
    "CRY_PATTERN",
    "EARLIEST",
    "LATEST",
    "MAX_CALLS_A_MESSAGE",
    "MAX_CLIP_BYTES",
    "MAX_PAYLOAD_BYTES",
    "NO_BOX",
    "OFFLINE",
    "ONLINE",
    "RUN_PATTERN",
    "SCHEMAS",
    "SCHEMA_VERSION",
    "UPDATE_INTERVAL_S",
    "Acoustics",
    "Amount",
    "AnimalCareMessage",
    "AnimalCommand",
    "AnimalId",
    "AnimalTopics",
    "Answer",
    "Arousal",
    "BoxId",
    "BoxState",
    "CallSound",
    "Check",
    "CheckStatus",
    "ClockState",
    "Command",
    "Companion",
    "Count",
    "CryId",
    "CryMessage",
    "CryStep",
    "DeafReason",
    "Decibels",
    "FeedState",
    "HealthMessage",
    "LearnedVersion",
    "LearningMessage",
    "LevelMessage",
    "Message",
    "MinuteMessage",
    "Moment",
    "NoClip",
    "Seconds",
    "Share",
    "Species",
    "SpeciesScores",
    "StateMessage",
    "SuggestionItem",
    "SuggestionMessage",
    "Tolerance",
    "Topics",
    "Whole",
    "is_clip_topic",
    "is_spare_topic",
    "json_schema",
    "utc_text",
]

# The payload of each topic, by its last word (below `<base>/<box>/`, and below
# `<base>/animal/<id>/` with `animal_` before it); clip and availability are not JSON, and the
# answers about animals are `answer` like those about boxes.
SCHEMAS: dict[str, type[Message]] = {
    "cry": CryMessage,
    "state": StateMessage,
    "level": LevelMessage,
    "minute": MinuteMessage,
    "health": HealthMessage,
    "suggestion": SuggestionMessage,
    "learning": LearningMessage,
    "set": Command,
    "answer": Answer,
    "animal_care": AnimalCareMessage,
    "animal_set": AnimalCommand,
}
_TO_US = ("set", "animal_set")


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the payload called `name` in `SCHEMAS`.

    Of what others send to us it says what they must write, else what we always write.
    """
    mode: Literal["validation", "serialization"] = (
        "validation" if name in _TO_US else "serialization"
    )
    schema = SCHEMAS[name].model_json_schema(by_alias=True, mode=mode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
