"""The list of cries, a cry's own page, and its sound."""

from __future__ import annotations

import io
from datetime import datetime

from flask import Blueprint, abort, render_template, request, send_file
from werkzeug.wrappers import Response

from web import changes
from web.nursery import looking, reading
from web.pages import cry_lists
from web.pages.babies import box_names

bp = Blueprint("cries", __name__, url_prefix="/cries")


@bp.get("")
def cries() -> str:
    """The newest cries by night and day; `?before=` goes further back."""
    before = _moment(request.args.get("before", ""))
    with looking() as look:
        watches = cry_lists.newest(look, before)
        shown = sum(len(watch.items) for watch in watches)
        return render_template(
            "cries.html",
            watches=watches,
            older=watches[-1].items[-1].view.row.onset if shown == cry_lists.PAGE else None,
            before=before,
            change=changes.newest(look.session),
            live_page="" if before else "cries",
        )


@bp.get("/<cry_id>")
def cry(cry_id: str) -> str:
    """One cry: its calls, its sound in words, what was suggested, what stopped it."""
    with looking() as look:
        found = cry_lists.one(look, cry_id)
        if found is None:
            abort(404)
        box_id = found["view"].row.box_id
        return render_template(
            "cry.html",
            **found,
            box_name=box_names(look).get(box_id, box_id),
            change=changes.newest(look.session),
            live_page=f"cry/{cry_id}",
        )


@bp.get("/<cry_id>/clip")
def clip(cry_id: str) -> Response:
    """The cry's sound (FLAC); answers Range, as phones ask for it."""
    with reading() as session:
        sound = cry_lists.clip_of(session, cry_id)
    if sound is None:
        abort(404)
    return send_file(
        io.BytesIO(sound),
        mimetype="audio/flac",
        conditional=True,
        etag=cry_id,
        download_name=f"{cry_id}.flac",
        max_age=3600,
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
