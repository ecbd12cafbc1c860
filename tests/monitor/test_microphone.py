"""A real microphone stream: pulled out, muted, frozen, overdriven, without its server, and back."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from monitor.blocks import RATE_HZ
from monitor.capture import Opened, put_newest
from monitor.liveness import Content
from tests.sound_server import MICROPHONE, SoundServer

TOLD_WITHIN_S = 3.0  # the promise
HEALED_WITHIN_S = 6.0  # on a busy machine; usually about one

# PortAudio looks at the environment once a process, so the microphone runs in one of its own.
PROGRAM = """
import json, sys, threading, time
from monitor.microphone import Microphone
microphone = Microphone(sys.argv[1])
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
last = None
while not stop.is_set():
    block = microphone.read(0.05)
    condition = microphone.condition()
    now = [condition.deaf and condition.deaf.value, condition.detail, condition.device]
    if now != last:
        print(json.dumps(now), flush=True)
        last = now
    if block is not None and abs(block.samples).max(initial=0) > 0.2:
        print(json.dumps(["loud", block.captured, time.monotonic(), block.end]), flush=True)
microphone.close()
print(json.dumps(["closed", microphone.hangs, condition.overflows, condition.dropped]), flush=True)
"""


class Recorder:
    """The process with the microphone, and what it says."""

    def __init__(self, server: SoundServer, wanted: str = MICROPHONE) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, wanted],
            env={**os.environ, **server.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._said: queue.Queue[list[Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def wait_for(self, what: str | None, timeout_s: float) -> list[Any]:
        """The next thing said that begins so."""
        end = time.monotonic() + timeout_s
        heard: list[list[Any]] = []
        while True:
            try:
                said = self._said.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"{what!r} was not told within {timeout_s} s, but {heard}")
            if said[0] == what:
                return said
            heard.append(said)

    def close(self) -> list[Any]:
        """End it as it should end; its last words."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self.wait_for("closed", 5)

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        with self._process:  # closes the pipes and waits
            self._reader.join(5)


@pytest.fixture
def hiss(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "hiss.wav"
    sf.write(path, 0.01 * rng.standard_normal(48_000 * 120), 48_000)
    return path


@pytest.fixture
def recorder(sound_server: SoundServer, hiss: Path) -> Iterator[Recorder]:
    """Listening to a quiet room."""
    with sound_server.playing(hiss):
        made = Recorder(sound_server)
        try:
            made.wait_for(None, 10)
            yield made
        finally:
            made.kill()


def test_a_pulled_microphone_is_told_and_healed_when_it_is_back(
    recorder: Recorder, sound_server: SoundServer, hiss: Path
) -> None:
    sound_server.unplug()
    _, detail, device = recorder.wait_for("unplugged", TOLD_WITHIN_S)
    assert detail
    assert device == MICROPHONE
    sound_server.plug()
    with sound_server.playing(hiss):
        recorder.wait_for(None, HEALED_WITHIN_S)
        assert recorder.close()[1] is False


def test_the_death_of_the_sound_server_is_told_and_healed_when_it_is_back(
    recorder: Recorder, sound_server: SoundServer, hiss: Path
) -> None:
    sound_server.kill()
    recorder.wait_for("unplugged", TOLD_WITHIN_S)
    time.sleep(3)  # long enough for several attempts
    sound_server.start()
    with sound_server.playing(hiss):
        recorder.wait_for(None, HEALED_WITHIN_S)
        recorder.close()


def test_a_frozen_and_a_muted_microphone_are_told_apart(
    recorder: Recorder, sound_server: SoundServer
) -> None:
    sound_server.suspend()
    recorder.wait_for("frozen", TOLD_WITHIN_S)
    sound_server.suspend(False)
    recorder.wait_for(None, HEALED_WITHIN_S)
    sound_server.mute()
    recorder.wait_for("silent", TOLD_WITHIN_S)
    sound_server.mute(False)
    recorder.wait_for(None, HEALED_WITHIN_S)


def test_an_overdriven_microphone_is_told(
    recorder: Recorder, sound_server: SoundServer, tmp_path: Path
) -> None:
    loud = np.clip(2 * np.random.default_rng(0).standard_normal(48_000 * 10), -1, 1)
    sf.write(tmp_path / "loud.wav", loud, 48_000)
    with sound_server.playing(tmp_path / "loud.wav"):
        recorder.wait_for("clipped", TOLD_WITHIN_S)
    recorder.wait_for(None, HEALED_WITHIN_S)


def test_a_microphone_that_comes_later_is_heard_then(sound_server: SoundServer, hiss: Path) -> None:
    sound_server.unplug()
    sound_server.kill()
    made = Recorder(sound_server)
    try:
        detail = made.wait_for("unplugged", 10)[1]
        assert "there is none at all" in detail
        sound_server.start()
        with sound_server.playing(hiss):
            made.wait_for(None, HEALED_WITHIN_S)
    finally:
        made.kill()


def test_sound_arrives_soon_and_is_timed_by_when_it_was_captured(
    recorder: Recorder, sound_server: SoundServer, tmp_path: Path
) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    sf.write(tmp_path / "tone.wav", tone, 48_000)
    began = time.monotonic()
    with sound_server.playing(tmp_path / "tone.wav"):
        _, captured, read, _ = recorder.wait_for("loud", 5)
    assert began < captured <= read + 0.02
    assert read - captured < 0.5
    assert captured - began < 1.5


def test_a_full_queue_loses_its_oldest_and_says_how_many() -> None:
    items: queue.Queue[int] = queue.Queue(3)
    assert [put_newest(items, i) for i in range(5)] == [0, 0, 0, 1, 1]
    assert [items.get_nowait() for _ in range(3)] == [2, 3, 4]


def opened(rate_hz: int) -> Opened:
    """What is known of an open stream, without a sound card behind it."""
    made = object.__new__(Opened)
    made.number, made.rate_hz, made.content = 1, rate_hz, Content()
    made._start_over()
    return made


@pytest.mark.parametrize("ppm", [-300, 300])
def test_a_card_whose_clock_runs_wrong_all_night_has_lost_nothing(ppm: int) -> None:
    stream, second = opened(RATE_HZ), np.zeros((RATE_HZ, 1), np.float32)
    for number in range(6 * 3600):
        stream.block(second, 100 + number * (1 + ppm / 1e6))
    assert stream.number == 1


def test_sound_that_was_lost_begins_another_stream() -> None:
    stream, second = opened(RATE_HZ), np.zeros((RATE_HZ, 1), np.float32)
    for at in (1, 2, 3, 5.5, 6.5):
        last = stream.block(second, at)
    assert (last.stream, last.first) == (2, RATE_HZ)


def test_a_card_that_gives_no_frames_at_times_is_no_mistake_of_ours() -> None:
    stream = opened(RATE_HZ)
    stream.frames, stream.dropped, stream._channel = queue.Queue(), 0, None
    fine = SimpleNamespace(input_overflow=False)
    stream._take(np.zeros((0, 1), np.float32), 0, None, fine)
    stream._take(np.ones((3, 1), np.float32), 3, None, fine)
    assert len(stream.frames.get_nowait()[0]) == 3
