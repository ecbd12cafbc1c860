"""The care of the animals: who is where, what was given, measured, seen and suggested."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from web.records.base import Base


class Box(Base):
    """A nursery box with a microphone; `id` is the one on MQTT."""

    __tablename__ = "box"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # What a carer said of the nest, and when: too old counts as unknown (care rules, section 1).
    temp_c: Mapped[float | None]
    temp_at: Mapped[datetime | None]
    spread: Mapped[bool | None]
    spread_at: Mapped[datetime | None]
    comfort: Mapped[bool | None]
    carer_can_watch: Mapped[bool | None]  # someone can stay for the first half hour of a trial
    carer_can_watch_at: Mapped[datetime | None]


class Animal(Base):
    """A baby (or a mother) in care."""

    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    species: Mapped[str] = mapped_column(String(10))  # kitten, puppy
    sex: Mapped[str | None] = mapped_column(String(10))
    born_on: Mapped[date | None] = mapped_column(Date)
    born_estimated: Mapped[bool] = mapped_column(default=False)
    born_signs: Mapped[str | None] = mapped_column(String(120))  # what the estimate rests on
    intake_on: Mapped[date | None] = mapped_column(Date)
    litter: Mapped[str | None] = mapped_column(String(60))
    runt: Mapped[bool | None]
    mother: Mapped[str | None] = mapped_column(String(10))  # present, available, none
    mother_name: Mapped[str | None] = mapped_column(String(60))
    # in_care, with_mother (not in our care any more), adopted, died; gone: left, not told where to
    status: Mapped[str] = mapped_column(String(20), default="in_care")
    left_on: Mapped[date | None] = mapped_column(Date)
    in_quarantine: Mapped[bool | None]  # health quarantine, as the carer keeps it
    exposed: Mapped[bool | None]
    parasites: Mapped[str | None] = mapped_column(String(10))  # clear, treated, present
    vaccinated: Mapped[bool | None]
    cross_ok: Mapped[bool | None]  # the coordinator's approval for cross-species company
    cross_ok_by: Mapped[str | None] = mapped_column(String(60))
    cross_ok_at: Mapped[datetime | None]
    temperament: Mapped[str | None] = mapped_column(String(10))  # calm, rough
    suckles_others: Mapped[bool] = mapped_column(default=False)
    keep_apart: Mapped[bool] = mapped_column(default=False)
    plan_interval_min: Mapped[int | None]  # its own feeding plan, which wins over the tables
    plan_volume_ml: Mapped[float | None]
    formula_id: Mapped[int | None] = mapped_column(ForeignKey("formula.id"))  # what it drinks
    notes: Mapped[str] = mapped_column(Text, default="")
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    stays: Mapped[list[Stay]] = relationship(back_populates="animal")

    __table_args__ = (CheckConstraint("species IN ('kitten', 'puppy')", name="species"),)


class Formula(Base):
    """A milk as it is mixed; its energy is asked once."""

    __tablename__ = "formula"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    species: Mapped[str | None] = mapped_column(String(10))  # made for; null: for both
    kcal_ml: Mapped[float | None]  # null: nobody has looked it up
    created_at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]


class Photo(Base):
    """An animal's face, small: the newest one that was not taken back is shown."""

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    content_type: Mapped[str] = mapped_column(String(20))
    image: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]


class Reminder(Base):
    """Something to be done by a day: deworming, a vaccine, a medicine; never a dose of it."""

    __tablename__ = "reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))  # deworming, vaccine, medicine, vet, other
    text: Mapped[str] = mapped_column(String(200), default="")
    due_at: Mapped[datetime]
    every_days: Mapped[int | None]  # done, it comes again after so many
    created_at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(60))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]


class Note(Base):
    """Words of a carer on an animal, or on a box."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int | None] = mapped_column(ForeignKey("animal.id"))
    box_id: Mapped[str | None] = mapped_column(ForeignKey("box.id"))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "at"), Index(None, "at"))


class Stay(Base):
    """An animal in a box, from, to; the open one has no end."""

    __tablename__ = "stay"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    animal: Mapped[Animal] = relationship(back_populates="stays")


class Companionship(Base):
    """Two animals put together: start, end and what came of it."""

    __tablename__ = "companionship"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # company, litter, mother
    kind: Mapped[str] = mapped_column(String(10), default="company", server_default="company")
    watch_until: Mapped[datetime | None]  # a first trial: watched until then
    outcome: Mapped[str | None] = mapped_column(String(20))  # passed, failed; null: not told
    why: Mapped[str | None] = mapped_column(String(200))  # of the outcome
    by: Mapped[str | None] = mapped_column(String(60))


class Proof(Base):
    """What company changed, in numbers: reckoned now and then, see `web/proof.py`."""

    __tablename__ = "proof"

    companionship_id: Mapped[int] = mapped_column(
        ForeignKey("companionship.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]  # when it was reckoned
    found: Mapped[dict[str, Any]]


class Feed(Base):
    """One feed of one animal: one row, also when it is given in parts."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    amount_ml: Mapped[float | None]
    how: Mapped[str] = mapped_column(String(10), default="full")  # full, short, refused
    route: Mapped[str | None] = mapped_column(String(10))  # bottle, syringe, tube, bowl, mother
    formula_id: Mapped[int | None] = mapped_column(ForeignKey("formula.id"))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "at"), Index(None, "at"))


class Weight(Base):
    """One weighing."""

    __tablename__ = "weight"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    grams: Mapped[float]
    # before, after (a bottle: what was drunk, 1 g = 1 mL; not for the curve); null: plain
    moment: Mapped[str | None] = mapped_column(String(10))
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feed.id"), index=True)
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "at"), Index(None, "at"))


class Observation(Base):
    """What a carer found when looking at an animal: one fact (`check` in the records' promise).

    `fact` is a fact name of the care rules (`body_feel`, `body_temp_c`, `health`, `stool_score`,
    `hungry_signs`, `toilet`, `limp`, ...); `value` is its JSON value. How long a fact holds is the
    care rules' business.
    """

    __tablename__ = "check"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    fact: Mapped[str] = mapped_column(String(30))
    value: Mapped[Any] = mapped_column(JSON)
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "fact", "at"), Index(None, "at"))


class Suggestion(Base):
    """What was suggested for a cry (or a quiet box), and what a carer did with it."""

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"))
    cry_id: Mapped[str | None] = mapped_column(ForeignKey("cry.id"), index=True)
    code: Mapped[str] = mapped_column(String(50))
    rank: Mapped[int]
    advice: Mapped[dict[str, Any]]
    shown_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(20))  # done, dismissed
    why: Mapped[str | None] = mapped_column(String(60))
    outcome_at: Mapped[datetime | None]
    by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (
        UniqueConstraint("cry_id", "code"),
        Index(None, "box_id", "shown_at"),
        Index(None, "shown_at"),
    )
