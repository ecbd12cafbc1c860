"""How the dashboard is, and what the API is: open to all."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, jsonify
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI

from web import health
from web.api.access import blueprint, database, now
from web.api.paging import json
from web.api.shapes import Health
from web.database import DatabaseError

HEALTH = Tag(name="health")


@blueprint.get(
    "/healthz", tags=[HEALTH], summary="How it is", security=[], responses={"200": Health}
)
def healthz() -> tuple[Response, int]:
    """How the dashboard is; 503 when a check has failed. Open to all, and tells no secrets."""
    try:
        with database().reading() as session:
            checks = health.checks(session, now())
    except DatabaseError as error:
        current_app.logger.warning("records: %s", error)
        checks = health.unreadable("the records cannot be read; the journal says why")
    status = health.overall(checks)
    body = json(Health(status=status, checks=checks))
    body.headers["Cache-Control"] = "no-store"
    return body, 503 if status == "failed" else 200


@blueprint.route("/api/v1/openapi.json", endpoint="openapi")
def openapi() -> Response:
    """The description of the API; open to all."""
    return jsonify(cast(OpenAPI, current_app).api_doc)
