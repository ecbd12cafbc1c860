"""Which hours may be compared: the same animals, heard, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web.care.evidence import Cried, Evidence, Fed, Records, Stayed, evidence

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIA, TOM, KIM, PIP = 1, 2, 3, 4
SPECIES = {MIA: "kitten", TOM: "kitten", KIM: "kitten", PIP: "puppy"}


def stay(animal: int, box: str, begin: float, end: float | None = None) -> Stayed:
    """In a box, from and to so many days from when company began."""
    return Stayed(animal, box, BEGAN + begin * DAY, None if end is None else BEGAN + end * DAY)


def cried(box: str, days: float, **fields: Any) -> Cried:
    """A minute of crying, ten minutes after an hour."""
    values: dict[str, Any] = {"seconds": 60.0, "calls": 20, "species": "kitten", "source": None}
    return Cried(box, BEGAN + days * DAY + timedelta(minutes=10), **(values | fields))


def seen(
    *stays: Stayed,
    cries: Iterable[Cried] = (),
    pair: tuple[int, int] = (MIA, TOM),
    **fields: Any,
) -> Evidence:
    """What counts, four days before and two with company in the box one."""
    values: dict[str, Any] = {
        "began": BEGAN, "until": BEGAN + 2 * DAY, "species": SPECIES, "listened": {}, "feeds": {},
        "hour_of_day": lambda at: at.hour,
    }  # fmt: skip
    return evidence(Records(pair=pair, stays=stays, cries=tuple(cries), **(values | fields)))


APART = (stay(MIA, "one", -4), stay(TOM, "two", -4, 0), stay(TOM, "one", 0))
HOURS = (4 * 24, 2 * 24)


def hours(found: Evidence) -> tuple[int, int]:
    """How many count before, and with company."""
    with_it = sum(cell.company for cell in found.calls)
    return len(found.calls) - with_it, with_it


def sums(found: Evidence) -> tuple[float, float]:
    """Minutes of crying before, and with company."""
    before = sum(cell.amount for cell in found.minutes if not cell.company)
    return before, sum(cell.amount for cell in found.minutes) - before


def test_all_hours_of_two_that_lived_alone_and_then_together_count() -> None:
    found = seen(*APART)
    assert hours(found) == HOURS
    assert (found.members, found.unheard) == ((MIA, TOM), ())
    assert found.assumed == ("one", "two")
    assert [cell.days for cell in found.calls][:2] == [-4, pytest.approx(-4 + 1 / 24)]
    assert found.calls[0].hour == 12


def test_the_crying_of_both_boxes_before_is_held_against_that_of_the_one() -> None:
    cries = [cried("one", -1), cried("two", -1), cried("one", 1), cried("two", 1)]
    found = seen(*APART, cries=cries)
    assert sums(found) == (2, 1)  # nobody of them lives in the box two any more
    assert max(cell.amount for cell in found.calls) == 40
    assert max(cell.cries for cell in found.calls) == 2


def test_hours_with_somebody_else_in_a_box_do_not_count() -> None:
    kim_before = stay(KIM, "two", -3, -2.5)
    kim_after = stay(KIM, "one", 1, 1.25)
    assert hours(seen(*APART, kim_before)) == (HOURS[0] - 12, HOURS[1])
    assert hours(seen(*APART, kim_after)) == (HOURS[0], HOURS[1] - 6)
    elsewhere = stay(KIM, "three", -4)
    assert hours(seen(*APART, elsewhere)) == HOURS


def test_hours_in_which_somebody_moved_do_not_count() -> None:
    half_past = 0.5 / 24
    moved = (stay(MIA, "one", -4), stay(TOM, "two", -4, half_past), stay(TOM, "one", half_past))
    found = seen(*moved, began=BEGAN + half_past * DAY)
    assert hours(found) == (HOURS[0], HOURS[1] - 1)
    away = (stay(TOM, "two", -4, -2 + half_past), stay(TOM, "three", -2 + half_past, 0))
    assert hours(seen(stay(MIA, "one", -4), *away, stay(TOM, "one", 0))) == (HOURS[0] - 1, HOURS[1])


def test_a_litter_that_gets_one_more_is_compared_as_a_whole() -> None:
    litter = (*APART, stay(KIM, "one", -4))
    found = seen(*litter)
    assert found.members == (MIA, TOM, KIM)
    assert hours(found) == HOURS
    left = (*APART, stay(KIM, "one", -4, 1))
    assert hours(seen(*left)) == (HOURS[0], 24)


def test_one_that_was_not_heard_before_counts_only_after_and_that_is_said() -> None:
    cries = [cried("one", -1), cried("one", 1)]
    late = (stay(MIA, "one", -4), stay(TOM, "two", -2, 0), stay(TOM, "one", 0))
    for stays in (late, (stay(MIA, "one", -4), stay(TOM, "one", 0))):
        found = seen(*stays, cries=cries)
        assert found.unheard == (TOM,)
        assert hours(found) == HOURS
        assert sums(found) == (1, 1)


def test_time_that_they_spent_together_earlier_is_not_time_without_company() -> None:
    tried = (
        stay(TOM, "two", -4, -2), stay(TOM, "one", -2, -1), stay(TOM, "two", -1, 0),
        stay(TOM, "one", 0),
    )  # fmt: skip
    assert hours(seen(stay(MIA, "one", -4), *tried)) == (HOURS[0] - 24, HOURS[1])


def test_two_that_are_in_no_common_box_cannot_be_judged() -> None:
    apart = (stay(MIA, "one", -4), stay(TOM, "two", -4))
    for stays in (apart, (), (stay(MIA, "one", -4),)):
        found = seen(*stays)
        assert hours(found) == (0, 0)
        assert found.members == (MIA, TOM)


def test_no_more_than_a_week_is_looked_at_on_either_side() -> None:
    old = (stay(MIA, "one", -40), stay(TOM, "two", -40, 0), stay(TOM, "one", 0))
    assert hours(seen(*old, until=BEGAN + 30 * DAY)) == (7 * 24, 7 * 24)


def test_an_hour_counts_for_what_was_listened_to_in_both_boxes() -> None:
    def told(one: float, two: float) -> dict[str, dict[datetime, float]]:
        return {"one": {BEGAN - DAY: one, BEGAN + DAY: 1.0}, "two": {BEGAN - DAY: two}}

    cries = [cried("one", -1), cried("two", -1)]
    found = seen(*APART, cries=cries, listened=told(1.0, 0.5))
    assert found.assumed == ()
    assert hours(found) == (1, 1)
    assert found.minutes[0].listened_h == 0.75
    # A minute in an hour, and a minute in half an hour: three minutes an hour.
    assert found.minutes[0].amount == pytest.approx(3 * 0.75)
    assert hours(seen(*APART, cries=cries, listened=told(1.0, 0.1))) == (0, 1)


def test_a_cry_that_a_person_saw_to_be_anothers_does_not_count() -> None:
    cries = [cried("one", -1, source=KIM), cried("one", 1, source=KIM), cried("one", 1, source=TOM)]
    assert sums(seen(*APART, cries=cries)) == (0, 1)


# --- one of them alone ----------------------------------------------------------------------------

MIXED = (stay(MIA, "one", -4), stay(PIP, "two", -4, 0), stay(PIP, "one", 0))


def test_a_kitten_and_a_puppy_are_told_apart_by_their_voices() -> None:
    cries = [
        cried("one", -1), cried("one", -1, species="uncertain"), cried("two", -1, species="puppy"),
        cried("one", 1), cried("one", 1, species="puppy"), cried("one", 1, species="puppy"),
        cried("one", 1, species="puppy", source=MIA),
    ]  # fmt: skip
    found = seen(*MIXED, cries=cries, pair=(MIA, PIP))
    own = {
        animal: tuple(
            sum(cell.amount for cell in cells if cell.company is company)
            for company in (False, True)
        )
        for animal, cells in found.own_minutes.items()
    }
    assert own == {MIA: (1, 2), PIP: (1, 2)}
    assert found.own_calls.keys() == found.own_minutes.keys()


def test_two_kittens_are_told_apart_only_where_people_saw_who_cried() -> None:
    seen_often = [cried("one", 1 + n / 24, source=TOM if n % 2 else MIA) for n in range(8)]
    assert seen(*APART, cries=[*seen_often, cried("one", 1.9), cried("one", 1.8)]).own_calls
    assert not seen(*APART, cries=[*seen_often, *[cried("one", 1.9)] * 3]).own_calls
    assert not seen(*APART).own_calls


# --- hunger ---------------------------------------------------------------------------------------


def fed(animal: int, every_h: float, interval_h: float) -> dict[int, list[Fed]]:
    """Fed so often, from before the first hour to the last."""
    number = int(6.5 * 24 / every_h)
    first = BEGAN - 4.5 * DAY
    times = [first + n * every_h * HOUR for n in range(number)]
    return {animal: [Fed(at, interval_h * HOUR) for at in times]}


def test_crying_is_held_against_how_long_ago_the_hungriest_was_fed() -> None:
    feeds = fed(MIA, 4, 4) | fed(TOM, 2, 4)
    cries = [cried("one", n / 24) for n in range(-48, 24)]
    found = seen(*APART, cries=cries, feeds=feeds)
    # Fed every four hours: each fifth of the time is as long, and all crying is in it.
    assert [phase.listened_h for phase in found.without] == pytest.approx(
        [19, 19, 19, 19, 19, 0], abs=1.3
    )
    assert sum(phase.cries for phase in found.without) == 48
    assert sum(phase.minutes for phase in found.with_company) == 24
    near, away = (sum(cell.listened_h for cell in cells) for cells in (found.due, found.away))
    assert (near + away, near / (near + away)) == pytest.approx((6 * 24, 0.2), abs=0.01)
    assert sum(cell.amount for cell in (*found.due, *found.away)) == 72


def test_a_feed_that_is_late_is_over_and_one_that_was_not_noted_is_not_counted() -> None:
    feeds = {MIA: [Fed(BEGAN - 10 * HOUR, 4 * HOUR)], TOM: [Fed(BEGAN - 4.5 * DAY, 400 * HOUR)]}
    found = seen(*APART, feeds=feeds)
    assert found.without[-1].listened_h == pytest.approx(4, abs=0.1)
    assert sum(phase.listened_h for phase in found.without) == pytest.approx(8, abs=0.1)
    assert sum(cell.listened_h for cell in found.due) == pytest.approx(0.8 + 4, abs=0.1)
    only_one = seen(*APART, feeds=fed(MIA, 4, 4))
    assert not any(phase.listened_h for phase in (*only_one.without, *only_one.with_company))
