"""The pictures of a proof: before and with company, and the founding story. Pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from web.care.evidence import DUE_FROM, PHASES, Phase
from web.care.proof import Change

WIDTH, HEIGHT = 360.0, 120.0
GAP, BETWEEN = 14.0, 3.0  # between the steps, and between the two bars of one
LONGEST = 230.0  # of a pair's bars
LEAST_H = 1.0  # of listening, for a bar


@dataclass(frozen=True)
class Bar:
    """One bar; x and y of its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    rate: float  # minutes an hour


@dataclass(frozen=True)
class Story:
    """Crying by how long ago the last feed was, without and with company."""

    without: tuple[Bar | None, ...]
    with_company: tuple[Bar | None, ...]
    due_x: float  # from here on a feed is due soon
    most: float  # minutes an hour, of the highest bar
    steps: tuple[tuple[float, str], ...]  # middle of each step, and its name


def story(without: Sequence[Phase], with_company: Sequence[Phase]) -> Story | None:
    """The chart; None where too little was heard of one of the two."""
    rates = [[_rate(phase) for phase in side] for side in (without, with_company)]
    known = [rate for side in rates for rate in side if rate is not None]
    if not any(rate is not None for rate in rates[1]) or not any(
        rate is not None for rate in rates[0]
    ):
        return None
    most = max(*known, 0.1)
    step = (WIDTH + GAP) / len(PHASES)
    wide = (step - GAP - BETWEEN) / 2

    def bars(side: int) -> tuple[Bar | None, ...]:
        return tuple(
            None if rate is None else _bar(number * step + side * (wide + BETWEEN), wide, rate)
            for number, rate in enumerate(rates[side])
        )

    def _bar(x: float, width: float, rate: float) -> Bar:
        height = max(1.5, rate / most * HEIGHT)
        return Bar(round(x, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1), rate)

    due = PHASES.index(DUE_FROM)
    return Story(
        without=bars(0),
        with_company=bars(1),
        due_x=round(due * step - GAP / 2, 1),
        most=most,
        steps=tuple(
            (round(number * step + (step - GAP) / 2, 1), _name(begin))
            for number, begin in enumerate(PHASES)
        ),
    )


@dataclass(frozen=True)
class Pair:
    """Two bars below each other, and what would have been without company."""

    before: float
    after: float
    expected: float | None
    """Widths."""


def pair(change: Change) -> Pair | None:
    """The bars of a pairing; None where one side was not heard."""
    if change.before is None or change.after is None:
        return None
    expected = change.expected
    most = max(change.before, change.after, expected or 0.0, 0.1)

    def width(rate: float) -> float:
        return round(max(2.0, rate / most * LONGEST), 1)

    return Pair(
        width(change.before), width(change.after), None if expected is None else width(expected)
    )


def _rate(phase: Phase) -> float | None:
    return phase.minutes / phase.listened_h if phase.listened_h >= LEAST_H else None


def _name(begin: float) -> str:
    return "over" if begin >= 1 else f"{begin:.0%}"
