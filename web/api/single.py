"""One record of its own, by its number: what the lists give, singly."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Response
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from web.api.access import blueprint, database
from web.api.animals import StayItem
from web.api.company import CompanyItem
from web.api.keeping import FormulaItem, NoteItem, ReminderItem
from web.api.paging import CARE, NURSERY, IdPath, json, same
from web.api.problems import described, problem
from web.api.tending import CheckItem, FeedItem, WeightItem
from web.records import (
    Base,
    Companionship,
    Feed,
    Formula,
    Note,
    Observation,
    Reminder,
    Stay,
    Weight,
)


class Single(NamedTuple):
    """What a path gives."""

    path: str
    name: str
    table: type[Base]
    shape: type[BaseModel]
    tag: Tag = CARE


SINGLES = (
    Single("feeds", "feed", Feed, FeedItem),
    Single("weights", "weight", Weight, WeightItem),
    Single("checks", "check", Observation, CheckItem),
    Single("notes", "note", Note, NoteItem),
    Single("reminders", "reminder", Reminder, ReminderItem),
    Single("formulas", "formula", Formula, FormulaItem),
    Single("companionships", "companionship", Companionship, CompanyItem),
    Single("stays", "stay", Stay, StayItem, NURSERY),
)


def _of(one: Single) -> Callable[..., Response]:
    def view(path: IdPath) -> Response:
        """Also when it was taken back: then `undone_at` tells when."""
        with database().reading() as session:
            row = session.get(one.table, path.id)
            if row is None:
                return problem(404, f"there is no such {one.name}")
            return json(one.shape(**same(one.shape, row)))

    view.__name__ = f"one_{one.name}"
    return view


for _one in SINGLES:
    blueprint.get(
        f"/api/v1/{_one.path}/<int:id>",
        tags=[_one.tag],
        summary=f"One {_one.name}",
        responses={"200": _one.shape, **described(404)},
    )(_of(_one))
