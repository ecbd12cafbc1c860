"""The Flask app as the API needs it, and the API in it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask import Flask, Response, current_app
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException

from web.api import (  # noqa: F401 - they put their operations on the blueprint
    about,
    animals,
    boxes,
    company,
    cries,
    entries,
    keeping,
    minutes,
    people,
    photos,
    plan,
    proof,
    single,
    suggestions,
    tending,
)
from web.api.access import WrongTokens, blueprint
from web.api.problems import Problem, invalid, problem, refused
from web.database import DatabaseError

ABOUT = """Every record of the nursery, to read and to write. Moments are UTC, amounts g, mL and C.

Whatever is written goes through the same checks as on the pages, and can be taken back (`undo_id`).
An unlikely value is answered with 409 and `doubt`: the same request with `?sure=true` writes it.
A request with an `Idempotency-Key` may be sent again: it is carried out once."""


def new_app(import_name: str, **options: Any) -> OpenAPI:
    """A Flask app that can describe its API; `options` are Flask's."""
    return OpenAPI(
        import_name,
        info=Info(
            title="Nursery monitor",
            version=version("nursery-monitor"),
            description=ABOUT,
        ),
        security_schemes={"bearer": {"type": "http", "scheme": "bearer"}},
        validation_error_model=Problem,
        validation_error_callback=invalid,
        doc_ui=False,
        **options,
    )


def register_api(app: Flask) -> None:
    """Put the API and `/healthz` into the app.

    The app is one of `new_app`, with `settings`, `database` and `now` in its extensions.
    """
    assert isinstance(app, OpenAPI)  # noqa: S101 - new_app makes no other
    app.extensions["wrong_tokens"] = WrongTokens()
    app.register_api(blueprint)


@blueprint.errorhandler(DatabaseError)
def _unreachable(error: DatabaseError) -> Response:
    return problem(503, str(error), Retry_After="5")


@blueprint.errorhandler(IntegrityError)
@blueprint.errorhandler(DataError)
def _not_kept(error: IntegrityError | DataError) -> Response:
    """What no check foresaw: the records refused it, and nothing was written."""
    current_app.logger.warning("not kept: %s", error)
    return problem(422, "the records cannot keep this; nothing was written")


@blueprint.errorhandler(RecursionError)
def _too_deep(_error: RecursionError) -> Response:
    """JSON of brackets in brackets in brackets."""
    return problem(422, "the body must be a JSON object, sent as application/json")


@blueprint.errorhandler(HTTPException)
def _refused(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # made by `invalid`
    return refused(error)
