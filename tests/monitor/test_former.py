"""A box that was renamed leaves no message unsent and no ghost in Home Assistant."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from monitor.discovery import discovery
from monitor.former import take_over
from monitor.messages import Topics
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import Publisher
from monitor.session import discovery_topics, remember_discovery_topics
from tests.mosquitto import Mosquitto, Watcher

OLD, NEW = Topics("nursery", "nest"), Topics("nursery", "attic")
OLD_CONFIG = "homeassistant/device/nursery_nest/config"


def leave_behind(folder: Path, name: str) -> None:
    with contextlib.closing(Outbox(folder / f"{name}.db")) as outbox:
        outbox.close_step([Outgoing(OLD.cry, b"%d" % number) for number in range(250)], None)
        remember_discovery_topics(outbox, {OLD_CONFIG})


def test_messages_and_discovery_of_a_former_box_are_taken_over_once(tmp_path: Path) -> None:
    leave_behind(tmp_path, "nest")
    with contextlib.closing(Outbox(tmp_path / "attic.db")) as outbox:
        outbox.close_step([], b"open")
        for _ in range(2):
            take_over(outbox, tmp_path, ["attic"])
        assert [w.message.payload for w in outbox.batch(999)] == [b"%d" % n for n in range(250)]
        assert discovery_topics(outbox) == {OLD_CONFIG}
        assert outbox.open_cry() == b"open"


def test_boxes_that_are_in_the_settings_or_still_run_are_left_alone(tmp_path: Path) -> None:
    leave_behind(tmp_path, "nest")
    leave_behind(tmp_path, "nest-demo")
    leave_behind(tmp_path, "cellar")
    with (
        contextlib.closing(Outbox(tmp_path / "attic.db")) as outbox,
        contextlib.closing(Outbox(tmp_path / "cellar.db")),
    ):
        take_over(outbox, tmp_path, ["attic", "nest"])
        assert outbox.depth() == 0
        assert discovery_topics(outbox) == set()


def test_the_former_box_is_gone_from_the_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    leave_behind(tmp_path, "nest")
    with Watcher(mosquitto.broker("all"), "#") as watcher:
        watcher.publish(OLD_CONFIG, b"{}", retain=True)
        outbox = Outbox(tmp_path / "attic.db")
        take_over(outbox, tmp_path, ["attic"])
        found = discovery(NEW, "homeassistant", "Attic", "0.1.0")
        publisher = Publisher(mosquitto.broker(), "attic-1", NEW, outbox, discovery=found)
        publisher.start()
        end = time.monotonic() + 10
        new_config = "homeassistant/device/nursery_attic/config"
        while discovery_topics(outbox) != {new_config} or outbox.depth():
            assert time.monotonic() < end
            time.sleep(0.02)
        publisher.stop()
        outbox.close()
    with Watcher(mosquitto.broker("all"), "homeassistant/#") as late:
        late.wait(new_config)
        assert late.payloads(OLD_CONFIG) == []
