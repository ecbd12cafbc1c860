"""Boxes: whether they are heard, what the nest is like, and what may help there."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response
from pydantic import Field
from sqlalchemy import select

from monitor.messages import Amount
from web import journal
from web.api.access import blueprint, database, now
from web.api.animals import living
from web.api.minutes import BoxPath
from web.api.paging import NURSERY, json
from web.api.shapes import BoxItem, BoxPage
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.presence import presence
from web.records import Box, BoxStatus, Cry


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
