"""Is a box heard right now? Never the last good word as if it were now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from web.records import BoxStatus

STALE = timedelta(seconds=15)  # a listener says something each second; later, nobody knows


@dataclass(frozen=True)
class Presence:
    """What is known of a listener at this moment.

    `state` is one of the listener's own (`listening`, `crying`, `deaf`, `muted`), or `offline`
    (the broker says that it went away), or `unknown` (never heard, or not lately).
    """

    state: str
    reason: str | None = None
    detail: str | None = None
    since: datetime | None = None

    @property
    def hears(self) -> bool:
        """Whether a cry would be noticed."""
        return self.state in ("listening", "crying")


def presence(status: BoxStatus | None, now: datetime) -> Presence:
    """Judge the newest word from a box by its age."""
    if status is None or status.heard_at is None:
        return Presence("unknown", detail="nothing has been heard from this box's listener yet")
    if status.available is False:
        detail = "the listener is not connected"
        return Presence("offline", detail=detail, since=status.available_at)
    if now - status.heard_at > STALE or status.state is None:
        detail = "no word from the listener lately"
        return Presence("unknown", detail=detail, since=status.heard_at)
    return Presence(status.state, status.reason, status.detail, status.state_since)
