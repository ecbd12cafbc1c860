"""Fixtures for all rooms."""

from tests.mosquitto import mosquitto
from tests.sound_server import sound_server

__all__ = ["mosquitto", "sound_server"]
