"""Milks as they are mixed; the energy of each is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written, found_by
from web.journal.values import Reader, choice, id_of, ids, is_empty, line, number
from web.journal.whom import animal_of, box_of
from web.records import Animal, Formula

FIELDS: Mapping[str, Reader] = {
    "name": line(60, needed=True),
    "species": choice("kitten", "puppy"),  # made for; empty: for both
    "kcal_ml": number(0.5, 1.5, "kcal per mL"),  # what the care rules know
}


def add_formula(
    session: Session, entry: Entry, name: Any, kcal_ml: Any = None, species: Any = None
) -> Written:
    """A milk that is used here: its name, energy (kcal/mL as mixed) and whom it is made for."""
    read = _read({"name": name, "kcal_ml": kcal_ml, "species": species})
    same = _named(session, read["name"])
    record = Recorder(session, entry, "milk added")
    if same is not None and same.undone_at is None:
        raise EntryError("name", "is a milk that is known already; put that one right")
    if same is not None:
        record.set(same, **read, undone_at=None)
        row = same
    else:
        row = Formula(created_at=entry.now, by=entry.by, **read)
        record.add(row)
    record.tell("formula", row.id)
    return record.close("formula", row.id, name=row.name)


def edit_formula(
    session: Session, entry: Entry, formula_id: int, values: Mapping[str, Any]
) -> Written:
    """Put a milk right: any of `FIELDS`. The volumes of all who drink it follow."""
    row = _needed(session, formula_id)
    read = _read(values)
    same = _named(session, read.get("name", row.name))
    if same is not None and same.id != row.id:
        raise EntryError("name", "is another milk's name")
    record = Recorder(session, entry, "milk edited")
    record.set(row, **read)
    record.tell("formula", row.id)
    for animal in _drinkers(session, row.id):
        record.tell("animal", animal.id, box_of(session, animal.id))
    return record.close("formula", row.id, fields=sorted(read))


def remove_formula(session: Session, entry: Entry, formula_id: int) -> Written:
    """A milk is not used any more; feeds that were given of it keep it."""
    row = _needed(session, formula_id)
    if drinkers := _drinkers(session, row.id):
        names = ", ".join(animal.name for animal in drinkers)
        raise EntryError("formula_id", f"is still what these drink: {names}")
    record = Recorder(session, entry, "milk removed")
    record.set(row, undone_at=entry.now)
    record.tell("formula", row.id)
    return record.close("formula", row.id, name=row.name)


def choose_formula(
    session: Session, entry: Entry, animal_ids: list[int], formula_id: Any
) -> Written:
    """What they drink from now on; None: not said. Raises Doubt at milk of the other species."""
    animals = [animal_of(session, one, "animal_ids") for one in ids("animal_ids", animal_ids)]
    milk = formula_of(session, formula_id)
    record = Recorder(session, entry, "milk chosen")
    record.ask([doubt for animal in animals for doubt in doubts_of_milk(animal, milk)])
    for animal in animals:
        record.set(animal, formula_id=milk.id if milk else None)
        record.tell("animal", animal.id, box_of(session, animal.id))
    return record.close("animal", *(a.id for a in animals), milk=milk.name if milk else None)


def formula_of(session: Session, formula_id: Any) -> Formula | None:
    """The milk of that id, None when none is named. Raises EntryError."""
    return None if is_empty(formula_id) else _needed(session, formula_id, used=False)


def doubts_of_milk(animal: Animal, milk: Formula | None) -> list[Doubt]:
    """Milk that is made for the other species."""
    if milk is None or milk.species in (None, animal.species):
        return []
    return [Doubt("formula_id", f"{milk.name} is made for a {milk.species}, not for {animal.name}")]


def _needed(session: Session, formula_id: Any, *, used: bool = True) -> Formula:
    found = found_by(session, Formula, id_of(formula_id))
    if found is None or (used and found.undone_at is not None):
        raise EntryError("formula_id", "is not a milk that is known here")
    return found


def _named(session: Session, name: str) -> Formula | None:
    query = select(Formula).where(func.lower(Formula.name) == name.lower())
    return session.scalars(query.order_by(Formula.undone_at.is_not(None))).first()


def _drinkers(session: Session, formula_id: int) -> list[Animal]:
    query = select(Animal).where(Animal.formula_id == formula_id, Animal.status == "in_care")
    return list(session.scalars(query.order_by(Animal.name)))


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - set(FIELDS):
        raise EntryError(min(unknown), "is not a fact that is kept of a milk")
    return {field: FIELDS[field](field, value) for field, value in values.items()}
