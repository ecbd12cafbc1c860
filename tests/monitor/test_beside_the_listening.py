"""What stands around the listening: the worker, the guard against hangs, the demo, bad models."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import soundfile as sf

from models.cry_model import CryModel, ModelError
from monitor import listening
from monitor.blocks import RATE_HZ, Samples
from monitor.demo_night import NIGHT, demo_night
from monitor.ear import Ear
from monitor.failure import Failure
from monitor.hearing import Hearing, load_model
from monitor.messages import CryStep
from monitor.settings import Settings
from monitor.sources import PACE, Played
from monitor.worker import JOBS, Worker
from tests.monitor.loud_model import LoudModel, silence


def test_work_is_done_in_order_and_a_failure_spoils_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker()
    jobs = [worker.submit(lambda: 1 // 0), worker.submit(lambda: 7)]
    for job in jobs:
        assert job is not None
        job.wait(5)
        assert job.done
    assert [job.result for job in jobs if job] == [None, 7]
    assert "failed" in caplog.text
    worker.stop()


def test_work_that_nobody_can_do_in_time_is_refused() -> None:
    worker, blocked = Worker(), threading.Event()
    began = worker.submit(blocked.wait)
    assert began is not None
    while worker.submit(lambda: None):
        pass
    assert worker.submit(lambda: None) is None
    blocked.set()
    began.wait(5)
    worker.stop()
    assert JOBS < 10


def test_portaudio_that_never_returns_ends_the_process_with_a_word() -> None:
    code = (
        "import time, monitor.microphone as m; m.HANG_S = 0.2\n"
        "with m._ended_if_it_hangs('usb_mic'): time.sleep(30)"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=25, check=False
    )
    assert done.returncode == 70
    assert time.monotonic() - began < 20
    assert "PortAudio hangs on microphone 'usb_mic'" in done.stderr


def test_a_model_that_does_not_load_is_never_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> CryModel:
        raise ModelError("cry.onnx: these are not the weights that the card names")

    monkeypatch.setattr(listening, "load_model", broken)
    settings = Settings(state_dir=tmp_path)
    source = Played([("nothing", [silence(1)])])
    with pytest.raises(Failure, match="not the weights") as told:
        listening.listen(settings, settings.box[0], source, threading.Event(), demo=False)
    assert told.value.exit_code == 2


def test_a_state_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(state_dir=tmp_path / "file")
    with pytest.raises(Failure, match="cannot be written"):
        listening.listen(
            settings, settings.box[0], Played([]), threading.Event(), demo=False
        )  # fmt: skip


def test_a_played_stream_comes_at_the_speed_at_which_it_sounds() -> None:
    now, slept = 100.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    played = Played(
        [("one", [silence(1.0), silence(0.5)]), ("two", [silence(0.1)])],
        clock=lambda: now,
        sleep=sleep,
    )
    blocks = []
    while (block := played.read(0.1)) is not None:
        blocks.append(block)
        assert block.captured == pytest.approx(now)
        assert max(slept) <= PACE / RATE_HZ + 1e-9
    assert played.finished
    assert now == pytest.approx(101.6)
    assert {block.stream for block in blocks} == {1, 2}
    first = [block for block in blocks if block.stream == 1]
    assert [block.first for block in first[1:]] == [block.end for block in first[:-1]]
    assert blocks[-1].end == RATE_HZ // 10


def test_a_recording_that_breaks_off_ends_there_and_the_next_is_played(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cut.flac"
    sf.write(path, np.random.default_rng(0).uniform(-1, 1, RATE_HZ * 10), RATE_HZ)
    path.write_bytes(path.read_bytes()[:100_000])
    assert sum(len(piece) for piece in listening.pieces_of(path)) > RATE_HZ
    assert "broken after" in caplog.text


class Desk:
    """As much of a desk as an ear needs."""

    memory_s = 1.0

    def __init__(self) -> None:
        self.events: list[Any] = []

    def take(self, event: Any, *_: Any) -> None:
        self.events.append(event)

    def turn(self, *_: Any) -> None:
        pass


def test_the_load_and_the_delay_of_the_scores_are_measured() -> None:
    ear = Ear(cast(CryModel, LoudModel()), cast(Any, Desk()), "normal")
    played = Played([("quiet", [silence(2.0)])], sleep=lambda _: None, clock=time.monotonic)
    while (block := played.read(0.1)) is not None:
        ear.hear(block)
    assert 0 < ear.load < 0.5
    assert ear.latency_s is not None
    assert ear.peaks.kitten == pytest.approx(0.02)


def night() -> Samples:
    """The night once: longer than its scenes are planned, since a bout ends with a call."""
    planned_s = sum(scene.cry_s + scene.quiet_s for scene in NIGHT)
    pieces = itertools.islice(demo_night(), round(planned_s * 2))
    return np.concatenate(list(pieces))


def test_the_demo_night_tells_its_story_to_the_real_model() -> None:
    hearing = Hearing(load_model())
    events = [*hearing.push(night()).events, *hearing.finish().events]
    cries = [event for event in events if event.step is CryStep.ENDED]
    assert 5 <= len(cries) <= 9
    assert {cry.species.value for cry in cries} >= {"kitten"}
    gaps = [b.onset_s - a.offset_s for a, b in itertools.pairwise(cries)]
    assert max(gaps) > 30  # together, they are quiet
    assert cries[-1].onset_s > 130  # and cry again when it is time to eat


def test_the_demo_night_is_the_same_each_time_and_never_ends() -> None:
    first, second = (list(itertools.islice(demo_night(), 40)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert sum(scene.cry_s + scene.quiet_s for scene in NIGHT) < 240
    assert max(np.abs(piece).max() for piece in first) < 1.0
