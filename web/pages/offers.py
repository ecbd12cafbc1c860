"""What a form offers before anything is typed: the amounts that each baby usually takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median_low

from sqlalchemy import select

from web.care.plan import Stop
from web.nursery import Look
from web.plan import Planned, plan
from web.records import Feed

LOOKED_BACK = timedelta(hours=36)  # a baby grows: what it took earlier is no guide
FEEDS_COUNTED = 4  # the newest of those that it took whole
STEPS = ((12.0, 0.5), (30.0, 1.0), (float("inf"), 2.0))  # below so many mL, mL from one to the next

STOPS = {
    Stop.URGENT: "Not now: call the vet",
    Stop.CHILLED: "Not now: warm it first",
    Stop.HOT: "Not now: it is too hot",
}


@dataclass(frozen=True)
class Offer:
    """What a feed of one baby starts from."""

    ml: float | None = None
    cap_ml: float | None = None
    """What its stomach holds with ease; None where nobody knows its weight."""
    plan_ml: float | None = None
    """By the plan, where that is not what is offered."""
    route: str | None = None
    formula_id: int | None = None
    stop: str | None = None
    """Why it should not be fed now."""


def feed_offers(look: Look, ids: Sequence[int]) -> Mapping[int, Offer]:
    """The usual amount (its own plan's, else what it took whole of late, else the tables'), and the
    way and the milk of the last time.
    """
    today = plan(look.session, look.settings.house, look.now)
    rows = look.session.scalars(
        select(Feed)
        .where(Feed.animal_id.in_(ids), Feed.undone_at.is_(None))
        .where(Feed.at > look.now - LOOKED_BACK, Feed.at <= look.now)
        .order_by(Feed.at.desc(), Feed.id.desc())
    )
    taken: dict[int, list[Feed]] = {}
    for row in rows:
        taken.setdefault(row.animal_id, []).append(row)
    return {one: _offer(today.of(one), taken.get(one, [])) for one in ids}


def _offer(planned: Planned | None, feeds: Sequence[Feed]) -> Offer:
    newest = feeds[0] if feeds else None
    amount = planned.next.amount if planned else None
    took, cap = usual(feeds), amount.cap_ml if amount else None
    if took is not None and cap is not None:
        took = min(took, cap)
    reckoned = amount.ml if amount else None
    ml = reckoned if took is None or (amount and amount.own) else took
    return Offer(
        ml=ml,
        cap_ml=cap,
        plan_ml=reckoned if reckoned != ml else None,
        route=newest.route if newest else None,
        formula_id=newest.formula_id if newest else None,
        stop=STOPS[planned.next.stop] if planned and planned.next.stop else None,
    )


def usual(feeds: Iterable[Feed]) -> float | None:
    """The middle one of what was taken whole of late, mL; `feeds` newest first."""
    whole = [one.amount_ml for one in feeds if one.how == "full" and one.amount_ml]
    return median_low(whole[:FEEDS_COUNTED]) if whole else None


def near(ml: float | None, cap_ml: float | None = None) -> list[float]:
    """Amounts around the usual one, to be chosen with one tap; none above what its stomach holds,
    but for the usual one itself.
    """
    if ml is None:
        return []
    step = next(step for below, step in STEPS if ml < below)
    most = max(ml, cap_ml) if cap_ml is not None else float("inf")
    steps = (-2, -1, 0, 1, 2) if ml + 2 * step <= most else (-4, -3, -2, -1, 0, 1)
    around = (round(ml + step * n, 1) for n in steps)
    return [one for one in around if 0 < one <= most][-5:]
