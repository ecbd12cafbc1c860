"""Recordings of any kind become mono at 16 kHz; one that is no use says so in a line."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from monitor.blocks import RATE_HZ
from monitor.recording import Recording, RecordingError


def read(path: Path, piece_s: float = 10.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    with Recording(path) as recording:
        return np.concatenate(list(recording.pieces(piece_s)))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_tone_keeps_its_pitch_and_level_at_every_rate(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    t = np.arange(rate_hz * 2) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * 1000 * t)
    path = tmp_path / "tone.wav"
    sf.write(path, np.tile(tone[:, None], (1, channels)), rate_hz)
    samples = read(path)
    assert len(samples) == pytest.approx(2 * RATE_HZ, abs=20)
    middle = samples[RATE_HZ // 2 : RATE_HZ * 3 // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) == 1000
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.flac", "PCM_24"),
        ("a.ogg", "VORBIS"),
        ("a.mp3", None),
        ("a.aiff", "PCM_16"),
        ("a.wav", "ULAW"),
        ("a.wav", "DOUBLE"),
    ],
)
def test_usual_formats_are_read(tmp_path: Path, name: str, subtype: str | None) -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(44100)
    sf.write(tmp_path / name, sound, 44100, subtype=subtype)
    assert len(read(tmp_path / name)) == pytest.approx(RATE_HZ, rel=0.1)


def test_the_size_of_the_pieces_does_not_matter(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(100_003), 44100)
    assert np.array_equal(read(tmp_path / "a.wav", 10), read(tmp_path / "a.wav", 0.013))


def test_values_that_are_no_numbers_are_silence_or_full_scale(tmp_path: Path) -> None:
    sound = np.full(16000, 0.1, np.float32)
    sound[100], sound[200] = np.nan, np.inf
    sf.write(tmp_path / "a.wav", sound, 16000, subtype="FLOAT")
    samples = read(tmp_path / "a.wav")
    assert (samples[100], samples[200]) == (0.0, 1.0)


def test_a_long_recording_takes_little_memory(tmp_path: Path) -> None:
    with sf.SoundFile(tmp_path / "a.flac", "w", 16000, 2) as file:
        for _ in range(60):
            file.write(np.zeros((16000 * 60, 2), np.float32))
    tracemalloc.start()
    try:
        with Recording(tmp_path / "a.flac") as recording:
            assert sum(len(piece) for piece in recording.pieces()) == 3600 * RATE_HZ
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def broken(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.flac"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "garbage":
        path.write_bytes(np.random.default_rng(0).bytes(5000))
    elif kind == "soundless":
        sf.write(path, np.zeros(0), 16000, format="WAV")
    elif kind == "cut":
        sf.write(path, 0.1 * np.random.default_rng(0).standard_normal(48000), 16000)
        path.write_bytes(path.read_bytes()[:30_000])
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "No such file"),
        ("empty", "the file is empty"),
        ("garbage", "cannot be read as sound"),
        ("soundless", "holds no sound"),
        ("cut", "broken after"),
        ("folder", "Is a directory"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, kind: str, words: str) -> None:
    path = broken(tmp_path, kind)
    with pytest.raises(RecordingError, match=words) as told:
        read(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
