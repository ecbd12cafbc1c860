"""The dashboard's app factory: everything is refused unless it is let through here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask, Response, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from monitor.settings import Settings, SettingsError
from web import api, auth, live, nursery, pages
from web.api.problems import refused
from web.database import Database, DatabaseError
from web.kept import kept

SESSION_DAYS = 30  # a phone by the box stays signed in for a litter's weaning
MAX_FORM_BYTES = 64 * 1024

# All that a stranger may reach, beside the API with its own bearer tokens; a test walks the URL
# map and holds everything else shut.
OPEN_ENDPOINTS = frozenset({"static", "auth.sign_in", "auth.first_run", "about.manifest"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)
SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(CONTENT_SECURITY_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # the CSRF check over TLS needs it on our own pages
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(
    settings: Settings,
    database: Database,
    *,
    now: Callable[[], datetime] = nursery.utc_now,
    demo: bool = False,
) -> Flask:
    """The dashboard on records that stand ready (`database.upgrade()` done).

    Raises SettingsError when the key that signs the sessions cannot be kept.
    """
    app = api.new_app("web")
    app.config.update(
        SECRET_KEY=signing_key(settings.state_dir),
        SESSION_COOKIE_NAME="nursery",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.web.behind_proxy,
        PERMANENT_SESSION_LIFETIME=timedelta(days=SESSION_DAYS),
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # a page stays open all night; the token ends with the session
    )
    app.session_interface = _Sessions()
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    nursery.install(app, settings, database, now, demo=demo)
    app.before_request(_refuse_strangers)
    csrf = CSRFProtect(app)
    auth.register(app)
    pages.register(app)
    live.register(app)
    api.register_api(app)
    csrf.exempt(api.blueprint)  # no cookie opens it: it asks for a bearer token
    app.after_request(_add_security_headers)
    app.register_error_handler(CSRFError, _csrf_refused)
    app.register_error_handler(DatabaseError, _no_records)
    app.register_error_handler(HTTPException, _refused)
    return app


class _Sessions(SecureCookieSessionInterface):
    """Tells the browser how long a sign-in holds, and not only until when.

    A Pi without a network may be months behind the phone, on which the cookie would be out of date
    at once; nobody could sign in.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        super().save_session(app, session, response)
        ours, lasts = f"{self.get_cookie_name(app)}=", timedelta(days=SESSION_DAYS)
        response.headers.setlist(
            "Set-Cookie",
            [
                f"{cookie}; Max-Age={lasts.total_seconds():.0f}"
                if cookie.startswith(ours) and "Expires" in cookie and "Max-Age" not in cookie
                else cookie
                for cookie in response.headers.getlist("Set-Cookie")
            ],
        )


def signing_key(state_dir: Path) -> str:
    """The key that signs the sessions: made at the first start, readable by its owner only.

    Several processes may start at once: the first one's key is everybody's.
    Raises SettingsError.
    """
    path = state_dir / "web.key"
    try:
        key = kept(path, lambda: secrets.token_urlsafe(48))
    except OSError as error:
        raise SettingsError(
            f"state_dir: {state_dir}: cannot keep the key of the sessions: {error.strerror}"
        ) from None
    if len(key) < 32:
        raise SettingsError(f"state_dir: {path}: is damaged; delete it, then all sign in again")
    return key


def _refuse_strangers() -> BaseResponse | None:
    """Deny by default."""
    endpoint = request.endpoint or ""
    if endpoint in OPEN_ENDPOINTS or endpoint.startswith("api."):
        return None
    if current_user.is_authenticated:
        return None
    if not endpoint and request.path.startswith("/api/"):
        return None  # nothing is there; a program is told so, rather than sent to the sign-in
    accepts = request.accept_mimetypes  # a page's script asks for events or JSON, not for HTML
    if request.method == "GET" and (accepts.accept_html or not accepts):
        back = request.full_path.rstrip("?") if request.endpoint else "/"
        return redirect(url_for("auth.sign_in", next=back if back != "/" else None))
    return Response("Sign in first.\n", 401, mimetype="text/plain")


def _add_security_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _csrf_refused(error: CSRFError) -> tuple[str, int]:  # noqa: ARG001
    return (
        render_template(
            "problem.html",
            title="That form was too old",
            text="Go back, load the page again and repeat it. What you typed is still there.",
        ),
        400,
    )


def _no_records(error: DatabaseError) -> tuple[str, int]:
    """The page stays up and says what is wrong: locked, unreachable, full."""
    page = render_template("problem.html", title="The records cannot be used", text=str(error))
    return page, 503


def _refused(error: HTTPException) -> BaseResponse | tuple[str, int]:
    """One page, or JSON for programs, for every refusal."""
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if request.path.startswith("/api/"):
        return refused(error)
    titles = {
        404: "There is no such page",
        413: "That was too much at once",
        429: "Too many tries",
        500: "Something went wrong here",
    }
    texts = {
        404: "It may have been removed. Everything else is still there.",
        413: "Nothing was written. Go back, and send a shorter text or a smaller file.",
        429: "Wait a minute, then try again.",
        500: "Nothing you did. Try again; what happened stands in the journal of the program.",
    }
    page = render_template(
        "problem.html",
        title=titles.get(code, error.name),
        text=texts.get(code, error.description or ""),
    )
    return page, code
