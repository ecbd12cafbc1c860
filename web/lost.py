"""Cries whose listener went away: shown as lost sight of, not as crying for ever.

Driven by time, not by the next message. If the listener comes back and goes on telling of the cry,
that word counts again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import BoxState
from web import changes
from web.records import BoxStatus, Cry

SILENT = timedelta(seconds=30)  # an open cry is told of every few seconds
LONG_SILENT = timedelta(minutes=10)  # then nothing else matters


def lost_sight_of(status: BoxStatus | None, silent_for: timedelta, now: datetime) -> bool:
    """Whether a cry that nobody has told of for so long is one that nobody hears any more."""
    if silent_for < SILENT:
        return False
    if silent_for >= LONG_SILENT or status is None or status.available is False:
        return True
    if status.heard_at is None or now - status.heard_at >= SILENT:
        return True
    # It lives, and has forgotten the cry: it was started anew.
    return status.state is not None and status.state != BoxState.CRYING


def any_silent(session: Session, now: datetime) -> bool:
    """Whether there is anything to judge."""
    stale = select(Cry.id).where(Cry.state == "open", Cry.updated_at <= now - SILENT)
    return session.scalars(stale.limit(1)).first() is not None


def mark(session: Session, now: datetime) -> list[str]:
    """Mark the cries that were lost sight of; their ids."""
    stale = select(Cry).where(Cry.state == "open", Cry.updated_at <= now - SILENT)
    lost = []
    for cry in session.scalars(stale.order_by(Cry.id)):
        status = session.get(BoxStatus, cry.box_id)
        if lost_sight_of(status, now - cry.updated_at, now):
            cry.state = "lost"
            changes.append(session, now, "cry", cry.id, cry.box_id)
            lost.append(cry.id)
    return lost
