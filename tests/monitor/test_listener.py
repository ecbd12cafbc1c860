"""From blocks of a source to outbox and retained states, with a model that hears loudness."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.card import CryRule
from models.cry_model import CryModel
from monitor.blocks import RATE_HZ, Block, Samples
from monitor.clock import Reading, WallClock
from monitor.cries import CryEvent
from monitor.cry_desk import TALLY, CryDesk, Tally
from monitor.cry_messages import CryMessages
from monitor.describing import Describer
from monitor.diary import Diary
from monitor.ear import Ear
from monitor.listener import Box, Listener
from monitor.messages import (
    Command,
    CryMessage,
    CryStep,
    DeafReason,
    LevelMessage,
    NoClip,
    Species,
    StateMessage,
    Topics,
)
from monitor.outbox import Outbox
from monitor.remote import Inbox, Remote, remembered_sensitivity
from monitor.settings import ClipSettings
from monitor.sources import PACE, Condition
from monitor.worker import Worker
from tests.monitor.loud_model import LoudModel, bout, silence
from tests.talk import talk

TOPICS = Topics("nursery", "nest")
ZONE = ZoneInfo("Europe/London")
NIGHT = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)
QUIET = 0.001  # a room, full scale 1


class Time:
    """A monotonic clock that the source moves on."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now

    def reading(self, synchronised: bool = True) -> Reading:
        return Reading(self.now, NIGHT.timestamp() + self.now - 5000.0, synchronised)


@dataclass
class Script:
    """A source that plays pieces as fast as it is asked, moving the clock as if it were live."""

    time: Time
    stream: int = 1
    deaf: DeafReason | None = None
    finished: bool = False
    _given: int = 0
    _blocks: Iterator[Block] = field(default_factory=lambda: iter(()))

    def play(self, sound: Samples) -> None:
        self._blocks = self._cut(sound)
        self.finished = False

    def skip(self, samples: int) -> None:
        self._given += samples
        self.time.now += samples / RATE_HZ

    def gap(self) -> None:
        self.stream += 1
        self._given = 0

    def _cut(self, sound: Samples) -> Iterator[Block]:
        for at in range(0, len(sound), PACE):
            samples = sound[at : at + PACE]
            self._given += len(samples)
            self.time.now += len(samples) / RATE_HZ
            yield Block(samples, self._given - len(samples), self.time.now, self.stream)

    def read(self, timeout_s: float) -> Block | None:
        block = next(self._blocks, None)
        if block is None:
            self.finished = True
            self.time.now += timeout_s
        return block

    def condition(self) -> Condition:
        return Condition(self.deaf, "what to do" if self.deaf else None, "a script", RATE_HZ)

    def close(self) -> None:
        pass


class Post:
    """Keeps what is retained and what was live."""

    def __init__(self) -> None:
        self.retained: list[tuple[str, bytes]] = []
        self.lively: list[tuple[str, bytes]] = []

    def retain(self, topic: str, payload: bytes) -> None:
        self.retained.append((topic, payload))

    def live(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        self.lively.append((topic, payload))

    def states(self) -> list[StateMessage]:
        return [StateMessage.model_validate_json(p) for t, p in self.retained if t == TOPICS.state]


class House:
    """A listener with everything behind it, on a clock of our own."""

    def __init__(self, folder: Path, *, rule: CryRule | None = None, clips: bool = True) -> None:
        self.time = Time()
        self.source = Script(self.time)
        self.outbox = Outbox(folder / "outbox.db")
        self.worker = Worker()
        self.describer = Describer(folder / "numba")
        self.post = Post()
        self.synchronised = True
        self.wall = WallClock(self.time.reading())
        self.model = cast(CryModel, LoudModel(rule or CryRule()))
        messages = CryMessages("nest", self.model.label, self.wall)
        self.desk = CryDesk(
            TOPICS,
            messages,
            self.outbox,
            self.worker,
            self.describer,
            ClipSettings(keep=clips, seconds=6.0),
            ZONE,
            lambda: None,
        )
        self.ear = Ear(
            self.model, self.desk, remembered_sensitivity(self.outbox, "normal"), self.time
        )
        self.inbox = Inbox()
        self.remote = Remote(
            self.inbox,
            TOPICS,
            self.ear,
            self.model,
            self.outbox,
            self.worker,
            CryMessages("nest", self.model.label, self.wall, demo=True),
            "normal",
            say=self.post.live,
            told=lambda: None,
            clock=self.time,
        )
        self.listener = Listener(
            Box(TOPICS, ZONE),
            self.source,
            self.ear,
            self.desk,
            self.post,
            self.wall,
            remote=self.remote.turn,
            diary=Diary(TOPICS, self.ear, self.outbox, self.wall, lambda: None, clock=self.time),
            clocks=lambda: self.time.reading(self.synchronised),
            clock=self.time,
        )
        self.listener.start()

    def hear(self, *sound: Samples) -> None:
        rng = np.random.default_rng(0)
        whole = np.concatenate(sound)
        whole = whole + np.float32(QUIET) * rng.standard_normal(len(whole), dtype=np.float32)
        self.source.play(whole)
        while not self.source.finished:
            self.listener.turn()

    def close(self) -> None:
        self.worker.stop()
        self.describer.stop()
        self.outbox.close()

    def told(self) -> list[CryMessage]:
        return [
            CryMessage.model_validate_json(w.message.payload)
            for w in self.outbox.batch(1000)
            if w.message.topic == TOPICS.cry
        ]

    def steps(self) -> list[str]:
        return [m.type.value.removeprefix("cry_") for m in self.told()]

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(p) for t, p in self.post.lively if "/answer/" in t]

    def command(self, what: str, value: bool | float | str | None = None) -> None:
        self.inbox.put(what, Command(id="caller", value=value))


@pytest.fixture
def house(tmp_path: Path) -> Iterable[House]:
    made = House(tmp_path)
    yield made
    made.close()


def clips(house: House) -> list[bytes]:
    sent = [w.message for w in house.outbox.batch(100)]
    return [m.payload for m in sent if m.topic == TOPICS.clip(house.told()[-1].id)]


def test_a_cry_goes_to_the_outbox_step_by_step(house: House) -> None:
    house.hear(silence(3), bout(8), silence(18))
    told = house.told()
    assert house.steps() == ["started", "updated", "updated", "ended"]
    assert [m.seq for m in told] == [1, 2, 3, 4]
    assert len({m.id for m in told}) == 1
    assert len({m.onset for m in told}) == 1
    assert (told[0].onset - NIGHT).total_seconds() == pytest.approx(3.0, abs=0.2)
    assert (told[-1].offset - told[-1].onset).total_seconds() == pytest.approx(9.4, abs=0.4)
    assert sum(len(m.call_times) for m in told) == told[-1].calls == 8
    assert told[0].decided is not None
    assert told[0].decided < told[0].onset.replace() + (told[-1].offset - told[0].onset)
    assert house.outbox.open_cry() is None


def test_every_step_is_on_the_disk_with_the_open_cry_beside_it(house: House) -> None:
    house.hear(silence(1), bout(3))
    stored = house.outbox.open_cry()
    assert stored is not None
    assert CryMessage.model_validate_json(stored) == house.told()[-1]


def test_a_cry_that_a_killed_listener_left_open_is_ended_where_it_was_last_heard(
    tmp_path: Path,
) -> None:
    before = House(tmp_path)
    before.hear(silence(1), bout(3))
    last = before.told()[-1]
    before.close()
    after = House(tmp_path)
    try:
        end = after.told()[-1]
        assert after.steps()[-1] == "ended"
        assert (end.id, end.seq, end.onset, end.offset) == (
            last.id,
            last.seq + 1,
            last.onset,
            last.offset,
        )
        assert end.call_times == ()
        assert after.outbox.open_cry() is None
        assert after.post.states()[-1].cries_today == 1
    finally:
        after.close()


def test_an_open_cry_that_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.close_step([], b"\xff no message")
    outbox.close()
    after = House(tmp_path)
    assert after.told() == []
    assert after.outbox.open_cry() is None
    after.close()


def test_clips_are_not_sent_where_they_are_not_kept(tmp_path: Path) -> None:
    made = House(tmp_path, clips=False)
    made.hear(silence(1), bout(3), silence(18))
    assert [w.message.topic for w in made.outbox.batch(100)] == [TOPICS.cry] * len(made.told())
    assert not made.told()[-1].clip
    made.close()


def test_a_cry_ends_with_its_sound_and_what_it_was_like(house: House) -> None:
    house.hear(silence(1), bout(3, hertz=2500), silence(3.5))
    house.listener.stop(120)
    end = house.told()[-1]
    assert (end.clip, end.no_clip) == (True, None)
    assert clips(house)[0].startswith(b"fLaC")
    assert house.desk.speech_trouble == ""
    assert end.acoustics is not None
    assert end.acoustics.pitch_hz == pytest.approx(2500, rel=0.03)


def test_no_sound_is_kept_in_which_somebody_talks(house: House, tmp_path: Path) -> None:
    words = talk(tmp_path)
    cry = bout(3, hertz=2500)
    between = np.zeros_like(cry)
    first = RATE_HZ // 2  # after the first call
    between[first : first + len(words)] = words[: len(cry) - first]
    house.hear(silence(1), cry + between, silence(3.5))
    house.listener.stop(120)
    end = house.told()[-1]
    assert (end.type, end.clip, end.no_clip) == (CryStep.ENDED, False, NoClip.SPEECH)
    assert clips(house) == []


def test_no_sound_is_kept_that_could_not_be_checked_in_time_and_it_is_said(house: House) -> None:
    house.hear(silence(1), bout(3), silence(18))  # on the clock of the test no time has passed
    end = house.told()[-1]
    assert (end.type, end.clip, end.no_clip) == (CryStep.ENDED, False, NoClip.UNCHECKED)
    assert clips(house) == []
    assert "too long" in str(house.desk.speech_trouble)


def test_the_state_follows_and_names_the_open_cry(house: House) -> None:
    house.hear(silence(2), bout(4), silence(14))
    states = house.post.states()
    assert [(s.state.value, s.reason) for s in states][:1] == [("deaf", DeafReason.STARTING)]
    assert [s.state.value for s in states][1:] == ["listening", "crying", "listening"]
    crying = states[2]
    assert crying.cry == house.told()[0].id
    assert crying.last_cry == house.told()[0].onset
    assert [s.cries_today for s in states] == [0, 0, 1, 1]
    assert states[-1].cry is None


@pytest.mark.parametrize("reason", [r for r in DeafReason if r is not DeafReason.STARTING])
def test_deafness_is_told_at_once_with_its_reason_and_ends_the_cry(
    house: House, reason: DeafReason
) -> None:
    house.hear(silence(1), bout(3))
    house.source.deaf = reason
    for _ in range(140):  # 14 s, of which 2 s until sound is missed and 10 s for the description
        house.listener.turn()
    assert house.steps()[-1] == "ended"
    state = house.post.states()[-1]
    assert (state.state.value, state.reason, state.detail) == ("deaf", reason, "what to do")
    level = LevelMessage.model_validate_json(house.post.lively[-1][1])
    assert level.level_dbfs is None
    house.source.deaf = None
    house.source.gap()
    house.hear(silence(1), bout(3), silence(8))
    assert house.post.states()[-1].state.value == "listening"
    assert house.steps().count("started") == 2


def test_lost_sound_ends_the_cry_and_what_follows_is_another(house: House) -> None:
    house.hear(silence(1), bout(3))
    house.source.gap()
    house.hear(bout(3), silence(10))
    assert [s for s in house.steps() if s != "updated"] == ["started", "ended"] * 2
    first, second = (m for m in house.told() if m.type.value == "cry_started")
    assert second.onset > first.onset


def test_blocks_that_were_dropped_begin_another_stream(house: House) -> None:
    house.hear(silence(1), bout(3))
    house.source.skip(RATE_HZ * 30)
    house.hear(bout(3), silence(10))
    assert [s for s in house.steps() if s != "updated"] == ["started", "ended"] * 2
    first, second = (m for m in house.told() if m.type.value == "cry_started")
    assert (second.onset - first.onset).total_seconds() == pytest.approx(33.8, abs=0.5)


def event(step: CryStep, onset_s: float = 1.0) -> CryEvent:
    return CryEvent(step, 1, 3.0, onset_s, 2.5, 2, (), 0.9, 0.9, 0.0, Species.KITTEN)


def test_the_onset_stays_where_it_was_told() -> None:
    messages = CryMessages("nest", "loud-1", WallClock(Reading(0.0, 1e9, True)))
    start = messages.write(event(CryStep.STARTED), lambda s: 100.0 + s)
    end = messages.write(event(CryStep.ENDED), lambda s: 99.7 + s)
    assert end.onset == start.onset
    assert (end.offset - end.onset).total_seconds() == 1.5


def test_only_cries_of_an_unknown_time_are_put_right() -> None:
    messages = CryMessages("nest", "loud-1", WallClock(Reading(0.0, 1e9, True)))
    for step in (CryStep.STARTED, CryStep.ENDED):
        messages.write(event(step), lambda s: 100.0 + s)
    assert messages.put_right() == []


def test_a_level_comes_every_second(house: House) -> None:
    house.hear(silence(10))
    levels = [LevelMessage.model_validate_json(p) for t, p in house.post.lively]
    assert len(levels) == pytest.approx(10, abs=1)
    assert levels[-1].level_dbfs == pytest.approx(-60, abs=0.5)
    assert levels[-1].frame_age_s < 0.1


def test_cries_of_a_day_begin_anew_at_midnight_of_the_house_and_survive_a_restart() -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(UTC)

    tally = Tally()
    for text in ("2026-07-01T22:30+01:00", "2026-07-01T23:30+01:00", "2026-07-02T00:30+01:00"):
        tally = tally.with_cry(moment(text), ZONE)
    assert tally.on(moment("2026-07-02T12:00+01:00").date()) == 1
    assert tally.on(moment("2026-07-03T12:00+01:00").date()) == 0
    assert Tally.from_json(tally.to_json()) == tally
    for broken in (None, "", "[]", "{}", '{"day": 3, "cries": "x", "last": null}'):
        assert Tally.from_json(broken) == Tally()


def test_a_cry_that_is_taken_back_is_not_counted(tmp_path: Path) -> None:
    made = House(tmp_path, rule=CryRule(keep_score=0.99))
    made.hear(silence(1), bout(3), silence(10))
    assert made.steps()[-1] == "retracted"
    assert made.told()[-1].reason
    assert made.post.states()[-1].cries_today == 0
    assert Tally.from_json(made.outbox.recall(TALLY)) == Tally()
    made.close()


def test_times_told_before_the_clock_was_set_are_put_right_afterwards(house: House) -> None:
    house.wall.synchronised = house.synchronised = False
    house.hear(silence(1), bout(3), silence(12), bout(3))
    assert {m.clock.value for m in house.told()} == {"unsynchronised"}
    wrong = house.told()
    assert [s for s in house.steps() if s != "updated"] == ["started", "ended", "started"]
    house.time.reading = lambda synchronised=True: Reading(  # type: ignore[method-assign]
        house.time.now, NIGHT.timestamp() + 86_400 + house.time.now - 5000.0, synchronised
    )
    house.synchronised = True
    house.hear(bout(1), silence(12))
    put_right = [m for m in house.told()[len(wrong) :] if m.id == wrong[0].id]
    assert [m.type.value for m in put_right] == ["cry_ended"]
    assert put_right[0].seq == max(m.seq for m in wrong if m.id == wrong[0].id) + 1
    assert (put_right[0].onset - wrong[0].onset).total_seconds() == pytest.approx(86_400)
    assert put_right[0].offset - put_right[0].onset == (
        [m for m in wrong if m.id == wrong[0].id][-1].offset - wrong[0].onset
    )
    open_one = [m for m in house.told() if m.id == wrong[-1].id]
    assert (open_one[-1].onset - open_one[0].onset).total_seconds() == pytest.approx(86_400)
    assert open_one[-1].clock.value == "synchronised"


def test_since_when_it_is_deaf_is_put_right_when_the_clock_is_set(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.source.deaf = DeafReason.UNPLUGGED
    house.hear(silence(1))
    began = house.post.states()[-1].since
    clock, months = house.time.reading, timedelta(days=90)

    def set_right(synchronised: bool = True) -> Reading:
        told = clock(synchronised)
        return replace(told, wall=told.wall + months.total_seconds())

    monkeypatch.setattr(house.time, "reading", set_right)
    house.hear(silence(2))
    assert house.post.states()[-1].since == began + months


def test_a_microphone_may_be_away_for_weeks(house: House) -> None:
    house.hear(silence(2))
    house.source.deaf = DeafReason.UNPLUGGED
    house.time.now += 20 * 86_400
    house.listener.turn()
    (newest,) = [p for t, p in house.post.lively if t == TOPICS.level][-1:]
    assert json.loads(newest)["frame_age_s"] == 7 * 86_400


def test_mute_ends_the_cry_and_is_silent_until_it_is_taken_back(house: House) -> None:
    house.hear(silence(1), bout(3))
    house.command("mute", True)
    house.hear(bout(5), silence(8))
    assert house.steps()[-1] == "ended"
    assert house.post.states()[-1].state.value == "muted"
    count = len(house.told())
    house.hear(bout(5), silence(8))
    assert len(house.told()) == count
    house.command("mute", False)
    house.hear(silence(1), bout(3), silence(8))
    assert house.steps()[count:][0] == "started"
    assert [a["value"] for a in house.answers()] == [True, False]


def test_mute_for_minutes_ends_by_itself(house: House) -> None:
    house.command("mute", 2.0)
    house.hear(silence(60))
    assert house.post.states()[-1].state.value == "muted"
    house.hear(silence(70))
    assert house.post.states()[-1].state.value == "listening"


def test_sensitivity_is_set_answered_and_remembered_over_a_restart(tmp_path: Path) -> None:
    made = House(tmp_path)
    made.command("sensitivity", "high")
    made.hear(silence(1))
    assert made.answers()[-1] == {
        "schema": 1,
        "id": "caller",
        "ok": True,
        "message": "sensitivity is high now",
        "value": "high",
    }
    made.close()
    again = House(tmp_path)
    assert again.ear.sensitivity == "high"
    assert remembered_sensitivity(again.outbox, "low") == "low"  # the settings have been changed
    again.close()


@pytest.mark.parametrize(
    ("what", "value"),
    [("sensitivity", "very"), ("sensitivity", 3.0), ("mute", "yes"), ("mute", -1.0), ("fly", None)],
)
def test_a_command_that_cannot_be_is_answered_with_what_is_allowed(
    house: House, what: str, value: Any
) -> None:
    house.command(what, value)
    house.hear(silence(1))
    answer = house.answers()[-1]
    assert not answer["ok"]
    assert len(answer["message"]) > 10


def test_a_test_cry_goes_the_whole_way_and_is_marked_as_a_demo(house: House) -> None:
    house.command("test")
    for _ in range(100):
        house.hear(silence(0.5))
        if house.answers():
            break
        time.sleep(0.05)
    assert house.answers()[-1]["ok"]
    assert house.told()
    assert all(m.demo for m in house.told())
    assert house.post.states()[-1].cries_today == 0


def test_a_flood_of_commands_is_bounded() -> None:
    inbox = Inbox()
    for i in range(1000):
        inbox.put("test", Command(id=str(i)))
    taken = 0
    while inbox.take():
        taken += 1
    assert taken == 20
