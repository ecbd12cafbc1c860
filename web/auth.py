"""Signing in and out, and the first run, when the first carer chooses name and passphrase."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from web import carers
from web.nursery import now, reading, settings, writing
from web.records import Carer

TRIES = "6 per minute; 40 per hour"  # wrong passphrases an address; right ones are not counted

bp = Blueprint("auth", __name__)
limiter = Limiter(get_remote_address, storage_uri="memory://")


@dataclass(frozen=True)
class SignedIn:
    """The carer behind a session, as Flask-Login wants to see it."""

    carer_id: int
    name: str
    session_key: str
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """With a new passphrase the key is another one, and all old sessions end."""
        return f"{self.carer_id}:{self.session_key}"


def register(app: Flask) -> None:
    """Put sessions, the limit of tries and the sign-in pages into the app."""
    logins = LoginManager(app)
    logins.session_protection = None  # phones change their address all night
    logins.user_loader(_load)
    limiter.init_app(app)
    app.register_blueprint(bp)


def _load(user_id: str) -> SignedIn | None:
    carer_id, _, key = user_id.partition(":")
    if not carer_id.isdecimal():
        return None
    with reading() as session:
        carer = session.get(Carer, int(carer_id))
        if carer is None or not secrets.compare_digest(carer.session_key, key):
            return None
        return _signed_in(carer)


def _signed_in(carer: Carer) -> SignedIn:
    return SignedIn(carer.id, carer.name, carer.session_key)


def still_signed_in(user_id: str) -> bool:
    """Whether a session that began earlier holds still."""
    return _load(user_id) is not None


def _failed(response: Response) -> bool:
    return response.status_code != 303


def sign_in_id() -> str:
    """Names this browser's sign-in, so that its live pages can be ended with it."""
    return str(cookie.get("sign_in", ""))


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(TRIES, methods=["POST"], deduct_when=_failed)
def sign_in() -> BaseResponse | tuple[str, int] | str:
    """Name and passphrase; the answer to a wrong one does not tell which was wrong."""
    following = request.values.get("next", "")
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(url_for("home.home"))
        with reading() as session:
            first = not carers.any_carer(session)
        return render_template("sign_in.html", first=first, following=following, name="")
    name = request.form.get("name", "").strip()
    with reading() as session:
        carer = carers.check(session, name, request.form.get("passphrase", ""))
        signed_in = _signed_in(carer) if carer else None
    if signed_in is None:
        page = render_template("sign_in.html", wrong=True, following=following, name=name)
        return page, 401
    _begin(signed_in)
    return redirect(_safe(following), 303)


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this browser's session, and its live pages with it."""
    current_app.extensions["feed"].end(sign_in_id())
    logout_user()
    cookie.clear()
    return redirect(url_for("auth.sign_in"), 303)


@bp.route("/first-run", methods=["GET", "POST"])
@limiter.limit(TRIES, methods=["POST"], deduct_when=_failed)
def first_run() -> BaseResponse | tuple[str, int] | str:
    """The first carer, let in by the code that the program printed; gone once there is one."""
    with reading() as session:
        if carers.any_carer(session):
            return redirect(url_for("auth.sign_in"))
    state_dir = settings().state_dir
    code = request.values.get("code", "").strip()
    known = carers.check_setup_code(state_dir, code)
    if request.method == "GET" or not known:
        page = render_template("first_run.html", code=code, known=known, name="", errors={})
        return page, 200 if known or not code else 403
    name, passphrase = request.form.get("name", "").strip(), request.form.get("passphrase", "")
    errors = {}
    if passphrase != request.form.get("again", ""):
        errors["again"] = "The two are not the same."
    if not errors:
        try:
            with writing() as session:
                if carers.any_carer(session):  # somebody was quicker
                    return redirect(url_for("auth.sign_in"), 303)
                signed_in = _signed_in(carers.add(session, name, passphrase, now()))
        except carers.PassphraseError as error:
            errors["passphrase"] = str(error)
        except carers.CarerError as error:
            errors["name"] = str(error)
    if errors:
        page = render_template("first_run.html", code=code, known=True, name=name, errors=errors)
        return page, 422
    carers.forget_setup_code(state_dir)
    _begin(signed_in)
    return redirect(url_for("home.home"), 303)


def _begin(carer: SignedIn) -> None:
    cookie.clear()  # nothing of the stranger's session lives on
    login_user(carer)
    cookie["sign_in"] = secrets.token_urlsafe(12)
    cookie.permanent = True


def _safe(target: str) -> str:
    """Only paths of our own: `next` comes from outside."""
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if ours and not parts.scheme and not parts.netloc else url_for("home.home")
