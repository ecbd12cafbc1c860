"""The real Home Assistant finds a box, shows its life, and warns of nothing.

Needs the workshop's headless Home Assistant (`../shared/tools/home-assistant/ha.py install`, found
by $HA_TEST_HOME); skipped, with the reason, where that is missing. $HA_TEST_REPORT names a file
that gets the table of entities.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from monitor.blocks import RATE_HZ
from monitor.broker import RIGHTS
from monitor.discovery import discovery
from monitor.messages import (
    Acoustics,
    Arousal,
    BoxState,
    Check,
    CheckStatus,
    ClockState,
    CryMessage,
    CryStep,
    DeafReason,
    HealthMessage,
    LevelMessage,
    Species,
    SpeciesScores,
    StateMessage,
    SuggestionItem,
    SuggestionMessage,
    Topics,
)
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import Publisher, stored_client_id
from monitor.recording import Recording
from monitor.settings import Broker
from tests.mosquitto import ROLES, Mosquitto, Watcher
from tests.recordings import bed, one_cry_each

TOOL = Path(__file__).parents[3] / "shared" / "tools" / "home-assistant" / "ha.py"
HOME = Path(os.environ.get("HA_TEST_HOME", Path.home() / ".cache" / "ha-test"))
TOPICS = Topics("nursery", "nest")
CRY = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11"

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.home_assistant,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not TOOL.is_file(), reason=f"no {TOOL.name} of the workshop"),
    pytest.mark.skipif(
        not (HOME / "install.json").is_file(),
        reason="Home Assistant is not installed (ha.py install; $HA_TEST_HOME)",
    ),
]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ha", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class House:
    """A Home Assistant and its broker."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder / "mosquitto")
        # Home Assistant has the rights that the private broker gives it on the same computer.
        rights = [right.format(base="nursery", prefix="homeassistant") for right in RIGHTS["guest"]]
        self.broker.allow({**ROLES, "guest": tuple(rights)})
        self.broker.start()
        self._folder = folder / "ha"
        user = self.broker.broker("guest")
        self._call(
            *("start", "--mqtt-host", user.host, "--mqtt-port", str(user.port)),
            *("--mqtt-user", user.username or "", "--mqtt-password", user.password or ""),
        )

    def _call(self, *words: str) -> None:
        """Start or restart Home Assistant through the tool, then look at it as a library."""
        command = [sys.executable, str(TOOL), "--dir", str(self._folder), *words]
        log = self._folder.with_suffix(".log")
        with log.open("ab") as out:  # a file, since Home Assistant keeps it open
            done = subprocess.run(command, check=False, stdout=out, stderr=out, timeout=240)
        assert done.returncode == 0, log.read_text()
        self.ha = _tool().HomeAssistant(self._folder)

    def restart(self) -> None:
        """Restart Home Assistant."""
        self._call("restart")

    def states(self) -> dict[str, str]:
        """State of each entity of the box, by the end of its id."""
        entities = self.ha.entities("nursery_nest")
        return {
            e["entity_id"].removeprefix(e["entity_id"].split(".")[0] + "."): e["state"]
            for e in entities
        }

    def wait(self, wanted: Callable[[dict[str, str]], bool], timeout_s: float = 20) -> None:
        """Wait until the states are as wanted."""
        end = time.monotonic() + timeout_s
        while not wanted(found := self.states()):
            assert time.monotonic() < end, f"states are {found}; log {self.ha.log()}"
            time.sleep(0.2)

    def warnings(self) -> list[str]:
        """What Home Assistant complained of, but for the connections that a test took from it."""
        ours = ("connection", "not currently connected")
        return [x for x in self.ha.log() if not any(words in x.lower() for words in ours)]

    def close(self) -> None:
        """End both."""
        self.ha.stop(hard=True)
        self.broker.kill()


class Box:
    """Plays a listener through our own publisher."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.outbox = Outbox(folder / "outbox.db")
        self.publisher = Publisher(
            broker,
            stored_client_id(self.outbox, "nest"),
            TOPICS,
            self.outbox,
            discovery=discovery(TOPICS, "homeassistant", "Nest", "0.1.0"),
        )
        self.last_cry: datetime | None = None
        self.cries = 0
        self.say(BoxState.LISTENING)
        self.health(problem=False)
        self.publisher.start()

    def say(self, state: BoxState, reason: DeafReason | None = None) -> None:
        """Change the state."""
        message = StateMessage(
            box="nest",
            state=state,
            reason=reason,
            detail="Is its cable in?" if reason else None,
            since=datetime.now(UTC),
            cry=CRY if state is BoxState.CRYING else None,
            last_cry=self.last_cry,
            cries_today=self.cries,
            device="USB Audio",
        )
        self.publisher.retain(TOPICS.state, message.payload())

    def health(self, *, problem: bool) -> None:
        """Say how it is."""
        status = CheckStatus.FAILED if problem else CheckStatus.OK
        message = HealthMessage(
            box="nest",
            at=datetime.now(UTC),
            version="0.1.0",
            model="cry-1 sha256:ab12",
            uptime_s=10,
            clock=ClockState.SYNCHRONISED,
            problem=problem,
            checks=(Check(name="microphone", status=status, message="USB Audio"),),
        )
        self.publisher.retain(TOPICS.health, message.payload())

    def level(self, dbfs: float | None) -> None:
        """Say how loud it is."""
        message = LevelMessage(
            box="nest",
            at=datetime.now(UTC),
            level_dbfs=dbfs,
            noise_dbfs=-60 if dbfs else None,
            kitten=0.1,
            puppy=0.1,
        )
        self.publisher.live(TOPICS.level, message.payload())

    def step(self, seq: int, step: CryStep) -> None:
        """A step of the cry."""
        now = datetime.now(UTC)
        if step is CryStep.STARTED:
            self.last_cry = now
            self.cries += 1
        onset = self.last_cry or now
        message = CryMessage(
            id=CRY,
            seq=seq,
            type=step,
            box="nest",
            onset=onset,
            offset=max(now, onset + timedelta(seconds=1)),
            clock=ClockState.SYNCHRONISED,
            species=Species.KITTEN,
            species_scores=SpeciesScores(kitten=0.93, puppy=0.04),
            score=0.93,
            calls=3 * seq,
            calls_per_minute=34.1,
            call_times=((0.0, 0.41), (1.3, 0.52)),
            arousal=Arousal.HIGH,
            acoustics=Acoustics(pitch_hz=1240, level_dbfs=-31.2) if seq > 1 else None,
            model="cry-1 sha256:ab12",
        )
        self.outbox.close_step([Outgoing(TOPICS.cry, message.payload())], message.payload())
        self.say(BoxState.LISTENING if step is CryStep.ENDED else BoxState.CRYING)

    def close(self) -> None:
        """Stop as the listener does."""
        self.publisher.stop()
        self.outbox.close()


def note(title: str, states: dict[str, str]) -> None:
    """Add a table to the report, where one is wanted."""
    if name := os.environ.get("HA_TEST_REPORT"):
        with Path(name).open("a", encoding="utf-8") as report:
            report.write(f"\n{title}\n")
            report.writelines(f"  {key:32} {value}\n" for key, value in sorted(states.items()))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def box(house: House, tmp_path: Path) -> Iterator[Box]:
    playing = Box(tmp_path, house.broker.broker())
    try:
        yield playing
    finally:
        playing.close()


def _at_rest(states: dict[str, str]) -> bool:
    return len(states) == 8 and states["nest_state"] == "listening"


def test_a_cry_shows_in_every_entity_and_nothing_is_warned_of(house: House, box: Box) -> None:
    house.wait(_at_rest)
    box.level(-61.0)
    house.wait(lambda s: s["nest_level"] == "-61")
    note("before the cry", house.states())
    assert house.states() == {
        "nest_cries_today": "0",
        "nest_cry": "unknown",
        "nest_crying": "off",
        "nest_last_cry": "unknown",
        "nest_level": "-61",
        "nest_problem": "off",
        "nest_state": "listening",
        "nest_suggestion": "unknown",
    }

    box.step(1, CryStep.STARTED)
    house.wait(lambda s: s["nest_crying"] == "on" and s["nest_cry"] != "unknown")
    assert _event(house)["event_type"] == "cry_started"
    box.step(2, CryStep.UPDATED)
    box.level(-31.2)
    with Watcher(house.broker.broker("dashboard")) as dashboard:
        dashboard.publish(TOPICS.suggestion, _suggestion().payload(), retain=True)
    house.wait(lambda s: s["nest_suggestion"] != "unknown" and s["nest_level"] == "-31")
    during = house.states()
    note("during the cry", during)
    assert _event(house)["event_type"] == "cry_updated"
    assert _event(house)["species"] == "kitten"
    assert "call_times" not in _event(house)
    assert during["nest_suggestion"] == "Put Kitten 1 and Puppy 1 together"
    assert during["nest_cries_today"] == "1"
    assert during["nest_last_cry"].startswith(datetime.now(UTC).strftime("%Y-%m-%dT"))

    box.step(3, CryStep.ENDED)
    house.wait(lambda s: s["nest_crying"] == "off")
    note("after the cry", house.states())
    assert _event(house)["event_type"] == "cry_ended"
    assert house.warnings() == []


def test_a_small_change_of_the_level_is_no_new_state(house: House, box: Box) -> None:
    house.wait(_at_rest)
    for level, shown in (
        (-50.2, "-50"),
        (-52.4, "-50"),
        (-48.1, "-50"),
        (-40.0, "-40"),
        (None, "unknown"),
        (-60.4, "-60"),
    ):
        box.level(level)
        time.sleep(0.3)
        house.wait(lambda s, shown=shown: s["nest_level"] == shown)  # type: ignore[misc]
    assert house.warnings() == []


def test_a_deaf_box_says_so_and_claims_nothing_about_crying(house: House, box: Box) -> None:
    house.wait(_at_rest)
    box.say(BoxState.DEAF, DeafReason.UNPLUGGED)
    box.health(problem=True)
    house.wait(lambda s: s["nest_state"] == "deaf" and s["nest_problem"] == "on")
    states = house.states()
    note("microphone unplugged", states)
    assert states["nest_crying"] == "unavailable"
    assert states["nest_level"] == "unavailable"
    box.say(BoxState.LISTENING)
    box.health(problem=False)
    house.wait(lambda s: _at_rest(s) and s["nest_crying"] == "off")
    assert house.warnings() == []


def test_the_box_is_unavailable_when_we_stop_and_back_when_we_start(
    house: House, tmp_path: Path
) -> None:
    first = Box(tmp_path, house.broker.broker())
    house.wait(lambda s: _at_rest(s) and s["nest_crying"] == "off")
    first.close()
    house.wait(lambda s: set(s.values()) == {"unavailable"})
    note("our listener stopped", house.states())
    second = Box(tmp_path, house.broker.broker())
    house.wait(lambda s: _at_rest(s) and s["nest_crying"] == "off")
    note("our listener started again", house.states())
    second.close()
    assert house.warnings() == []


def test_all_is_back_after_the_restart_of_home_assistant(house: House, box: Box) -> None:
    house.wait(_at_rest)
    box.step(1, CryStep.STARTED)
    house.wait(lambda s: s["nest_crying"] == "on")
    house.restart()
    house.wait(lambda s: len(s) == 8 and s["nest_crying"] == "on" and s["nest_state"] == "crying")
    note("Home Assistant restarted during a cry", house.states())
    box.step(2, CryStep.ENDED)
    house.wait(lambda s: s["nest_crying"] == "off")
    assert house.warnings() == []


def test_all_is_back_after_the_broker_has_lost_everything(house: House, box: Box) -> None:
    house.wait(_at_rest)
    house.broker.stop()
    house.wait(lambda s: set(s.values()) == {"unavailable"})
    note("the broker down", house.states())
    house.broker.empty()
    house.wait(lambda s: _at_rest(s) and s["nest_crying"] == "off", timeout_s=60)
    note("the broker up again, emptied", house.states())
    box.step(1, CryStep.STARTED)
    house.wait(lambda s: s["nest_crying"] == "on")
    house.wait(lambda s: _event(house)["event_type"] == "cry_started")
    assert house.warnings() == []


def replay(folder: Path) -> Path:
    """A recording of one cry with quiet before and after it."""
    (cry,) = one_cry_each(folder, 1)
    quiet, _ = sf.read(bed(folder, 60.0), dtype="float32")
    with Recording(cry.path) as recording:
        sound = np.concatenate(list(recording.pieces()))
    path = folder / "night.flac"
    sf.write(path, np.concatenate([quiet[: 8 * RATE_HZ], sound, quiet[: 30 * RATE_HZ]]), RATE_HZ)
    return path


def test_the_real_listener_shows_a_recorded_cry_in_home_assistant(
    house: House, tmp_path: Path
) -> None:
    broker = house.broker.broker()
    command = [str(Path(sys.executable).with_name("nursery-monitor")), "listen", "--replay"]
    env = {
        **os.environ,
        "NURSERY_STATE_DIR": str(tmp_path / "state"),
        "NURSERY_MQTT__HOST": broker.host,
        "NURSERY_MQTT__PORT": str(broker.port),
        "NURSERY_MQTT__USERNAME": broker.username or "",
        "NURSERY_MQTT__PASSWORD": broker.password or "",
    }
    listener = subprocess.Popen([*command, str(replay(tmp_path))], env=env)
    try:
        house.wait(lambda s: _at_rest(s) and s["nest_level"] not in {"unknown", "unavailable"})
        before = house.states()
        note("real listener, before the cry", before)
        house.wait(lambda s: s["nest_crying"] == "on")
        house.wait(lambda s: _event(house)["event_type"] == "cry_started")
        note("real listener, during the cry", house.states())
        house.wait(lambda s: s["nest_crying"] == "off", timeout_s=60)
        house.wait(lambda s: _event(house)["event_type"] == "cry_ended")
        after = house.states()
        note("real listener, after the cry", after)
    finally:
        listener.terminate()
        assert listener.wait(timeout=10) == 0
    assert (before["nest_cries_today"], after["nest_cries_today"]) == ("0", "1")
    assert after["nest_last_cry"] != before["nest_last_cry"]
    assert after["nest_problem"] == "off"
    house.wait(lambda s: set(s.values()) == {"unavailable"})
    assert house.warnings() == []


def _event(house: House) -> dict[str, Any]:
    (found,) = (e for e in house.ha.entities("nursery_nest") if e["entity_id"] == "event.nest_cry")
    attributes: dict[str, Any] = found["attributes"]
    return attributes


def _suggestion() -> SuggestionMessage:
    item = SuggestionItem(
        code="PAIR",
        rank=1,
        subjects=("kitten-1",),
        partner="puppy-1",
        reasons=("alone",),
        confidence="high",
        title="Put Kitten 1 and Puppy 1 together",
        text="They are alone and of one age.",
    )
    return SuggestionMessage(
        box="nest", at=datetime.now(UTC), cry=CRY, who=("kitten-1",), suggestions=(item,)
    )
