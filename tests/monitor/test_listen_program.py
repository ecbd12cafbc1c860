"""The real program `nursery-monitor listen`, with a real broker and a real sound server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from paho.mqtt.client import MQTTMessage

from models.synthesis import bout, draw_voice
from monitor.blocks import RATE_HZ, Samples
from tests.mosquitto import Mosquitto, Watcher
from tests.sound_server import MICROPHONE, SoundServer

START_S = 30.0  # on a machine that is busy with other tests
TOLD_WITHIN_S = 3.0
STOP_WITHIN_S = 3.0


def cry_sound(quiet_s: float, cry_s: float, after_s: float) -> Samples:
    rng = np.random.default_rng(3)
    cry, _ = bout(draw_voice("kitten", 8, rng), cry_s, 0.7, rng)
    parts = [np.zeros(round(quiet_s * RATE_HZ), np.float32), cry]
    parts.append(np.zeros(round(after_s * RATE_HZ), np.float32))
    sound = np.concatenate(parts)
    sound += np.float32(0.001) * rng.standard_normal(len(sound), dtype=np.float32)
    return sound


@pytest.fixture
def short_cry(tmp_path: Path) -> Path:
    sf.write(tmp_path / "short cry.wav", cry_sound(1.0, 4.0, 5.0), RATE_HZ)
    return tmp_path / "short cry.wav"


@pytest.fixture
def long_cry(tmp_path: Path) -> Path:
    sf.write(tmp_path / "long cry.wav", cry_sound(1.0, 60.0, 1.0), RATE_HZ)
    return tmp_path / "long cry.wav"


class Running:
    """The program, and what it says to the broker."""

    def __init__(self, folder: Path, mosquitto: Mosquitto, watcher: Watcher) -> None:
        self.watcher = watcher
        self._log = folder / "listen.log"
        self.env = {
            **os.environ,
            "HOME": str(folder),
            "NURSERY_STATE_DIR": str(folder / "state"),
            "NURSERY_MQTT__HOST": "127.0.0.1",
            "NURSERY_MQTT__PORT": str(mosquitto.port),
            "NURSERY_MQTT__USERNAME": "listener",
            "NURSERY_MQTT__PASSWORD": mosquitto.password("listener"),
        }

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "monitor", "listen", *map(str, words)]

    @contextmanager
    def listening(self, *words: object, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        with (
            self._log.open("ab") as log,
            subprocess.Popen(self.command(*words), env=self.env | env, stderr=log) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def refused(self, *words: object) -> str:
        done = subprocess.run(
            self.command(*words),
            env=self.env,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def wait_for_state(self, state: str, reason: str | None, timeout_s: float) -> dict[str, Any]:
        def wanted(message: MQTTMessage) -> bool:
            if not message.topic.endswith("/state"):
                return False
            told = json.loads(message.payload)
            return (told["state"], told["reason"]) == (state, reason)

        told: dict[str, Any] = json.loads(self.watcher.wait(wanted, timeout_s).payload)
        return told

    def wait_for_step(self, step: str, timeout_s: float) -> dict[str, Any]:
        def wanted(message: MQTTMessage) -> bool:
            return message.topic.endswith("/cry") and json.loads(message.payload)["type"] == step

        told: dict[str, Any] = json.loads(self.watcher.wait(wanted, timeout_s).payload)
        return told

    def cries(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for payload in self.watcher.payloads("nursery/nest/cry")]

    def log(self) -> str:
        return self._log.read_text(errors="replace")


@pytest.fixture
def running(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Running]:
    with Watcher(mosquitto.broker("all"), "nursery/#") as watcher:
        yield Running(tmp_path, mosquitto, watcher)


def test_a_replay_tells_its_cries_and_ends_by_itself(running: Running, short_cry: Path) -> None:
    with running.listening("--replay", short_cry, short_cry) as process:
        assert process.wait(60) == 0, running.log()
    steps = [cry["type"] for cry in running.cries()]
    assert [step for step in steps if step != "cry_updated"] == ["cry_started", "cry_ended"] * 2
    end = running.cries()[-1]
    assert end["clip"]
    assert end["acoustics"]["pitch_hz"] > 500
    assert running.watcher.payloads("nursery/nest/availability") == [b"online", b"offline"]
    clips = [m for m in running.watcher.messages if "/clip/" in m.topic]
    assert len({m.topic for m in clips}) == 2
    assert not any(cry["demo"] for cry in running.cries())


def test_a_replay_hears_what_detect_hears(running: Running, short_cry: Path) -> None:
    detect = [sys.executable, "-m", "monitor", "detect", "--json", str(short_cry)]
    done = subprocess.run(detect, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    with running.listening("--replay", short_cry) as process:
        assert process.wait(60) == 0
    start, end = running.cries()[0], running.cries()[-1]
    assert (end["calls"], end["species"], end["score"]) == (
        found["calls"],
        found["species"],
        pytest.approx(found["score"], abs=1e-3),
    )
    decided_s = found["announced_s"] - found["onset_s"]
    assert seconds(start["decided"]) - seconds(start["onset"]) == pytest.approx(decided_s, abs=0.01)


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def test_a_stop_ends_the_cry_and_goes_offline_within_three_seconds(
    running: Running, long_cry: Path
) -> None:
    with running.listening("--replay", long_cry) as process:
        running.wait_for_step("cry_started", START_S)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < STOP_WITHIN_S
    running.wait_for_step("cry_ended", 5)
    running.watcher.wait(lambda m: m.payload == b"offline", 5)


def test_a_killed_listener_ends_its_cry_when_it_is_started_again(
    running: Running, long_cry: Path, short_cry: Path
) -> None:
    with running.listening("--replay", long_cry) as process:
        cry = running.wait_for_step("cry_started", START_S)["id"]
        process.kill()
        process.wait(5)
    with running.listening("--replay", short_cry):
        assert running.wait_for_step("cry_ended", START_S)["id"] == cry
    seqs = [c["seq"] for c in running.cries() if c["id"] == cry]
    assert sorted(set(seqs)) == list(range(1, max(seqs) + 1))


def test_cries_wait_for_a_broker_that_is_down(
    running: Running, short_cry: Path, mosquitto: Mosquitto
) -> None:
    with Watcher(
        mosquitto.broker("all"), "nursery/nest/cry", client_id="patient", session_s=600
    ) as patient:
        mosquitto.stop()
        with running.listening("--replay", short_cry) as process:
            time.sleep(8)
            mosquitto.start()
            assert process.wait(60) == 0, running.log()
        patient.wait(lambda m: json.loads(m.payload)["type"] == "cry_ended", 20)
        seqs = [json.loads(p)["seq"] for p in patient.payloads("nursery/nest/cry")]
    assert sorted(set(seqs)) == list(range(1, max(seqs) + 1))


def test_the_microphone_is_watched_and_what_is_wrong_told_within_three_seconds(
    running: Running, sound_server: SoundServer, tmp_path: Path
) -> None:
    sf.write(tmp_path / "cry.wav", cry_sound(1.0, 6.0, 120.0), RATE_HZ)
    (tmp_path / "config.toml").write_text(f'[[box]]\nid = "nest"\nmicrophone = "{MICROPHONE}"\n')
    config = {"NURSERY_CONFIG": str(tmp_path / "config.toml")}
    with running.listening(**sound_server.environment, **config):
        with sound_server.playing(tmp_path / "cry.wav"):
            running.wait_for_state("crying", None, START_S)
            running.wait_for_state("listening", None, 20)
            sound_server.suspend()
            running.wait_for_state("deaf", "frozen", TOLD_WITHIN_S)
            sound_server.suspend(False)
            running.wait_for_state("listening", None, 10)
            sound_server.mute()
            running.wait_for_state("deaf", "silent", TOLD_WITHIN_S)
            sound_server.mute(False)
            running.wait_for_state("listening", None, 10)
            sound_server.unplug()
            told = running.wait_for_state("deaf", "unplugged", TOLD_WITHIN_S)
            assert told["detail"]
            sound_server.plug()
        with sound_server.playing(tmp_path / "cry.wav"):
            running.wait_for_state("listening", None, 10)
            running.wait_for_state("crying", None, 20)
            sound_server.kill()
            running.wait_for_state("deaf", "unplugged", TOLD_WITHIN_S)
        sound_server.start()
        with sound_server.playing(tmp_path / "cry.wav"):
            running.wait_for_state("crying", None, 20)


def test_a_microphone_that_is_not_there_is_waited_for(
    running: Running, sound_server: SoundServer, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('[[box]]\nid = "nest"\nmicrophone = "Blue Yeti"\n')
    config = {"NURSERY_CONFIG": str(tmp_path / "config.toml")}
    with running.listening(**sound_server.environment, **config):
        told = running.wait_for_state("deaf", "unplugged", START_S)
    assert "'Blue Yeti' is not there" in told["detail"]
    assert MICROPHONE in told["detail"]
    assert not any(
        json.loads(payload)["state"] == "listening"
        for payload in running.watcher.payloads("nursery/nest/state")
    )


def test_the_demo_is_marked_in_every_message(running: Running) -> None:
    with running.listening("--demo"):
        running.wait_for_step("cry_started", START_S)
    told = [
        json.loads(m.payload)
        for m in running.watcher.messages
        if m.topic.endswith(("/cry", "/state", "/health"))
    ]
    assert {"cry_started"} <= {message.get("type") for message in told}
    assert all(message["demo"] for message in told)


def test_the_watchdog_is_fed_while_sound_comes_in(
    running: Running, long_cry: Path, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(START_S)
        with running.listening("--replay", long_cry, NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert notified.recv(100) == b"READY=1"
            began = time.monotonic()
            for _ in range(4):
                assert notified.recv(100) == b"WATCHDOG=1"
            assert time.monotonic() - began < 10


def test_two_listeners_of_one_box_are_refused(running: Running, long_cry: Path) -> None:
    with running.listening("--replay", long_cry):
        running.wait_for_state("listening", None, START_S)
        assert "another listener of this box" in running.refused("--replay", long_cry)


def test_what_cannot_be_begun_is_one_line(
    running: Running, short_cry: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    assert "the file is empty" in running.refused("--replay", tmp_path / "empty.wav")
    assert "No such file" in running.refused("--replay", short_cry, tmp_path / "missing.wav")
    assert "name no such box, but nest" in running.refused("--box", "attic", "--demo")
    assert "go together" in running.refused("--replay")
    assert "go together" in running.refused(short_cry)
    assert "not both" in running.refused("--demo", "--replay", short_cry)
    del running.env["NURSERY_MQTT__HOST"], running.env["NURSERY_MQTT__PASSWORD"]
    assert "no broker" in running.refused("--demo")
    running.env["NURSERY_BOX"] = json.dumps([{"id": "nest"}, {"id": "den"}])
    assert "say which with --box nest" in running.refused("--demo")


def test_nothing_heavy_is_imported_on_the_way_to_listening() -> None:
    code = (
        "import sys, monitor.listening, monitor.hearing as h, sounddevice;"
        "h.Hearing(h.load_model()).push(__import__('numpy').zeros(32000, 'f4'));"
        "heavy = {'librosa', 'scipy', 'numba', 'flask', 'sqlalchemy', 'torch', 'sklearn'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_cry_is_told_of_the_box_at_whose_microphone_it_was(
    running: Running, tmp_path: Path
) -> None:
    sf.write(tmp_path / "cry.wav", cry_sound(0.5, 5.0, 60.0), RATE_HZ)
    sf.write(tmp_path / "hush.wav", cry_sound(70.0, 0.1, 0.0), RATE_HZ)
    microphones = {"nest": "desk_mic", "den": "loft_mic"}
    boxes = "".join(f'[[box]]\nid = "{b}"\nmicrophone = "{m}"\n' for b, m in microphones.items())
    (tmp_path / "config.toml").write_text(boxes)
    listening = set()

    def all_listen(message: MQTTMessage) -> bool:
        if message.topic.endswith("/state") and b'"listening"' in message.payload:
            listening.add(message.topic)
        return len(listening) == len(microphones)

    with ExitStack() as stack:
        servers = {
            box: stack.enter_context(SoundServer(tmp_path / name, name))
            for box, name in microphones.items()
        }
        devices = "".join(server.device for server in servers.values())
        (tmp_path / "alsa.conf").write_text(f"</usr/share/alsa/alsa.conf>\n{devices}")
        env = {
            "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf"),
            "NURSERY_CONFIG": str(tmp_path / "config.toml"),
        }
        for box, server in servers.items():
            stack.enter_context(server.playing(tmp_path / "hush.wav"))
            stack.enter_context(running.listening("--box", box, **env))
        running.watcher.wait(all_listen, START_S)
        stack.enter_context(servers["den"].playing(tmp_path / "cry.wav"))
        running.watcher.wait(
            lambda m: m.topic == "nursery/den/cry" and b"cry_started" in m.payload, START_S
        )
    assert running.cries() == []  # of the nest
