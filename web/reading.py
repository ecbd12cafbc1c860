"""From what arrived to a message of the contract, or the reason why it is none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from monitor.messages import (
    ANIMAL_COMMANDS,
    ANIMAL_PATTERN,
    BOX_PATTERN,
    CRY_PATTERN,
    MAX_CLIP_BYTES,
    MAX_PAYLOAD_BYTES,
    NO_BOX,
    AnimalCommand,
    ClockState,
    CryMessage,
    Message,
    MinuteMessage,
)
from web.plain_errors import first_wrong

LONGEST_REASON = 300
FLAC_MAGIC = b"fLaC"
# A listener that says its clock is set must not tell of times before this program, nor ahead.
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
LONGEST_CRY = timedelta(days=7)
_NUL = (b"\x00", b"\\u0000")  # JSON has them, no database's text does

M = TypeVar("M", bound=Message)


class RefusedError(Exception):
    """A message that cannot be taken; the text is the reason, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:LONGEST_REASON])


@dataclass(frozen=True)
class Address:
    """What a topic says: whose, and what."""

    box: str
    what: str
    rest: str = ""


def address(base: str, topic: str) -> Address:
    """Take a topic below the base apart. Raises RefusedError."""
    box, _, tail = topic.removeprefix(f"{base}/").partition("/")
    what, _, rest = tail.partition("/")
    if not topic.startswith(f"{base}/") or not what:
        raise RefusedError("this is no topic of ours")
    if re.fullmatch(BOX_PATTERN, box) is None or box.endswith("\n"):
        raise RefusedError("the box's id must be 1 to 32 of a-z, 0-9, _ and -")
    if box == NO_BOX:
        raise RefusedError(f"no box may be called '{NO_BOX}'")
    return Address(box, what, rest)


def is_of_animal(base: str, topic: str) -> bool:
    """Whether it is about an animal: a command."""
    return topic.startswith(f"{base}/{NO_BOX}/") and "/set/" in topic


def animal_address(base: str, topic: str) -> tuple[int, str]:
    """An animal's id and the command. Raises RefusedError."""
    animal, _, rest = topic.removeprefix(f"{base}/{NO_BOX}/").partition("/")
    what = rest.removeprefix("set/")
    if re.fullmatch(ANIMAL_PATTERN, animal) is None or animal.endswith("\n"):
        raise RefusedError("the animal's id must be a number")
    if what not in ANIMAL_COMMANDS or what == rest:
        raise RefusedError(f"there are {', '.join(ANIMAL_COMMANDS)}")
    return int(animal), what


def animal_command(payload: bytes) -> AnimalCommand:
    """What is said of an animal; whoever writes by hand may leave `schema` out.

    Raises RefusedError.
    """
    return _validated(AnimalCommand, payload, strict=False)


def message(model: type[M], payload: bytes, box: str) -> M:
    """The payload as a message about this box. Raises RefusedError."""
    found = _validated(model, payload, strict=True)
    if "schema_version" not in found.model_fields_set:
        raise RefusedError("schema: is missing; this program knows schema 1")
    said = getattr(found, "box", box)
    if said != box:
        raise RefusedError(f"box: the topic says {box}, the message {said}")
    return found


def _validated(model: type[M], payload: bytes, *, strict: bool) -> M:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise RefusedError(f"too large: {len(payload)} bytes of at most {MAX_PAYLOAD_BYTES}")
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"not UTF-8 from byte {error.start} on") from None
    if any(nul in payload for nul in _NUL):
        raise RefusedError("holds a NUL character")
    try:
        return model.model_validate_json(payload, strict=strict)
    except ValidationError as error:
        where, what = first_wrong(error)
        raise RefusedError(f"{where}: {what}" if where else what) from None


def cry(payload: bytes, box: str, now: datetime | None) -> CryMessage:
    """A step in the life of a cry, at plausible times. Raises RefusedError.

    `now` is None while our own clock is not set: then nothing can be called ahead of it.
    """
    found = message(CryMessage, payload, box)
    if found.offset - found.onset > LONGEST_CRY:
        raise RefusedError("offset: more than 7 days after the onset")
    if found.clock is ClockState.SYNCHRONISED:
        if found.onset < EARLIEST:
            raise RefusedError("onset: long past, though the clock is said to be synchronised")
        if now is not None and found.offset > now + AHEAD:
            raise RefusedError("offset: in the future")
    return found


def minute(payload: bytes, box: str, now: datetime | None) -> MinuteMessage:
    """A minute at a plausible time; `now` as of `cry`. Raises RefusedError."""
    found = message(MinuteMessage, payload, box)
    if found.clock is ClockState.SYNCHRONISED:
        if found.at < EARLIEST:
            raise RefusedError("at: long past, though the clock is said to be synchronised")
        if now is not None and found.at > now + AHEAD:
            raise RefusedError("at: in the future")
    return found


def clip(payload: bytes, cry_id: str) -> str:
    """Id of the cry whose sound this is. Raises RefusedError."""
    if re.fullmatch(CRY_PATTERN, cry_id) is None:
        raise RefusedError("the topic names no cry")
    if len(payload) > MAX_CLIP_BYTES:
        raise RefusedError(f"too large: {len(payload)} bytes of at most {MAX_CLIP_BYTES}")
    if not payload.startswith(FLAC_MAGIC):
        raise RefusedError("not FLAC")
    return cry_id
