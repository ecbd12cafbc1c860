"""Messages that could not be taken: kept with their reason, for people to see; bounded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from web import changes
from web.mqtt import Arrived
from web.records import QuarantinedMessage

KEPT = 1000  # the newest ones
KEPT_BYTES = 1024  # of each payload
LONGEST_TOPIC = 300  # characters; a topic may have 65,535 bytes


def put(session: Session, message: Arrived, reason: str, now: datetime) -> None:
    """Keep it, forget the oldest."""
    row = QuarantinedMessage(
        topic=message.topic[:LONGEST_TOPIC].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        payload=message.payload[:KEPT_BYTES],
        size_bytes=len(message.payload),
        reason=reason,
        received_at=now,
    )
    session.add(row)
    session.flush()
    changes.append(session, now, "quarantine", row.id)


def prune(session: Session) -> int:
    """Forget all but the newest; how many were forgotten."""
    newest = session.scalar(select(func.max(QuarantinedMessage.id))) or 0
    old = select(QuarantinedMessage.id).where(QuarantinedMessage.id <= newest - KEPT)
    ids = session.scalars(old).all()
    if ids:
        session.execute(delete(QuarantinedMessage).where(QuarantinedMessage.id <= newest - KEPT))
    return len(ids)
