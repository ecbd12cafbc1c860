"""Boxes: whether they are heard, what the nest is like, and what may help there."""

from __future__ import annotations

from collections.abc import Mapping
from json import loads
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from monitor.messages import Amount, Moment
from web import journal
from web.api.access import blueprint, database, now
from web.api.animals import living
from web.api.minutes import BoxPath
from web.api.paging import NURSERY, json, same
from web.api.problems import described, problem
from web.api.shapes import BoxItem, BoxPage
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.presence import presence
from web.records import Box, BoxStatus, Cry
from web.sensitivity import in_force, newest_minute


class BoxBody(Body):
    """What a carer says of a box; only what is told is changed."""

    name: str | None = None
    temp_c: Amount | None = Field(default=None, description="of the nest, on its warm side")
    spread: bool | None = Field(default=None, description="the babies lie apart from each other")
    comfort: bool | None = Field(
        default=None, description="warmth with room to move away, and a heartbeat toy or blanket"
    )
    carer_can_watch: bool | None = Field(
        default=None, description="somebody can stay for the first half hour of a trial"
    )


class AskedItem(BaseModel):
    """A sensitivity that was asked for, and what the box's listener said to it."""

    sensitivity: str
    at: Moment
    by: str | None
    answered_at: Moment | None = Field(description="null: the listener was not reached yet")
    ok: bool | None
    answer: str | None


class SensitivityItem(BaseModel):
    """How easily something counts as a cry at a box."""

    box_id: str
    sensitivity: str | None = Field(description="low, normal, high; null: its listener never told")
    asked: AskedItem | None = Field(description="since its listener told last")


class SensitivityBody(Body):
    """How easily something is to count as a cry."""

    sensitivity: Literal["low", "normal", "high"]


@blueprint.get(
    "/api/v1/boxes", tags=[NURSERY], summary="Boxes, heard or not", responses={"200": BoxPage}
)
def boxes() -> Response:
    """All boxes, each with whether it is heard right now."""
    with database().reading() as session:
        rows = session.execute(
            select(Box, BoxStatus).join_from(Box, BoxStatus, isouter=True).order_by(Box.id)
        )
        at_home = living(session)
        crying = {
            cry.box_id: cry.id
            for cry in session.scalars(select(Cry).where(Cry.state == "open").order_by(Cry.onset))
        }
        items = [
            _box_item(box, status, sorted(a for a, b in at_home.items() if b == box.id), crying)
            for box, status in rows
        ]
    return json(BoxPage(items=items))


@blueprint.patch(
    "/api/v1/boxes/<string:box_id>",
    tags=[NURSERY],
    summary="Facts of a box",
    responses={"200": WriteAnswer, **REFUSALS},
)
def box_facts(path: BoxPath, query: Sure, header: Key, body: BoxBody) -> Response:
    """The nest's warmth, how the babies lie, and whether somebody can watch."""
    return write(
        query,
        header,
        lambda s, e: journal.box_facts(s, e, path.box_id, **body.given()),
        of=(Box, path.box_id),
    )


@blueprint.get(
    "/api/v1/boxes/<string:box_id>/sensitivity",
    tags=[NURSERY],
    summary="How easily something counts as a cry at a box",
    responses={"200": SensitivityItem, **described(404)},
)
def sensitivity(path: BoxPath) -> Response:
    """As its listener told last, and what was asked for since."""
    with database().reading() as session:
        if session.get(Box, path.box_id) is None:
            return problem(404, "there is no such box")
        found = in_force(session, path.box_id, newest_minute(session, path.box_id))
    asked = None
    if found.asked is not None:
        said = loads(found.asked.value)
        asked = AskedItem(**same(AskedItem, found.asked), sensitivity=said)
    return json(SensitivityItem(box_id=path.box_id, sensitivity=found.now, asked=asked))


@blueprint.put(
    "/api/v1/boxes/<string:box_id>/sensitivity",
    tags=[NURSERY],
    summary="Have more or less count as a cry at a box",
    responses={"200": WriteAnswer, **REFUSALS},
)
def set_sensitivity(path: BoxPath, query: Sure, header: Key, body: SensitivityBody) -> Response:
    """From when its listener has been told. Undo does not take it back: set it again."""
    return write(
        query,
        header,
        lambda s, e: journal.set_sensitivity(s, e, path.box_id, body.sensitivity),
        of=(Box, path.box_id),
    )


def _box_item(
    box: Box, status: BoxStatus | None, animals: list[int], crying: Mapping[str, str]
) -> BoxItem:
    heard = presence(status, now())
    return BoxItem(
        id=box.id,
        name=box.name,
        demo=box.demo,
        state=heard.state,
        reason=heard.reason,
        detail=heard.detail,
        since=heard.since,
        heard_at=status.heard_at if status else None,
        level_dbfs=status.level_dbfs if status else None,
        noise_dbfs=status.noise_dbfs if status else None,
        level_at=status.level_at if status else None,
        open_cry=crying.get(box.id),
        animals=animals,
        temp_c=box.temp_c,
        temp_at=box.temp_at,
        spread=box.spread,
        spread_at=box.spread_at,
        comfort=box.comfort,
        carer_can_watch=box.carer_can_watch,
        carer_can_watch_at=box.carer_can_watch_at,
        health=status.health if status else None,
    )
