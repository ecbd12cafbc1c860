"""Errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import BaseModel, Field, ValidationError

Responses = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, for programs and for the person behind them."""

    status: int = Field(description="HTTP status")
    title: str
    detail: str | None = Field(default=None, description="what to do about it")


def problem(status: int, detail: str | None = None, **headers: str) -> Response:
    """A problem as a response; underscores in header names become dashes."""
    title = HTTPStatus(status).phrase
    body = Problem(status=status, title=title, detail=detail).model_dump_json(exclude_none=True)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, named, content_type=MEDIA_TYPE)


def invalid(error: ValidationError) -> Response:
    """The first thing that is wrong with a request's parameters."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name}: {first['msg']}")


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
