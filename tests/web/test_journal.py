"""What carers write: checked, told to live pages, audited, and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.settings import Settings
from tests.web.cry_messages import NOW, arrived, cry, cry_id
from tests.web.pictures import picture
from web import changes, journal
from web.database import Database, open_database
from web.journal import Entry, EntryError, Written
from web.records import (
    Animal,
    Audit,
    Box,
    Change,
    Companionship,
    Cry,
    Feed,
    Formula,
    Note,
    Observation,
    Photo,
    Reminder,
    Review,
    Stay,
    Suggestion,
    Weight,
)
from web.take import take

LATER = timedelta(minutes=5)
HERE = Entry("Ada", NOW)
SURE = replace(HERE, sure=True)  # a kitten and a puppy that nobody approved, for one


@pytest.fixture(scope="module")
def furnished(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A furnished house, on SQLite."""
    yield from _house(blank_sqlite, tmp_path_factory, furnish)


@pytest.fixture(scope="module")
def cared_house(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same with a night of care on record."""
    yield from _house(blank_sqlite, tmp_path_factory, cared_for)


def _house(
    blank: Path, folders: pytest.TempPathFactory, fill: Callable[[Session], None]
) -> Iterator[Database]:
    path = folders.mktemp("house") / "records.db"
    shutil.copy(blank, path)
    with closing(open_database(f"sqlite:///{path}")) as database:
        with database.writing() as session:
            fill(session)
        yield database


@pytest.fixture
def session(furnished: Database) -> Iterator[Session]:
    """The furnished house; what a test writes is gone after it."""
    with furnished.writing() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def cared(cared_house: Database) -> Iterator[Session]:
    """The house with a night of care; what a test writes is gone after it."""
    with cared_house.writing() as opened:
        yield opened
        opened.rollback()


def furnish(session: Session) -> None:
    """Two boxes, a kitten in one, a puppy in the other, and an open cry."""
    session.add_all([Box(id="nest", created_at=NOW), Box(id="other", created_at=NOW)])
    session.flush()
    before = Entry("Ada", NOW - timedelta(days=1))
    journal.add_animal(session, before, {"name": "Mia", "species": "kitten"}, "nest")
    journal.add_animal(session, before, {"name": "Rex", "species": "puppy"}, "other")
    take(session, [arrived(cry())], Settings(), NOW)
    session.add(
        Suggestion(box_id="nest", cry_id=cry_id(1), code="FEED", rank=1, advice={}, shown_at=NOW)
    )
    session.flush()


def cared_for(session: Session) -> None:
    """Beside that: a milk, a feed, a bottle, a weight, a check, a note, a reminder, a photo."""
    furnish(session)
    entry = Entry("Ada", NOW - timedelta(hours=3))
    journal.add_formula(session, entry, "Kitten milk", "0,9", "kitten")
    journal.feed(session, entry, [1], 6, note="slow")
    journal.weigh(session, entry, 1, 200)
    journal.weigh(session, replace(entry, now=NOW - LATER), 1, 202, moment="before")
    journal.observe(session, entry, 1, "health", "suspect")
    journal.add_note(session, entry, "Sleeps on the left side", animal_id=1)
    journal.add_reminder(session, entry, [1], "deworming", "2026-11-23", every_days=14)
    journal.set_photo(session, entry, 1, JPEG)


JPEG = picture()


def one(session: Session, name: str) -> Animal:
    return session.scalars(select(Animal).where(Animal.name == name)).one()


KEPT = (
    *(Animal, Stay, Companionship, Box, Cry, Suggestion, Review, Formula, Reminder, Note, Photo),
    *(Feed, Weight, Observation),
)


def kept(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Everything but the audit and the feed of changes; not what was taken back."""
    session.flush()
    session.expire_all()
    return {
        table.__tablename__: [
            {c.key: getattr(row, c.key) for c in table.__table__.columns}
            for row in session.scalars(select(table).order_by(table.__table__.c.id))
            if getattr(row, "undone_at", None) is None
        ]
        for table in KEPT
    }


def box_of(session: Session, name: str) -> str | None:
    query = select(Stay.box_id).where(
        Stay.animal_id == one(session, name).id, Stay.ended_at.is_(None)
    )
    return session.scalars(query).one_or_none()


Write = Callable[[Session, Entry], Written]
WRITES: dict[str, Write] = {
    "add": lambda s, e: journal.add_animal(s, e, {"name": "Leo", "species": "kitten"}, "nest"),
    "edit": lambda s, e: journal.edit_animal(s, e, 1, {"name": "Mio", "born_on": "2026-11-01"}),
    "leave": lambda s, e: journal.edit_animal(s, e, 1, {"status": "gone"}),
    "move": lambda s, e: journal.move(s, e, 1, "other"),
    "out": lambda s, e: journal.move(s, e, 1, None),
    "feed": lambda s, e: journal.feed(s, e, [1, 2], "3,5"),
    "weigh": lambda s, e: journal.weigh(s, e, 1, "210"),
    "observe": lambda s, e: journal.observe(s, e, 1, "health", "ok"),
    "together": lambda s, e: journal.put_together(s, replace(e, sure=True), 1, 2),
    "stopped": lambda s, e: journal.cry_stopped(s, e, cry_id(1), "company"),
    "seen": lambda s, e: journal.cry_seen(s, e, cry_id(1), 1, unusual=True),
    "review": lambda s, e: journal.review(s, e, cry_id(1), "not_a_cry"),
    "answered": lambda s, e: journal.suggestion_answered(s, e, 1, "dismissed", "not_now"),
    "box": lambda s, e: journal.box_facts(s, e, "nest", temp_c="30.5", name="By the stove"),
    "feed each": lambda s, e: journal.feed_each(s, e, {1: 5, 2: None}, route="syringe"),
    "add to feed": lambda s, e: journal.add_to_feed(s, e, 1, "1.5", "full", "after a nap"),
    "by weight": lambda s, e: journal.feed_by_weight(s, e, 1, 207),
    "weigh each": lambda s, e: journal.weigh_each(s, e, {1: 205, 2: "300"}),
    "toilet": lambda s, e: journal.toilet(s, e, [1, 2], "both", 4),
    "checked": lambda s, e: journal.checked(s, e, [1], ["limp"], {"body_temp_c": 36.5}),
    "milk": lambda s, e: journal.add_formula(s, e, "Puppy milk", 1.1, "puppy"),
    "milk edited": lambda s, e: journal.edit_formula(s, e, 1, {"kcal_ml": "0.95"}),
    "milk chosen": lambda s, e: journal.choose_formula(s, e, [1], 1),
    "milk removed": lambda s, e: journal.remove_formula(s, e, 1),
    "note": lambda s, e: journal.add_note(s, e, "The lid sticks", box_id="nest"),
    "reminder": lambda s, e: journal.add_reminder(s, e, [1, 2], "vaccine", "2026-12-24"),
    "reminder done": lambda s, e: journal.reminder_done(s, e, 1),
    "photo": lambda s, e: journal.set_photo(s, e, 1, picture(colour=(0, 0, 0))),
    "no photo": lambda s, e: journal.remove_photo(s, e, 1),
    "adopted": lambda s, e: journal.edit_animal(s, e, 1, {"status": "adopted"}),
    "feed corrected": lambda s, e: journal.correct(
        s, e, "feed", 1, {"amount_ml": 7, "how": "short"}
    ),
    "wrong baby": lambda s, e: journal.correct(s, e, "feed", 1, {"animal_id": 2}),
    "weight corrected": lambda s, e: journal.correct(s, e, "weight", 1, {"grams": 198}),
    "check corrected": lambda s, e: journal.correct(s, e, "check", 1, {"value": "ok"}),
    "note corrected": lambda s, e: journal.correct(s, e, "note", 1, {"text": "On the right"}),
    "put off": lambda s, e: journal.correct(s, e, "reminder", 1, {"due_at": "2026-11-25"}),
    "struck out": lambda s, e: journal.remove(s, e, "feed", 1),
    "cross": lambda s, e: journal.approve_cross(s, e, 1, "yes"),
}


@pytest.mark.parametrize("what", WRITES)
def test_every_entry_is_told_audited_and_can_be_taken_back(cared: Session, what: str) -> None:
    write_and_take_back(cared, WRITES[what])


def test_the_same_holds_on_both_databases(database: Database) -> None:
    with database.writing() as session:
        cared_for(session)
        for write in WRITES.values():
            write_and_take_back(session, write)


def write_and_take_back(session: Session, write: Write) -> None:
    before, last = kept(session), changes.newest(session)
    written = write(session, HERE)
    told = changes.after(session, last).items
    assert told
    audit = session.get(Audit, written.undo_id)
    assert audit is not None
    assert (audit.by, audit.at) == ("Ada", NOW)
    journal.undo(session, Entry("Bea", NOW + LATER), written.undo_id)
    assert kept(session) == before
    assert audit.undone_at == NOW + LATER
    session.flush()
    assert len(changes.after(session, last).items) == 2 * len(told)
    with pytest.raises(EntryError, match="taken back already"):
        journal.undo(session, HERE, written.undo_id)


def test_nothing_is_taken_back_that_something_newer_builds_on(session: Session) -> None:
    first = journal.move(session, HERE, 1, "other")
    journal.move(session, Entry("Ada", NOW + LATER), 1, None)
    with pytest.raises(EntryError, match="something newer"):
        journal.undo(session, Entry("Ada", NOW + LATER), first.undo_id)


def test_what_never_was_cannot_be_taken_back(session: Session) -> None:
    with pytest.raises(EntryError, match="nothing to take back"):
        journal.undo(session, HERE, 999)


def test_put_together_moves_the_partner_in_and_parting_moves_it_back(session: Session) -> None:
    together = journal.put_together(session, SURE, 1, 2)
    assert (box_of(session, "Mia"), box_of(session, "Rex")) == ("nest", "nest")
    journal.part(session, Entry("Ada", NOW + LATER), int(together.id), "passed")
    assert (box_of(session, "Mia"), box_of(session, "Rex")) == ("nest", "other")
    pair = session.get(Companionship, together.id)
    assert pair is not None
    assert (pair.outcome, pair.ended_at) == ("passed", NOW + LATER)


def test_a_partner_from_nowhere_leaves_the_box_when_they_part(session: Session) -> None:
    journal.move(session, HERE, 2, None)
    together = journal.put_together(session, replace(SURE, now=NOW + LATER), 1, 2)
    journal.part(session, Entry("Ada", NOW + 2 * LATER), int(together.id))
    assert (box_of(session, "Mia"), box_of(session, "Rex")) == ("nest", None)


def test_moving_away_ends_company(session: Session) -> None:
    together = journal.put_together(session, SURE, 1, 2)
    journal.move(session, Entry("Ada", NOW + LATER), 2, "other")
    pair = session.get(Companionship, together.id)
    assert pair is not None
    assert pair.ended_at == NOW + LATER


def test_company_can_be_judged_while_it_lasts(session: Session) -> None:
    together = journal.put_together(session, SURE, 1, 2)
    journal.trial_outcome(session, HERE, int(together.id), "passed")
    pair = session.get(Companionship, together.id)
    assert pair is not None
    assert (pair.outcome, pair.ended_at) == ("passed", None)


def test_days_and_times_are_those_of_the_house(session: Session) -> None:
    auckland = Entry("Ada", NOW, ZoneInfo("Pacific/Auckland"))  # 15:14 there
    journal.feed(session, auckland, [1], at="2026-11-22T15:00")
    (feed,) = session.scalars(select(Feed))
    assert feed.at == datetime(2026, 11, 22, 2, 0, tzinfo=NOW.tzinfo)
    journal.edit_animal(session, auckland, 1, {"age_days": "3"})
    assert one(session, "Mia").born_on == date(2026, 11, 19)
    assert one(session, "Mia").born_estimated


def test_empty_means_not_known(session: Session) -> None:
    journal.edit_animal(session, HERE, 1, {"mother": "none", "litter": "A", "exposed": "no"})
    journal.edit_animal(session, HERE, 1, {"mother": "", "litter": " ", "exposed": ""})
    found = one(session, "Mia")
    assert (found.mother, found.litter, found.exposed) == (None, None, None)


def test_who_leaves_care_leaves_its_box(session: Session) -> None:
    journal.edit_animal(session, HERE, 1, {"status": "gone"})
    assert box_of(session, "Mia") is None


WRONG: dict[str, tuple[Write, str, str]] = {
    "no name": (lambda s, e: journal.add_animal(s, e, {"species": "kitten"}), "name", "needed"),
    "no species": (lambda s, e: journal.add_animal(s, e, {"name": "X"}), "species", "kitten"),
    "a hamster": (
        lambda s, e: journal.add_animal(s, e, {"name": "X", "species": "hamster"}),
        "species",
        "one of",
    ),
    "a name of a page": (
        lambda s, e: journal.edit_animal(s, e, 1, {"name": "x" * 61}),
        "name",
        "60",
    ),
    "a NUL": (lambda s, e: journal.edit_animal(s, e, 1, {"notes": "a\x00"}), "notes", "kept"),
    "born tomorrow": (
        lambda s, e: journal.edit_animal(s, e, 1, {"born_on": "2026-11-23"}),
        "born_on",
        "future",
    ),
    "born last century": (
        lambda s, e: journal.edit_animal(s, e, 1, {"born_on": "1926-11-23"}),
        "born_on",
        "is the date right",
    ),
    "came before it was born": (
        lambda s, e: journal.edit_animal(
            s, e, 1, {"born_on": "2026-11-20", "intake_on": "2026-11-19"}
        ),
        "intake_on",
        "before it was born",
    ),
    "no date": (lambda s, e: journal.edit_animal(s, e, 1, {"born_on": "x"}), "born_on", "date"),
    "an unknown fact": (lambda s, e: journal.edit_animal(s, e, 1, {"cross_ok": 1}), "cross_ok", ""),
    "nobody": (lambda s, e: journal.edit_animal(s, e, 99, {}), "animal_id", "known"),
    "a plan of minutes": (
        lambda s, e: journal.edit_animal(s, e, 1, {"plan_interval_min": "59"}),
        "plan_interval_min",
        "60 to 720",
    ),
    "no such box": (lambda s, e: journal.move(s, e, 1, "attic"), "box_id", "known"),
    "moved before it came": (
        lambda s, e: journal.move(s, e, 1, "other", NOW - timedelta(days=2)),
        "at",
        "before",
    ),
    "fed nobody": (lambda s, e: journal.feed(s, e, []), "animal_ids", "at least one"),
    "fed a ghost": (lambda s, e: journal.feed(s, e, [1, 99]), "animal_ids", "known"),
    "fed a word": (lambda s, e: journal.feed(s, e, ["x"]), "animal_ids", "animal"),  # type: ignore[list-item]
    "fed tomorrow": (
        lambda s, e: journal.feed(s, e, [1], at=NOW + timedelta(hours=1)),
        "at",
        "future",
    ),
    "fed last year": (
        lambda s, e: journal.feed(s, e, [1], at=NOW - timedelta(days=365)),
        "at",
        "30 days",
    ),
    "fed sometime": (lambda s, e: journal.feed(s, e, [1], at="noon"), "at", "date and time"),
    "fed less than nothing": (lambda s, e: journal.feed(s, e, [1], -1), "amount_ml", "0 to 400"),
    "fed a bucket": (lambda s, e: journal.feed(s, e, [1], 4000), "amount_ml", "0 to 400"),
    "fed not a number": (lambda s, e: journal.feed(s, e, [1], "nan"), "amount_ml", "0 to 400"),
    "fed a text": (lambda s, e: journal.feed(s, e, [1], "much"), "amount_ml", "number"),
    "fed oddly": (lambda s, e: journal.feed(s, e, [1], 3, "gladly"), "how", "one of"),
    "weighed nothing": (lambda s, e: journal.weigh(s, e, 1, ""), "grams", "needed"),
    "weighed in kilos": (lambda s, e: journal.weigh(s, e, 1, 0.2), "grams", "20 to 8000"),
    "half a stool score": (
        lambda s, e: journal.observe(s, e, 1, "stool_score", 3.5),
        "stool_score",
        "whole",
    ),
    "saw a mood": (lambda s, e: journal.observe(s, e, 1, "mood", "sad"), "fact", "one of"),
    "did not go": (lambda s, e: journal.observe(s, e, 1, "toilet", value=False), "toilet", "went"),
    "with itself": (lambda s, e: journal.put_together(s, e, 1, 1), "partner_id", "another"),
    "parted nobody": (lambda s, e: journal.part(s, e, 99), "companionship_id", "known"),
    "stopped by magic": (
        lambda s, e: journal.cry_stopped(s, e, cry_id(1), "magic"),
        "because",
        "one of",
    ),
    "no such cry": (lambda s, e: journal.cry_stopped(s, e, cry_id(9), "fed"), "cry_id", "known"),
    "a cry of a ghost": (
        lambda s, e: journal.cry_seen(s, e, cry_id(1), 99),
        "source_id",
        "known",
    ),
    "a verdict": (lambda s, e: journal.review(s, e, cry_id(1), "maybe"), "verdict", "one of"),
    "no suggestion": (
        lambda s, e: journal.suggestion_answered(s, e, 99, "done"),
        "suggestion_id",
        "known",
    ),
    "a nest on fire": (
        lambda s, e: journal.box_facts(s, e, "nest", temp_c=80),
        "temp_c",
        "0 to 60",
    ),
    "perhaps spread": (
        lambda s, e: journal.box_facts(s, e, "nest", spread="perhaps"),
        "spread",
        "yes or no",
    ),
    "a question of ours": (
        lambda s, e: journal.answer(s, e, "context.formula_kcal_ml", 1, box_id="nest"),
        "key",
        "settings",
    ),
    "a question of nobody": (
        lambda s, e: journal.answer(s, e, "1.mood", 1, box_id="nest"),
        "key",
        "not a question",
    ),
    "a flag that is none": (
        lambda s, e: journal.answer(s, e, "1.red_flags", ["sleepy"], box_id="nest"),
        "red_flags",
        "must name red flags",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_meant_is_told_with_its_field_and_writes_nothing(
    session: Session, what: str
) -> None:
    write, field, says = WRONG[what]
    with pytest.raises(EntryError) as caught:
        write(session, HERE)
    assert caught.value.field == field
    assert says in caught.value.message


def test_a_phone_whose_clock_runs_a_little_ahead_may_write(session: Session) -> None:
    journal.feed(session, HERE, [1], at=NOW + timedelta(minutes=1))
    assert session.scalars(select(Feed)).one().at == NOW


@pytest.mark.parametrize(
    ("key", "value", "field", "becomes"),
    [
        ("1.fed", 30, "min_since_fed", 30),
        ("1.toilet", "60", "min_since_toilet", 60),
        ("1.warmth", "cool", "body_feel", "cool"),
        ("1.health", "ok", "health", "ok"),
        ("1.hungry", "yes", "hungry_signs", True),
        ("1.weight_g", "210", "weight_g", 210),
        ("1.growth", 210, "weight_g", 210),
        ("1.age_days", 12, "age_days", 12),
        ("1.days_in_care", "20", "days_in_care", 20),
        ("1.mother", "available", "mother", "available"),
        ("1.exposed", False, "exposed", False),
        ("1.parasites", "treated", "parasites", "treated"),
        ("1.cross_ok", "yes", "cross_ok", True),
        ("1.temperament", "calm", "temperament", "calm"),
        ("1.vaccinated", "no", "vaccinated", False),
    ],
)
def test_an_answer_becomes_the_fact_that_was_asked_for(
    session: Session, key: str, value: Any, field: str, becomes: Any
) -> None:
    from tests.web.test_scenario_of import baby  # noqa: PLC0415

    journal.answer(session, HERE, key, value, box_id="nest")
    assert getattr(baby(session, 1), field) == becomes


def test_one_answer_tells_all_red_flags_and_undoes_as_one(session: Session) -> None:
    written = journal.answer(session, HERE, "1.red_flags", ["limp"], box_id="nest")
    seen = {o.fact: o.value for o in session.scalars(select(Observation))}
    assert seen == {flag: flag == "limp" for flag in journal.tending.RED_FLAGS}
    journal.undo(session, HERE, written.undo_id)
    assert all(o.undone_at for o in session.scalars(select(Observation)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cry.species", "kitten"),
        ("cry.source_id", "1"),
        ("cry.unusual", "no"),
        ("box.temp_c", "30"),
        ("box.spread", "no"),
        ("box.comfort", "yes"),
        ("context.carer_can_watch", "yes"),
    ],
)
def test_questions_about_the_cry_and_the_box_have_answers(
    session: Session, key: str, value: str
) -> None:
    journal.answer(session, HERE, key, value, box_id="nest", cry_id=cry_id(1))


def test_how_the_last_feed_went_can_be_said_later(session: Session) -> None:
    with pytest.raises(EntryError, match="no feed is on record"):
        journal.answer(session, HERE, "1.last_feed", "short", box_id="nest")
    journal.feed(session, HERE, [1])
    journal.answer(session, HERE, "1.last_feed", "short", box_id="nest")
    assert session.scalars(select(Feed)).one().how == "short"


def test_changes_tell_of_both_boxes_of_a_move(session: Session) -> None:
    last = changes.newest(session)
    journal.move(session, HERE, 1, "other")
    told = {(c.kind, c.box_id) for c in session.scalars(select(Change).where(Change.id > last))}
    assert told == {("animal", "nest"), ("animal", "other")}


def test_every_question_of_the_rules_can_be_answered() -> None:
    from web.care.wording import QUESTIONS  # noqa: PLC0415
    from web.journal.answers import ANIMAL_FACTS  # noqa: PLC0415

    asked = {question for question in QUESTIONS if "." not in question}
    assert asked <= set(ANIMAL_FACTS)
