"""Check of the microphones: is it there, does it open, and does it hear?"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from itertools import combinations

from monitor.blocks import RATE_HZ
from monitor.devices import DeviceError, Input, MissingError, choose, inputs
from monitor.levels import LevelMeter
from monitor.messages import Check, CheckStatus
from monitor.preflight import is_locked, share_a_channel
from monitor.settings import BoxSettings, Settings

LISTEN_S = 3.0  # silence and clipping are told after 2 s of sound
PATIENCE_S = 6.0  # for a microphone that takes long to open
BAR = 24  # characters, for -72 to 0 dBFS
QUIET_DBFS = -72.0


def check_microphones(settings: Settings) -> Iterator[Check]:
    """Listen a few seconds at each box."""
    for box in settings.box:
        looked = look_for(box)
        if looked.status is not CheckStatus.OK or is_locked(settings.state_dir):
            yield looked
        else:
            yield listen_at(box)
    yield from look_for_shared(settings)


def look_for_shared(settings: Settings) -> Iterator[Check]:
    """Boxes that would hear the same microphone, however each of them names it."""
    chosen: list[tuple[BoxSettings, Input]] = []
    with contextlib.suppress(DeviceError):  # what is wrong with each is told by `look_for`
        there = inputs()
        for box in settings.box:
            with contextlib.suppress(DeviceError):
                chosen.append((box, choose(box.microphone, there, box.channel)))
    for (one, its), (other, others) in combinations(chosen, 2):
        if its == others and share_a_channel(one, other):
            text = f'"{its.stable_name}" is the microphone of box {one.id} as well'
            advice = "Give each box its own microphone, or its own channel of it, in [[box]]."
            name = name_of(other)
            yield Check(name=name, status=CheckStatus.FAILED, message=text, advice=advice)


def name_of(box: BoxSettings) -> str:
    """The check's name."""
    return f"microphone {box.id}"


def look_for(box: BoxSettings) -> Check:
    """Whether the microphone of a box is there, without opening it.

    One that is named and missing is only a warning: it may be plugged in later.
    """
    name = name_of(box)
    try:
        there = inputs()
        chosen = choose(box.microphone, there, box.channel)
    except MissingError as error:
        status = CheckStatus.WARNING if box.microphone else CheckStatus.FAILED
        advice = "Plug it in; nursery-monitor devices lists what is there."
        return Check(name=name, status=status, message=str(error)[:500], advice=advice)
    except DeviceError as error:
        advice = "nursery-monitor devices lists what is there, as the settings want it."
        return Check(name=name, status=CheckStatus.FAILED, message=str(error)[:500], advice=advice)
    return Check(name=name, status=CheckStatus.OK, message=f'"{chosen.stable_name}" is there')


def listen_at(box: BoxSettings) -> Check:
    """Open the microphone as the listener does, and judge what comes."""
    from monitor.microphone import ADVICE, Microphone  # noqa: PLC0415 - opens PortAudio

    meter = LevelMeter()
    microphone = Microphone(box.microphone, box.channel)
    try:
        began = time.monotonic()
        heard_s = 0.0
        while heard_s < LISTEN_S and time.monotonic() - began < PATIENCE_S:
            block = microphone.read(0.2)
            if block is not None:
                meter.push(block.samples)
                heard_s += len(block.samples) / RATE_HZ
        condition = microphone.condition()
    finally:
        microphone.close()
    level = meter.level_dbfs()
    label = f'"{condition.device or "the microphone"}"'
    if condition.deaf is not None:
        return Check(
            name=name_of(box),
            status=CheckStatus.FAILED,
            message=f"{label}: {condition.detail or condition.deaf.value}"[:500],
            advice=ADVICE.get(condition.deaf, "No sound came from it: try another socket."),
        )
    if level is None:
        return Check(name=name_of(box), status=CheckStatus.FAILED, message=f"{label}: no sound")
    text = f"{label} hears at {condition.rate_hz} Hz: {level:.0f} dBFS {bar(level)}"
    return Check(name=name_of(box), status=CheckStatus.OK, message=text)


def bar(level_dbfs: float) -> str:
    """A level as a bar, from QUIET_DBFS to full scale."""
    share = min(1.0, max(0.0, 1 - level_dbfs / QUIET_DBFS))
    filled = round(share * BAR)
    return "[" + "#" * filled + "." * (BAR - filled) + "]"
