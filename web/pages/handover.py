"""Handing over: a watch's summary, a baby's record for the vet, all records in one file."""

from __future__ import annotations

import io
import re
from datetime import datetime
from tempfile import TemporaryFile

from flask import Blueprint, Response, abort, render_template, request, send_file

from web import changes, times
from web.handover import export, words
from web.handover.dossier import dossier
from web.handover.sheet import sheet
from web.handover.watch import AHEAD, Watched, summary
from web.nursery import entry, looking, now, reading, settings, writing
from web.pages import diary
from web.records import Animal, Audit

_BODY = ("body_temp_c", "body_feel", "health")

bp = Blueprint("handover", __name__, url_prefix="/handover")


HOURS = (8, 12, 24)  # that a watch may have had; the middle one unless asked


@bp.get("")
def watch() -> str:
    """What the next carer must know; to be printed as well."""
    asked = request.args.get("hours", type=int)
    hours = asked if asked in HOURS else HOURS[1]
    with looking() as look:
        found = summary(look, hours)
        return render_template(
            "handover.html",
            watch=found,
            hours=hours,
            choices=HOURS,
            ahead=int(AHEAD.total_seconds() // 3600),
            kinds=words.KINDS,
            toilet=lambda one: _toilet(one, look.now),
            warmth=lambda one: _body(one, look.now),
            change=changes.newest(look.session),
        )


def _toilet(one: Watched, now: datetime) -> str:
    """`urine 3 times, stool once (4 of 7); last 2 h ago`."""
    came = [seen.value for seen in one.seen if seen.fact == "toilet"]
    counts = (
        ("urine", sum(what in ("urine", "both") for what in came)),
        ("stool", sum(what in ("stool", "both") for what in came)),
        ("not said what", sum(what is True for what in came)),
    )
    said = [f"{name} {number}×" for name, number in counts if number]
    nothing = sum(seen.fact == "toilet_tried" for seen in one.seen)
    said += [f"nothing came {nothing}×"] if nothing else []
    if not said:
        return "not noted in this time"
    last, score = one.newest("toilet"), one.newest("stool_score")
    told = ", ".join(said) + (f"; stool {score.value} of 7" if score else "")
    return told + (f"; last {times.ago(last.at, now)}" if last else "")


def _body(one: Watched, now: datetime) -> str:
    """The newest warmth and health, and when."""
    found = [seen for fact in _BODY if (seen := one.newest(fact)) is not None]
    return "; ".join(
        f"{diary.seen_words({seen.fact: seen.value})}, {times.ago(seen.at, now)}" for seen in found
    )


@bp.get("/baby/<int:animal_id>.pdf")
def baby_pdf(animal_id: int) -> Response:
    """A baby's record for the vet, to be printed or sent."""
    from web.handover.pdf import pdf  # noqa: PLC0415 - fonts and pictures take long to load

    with looking() as look:
        animal = look.session.get(Animal, animal_id) or abort(404)
        made = pdf(dossier(look, animal))
    return _file(made, "application/pdf", animal, "pdf")


@bp.get("/baby/<int:animal_id>.csv")
def baby_csv(animal_id: int) -> Response:
    """The same as a table: every entry a line."""
    with looking() as look:
        animal = look.session.get(Animal, animal_id) or abort(404)
        made = sheet(dossier(look, animal))
    return _file(made.encode(), "text/csv", animal, "csv")


@bp.post("/export")
def everything() -> Response:
    """All records in one file; the sounds, which are most of it, only by the command."""
    who = entry()
    try:
        # On the disk of the records: memory, or a small /tmp, would not hold a year.
        out = TemporaryFile(dir=settings().state_dir)  # noqa: SIM115 - the answer closes it
        with reading() as session:
            export.write(session, out, now(), without=("clip",))
    except OSError as error:
        abort(503, f"The export cannot be written to the disk of the records: {error.strerror}.")
    with writing() as session:
        session.add(Audit(at=who.now, by=who.by, action="records exported"))
    out.seek(0)
    return send_file(
        out,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"nursery-{who.today.isoformat()}.zip",
    )


def _file(content: bytes, kind: str, animal: Animal, suffix: str) -> Response:
    name = f"{animal.name}-{entry().today.isoformat()}.{suffix}"
    return send_file(
        io.BytesIO(content),
        mimetype=kind,
        as_attachment=True,
        download_name=re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", name),  # no system takes these
    )
