"""Who may read the API: whoever shows a bearer token of `nursery-monitor token`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import cast

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from web import tokens
from web.api.problems import described, problem
from web.database import Database, DatabaseError

WRONG_A_MINUTE = 20  # wrong tokens an address may try
REALM = 'Bearer realm="nursery-monitor"'
OPEN = frozenset({"api.healthz", "api.openapi"})

blueprint = APIBlueprint(
    "api",
    __name__,
    abp_security=[{"bearer": []}],
    abp_responses=described(401, 422, 429, 503),
)


class WrongTokens:
    """Counts the wrong tokens of each address, in this process."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(WRONG_A_MINUTE)

    def are_too_many(self, address: str) -> bool:
        """Whether the address has to wait."""
        return not self._limiter.test(self._limit, address)

    def count(self, address: str) -> None:
        """One more."""
        self._limiter.hit(self._limit, address)


def database() -> Database:
    """The records of the current app."""
    return cast(Database, current_app.extensions["database"])


def now() -> datetime:
    """The current app's clock."""
    return cast(Callable[[], datetime], current_app.extensions["now"])()


@blueprint.before_request
def _refuse_strangers() -> Response | None:
    if request.endpoint in OPEN:
        return None
    wrong = cast(WrongTokens, current_app.extensions["wrong_tokens"])
    address = request.remote_addr or ""
    if wrong.are_too_many(address):
        return problem(429, "too many wrong tokens; wait a minute", Retry_After="60")
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer" or not secret.strip():
        detail = "send the header `Authorization: Bearer TOKEN`; `nursery-monitor token` makes one"
        return problem(401, detail, WWW_Authenticate=REALM)
    with database().reading() as session:
        token = tokens.check(session, secret.strip())
    if token is None:
        wrong.count(address)
        detail = "this token is not known, or has been revoked"
        return problem(401, detail, WWW_Authenticate=f'{REALM}, error="invalid_token"')
    if tokens.is_stale(token, now()):
        with suppress(DatabaseError), database().writing(soft=True) as session:
            tokens.note_use(session, token.id, now())
    return None
