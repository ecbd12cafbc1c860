"""Messages that could not be taken: kept with their reason, for people to see; bounded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from web import changes
from web.mqtt import Arrived
from web.records import QuarantinedMessage

KEPT = 1000  # the newest ones
KEPT_BYTES = 1024  # of each payload
LONGEST_TOPIC = 300  # characters; a topic may have 65,535 bytes


def put(session: Session, refused: Iterable[tuple[Arrived, str]], now: datetime) -> None:
    """Keep messages with their reasons, forget the oldest, tell live pages once."""
    rows = [
        QuarantinedMessage(
            topic=message.topic[:LONGEST_TOPIC].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
            payload=message.payload[:KEPT_BYTES],
            size_bytes=len(message.payload),
            reason=reason,
            received_at=now,
        )
        for message, reason in refused
    ]
    if rows:
        session.add_all(rows)
        session.flush()
        newest = max(row.id for row in rows)
        session.execute(delete(QuarantinedMessage).where(QuarantinedMessage.id <= newest - KEPT))
        changes.append(session, now, "quarantine", newest)
