"""What was found when looking at an animal: its signs, its warmth, what came of toilet help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from web.care.signs import AMBER, RED
from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.values import Reader, choice, ids, is_empty, moment, number, whole, yes_no
from web.journal.whom import animal_of, doubts_of_time, tell_of
from web.records import Animal, Observation

RED_FLAGS = RED
CAME = ("urine", "stool", "both")


def _went(field: str, value: Any) -> bool | str:
    """That it went is worth a line, and what came if somebody saw; True is not told what."""
    if isinstance(value, str) and value in CAME:
        return value
    if yes_no(field, value) is not True:
        raise EntryError(field, "is written down when it went: urine, stool, both")
    return True


def _tried(field: str, value: Any) -> bool:
    if yes_no(field, value) is not True:
        raise EntryError(field, "is written down when nothing came")
    return True


# What can be observed, and how it is read (limits: the care rules').
FACTS: Mapping[str, Reader] = {
    "body_feel": choice("warm", "cool", "cold", "hot"),
    "body_temp_c": number(15, 45, "°C"),
    "health": choice("ok", "suspect", "ill"),
    "stool_score": whole(1, 7, ""),  # Purina's scale: 1 hard, 7 water
    "hungry_signs": yes_no,
    "toilet": _went,
    "toilet_tried": _tried,  # it was helped, and nothing came
    **dict.fromkeys((*RED, *AMBER), yes_no),
}
_CAME = choice("urine", "stool", "both", "nothing")


def observe(
    session: Session, entry: Entry, animal_id: int, fact: str, value: Any, at: Any = None
) -> Written:
    """One fact that was seen, felt or measured; `fact` is one of `FACTS`."""
    return observe_all(session, entry, animal_id, {fact: value}, at)


def observe_all(
    session: Session, entry: Entry, animal_id: int, values: Mapping[str, Any], at: Any = None
) -> Written:
    """Several facts of one look, taken back together. `id` is the first one's."""
    return observe_each(session, entry, [animal_id], values, at)


def observe_each(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    values: Mapping[str, Any],
    at: Any = None,
) -> Written:
    """The same facts of several animals, taken back together."""
    animals = [animal_of(session, one, "animal_ids") for one in ids("animal_ids", animal_ids)]
    return _observe(session, entry, [(animal, values) for animal in animals], at, "observed")


def toilet(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    came: Any = None,
    stool_score: Any = None,
    at: Any = None,
) -> Written:
    """Helped to urinate and pass stool: what came (`urine`, `stool`, `both`, `nothing`; None: not
    told), and the stool's score on Purina's scale.
    """
    word = _CAME("came", came)
    if not is_empty(stool_score) and word in ("urine", "nothing"):
        raise EntryError("stool_score", "needs a stool; say that stool came too")
    seen: dict[str, Any] = {"toilet_tried": True} if word == "nothing" else {"toilet": word or True}
    if not is_empty(stool_score):
        seen |= {"toilet": "stool" if word is None else word, "stool_score": stool_score}
    animals = [animal_of(session, one, "animal_ids") for one in ids("animal_ids", animal_ids)]
    return _observe(session, entry, [(animal, seen) for animal in animals], at, "toilet helped")


def checked(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    signs: Iterable[str] = (),
    values: Mapping[str, Any] | None = None,
    at: Any = None,
) -> Written:
    """The whole checklist was gone through: `signs` were seen, all others were looked for and not.

    `values` holds other facts of the same look (`body_temp_c`, `health`, ...).
    """
    seen = set(signs)
    if unknown := seen - {*RED, *AMBER}:
        raise EntryError("signs", f"not on the checklist: {', '.join(sorted(unknown))}")
    facts = {sign: sign in seen for sign in (*RED, *AMBER)} | dict(values or {})
    animals = [animal_of(session, one, "animal_ids") for one in ids("animal_ids", animal_ids)]
    return _observe(session, entry, [(animal, facts) for animal in animals], at, "checked")


def _observe(
    session: Session,
    entry: Entry,
    looked_at: Sequence[tuple[Animal, Mapping[str, Any]]],
    at: Any,
    action: str,
) -> Written:
    when, record = moment(entry, at), Recorder(session, entry, action)
    rows = [
        Observation(
            animal_id=animal.id, at=when, fact=fact, value=read_fact(fact, value), by=entry.by
        )
        for animal, values in looked_at
        for fact, value in values.items()
    ]
    record.ask([d for animal, _ in looked_at for d in doubts_of_time(entry, animal, when)])
    for row in rows:
        record.add(row)
    for animal, _ in looked_at:
        tell_of(record, animal)
    if not rows:
        raise EntryError("fact", "say what was seen")
    told = {row.fact: row.value for row in rows}
    animals = sorted({row.animal_id for row in rows})
    return record.close("check", *(row.id for row in rows), animals=animals, facts=told)


def read_fact(fact: str, value: Any) -> Any:
    """The value of a fact. Raises EntryError."""
    if fact not in FACTS:
        raise EntryError("fact", f"must be one of: {', '.join(FACTS)}")
    return FACTS[fact](fact, value)
