"""What a carer says of a box."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from web import changes, learning
from web.journal.entry import Entry, EntryError, Recorder, Written, found_by
from web.journal.values import choice, line, number, yes_no
from web.records import Audit, Box

_TEMP = number(0, 60, "°C")
_NAME = line(60)
SENSITIVITIES = ("low", "normal", "high")
_SENSITIVITY = choice(*SENSITIVITIES, unknown=False)


class NotSaid:
    """Stands for a fact that was not given; None would mean "not known"."""


NOT_SAID = NotSaid()


def box_facts(
    session: Session,
    entry: Entry,
    box_id: str,
    *,
    temp_c: Any = NOT_SAID,
    spread: Any = NOT_SAID,
    comfort: Any = NOT_SAID,
    carer_can_watch: Any = NOT_SAID,
    name: Any = NOT_SAID,
) -> Written:
    """Facts of a box: nest temperature (C, warm side), whether the babies lie spread out, whether
    warmth with room to move away and a heartbeat toy or blanket are in place, whether someone can
    stay with a trial; and its name. Only those given are changed.
    """
    box = found_by(session, Box, box_id)
    if box is None:
        raise EntryError("box_id", "is not a box that is known here")
    values: dict[str, Any] = {}
    if temp_c is not NOT_SAID:
        values |= {"temp_c": _TEMP("temp_c", temp_c), "temp_at": entry.now}
    if spread is not NOT_SAID:
        values |= {"spread": yes_no("spread", spread), "spread_at": entry.now}
    if comfort is not NOT_SAID:
        values["comfort"] = yes_no("comfort", comfort)
    if carer_can_watch is not NOT_SAID:
        word = yes_no("carer_can_watch", carer_can_watch)
        values |= {"carer_can_watch": word, "carer_can_watch_at": entry.now}
    if name is not NOT_SAID:
        values["name"] = _NAME("name", name)
    record = Recorder(session, entry, "box edited")
    record.set(box, **values)
    record.tell("box", box.id, box.id)
    return record.close("box", box.id, **values)


def set_sensitivity(session: Session, entry: Entry, box_id: str, value: Any) -> Written:
    """How easily something counts as a cry at a box, from when its listener has been told.

    Nothing takes it back, as the listener may have been told by then: it is set again.
    """
    box = found_by(session, Box, box_id)
    if box is None:
        raise EntryError("box_id", "is not a box that is known here")
    word = _SENSITIVITY("sensitivity", value)
    learning.wish(session, box.id, "sensitivity", word, entry.now, entry.by)
    audit = Audit(at=entry.now, by=entry.by, action=f"sensitivity {word}", subject=box.id)
    session.add(audit)
    changes.append(session, entry.now, "box", box.id, box.id)
    session.flush()
    return Written(undo_id=audit.id, id=box.id)
