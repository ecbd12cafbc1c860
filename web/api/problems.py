"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from web.journal import Doubt, EntryError
from web.plain_errors import first_wrong

Responses = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, for programs and for the person behind them."""

    status: int = Field(description="HTTP status")
    title: str
    detail: str | None = Field(default=None, description="what to do about it")
    field: str | None = Field(default=None, description="of the request, that is wrong")
    doubt: bool | None = Field(
        default=None,
        description="true: unlikely, but somebody may know better; the same request with "
        "`?sure=true` writes it",
    )
    same: int | None = Field(default=None, description="id of a record that this may repeat")


def unprocessable(field: str, message: str) -> Response:
    """What is wrong with a request, by the name that its caller knows it by."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    detail = f"{field}: {message}"
    return _response(Problem(status=status, title=status.phrase, detail=detail, field=field))


def problem(status: int, detail: str | None = None, **headers: str) -> Response:
    """A problem as a response; underscores in header names become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _response(Problem(status=status, title=HTTPStatus(status).phrase, detail=detail), named)


def refused(error: HTTPException) -> Response:
    """What the server did not even look into."""
    status = error.code or 500
    too_large = "the body is too large, and nothing was written; send less at once"
    return problem(status, too_large if status == 413 else error.description)


def invalid(error: ValidationError) -> Response:
    """The first thing that is wrong with a request's parameters or body."""
    name, words = first_wrong(error)
    if not name:
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "the body must be a JSON object, sent as application/json",
        )
    return unprocessable(name, words)


def not_written(error: EntryError) -> Response:
    """What the journal does not take: 409 when it only doubts, else 422."""
    if not isinstance(error, Doubt):
        return unprocessable(error.field, error.message)
    status = HTTPStatus.CONFLICT
    detail = f"{error.field}: {error.message}; send it again with ?sure=true if it is so"
    return _response(
        Problem(
            status=status,
            title=status.phrase,
            detail=detail,
            field=error.field,
            doubt=True,
            same=error.same,
        )
    )


def described(*statuses: int) -> Responses:
    """The problems of an operation, for its OpenAPI description."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def _response(body: Problem, headers: dict[str, str] | None = None) -> Response:
    # A name or a value that is quoted may hold half a surrogate, which no answer can.
    sent = {"detail": _sendable(body.detail), "field": _sendable(body.field)}
    text = body.model_copy(update=sent).model_dump_json(exclude_none=True)
    return Response(text, body.status, headers, content_type=MEDIA_TYPE)


def _sendable(words: str | None) -> str | None:
    return None if words is None else words.encode(errors="replace").decode()
