"""What all messages share: limits, kinds of values, and the version of the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

SCHEMA_VERSION = 1
MAX_PAYLOAD_BYTES = 16 * 1024  # of every JSON message
MAX_CLIP_BYTES = 512 * 1024  # of a cry's sound (FLAC, 16 kHz, mono)
UPDATE_INTERVAL_S = 5.0  # `cry_updated` comes at most this often
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # of moments
MAX_CALLS_A_MESSAGE = 200  # calls since the previous message; more than 5 s of crying ever holds
BOX_PATTERN = r"^[a-z0-9_-]{1,32}$"
NO_BOX = "animal"  # no box may be called so: below it stand the topics of animals
ANIMAL_PATTERN = r"^[1-9][0-9]{0,8}$"
CRY_PATTERN = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
RUN_PATTERN = r"^[0-9a-f]{8,32}$"


def utc_text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC with milliseconds and `Z`; `moment` must know its zone."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _within_reason(moment: datetime) -> datetime:
    # A clock that was never set is off by decades; what is beyond them could not be reckoned with.
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"must be from {EARLIEST:%Y} to {LATEST:%Y}")
    return moment


def _no_yes_or_no(value: object) -> object:
    # `true` would become 1: a feed of 1 mL that nobody gave.
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _not_reserved(box: str) -> str:
    if box == NO_BOX:
        raise ValueError(f"'{NO_BOX}' is no name for a box; choose another")
    return box


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_within_reason),
    PlainSerializer(utc_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
BoxId = Annotated[str, StringConstraints(pattern=BOX_PATTERN), AfterValidator(_not_reserved)]
AnimalId = Annotated[str, StringConstraints(pattern=ANIMAL_PATTERN)]
CryId = Annotated[str, StringConstraints(pattern=CRY_PATTERN)]
# Numbers as people and their programs tell them.
Amount = Annotated[float, BeforeValidator(_no_yes_or_no)]
Whole = Annotated[int, BeforeValidator(_no_yes_or_no)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]  # 0..1
Seconds = Annotated[float, Field(ge=0.0, le=7 * 86_400.0)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Decibels = Annotated[float, Field(ge=-200.0, le=100.0)]


class Message(BaseModel):
    """What all JSON payloads share."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    schema_version: Literal[1] = Field(default=1, alias="schema")

    def payload(self) -> bytes:
        """The message as it goes over the wire."""
        return self.model_dump_json(by_alias=True).encode()
