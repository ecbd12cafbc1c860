"""What the dashboard says when the broker does not want it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.mosquitto import Mosquitto
from web.mqtt import Connection

TRIES = 3
WAIT_S = 20.0


def test_a_wrong_password_is_told_once_and_not_at_each_try(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = replace(mosquitto.broker("dashboard"), password="guessed wrong")
    connection = Connection(wrong, "nursery", "refused")
    connection.start()
    try:
        end = time.monotonic() + WAIT_S
        while mosquitto.log().count("not authorised") < TRIES:
            assert time.monotonic() < end, mosquitto.log()
            time.sleep(0.05)
    finally:
        connection.stop()
    told = [record.getMessage() for record in caplog.records if record.name == "web.mqtt"]
    assert len(told) == 1
    assert "refuses us" in told[0]
    assert "guessed wrong" not in told[0]
