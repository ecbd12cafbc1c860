"""Fixtures for all rooms."""

import os
from pathlib import Path

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
# What numba compiles for librosa takes ten seconds of a core: once for a worker's tests, not once
# each; and not for all workers, as two that compile at one time spoil it (monitor/compiled.py).
_worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".cache" / "numba" / _worker)
