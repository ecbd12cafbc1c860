"""Several microphones on one computer, and hardware at any rate: each box hears its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import soxr

from monitor.blocks import RATE_HZ, Mono16k
from monitor.devices import DeviceError, Input, choose
from monitor.hearing import Hearing, load_model
from monitor.preflight import check_microphones
from monitor.recording import Recording
from monitor.settings import BoxSettings, SettingsError
from tests.recordings import one_cry_each
from tests.sound_server import MICROPHONE, SoundServer

MICROPHONES = ("usb_mic", "desk_mic", "loft_mic")
TONES_HZ = (440, 1200, 2900)
START_S = 15.0

# Says which tone is heard, whenever it changes. PortAudio looks at the environment once a process.
PROGRAM = """
import json, sys, threading
import numpy as np
from monitor import capture
from monitor.microphone import Microphone
wanted, channel, rate = sys.argv[1], int(sys.argv[2]) or None, int(sys.argv[3])
if rate:
    capture.OTHER_RATES_HZ = (rate,)
microphone = Microphone(wanted, channel)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
last, sound = None, np.zeros(0, np.float32)
while not stop.is_set():
    block, condition = microphone.read(0.05), microphone.condition()
    heard = last if last and last[0] == (condition.deaf and condition.deaf.value) else [None, 0, 0]
    if block is not None:
        sound = np.concatenate([sound, block.samples])[-4000:]
    if condition.deaf is None and len(sound) == 4000 and np.abs(sound).max() > 0.05:
        heard = [None, round(float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(4000)))) * 4)),
                 condition.rate_hz]
    now = [condition.deaf.value, 0, 0] if condition.deaf else heard
    if now != last:
        print(json.dumps(now), flush=True)
        last = now
microphone.close()
"""


class Listener:
    """A process that listens to one microphone."""

    def __init__(
        self, environment: dict[str, str], wanted: str, channel: int = 0, rate: int = 0
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, wanted, str(channel), str(rate)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.said: list[list[Any]] = []

    def wait_for(self, deaf: str | None, hertz: int) -> list[Any]:
        """Read on until it says so; pytest's own limit ends a vain wait."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))
            if self.said[-1][0] == deaf and abs(self.said[-1][1] - hertz) <= 8:
                return self.said[-1]
        pytest.fail(f"{(deaf, hertz)} was not heard, but {self.said}")

    def close(self) -> list[list[Any]]:
        """End it; all that was said since it was last asked."""
        rest, _ = self._process.communicate(timeout=START_S)
        return self.said + [json.loads(line) for line in rest.splitlines()]

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        with self._process:
            pass


@pytest.fixture
def tones(tmp_path: Path) -> list[Path]:
    paths = []
    for hertz in TONES_HZ:
        sound = 0.3 * np.sin(2 * np.pi * hertz * np.arange(48_000 * 60) / 48_000)
        paths.append(tmp_path / f"{hertz}.wav")
        sf.write(paths[-1], sound, 48_000)
    return paths


@pytest.fixture
def started() -> Iterator[list[Listener]]:
    made: list[Listener] = []
    yield made
    for one in made:
        one.kill()


def test_each_box_hears_its_own_of_three_microphones_and_one_pulled_disturbs_no_other(
    tmp_path: Path, tones: list[Path], started: list[Listener]
) -> None:
    with ExitStack() as stack:
        # A server each, as sound cards are: one server would move a listener whose microphone is
        # pulled to another's.
        servers = [stack.enter_context(SoundServer(tmp_path / name, name)) for name in MICROPHONES]
        every = tmp_path / "alsa.conf"
        devices = "".join(server.device for server in servers)
        every.write_text(f"</usr/share/alsa/alsa.conf>\n{devices}")
        for name, server, tone in zip(MICROPHONES, servers, tones, strict=True):
            stack.enter_context(server.playing(tone))
            started.append(Listener({"ALSA_CONFIG_PATH": str(every)}, name))
        for one, hertz in zip(started, TONES_HZ, strict=True):
            one.wait_for(None, hertz)
        servers[1].unplug()
        started[1].wait_for("unplugged", 0)
        servers[1].plug()
        stack.enter_context(servers[1].playing(tones[1]))
        started[1].wait_for(None, TONES_HZ[1])
        for one, hertz in ((started[0], TONES_HZ[0]), (started[2], TONES_HZ[2])):
            heard = [said for said in one.close() if said[1]]
            assert heard
            assert all(said[0] is None and abs(said[1] - hertz) <= 8 for said in heard)


def test_two_boxes_hear_a_channel_each_of_one_interface_and_none_of_the_other(
    tmp_path: Path, started: list[Listener]
) -> None:
    t = np.arange(48_000 * 30) / 48_000
    both = 0.3 * np.sin(2 * np.pi * np.array(TONES_HZ[:2])[None, :] * t[:, None])
    sf.write(tmp_path / "both.wav", both, 48_000)
    with (
        SoundServer(tmp_path / "sound", channels=2) as server,
        server.playing(tmp_path / "both.wav"),
    ):
        started += [Listener(server.environment, MICROPHONE, channel) for channel in (1, 2)]
        for one, hertz in zip(started, TONES_HZ[:2], strict=True):
            one.wait_for(None, hertz)
            assert all(abs(said[1] - hertz) <= 8 for said in one.said if said[1])


@pytest.mark.parametrize("rate", [44_100, 22_050])
def test_hardware_at_another_rate_is_heard_the_same(
    rate: int, tmp_path: Path, sound_server: SoundServer, tones: list[Path], started: list[Listener]
) -> None:
    started.append(Listener(sound_server.environment, MICROPHONE, rate=rate))
    with sound_server.playing(tones[1]):
        assert started[0].wait_for(None, TONES_HZ[1])[2] == rate


def test_a_channel_that_a_microphone_lacks_is_told() -> None:
    there = [Input(0, "USB Duo: Audio (hw:1,0)", 2, 48_000), Input(1, "Mono: (hw:2,0)", 1, 48_000)]
    assert choose("duo", there, 2) is there[0]
    with pytest.raises(DeviceError, match='channel 3: "USB Duo: Audio" has only 2 channels'):
        choose("duo", there, 3)
    with pytest.raises(DeviceError, match="has only one channel"):
        choose("mono", there, 2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"microphone": "Yeti"}, {"microphone": "yeti"}, True),
        ({"microphone": "Yeti"}, {"microphone": "Snowball"}, False),
        ({}, {}, True),
        ({}, {"microphone": "Yeti"}, False),
        ({"microphone": "Duo", "channel": 1}, {"microphone": "Duo", "channel": 2}, False),
        ({"microphone": "Duo", "channel": 1}, {"microphone": "Duo"}, True),
    ],
)
def test_two_boxes_with_one_microphone_are_refused_in_one_line(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    boxes = [BoxSettings(id="nest", **one), BoxSettings(id="den", **other)]
    if not same:
        check_microphones(boxes)
        return
    with pytest.raises(SettingsError, match="nest and den have the same microphone") as refused:
        check_microphones(boxes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("rate", [16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
def test_every_rate_gives_the_same_sound_in_the_band_it_holds(rate: int) -> None:
    t = np.arange(rate * 2) / rate
    sound = (0.3 * np.sin(2 * np.pi * 1200 * t) + 0.1 * np.sin(2 * np.pi * 5000 * t)).astype("f4")
    mono = Mono16k(rate)
    pieces = [mono.push(piece[:, None]) for piece in np.array_split(sound, 97)]
    heard = np.concatenate([*pieces, mono.push(np.zeros((0, 1), np.float32), last=True)])
    t = np.arange(RATE_HZ * 2) / RATE_HZ
    meant = 0.3 * np.sin(2 * np.pi * 1200 * t) + 0.1 * np.sin(2 * np.pi * 5000 * t)
    assert len(heard) == pytest.approx(len(meant), abs=2)
    middle = slice(2000, 2 * RATE_HZ - 2000)
    assert np.abs(heard[middle] - meant[middle]).max() < 2e-3


def test_the_same_cry_is_heard_from_hardware_at_any_rate(tmp_path: Path) -> None:
    (cry,) = one_cry_each(tmp_path, 1)
    with Recording(cry.path) as recording:
        sound = np.concatenate(list(recording.pieces()))
    model = load_model()
    heard = []
    for rate in (RATE_HZ, 22_050, 32_000, 44_100, 48_000):
        mono, hearing = Mono16k(rate), Hearing(model)
        frames = soxr.resample(sound, RATE_HZ, rate)[:, None]
        pieces = np.array_split(frames, len(frames) // (rate // 50))
        events = [event for piece in pieces for event in hearing.push(mono.push(piece)).events]
        events += hearing.push(mono.push(frames[:0], last=True)).events
        events += hearing.finish().events
        heard.append([(one.step, one.species, one.onset_s) for one in events])
    for found in heard[1:]:
        assert [one[:2] for one in (found[0], found[-1])] == [
            one[:2] for one in (heard[0][0], heard[0][-1])
        ]
        assert found[0][2] == pytest.approx(heard[0][0][2], abs=2 * model.hop_s)
