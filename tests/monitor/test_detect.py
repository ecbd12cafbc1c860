"""`nursery-monitor detect`: what it prints, and what it says of files that are no use."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result

from models.synthesis import bout, draw_voice
from monitor.blocks import RATE_HZ
from monitor.commands.detect import detect


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kitten cries twice, at another rate than ours and in stereo."""
    rng = np.random.default_rng(3)
    voice = draw_voice("kitten", 8, rng)
    parts = []
    for _ in range(2):
        cry, _ = bout(voice, 8.0, 0.7, rng)
        parts += [np.zeros(RATE_HZ * 5, np.float32), cry]
    sound = np.concatenate([*parts, np.zeros(RATE_HZ * 5, np.float32)])
    sound += 0.001 * rng.standard_normal(len(sound)).astype(np.float32)
    path = tmp_path_factory.mktemp("detect") / "two cries.flac"
    sf.write(path, np.stack([sound, sound], axis=1), RATE_HZ)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(detect, [str(word) for word in words])


def test_a_json_line_a_cry(recording: Path) -> None:
    result = run(recording, "--json")
    assert result.exit_code == 0
    cries = [json.loads(line) for line in result.stdout.splitlines()]
    assert [cry["onset_s"] for cry in cries] == sorted(cry["onset_s"] for cry in cries)
    assert len(cries) == 2
    for cry in cries:
        assert cry["file"] == str(recording)
        assert cry["onset_s"] < cry["announced_s"] <= cry["offset_s"] + 4
        assert cry["onset_s"] < cry["offset_s"]
        assert cry["species"] in ("kitten", "puppy", "unknown")
        assert 0 <= cry["score"] <= 1
        assert cry["calls"] >= 2


def test_a_sentence_a_cry_for_people(recording: Path) -> None:
    lines = run(recording).stdout.splitlines()
    assert len(lines) == 2
    assert all("cries" in line and "0:00:" in line for line in lines)


def test_what_a_cry_sounded_like_is_measured_when_asked_for(recording: Path) -> None:
    cries = [
        json.loads(line) for line in run(recording, "--json", "--acoustics").stdout.splitlines()
    ]
    assert len(cries) == 2
    for cry in cries:
        assert 600 < cry["acoustics"]["pitch_hz"] < 2000
        assert cry["acoustics"]["snr_db"] > 10
        assert cry["arousal"] in ("low", "medium", "high", "unknown")


def test_scores_a_hop_whose_larger_column_is_that_of_the_cry(
    recording: Path, tmp_path: Path
) -> None:
    assert run(recording, "--json", "--scores", tmp_path / "s.csv").exit_code == 0
    with (tmp_path / "s.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["file", "time_s", "kitten", "puppy"]
    times = np.array([float(row["time_s"]) for row in rows])
    assert np.allclose(np.diff(times), np.diff(times)[0], atol=2e-3)
    assert times[-1] == pytest.approx(sf.info(recording).duration, abs=0.2)
    assert max(float(row["kitten"]) for row in rows) > 0.5
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in ("kitten", "puppy"))


def test_a_bad_file_is_told_about_and_the_others_are_done(recording: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound at all")
    result = run(bad, recording, tmp_path / "missing.wav", "--json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    told = result.stderr.splitlines()
    assert [str(bad) in told[0], str(tmp_path / "missing.wav") in told[1], len(told)] == [
        True,
        True,
        2,
    ]


def test_a_recording_that_breaks_off_gives_what_came_before(
    recording: Path, tmp_path: Path
) -> None:
    samples, rate = sf.read(recording)
    cut = tmp_path / "cut.flac"
    sf.write(
        cut,
        np.concatenate([samples, np.random.default_rng(0).uniform(-1, 1, (rate * 60, 2))]),
        rate,
    )
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 3 // 4])
    result = run(cut, "--json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) >= 2
    assert "broken after" in result.stderr


def test_a_table_that_cannot_be_written_is_one_line(recording: Path, tmp_path: Path) -> None:
    result = run(recording, "--scores", tmp_path / "no such folder" / "s.csv")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "cannot be written" in result.stderr


def test_the_reader_of_our_lines_may_go_away(recording: Path) -> None:
    command = f"{sys.executable} -m monitor detect '{recording}' --json | head -n 1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout)["file"] == str(recording)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("--scores", "/dev/full"), ("--json",)])
def test_a_full_disk_is_one_line(recording: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "detect", recording, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "nursery-monitor: the disk is full: free some space\n"
