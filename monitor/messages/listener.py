"""What a box's listener says, and what it takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from monitor.messages.base import (
    MAX_CALLS_A_MESSAGE,
    RUN_PATTERN,
    BoxId,
    Count,
    CryId,
    Decibels,
    Message,
    Moment,
    Seconds,
    Share,
)


class Species(StrEnum):
    """Whose voice it is; `unknown` is said rather than guessed."""

    KITTEN = "kitten"
    PUPPY = "puppy"
    UNKNOWN = "unknown"


class CryStep(StrEnum):
    """The steps in the life of a cry."""

    STARTED = "cry_started"
    UPDATED = "cry_updated"
    ENDED = "cry_ended"
    RETRACTED = "cry_retracted"


class BoxState(StrEnum):
    """What the listener is doing right now."""

    LISTENING = "listening"
    CRYING = "crying"
    DEAF = "deaf"
    MUTED = "muted"


class DeafReason(StrEnum):
    """Why a deaf listener is deaf."""

    STARTING = "starting"
    UNPLUGGED = "unplugged"
    FROZEN = "frozen"
    SILENT = "silent"
    CLIPPED = "clipped"


class ClockState(StrEnum):
    """Whether the wall clock had been set by the network when the times were taken."""

    SYNCHRONISED = "synchronised"
    UNSYNCHRONISED = "unsynchronised"


class Arousal(StrEnum):
    """Coarse arousal heard in a cry; `unknown` where the evidence does not suffice."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


class NoClip(StrEnum):
    """Why the sound of a cry is not kept, where sound is kept."""

    SPEECH = "speech"  # somebody talks in it
    UNCHECKED = "unchecked"  # that could not be told


class Tolerance(StrEnum):
    """How many false alarms a carer finds all right; `as_made`: the threshold as it was made."""

    AS_MADE = "as_made"
    HARDLY_ANY = "hardly_any"
    ONE_A_NIGHT = "one_a_night"
    SEVERAL = "several"


class SpeciesScores(BaseModel):
    """How much the sound is like each animal, 0..1."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    kitten: Share
    puppy: Share


class CallSound(BaseModel):
    """One call of a cry; null where it could not be measured."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    at_s: Seconds = Field(description="onset from the cry's onset, s")
    length_s: Seconds
    pitch_hz: float | None = Field(default=None, ge=0, le=24_000, description="median f0, Hz")
    rough: bool | None = Field(
        default=None, description="whether it has subharmonics, chaos or a jump"
    )


class Acoustics(BaseModel):
    """What a cry sounded like; null where it could not be measured.

    Of a long cry some calls are measured, spread over it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    pitch_hz: float | None = Field(default=None, ge=0, le=24_000, description="median f0, Hz")
    pitch_range_hz: float | None = Field(
        default=None, ge=0, le=24_000, description="10th to 90th percentile of f0, Hz"
    )
    call_s: float | None = Field(default=None, ge=0, le=3600, description="median call length, s")
    tonality: Share | None = Field(
        default=None, description="share of the calls' frames with a clear pitch, 0..1"
    )
    level_dbfs: Decibels | None = Field(default=None, description="level of the calls, dBFS")
    snr_db: Decibels | None = Field(
        default=None, description="calls over the noise between them, 250 to 8000 Hz, dB"
    )
    voices_per_minute: float | None = Field(
        default=None, ge=0, le=6000, description="calls a minute, told apart by gaps of 60 ms"
    )
    call_range_s: float | None = Field(
        default=None, ge=0, le=3600, description="10th to 90th percentile of the call lengths, s"
    )
    pitch_spread_st: float | None = Field(
        default=None, ge=0, le=200, description="spread of f0 from call to call, semitones"
    )
    pitch_slope_st_s: float | None = Field(
        default=None,
        ge=-10_000,
        le=10_000,
        description="median slope of f0 along a call, semitones/s; rising is positive",
    )
    subharmonics: Share | None = Field(
        default=None, description="share of the calls with a stretch of every second cycle alike"
    )
    chaos: Share | None = Field(
        default=None, description="share of the calls with a loud stretch without any period"
    )
    jumps: Share | None = Field(default=None, description="share of the calls in which f0 jumps")
    rough: Share | None = Field(
        default=None, description="share of the calls with any of these three"
    )
    per_call: tuple[CallSound, ...] = Field(
        default=(), max_length=40, description="the calls that were measured"
    )


class CryMessage(Message):
    """One step in the life of a cry, on `<base>/<box>/cry`.

    `id` names the cry, `seq` counts its messages from 1: `(id, seq)` is to be written once, and
    the highest `seq` wins whatever the order of arrival.
    """

    id: CryId = Field(description="UUIDv7 of the cry")
    seq: int = Field(ge=1, le=1_000_000)
    type: CryStep
    box: BoxId
    onset: Moment = Field(description="start of the first call")
    offset: Moment = Field(description="end of the last call so far")
    decided: Moment | None = Field(
        default=None, description="time of the newest audio that led to this step"
    )
    clock: ClockState
    species: Species
    species_scores: SpeciesScores
    score: Share = Field(description="how sure the listener is that it is a cry, 0..1")
    calls: int = Field(ge=0, le=1_000_000, description="calls so far")
    calls_per_minute: float = Field(ge=0, le=6000)
    call_times: tuple[tuple[Seconds, Seconds], ...] = Field(
        default=(),
        max_length=MAX_CALLS_A_MESSAGE,
        description="calls since the previous message: onset from the cry's onset, length; s",
    )
    arousal: Arousal = Arousal.UNKNOWN
    arousal_evidence: tuple[Annotated[str, StringConstraints(max_length=200)], ...] = Field(
        default=(), max_length=8, description="what the arousal was judged by, in words"
    )
    acoustics: Acoustics | None = None
    clip: bool = Field(default=False, description="whether the cry's sound is sent as well")
    no_clip: NoClip | None = Field(
        default=None, description="why its sound is not kept, when the settings would keep it"
    )
    model: str = Field(max_length=200)
    demo: bool = False
    reason: str | None = Field(default=None, max_length=200, description="of a retraction")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> CryMessage:
        if self.offset < self.onset:
            raise ValueError("offset before onset")
        return self


class StateMessage(Message):
    """What the listener is doing, retained on `<base>/<box>/state`."""

    box: BoxId
    state: BoxState
    reason: DeafReason | None = Field(default=None, description="why, when deaf")
    detail: str | None = Field(default=None, max_length=300, description="in words, what to do")
    since: Moment
    cry: CryId | None = Field(default=None, description="the open cry")
    last_cry: Moment | None = Field(default=None, description="onset of the newest cry")
    cries_today: Count = Field(default=0, description="since midnight in the house's zone")
    device: str | None = Field(default=None, max_length=200)
    demo: bool = False


class LevelMessage(Message):
    """Once a second, not retained, on `<base>/<box>/level`."""

    box: BoxId
    at: Moment
    level_dbfs: Decibels | None = Field(description="RMS of the last second; null when deaf")
    noise_dbfs: Decibels | None = Field(description="10th percentile of the last minute")
    kitten: Share = Field(description="highest score of the last second")
    puppy: Share = Field(description="highest score of the last second")
    frame_age_s: Seconds = Field(default=0.0, description="age of the newest audio frame")


class MinuteMessage(Message):
    """What a minute was like, heard or not; not retained, on `<base>/<box>/minute`.

    `(run, number)` names the minute: it is to be written once. It is told again only when the
    clock was set after it, and then the message whose clock is synchronised wins. Levels are of
    the sound from 300 to 8000 Hz in pieces of 0.1 s; null where nothing was heard.
    """

    box: BoxId
    run: str = Field(pattern=RUN_PATTERN, description="of the listener, another at each start")
    number: int = Field(ge=1, le=1_000_000_000, description="of the minute in this run")
    at: Moment = Field(description="when it began")
    clock: ClockState
    length_s: float = Field(gt=0, le=3600, description="60, and less at the end of a run; s")
    listened_s: float = Field(ge=0, le=3600, description="of it that a cry would have been heard")
    muted_s: float = Field(default=0.0, ge=0, le=3600, description="listening was switched off")
    deaf_s: float = Field(default=0.0, ge=0, le=3600, description="the microphone gave no sound")
    reason: DeafReason | None = Field(default=None, description="why it was deaf, the longest")
    level_dbfs: Decibels | None = Field(default=None, description="median")
    loud_dbfs: Decibels | None = Field(default=None, description="95th percentile")
    peak_dbfs: Decibels | None = Field(default=None, description="loudest piece")
    noise_dbfs: Decibels | None = Field(default=None, description="10th percentile")
    score: Share = Field(default=0.0, description="highest score of a cry")
    threshold: Share = Field(description="score from which a sound was a call")
    sensitivity: str = Field(max_length=20, description="low, normal, high")
    near_calls: Count = Field(default=0, description="sounds under the threshold, but not far")
    lone_calls: Count = Field(default=0, description="calls that were too few for a cry")
    demo: bool = False


class CheckStatus(StrEnum):
    """Outcome of one health check; no data is `unknown`, never `ok`."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Check(BaseModel):
    """One health check: what was looked at, how it is, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: str = Field(max_length=50)
    status: CheckStatus
    message: str = Field(max_length=500)
    advice: str | None = Field(default=None, max_length=500)


class HealthMessage(Message):
    """Each minute and on change, retained on `<base>/<box>/health`."""

    box: BoxId
    at: Moment
    version: str = Field(max_length=50)
    model: str = Field(max_length=200)
    device: str | None = Field(default=None, max_length=200)
    rate_hz: int | None = Field(default=None, ge=1, le=1_000_000)
    uptime_s: float = Field(ge=0)
    overflows: Count = Field(default=0, description="blocks the sound card lost")
    dropped_blocks: Count = Field(default=0, description="blocks that our queue lost")
    inference_load: float = Field(default=0.0, ge=0, description="inference time / audio time")
    latency_s: float | None = Field(default=None, ge=0, description="capture to scores, newest")
    outbox_depth: Count = Field(default=0, description="messages not yet acknowledged")
    clock: ClockState
    disk_free_mb: float | None = Field(default=None, ge=0)
    memory_mb: float | None = Field(default=None, ge=0)
    problem: bool = Field(default=False, description="whether a person should look")
    learned: Count | None = Field(
        default=None, description="version in use of what the box has learned; 0: as it was made"
    )
    checks: tuple[Check, ...] = ()
    demo: bool = False


class LearnedVersion(BaseModel):
    """One state of what a box has learned."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    version: int = Field(ge=1, le=1_000_000)
    at: Moment
    text: str = Field(max_length=600, description="from what, and what for, in words")
    right: Count = Field(description="reviews that it was made of: cries")
    not_a_cry: Count = Field(description="... and sounds that were no cry")


class LearningMessage(Message):
    """What a box has learned from reviews, retained on `<base>/<box>/learning`."""

    box: BoxId
    at: Moment
    model: str = Field(max_length=200)
    on: bool = Field(description="whether it goes on learning; else `version` is held")
    version: int = Field(ge=0, le=1_000_000, description="in use; 0: as it was made")
    tolerance: Tolerance
    right: Count = Field(description="reviews held that it can learn from: cries")
    not_a_cry: Count = Field(description="... and sounds that were no cry")
    text: str = Field(max_length=600, description="how it stands, in words")
    versions: tuple[LearnedVersion, ...] = Field(
        default=(), max_length=20, description="that can be gone back to, newest first"
    )


class Command(Message):
    """A command to the listener on `<base>/<box>/set/<what>`; never retained."""

    id: str = Field(
        min_length=1, max_length=64, description="the caller's, given back in the answer"
    )
    value: bool | float | str | None = None
    cry: CryId | None = Field(default=None, description="of `review`: the cry it is about")


class Answer(Message):
    """The listener's answer on `<base>/<box>/answer/<what>`."""

    id: str = Field(min_length=1, max_length=64)
    ok: bool
    message: str = Field(max_length=300)
    value: bool | float | str | None = None
