"""What is looked at before anything starts: each complaint is one line that says what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import preflight
from monitor.settings import SettingsError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def complaint(check: object, *args: object) -> str:
    assert callable(check)
    with pytest.raises(SettingsError) as caught:
        check(*args)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_directory_of_the_records_is_made_and_only_ours(tmp_path: Path) -> None:
    where = tmp_path / "a" / "b"
    preflight.prepare_state_dir(where)
    for folder in (where, where.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(where.iterdir()) == []


def test_a_file_in_the_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = complaint(preflight.prepare_state_dir, tmp_path / "file" / "state")
    assert "cannot be written (Not a directory)" in text
    assert "NURSERY_STATE_DIR" in text


def test_a_read_only_directory_is_told() -> None:
    assert "cannot be written" in complaint(preflight.prepare_state_dir, Path("/proc/nursery"))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / f".probe.{os.getpid()}").symlink_to("/dev/full")
    assert "the disk is full" in complaint(preflight.prepare_state_dir, tmp_path)


def test_a_nearly_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight, "FREE_MB", 1e12)
    assert "the disk is full" in complaint(preflight.prepare_state_dir, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_on_the_same_records_are_refused(tmp_path: Path) -> None:
    assert not preflight.is_locked(tmp_path)
    lock = preflight.lock(tmp_path)
    assert preflight.is_locked(tmp_path)
    text = complaint(preflight.lock, tmp_path)
    assert f"another `nursery-monitor up` (process {os.getpid()})" in text
    os.close(lock)
    assert not preflight.is_locked(tmp_path)
    os.close(preflight.lock(tmp_path))


def test_the_programs_of_one_that_was_killed_are_waited_for(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys; from pathlib import Path; from monitor import preflight\n"
        f"lock = preflight.lock(Path({str(tmp_path)!r}))\n"
        "subprocess.Popen(['sleep', '0.8'], pass_fds=[lock])\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=20)
    assert preflight.is_locked(tmp_path)
    begin = time.monotonic()
    os.close(preflight.lock(tmp_path))
    assert time.monotonic() - begin < 2.0


def test_programs_that_never_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LOCK_WAIT_S", 0.2)
    lock = preflight.lock(tmp_path)
    os.pwrite(lock, b"999999999\n", 0)  # the one that took it is gone
    assert "process 999999999" in complaint(preflight.lock, tmp_path)
    os.close(lock)


def test_a_port_in_use_is_told(taken: int) -> None:
    assert not preflight.port_is_free("127.0.0.1", taken)
    assert "NURSERY_WEB__PORT" in complaint(preflight.check_port, "127.0.0.1", taken)
    preflight.check_port("127.0.0.1", preflight.any_free_port("127.0.0.1"))


def test_an_address_that_is_not_ours_is_told() -> None:
    assert "0.0.0.0" in complaint(preflight.check_port, "192.0.2.77", 8420)


def test_what_is_no_recording_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "the file is empty" in complaint(preflight.check_recordings, [tmp_path / "a.wav"])
    missing = complaint(preflight.check_recordings, [tmp_path / "b.wav"])
    assert "No such file" in missing
