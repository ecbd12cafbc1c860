"""What stopped the cries of the last weeks, as carers told it; only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from web.care.stopping import STAYS_QUIET, Told
from web.journal.cries import STOPPED_BY
from web.known import PAUSE
from web.records import Cry, Suggestion

LOOKED_BACK = timedelta(days=30)
MOST = 200  # cries that were told of, the newest
OVER = ("ended", "lost")
LONGEST = timedelta(hours=3)  # one bout of crying is not followed further


@dataclass(frozen=True)
class Stopped:
    """What was told, and of how many cries nothing was."""

    told: list[Told]
    cries: int


@dataclass(frozen=True)
class Silence:
    """How the crying that a cry is part of came to its end."""

    began: datetime
    fell: datetime
    stayed_quiet: bool | None  # for a quarter of an hour; None: that is not over

    @property
    def after_s(self) -> float:
        """From its begin to silence."""
        return max(0.0, (self.fell - self.began).total_seconds())


def stopped(session: Session, now: datetime) -> Stopped:
    """Of the last weeks."""
    since = now - LOOKED_BACK
    heard = (Cry.onset >= since, Cry.state.in_(OVER))
    rows = session.execute(
        _with_neighbours()
        .where(Cry.stopped_by.in_(STOPPED_BY), *heard)
        .order_by(Cry.onset.desc())
        .limit(MOST)
    ).all()
    first = _first_suggestions(session, [row.id for row in rows])
    told = []
    for row in rows:
        end = _silence(session, row, now)
        told.append(Told(row.stopped_by, end.after_s / 60, end.stayed_quiet, first.get(row.id)))
    count = session.scalar(select(func.count()).select_from(Cry).where(*heard))
    return Stopped(told, count or 0)


def silence_after(session: Session, cry: Cry, now: datetime) -> Silence | None:
    """How a cry ended; None while it goes on, and where it was none."""
    if cry.state not in OVER:
        return None
    return _silence(session, session.execute(_with_neighbours().where(Cry.id == cry.id)).one(), now)


def _with_neighbours() -> Any:
    """Cries, each with the end of the one before it in its box and the begin of the next."""
    columns = (Cry.id, Cry.box_id, Cry.onset, Cry.offset, Cry.stopped_by)
    return select(*columns, _neighbour(before=True), _neighbour(before=False))


def _neighbour(*, before: bool) -> ScalarSelect[datetime | None]:
    """When the cry before it in its box ended, or the one after it began."""
    other = aliased(Cry)
    found = (
        select(other.offset if before else other.onset)
        .where(other.box_id == Cry.box_id, other.state != "retracted")
        .where(other.onset < Cry.onset if before else other.onset > Cry.onset)
        .order_by(other.onset.desc() if before else other.onset)
        .limit(1)
        .correlate(Cry)
    )
    return found.scalar_subquery().label("before" if before else "after")  # type: ignore[return-value]


def _silence(session: Session, row: Any, now: datetime) -> Silence:
    onset, offset, after = row.onset, row.offset, row.after
    begins_earlier = row.before is not None and onset - row.before < PAUSE
    goes_on = after is not None and after - offset < PAUSE
    if begins_earlier or goes_on:
        onset, offset, after = _bout(session, row.box_id, onset, offset)
    quiet = None
    if after is not None and after - offset < STAYS_QUIET:
        quiet = False
    elif now - offset >= STAYS_QUIET:
        quiet = True
    return Silence(onset, offset, quiet)


def _bout(
    session: Session, box_id: str, onset: datetime, offset: datetime
) -> tuple[datetime, datetime, datetime | None]:
    """Begin and end of the crying that a cry is part of, and when the next one began."""
    rows = session.execute(
        select(Cry.onset, Cry.offset)
        .where(Cry.box_id == box_id, Cry.state != "retracted")
        .where(Cry.onset >= onset - LONGEST, Cry.onset <= offset + LONGEST)
        .order_by(Cry.onset)
    ).all()
    for begin, end in reversed([row for row in rows if row[0] < onset]):
        if onset - end >= PAUSE:
            break
        onset = begin
    for begin, end in rows:
        if begin - offset >= PAUSE:
            return onset, offset, begin
        offset = max(offset, end) if begin > onset else offset
    return onset, offset, None


def _first_suggestions(session: Session, cry_ids: Sequence[str]) -> dict[str, str]:
    """Cry -> the code that stood first at last."""
    rows = session.execute(
        select(Suggestion.cry_id, Suggestion.code)
        .where(Suggestion.cry_id.in_(cry_ids), Suggestion.rank == 1)
        .order_by(Suggestion.shown_at, Suggestion.id)
    )
    return {cry_id: code for cry_id, code in rows if cry_id is not None}
