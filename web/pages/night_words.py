"""What the pages say of a stretch of silence; pure: findings in, words out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from web.silence import Finding, Gap, Silence
from web.times import lasting

Clock = Callable[[datetime], str]  # a moment as the house's clock shows it

FIRST_MINUTES_S = 120.0  # a minute is told of when it is over
WORTH_A_WORD_S = 300.0  # of time that nobody listened

WHY = {
    "unplugged": "the microphone was gone",
    "frozen": "the microphone sent no sound",
    "silent": "the microphone sent pure silence",
    "clipped": "the sound was far too loud",
    "starting": "it was starting",
    "muted": "listening was switched off",
    "lost": "sound was lost on its way",
    "no_word": "no word from the listener",
}


@dataclass(frozen=True)
class Said:
    """A finding in words."""

    title: str
    advice: str = ""
    concern: bool = False


def said(finding: Finding, clock: Clock) -> Said:
    """A finding in words, with what to do about it."""
    since = clock(finding.since) if finding.since else ""
    match finding.code:
        case "flat":
            if finding.until is None:
                title = f"Nothing heard at all since {since}"
            else:
                title = f"Nothing heard at all from {since} to {clock(finding.until)}"
            advice = (
                "Not even a rustle. Is the microphone near the box, uncovered, its cable whole? "
                "Scratch beside it: the level must move."
            )
        case "loud":
            verb = "is" if finding.until is None else "was"
            title = f"The room {verb} too loud to hear a faint cry"
            advice = (
                "A fan or a heater near the microphone? Move it away from the noise and nearer to "
                "the babies."
            )
        case "near":
            title = f"{counted(finding.count, 'sound')} just under the threshold"
            advice = (
                "Listen at the box for a while. If it was the babies, "
                if finding.sensitivity != "high"
                else "The sensitivity is high already. If it was the babies, "
            )
            nearer = "bring the microphone nearer"
            if finding.sensitivity == "high":
                advice += f"{nearer}."
            else:
                advice += f"{nearer}, or raise the sensitivity (it is {finding.sensitivity})."
        case "lone":
            title = f"{counted(finding.count, 'single call')}, each too little for a cry"
            advice = "Somebody may be calling slowly. Look in."
        case "gaps":
            title = f"Not listened to for {lasting(finding.missing_s)}"
            until = clock(finding.until) if finding.until else "now"
            advice = f"The longest time: {since} to {until}. A cry would have gone unnoticed."
        case "heard":
            title, advice = f"Quiet since {since}, and the microphone hears the room", ""
            if finding.until is not None:
                title = f"Quiet from {since} on, and the microphone heard the room"
        case _:
            title = "Not listened to for long enough to say"
            advice = "After ten minutes it shows whether the microphone hears the room."
    return Said(title, advice, finding.concern)


def headline(night: Silence, clock: Clock) -> Said:
    """The one that matters now: what was missed earlier comes after what is heard since."""
    now = [finding for finding in night.findings if finding.code != "gaps"]
    first = (now or night.findings)[0]
    words = said(first, clock)
    missing_s = sum(gap.length_s for gap in night.gaps)
    if first.code != "heard" or missing_s < WORTH_A_WORD_S:
        return words
    return replace(words, title=f"{words.title}; before, nobody listened for {lasting(missing_s)}")


def summary(night: Silence) -> str:
    """`listened 7 h 58 min of 8 h; 3 cries; 5 sounds just under the threshold`."""
    if night.goes_on and night.length_s < FIRST_MINUTES_S and not night.minutes:
        return "the first minute is not over yet"
    parts = [
        f"listened {lasting(round(night.listened_s))} of {lasting(round(night.length_s))}",
        counted(len(night.cries), "cry", "cries"),
        f"{counted(night.near, 'sound')} just under the threshold",
    ]
    if night.lone:
        parts.append(counted(night.lone, "single call"))
    return "; ".join(parts)


def gap_words(gap: Gap, clock: Clock) -> str:
    """`01:02 to 03:50: the microphone was gone`."""
    return f"{clock(gap.begin)} to {clock(gap.end)}: {WHY.get(gap.why, gap.why)}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 cry`, `3 cries`, `no cries`."""
    many = many or f"{one}s"
    return f"1 {one}" if number == 1 else f"{number or 'no'} {many}"
