"""Cursors: where a page of cries ended, as text that only we read."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime


def cursor(onset: datetime, cry_id: str) -> str:
    """After this cry."""
    return base64.urlsafe_b64encode(f"{onset.isoformat()} {cry_id}".encode()).decode()


def place(text: str) -> tuple[datetime, str]:
    """Onset and id of the cry after which to go on. Raises ValueError."""
    try:
        onset, _, cry_id = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(onset)
    except (ValueError, binascii.Error):
        raise ValueError("not a cursor; take `next` of the page before") from None
    if moment.tzinfo is None or not cry_id or "\x00" in cry_id:
        raise ValueError("not a cursor; take `next` of the page before")
    return moment, cry_id


def check_cursor(text: str) -> str:
    """The text, if it is a cursor. Raises ValueError."""
    place(text)
    return text
