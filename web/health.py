"""How the dashboard is: a list of checks, each judged by the age of its data.

No data is `unknown`, never `ok`; the whole is as well as its worst part.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import Check, CheckStatus
from web.presence import Presence, presence
from web.records import Box, BoxStatus, Heartbeat

INGEST = "ingest"  # names of its heartbeats begin with this
BEAT = timedelta(seconds=5)  # how often it shows a sign of life
LATE, GONE = 3 * BEAT, 12 * BEAT
FORGOTTEN = timedelta(days=1)  # one of several that was taken away for good

_BADNESS = (CheckStatus.OK, CheckStatus.UNKNOWN, CheckStatus.WARNING, CheckStatus.FAILED)


def overall(checks: Iterable[Check]) -> CheckStatus:
    """The worst of them; `unknown` when nothing was looked at."""
    return max((c.status for c in checks), key=_BADNESS.index, default=CheckStatus.UNKNOWN)


def checks(session: Session, now: datetime) -> list[Check]:
    """All checks; that they could be made shows that the records can be read."""
    found = [Check(name="records", status=CheckStatus.OK, message="can be read")]
    beats = [b for b in session.scalars(select(Heartbeat)) if b.name.startswith(INGEST)]
    found.append(_ingest(beats, now))
    rows = session.execute(
        select(Box, BoxStatus).join_from(Box, BoxStatus, isouter=True).order_by(Box.id)
    )
    return [*found, *(_box(box, presence(status, now)) for box, status in rows)]


def unreadable(problem: str) -> list[Check]:
    """The one check that is left when the records cannot be read."""
    return [Check(name="records", status=CheckStatus.FAILED, message=problem[:500])]


def _ingest(beats: list[Heartbeat], now: datetime) -> Check:
    """Of several, one that works is enough."""
    if not beats:
        return Check(
            name=INGEST,
            status=CheckStatus.UNKNOWN,
            message="has not run yet",
            advice="start it: nursery-monitor ingest (nursery-monitor up does)",
        )
    newest = max(beats, key=lambda beat: beat.at)
    age = now - newest.at
    if age > GONE:
        return _failed(INGEST, f"no sign of life for {age.total_seconds():.0f} s; is it running?")
    living = [beat for beat in beats if now - beat.at <= GONE]
    if not any(beat.details.get("connected") for beat in living):
        return _failed(INGEST, "is not connected to the broker")
    if age > LATE:
        return Check(
            name=INGEST,
            status=CheckStatus.WARNING,
            message=f"is late: last sign of life {age.total_seconds():.0f} s ago",
        )
    return Check(name=INGEST, status=CheckStatus.OK, message="takes what the listeners send")


def _box(box: Box, heard: Presence) -> Check:
    name = f"box {box.id}"
    words = " ".join(w for w in (heard.state, heard.reason and f"({heard.reason})") if w)
    message = f"{words}: {heard.detail}" if heard.detail else words
    if heard.hears:
        return Check(name=name, status=CheckStatus.OK, message=message[:500])
    if heard.state == "unknown" and heard.since is None:
        return Check(name=name, status=CheckStatus.UNKNOWN, message=message[:500])
    if heard.state == "muted" or heard.reason == "starting":
        return Check(name=name, status=CheckStatus.WARNING, message=message[:500])
    return _failed(name, message)


def _failed(name: str, message: str) -> Check:
    return Check(name=name, status=CheckStatus.FAILED, message=message[:500])
