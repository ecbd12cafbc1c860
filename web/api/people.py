"""Who the carers are, so that a `by` can be understood."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from web import carers
from web.api.access import blueprint, database
from web.api.paging import json

PEOPLE = Tag(name="people")


class CarerItem(BaseModel):
    """Somebody who may sign in."""

    name: str = Field(description="as in `by`")
    coordinator: bool = Field(description="may approve company across species")


class CarerPage(BaseModel):
    """All carers by name."""

    items: list[CarerItem]


@blueprint.get("/api/v1/carers", tags=[PEOPLE], summary="Carers", responses={"200": CarerPage})
def all_carers() -> Response:
    """A `by` that is none of these is a token (`NAME (API)`), or who said it over MQTT."""
    with database().reading() as session:
        items = [
            CarerItem(name=one.name, coordinator=one.coordinator)
            for one in carers.everybody(session)
        ]
    return json(CarerPage(items=items))
