"""One settings file for all processes, and how it says what is wrong with it."""

from monitor.settings.broker import Broker, broker_for, new_client
from monitor.settings.loading import SettingsError, load, usual_paths
from monitor.settings.model import (
    BoxSettings,
    ClipSettings,
    HomeAssistantSettings,
    HouseSettings,
    MqttSettings,
    Settings,
    WebSettings,
)
from monitor.settings.reach import addresses, own_address
from monitor.settings.time_service import is_synchronised

__all__ = [
    "BoxSettings",
    "Broker",
    "ClipSettings",
    "HomeAssistantSettings",
    "HouseSettings",
    "MqttSettings",
    "Settings",
    "SettingsError",
    "WebSettings",
    "addresses",
    "broker_for",
    "is_synchronised",
    "load",
    "new_client",
    "own_address",
    "usual_paths",
]
