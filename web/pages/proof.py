"""Did it help? What stopped the cries, and what company changed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from sqlalchemy import ColumnElement, select

from web import proof, proof_overview, stopped
from web.care import stopping
from web.care.proof import Change
from web.nursery import Look, looking
from web.pages import proof_chart, proof_words
from web.proof import Found
from web.proof_overview import Pairing
from web.records import Animal, Companionship

bp = Blueprint("proof", __name__, url_prefix="/proof")


@dataclass(frozen=True)
class PairView:
    """A pairing and what it changed."""

    row: Companionship
    names: tuple[str, ...]
    found: Found | None  # None: is being reckoned
    unheard: tuple[str, ...] = ()
    own: tuple[tuple[str, Change], ...] = ()  # minutes of crying of each that can be told apart

    def of(self, animal_id: int) -> tuple[Change, Change, bool] | None:
        """Calls and minutes of one of them, and whether they are its own; else all of theirs."""
        if self.found is None:
            return None
        own = self.found.own.get(animal_id)
        return (*own, True) if own else (self.found.calls, self.found.minutes, False)

    @property
    def bars(self) -> proof_chart.Pair | None:
        """Before and with company."""
        return proof_chart.pair(self.found.minutes) if self.found else None


@bp.get("")
def overview() -> str:
    """All of it."""
    with looking() as look:
        pairs = _pairs(look)
        found = proof_overview.all_found(look.session, pairs)
        phases = proof_overview.by_time_since_feed(found)
        told = stopped.stopped(look.session, look.now)
        return render_template(
            "proof.html",
            pairs=[_view(look, pair.row, pair.found) for pair in pairs],
            typical=proof_overview.typical(found),
            story=proof_chart.story(*phases),
            near=[proof.near_feeds(side) for side in phases],
            causes=stopping.causes(told.told),
            told=len(told.told),
            cries=told.cries,
            most=stopped.MOST,
            first=stopping.first_suggestion(told.told),
            commonest=stopping.always_the_commonest(told.told),
            words=proof_words,
        )


@bp.get("/<int:pairing_id>")
def pairing(pairing_id: int) -> str:
    """One pairing, in all its numbers."""
    with looking() as look:
        row = look.session.get(Companionship, pairing_id)
        if row is None:
            abort(404)
        found = proof.of_pairing(look.session, look.settings.house, row, look.now)
        return render_template(
            "proof_pairing.html",
            pair=_view(look, row, found),
            story=proof_chart.story(*proof_overview.by_time_since_feed([found])),
            words=proof_words,
        )


@bp.get("/baby/<int:animal_id>")
def baby(animal_id: int) -> str:
    """One baby: each time in company, its own cries where they can be told from the others'."""
    with looking() as look:
        animal = look.session.get(Animal, animal_id)
        if animal is None:
            abort(404)
        pairs = _pairs(look, proof_overview.of_animal(animal_id))
        return render_template(
            "proof_baby.html",
            animal=animal,
            pairs=[_view(look, pair.row, pair.found) for pair in pairs],
            picture_of=proof_chart.pair,
            words=proof_words,
        )


def _pairs(look: Look, *which: ColumnElement[bool]) -> list[Pairing]:
    return proof_overview.pairings(look.session, look.settings.house, look.now, *which)


def _view(look: Look, row: Companionship, found: Found | None) -> PairView:
    ids = found.members if found else (row.animal_id, row.partner_id)
    animals = select(Animal.id, Animal.name).where(Animal.id.in_(ids))
    names = dict(iter(look.session.execute(animals)))
    pair_first = sorted(ids, key=lambda one: one not in (row.animal_id, row.partner_id))
    return PairView(
        row=row,
        names=tuple(names.get(one, "?") for one in pair_first),
        found=found,
        unheard=tuple(names.get(one, "?") for one in found.unheard) if found else (),
        own=tuple((names.get(one, "?"), m) for one, (_, m) in found.own.items()) if found else (),
    )
