"""What is forgotten, and when: sound by age and by size, minutes, changes and keys of commands by
age.

Cries, calls and what carers wrote are kept for good. Each run does a bounded piece of work, so
that nobody waits for it; what is left is done by the next one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from monitor.settings import ClipSettings
from web import changes, minutes
from web.health import FORGOTTEN
from web.journal.commands import forget as forget_keys
from web.records import Clip, Cry, Heartbeat

EVERY_S = 600.0
CLIPS_A_RUN, CHANGES_A_RUN, KEYS_A_RUN = 500, 50_000, 5_000
MB = 1_000_000


def run(session: Session, clips: ClipSettings, now: datetime) -> dict[str, int]:
    """Forget what is due; how many of each."""
    gone = delete(Heartbeat).where(Heartbeat.at < now - FORGOTTEN)
    session.execute(gone)
    return {
        "minutes": minutes.forget(session, now),
        "clips": forget_clips(session, clips, now),
        "changes": changes.prune(session, now, CHANGES_A_RUN),
        "commands": forget_keys(session, now, KEYS_A_RUN),
    }


def forget_clips(session: Session, clips: ClipSettings, now: datetime) -> int:
    """Sound that is too old, then the oldest until the rest fits; at most a run's share.

    What came in while this computer's clock was not set is as old as its cry, whose time its
    listener has put right.
    """
    held = session.scalar(select(func.sum(Clip.size_bytes))) or 0
    oldest = now - timedelta(days=clips.days)
    rows = session.execute(
        select(Clip.cry_id, Clip.box_id, Clip.size_bytes, Clip.received_at, Cry.onset)
        .outerjoin(Cry, Cry.id == Clip.cry_id)
        .order_by(Clip.received_at, Clip.cry_id)
        .limit(CLIPS_A_RUN)
    ).all()
    due = []
    for cry_id, box_id, size, received_at, onset in rows:
        if held <= clips.max_mb * MB:
            if received_at >= oldest:
                break
            if onset is not None and onset >= oldest:
                continue
        held -= size
        due.append(cry_id)
        changes.append(session, now, "cry", cry_id, box_id)
    if due:
        session.execute(delete(Clip).where(Clip.cry_id.in_(due)))
    return len(due)
