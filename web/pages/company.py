"""Company: who could join a baby and what every gate says; trials, watched and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, company, journal
from web.care.company import Pairing
from web.care.gates import Level, Ruling, Verdict
from web.care.pairs import CRITERIA
from web.care.tables import WATCH_WEIGHT_ABOVE_RATIO
from web.care.wording import GATES
from web.journal import Entry, EntryError, Written
from web.known import house
from web.nursery import Look, entry, looking, writing
from web.pages import babies
from web.pages.babies import Baby, box_names
from web.pages.lines import Problem, problem
from web.pages.questions import Question, question
from web.pages.taps import tap
from web.records import Companionship

bp = Blueprint("company", __name__, url_prefix="/company")

ASKED = 3  # questions of one candidate at a time
LEVELS = {
    Level.LITTER: "littermate",
    Level.SPECIES: "its own kind",
    Level.CROSS: "another kind",
}
# Why two were parted: what is written, words, whether somebody is asked who it was.
WHYS = (
    ("rough play", "Too rough"),
    ("one got cool", "One got cool"),
    ("cried on", "It cried on"),
    ("they stayed away from each other", "They stay away"),
)
SUCKLING = "sucking on each other"


@dataclass(frozen=True)
class Gate:
    """One condition, as a line of a candidate."""

    text: str
    verdict: str  # passed, failed, unknown
    whose: str = ""  # names of those that shut it, or of whom something is not known


@dataclass(frozen=True)
class Candidate:
    """Somebody who could be company."""

    baby: Baby
    level: str
    verdict: str
    gates: tuple[Gate, ...]
    questions: tuple[Question, ...]
    tried: bool
    approval_missing: bool  # across species: a coordinator has not approved both
    heavy: bool  # to be watched for the weight

    @property
    def summary(self) -> str:
        """The verdict in a word or two."""
        against = sum(gate.verdict == Verdict.FAILED for gate in self.gates)
        open_ = sum(gate.verdict == Verdict.UNKNOWN for gate in self.gates)
        if against:
            return f"{against} thing{'s' if against > 1 else ''} against it"
        return f"{open_} not known" if open_ else "all clear"


@bp.get("")
def overview() -> str:
    """Who is together, on trial or for good; who is alone; how it went before."""
    with looking() as look:
        everyone = house(look.session, look.now)
        return render_template(
            "company.html",
            pairs=company.together(look.session, look.settings.house, everyone),
            alone=company.alone(everyone),
            lately=company.lately(look.session),
            boxes=box_names(look),
        )


@bp.get("/in/<box_id>")
def inside(box_id: str) -> str:
    """Who in a box gets company?"""
    with looking() as look:
        name = box_names(look).get(box_id) or abort(404)
        mates = [one for one in babies.babies(look) if one.box_id == box_id]
        return render_template("together.html", name=name, babies=mates)


@bp.get("/<int:animal_id>")
def candidates(animal_id: int) -> str | tuple[str, int]:
    """Who could be company for a baby."""
    return _candidates(animal_id)


@bp.post("/<int:animal_id>/with/<int:partner_id>")
def begin(animal_id: int, partner_id: int) -> Any:
    """Put the two together; a first time begins a trial."""
    try:
        with writing() as session:
            who = replace(entry(), sure="sure" in request.form)
            box = request.form.get("box") or None
            written = journal.put_together(session, who, animal_id, partner_id, box)
    except EntryError as error:
        return _candidates(animal_id, {partner_id: problem(error)})
    _toast("They are together now", written)
    return redirect(url_for("company.trial", companionship_id=written.id), 303)


@bp.post("/<int:animal_id>/approve/<int:partner_id>")
def approve(animal_id: int, partner_id: int) -> Response:
    """The coordinator's approval of both, for company across species."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        written = journal.approve_cross(session, who, animal_id, "yes", partner_id)
        return [written], "Approved, with your name"

    return tap(write)


@bp.post("/<int:animal_id>/mother")
def mother(animal_id: int) -> Any:
    """Back to its mother; or she does not take it."""
    to_her = request.form.get("do") != "none"
    try:
        with writing() as session:
            who = replace(entry(), sure="sure" in request.form)
            if to_her:
                written = journal.to_mother(session, who, animal_id)
            else:
                values = {"mother": "none"}
                written = journal.edit_animal(session, who, animal_id, values)
    except EntryError as error:
        return _candidates(animal_id, {0: problem(error)})
    _toast("It is with its mother" if to_her else "Noted: she does not take it", written)
    return redirect(url_for("company.candidates", animal_id=animal_id), 303)


@bp.get("/trial/<int:companionship_id>")
def trial(companionship_id: int) -> str:
    """Two together: what to watch for, for how long, the cries, and how it went."""
    with looking() as look:
        shown = trial_shown(look, companionship_id) or abort(404)
        return render_template(
            "trial.html",
            **shown,
            change=changes.newest(look.session),
            live_page=f"trial/{companionship_id}",
        )


@bp.post("/trial/<int:companionship_id>")
def judge(companionship_id: int) -> Response:
    """How it goes: well; or parted, and why; and who was seen sucking on the other."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        row = session.get(Companionship, companionship_id) or abort(404)
        do, why = request.form.get("do", ""), request.form.get("why") or None
        if do == "passed":
            judged = journal.trial_outcome(session, who, row.id, "passed")
            return [judged], "Noted: it goes well"
        if do not in {"part", "suckled"}:
            abort(400)
        written = []
        if do == "suckled":
            ids = {"both": [row.animal_id, row.partner_id]}.get(
                request.form.get("who", ""), [request.form.get("who", "")]
            )
            why = SUCKLING
            written.append(journal.seen_suckling(session, who, ids))
        written.append(journal.part(session, who, row.id, "failed" if why else None, why=why))
        return written, "They are apart again"

    return tap(write)


def trial_shown(look: Look, companionship_id: int) -> dict[str, Any] | None:
    """What the page of a time together shows; None where there is none."""
    found = company.one_of(look.session, look.settings.house, companionship_id, look.now)
    if found is None:
        return None
    row = found.row
    return {
        "pair": found,
        "ids": (row.animal_id, row.partner_id),
        "box_name": box_names(look).get(found.box_id or "", found.box_id),
        "over": row.watch_until is not None and look.now >= row.watch_until,
        "whys": WHYS,
    }


def _candidates(
    animal_id: int, errors: Mapping[int, Problem] | None = None
) -> str | tuple[str, int]:
    with looking() as look:
        everyone = house(look.session, look.now)
        found = company.candidates(look.settings.house, animal_id, everyone)
        if found is None:
            abort(404)
        names = box_names(look)
        listed = {str(one.id): one for one in babies.babies(look)}
        asked = found.question
        mother_open = [key for ruling in found.mother for key in ruling.unknown]
        page = render_template(
            "candidates.html",
            animal=found.animal,
            baby=listed[str(animal_id)],
            box_id=found.box_id or "",
            box_name=names.get(found.box_id or ""),
            inside=found.inside,
            candidates=[
                _candidate(one, listed, asked.names)
                for one in found.pairings
                if one.other.id in listed
            ],
            mother=[Gate(CRITERIA[one.gate], one.verdict) for one in found.mother],
            mother_ready=bool(found.mother)
            and all(one.verdict is not Verdict.FAILED for one in found.mother)
            and found.animal.mother == "available",
            mother_questions=_questions(mother_open, asked.names),
            notes=asked.notes,
            errors=errors or {},
            boxes=list(names.items()),
            pairs=company.together(look.session, look.settings.house, everyone, animal_id),
        )
        return (page, 422) if errors else page


def _candidate(pairing: Pairing, listed: Mapping[str, Baby], names: Mapping[str, str]) -> Candidate:
    open_ = [key for ruling in pairing.rulings for key in ruling.unknown]
    both = (pairing.pair.alone.animal, pairing.pair.other.animal)
    ratio = pairing.pair.weight_ratio
    return Candidate(
        baby=listed[pairing.other.id],
        level=LEVELS[pairing.level],
        verdict=pairing.verdict,
        gates=tuple(
            Gate(GATES[one.gate], one.verdict, _whose(one, names)) for one in pairing.rulings
        ),
        questions=_questions(dict.fromkeys(open_), names)[:ASKED],
        tried=pairing.pair.tried,
        approval_missing=pairing.level is Level.CROSS and not all(one.cross_ok for one in both),
        heavy=ratio is not None and ratio > WATCH_WEIGHT_ABOVE_RATIO,
    )


def _whose(ruling: Ruling, names: Mapping[str, str]) -> str:
    """Of whom it is; nobody where it is of both, or of the house."""
    missing = (key.rpartition(".")[0] for key in ruling.unknown)
    ids = ruling.failing or tuple(missing)
    found = [names[one] for one in ids if one in names]
    return found[0] if len(found) == 1 else ""


def _questions(keys: Any, names: Mapping[str, str]) -> tuple[Question, ...]:
    """Those that a tap can answer; approval is a coordinator's, and has its own button."""
    return tuple(
        one
        for key in keys
        if not key.endswith(".cross_ok") and (one := question(key, names, names)) is not None
    )


def _toast(text: str, written: Written) -> None:
    flash({"text": text, "undo": str(written.undo_id), "back": request.path})  # type: ignore[arg-type]
