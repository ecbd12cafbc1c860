"""How a pair is compared with itself: what is taken out, and what is not claimed."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.proof import WORLDS, pair
from web.care.proof import FEWEST_HOURS_OF_PART, Change, compare, pooled
from web.care.stopping import Share, Told, always_the_commonest, causes, first_suggestion
from web.care.trend import Cell, Ratio, t_quantile

UNEVEN = (1, -1, 0, 0, -1, 1)  # of six days: neither a slope nor a step
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5, 6})


def cells(
    ratio: float = 1.0,
    *,
    slope: float = 0.0,
    days: tuple[int, int] = (6, 6),
    heard: tuple[frozenset[int], frozenset[int]] = (frozenset(range(24)), frozenset(range(24))),
    usual: float = 4.0,
    uneven: float = 0.2,
) -> list[Cell]:
    """Hours with four calls, eight at night, more on one day than on the next; no chance in it."""
    found = []
    for number in range(-24 * days[0], 24 * days[1]):
        day, hour, company = number / 24, number % 24, number >= 0
        if hour in heard[company]:
            amount = usual * (2 if hour in NIGHT else 1) * math.exp(slope * day)
            amount *= (1 + uneven * UNEVEN[math.floor(day) % 6]) * (ratio if company else 1)
            cries = math.ceil(amount / 4)
            found.append(Cell(day, hour, company, 1.0, cries, amount))
    return found


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.15])
def test_growing_older_is_not_put_down_to_company(ratio: float, slope: float) -> None:
    change = compare(cells(ratio, slope=slope))
    assert change.found is not None
    assert change.ratio == pytest.approx(ratio, rel=0.1)
    assert change.found.low < ratio < change.found.high
    assert change.expected == pytest.approx((change.after or 0) / ratio, rel=0.1)


def test_only_hours_of_the_day_that_were_heard_both_times_are_held_against_each_other() -> None:
    day = frozenset(range(7, 22))
    change = compare(cells(heard=(frozenset(range(24)), day), uneven=0))
    assert (change.before, change.after) == (4.0, 4.0)
    assert change.hours_of_day == 15
    assert change.ratio == pytest.approx(1.0)
    assert change.hours_before == 6 * 15


def test_an_hour_that_was_heard_in_part_counts_for_that_part() -> None:
    halves = [replace(c, listened_h=0.5, amount=c.amount / 2) for c in cells(0.5)]
    change = compare(halves)
    assert change.ratio == pytest.approx(compare(cells(0.5)).ratio)
    assert change.after == pytest.approx(compare(cells(0.5)).after)
    deaf = [*cells(0.5), Cell(0.5, 12, True, 0.0, 9, 900.0)]
    assert compare(deaf) == compare(cells(0.5))


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (compare([]), "days_before"),
        (compare(cells(days=(2, 6))), "days_before"),
        (compare(cells(days=(6, 2))), "days_after"),
        (compare(cells(heard=(NIGHT, frozenset(range(2, 7))))), "hours_of_day"),
        (compare(cells(heard=(NIGHT, frozenset({0, 1, 2, 3, 9, 10})))), "hours_of_day"),
        (compare([replace(cell, cries=0) for cell in cells()]), "cries_before"),
        (compare(cells(uneven=0.95, days=(3, 3))), "too_wide"),
    ],
)
def test_too_few_data_are_called_that(change: Change, missing: str) -> None:
    assert change.too_few == missing
    assert change.found is None
    assert change.expected is None


def test_a_day_counts_when_enough_of_it_was_heard() -> None:
    three_h = frozenset(range(3))
    short = cells(heard=(three_h, three_h))
    assert compare(short).days_before == 0
    assert compare(short, FEWEST_HOURS_OF_PART).days_before == 6
    four_h = frozenset(range(4))
    assert compare(cells(heard=(four_h, four_h))).days_before == 6


def test_silence_with_company_is_no_proof_of_all_or_nothing() -> None:
    change = compare(cells(0.0))
    assert change.after == 0
    assert change.found is not None
    assert change.found.low == 0
    assert 0 < change.found.ratio < change.found.high < 0.5
    fewer = compare([replace(cell, cries=cell.cries * (cell.hour % 4 == 0)) for cell in cells(0.0)])
    assert fewer.found is not None
    assert fewer.found.high > change.found.high


def test_days_that_differ_more_make_it_less_sure() -> None:
    calm, wild = compare(cells(0.5, uneven=0.05)).found, compare(cells(0.5, uneven=0.4)).found
    assert calm is not None
    assert wild is not None
    assert wild.high / wild.low > calm.high / calm.low


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(["halved", "all but silent"]))
def test_order_and_unit_say_nothing(seed: int, name: str) -> None:
    chance = random.Random(seed)
    world = next(world for world in WORLDS if world.name == name)
    calls, _, _ = pair(replace(world, before=(3, 4), after=(3, 4)), chance)
    shuffled = chance.sample(calls, len(calls))
    tenfold = compare([replace(cell, amount=cell.amount * 10) for cell in shuffled])
    change = compare(calls)
    assert tenfold.too_few == change.too_few
    if change.found and tenfold.found:
        assert tenfold.found.ratio == pytest.approx(change.found.ratio, rel=1e-4)
        assert tenfold.found.high == pytest.approx(change.found.high, rel=1e-4)
        assert change.found.low <= change.found.ratio <= change.found.high


@pytest.mark.parametrize("name", ["no change", "halved, calmer with age"])
def test_the_interval_holds_the_truth_and_the_middle_is_about_right(name: str) -> None:
    """As `python -m tests.bench.proof` shows at length."""
    world = next(world for world in WORLDS if world.name == name)
    chance = random.Random(5)
    found = [compare(pair(world, chance)[1]).found for _ in range(60)]
    told = [one for one in found if one is not None]
    assert len(told) >= 45
    assert sum(one.low <= world.ratio <= one.high for one in told) >= 0.88 * len(told)
    off = sum(math.log(one.ratio / world.ratio) for one in told) / len(told)
    assert abs(off) < 0.15
    typical = pooled(told)
    assert typical is not None
    assert typical.low < world.ratio < typical.high < 1.25 * world.ratio


def test_fewer_than_three_pairs_have_no_typical_change() -> None:
    one = Ratio(0.5, 0.3, 0.8)
    assert pooled([one, one]) is None
    three = pooled([one, one, one])
    assert three is not None
    assert three.ratio == pytest.approx(0.5)
    differing = pooled([one, Ratio(1.5, 0.9, 2.4), Ratio(0.2, 0.1, 0.4)])
    assert differing is not None
    assert differing.high / differing.low > three.high / three.low


def test_students_t_is_near_its_table() -> None:
    table = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 8: 2.306, 30: 2.042}
    for degrees, wanted in table.items():
        assert t_quantile(degrees) == pytest.approx(wanted, rel=0.003)
    assert t_quantile(10**6) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-5)


# --- what stopped them ----------------------------------------------------------------------------


def told(
    by: str, minutes: float = 2.0, first: str | None = "FEED", quiet: bool | None = True
) -> Told:
    """A cry that somebody told of."""
    return Told(by, minutes, quiet, first)


def test_causes_are_listed_the_commonest_first_and_what_nobody_knows_last() -> None:
    found = causes(
        [told("unknown")] * 5
        + [told("fed", 1), told("fed", 2, quiet=False), told("fed", 9, quiet=None)]
        + [told("company", 4)]
    )
    assert [(one.by, one.cries, one.minutes) for one in found] == [
        ("fed", 3, 2), ("company", 1, 4), ("unknown", 5, 2),
    ]  # fmt: skip
    assert (found[0].stayed_quiet, found[0].of) == (1, 2)
    assert (found[0].quarter, found[0].three_quarters) == (1.5, 5.5)
    assert (found[1].quarter, found[1].three_quarters) == (4, 4)


def test_the_first_suggestion_is_judged_by_those_who_told_what_helped() -> None:
    cries = [
        told("fed"), told("company"), told("fed", first="PAIR_SAME_LITTER"),
        told("company", first="REUNITE"), told("by_itself", first="WAIT_AND_WATCH"),
        told("warmth", first="CHECK_BOX"), told("unknown"), told("fed", first="URGENT_VET"),
        told("fed", first=None),
    ]  # fmt: skip
    assert first_suggestion(cries) == Share(4, 6)
    assert always_the_commonest(cries) == Share(2, 6)
    assert first_suggestion([]) == always_the_commonest([]) == Share(0, 0)


def test_a_share_has_wilsons_interval_from_ten_on() -> None:
    assert Share(9, 9).interval is None
    low, high = Share(8, 10).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    low, high = Share(0, 20).interval or (1, 0)
    assert (low, round(high, 3)) == (0, 0.161)
