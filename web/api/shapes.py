"""What the API gives out. Moments are ISO 8601 in UTC with milliseconds and `Z`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from monitor.messages import BOX_PATTERN, CRY_PATTERN, Check, CheckStatus, Moment, SuggestionItem
from web.api.paging import Asked, Cursor, Id

CryState = Literal["open", "ended", "retracted", "lost"]


class CriesQuery(BaseModel):
    """Which cries, newest first."""

    box: str | None = Field(default=None, pattern=BOX_PATTERN)
    since: Asked | None = Field(default=None, description="onset at or after")
    until: Asked | None = Field(default=None, description="onset before")
    state: CryState | None = None
    species: Literal["kitten", "puppy", "unknown"] | None = None
    source: Id | None = Field(default=None, description="the animal that cried")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = Field(default=None, description="`next` of the page before")


class CryPath(BaseModel):
    """Names one cry."""

    cry_id: str = Field(pattern=CRY_PATTERN)


class CryItem(BaseModel):
    """One cry as its newest message tells it."""

    id: str
    box: str
    state: CryState = Field(description="`lost`: its listener went away while it cried")
    seq: int
    onset: Moment
    offset: Moment
    duration_s: float
    clock: str
    species: str
    species_scores: dict[str, float]
    score: float
    calls: int
    calls_per_minute: float
    arousal: str
    acoustics: dict[str, Any] | None
    model: str
    demo: bool
    received_at: Moment
    updated_at: Moment
    clip: str | None = Field(description="where its sound is (FLAC), if it is kept")
    no_clip: str | None = Field(
        description="why it is not kept: `speech` somebody talks in it, `unchecked` not known"
    )
    source: int | None = Field(description="id of the animal, if a person saw it")
    stopped_by: str | None
    verdict: str | None = Field(description="a carer's word: right, not_a_cry")


class SuggestionRecord(SuggestionItem):
    """A suggestion as it was shown, and what a carer did with it."""

    id: int
    shown_at: Moment
    outcome: str | None
    why: str | None


class ReviewItem(BaseModel):
    """A carer's word on a cry."""

    verdict: str
    species: str | None
    at: Moment
    by: str | None


class CryDetail(CryItem):
    """One cry with all its calls and suggestions."""

    call_times: list[tuple[float, float]] = Field(
        description="onset from the cry's onset, length; s"
    )
    reason: str | None = Field(description="of a retraction")
    arousal_evidence: list[str] = Field(description="what the arousal was judged by")
    voice: str = Field(description="whose voice, by its sound and by who was in the box")
    species_here: str | None = Field(
        description="kitten or puppy, where the sound and who was in the box settle it"
    )
    stopped_told_by: str | None
    told_unusual: bool | None = Field(description="a carer's word on it")
    unusual: list[str] | None = Field(
        description="how it is unlike the same baby's usual cry; null: not known"
    )
    suggestions: list[SuggestionRecord]
    reviews: list[ReviewItem] = Field(description="oldest first; the newest holds")


class CryPage(BaseModel):
    """Cries, newest first, and where to go on."""

    items: list[CryItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class BoxItem(BaseModel):
    """A box, and whether it is heard right now."""

    id: str
    name: str
    demo: bool
    state: str = Field(description="listening, crying, deaf, muted, offline, unknown")
    reason: str | None
    detail: str | None
    since: Moment | None
    heard_at: Moment | None = Field(description="when the listener last said anything")
    level_dbfs: float | None
    noise_dbfs: float | None
    level_at: Moment | None
    open_cry: str | None
    animals: list[int]
    temp_c: float | None
    temp_at: Moment | None
    spread: bool | None = Field(description="whether the babies lie apart from each other")
    spread_at: Moment | None
    comfort: bool | None = Field(description="warmth with room to move away, and a heartbeat toy")
    carer_can_watch: bool | None
    carer_can_watch_at: Moment | None
    health: dict[str, Any] | None


class BoxPage(BaseModel):
    """All boxes."""

    items: list[BoxItem]


class Health(BaseModel):
    """How the dashboard is."""

    status: CheckStatus
    checks: list[Check]
