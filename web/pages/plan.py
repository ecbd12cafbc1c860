"""The plan: who is due next and how much, the night on one page, how they grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, growing, journal, plan
from web.care import feeding, plan_numbers
from web.care.plan import Feeding, Round, State, Stop
from web.care.plan_numbers import Numbers
from web.journal import Entry, Written
from web.nursery import Look, looking, now
from web.pages import babies, growth_words, plan_words, reminders, taps, weight_chart
from web.pages.babies import Baby
from web.plan import Planned

bp = Blueprint("plan", __name__, url_prefix="/plan")


@dataclass(frozen=True)
class Row:
    """A baby in the list of who is next."""

    plan: Planned
    baby: Baby
    numbers: Numbers

    @property
    def id(self) -> int:
        """The animal's."""
        return self.plan.id

    @property
    def waits(self) -> bool:
        """Whether the carer should do something about it now."""
        return self.plan.next.state in {State.OVERDUE, State.DUE, State.UNKNOWN}


@bp.get("")
def feeds() -> str:
    """Who is next: overdue first, then due soon."""
    with looking() as look:
        return render_template(
            "plan.html", **next_feeds(look), change=changes.newest(look.session), live_page="plan"
        )


def next_feeds(look: Look) -> dict[str, Any]:
    """What the plan's page shows, for its templates."""
    found = plan.plan(look.session, look.settings.house, look.now)
    rows = _rows(look, found.babies)
    groups = {plan_words.HELD: [row for row in rows if row.plan.next.stop]} | {
        heading: [row for row in rows if row.plan.next.state is state and not row.plan.next.stop]
        for state, heading in plan_words.HEADINGS.items()
    }
    return {
        "groups": [(heading, some) for heading, some in groups.items() if some],
        "rows": rows,
        "due": [row for row in rows if row.waits and row.plan.next.stop is None],
        "summary": plan_words.summary(found, look.now),
        "grown": found.grown,
        "reminders": reminders.due(look),
        "vet_phone": look.settings.house.vet_phone,
        "urgent_text": look.settings.house.urgent_text,
        "sources": feeding.SOURCES,
        "choices": feeding.CHOICES,
        "no_milk": [row for row in rows if not row.plan.milk_known and row.plan.next.amount],
    }


@bp.get("/night")
def night() -> str:
    """This night's feeds, or those of the coming one, on one page to be printed."""
    with looking() as look:
        found = plan.night_plan(look.session, look.settings.house, look.now)
        rows = {str(row.id): row for row in _rows(look, found.plan.babies)}
        return render_template(
            "plan_night.html",
            night=found,
            rounds=[_round(one, rows) for one in found.rounds],
            rows=rows,
            feeds=sum(len(one.feeds) for one in found.rounds),
            nursed=[one.name for one in found.plan.babies if one.next.state is State.MOTHER],
            urgent=[one.name for one in found.plan.babies if one.next.stop is Stop.URGENT],
            reminders=[one for one in reminders.due(look) if one.row.due_at < found.end],
            printed=look.now,
        )


@bp.get("/growth")
def growth() -> str:
    """How they grow: those to be looked at first."""
    with looking() as look:
        found = growing.everyone(look.session, look.settings.house, look.now)
        zone = look.settings.house.zone
        return render_template(
            "plan_growth.html",
            everyone=[(one, weight_chart.chart(one, look.now, zone)) for one in found],
            change=changes.newest(look.session),
        )


@bp.post("/growth/<int:animal_id>/runt")
def runt(animal_id: int) -> Response:
    """A carer's word on whether the one that is so light beside its litter is the runt."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        is_one = request.form.get("runt") == "yes"
        written = journal.edit_animal(session, who, animal_id, {"runt": is_one})
        return [written], "Noted: the runt" if is_one else "Noted: light, but not the runt"

    return taps.tap(write)


def _rows(look: Look, planned: Sequence[Planned]) -> list[Row]:
    listed = {one.id: one for one in babies.babies(look)}
    return [Row(one, listed[one.id], plan_numbers.numbers(one.next)) for one in planned]


def _round(one: Round, rows: Mapping[str, Row]) -> tuple[Round, list[tuple[Feeding, Row]]]:
    return one, [(given, rows[given.id]) for given in one.feeds]


def add_words(filters: dict[str, Any]) -> None:
    """The words that templates of the plan use."""
    filters.update(
        due_why=plan_words.why,
        gravest=lambda growth: growth_words.gravest(growth, now()),
        every=plan_words.every,
        growth_said=lambda one: growth_words.said(one, now()),
        growth_gain=growth_words.gain,
        growth_usual=growth_words.usual_gain,
        lasting_min=plan_words.minutes,
        ml=plan_words.ml,
        stop_words=plan_words.STOPS.get,
    )
