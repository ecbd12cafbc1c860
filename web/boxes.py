"""Boxes as the records know them: made when first named, by the settings or by a message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.settings import Settings
from web import changes
from web.records import Box, BoxStatus

MOST = 500  # garbage must not fill the page with boxes


class TooManyBoxesError(Exception):
    """There are as many boxes as the records take."""


def box_of(session: Session, box_id: str, now: datetime, *, demo: bool = False) -> Box:
    """The box of that id, made if it is new. Raises TooManyBoxesError."""
    box = session.get(Box, box_id)
    if box is not None:
        return box
    if (session.scalar(select(func.count()).select_from(Box)) or 0) >= MOST:
        raise TooManyBoxesError
    box = Box(id=box_id, created_at=now, demo=demo)
    session.add(box)
    session.flush()
    changes.append(session, now, "box", box_id, box_id)
    return box


def status_of(session: Session, box: Box) -> BoxStatus:
    """The newest word from the box's listener, made if there was none."""
    status = session.get(BoxStatus, box.id)
    if status is None:
        status = BoxStatus(box_id=box.id, demo=box.demo)
        session.add(status)
        session.flush()
    return status


def configured(session: Session, settings: Settings, now: datetime) -> None:
    """Let the boxes of the settings exist before their first word, under their names."""
    for named in settings.box:
        box = box_of(session, named.id, now)
        if named.name and not box.name:
            box.name = named.name
            changes.append(session, now, "box", box.id, box.id)
