"""Did it help? What stopped the cries, and what company changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from sqlalchemy import ColumnElement, or_, select

from web import proof, stopped
from web.care import stopping
from web.care.proof import Change, pooled
from web.care.trend import Ratio
from web.nursery import Look, looking
from web.pages import proof_chart, proof_words
from web.proof import Found
from web.records import Animal, Companionship, Proof

bp = Blueprint("proof", __name__, url_prefix="/proof")

SHOWN = 12  # pairings on the first page, newest first
POOLED = 100  # pairings that the typical change is made of, newest first
RECKONED_AT_ONCE = 2  # that nobody has reckoned yet; the others follow within minutes


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


@dataclass(frozen=True)
class Typical:
    """What company changes in this house."""

    pairs: int
    whole: Ratio | None
    away: Ratio | None
    due: Ratio | None


@bp.get("")
def overview() -> str:
    """All of it."""
    with looking() as look:
        pairs = _pairs(look)
        kept = _kept(look, pairs)
        told = stopped.stopped(look.session, look.now)
        return render_template(
            "proof.html",
            pairs=pairs,
            typical=_typical(kept),
            story=_story(kept),
            near=_near(kept),
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
            story=_story([found]),
            words=proof_words,
        )


@bp.get("/baby/<int:animal_id>")
def baby(animal_id: int) -> str:
    """One baby: each time in company, its own cries where they can be told from the others'."""
    with looking() as look:
        animal = look.session.get(Animal, animal_id)
        if animal is None:
            abort(404)
        mine = or_(Companionship.animal_id == animal_id, Companionship.partner_id == animal_id)
        return render_template(
            "proof_baby.html",
            animal=animal,
            pairs=_pairs(look, mine),
            picture_of=proof_chart.pair,
            words=proof_words,
        )


def _pairs(look: Look, *which: ColumnElement[bool]) -> list[PairView]:
    """The newest pairings; most of them are kept."""
    rows = look.session.execute(
        select(Companionship, Proof)
        .join(Proof, Proof.companionship_id == Companionship.id, isouter=True)
        .where(Companionship.began_at <= look.now, *which)
        .order_by(Companionship.began_at.desc(), Companionship.id.desc())
        .limit(SHOWN)
    )
    views, left = [], RECKONED_AT_ONCE
    for row, kept in rows:
        found = proof.read(kept)
        if found is None and left > 0:
            left -= 1
            found = proof.reckon(look.session, look.settings.house, row, look.now)
        views.append(_view(look, row, found))
    return views


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


def _kept(look: Look, pairs: Sequence[PairView]) -> list[Found]:
    """All that is known of pairings, with what was reckoned only now."""
    rows = look.session.scalars(select(Proof).order_by(Proof.companionship_id.desc()).limit(POOLED))
    found = {row.companionship_id: proof.read(row) for row in rows}
    found |= {pair.row.id: pair.found for pair in pairs}
    return [one for one in found.values() if one is not None]


def _typical(kept: Sequence[Found]) -> Typical:
    def of(changes: Sequence[Change]) -> Ratio | None:
        return pooled([change.found for change in changes if change.found])

    return Typical(
        pairs=sum(one.minutes.found is not None for one in kept),
        whole=of([one.minutes for one in kept]),
        away=of([one.away for one in kept]),
        due=of([one.due for one in kept]),
    )


def _story(kept: Sequence[Found]) -> proof_chart.Story | None:
    return proof_chart.story(
        proof_chart.together([one.without for one in kept]),
        proof_chart.together([one.with_company for one in kept]),
    )


def _near(kept: Sequence[Found]) -> list[tuple[float, float] | None]:
    """The share of the crying near due feeds, before and with company."""
    return [
        proof.near_feeds(proof_chart.together([one.without for one in kept])),
        proof.near_feeds(proof_chart.together([one.with_company for one in kept])),
    ]
