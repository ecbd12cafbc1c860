"""The supervisor: the restart policy with a made-up clock, and real programs that misbehave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.supervisor import (
    FIRST_WAIT_S,
    GRACE_S,
    HEALTHY_S,
    LAST_GRACE_S,
    MOST_WAIT_S,
    WATCHDOG_S,
    Program,
    Supervisor,
    Watch,
)
from tests.processes import lives

PATIENCE_S = 10.0


# --- the policy ---


def ends_after(watch: Watch, now: float, runs_s: list[float]) -> tuple[list[float], float]:
    """Let it end again and again after runs of these lengths; returns the waits and the time."""
    waits = []
    for run_s in runs_s:
        assert watch.is_due(now)
        watch.started(now)
        assert not watch.is_due(now + run_s)
        now += run_s
        waits.append(watch.ended(now))
        assert not watch.is_due(now)
        now += waits[-1]
    return waits, now


def test_the_waits_double_up_to_half_a_minute() -> None:
    waits, _ = ends_after(Watch(), 0.0, [0.1] * 8)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_minute_makes_the_next_wait_short_again() -> None:
    waits, _ = ends_after(Watch(), 5.0, [0.1, 0.1, 0.1, HEALTHY_S, 0.1, HEALTHY_S - 0.1])
    assert waits == [1, 2, 4, 1, 2, 4]


@given(st.lists(st.floats(min_value=0.0, max_value=1e6), max_size=200), st.floats(0.0, 1e6))
def test_it_is_started_again_for_ever_and_never_later_than_half_a_minute(
    runs_s: list[float], begin: float
) -> None:
    waits, now = ends_after(Watch(), begin, runs_s)
    assert all(FIRST_WAIT_S <= wait <= MOST_WAIT_S for wait in waits)
    assert now <= begin + sum(runs_s) + MOST_WAIT_S * len(runs_s) + 1e-3


@given(st.lists(st.floats(min_value=0.01, max_value=WATCHDOG_S), max_size=50))
def test_who_feeds_the_watchdog_in_time_never_hangs(gaps_s: list[float]) -> None:
    watch, now = Watch(), 0.0
    watch.started(now)
    for gap_s in gaps_s:
        now += gap_s
        assert not watch.hangs(now - 1e-6)  # times are sums of floats
        watch.fed(now)


def test_who_stops_feeding_the_watchdog_hangs_and_who_never_fed_it_does_not() -> None:
    watch = Watch()
    watch.started(0.0)
    assert not watch.hangs(1e6)
    watch.fed(10.0)
    assert not watch.hangs(10.0 + WATCHDOG_S)
    assert watch.hangs(10.1 + WATCHDOG_S)
    watch.ended(50.0)
    assert not watch.hangs(1e6)


# --- real programs ---


class House:
    """A supervisor of small programs, and the lines they wrote."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.supervisor: Supervisor | None = None

    def start(self, *programs: Program) -> None:
        self.supervisor = Supervisor(programs, lambda line: self.lines.append(line.decode()))

    def until(self, condition: Callable[[], bool]) -> None:
        assert self.supervisor
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.lines)
            self.supervisor.turn(timeout_s=0.05)

    def stop(self) -> float:
        """Returns how long it took, in seconds."""
        begin = time.monotonic()
        if self.supervisor:
            self.supervisor.stop()
        self.supervisor = None
        return time.monotonic() - begin


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Foundations are hardly waited for: those of these tests never say that they are ready."""
    monkeypatch.setattr("monitor.supervisor.FOUNDATION_S", 0.2)


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def shell(code: str) -> tuple[str, ...]:
    return "sh", "-c", code


def gone(pid: int) -> bool:
    """Whether a process ends soon."""
    deadline = time.monotonic() + PATIENCE_S
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


def test_what_ends_is_started_again_and_its_lines_bear_its_name(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.start(Program("short", shell("echo here; exit 3")), Program("x", shell("exec sleep 60")))
    house.until(lambda: house.lines.count("short | here") == 2)
    assert "short ended with code 3; starting it again in 1 s" in caplog.text


def test_what_is_killed_is_started_again_with_the_signal_named(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.start(Program("x", shell("echo $$; exec sleep 60")))
    house.until(lambda: bool(house.lines))
    os.kill(int(house.lines[0].split("| ")[1]), signal.SIGKILL)
    house.until(lambda: len(house.lines) == 2)
    assert "x was ended by SIGKILL; starting it again in 1 s" in caplog.text


def test_work_that_is_done_is_not_begun_again_but_work_that_failed_is(house: House) -> None:
    house.start(
        Program("done", shell("echo done; exit 0"), once=True),
        Program("failed", shell("echo failed; exit 1"), once=True),
    )
    house.until(lambda: house.lines.count("failed | failed") == 2)
    assert house.lines.count("done   | done") == 1


def test_a_program_that_is_missing_is_tried_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.start(Program("x", ("/nowhere/at/all",)))
    house.until(lambda: "starting it again in 2 s" in caplog.text)


def test_the_others_start_once_their_foundation_is_ready(house: House) -> None:
    # far sooner than FOUNDATION_S
    ready = python(
        "import time; from monitor.notify import *; time.sleep(0.3); print('up', flush=True);"
        "notify(READY); time.sleep(60)"
    )
    house.start(
        Program("web", shell("echo web; exec sleep 60")), Program("base", ready, foundation=True)
    )
    house.until(lambda: len(house.lines) == 2)
    assert house.lines == ["base | up", "web  | web"]


def test_a_foundation_that_says_nothing_is_not_waited_for_for_ever(
    house: House, impatient: None
) -> None:
    house.start(
        Program("base", shell("exec sleep 60"), foundation=True),
        Program("web", shell("echo web; exec sleep 60")),
    )
    house.until(lambda: house.lines == ["web  | web"])


def test_what_feeds_the_watchdog_no_more_is_ended_and_started_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("monitor.supervisor.WATCHDOG_S", 0.3)
    feeds = "from monitor.notify import *; import time; print('feeds', flush=True);"
    house.start(Program("x", python(feeds + "notify(WATCHDOG); time.sleep(60)")))
    house.until(lambda: len(house.lines) == 2)
    assert "x has hung" in caplog.text


def test_a_listener_that_hangs_in_its_beginning_is_ended_and_started_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("monitor.supervisor.START_S", 0.3)
    hung = Program("listen nest", shell("echo began; exec sleep 60"), watched=True)
    house.start(hung, Program("web", shell("echo web; exec sleep 60")))
    house.until(lambda: sum("began" in line for line in house.lines) == 2)
    assert caplog.text.count("does not begin") == 1
    assert sum("| web" in line for line in house.lines) == 1


def test_all_end_within_three_seconds_even_one_that_will_not(house: House, impatient: None) -> None:
    house.start(
        Program("base", shell("echo $$; exec sleep 60"), foundation=True),
        Program("stubborn", shell("trap '' TERM; echo $$; while :; do sleep 1; done")),
        Program("web", shell("echo $$; exec sleep 60")),
    )
    house.until(lambda: len(house.lines) == 3)
    pids = [int(line.split("| ")[1]) for line in house.lines]
    assert house.stop() < GRACE_S + LAST_GRACE_S < 3.0
    assert not any(lives(pid) for pid in pids)


def test_the_foundation_ends_last(house: House, impatient: None) -> None:
    says_goodbye = "trap 'sleep 0.{}; echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    house.start(
        Program("base", shell(says_goodbye.format(0)), foundation=True),
        Program("web", shell(says_goodbye.format(3))),
    )
    house.until(lambda: len(house.lines) == 2)
    assert house.stop() < 1.0
    assert house.lines[2:] == ["web  | bye", "base | bye"]


def test_helpers_end_with_their_program(house: House) -> None:
    house.start(Program("x", shell("sleep 60 & echo $!; sleep 0.2")))
    house.until(lambda: bool(house.lines))
    helper = int(house.lines[0].split("| ")[1])
    house.until(lambda: len(house.lines) == 2)
    assert gone(helper)


def test_a_line_without_end_is_broken_and_what_closes_its_output_runs_on(house: House) -> None:
    endless = (
        "import os, time; os.write(1, b'a' * 100_000); os.close(1); os.close(2); time.sleep(60)"
    )
    house.start(Program("x", python(endless)))
    house.until(lambda: sum(line.count("a") for line in house.lines) >= 90_000)
    begin, turns = time.monotonic(), 0
    while time.monotonic() < begin + 0.5:
        assert house.supervisor
        house.supervisor.turn(timeout_s=0.1)
        turns += 1
    assert turns < 20  # it sleeps, and does not spin on the closed pipe


def test_one_that_floods_the_log_does_not_keep_the_others_from_being_started_again(
    house: House,
) -> None:
    house.start(Program("flood", ("yes",)), Program("x", shell("echo here; exit 1")))
    house.until(lambda: house.lines.count("x     | here") == 2)


def test_nothing_is_left_when_the_supervisor_is_killed() -> None:
    code = (
        "from monitor.supervisor import *\n"
        "s = Supervisor([Program('x', ('sh', '-c', 'echo $$; exec sleep 60'))],\n"
        "    lambda line: print(line.decode(), flush=True))\n"
        "while True: s.turn()"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        child = int(supervisor.stdout.readline().split("| ")[1])
        assert lives(child)
        supervisor.kill()
    assert gone(child)
