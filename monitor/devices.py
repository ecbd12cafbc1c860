"""Which microphones there are, and which of them is meant: by a name that stays, never by number.

ALSA numbers sound cards in the order in which they are found, so after a restart the same number
can be another card. `choose` is pure; `inputs` asks PortAudio and the kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from monitor.quiet import quieten_alsa

SOUND_CARDS = Path("/sys/class/sound")  # Linux: card0, card1, ...
PLUGINS = "*/alsa-lib/libasound_module_pcm_*.so"  # ALSA's, below /usr/lib (Debian)
PLACE = re.compile(r"\s*\((?:plug)?hw:(\d+),(\d+)\)$")  # PortAudio adds it to names of ALSA cards
SOCKET = re.compile(r"\d+-\d+(\.\d+)*")  # bus, and the way through hubs: the kernel's name for it
USB = re.compile(
    rf"usb:([0-9a-f]{{4}}):([0-9a-f]{{4}})(?::(.+?))?(?:@({SOCKET.pattern}))?", re.IGNORECASE
)
BY_PLACE = re.compile(r"\d+|(plug)?hw:.*", re.IGNORECASE)
STANDARD = "default"  # ALSA's name for what the system takes when nothing is named


class DeviceError(Exception):
    """No microphone can be chosen; the text is one line that says what there is and what to do."""


class MissingError(DeviceError):
    """The microphone is not there now; it may come back."""


@dataclass(frozen=True)
class Usb:
    """What a USB device says of itself."""

    vendor: str  # four hexadecimal digits
    product: str
    serial: str | None = None
    socket: str | None = None  # where it is plugged in

    @property
    def setting(self) -> str:
        """As the settings name it."""
        return ":".join(["usb", self.vendor, self.product, *([self.serial] if self.serial else [])])

    @property
    def at_socket(self) -> str:
        """As the settings name it where there are several that say the same of themselves."""
        return f"{self.setting}@{self.socket}" if self.socket else self.setting


@dataclass(frozen=True)
class Input:
    """Something that sound can be recorded from."""

    index: int  # PortAudio's, good until it looks again
    name: str  # PortAudio's in full
    channels: int
    rate_hz: int  # its default
    usb: Usb | None = None

    @property
    def stable_name(self) -> str:
        """Its name without the place that it has today."""
        return PLACE.sub("", self.name)

    @property
    def is_card(self) -> bool:
        """Whether it is a sound card itself, not a way that ALSA or a sound server offers."""
        return PLACE.search(self.name) is not None


def choose(wanted: str | None, there: Sequence[Input], channel: int | None = None) -> Input:
    """The input that a setting means.

    `wanted` is a name, a part of one, or `usb:VENDOR:PRODUCT[:SERIAL][@SOCKET]`; None means the
    only microphone there is, or else the system's default. `channel`, from 1, is one that it must
    have. Raises MissingError where it is not there, DeviceError where it cannot be told which is
    meant or where it lacks the channel. Another one is never taken instead.
    """
    found = _meant(wanted, there)
    if channel is not None and channel > found.channels:
        only = "one channel" if found.channels == 1 else f"{found.channels} channels"
        raise DeviceError(f"channel {channel}: {_described(found)} has only {only}")
    return found


def _meant(wanted: str | None, there: Sequence[Input]) -> Input:
    if wanted is None:
        return _only(there)
    if match := USB.fullmatch(wanted):
        vendor, product, serial, socket, _ = match.groups()
        found = [
            i
            for i in there
            if i.usb
            and (i.usb.vendor, i.usb.product) == (vendor.lower(), product.lower())
            and serial in (None, i.usb.serial)
            and socket in (None, i.usb.socket)
        ]
    elif BY_PLACE.fullmatch(wanted):
        raise DeviceError(
            f"microphone {wanted!r}: that is a place, which may be another microphone's after a "
            f"restart; give its name, or usb:VENDOR:PRODUCT ({_names(there)})"
        )
    else:
        named = wanted.casefold()
        found = [i for i in there if i.stable_name.casefold() == named]
        found = found or [i for i in there if named in i.stable_name.casefold()]
    if not found:
        raise MissingError(f"microphone {wanted!r} is not there ({_names(there)})")
    if len(found) > 1:
        names = ", ".join(f'"{setting_of(i, there)}"' for i in found)
        raise DeviceError(
            f"microphone {wanted!r} can mean {names}: write one of these, as microphone in [[box]]"
        )
    return found[0]


def setting_of(device: Input, there: Iterable[Input]) -> str:
    """What the settings call it, so that no other one of those that are there is meant."""
    others = [other for other in there if other != device]
    if device.usb is None:
        return device.stable_name
    alike = any(other.usb and other.usb.setting == device.usb.setting for other in others)
    return device.usb.at_socket if alike else device.usb.setting


def _only(there: Sequence[Input]) -> Input:
    cards = [i for i in there if i.is_card]
    if len(cards) == 1:
        return cards[0]
    standard = [i for i in there if i.stable_name == STANDARD]
    if standard:
        return standard[0]
    if not there:
        raise MissingError("there is no microphone: plug one in, or try --demo")
    raise DeviceError(
        f"there are several microphones ({_names(there)}): say which, as microphone in [[box]]"
    )


def _names(there: Iterable[Input]) -> str:
    names = [_described(i) for i in there]
    return f"there is {', '.join(names)}" if names else "there is none at all"


def _described(device: Input) -> str:
    return f'"{device.stable_name}"' + (f" ({device.usb.setting})" if device.usb else "")


def inputs() -> list[Input]:
    """What can be recorded from right now; [] where PortAudio finds nothing.

    PortAudio looks only when it is started, see `look_again`. Raises DeviceError where it cannot
    be used.
    """
    sounddevice = portaudio()
    found = []
    for index, device in enumerate(sounddevice.query_devices()):
        if device["max_input_channels"] < 1:
            continue
        name = str(device["name"])
        place = PLACE.search(name)
        found.append(
            Input(
                index=index,
                name=name,
                channels=int(device["max_input_channels"]),
                rate_hz=round(device["default_samplerate"]),
                usb=usb_of_card(int(place[1])) if place else None,
            )
        )
    return found


def portaudio() -> ModuleType:
    """The module `sounddevice`, which starts PortAudio when it is imported.

    Raises DeviceError where PortAudio is missing or cannot be started.
    """
    for path in os.environ.get("ALSA_CONFIG_PATH", "").split(":"):
        if path and not Path(path).is_file():  # PortAudio would end the whole process
            raise DeviceError(f"ALSA_CONFIG_PATH names {path}, which is not there")
    quieten_alsa()
    try:
        import sounddevice  # noqa: PLC0415 - what is replayed needs no PortAudio
    except OSError:
        raise DeviceError("PortAudio is missing: install the package libportaudio2") from None
    except Exception as error:  # its own error cannot be named before it is imported
        raise DeviceError(f"PortAudio does not start: {error}") from None
    assert isinstance(sounddevice, ModuleType)  # noqa: S101 - it has no types
    return sounddevice


def look_again() -> None:
    """Let PortAudio find the devices that are there now; every open stream must be closed before.

    Raises DeviceError where PortAudio does not start again.
    """
    sounddevice = portaudio()
    _keep_plugins()
    with contextlib.suppress(sounddevice.PortAudioError):  # an earlier start has failed
        sounddevice._terminate()  # the only way, by the author's own examples
    try:
        sounddevice._initialize()
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"PortAudio does not start: {error}") from None


@cache
def _keep_plugins() -> None:
    """Load ALSA's plugins for good.

    Each look loads them all and unloads them, and half of FFmpeg with one of them, which leaves
    12 KB behind: where a microphone is missing, half a gigabyte a day.
    """
    for plugin in Path("/usr/lib").glob(PLUGINS):
        with contextlib.suppress(OSError):  # for another kind of processor, or in want of a library
            ctypes.CDLL(str(plugin))


def usb_of_card(number: int, cards: Path = SOUND_CARDS) -> Usb | None:
    """What the USB device behind an ALSA card says of itself; None where it is no USB device."""
    interface = (cards / f"card{number}" / "device").resolve()
    device = interface.parent  # the card hangs on an interface of the device
    vendor, product = _word(device / "idVendor"), _word(device / "idProduct")
    if vendor is None or product is None:
        return None
    socket = device.name if SOCKET.fullmatch(device.name) else None
    return Usb(vendor, product, _word(device / "serial"), socket)


def _word(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None
