"""Fixtures for all rooms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from monitor.command_line import ONE_THREAD
from tests.mosquitto import mosquitto
from tests.sound_server import sound_server

__all__ = ["mosquitto", "sound_server"]

# How long an example takes tells of the load of the computer, not of the program.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")

for _variable in ONE_THREAD:  # as the program does before it imports numpy
    os.environ.setdefault(_variable, "1")
# What numba compiles for librosa takes ten seconds of a core: once for all tests, not once each.
NUMBA = Path(__file__).parents[1] / ".cache" / "numba"
os.environ["NUMBA_CACHE_DIR"] = str(NUMBA)


def pytest_configure(config: pytest.Config) -> None:
    """Compile before there are several workers: two at one time would spoil it."""
    if hasattr(config, "workerinput") or any(NUMBA.rglob("*.nbi")):
        return
    compiling = "from monitor import describing; describing._load_librosa()"
    subprocess.run([sys.executable, "-c", compiling], check=True)
