"""From records to the rules' scenario: what is trusted, for how long, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from monitor.messages import CryStep
from monitor.settings import HouseSettings, Settings
from tests.web.cry_messages import NOW, arrived, clip, cry, cry_id, life
from web import journal
from web.care.advice import suggest
from web.care.scenario import Animal as Baby
from web.care.scenario import Scenario
from web.database import Database
from web.journal import Entry
from web.known import known
from web.records import Animal, Box, Feed, Observation, Weight
from web.scenario_of import Question, is_night, scenario_of
from web.take import take

HOUSE = HouseSettings(time_zone="UTC", vet_phone="555", urgent_text="ring twice")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(records: Database) -> Iterator[Session]:
    """A nest, another box, and a writer that may be read from at once."""
    with records.writing() as opened:
        opened.add_all([Box(id="nest", created_at=NOW), Box(id="other", created_at=NOW)])
        opened.flush()
        yield opened


def entry(ago: timedelta = timedelta(0)) -> Entry:
    return Entry("Ada", NOW - ago, sure=True)


def kitten(session: Session, box: str | None = "nest", **values: Any) -> int:
    given = {"name": "Mia", "species": "kitten", "age_days": 10, **values}
    return int(journal.add_animal(session, entry(timedelta(days=2)), given, box).id)


def asked(session: Session, now: datetime = NOW, house: HouseSettings = HOUSE) -> Question:
    box = session.get(Box, "nest")
    assert box is not None
    session.flush()
    return scenario_of(known(session, box, now), house, now)


def baby(session: Session, animal_id: int, now: datetime = NOW) -> Baby:
    (found,) = [a for a in asked(session, now).scenario.animals if a.id == str(animal_id)]
    return found


def hear(session: Session, *messages: Any, now: datetime = NOW) -> None:
    reasons = take(session, [arrived(message) for message in messages], Settings(), now)
    assert set(reasons) == {None}


def test_an_animal_of_which_nothing_is_known_has_unknown_facts(session: Session) -> None:
    found = baby(session, kitten(session, age_days=None))
    known_facts = ("id", "species", "in_box", "red_flags", "suckles_others", "keep_apart")
    for name in Baby.__dataclass_fields__:
        if name not in (*known_facts, "ok_with"):
            assert getattr(found, name) is None, name


@pytest.mark.parametrize(
    ("fact", "value", "field", "minutes"),
    [
        ("body_temp_c", 36.5, "body_temp_c", 60),
        ("body_feel", "cool", "body_feel", 60),
        ("hungry_signs", True, "hungry_signs", 60),
        ("stool_score", 5, "stool_score", 24 * 60),
        ("health", "ok", "health", 24 * 60),
    ],
)
def test_what_was_seen_is_trusted_for_its_time_and_no_longer(
    session: Session, fact: str, value: Any, field: str, minutes: int
) -> None:
    one = kitten(session)
    journal.observe(session, entry(minutes * MINUTE), one, fact, value)
    assert getattr(baby(session, one), field) == value
    assert getattr(baby(session, one, NOW + MINUTE), field) is None


@pytest.mark.parametrize("word", ["suspect", "ill"])
def test_an_animal_stays_ill_until_somebody_says_otherwise(session: Session, word: str) -> None:
    one = kitten(session)
    journal.observe(session, entry(timedelta(days=20)), one, "health", word)
    assert baby(session, one).health == word
    journal.observe(session, entry(MINUTE), one, "health", "ok")
    assert baby(session, one).health == "ok"


def test_red_flags_hold_for_an_hour_and_the_newest_look_counts(session: Session) -> None:
    one = kitten(session)
    journal.observe(session, entry(61 * MINUTE), one, "limp", value=True)
    journal.observe(session, entry(30 * MINUTE), one, "gasping", value=True)
    journal.observe(session, entry(10 * MINUTE), one, "gasping", value=False)
    flags = baby(session, one).red_flags
    assert (flags.limp, flags.gasping, flags.bleeding) == (None, False, None)


def test_an_observation_that_was_taken_back_was_never_made(session: Session) -> None:
    one = kitten(session)
    undo_id = journal.observe(session, entry(), one, "body_feel", "cold").undo_id
    journal.undo(session, entry(), undo_id)
    assert baby(session, one).body_feel is None


def test_feeds_are_counted_in_minutes_and_forgotten_after_two_days(session: Session) -> None:
    one = kitten(session)
    journal.feed(session, entry(90 * MINUTE), [one], how="short")
    journal.feed(session, entry(300 * MINUTE), [one], how="full")
    assert (baby(session, one).min_since_fed, baby(session, one).last_feed) == (90, "short")
    later = NOW + timedelta(days=2)
    assert (baby(session, one, later).min_since_fed, baby(session, one, later).last_feed) == (
        None,
        None,
    )


def test_the_toilet_is_counted_in_minutes(session: Session) -> None:
    one = kitten(session)
    journal.observe(session, entry(100 * MINUTE), one, "toilet", value=True)
    assert baby(session, one).min_since_toilet == 100


def test_a_weight_is_trusted_for_a_day_and_compared_with_the_day_before(session: Session) -> None:
    one = kitten(session)
    for hours, grams in ((50, 150), (26, 200), (25, 100), (2, 210), (1, 220)):
        journal.weigh(session, entry(timedelta(hours=hours)), one, grams)
    found = baby(session, one)
    assert found.weight_g == 220
    assert found.weight_change_pct == 50.0  # from 100 g of 24 h before to 220 g; as much as counts
    assert baby(session, one, NOW + timedelta(hours=24)).weight_g is None


@pytest.mark.parametrize(("hours", "change"), [(17, None), (18, 10.0), (30, 10.0), (31, None)])
def test_only_a_weighing_about_a_day_before_tells_the_growth(
    session: Session, hours: int, change: float | None
) -> None:
    one = kitten(session)
    journal.weigh(session, entry(timedelta(hours=hours)), one, 200)
    journal.weigh(session, entry(), one, 220)
    assert baby(session, one).weight_change_pct == change


def test_ages_are_counted_in_days_of_the_house(session: Session) -> None:
    one = kitten(session, age_days=None, born_on=date(2026, 11, 12))
    tokyo = HOUSE.model_copy(update={"time_zone": "Asia/Tokyo"})
    evening = datetime(2026, 11, 22, 20, 0, tzinfo=NOW.tzinfo)
    ages = [asked(session, evening, house).scenario.animals[0].age_days for house in (HOUSE, tokyo)]
    assert ages == [10, 11]
    assert asked(session).names == {str(one): "Mia"}


def test_who_is_too_old_for_the_rules_is_left_out_with_a_note(session: Session) -> None:
    kitten(session, age_days=None, born_on=NOW.date() - timedelta(days=71))
    young = kitten(session, name="Leo", age_days=None, born_on=NOW.date() - timedelta(days=70))
    question = asked(session)
    assert [animal.id for animal in question.scenario.animals] == [str(young)]
    (note,) = question.notes
    assert note.startswith("Mia is older than 70 days")


def test_who_is_not_in_care_is_no_companion(session: Session) -> None:
    kitten(session)
    gone = kitten(session, None, name="Gone")
    journal.edit_animal(session, entry(), gone, {"status": "gone"})
    assert len(asked(session).scenario.animals) == 1


def test_at_most_twenty_are_looked_at_the_likeliest_first(session: Session) -> None:
    kitten(session, litter="A", age_days=10)
    for n in range(25):
        kitten(session, "other", name=f"far {n}", age_days=60, species="puppy")
    twin = kitten(session, "other", litter="A", name="Twin", age_days=10)
    same = kitten(session, "other", name="Same", age_days=12)
    question = asked(session)
    ids = [animal.id for animal in question.scenario.animals]
    assert len(ids) == 20
    assert ids[1:3] == [str(twin), str(same)]
    assert "Only 20 of 28" in question.notes[0]


def test_days_in_care_are_counted_and_quarantine_holds_until_it_is_lifted(
    session: Session,
) -> None:
    came = NOW.date() - timedelta(days=20)
    one = kitten(session, intake_on=came, age_days=30)
    assert baby(session, one).days_in_care == 20
    journal.edit_animal(session, entry(), one, {"in_quarantine": "yes"})
    assert baby(session, one).days_in_care == HOUSE.quarantine_days - 1
    journal.edit_animal(session, entry(), one, {"in_quarantine": "no", "intake_on": ""})
    assert baby(session, one).days_in_care is None


def test_a_passed_trial_counts_for_both_until_one_fails(session: Session) -> None:
    one, other = kitten(session), kitten(session, "other", name="Leo")
    first = journal.put_together(session, entry(300 * MINUTE), one, other)
    journal.part(session, entry(200 * MINUTE), int(first.id), "passed")
    assert (baby(session, one).ok_with, baby(session, other).ok_with) == (
        (str(other),),
        (str(one),),
    )
    second = journal.put_together(session, entry(100 * MINUTE), other, one, "nest")
    journal.part(session, entry(50 * MINUTE), int(second.id), "failed")
    assert baby(session, one).ok_with == ()


def test_facts_of_the_box_are_trusted_for_their_time(session: Session) -> None:
    journal.box_facts(
        session, entry(), "nest", temp_c="29,5", spread="no", comfort="yes", carer_can_watch="yes"
    )
    now = asked(session)
    assert (now.scenario.box.temp_c, now.scenario.box.spread) == (29.5, False)
    later = asked(session, NOW + 11 * MINUTE).scenario
    assert (later.box.temp_c, later.box.spread, later.context.carer_can_watch) == (
        None,
        False,
        True,
    )
    last = asked(session, NOW + 61 * MINUTE).scenario
    assert (last.box.spread, last.box.comfort, last.context.carer_can_watch) == (None, True, None)


def test_a_move_is_counted_for_a_day(session: Session) -> None:
    one = kitten(session, None)
    journal.move(session, entry(30 * MINUTE), one, "nest")
    assert asked(session).scenario.box.min_since_change == 30
    journal.move(session, entry(10 * MINUTE), one, "other")
    assert asked(session).scenario.box.min_since_change == 10
    assert asked(session, NOW + timedelta(days=1)).scenario.box.min_since_change is None


def test_a_quiet_box_is_quiet(session: Session) -> None:
    hear(session, *life())
    assert asked(session).scenario.cry.episode_s == 0


def test_the_episode_joins_cries_with_short_pauses(session: Session) -> None:
    def lasted(number: int, begins_s: int, ends_s: int) -> None:
        onset = NOW + timedelta(seconds=begins_s)
        hear(session, cry(number, 1, CryStep.ENDED, onset=onset, lasts_s=ends_s - begins_s))

    lasted(1, -1000, -700)  # another episode
    lasted(2, -600, -300)
    lasted(3, -241, -200)  # 59 s later
    lasted(4, -141, -100)
    hear(session, cry(5, onset=NOW - timedelta(seconds=50)))
    assert asked(session).scenario.cry.episode_s == 600


def test_a_retracted_cry_joins_nothing(session: Session) -> None:
    hear(session, cry(1, 1, CryStep.RETRACTED, onset=NOW - timedelta(seconds=40)))
    hear(session, cry(2, onset=NOW - timedelta(seconds=20)))
    assert asked(session).scenario.cry.episode_s == 20


def test_a_listener_whose_clock_is_not_set_is_judged_by_ours(session: Session) -> None:
    hear(session, cry(onset=NOW - timedelta(days=300), clock="unsynchronised"))
    assert asked(session, NOW + timedelta(seconds=30)).scenario.cry.episode_s == 30


def test_a_listener_whose_clock_runs_ahead_cries_all_the_same(session: Session) -> None:
    hear(session, cry(onset=NOW + timedelta(hours=1)))
    assert asked(session).scenario.cry.episode_s == 1


def test_a_carers_word_on_the_cry_counts(session: Session) -> None:
    one = kitten(session)
    hear(session, cry(species="unknown", species_scores={"kitten": 0.4, "puppy": 0.4}))
    assert asked(session).scenario.cry.species == "kitten"  # only kittens are here
    kitten(session, name="Rex", species="puppy")
    assert asked(session).scenario.cry.species is None
    journal.review(session, entry(), cry_id(1), "right", "puppy")
    journal.cry_seen(session, entry(), cry_id(1), one, unusual=True)
    heard = asked(session).scenario.cry
    assert (heard.species, heard.source_id, heard.unusual) == ("puppy", str(one), True)


def test_a_source_that_left_the_box_is_none(session: Session) -> None:
    one = kitten(session)
    hear(session, cry())
    journal.cry_seen(session, entry(), cry_id(1), one)
    journal.move(session, entry(), one, "other")
    assert asked(session).scenario.cry.source_id is None


@pytest.mark.parametrize(
    ("begins", "ends", "clock", "night"),
    [
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "03:00", True),
        ("22:00", "07:00", "07:00", False),
        ("22:00", "07:00", "21:59", False),
        ("00:30", "06:00", "00:29", False),
        ("00:30", "06:00", "05:59", True),
    ],
)
def test_night_is_the_houses_night(begins: str, ends: str, clock: str, night: bool) -> None:
    house = HouseSettings(
        time_zone="America/New_York",
        night_from=time.fromisoformat(begins),
        night_to=time.fromisoformat(ends),
    )
    now = datetime.combine(date(2026, 11, 22), time.fromisoformat(clock), house.zone)
    assert is_night(house, now) is night


def test_the_house_is_asked_for_its_protocol(session: Session) -> None:
    protocol = asked(session).scenario.protocol
    assert (protocol.vet_phone, protocol.urgent_text) == ("555", "ring twice")
    assert protocol.quarantine_days == 14


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_records_hold_the_rules_can_be_asked(
    session: Session, data: st.DataObject
) -> None:
    """Rows as an import, an older version or a slip may have left them."""
    anything = st.none() | st.booleans() | st.integers(-9, 99) | st.floats() | st.text(max_size=5)
    moments = st.timedeltas(timedelta(days=-3), timedelta(hours=23)).map(lambda d: NOW + d)
    example = session.begin_nested()
    one = Animal(
        name="X",
        species="kitten",
        created_at=NOW,
        born_on=data.draw(st.dates(date(2026, 8, 1), date(2026, 12, 30)) | st.none()),
        intake_on=data.draw(st.dates(date(2020, 1, 1), date(2026, 12, 30)) | st.none()),
        mother=data.draw(st.sampled_from([None, "present", "", "somewhere"])),
        parasites=data.draw(st.sampled_from([None, "clear", "?"])),
        temperament=data.draw(st.sampled_from([None, "calm", "wild"])),
        plan_interval_min=data.draw(st.none() | st.integers(-5, 2000)),
        litter=data.draw(st.sampled_from([None, "", "A"])),
    )
    session.add(one)
    session.flush()
    if data.draw(st.booleans()):
        journal.move(session, entry(), one.id, "nest")
    for fact in data.draw(st.lists(st.sampled_from([*journal.tending.FACTS, "nonsense"]))):
        value, at = data.draw(anything), data.draw(moments)
        session.add(Observation(animal_id=one.id, fact=fact, value=value, at=at))
    for grams in data.draw(st.lists(st.floats(-10, 99_999))):
        session.add(Weight(animal_id=one.id, grams=grams, at=data.draw(moments)))
    session.add(Feed(animal_id=one.id, at=data.draw(moments), how=data.draw(st.text(max_size=3))))
    box = session.get(Box, "nest")
    assert box is not None
    box.temp_c, box.temp_at = data.draw(st.floats(-100, 100)), NOW
    if data.draw(st.booleans()):
        hear(session, cry(data.draw(st.integers(1, 5)), onset=data.draw(moments)))
    question = asked(session)
    assert isinstance(question.scenario, Scenario)
    suggest(question.scenario)
    example.rollback()


def test_a_clip_alone_is_no_cry(session: Session) -> None:
    take(session, [clip()], Settings(), NOW)
    assert asked(session).scenario.cry.episode_s == 0


def milk(session: Session, name: str, kcal_ml: float | None, *animals: int) -> None:
    formula = journal.add_formula(session, entry(), name, kcal_ml).id
    journal.choose_formula(session, entry(), list(animals), formula)


def test_the_milk_is_what_those_in_the_box_drink_and_the_richest_of_several(
    session: Session,
) -> None:
    mia, tom, away = (kitten(session, box) for box in ("nest", "nest", "other"))
    house = HouseSettings(time_zone="UTC", formula_kcal_ml=0.9)
    assert asked(session, house=house).scenario.context.formula_kcal_ml == 0.9
    milk(session, "rich elsewhere", 1.4, away)
    milk(session, "thin", 0.7, mia, tom)
    question = asked(session, house=house)
    assert (question.scenario.context.formula_kcal_ml, question.notes) == (0.7, [])
    milk(session, "rich", 1.2, tom)
    question = asked(session, house=house)
    assert question.scenario.context.formula_kcal_ml == 1.2
    assert any("different milks" in note for note in question.notes)
    milk(session, "unknown", None, tom)  # counts as 1 kcal/mL, as in the rules
    assert asked(session).scenario.context.formula_kcal_ml == 1.0


def test_milk_that_nobody_looked_up_stays_unknown(session: Session) -> None:
    mia = kitten(session)
    milk(session, "not looked up", None, mia)
    assert asked(session).scenario.context.formula_kcal_ml is None


def test_a_weight_with_a_bottle_in_it_is_not_the_babys(session: Session) -> None:
    mia = kitten(session)
    journal.weigh(session, entry(30 * MINUTE), mia, 200, moment="before")
    journal.feed_by_weight(session, entry(10 * MINUTE), mia, 206, 200)
    assert baby(session, mia).weight_g == 200
