"""Cursors: where a page of cries ended, as text that only we read."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

NO_CURSOR = "not a cursor; take `next` of the page before"


def cursor(onset: datetime, cry_id: str) -> str:
    """After this cry."""
    return base64.urlsafe_b64encode(f"{onset.isoformat()} {cry_id}".encode()).decode()


def place(text: str) -> tuple[datetime, str]:
    """Onset and id of the cry after which to go on. Raises ValueError."""
    try:
        onset, _, cry_id = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(onset)
        known = moment.tzinfo is not None and cry_id.isascii() and cry_id.isprintable()
        at = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the former also for bytes that are no base64, no text
        raise ValueError(NO_CURSOR) from None
    if not known or not cry_id:
        raise ValueError(NO_CURSOR)
    return at, cry_id


def check_cursor(text: str) -> str:
    """The text, if it is a cursor. Raises ValueError."""
    place(text)
    return text
