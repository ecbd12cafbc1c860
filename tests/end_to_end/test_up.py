"""`nursery-monitor up` through its real door: what it refuses, how it ends, what it leaves."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.house import PROGRAM, House
from tests.processes import lives

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

GONE_S = 5.0  # for programs whose supervisor was killed


@pytest.fixture
def hush(tmp_path: Path) -> Path:
    """Two minutes of a quiet room."""
    path = tmp_path / "hush.wav"
    noise = np.random.default_rng(1).normal(0, 0.001, 120 * 16_000)
    soundfile.write(path, noise, 16_000, "PCM_16")
    return path


@pytest.fixture
def no_microphone(tmp_path: Path) -> dict[str, str]:
    """The environment of a computer without any."""
    if list(Path("/sys/class/sound").glob("card*")):
        pytest.skip("this computer has a sound card, which cannot be hidden from PortAudio")
    (tmp_path / "alsa.conf").write_text("</usr/share/alsa/alsa.conf>\n")  # nothing of the user's
    return {"ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf")}


class Refusal:
    """How `up` ended at once."""

    def __init__(self, tmp_path: Path, *words: str, config: str = "", **env: str) -> None:
        path = tmp_path / "refused.toml"
        path.write_text(f'state_dir = "{tmp_path / "refused"}"\n{config}')
        self.answer = subprocess.run(
            [PROGRAM, "--config", path, "up", *words],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert self.answer.returncode == 2, self.answer
        assert "Traceback" not in self.answer.stderr
        self.text = self.answer.stderr.strip()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_it_ends_within_three_seconds_and_after_a_kill_leaves_nothing(
    tmp_path: Path, hush: Path
) -> None:
    with House(tmp_path / "house", arguments=["--replay", str(hush)]) as house:
        assert "Nobody can sign in yet" in house.log_tail()
        setup_code = (house.state_dir / "setup-code").read_text().strip()
        assert f"/first-run?code={setup_code}" in house.log_tail()
        children = house.children()
        assert len(children) == 4
        house.kill_up()
        deadline = time.monotonic() + GONE_S
        while any(lives(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(lives(pid) for pid in children)

        house.start()
        children = house.children()
        assert house.stop() < 3.0
        assert not any(lives(pid) for pid in children)


def test_what_runs_already_is_not_started_twice(tmp_path: Path, hush: Path) -> None:
    with House(tmp_path / "house", arguments=["--replay", str(hush)]) as house:
        second = house.command("up", check=False)
        assert second.returncode == 2
        assert f"another `nursery-monitor up` (process {house.pid})" in second.stderr


@pytest.mark.parametrize(("microphone", "words"), [("usb_mic", []), (None, ["--service"])])
def test_a_microphone_that_is_named_is_waited_for_and_by_a_service_any(
    tmp_path: Path, no_microphone: dict[str, str], microphone: str | None, words: list[str]
) -> None:
    with House(
        tmp_path / "house", microphone=microphone, arguments=words, env=no_microphone
    ) as house:
        house.watch_broker()
        house.wait_for_state("deaf", reason="unplugged")


def test_a_demo_says_so_and_stays_apart(tmp_path: Path) -> None:
    with House(tmp_path / "house", arguments=["--demo"]) as house:
        assert "nothing here is real" in house.log_tail()
        assert (house.state_dir / "demo" / "records.db").exists()
        assert not (house.state_dir / "records.db").exists()
        text = house.config.read_text()  # from now on, who looks does so at the demo's
        house.config.write_text(text.replace('/state"', '/state/demo"'))
        house.watch_broker()
        house.wait_for_state("listening")
        assert house.state()["demo"] is True


def test_no_microphone_is_said_plainly_with_what_to_do(
    tmp_path: Path, no_microphone: dict[str, str]
) -> None:
    text = Refusal(tmp_path, **no_microphone).text
    assert "there is no microphone" in text
    assert "--demo" in text
    assert "--replay FILE" in text
    assert "nursery-monitor devices" in text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[web]\nports = 1\n", "web.ports: unknown key; allowed here:"),
        ("[web]\nport = 70000\n", "web.port: Input should be less than or equal to 65535"),
        ("[[box]]\nid = 'A B'\n", "box.1.id"),
        ("[web\n", "not valid TOML"),
    ],
)
def test_wrong_settings_are_told_in_one_line(tmp_path: Path, config: str, said: str) -> None:
    text = Refusal(tmp_path, config=config).text
    assert "\n" not in text
    assert said in text
    assert "refused.toml" in text


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path, taken: int) -> None:
    text = Refusal(tmp_path, config=f'[web]\nhost = "127.0.0.1"\nport = {taken}\n').text
    assert "\n" not in text
    assert f"web.port: {taken}: another program uses it" in text


def test_a_state_directory_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    text = Refusal(tmp_path, NURSERY_STATE_DIR="/proc/nursery").text
    assert "\n" not in text
    assert "/proc/nursery: cannot be written" in text


def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert Refusal(tmp_path, "--replay", str(tmp_path / "empty.wav")).text.endswith("file is empty")
    assert "No such file" in Refusal(tmp_path, "--replay", str(tmp_path / "gone.wav")).text


@pytest.mark.parametrize(
    "words", [["--replay"], ["a.wav"], ["--demo", "--replay", "a.wav"], ["--loud"]]
)
def test_words_that_make_no_sense_are_refused(tmp_path: Path, words: list[str]) -> None:
    assert "Error: " in Refusal(tmp_path, *words).text
