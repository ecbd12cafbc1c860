"""How the nursery is: checks with advice, and messages that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from flask import Blueprint, jsonify, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from monitor.messages import Check, HealthMessage
from web import changes
from web import health as dashboard_health
from web.nursery import Look, looking, reading, settings
from web.pages.babies import box_names
from web.records import BoxStatus, QuarantinedMessage

bp = Blueprint("about", __name__)

SHOWN_MESSAGES = 50


@bp.get("/health")
def health() -> str:
    """What is well, what is not, and what to do about it; version and model."""
    with looking() as look:
        return render_template(
            "health.html",
            **how_it_is(look),
            version=version("nursery-monitor"),
            change=changes.newest(look.session),
            live_page="health",
        )


def how_it_is(look: Look) -> dict[str, Any]:
    """What the health page shows, for its templates."""
    session, names = look.session, box_names(look)
    checks = dashboard_health.checks(session, look.now)
    return {
        "checks": [_named(check, names) for check in checks],
        "overall": dashboard_health.overall(checks),
        "listeners": [
            (names.get(status.box_id, status.box_id), _health(status), status.health_at)
            for status in session.scalars(select(BoxStatus).order_by(BoxStatus.box_id))
        ],
        "unread": session.scalar(select(func.count(QuarantinedMessage.id))) or 0,
    }


@bp.get("/messages")
def messages() -> str:
    """Messages that could not be read, each with its reason."""
    with reading() as session:
        rows = session.scalars(
            select(QuarantinedMessage).order_by(QuarantinedMessage.id.desc()).limit(SHOWN_MESSAGES)
        )
        return render_template("messages.html", messages=[(row, _text(row)) for row in rows])


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """Lets a phone put the page on its home screen."""
    name = settings().house.name
    icon = url_for("static", filename="icon.svg")
    response = jsonify(
        {
            "name": f"{name} monitor",
            "short_name": name,
            "start_url": url_for("home.home"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#131513",
            "theme_color": "#2d6a5f",
            "icons": [
                {"src": icon, "sizes": "any", "type": "image/svg+xml"},
                {
                    "src": url_for("static", filename="icon-192.png"),
                    "sizes": "192x192",
                    "type": "image/png",
                },
            ],
        }
    )
    response.mimetype = "application/manifest+json"
    return response


def _health(status: BoxStatus) -> HealthMessage | None:
    """The listener's newest word on itself."""
    return HealthMessage.model_validate(status.health) if status.health else None


def _named(check: Check, names: Mapping[str, str]) -> Check:
    """What is checked of a box under the name that people call it."""
    what, _, box_id = check.name.partition(" ")
    return (
        check.model_copy(update={"name": names[box_id]})
        if what == "box" and box_id in names
        else check
    )


def _text(row: QuarantinedMessage) -> str:
    """The payload as far as it is text; what is not is shown as bytes."""
    return row.payload.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
