"""What must be right before anything is started: each raises SettingsError with one clear line."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from monitor.settings import BoxSettings, SettingsError

FREE_MB = 20.0  # with less, records could not be kept for a night
PROBE_BYTES = 64 * 1024
LOCK_WAIT_S = 4.0  # programs of an `up` that was killed need up to 3 s to end
POLL_S = 0.1
LOCK = "up.lock"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def prepare_state_dir(state_dir: Path) -> None:
    """Make the directory of the records, and write in it as a trial."""
    probe = state_dir / f".probe.{os.getpid()}"
    try:
        for folder in (state_dir.parent, state_dir):  # a demo's is inside the real one
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with probe.open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(
            f"state_dir: {state_dir}: {_unwritable(error)}; or set another with NURSERY_STATE_DIR"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    free_mb = shutil.disk_usage(state_dir).free / 1e6
    if free_mb < FREE_MB:
        raise SettingsError(
            f"state_dir: {state_dir}: the disk is full ({free_mb:.0f} MB free, {FREE_MB:.0f} MB "
            "needed): free some space; or set another with NURSERY_STATE_DIR"
        )


def _unwritable(error: OSError) -> str:
    if error.errno in FULL:
        return "the disk is full: free some space"
    return f"cannot be written ({error.strerror}): give it to the user who starts this"


def lock(state_dir: Path) -> int:
    """Claim the state directory; the descriptor returned holds it while any process has it open.

    Waits for the programs of an `up` that was killed to end.
    """
    path = state_dir / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            if _lives(holder) or time.monotonic() > deadline:
                os.close(descriptor)
                raise SettingsError(
                    f"state_dir: {state_dir}: another `nursery-monitor up` (process {holder}) "
                    "runs on it: stop that one first, or set another with NURSERY_STATE_DIR"
                ) from None
            time.sleep(POLL_S)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def is_locked(state_dir: Path) -> bool:
    """Whether an `up` or one of its programs runs on the state directory."""
    try:
        descriptor = os.open(state_dir / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lives(pid: str) -> bool:
    return pid.isdecimal() and Path("/proc", pid).exists()


def port_is_free(host: str, port: int) -> bool:
    """Whether the dashboard could listen there; OSError when `host` is no address of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def check_port(host: str, port: int) -> None:
    """The dashboard must be able to listen where the settings say."""
    try:
        free = port_is_free(host, port)
    except PermissionError:
        raise SettingsError(
            f"web.port: {port}: ports under 1024 are for the administrator; choose a higher one"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"web.host: {host}: cannot listen there ({error.strerror}); 0.0.0.0 is every address"
        ) from None
    if not free:
        raise SettingsError(
            f"web.port: {port}: another program uses it; stop that one, or set another port as "
            "port in [web], or with NURSERY_WEB__PORT"
        )


def any_free_port(host: str) -> int:
    """A port that nobody uses now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def check_microphones(boxes: Sequence[BoxSettings]) -> None:
    """No two boxes of this computer may name the same microphone, unless a channel each."""
    for one, other in combinations(boxes, 2):
        if same_name(one, other) and share_a_channel(one, other):
            which = repr(one.microphone) if one.microphone else "the only one there is"
            raise SettingsError(
                f"box: {one.id} and {other.id} have the same microphone ({which}): give each "
                "its own as microphone in [[box]], or its own channel of it"
            )


def same_name(one: BoxSettings, other: BoxSettings) -> bool:
    """Whether both boxes name their microphone alike, or neither does."""
    return (one.microphone or "").casefold() == (other.microphone or "").casefold()


def share_a_channel(one: BoxSettings, other: BoxSettings) -> bool:
    """Whether both would hear the same, were their microphones one."""
    return None in (one.channel, other.channel) or one.channel == other.channel


def check_recordings(paths: Sequence[Path]) -> None:
    """Every recording must be one, before the first is played."""
    from monitor.recording import Recording, RecordingError  # noqa: PLC0415 - only for a replay

    for path in paths:
        try:
            with Recording(path):
                pass
        except RecordingError as error:
            raise SettingsError(str(error)) from None
