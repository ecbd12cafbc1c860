"""The whole way on real parts: a sound card that hears a cry, and the log that holds it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house import House
from tests.recordings import CryRecording, real_are_here
from tests.sound_server import SoundServer


def test_cries_in_front_of_the_microphone_are_published_and_logged_once(
    house: House, quiet_room: SoundServer, recordings: list[CryRecording]
) -> None:
    for recording in recordings:
        before = len(house.watch.ended())
        quiet_room.play(recording.path)
        house.wait_for_state("crying", 10)
        house.wait_for_state("listening", 15)
        house.wait(lambda: len(house.watch.ended()) > before, 15, "the end of each cry")  # noqa: B023 - waited for at once
    seen = house.watch.cries
    assert len(seen) == len(recordings), f"real recordings at hand: {real_are_here()}"
    for steps in seen.values():
        assert [step["type"] for step in steps][:: len(steps) - 1] == ["cry_started", "cry_ended"]
        assert [step["seq"] for step in steps] == list(range(1, len(steps) + 1))
    house.wait(
        lambda: {cry["id"] for cry in house.cries() if cry["state"] == "ended"} == seen.keys(),
        5,
        "all cries in the log",
    )
    house.wait(lambda: all(cry["clip"] for cry in house.cries()), 5, "the clip of each cry")
    assert all(cry["acoustics"]["pitch_hz"] for cry in house.cries())


def test_what_detect_hears_in_a_recording_is_what_a_replay_logs(
    tmp_path: Path, recordings: list[CryRecording]
) -> None:
    files = [str(recording.path) for recording in recordings[:2]]
    with House(tmp_path / "house", arguments=["--replay", *files]) as house:
        told = house.command("detect", "--json", *files).stdout.splitlines()
        house.wait(
            lambda: [cry["state"] for cry in house.cries()] == ["ended"] * len(told),
            60,
            f"{len(told)} cries in the log",
        )


def test_a_wrong_setting_is_told_in_one_line_with_exit_code_2(tmp_path: Path) -> None:
    house = House(tmp_path / "house", config="sensitivity = 'deafening'\n")
    done = house.command("up", check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert re.search(r"config\.toml: box\.1\.sensitivity: .*low.*normal.*high", line)
