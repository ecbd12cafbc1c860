"""How a listener does: facts in, checks and the health message out; nothing is looked up here.

The same checks serve the health topic, `doctor` and `/healthz`. What is not known is `unknown`,
never `ok`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.messages import (
    Check,
    CheckStatus,
    ClockState,
    DeafReason,
    HealthMessage,
)

LOAD_WARNING, LOAD_FAILED = 0.6, 1.0  # share of one core; at 1 the scores fall behind the sound
LATENCY_WARNING_S, LATENCY_FAILED_S = 1.5, 5.0  # from the sound to its scores
OUTBOX_WARNING_S, OUTBOX_FAILED_S = 10.0, 120.0  # age of the oldest message that waits
DISK_WARNING_MB, DISK_FAILED_MB = 1000.0, 100.0
MEMORY_WARNING_MB = 700.0  # of this process; a board of 1 GB holds the rest of us as well


@dataclass(frozen=True)
class Facts:
    """What is known of a listener; None is unknown."""

    model: str | None
    deaf: DeafReason | None
    deaf_detail: str | None
    device: str | None
    rate_hz: int | None
    overflows: int
    dropped_blocks: int
    lost_lately: int
    """Blocks that were lost in the last minutes, by the card or by us."""
    load: float | None
    """Time spent on scores / time of the sound."""
    latency_s: float | None
    broker: str | None
    """Empty when connected, else what is wrong and what to do."""
    outbox_depth: int
    outbox_age_s: float | None
    """Age of the oldest message that waits; None when none does."""
    outbox_trouble: str | None
    lost_messages: int
    clock: ClockState
    disk_free_mb: float | None
    memory_mb: float | None
    uptime_s: float
    speech: str | None = None
    """Empty when speech in a cry's sound can be told, else what is wrong."""
    learned: int | None = None
    """Version in use of what the box has learned; 0: as it was made."""


def checks(facts: Facts) -> tuple[Check, ...]:
    """All checks of a listener, in the order in which a person should read them."""
    return (
        microphone(facts.deaf, facts.deaf_detail, facts.device),
        losses(facts.lost_lately),
        model(facts.model),
        speed(facts.load, facts.latency_s),
        broker(facts.broker),
        outbox(facts),
        clock(facts.clock),
        speech(facts.speech),
        disk(facts.disk_free_mb),
        memory(facts.memory_mb),
    )


def is_problem(found: tuple[Check, ...]) -> bool:
    """Whether a person should look."""
    return any(check.status is CheckStatus.FAILED for check in found)


def health_message(
    box: str, at: datetime, version: str, facts: Facts, *, demo: bool
) -> HealthMessage:
    """The retained health message of a box."""
    found = checks(facts)
    return HealthMessage(
        box=box,
        at=at,
        version=version,
        model=(facts.model or "none")[:200],
        device=facts.device[:200] if facts.device else None,
        rate_hz=facts.rate_hz,
        uptime_s=round(facts.uptime_s, 1),
        overflows=facts.overflows,
        dropped_blocks=facts.dropped_blocks,
        inference_load=round(facts.load or 0.0, 4),
        latency_s=None if facts.latency_s is None else round(facts.latency_s, 3),
        outbox_depth=facts.outbox_depth,
        clock=facts.clock,
        disk_free_mb=None if facts.disk_free_mb is None else round(facts.disk_free_mb),
        memory_mb=None if facts.memory_mb is None else round(facts.memory_mb, 1),
        problem=is_problem(found),
        learned=facts.learned,
        checks=found,
        demo=demo,
    )


def microphone(deaf: DeafReason | None, detail: str | None, device: str | None) -> Check:
    """Whether sound comes in."""
    name = device or "the microphone"
    if deaf is None:
        return _ok("microphone", f"hears through {name}")
    if deaf is DeafReason.STARTING:
        return _check("microphone", CheckStatus.UNKNOWN, f"{name} is being opened")
    return _check("microphone", CheckStatus.FAILED, f"{name}: {deaf}", detail)


def losses(lost_lately: int) -> Check:
    """Whether sound was lost on its way to us."""
    if not lost_lately:
        return _ok("sound", "no sound was lost lately")
    return _check(
        "sound",
        CheckStatus.WARNING,
        "some sound was lost in the last minutes",
        "is this computer busy with something else, or its power supply too weak?",
    )


def model(label: str | None) -> Check:
    """Whether the cry model is loaded."""
    if label is None:
        return _check("model", CheckStatus.FAILED, "no model is loaded", "install it again")
    return _ok("model", label)


def speed(load: float | None, latency_s: float | None) -> Check:
    """Whether the scores keep up with the sound."""
    if load is None or latency_s is None:
        return _check("speed", CheckStatus.UNKNOWN, "nothing has been scored yet")
    # Not the newest figures, so that the words change only when something changes.
    if load >= LOAD_FAILED or latency_s >= LATENCY_FAILED_S:
        return _check(
            "speed",
            CheckStatus.FAILED,
            "listening falls behind the sound, so cries are told late",
            "end other programs on this computer, or use a faster one",
        )
    if load >= LOAD_WARNING or latency_s >= LATENCY_WARNING_S:
        return _check(
            "speed",
            CheckStatus.WARNING,
            "listening hardly keeps up with the sound",
            "end other programs on this computer",
        )
    return _ok("speed", "listening keeps up with the sound")


def broker(trouble: str | None) -> Check:
    """Whether messages can be sent; `trouble` is empty when they can."""
    if trouble is None:
        return _check("broker", CheckStatus.UNKNOWN, "not connected yet")
    if trouble:
        return _check("broker", CheckStatus.FAILED, trouble)
    return _ok("broker", "connected")


def outbox(facts: Facts) -> Check:
    """Whether what was said has arrived."""
    if facts.outbox_trouble:
        return _check("outbox", CheckStatus.FAILED, facts.outbox_trouble)
    if facts.lost_messages:
        return _check(
            "outbox",
            CheckStatus.FAILED,
            f"{facts.lost_messages} messages were lost while the disk could not be written",
            "free some space on the disk, then start the listener again",
        )
    age_s = facts.outbox_age_s
    if age_s is None or age_s < OUTBOX_WARNING_S:
        return _ok("outbox", "all messages have arrived")
    status = CheckStatus.FAILED if age_s >= OUTBOX_FAILED_S else CheckStatus.WARNING
    return _check(
        "outbox", status, f"{facts.outbox_depth} messages wait for the broker", "see the broker"
    )


def clock(state: ClockState | None) -> Check:
    """Whether the time of day can be believed."""
    if state is None:
        return _check("clock", CheckStatus.UNKNOWN, "not looked at")
    if state is ClockState.SYNCHRONISED:
        return _ok("clock", "set by the network")
    return _check(
        "clock",
        CheckStatus.WARNING,
        "not set by the network, so times may be wrong",
        "connect this computer to the internet or to a time server",
    )


def speech(trouble: str | None) -> Check:
    """Whether it can be told that somebody talks; while it cannot, no sound is kept."""
    if trouble is None:
        return _check("speech", CheckStatus.UNKNOWN, "not looked at yet")
    if trouble:
        return _check(
            "speech",
            CheckStatus.WARNING,
            f"the sound of cries is not kept, for speech in it cannot be told: {trouble}",
            "cries are told all the same; if it stays so, start the listener again",
        )
    return _ok("speech", "no sound is kept in which somebody talks")


def disk(free_mb: float | None) -> Check:
    """Whether there is room for records."""
    if free_mb is None:
        return _check("disk", CheckStatus.UNKNOWN, "the free space cannot be told")
    if free_mb >= DISK_WARNING_MB:
        return _ok("disk", "there is room for records")
    status = CheckStatus.WARNING if free_mb >= DISK_FAILED_MB else CheckStatus.FAILED
    return _check("disk", status, "the disk is nearly full", "free some space on it")


def memory(used_mb: float | None) -> Check:
    """Whether the listener has grown beyond what is usual."""
    if used_mb is None:
        return _check("memory", CheckStatus.UNKNOWN, "the memory in use cannot be told")
    if used_mb < MEMORY_WARNING_MB:
        return _ok("memory", "as usual")
    return _check(
        "memory", CheckStatus.WARNING, "uses more memory than usual", "start the listener again"
    )


def _ok(name: str, message: str) -> Check:
    return _check(name, CheckStatus.OK, message)


def _check(name: str, status: CheckStatus, message: str, advice: str | None = None) -> Check:
    # Words from elsewhere (a device's name, an error) may be of any length.
    short = advice[:500] if advice else None
    return Check(name=name, status=status, message=message[:500], advice=short)
