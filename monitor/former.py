"""What boxes that are no longer in the settings have left behind: messages, and discovery."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from monitor.outbox import Outbox, OutboxError
from monitor.session import discovery_topics, remember_discovery_topics

log = logging.getLogger(__name__)

BATCH = 100  # messages taken over at once


def take_over(outbox: Outbox, folder: Path, boxes: Collection[str]) -> None:
    """Take over what is left in the outboxes in `folder` of boxes that are not among `boxes`.

    Their messages are sent on as ours are, and their discovery is taken back, so that no ghost
    of a renamed box stays in Home Assistant. A kill in between repeats messages, harmlessly.
    """
    for path in sorted(folder.glob("*.db")):
        if path.stem.removesuffix("-demo") in boxes:
            continue
        try:
            former = Outbox(path)
        except OutboxError:
            continue  # its listener still runs
        try:
            _take(outbox, former, path.stem)
        finally:
            former.close()


def _take(outbox: Outbox, former: Outbox, name: str) -> None:
    taken = 0
    while batch := former.batch(BATCH):
        outbox.close_step([waiting.message for waiting in batch], outbox.open_cry())
        former.acknowledge(waiting.id for waiting in batch)
        taken += len(batch)
    if topics := discovery_topics(former):
        remember_discovery_topics(outbox, discovery_topics(outbox) | topics)
        remember_discovery_topics(former, set())
    if taken or topics:
        log.info("box %s is no longer in the settings: %d messages taken over", name, taken)
