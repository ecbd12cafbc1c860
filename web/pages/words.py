"""What the pages say of states, cries and reasons; pure: values in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from web.presence import Presence

Ear = Literal["quiet", "crying", "starting", "deaf", "muted", "no_word", "never"]

STOPPED = {
    "fed": "Fed",
    "company": "Company",
    "warmth": "Warmed",
    "comfort": "Comfort",
    "by_itself": "By itself",
    "unknown": "Nobody knows",
}
SENSITIVITIES = {"low": "Low", "normal": "Normal", "high": "High"}
SPECIES = {"kitten": "a kitten", "puppy": "a puppy"}

_DEAF = {
    "unplugged": (
        "The microphone is gone",
        "Push its plug in again, or take another USB socket. Hearing comes back by itself.",
    ),
    "frozen": (
        "The microphone sends no sound",
        "Pull its plug, wait five seconds, push it in again.",
    ),
    "silent": (
        "The microphone sends pure silence",
        "Is it switched off, or muted on its own button? Is its cable whole?",
    ),
    "clipped": (
        "The sound is far too loud to tell anything",
        "Move the microphone away from the noise, or turn its level down.",
    ),
}


@dataclass(frozen=True)
class Hearing:
    """Whether a box is heard right now."""

    ear: Ear
    title: str
    advice: str | None = None

    @property
    def heard(self) -> bool:
        """Whether a cry would be noticed at this moment."""
        return self.ear in ("quiet", "crying")


def hearing(heard: Presence) -> Hearing:
    """What is known of a box's listener, in words, with what to do about it."""
    if heard.state == "unknown" and heard.since is None:
        return Hearing(
            "never",
            "No microphone here yet",
            "Nobody listens: look in by the clock. To add one, see “Several boxes” in the README.",
        )
    if heard.state in ("unknown", "offline"):
        return Hearing(
            "no_word",
            "No word from the listener",
            "Nobody is listening here. Look at the Pi beside the box: power, then network.",
        )
    if heard.state == "deaf" and heard.reason == "starting":
        return Hearing("starting", "Starting to listen", heard.detail)
    if heard.state == "deaf":
        title, advice = _DEAF.get(heard.reason or "", ("The box cannot be heard", None))
        return Hearing("deaf", title, heard.detail or advice)
    return _OTHERWISE[heard.state]


_OTHERWISE = {
    "listening": Hearing("quiet", "All quiet"),
    "crying": Hearing("crying", "Crying"),
    "muted": Hearing("muted", "Listening is switched off", "A cry would not be noticed now."),
}


def level_share(level_dbfs: float | None) -> int:
    """A level as a share of the small bar, 0..100: -60 dBFS is empty, 0 dBFS full."""
    if level_dbfs is None:
        return 0
    return round(max(0.0, min(1.0, (level_dbfs + 60.0) / 60.0)) * 100)


def who_cries(species: str) -> str:
    """`Sounds like a kitten`; honest when it is not known."""
    known = SPECIES.get(species)
    return f"Sounds like {known}" if known else "Kitten or puppy: unknown"


def how_sure(score: float) -> str:
    """A score, 0..1, in words."""
    if score >= 0.9:
        return "very sure"
    if score >= 0.75:
        return "quite sure"
    return "fairly sure" if score >= 0.5 else "not sure"


def arousal(value: str) -> str | None:
    """How upset it sounded; None where the evidence did not suffice."""
    return {"low": "a little upset", "medium": "upset", "high": "very upset"}.get(value)


def sound(acoustics: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What was measured in a cry, as (name, words) with the figures; nothing that is unknown."""
    if not acoustics:
        return []
    said = []
    pitch, spread = acoustics.get("pitch_hz"), acoustics.get("pitch_range_hz")
    if pitch is not None:
        height = "low" if pitch < 600 else "high" if pitch > 1500 else "middling"
        moving = f", moving over {spread:.0f} Hz" if spread is not None else ""
        said.append(("Pitch", f"{height}, {pitch:.0f} Hz{moving}"))
    if (slope := acoustics.get("pitch_slope_st_s")) is not None:
        said.append(("Within a call", f"{contour(slope)}, {slope:+.0f} semitones a second"))
    if (length := acoustics.get("call_s")) is not None:
        said.append(("Each call", f"{'short' if length < 0.3 else 'long'}, {length:.2f} s"))
    if (tonality := acoustics.get("tonality")) is not None:
        voice = "clear" if tonality >= 0.7 else "partly hoarse" if tonality >= 0.4 else "hoarse"
        said.append(("Voice", f"{voice}, {tonality:.0%} with a clear pitch"))
    if (rough := acoustics.get("rough")) is not None:
        said.append(("Roughness", f"in {rough:.0%} of the calls, or more" if rough else "none"))
    if (level := acoustics.get("level_dbfs")) is not None:
        loud = "faint" if level < -45 else "loud" if level > -20 else "well heard"
        said.append(("At the microphone", f"{loud}, {level:.0f} dBFS"))
    if (snr := acoustics.get("snr_db")) is not None:
        over = "hardly above" if snr < 6 else "above" if snr < 15 else "far above"
        said.append(("Against the room", f"{over} its noise, {snr:.0f} dB"))
    return said


def contour(slope_st_s: float) -> str:
    """How the pitch of a call moves, by its slope in semitones a second."""
    if abs(slope_st_s) < 4:  # less than a tone in half a second
        return "level"
    return "rising" if slope_st_s > 0 else "falling"


def cry_end(state: str, stopped_by: str | None) -> str | None:
    """How a cry ended, where there is something to say."""
    if state == "retracted":
        return "Taken back: it was no cry"
    if state == "lost":
        return "Lost sight of: its listener went away"
    return STOPPED.get(stopped_by) if stopped_by else None


def seconds(since: datetime, until: datetime) -> float:
    """From one moment to another, never negative; s."""
    return max(0.0, (until - since).total_seconds())
