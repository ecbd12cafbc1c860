"""The minutes of each box in the records: written once, read by night, forgotten in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from monitor.messages import ClockState, MinuteMessage
from web.records import Minute
from web.silence import Heard

# A litter is weaned after some six weeks: its nights can be compared until then. 16 MB a box.
KEPT = timedelta(days=42)
FORGOTTEN_A_RUN = 20_000  # the rest is forgotten by the next run, ten minutes later
LONGEST = timedelta(hours=1)  # a minute never is; so much earlier begins what reaches into a time
USUAL = timedelta(minutes=1)


def keep(session: Session, said: MinuteMessage) -> bool:
    """Write a minute down; False where it is known already.

    A minute told again after its listener's clock was set takes the place of the first.
    """
    known = session.get(Minute, (said.box, said.run, said.number))
    if known is not None:
        better = said.clock is ClockState.SYNCHRONISED and known.clock != said.clock
        if better:
            known.at, known.clock = said.at, said.clock
        return better
    names = type(said).model_fields.keys() - {"schema_version", "box"}
    session.add(Minute(box_id=said.box, **{name: getattr(said, name) for name in names}))
    session.flush()  # the same one may come again in this batch
    return True


def between(
    session: Session, box_ids: Iterable[str], begin: datetime, end: datetime
) -> dict[str, list[Heard]]:
    """The minutes of each of these boxes that reach into a time, in order."""
    _, _, *more = Heard._fields  # but for its begin and end
    rows = session.execute(
        select(Minute.box_id, Minute.at, *(getattr(Minute, name) for name in more))
        .where(Minute.box_id.in_(list(box_ids)), Minute.at > begin - LONGEST, Minute.at < end)
        .where(or_(Minute.at > begin - USUAL, Minute.length_s > USUAL.total_seconds()))
        .order_by(Minute.box_id, Minute.at)
    )
    found: dict[str, list[Heard]] = {}
    for box_id, at, length_s, *rest in rows:
        minute = Heard(at, at + timedelta(seconds=length_s), length_s, *rest)
        if minute.end > begin:
            found.setdefault(box_id, []).append(minute)
    return found


def forget(session: Session, now: datetime) -> int:
    """Minutes past their time, a run's share; how many."""
    old = select(Minute.at).where(Minute.at < now - KEPT).order_by(Minute.at)
    until = session.scalars(old.limit(1).offset(FORGOTTEN_A_RUN)).first()
    due = delete(Minute).where(Minute.at < (until or now - KEPT))
    return int(session.execute(due).rowcount)  # type: ignore[attr-defined]  # of a cursor
