"""Who may use the API: whoever shows a bearer token of `nursery-monitor token`.

Every token may read; to write it takes one that was made with `--write`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import cast

from flask import Response, current_app, g, request
from flask_openapi3.blueprint import APIBlueprint
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from monitor.settings import Settings
from web import tokens
from web.api.problems import described, problem
from web.database import Database, DatabaseError
from web.journal import Entry
from web.records import Token

WRONG_A_MINUTE = 20  # wrong tokens an address may try
REALM = 'Bearer realm="nursery-monitor"'
OPEN = frozenset({"api.healthz", "api.openapi"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})  # methods; all others write

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


def settings() -> Settings:
    """The settings of the current app."""
    return cast(Settings, current_app.extensions["settings"])


def now() -> datetime:
    """One moment for the entire request, by the current app's clock."""
    if "api_now" not in g:
        g.api_now = cast(Callable[[], datetime], current_app.extensions["now"])()
    return cast(datetime, g.api_now)


def token() -> Token:
    """What the request has shown."""
    return cast(Token, g.token)


def entry(*, sure: bool = False) -> Entry:
    """Who writes, and when: the audit names the token, so that it is told from a carer."""
    return Entry(by=f"{token().name[:54]} (API)", now=now(), zone=settings().house.zone, sure=sure)


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
        known = tokens.check(session, secret.strip())
    if known is None:
        wrong.count(address)
        detail = "this token is not known, or has been revoked"
        return problem(401, detail, WWW_Authenticate=f'{REALM}, error="invalid_token"')
    if request.method not in READS and known.scope != tokens.WRITE:
        detail = "this token only reads; `nursery-monitor token add NAME --write` makes one for it"
        return problem(403, detail, WWW_Authenticate=f'{REALM}, error="insufficient_scope"')
    if tokens.is_stale(known, now()):
        with suppress(DatabaseError), database().writing(soft=True) as session:
            tokens.note_use(session, known.id, now())
    g.token = known
    return None
