"""The plan: due when the rules will say so, by the house's clock, and never for a chilled baby."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.care.care_cases import an_animal, flagged
from web.care import plan
from web.care.facts import Facts, Feed, facts_of
from web.care.feeding_night import Stretch, stretches
from web.care.plan import Amount, Fed, Next, State, Stop
from web.care.portion import portion_of
from web.care.scenario import Animal, Box, Context, Cry, Protocol, Scenario

LONDON = ZoneInfo("Europe/London")
NIGHT = time(22), time(7)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def the_time(now: datetime, zone: ZoneInfo = LONDON) -> list[Stretch]:
    return stretches(now - 50 * HOUR, now + 62 * HOUR, zone, *NIGHT)


def fed(minutes: int | None, now: datetime = NOON, **facts: Any) -> Fed:
    more = {name: facts.pop(name) for name in ("kcal_ml", "volume_ml") if name in facts}
    return Fed(
        animal=an_animal("mia", min_since_fed=minutes, **facts),
        fed_at=None if minutes is None else now - minutes * MINUTE,
        day=now.astimezone(LONDON).date(),
        **more,
    )


def due(baby: Fed, now: datetime = NOON) -> Next:
    return plan.next_feed(baby, the_time(now), now)


def ml(found: Next) -> float | None:
    return found.amount.ml if found.amount else None


@given(
    change=st.sampled_from([(3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31)]),
    after_s=st.integers(0, 72 * 3600),
    since_s=st.integers(0, 2880 * 60),
    species=st.sampled_from(["kitten", "puppy"]),
    age=st.none() | st.integers(0, 70),
    grams=st.none() | st.integers(60, 900),
    own=st.none() | st.integers(60, 720),
    zone=st.sampled_from(["Europe/London", "Australia/Lord_Howe", "America/New_York"]),
)
@settings(max_examples=120, deadline=None)
def test_a_feed_is_due_at_the_first_moment_at_which_the_rules_call_it_overdue(
    change: tuple[int, int], after_s: int, since_s: int, zone: str, **facts: Any
) -> None:
    now = datetime(2026, *change, tzinfo=UTC) + timedelta(seconds=after_s)
    fed_at = now - timedelta(seconds=since_s)
    house = ZoneInfo(zone)
    animal = an_animal(
        "mia",
        species=facts["species"],
        age_days=facts["age"],
        weight_g=facts["grams"],
        plan_interval_min=facts["own"],
        min_since_fed=since_s // 60,
    )
    baby = Fed(animal=animal, fed_at=fed_at, day=now.astimezone(house).date())
    found = plan.next_feed(baby, the_time(now, house), now)

    def overdue(at: datetime) -> bool:
        return _by_the_rules(animal, fed_at, now, at, house).feed is Feed.OVERDUE

    assert found.due_at is not None
    assert (found.state is State.OVERDUE) == (found.due_at <= now) == overdue(now)
    assert overdue(found.due_at)
    between = sorted((now, found.due_at))
    step = max((between[1] - between[0]) / 40, timedelta(seconds=1))
    at = between[0]
    while at < between[1]:  # overdue all the time since, or not once until then
        assert overdue(at) == (found.due_at <= now), at
        at += step
    if found.due_at > fed_at:
        assert not overdue(found.due_at - timedelta(seconds=1))
    then = found.due_at if found.state is State.LATER else now
    portion = portion_of(_by_the_rules(animal, fed_at, now, then, house), None)
    assert (portion and portion.volume_ml) == ml(found)
    assert found.interval_min == _by_the_rules(animal, fed_at, now, then, house).interval_min


@given(
    now=st.integers(0, 24 * 60).map(lambda minutes: NOON + minutes * MINUTE),
    babies=st.lists(
        st.tuples(
            st.none() | st.integers(0, 600),  # fed, min ago
            st.integers(0, 60),  # days old
            st.sampled_from(["full", "short", "refused"]),
            st.booleans(),  # hungry
            st.sampled_from([None, "cool", "cold"]),
        ),
        max_size=6,
    ),
)
@settings(max_examples=60, deadline=None)
def test_a_nights_feeds_lie_in_it_an_interval_apart_and_in_the_stomachs_bounds(
    now: datetime, babies: list[tuple[int | None, int, str, bool, str | None]]
) -> None:
    begin, end = now + HOUR, now + 10 * HOUR
    feeds = []
    for number, (minutes, age, how, hungry, feel) in enumerate(babies):
        facts = {"age_days": age, "last_feed": how, "hungry_signs": hungry, "body_feel": feel}
        baby = fed(minutes, now, **facts)
        baby = replace(baby, animal=replace(baby.animal, id=str(number)))
        own = plan.feeds_between(baby, the_time(now), now, begin, end)
        assert (feel != "cold") or not own
        assert all(later.at - one.at >= 2 * HOUR for one, later in pairwise(own))
        assert [one.first is not None for one in own] == [True, *[False] * len(own[1:])][: len(own)]
        feeds += own
    assert all(begin <= one.at < end for one in feeds)
    assert all(one.amount and 0.5 <= one.amount.ml <= 8.0 for one in feeds)
    found = plan.rounds(feeds)
    assert sum(len(one.feeds) for one in found) == len(feeds)
    assert all(later.at - one.at > plan.ROUND for one, later in pairwise(found))
    assert all(0 * HOUR <= some.at - one.at <= plan.ROUND for one in found for some in one.feeds)


def _by_the_rules(
    animal: Animal, fed_at: datetime, now: datetime, at: datetime, zone: ZoneInfo
) -> Facts:
    local = at.astimezone(zone)
    clock = local.time()
    older = (local.date() - now.astimezone(zone).date()).days
    age = None if animal.age_days is None else max(0, min(70, animal.age_days + older))
    minutes = min(2880, int((at - fed_at).total_seconds() // 60))
    then = replace(animal, min_since_fed=max(0, minutes), age_days=age)
    scenario = Scenario(
        cry=Cry(episode_s=0),
        box=Box(),
        context=Context(night=clock >= NIGHT[0] or clock < NIGHT[1]),
        protocol=Protocol(),
        animals=(then,),
    )
    return facts_of(then, scenario)


def test_minutes_between_feeds_are_true_minutes_when_the_clock_is_put_back() -> None:
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30, which comes again an hour later
    found = due(fed(0, now, age_days=10, weight_g=None), now)
    assert found.due_at == now + 3 * HOUR
    assert found.due_at.astimezone(LONDON).strftime("%H:%M") == "03:30"


def test_the_nights_column_ends_by_the_houses_clock_when_it_is_put_forward() -> None:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    # Fed at 00:30; at night every 8 h, but 07:00 (06:00 UTC) is day again: every 6 h.
    found = due(fed(0, now, age_days=40, weight_g=700), now)
    assert found.due_at == datetime(2026, 3, 29, 6, 30, tzinfo=UTC)
    assert (found.interval_min, found.night) == (360, False)


@pytest.mark.parametrize(
    ("baby", "state", "amount"),
    [
        (fed(190), State.OVERDUE, 5.0),
        (fed(150), State.DUE, 5.0),
        (fed(100, last_feed="short"), State.DUE, 2.5),
        (fed(60, hungry_signs=True), State.DUE, 2.5),
        (fed(60), State.LATER, 5.0),
        (fed(60, kcal_ml=0.8), State.LATER, 6.0),
        (fed(60, kcal_ml=0.5), State.LATER, 8.0),  # the stomach holds no more
        (fed(60, weight_g=None), State.LATER, None),
        (fed(None), State.UNKNOWN, 5.0),
        (fed(60, mother="present"), State.MOTHER, None),
        (fed(60, volume_ml=6.5), State.LATER, 6.5),
        (fed(60, volume_ml=9.5), State.LATER, 8.0),
    ],
)
def test_how_a_baby_stands_and_how_much(baby: Fed, state: State, amount: float | None) -> None:
    found = due(baby)
    assert (found.state, ml(found)) == (state, amount)
    if found.amount and found.amount.cap_ml:
        assert found.amount.ml <= found.amount.cap_ml == 8.0


@pytest.mark.parametrize(
    ("facts", "stop"),
    [
        ({"body_temp_c": 35.0}, Stop.CHILLED),
        ({"body_temp_c": 39.0}, Stop.HOT),
        ({"body_feel": "cold"}, Stop.URGENT),
        ({"red_flags": flagged("limp")}, Stop.URGENT),
        ({}, None),
    ],
)
def test_a_baby_that_must_not_be_fed_says_so(facts: dict[str, Any], stop: Stop | None) -> None:
    assert due(fed(200, **facts)).stop is stop


def test_overdue_comes_first_by_its_share_of_the_interval_then_who_is_next() -> None:
    babies = [
        replace(one, animal=replace(one.animal, id=name))
        for name, one in {
            "later": fed(30),
            "soon": fed(170),
            "late": fed(200),
            "latest": fed(250),
            "nobody knows": fed(None),
            "nursed": fed(30, mother="present"),
        }.items()
    ]
    found = plan.in_order(due(one) for one in babies)
    assert [one.id for one in found] == [
        *("latest", "late", "nobody knows", "soon", "later", "nursed")
    ]


def test_a_night_holds_every_feed_once_and_gathers_those_that_lie_near() -> None:
    now = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    begin, end = now + 2 * HOUR, now + 11 * HOUR
    babies = [fed(60, now), replace(fed(45, now), animal=an_animal("pip", min_since_fed=45))]
    feeds = [
        one for baby in babies for one in plan.feeds_between(baby, the_time(now), now, begin, end)
    ]
    by_round = [
        (f"{one.at:%H:%M}", [feeding.id for feeding in one.feeds]) for one in plan.rounds(feeds)
    ]
    both = ["mia", "pip"]
    assert by_round == [("22:00", both), ("01:00", both), ("04:00", both)]


def test_a_kitten_that_turns_a_week_old_at_midnight_is_fed_by_the_older_row_from_then() -> None:
    now = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    baby = fed(0, now, age_days=6, weight_g=200)
    times = [
        f"{one.at:%H:%M}"
        for one in plan.feeds_between(baby, the_time(now), now, now, now + 9 * HOUR)
    ]
    assert times == ["01:00", "04:00"]


def test_a_longer_interval_at_nightfall_lets_what_was_due_wait_again() -> None:
    def standing(hours: float) -> tuple[State, str]:
        now = datetime(2026, 11, 22, 0, 0, tzinfo=UTC) + hours * HOUR
        last = datetime(2026, 11, 22, 16, 55, tzinfo=UTC)
        animal = an_animal("mia", age_days=22, weight_g=None)
        minutes = int((now - last) / MINUTE)
        baby = Fed(replace(animal, min_since_fed=minutes), last, now.date())
        found = due(baby, now)
        assert found.due_at is not None
        return found.state, f"{found.due_at:%H:%M}"

    # By day every 5 h, so due at 21:55; from 22:00 on every 6 h.
    assert standing(21.5) == (State.DUE, "21:55")
    assert standing(21.95) == (State.OVERDUE, "21:55")
    assert standing(22) == (State.DUE, "22:55")
    assert standing(23.5) == (State.OVERDUE, "22:55")


def test_the_most_late_by_its_own_interval_comes_first_then_by_time_then_by_name() -> None:
    def named(name: str, minutes: int | None, **facts: Any) -> Next:
        baby = fed(minutes, **facts)
        return due(replace(baby, animal=replace(baby.animal, id=name)))

    found = plan.in_order(
        [
            named("6 h", 420, plan_interval_min=360),
            named("1 h", 100, plan_interval_min=60),
            named("later", 10, plan_interval_min=300),
            named("sooner", 100, plan_interval_min=360),
            named("b", 30),
            named("a", 30),
            named("hungry, nobody knows", None, hungry_signs=True),
            named("soon", 170),
        ]
    )
    assert [one.id for one in found] == [
        *("1 h", "6 h", "hungry, nobody knows", "soon", "a", "b", "sooner", "later")
    ]


@pytest.mark.parametrize(
    ("baby", "times"),
    [
        (fed(200), ["15:00", "18:00"]),  # overdue: at once, at 12:00
        (fed(100, last_feed="short"), ["15:00", "18:00"]),  # again at 12:00
        (fed(100, hungry_signs=True), ["15:00", "18:00"]),
        (fed(150), ["15:30", "18:30"]),  # soon: when it is due
        (fed(None), ["13:00", "16:00"]),
        (fed(None, hungry_signs=True), ["15:00", "18:00"]),
        (fed(30, mother="present"), []),
        (fed(30, body_feel="cold"), []),
        (fed(0, plan_interval_min=60), ["13:00", "14:00", "15:00", "16:00", "17:00", "18:00"]),
    ],
)
def test_the_first_feed_of_a_night_follows_from_how_the_baby_stands(
    baby: Fed, times: list[str]
) -> None:
    found = plan.feeds_between(baby, the_time(NOON), NOON, NOON + HOUR, NOON + 7 * HOUR)
    assert [f"{one.at:%H:%M}" for one in found] == times


def test_a_half_feed_is_followed_by_whole_ones() -> None:
    baby = fed(100, last_feed="short")
    found = plan.feeds_between(baby, the_time(NOON), NOON, NOON, NOON + 7 * HOUR)
    assert [one.amount and one.amount.ml for one in found] == [2.5, 5.0, 5.0]


def test_a_nights_plan_has_an_end() -> None:
    baby = fed(0, plan_interval_min=60)
    found = plan.feeds_between(baby, the_time(NOON), NOON, NOON, NOON + 45 * HOUR)
    assert len(found) == plan.MOST_FEEDS == 40
    with pytest.raises(ValueError, match="end before the feed is due"):
        plan.next_feed(baby, stretches(NOON - HOUR, NOON + HOUR / 2, LONDON, *NIGHT), NOON)


def test_a_round_is_as_long_as_one_can_be_up_at_once() -> None:
    at = [NOON, NOON + 20 * MINUTE, NOON + 21 * MINUTE, NOON + 41 * MINUTE, NOON + 41 * MINUTE]
    feeds = [plan.Feeding(str(9 - place), moment, None) for place, moment in enumerate(at)]
    found = plan.rounds([*feeds[1::2], *feeds[::2]])
    assert [[one.id for one in some.feeds] for some in found] == [["9", "8"], ["7", "5", "6"]]


@pytest.mark.parametrize(
    ("facts", "help_"),
    [
        ({"age_days": 20}, True),
        ({"age_days": 21}, False),
        ({"age_days": 5, "mother": "present"}, False),
        ({"age_days": 30, "mother": "present"}, False),
        ({"age_days": 5, "mother": None}, True),
    ],
)
def test_who_needs_help_with_its_toilet(facts: dict[str, Any], *, help_: bool) -> None:
    assert due(fed(30, **facts)).toilet is help_


@pytest.mark.parametrize(
    ("baby", "amount"),
    [
        (fed(60), Amount(5.0, 8.0, capped=False, own=False)),
        (fed(60, kcal_ml=0.6), Amount(8.0, 8.0, capped=True)),
        (fed(60, volume_ml=8), Amount(8, 8.0, own=True)),
        (fed(60, volume_ml=8.5), Amount(8.0, 8.0, capped=True, own=True)),
        (fed(60, volume_ml=6, weight_g=None), Amount(6, None, own=True)),
        (fed(100, volume_ml=6, last_feed="refused"), Amount(3, 8.0, own=True)),
        (fed(100, volume_ml=6, hungry_signs=True), Amount(3, 8.0, own=True)),
        (fed(150, volume_ml=6), Amount(6, 8.0, own=True)),
    ],
)
def test_an_own_plan_wins_but_not_over_the_stomach(baby: Fed, amount: Amount) -> None:
    assert due(baby).amount == amount


def test_with_its_mother_nothing_is_due() -> None:
    found = due(fed(300, mother="present"))
    assert (found.state, found.due_at, found.amount) == (State.MOTHER, None, None)


def test_at_the_tables_end_a_baby_grows_no_older() -> None:
    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert due(fed(0, now, age_days=70, weight_g=2000), now).due_at == now + 8 * HOUR
