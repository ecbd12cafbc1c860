"""What can happen in the made-up month; who is named by name, times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Milk:
    """A milk that is used here, as it is mixed."""

    at: datetime
    name: str
    species: str
    kcal_ml: float


@dataclass(frozen=True)
class Came:
    """A baby is taken in; `values` are what its form holds."""

    at: datetime
    who: str
    values: Mapping[str, Any]
    box: str | None
    milk: str


@dataclass(frozen=True)
class Edited:
    """Facts of a baby were put right; or it left (`status`)."""

    at: datetime
    who: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Fed:
    """One feed."""

    at: datetime
    who: str
    ml: float
    how: Literal["full", "short", "refused"]


@dataclass(frozen=True)
class Weighed:
    """One weighing."""

    at: datetime
    who: str
    grams: int


@dataclass(frozen=True)
class Helped:
    """Helped to the toilet."""

    at: datetime
    who: str
    came: Literal["urine", "both", "nothing"]


@dataclass(frozen=True)
class Checked:
    """Somebody looked: facts as the journal knows them."""

    at: datetime
    who: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Nest:
    """What was seen of a box."""

    at: datetime
    box: str
    temp_c: float
    can_watch: bool = False  # somebody stays with a trial


@dataclass(frozen=True)
class Noted:
    """Words on a baby."""

    at: datetime
    who: str
    text: str


@dataclass(frozen=True)
class Reminded:
    """A deworming is to be done by a day, and again two weeks later."""

    at: datetime
    who: str
    due: date


@dataclass(frozen=True)
class Dewormed:
    """It is done."""

    at: datetime
    who: str


@dataclass(frozen=True)
class Approved:
    """The coordinator allows company across species."""

    at: datetime
    who: str
    partner: str


@dataclass(frozen=True)
class Together:
    """Two were put into one box."""

    at: datetime
    who: str
    partner: str
    box: str


@dataclass(frozen=True)
class Parted:
    """Company was judged; it goes on if it `passed`."""

    at: datetime
    who: str
    partner: str
    outcome: Literal["passed", "failed"]


@dataclass(frozen=True)
class Cried:
    """A cry that a listener heard; whose it was is not heard, but known here."""

    at: datetime
    box: str
    who: str
    species: Literal["kitten", "puppy"]
    calls: tuple[tuple[float, float], ...]  # onset from its beginning, length; s
    hungry: bool
    stopped_by: str | None  # tapped by a carer

    @property
    def lasts_s(self) -> float:
        """Until the end of its last call."""
        onset, length = self.calls[-1]
        return onset + length


Step = (
    Milk
    | Came
    | Edited
    | Fed
    | Weighed
    | Helped
    | Checked
    | Nest
    | Noted
    | Reminded
    | Dewormed
    | Approved
    | Together
    | Parted
    | Cried
)
