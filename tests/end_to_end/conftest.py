"""Fixtures for tests through the real programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House
from tests.recordings import CryRecording, bed, one_cry_each
from tests.sound_server import MICROPHONE, SoundServer


@pytest.fixture
def recordings(tmp_path: Path) -> list[CryRecording]:
    return one_cry_each(tmp_path, 3)


@pytest.fixture
def quiet_room(sound_server: SoundServer, tmp_path: Path) -> Iterator[SoundServer]:
    """A sound server in which a quiet room is heard all the time."""
    with sound_server.playing(bed(tmp_path, 600)):
        yield sound_server


@pytest.fixture
def house(quiet_room: SoundServer, tmp_path: Path) -> Iterator[House]:
    """Everything running, hearing the quiet room."""
    with House(tmp_path / "house", microphone=MICROPHONE, env=quiet_room.environment) as house:
        house.watch_broker()
        house.wait_for_state("listening")
        yield house
