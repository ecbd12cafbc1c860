"""Home Assistant's MQTT discovery."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.outbox import Outgoing


@dataclass(frozen=True)
class Discovery:
    """What Home Assistant is told of one box, and where it says that it has started."""

    config: Outgoing | None
    """The retained device payload; None takes back what an earlier run has published."""
    birth_topic: str
