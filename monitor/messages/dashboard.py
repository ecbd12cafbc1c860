"""What the dashboard says, and what it takes: suggestions, and the care of each animal."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.messages.base import Amount, AnimalId, BoxId, CryId, Message, Moment


class SuggestionItem(BaseModel):
    """One suggestion as `nursery-monitor suggest` prints it, with its words for people."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    code: str = Field(max_length=50)
    rank: int = Field(ge=1)
    subjects: tuple[str, ...] = ()
    partner: str | None = None
    reasons: tuple[str, ...]
    volume_ml: dict[str, float | None] | None = None
    cap_ml: dict[str, float | None] | None = None
    confidence: Literal["high", "low"]
    unknown: tuple[str, ...] = ()
    phone: str | None = None
    note: str | None = None
    title: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=1000)


class SuggestionMessage(Message):
    """The open cry's suggestions, retained on `<base>/<box>/suggestion`; empty when none."""

    box: BoxId
    at: Moment
    cry: CryId | None = None
    who: tuple[str, ...] = ()
    suggestions: tuple[SuggestionItem, ...] = ()
    unknown: tuple[str, ...] = ()
    demo: bool = False


class FeedState(StrEnum):
    """Whether an animal is to be fed; `unknown` is said rather than guessed."""

    OVERDUE = "overdue"
    SOON = "soon"
    SHORT = "short"  # the last feed was short or refused, and half the interval has passed
    HUNGRY = "hungry"  # it shows signs of hunger
    NOT_DUE = "not_due"
    MOTHER = "mother"  # its mother feeds it
    UNKNOWN = "unknown"  # nobody wrote down when it was fed


class Companion(BaseModel):
    """Another animal in the same box."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    id: AnimalId
    name: str = Field(max_length=60)


class AnimalCareMessage(Message):
    """How an animal in care is, retained on `<base>/animal/<id>/care`; null is not known.

    Sent when something changes and every few minutes (`at` tells when); emptied when the animal
    leaves.
    """

    animal: AnimalId
    name: str = Field(max_length=60)
    species: Literal["kitten", "puppy"]
    at: Moment
    box: BoxId | None = Field(default=None, description="that it lives in")
    feed: FeedState
    overdue: bool | None = Field(default=None, description="whether its feed is; null: not known")
    last_fed: Moment | None = None
    last_feed: Literal["full", "short", "refused"] | None = Field(
        default=None, description="how the last feed went"
    )
    last_feed_ml: float | None = Field(default=None, ge=0, description="mL")
    next_due: Moment | None = Field(
        default=None, description="by its age, weight and own plan; null also when its mother feeds"
    )
    not_now: Literal["urgent", "chilled", "hot"] | None = Field(
        default=None, description="why it is not to be fed now, however due it is"
    )
    next_feed_ml: float | None = Field(default=None, ge=0, description="up to so much, mL")
    last_stimulated: Moment | None = Field(default=None, description="and something came")
    weight_g: float | None = Field(default=None, ge=0, description="newest weighing, g")
    weighed: Moment | None = Field(default=None, description="when that was")
    gain_24h_g: float | None = Field(
        default=None, description="against the weighing about a day before it, g"
    )
    gain_24h_pct: float | None = Field(default=None, description="the same in percent")
    company: tuple[Companion, ...] = Field(
        default=(), max_length=50, description="who is in its box"
    )
    suggestion: SuggestionItem | None = Field(
        default=None, description="the first that is about it, with or without a cry"
    )
    demo: bool = False


class AnimalCommand(Message):
    """Something was done for an animal, on `<base>/animal/<id>/set/<what>`; never retained.

    It is written down once however often it is delivered: `id` is the caller's, another one for
    each command. The answer on `<base>/animal/<id>/answer/<what>` gives it back.
    """

    id: str = Field(min_length=1, max_length=64)
    at: Moment | None = Field(default=None, description="when it was done; default: on arrival")
    by: str | None = Field(default=None, max_length=60, description="who did it")
    sure: bool = Field(
        default=False, description="write it down even if it looks like a slip or a repetition"
    )
    ml: Amount | None = Field(default=None, description="`fed`: how much it drank, mL")
    how: Literal["full", "short", "refused"] = Field(
        default="full", description="`fed`: how it went"
    )
    came: Literal["urine", "stool", "both", "nothing"] | None = Field(
        default=None, description="`stimulated`: what came; default: something"
    )
