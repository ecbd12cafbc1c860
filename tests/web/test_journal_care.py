"""The record of care: what cannot be, what a carer may know better, parts, corrections, repeats."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.web.cry_messages import NOW, cry_id
from tests.web.pictures import picture, width_of
from tests.web.test_journal import (
    HERE,
    JPEG,
    LATER,
    SURE,
    Write,
    cared,
    cared_house,
    kept,
    one,
)
from web import carers, journal
from web.database import Database
from web.journal import Doubt, Entry, EntryError
from web.journal.animals import FIELDS
from web.journal.answers import ANIMAL_FACTS
from web.journal.commands import KEPT, forget
from web.records import Audit, Feed, Observation, Photo, Reminder, Stay, Weight

__all__ = ["cared", "cared_house"]

# A kitten of 200 g, a puppy of unknown weight, a newborn kitten that nobody has weighed.
MIA, REX, SAM = 1, 2, 3


@pytest.fixture
def session(cared: Session) -> Session:
    """A night of care, with a birth date."""
    journal.edit_animal(cared, HERE, MIA, {"born_on": "2026-11-10", "intake_on": "2026-11-12"})
    journal.add_animal(cared, HERE, {"name": "Sam", "species": "kitten", "age_days": 3})
    return cared


def last_feed(session: Session) -> Feed:
    return session.scalars(select(Feed).order_by(Feed.id.desc())).first() or pytest.fail("no feed")


CANNOT_BE: dict[str, tuple[Write, str, str]] = {
    "fed before birth": (
        lambda s, e: journal.feed(s, e, [MIA], at="2026-11-09T12:00"),
        "at",
        "before Mia was born",
    ),
    "seen before birth": (
        lambda s, e: journal.observe(s, e, MIA, "health", "ok", "2026-11-09T12:00"),
        "at",
        "before Mia was born",
    ),
    "born after it came": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"born_on": "2026-11-13"}),
        "born_on",
        "after it came",
    ),
    "came before its birth": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"intake_on": "2026-11-09"}),
        "intake_on",
        "before it was born",
    ),
    "left before it came": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"status": "died", "left_on": "2026-11-11"}),
        "left_on",
        "before it came",
    ),
    "a full feed of nothing": (lambda s, e: journal.feed(s, e, [MIA], 0), "how", "refused"),
    "a bottle that made it lighter": (
        lambda s, e: journal.feed_by_weight(s, e, MIA, 190),
        "after_g",
        "less than before",
    ),
    "a bottle without a weight before": (
        lambda s, e: journal.feed_by_weight(s, e, REX, 190),
        "before_g",
        "no weight before",
    ),
    "the rest of no feed": (lambda s, e: journal.add_to_feed(s, e, 99, 2), "feed_id", "known"),
    "urine with a stool score": (
        lambda s, e: journal.toilet(s, e, [MIA], "urine", 4),
        "stool_score",
        "stool came too",
    ),
    "a sign of nothing": (lambda s, e: journal.checked(s, e, [MIA], ["sad"]), "signs", "sad"),
    "a weight below nothing": (lambda s, e: journal.weigh(s, e, MIA, -5), "grams", "20 to 8000"),
    "a milk of water": (
        lambda s, e: journal.add_formula(s, e, "Water", 0),
        "kcal_ml",
        "0.5 to 1.5",
    ),
    "a milk twice": (
        lambda s, e: journal.add_formula(s, e, "kitten MILK"),
        "name",
        "known already",
    ),
    "a milk of nobody": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"formula_id": 9}),
        "formula_id",
        "known",
    ),
    "a dose": (
        lambda s, e: journal.add_reminder(s, e, [MIA], "medicine", "2026-11-23", "0.2 mL twice"),
        "text",
        "vet's sheet",
    ),
    "a dose by correction": (
        lambda s, e: journal.correct(s, e, "reminder", 1, {"text": "5mg"}),
        "text",
        "vet's sheet",
    ),
    "in a box before it left the last": (
        lambda s, e: [
            journal.move(s, e, REX, None),
            journal.move(s, e, REX, "nest", NOW - timedelta(hours=1)),
        ][1],
        "at",
        "before it left",
    ),
    "a reminder without a day": (
        lambda s, e: journal.add_reminder(s, e, [MIA], "vet", ""),
        "due_at",
        "needed",
    ),
    "a note of nobody": (lambda s, e: journal.add_note(s, e, "x"), "animal_id", "of which"),
    "an empty note": (lambda s, e: journal.add_note(s, e, " ", box_id="nest"), "text", "needed"),
    "a picture of text": (lambda s, e: journal.set_photo(s, e, MIA, b"hello"), "photo", "JPEG"),
    "a large picture": (
        lambda s, e: journal.set_photo(s, e, MIA, JPEG + bytes(300_000)),
        "photo",
        "300 KB",
    ),
    "a correction of nothing": (
        lambda s, e: journal.correct(s, e, "feed", 99, {"amount_ml": 5}),
        "id",
        "not a feed",
    ),
    "a correction of who wrote it": (
        lambda s, e: journal.correct(s, e, "feed", 1, {"by": "Eve"}),
        "by",
        "not something",
    ),
    "a correction to nothing": (
        lambda s, e: journal.correct(s, e, "feed", 1, {"amount_ml": 0}),
        "how",
        "refused",
    ),
    "signs of a dragon": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"age_signs": {"wings": "open"}}),
        "age_signs",
        "cord: attached, gone",
    ),
}


@pytest.mark.parametrize("what", CANNOT_BE)
def test_what_cannot_be_is_refused_even_when_the_carer_is_sure(session: Session, what: str) -> None:
    write, field, says = CANNOT_BE[what]
    for entry in (HERE, SURE):
        with pytest.raises(EntryError) as caught:
            write(session, entry)
        assert not isinstance(caught.value, Doubt)
        assert caught.value.field == field
        assert says in caught.value.message


DOUBTED: dict[str, tuple[Write, str, str]] = {
    "more than the stomach holds": (
        lambda s, e: journal.feed(s, e, [MIA], 8.1),
        "amount_ml",
        "is more than Mia's stomach holds: 8.08 mL at 202 g",
    ),
    "the same feed again": (
        lambda s, e: journal.feed(s, e, [MIA], at=NOW - timedelta(hours=3, minutes=10)),
        "at",
        "is 10 min from another feed of Mia's of 6 mL",
    ),
    "more with the rest than it holds": (
        lambda s, e: journal.add_to_feed(s, e, 1, 3),
        "amount_ml",
        "stomach",
    ),
    "a bottle larger than it": (
        lambda s, e: journal.feed_by_weight(s, e, MIA, 214),
        "amount_ml",
        "stomach",
    ),
    "a weight that jumps up": (
        lambda s, e: journal.weigh(s, e, MIA, 250),
        "grams",
        "is 24 % more than Mia's last weight (202 g)",
    ),
    "a weight that falls": (
        lambda s, e: journal.weigh(s, e, MIA, 150),
        "grams",
        "is 26 % less than",
    ),
    "a digit too many": (
        lambda s, e: journal.weigh(s, e, SAM, 1150),
        "grams",
        "is much for Sam's age; kittens so young weigh under 150 g",
    ),
    "an old notebook": (
        lambda s, e: journal.weigh(s, e, REX, 150, NOW - timedelta(days=31)),
        "at",
        "30 days ago",
    ),
    "a correction that jumps": (
        lambda s, e: journal.correct(s, e, "weight", 2, {"grams": 302}),
        "grams",
        "is 51 % more",
    ),
    "a correction above the stomach": (
        lambda s, e: journal.correct(s, e, "feed", 1, {"amount_ml": 60}),
        "amount_ml",
        "stomach",
    ),
    "milk of the other species": (
        lambda s, e: journal.choose_formula(s, e, [REX], 1),
        "formula_id",
        "made for a kitten, not for Rex",
    ),
    "born after its first feed": (
        lambda s, e: journal.edit_animal(
            s, e, MIA, {"born_on": "2026-11-22", "intake_on": "2026-11-22"}
        ),
        "born_on",
        "first feed",
    ),
    "a plan above the stomach": (
        lambda s, e: journal.edit_animal(s, e, MIA, {"plan_volume_ml": 12}),
        "plan_volume_ml",
        "stomach",
    ),
}


@pytest.mark.parametrize("what", DOUBTED)
def test_what_is_unlikely_is_asked_once_and_written_when_the_carer_is_sure(
    session: Session, what: str
) -> None:
    write, field, says = DOUBTED[what]
    if what == "born after its first feed":
        early = replace(HERE, now=NOW - timedelta(days=1))
        journal.feed(session, early, [MIA], 3)
    before = kept(session)
    with pytest.raises(Doubt) as caught:
        write(session, HERE)
    assert caught.value.field == field
    assert says in caught.value.message
    session.expire_all()
    assert kept(session) == before
    written = write(session, SURE)
    audit = session.get(Audit, written.undo_id)
    assert audit is not None
    assert audit.details is not None
    if what != "an old notebook":  # which the record's own time tells
        assert any(says in doubt for doubt in audit.details["sure_of"])


def test_doubts_about_several_babies_are_told_together(session: Session) -> None:
    journal.weigh(session, HERE, REX, 100)
    with pytest.raises(Doubt, match=r"Mia's stomach.*; .*Rex's stomach"):
        journal.feed(session, HERE, [MIA, REX], 9)


def test_a_feed_that_may_be_the_rest_of_another_says_of_which(session: Session) -> None:
    at = NOW - timedelta(hours=2, minutes=45)
    with pytest.raises(Doubt) as caught:
        journal.feed(session, HERE, [MIA], 2, at=at)
    assert caught.value.same == 1
    journal.add_to_feed(session, HERE, 1, 2, "full")
    fed = session.get(Feed, 1)
    assert fed is not None
    assert (fed.amount_ml, fed.how, fed.at) == (8, "full", NOW - timedelta(hours=3))


@pytest.mark.parametrize(
    ("first", "how", "then", "becomes", "went"),
    [
        (None, "refused", 3, 3, "short"),
        (2, "short", 3, 5, "short"),
        (None, "full", 3, None, "full"),
    ],
)
def test_the_parts_of_a_feed_are_one_feed(
    session: Session, first: float | None, how: str, then: float, becomes: float | None, went: str
) -> None:
    written = journal.feed(session, HERE, [MIA], first, how)
    journal.add_to_feed(session, HERE, int(written.id), then)
    fed = last_feed(session)
    assert (fed.amount_ml, fed.how) == (becomes, went)
    if becomes is None:
        assert "3 mL more" in fed.note


def test_a_bottle_is_measured_by_the_scale(session: Session) -> None:
    journal.feed_by_weight(session, HERE, MIA, "208,5")
    fed = last_feed(session)
    assert fed.amount_ml == 6.5
    weights = session.scalars(select(Weight).where(Weight.feed_id == fed.id).order_by(Weight.id))
    assert [(w.moment, w.grams) for w in weights] == [("before", 202), ("after", 208.5)]
    # What is drunk is no weight gained: the next one is held beside the weight before it.
    with pytest.raises(Doubt, match=r"last weight \(202 g\)"):
        journal.weigh(session, HERE, MIA, 150)


def test_a_corrected_bottle_corrects_its_feed_and_undo_takes_both_back(session: Session) -> None:
    journal.feed_by_weight(session, HERE, MIA, 207, 202)
    fed = last_feed(session)
    after = session.scalars(select(Weight).where(Weight.moment == "after")).one()
    swapped = journal.correct(session, HERE, "feed", fed.id, {"animal_id": REX})
    assert after.animal_id == REX
    journal.undo(session, HERE, swapped.undo_id)
    fixed = journal.correct(session, HERE, "weight", after.id, {"grams": 206})
    assert fed.amount_ml == 4
    journal.undo(session, HERE, fixed.undo_id)
    assert (fed.amount_ml, after.grams) == (5, 207)
    journal.remove(session, HERE, "feed", fed.id)
    assert after.undone_at == NOW


def test_the_milk_is_the_animals_own_unless_another_is_named(session: Session) -> None:
    journal.choose_formula(session, HERE, [MIA], 1)
    other = int(journal.add_formula(session, HERE, "Other milk").id)
    cases: list[tuple[dict[str, Any], int | None]] = [
        ({}, 1),
        ({"formula_id": str(other)}, other),
        ({"route": "mother"}, None),
    ]
    for more, formula in cases:
        journal.feed(session, SURE, [MIA], 3, **more)
        assert last_feed(session).formula_id == formula
    with pytest.raises(EntryError, match="Mia"):
        journal.remove_formula(session, HERE, 1)


def test_a_milk_that_was_taken_back_may_be_added_again(session: Session) -> None:
    journal.remove_formula(session, HERE, 1)
    assert journal.add_formula(session, HERE, "Kitten milk", 0.8).id == 1


def test_the_old_value_of_a_correction_is_kept(session: Session) -> None:
    assert journal.history(session, "feed", 1) == []
    bea = Entry("Bea", NOW + LATER, sure=True)
    journal.correct(session, HERE, "feed", 1, {"amount_ml": 5})
    second = journal.correct(session, bea, "feed", 1, {"amount_ml": 50, "how": "short"})
    journal.undo(session, bea, second.undo_id)
    journal.add_to_feed(session, bea, 1, 1)
    corrected, doubted, rest = journal.history(session, "feed", 1)
    assert (corrected.by, corrected.before, corrected.after) == (
        "Ada",
        {"amount_ml": 6},
        {"amount_ml": 5},
    )
    assert (doubted.by, doubted.taken_back_at, len(doubted.sure_of)) == ("Bea", NOW + LATER, 1)
    assert (rest.action, rest.before["amount_ml"], rest.after["amount_ml"]) == (
        "fed the rest",
        5,
        6,
    )


def test_an_animals_changes_are_its_history(session: Session) -> None:
    journal.weigh(session, HERE, MIA, 203)  # a record that has the animal's number is not its own
    changed = journal.history(session, "animal", MIA)
    assert [set(change.after) for change in changed] == [{"born_on", "intake_on"}]


def test_only_what_a_correction_changes_is_doubted_again(session: Session) -> None:
    journal.feed(session, SURE, [MIA], 50)
    journal.correct(session, HERE, "feed", last_feed(session).id, {"note": "weighed twice"})


@pytest.mark.parametrize(
    ("words", "dose"),
    [
        ("2.5 ml", True),
        ("0,1ml/kg", True),
        ("half a tablet", True),
        ("½ tablet", True),
        ("3 drops, left eye", True),
        ("10 milligrams", True),
        ("second time, with the scale at 500 g", False),
        ("room 2, ask Dr. Milligan", False),
        ("from 1 kg on", False),
    ],
)
def test_a_reminder_tells_when_and_never_how_much(session: Session, words: str, dose: bool) -> None:
    if not dose:
        journal.add_reminder(session, HERE, [MIA], "medicine", "2026-11-23", words)
        return
    with pytest.raises(EntryError, match="vet's sheet"):
        journal.add_reminder(session, SURE, [MIA], "medicine", "2026-11-23", words)


def test_what_is_done_comes_again_at_the_same_hour_across_the_clock_change(
    session: Session,
) -> None:
    london = Entry("Ada", datetime(2026, 3, 20, 9, tzinfo=UTC), ZoneInfo("Europe/London"))
    first = journal.add_reminder(session, london, [REX], "vaccine", "2026-03-21", every_days=14)
    day = replace(london, now=datetime(2026, 3, 22, 23, 30, tzinfo=UTC))
    done = journal.reminder_done(session, day, int(first.id))
    following = session.get(Reminder, done.ids[1])
    assert following is not None
    assert following.due_at == datetime(2026, 4, 5, 7, tzinfo=UTC)  # 08:00 in summer time
    with pytest.raises(EntryError, match="done already"):
        journal.reminder_done(session, day, int(first.id))


@pytest.mark.parametrize(
    ("clock", "now", "meant"),
    [
        ("2026-10-25T01:20", "2026-10-25T01:30", "2026-10-25T01:20"),  # the second time round
        ("2026-10-25T01:50", "2026-10-25T01:30", "2026-10-25T00:50"),  # the second is still ahead
        ("2026-10-25T01:20", "2026-10-25T00:40", "2026-10-25T00:20"),
        ("2026-03-29T00:59", "2026-03-29T01:10", "2026-03-29T00:59"),
        ("2026-03-29T02:05", "2026-03-29T01:10", "2026-03-29T01:05"),
    ],
)
def test_times_are_the_houses_on_both_nights_when_clocks_change(
    session: Session, clock: str, now: str, meant: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    entry = Entry("Ada", moment, ZoneInfo("Europe/London"), sure=True)
    journal.feed(session, entry, [REX], at=clock)
    assert last_feed(session).at == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_a_foundlings_age_is_guessed_by_its_signs(session: Session) -> None:
    signs = {"eyes": "opening", "ears": "closed", "teeth": ""}
    journal.edit_animal(session, HERE, REX, {"age_signs": signs})
    rex = one(session, "Rex")
    assert (rex.born_on, rex.born_estimated) == (date(2026, 11, 10), True)
    assert rex.born_signs == "eyes opening, ears closed: 10 to 16 days"
    journal.edit_animal(session, HERE, REX, {"born_on": "2026-11-09"})
    exact = one(session, "Rex")
    assert (exact.born_estimated, exact.born_signs) == (False, None)


def test_who_leaves_care_has_a_day_and_who_comes_back_has_none(session: Session) -> None:
    journal.edit_animal(session, HERE, MIA, {"status": "with_mother"})
    assert one(session, "Mia").left_on == HERE.today
    tomorrow = replace(HERE, now=NOW + timedelta(days=1))
    with pytest.raises(Doubt, match="left your care"):
        journal.feed(session, tomorrow, [MIA])
    with pytest.raises(EntryError, match="not in your care"):
        journal.move(session, tomorrow, MIA, "nest")
    journal.edit_animal(session, tomorrow, MIA, {"status": "in_care"})
    assert one(session, "Mia").left_on is None
    journal.move(session, tomorrow, MIA, "nest")


def test_who_left_some_days_ago_left_its_box_then(session: Session) -> None:
    late = replace(HERE, now=NOW + timedelta(days=3), zone=ZoneInfo("Europe/Berlin"))
    journal.edit_animal(session, late, MIA, {"status": "adopted", "left_on": HERE.today})
    stay = session.scalars(select(Stay).where(Stay.animal_id == MIA)).one()
    assert stay.ended_at == datetime(2026, 11, 22, 23, tzinfo=UTC)  # midnight in the house


def test_only_a_coordinator_approves_company_across_species_and_for_both(session: Session) -> None:
    carers.add(session, "Cleo", "three warm blankets", NOW)
    with pytest.raises(EntryError, match="ask Cleo"):
        journal.approve_cross(session, SURE, MIA, "yes", REX)
    journal.approve_cross(session, replace(HERE, by="Cleo"), MIA, "yes", REX)
    assert (one(session, "Mia").cross_ok_by, one(session, "Rex").cross_ok_by) == ("Cleo", "Cleo")
    journal.approve_cross(session, HERE, MIA, "no")  # anybody may say no
    assert one(session, "Mia").cross_ok is False


def test_what_came_of_toilet_help_is_kept_and_nothing_is_no_toilet(session: Session) -> None:
    journal.toilet(session, HERE, [MIA], "nothing")
    journal.toilet(session, HERE, [REX], None, "4")
    rows = session.scalars(select(Observation).where(Observation.fact != "health"))
    assert [(r.animal_id, r.fact, r.value) for r in rows] == [
        (MIA, "toilet_tried", True),
        (REX, "toilet", "stool"),
        (REX, "stool_score", 4),
    ]


def test_a_checklist_that_was_gone_through_clears_what_was_not_seen(session: Session) -> None:
    journal.checked(session, HERE, [MIA], ["apart"], {"health": "ok"})
    rows = session.scalars(select(Observation).where(Observation.at == NOW))
    seen = {row.fact: row.value for row in rows}
    assert seen.pop("health") == "ok"
    assert [sign for sign, there in seen.items() if there] == ["apart"]
    assert {"limp", "gasping", "suckled_on"} < set(seen)


def test_only_the_newest_photos_are_kept_and_undo_brings_the_one_before_back(
    session: Session,
) -> None:
    for n in range(4):
        written = journal.set_photo(session, HERE, MIA, picture("PNG", size=(10 + n, 10)))
    assert session.query(Photo).filter_by(animal_id=MIA).count() == 3
    journal.undo(session, HERE, written.undo_id)
    shown = journal.photo_of(session, MIA)
    assert shown is not None
    assert (width_of(shown.image), shown.content_type) == (12, "image/png")


def test_an_animal_with_records_is_not_taken_back_with_them(session: Session) -> None:
    added = journal.add_animal(session, HERE, {"name": "Leo", "species": "kitten"})
    journal.feed(session, HERE, [int(added.id)], 2)
    with pytest.raises(EntryError, match="something newer"):
        journal.undo(session, HERE, added.undo_id)
    assert one(session, "Leo").id == added.id


def test_a_command_that_arrives_again_is_not_carried_out_again(session: Session) -> None:
    def fed() -> dict[str, Any]:
        return {"feed": journal.feed(session, HERE, [REX], 4).id}

    first = journal.once(session, "key-1", "fed", NOW, fed)
    again = journal.once(session, "key-1", "fed", NOW + LATER, fed)
    assert (first.repeated, again.repeated, first.answer) == (False, True, again.answer)
    with pytest.raises(EntryError, match="something else"):
        journal.once(session, "key-1", "stimulated", NOW, fed)
    for key in ("", "x" * 121, "a\nb"):
        with pytest.raises(EntryError, match="1 to 120"):
            journal.once(session, key, "fed", NOW, fed)
    assert forget(session, NOW + KEPT, 10) == 0
    assert forget(session, NOW + KEPT + LATER, 10) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0001-01-01T00:00+14:00", "9999-12-31", "2026-11-22T01:00", "1e999", "-0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@pytest.mark.filterwarnings("ignore:Non-UTF8 characters")
def test_whatever_is_sent_is_written_or_told(cared_house: Database) -> None:
    tries: list[Callable[[Session, Entry, Any], Any]] = [
        lambda s, e, x: journal.feed(s, e, [MIA], x),
        lambda s, e, x: journal.feed(s, e, [MIA], 3, x),
        lambda s, e, x: journal.feed(s, e, [MIA], 3, at=x),
        lambda s, e, x: journal.feed(s, e, [x]),
        lambda s, e, x: journal.feed(s, e, [MIA], route=x),
        lambda s, e, x: journal.feed(s, e, [MIA], formula_id=x),
        lambda s, e, x: journal.feed(s, e, [MIA], note=x),
        lambda s, e, x: journal.weigh(s, e, MIA, x),
        lambda s, e, x: journal.add_to_feed(s, e, x, x),
        lambda s, e, x: journal.observe(s, e, MIA, str(x), x),
        lambda s, e, x: journal.observe(s, e, MIA, "body_temp_c", x),
        lambda s, e, x: journal.toilet(s, e, [MIA], x, x),
        lambda s, e, x: journal.checked(s, e, [MIA], [x] if isinstance(x, str) else []),
        lambda s, e, x: journal.add_note(s, e, x, animal_id=MIA),
        lambda s, e, x: journal.add_formula(s, e, x, x),
        lambda s, e, x: journal.add_reminder(s, e, [MIA], "vet", x),
        lambda s, e, x: journal.add_reminder(s, e, [MIA], x, "2026-11-30", x),
        lambda s, e, x: journal.correct(s, e, "feed", x, {"amount_ml": x}),
        lambda s, e, x: journal.remove(s, e, "weight", x),
        journal.undo,
        lambda s, e, x: journal.move(s, e, MIA, x),
        lambda s, e, x: journal.put_together(s, e, MIA, x, x, x),
        lambda s, e, x: journal.approve_cross(s, e, MIA, x),
        lambda s, e, x: journal.box_facts(s, e, "nest", temp_c=x, spread=x, comfort=x, name=x),
        lambda s, e, x: journal.cry_stopped(s, e, x, x),
        lambda s, e, x: journal.review(s, e, cry_id(1), x, x),
        lambda s, e, x: journal.cry_seen(s, e, cry_id(1), x, x),
        *(
            lambda s, e, x, key=question: journal.answer(
                s, e, key, x, box_id="nest", cry_id=cry_id(1)
            )
            for question in (
                *(f"1.{fact}" for fact in ANIMAL_FACTS),
                "cry.source_id",
                "cry.species",
            )
        ),
        lambda s, e, x: journal.add_note(s, e, "x", box_id=x),
        *(
            lambda s, e, x, f=field: journal.edit_animal(s, e, MIA, {f: x})
            for field in (*FIELDS, "age_days", "age_signs")
        ),
    ]

    @settings(
        max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.sampled_from(tries), JSON, st.booleans())
    def send(write: Callable[[Session, Entry, Any], Any], value: Any, sure: bool) -> None:
        try:
            with cared_house.writing() as session:
                write(session, replace(HERE, sure=sure), value)
                raise RuntimeError  # not kept: each stands alone
        except (EntryError, RuntimeError):
            pass

    send()


def test_any_row_of_entries_taken_back_leaves_the_records_as_they_were(
    cared_house: Database,
) -> None:
    writes: list[Write] = [
        lambda s, e: journal.feed(s, e, [MIA, REX], 3),
        lambda s, e: journal.weigh(s, e, MIA, 210),
        lambda s, e: journal.put_together(s, e, MIA, REX),
        lambda s, e: journal.move(s, e, REX, "nest"),
        lambda s, e: journal.move(s, e, MIA, None),
        lambda s, e: journal.edit_animal(s, e, MIA, {"status": "adopted"}),
        lambda s, e: journal.edit_animal(s, e, MIA, {"status": "in_care", "litter": "A"}),
        lambda s, e: journal.correct(s, e, "feed", 1, {"animal_id": REX}),
        lambda s, e: journal.add_to_feed(s, e, 1, 2),
        lambda s, e: journal.remove(s, e, "feed", 1),
        lambda s, e: journal.reminder_done(s, e, 1),
        lambda s, e: journal.add_animal(s, e, {"name": "Leo", "species": "kitten"}, "other"),
    ]

    @settings(max_examples=15, deadline=None, database=None)
    @given(st.lists(st.sampled_from(writes), max_size=8))
    def live(night: list[Write]) -> None:
        with cared_house.writing() as session:
            before, undo_ids = kept(session), []
            for n, write in enumerate(night):
                with suppress(EntryError), session.begin_nested():
                    entry = replace(SURE, now=NOW + n * LATER)
                    undo_ids.append(write(session, entry).undo_id)
            for undo_id in reversed(undo_ids):
                journal.undo(session, replace(HERE, now=NOW + timedelta(hours=1)), undo_id)
            assert kept(session) == before
            session.rollback()  # each night stands alone

    live()
