"""How the API writes: through the journal, once for each `Idempotency-Key`, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from web import journal
from web.api.access import database, entry, now, token
from web.api.paging import Query
from web.api.problems import described, not_written, problem, unprocessable
from web.journal import Entry, EntryError, Written
from web.records import Base

Change = Callable[[Session, Entry], Written]
REFUSALS = described(403, 404, 409, 422)


class Sure(Query):
    """Whether what is unlikely is meant."""

    sure: bool = Field(default=False, description="write it in spite of the doubt that a 409 told")


class Key(BaseModel):
    """Names a request, so that it may be sent again when its answer was lost."""

    idempotency_key: str | None = Field(
        default=None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=80,
        pattern=r"^[!-~]+$",
        description="of the caller's choice; sent again with the same request, it is answered as "
        "the first time and nothing is written twice (for a week at least)",
    )


class Body(BaseModel):
    """What a request tells; a name that is not known is refused rather than lost."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """Only what was told: null means "not known", nothing means "as it is"."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class WriteAnswer(BaseModel):
    """What was written."""

    id: int | str = Field(description="of the record, the first where there are several")
    ids: list[int | str]
    undo_id: int = Field(description="takes it back: POST /api/v1/undo")


def write(  # noqa: PLR0913 - what there is to say of a request
    query: Sure,
    header: Key,
    change: Change,
    *,
    of: tuple[type[Base], int | str] | None = None,
    status: int = 200,
    names: Mapping[str, str] | None = None,
) -> Response:
    """Write through the journal and answer; what the journal refuses becomes a problem.

    `of` names the record of the path: 404 when it is not there. `names` says how the request calls
    what the journal calls otherwise.
    """

    def carry_out() -> dict[str, Any]:
        written = change(session, entry(sure=query.sure))
        ids = list(written.ids) or [written.id]
        return WriteAnswer(id=written.id, ids=ids, undo_id=written.undo_id).model_dump()

    try:
        with database().writing() as session:
            if of is not None and session.get(*of) is None:
                return problem(404, f"there is no such {of[0].__tablename__}")
            if header.idempotency_key is None:
                answer = journal.Answer(carry_out(), repeated=False)
            else:
                key = f"{_caller()}:{header.idempotency_key}"
                answer = journal.once(session, key, _asked(), now(), carry_out)
    except journal.KeyRefusedError as error:
        return unprocessable("Idempotency-Key", error.message)
    except EntryError as error:
        of_path = {f"{of[0].__tablename__}_id": "id"} if of and isinstance(of[1], int) else {}
        error.field = {**of_path, **(names or {})}.get(error.field, error.field)
        return not_written(error)
    body = WriteAnswer.model_validate(answer.answer).model_dump_json()
    headers = {"Idempotency-Replayed": "true"} if answer.repeated else {}
    return Response(body, status, headers, content_type="application/json")


def _caller() -> str:
    """Keys are each token's own, and not those of a later token of its name."""
    return f"api:{token().secret_hash[:16]}"


def _asked() -> str:
    """What was asked for, so that a key is not used for something else by a slip."""
    digest = hashlib.sha256(request.path.encode() + b"\n" + request.get_data())
    return f"{request.method} {digest.hexdigest()[:40]}"
