"""Checks say what is wrong and what to do; what is not known is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import health
from monitor.health import Facts, checks, health_message, is_problem
from monitor.messages import Check, CheckStatus, ClockState, DeafReason, HealthMessage
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import BrokerStatus, Connection
from monitor.vitals import LATELY_S, TELL_S, Hearing, Vitals, disk_free_mb, memory_mb

NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
WELL = Facts(
    model="cry-1 sha256:ab12",
    deaf=None,
    deaf_detail=None,
    device="USB Audio",
    rate_hz=48_000,
    overflows=0,
    dropped_blocks=0,
    lost_lately=0,
    load=0.1,
    latency_s=0.2,
    broker="",
    outbox_depth=0,
    outbox_age_s=None,
    outbox_trouble=None,
    lost_messages=0,
    clock=ClockState.SYNCHRONISED,
    disk_free_mb=50_000,
    memory_mb=150,
    uptime_s=10,
    speech="",
)
OK, WARNING, FAILED, UNKNOWN = (
    CheckStatus.OK,
    CheckStatus.WARNING,
    CheckStatus.FAILED,
    CheckStatus.UNKNOWN,
)


def test_all_is_well_when_all_is_known_and_well() -> None:
    assert {check.status for check in checks(WELL)} == {OK}
    assert not is_problem(checks(WELL))


@pytest.mark.parametrize(
    ("name", "changed", "status"),
    [
        ("speech", {"speech": "the weights are missing"}, WARNING),
        ("speech", {"speech": None}, UNKNOWN),
        ("microphone", {"deaf": DeafReason.UNPLUGGED}, FAILED),
        ("microphone", {"deaf": DeafReason.STARTING}, UNKNOWN),
        ("sound", {"lost_lately": 1}, WARNING),
        ("model", {"model": None}, FAILED),
        ("speed", {"load": 0.7}, WARNING),
        ("speed", {"load": 1.2}, FAILED),
        ("speed", {"latency_s": 2.0}, WARNING),
        ("speed", {"latency_s": 9.0}, FAILED),
        ("speed", {"load": None}, UNKNOWN),
        ("speed", {"latency_s": None}, UNKNOWN),
        ("broker", {"broker": "broker x refuses us"}, FAILED),
        ("broker", {"broker": None}, UNKNOWN),
        ("outbox", {"outbox_age_s": 1.0, "outbox_depth": 1}, OK),
        ("outbox", {"outbox_age_s": 60.0, "outbox_depth": 1}, WARNING),
        ("outbox", {"outbox_age_s": 600.0, "outbox_depth": 9}, FAILED),
        ("outbox", {"outbox_trouble": "disk full"}, FAILED),
        ("outbox", {"lost_messages": 1}, FAILED),
        ("clock", {"clock": ClockState.UNSYNCHRONISED}, WARNING),
        ("disk", {"disk_free_mb": 500}, WARNING),
        ("disk", {"disk_free_mb": 50}, FAILED),
        ("disk", {"disk_free_mb": None}, UNKNOWN),
        ("memory", {"memory_mb": 900}, WARNING),
        ("memory", {"memory_mb": None}, UNKNOWN),
    ],
)
def test_one_thing_wrong_shows_in_its_check_and_in_no_other(
    name: str, changed: dict[str, object], status: CheckStatus
) -> None:
    found = {check.name: check for check in checks(replace(WELL, **changed))}  # type: ignore[arg-type]
    assert found.pop(name).status is status
    assert {check.status for check in found.values()} == {OK}
    assert is_problem(checks(replace(WELL, **changed))) is (status is FAILED)  # type: ignore[arg-type]


def test_the_clock_that_nobody_looked_at_is_unknown() -> None:
    assert health.clock(None).status is UNKNOWN


def test_a_deaf_microphone_is_named_with_what_to_do() -> None:
    check = health.microphone(DeafReason.UNPLUGGED, "Is its cable in?", "USB Audio")
    assert check == Check(
        name="microphone",
        status=FAILED,
        message="USB Audio: unplugged",
        advice="Is its cable in?",
    )


@given(st.text(), st.none() | st.text())
def test_words_of_any_length_fit_the_message(device: str, trouble: str | None) -> None:
    facts = replace(WELL, deaf=DeafReason.FROZEN, deaf_detail=device, broker=trouble)
    facts = replace(facts, device=device * 20)
    message = health_message("nest", NOW, "0.1.0", facts, demo=False)
    assert HealthMessage.model_validate_json(message.payload()) == message


def test_the_message_carries_the_facts() -> None:
    message = health_message("nest", NOW, "0.1.0", replace(WELL, outbox_depth=3), demo=True)
    assert (message.box, message.at, message.version) == ("nest", NOW, "0.1.0")
    assert (message.model, message.device, message.rate_hz) == (
        "cry-1 sha256:ab12",
        "USB Audio",
        48_000,
    )
    assert (message.outbox_depth, message.demo, message.problem) == (3, True, False)
    assert len(message.checks) == 10


HEARS = Hearing(
    deaf=None,
    deaf_detail=None,
    device="USB Audio",
    rate_hz=48_000,
    overflows=0,
    dropped_blocks=0,
    load=0.1,
    latency_s=0.2,
)


class Patient:
    """Vitals with a clock to be turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.outbox = Outbox(folder / "outbox.db")
        self.broker = BrokerStatus(Connection.CONNECTED)
        self.vitals = Vitals(
            box="nest",
            version="0.1.0",
            model="cry-1",
            state_dir=folder,
            outbox=self.outbox,
            broker=lambda: self.broker,
            clock=lambda: self.now,
        )

    def message(self, hearing: Hearing = HEARS) -> HealthMessage | None:
        payload = self.vitals.payload(hearing, NOW, ClockState.SYNCHRONISED)
        return None if payload is None else HealthMessage.model_validate_json(payload)

    def status(self, name: str, hearing: Hearing = HEARS) -> CheckStatus | None:
        message = self.message(hearing)
        return next((c.status for c in message.checks if c.name == name), None) if message else None


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    made = Patient(tmp_path)
    yield made
    made.outbox.close()


def test_health_is_told_at_once_then_each_minute(patient: Patient) -> None:
    assert patient.message() is not None
    patient.now += TELL_S - 1
    assert patient.message() is None
    patient.now += 1
    told = patient.message()
    assert told is not None
    assert told.uptime_s == TELL_S


def test_a_change_is_told_at_once_and_once(patient: Patient) -> None:
    patient.message()
    deaf = replace(HEARS, deaf=DeafReason.UNPLUGGED)
    patient.now += 1
    told = patient.message(deaf)
    assert told is not None
    assert told.problem
    patient.now += 1
    assert patient.message(deaf) is None
    patient.now += 1
    told = patient.message()
    assert told is not None
    assert not told.problem


def test_lost_sound_is_a_warning_for_some_minutes(patient: Patient) -> None:
    patient.message()
    lost = replace(HEARS, overflows=2)
    assert patient.status("sound", lost) is WARNING
    patient.now += LATELY_S + 1
    assert patient.status("sound", lost) is OK
    assert patient.status("sound", replace(lost, dropped_blocks=1)) is WARNING


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (BrokerStatus(Connection.CONNECTING), UNKNOWN),
        (BrokerStatus(Connection.CONNECTED), OK),
        (BrokerStatus(Connection.CONNECTED, "the broker refuses nursery/nest/cry"), FAILED),
        (BrokerStatus(Connection.UNREACHABLE, "no route"), FAILED),
        (BrokerStatus(Connection.REFUSED, "wrong password"), FAILED),
    ],
)
def test_the_broker_is_judged_by_what_the_publisher_found(
    patient: Patient, status: BrokerStatus, expected: CheckStatus
) -> None:
    patient.broker = status
    assert patient.status("broker") is expected


def test_what_waits_in_the_outbox_is_counted(patient: Patient) -> None:
    patient.outbox.close_step([Outgoing("nursery/nest/cry", b"{}")], None)
    told = patient.message()
    assert told is not None
    assert told.outbox_depth == 1


def test_disk_and_memory_are_really_measured(tmp_path: Path) -> None:
    free = disk_free_mb(tmp_path)
    assert free is not None
    assert free > 0
    assert disk_free_mb(tmp_path / "gone") is None
    used = memory_mb()
    assert used is not None
    assert 5 < used < 10_000
