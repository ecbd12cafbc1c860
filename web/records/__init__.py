"""The records that are kept: tables, and nothing that acts on them.

Times are UTC, amounts in mL, g and degrees Celsius. `null` means unknown. Every table that a page
shows is followed by `Change`, the append-only feed that is written in the transaction of the
change (see `web/changes.py`).
"""

from web.records.base import (
    Base,
    UtcDateTime,
)
from web.records.care import (
    Animal,
    Box,
    Companionship,
    Feed,
    Formula,
    Note,
    Observation,
    Photo,
    Proof,
    Reminder,
    Stay,
    Suggestion,
    Weight,
)
from web.records.hearing import (
    BoxLearning,
    BoxStatus,
    Call,
    Clip,
    Cry,
    CryMessageLog,
    Minute,
    Review,
    Wish,
)
from web.records.house import (
    Audit,
    Carer,
    Change,
    Heartbeat,
    Once,
    QuarantinedMessage,
    Token,
)

__all__ = [
    "Animal",
    "Audit",
    "Base",
    "Box",
    "BoxLearning",
    "BoxStatus",
    "Call",
    "Carer",
    "Change",
    "Clip",
    "Companionship",
    "Cry",
    "CryMessageLog",
    "Feed",
    "Formula",
    "Heartbeat",
    "Minute",
    "Note",
    "Observation",
    "Once",
    "Photo",
    "Proof",
    "QuarantinedMessage",
    "Reminder",
    "Review",
    "Stay",
    "Suggestion",
    "Token",
    "UtcDateTime",
    "Weight",
    "Wish",
]
