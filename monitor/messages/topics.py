"""Every topic, built in this one place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.messages.base import CRY_PATTERN, NO_BOX

# Commands to a listener, and to the dashboard about an animal.
COMMANDS = ("sensitivity", "mute", "test", "review", "learning", "false_alarms")
ANIMAL_COMMANDS = ("fed", "stimulated")
ONLINE, OFFLINE = b"online", b"offline"


def is_clip_topic(topic: str) -> bool:
    """Whether `topic` is a `Topics.clip`."""
    return re.search(rf"/clip/{CRY_PATTERN[1:]}", topic) is not None


def is_spare_topic(topic: str) -> bool:
    """Whether what is sent there may be given up for want of room, or for a broker's refusal.

    The sound of a cry and the minutes may, so that no cry ever waits for them.
    """
    return topic.endswith("/minute") or is_clip_topic(topic)


@dataclass(frozen=True)
class Topics:
    """Every topic of one box, built in this one place."""

    base: str
    box: str

    @property
    def cry(self) -> str:
        """The life of each cry; not retained."""
        return f"{self.base}/{self.box}/cry"

    @property
    def state(self) -> str:
        """Retained `StateMessage`."""
        return f"{self.base}/{self.box}/state"

    @property
    def level(self) -> str:
        """`LevelMessage` each second."""
        return f"{self.base}/{self.box}/level"

    @property
    def minute(self) -> str:
        """`MinuteMessage` each minute."""
        return f"{self.base}/{self.box}/minute"

    @property
    def health(self) -> str:
        """Retained `HealthMessage`."""
        return f"{self.base}/{self.box}/health"

    @property
    def availability(self) -> str:
        """Retained plain text `online` or `offline`: birth and will."""
        return f"{self.base}/{self.box}/availability"

    @property
    def learning(self) -> str:
        """Retained `LearningMessage`."""
        return f"{self.base}/{self.box}/learning"

    @property
    def suggestion(self) -> str:
        """Retained `SuggestionMessage`, by the dashboard."""
        return f"{self.base}/{self.box}/suggestion"

    def clip(self, cry: str) -> str:
        """The sound of one cry."""
        return f"{self.base}/{self.box}/clip/{cry}"

    def command(self, what: str) -> str:
        """Where the listener takes the command `what`."""
        return f"{self.base}/{self.box}/set/{what}"

    def answer(self, what: str) -> str:
        """Where the listener answers the command `what`."""
        return f"{self.base}/{self.box}/answer/{what}"


@dataclass(frozen=True)
class AnimalTopics:
    """Every topic of one animal."""

    base: str
    animal: str

    @property
    def care(self) -> str:
        """Retained `AnimalCareMessage`, by the dashboard; empty once the animal has left."""
        return f"{self.base}/{NO_BOX}/{self.animal}/care"

    def command(self, what: str) -> str:
        """Where the dashboard takes the command `what`."""
        return f"{self.base}/{NO_BOX}/{self.animal}/set/{what}"

    def answer(self, what: str) -> str:
        """Where the dashboard answers the command `what`."""
        return f"{self.base}/{NO_BOX}/{self.animal}/answer/{what}"
