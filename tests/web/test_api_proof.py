"""The proof by REST: what its page tells, as honest about what is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.web.api_calls import Api
from tests.web.test_proof import BEGAN, DAYS, HOUR, a_fortnight, cry, two_babies
from web.database import Database
from web.records import Box

V1 = "/api/v1"


@pytest.fixture
def api(records: Database) -> Api:
    found = Api(records)
    found.now = BEGAN + DAYS * timedelta(days=1)
    return found


def test_an_empty_house_has_proved_nothing(api: Api) -> None:
    told = api.json(f"{V1}/proof")
    assert (told["typical"]["headline"], told["typical"]["minutes"]) == ("Too few data", None)
    assert told["pairings"] == []
    assert told["feeds"]["due_share_before"] is None
    assert told["stopped"]["first_suggestion"]["low"] is None
    assert api.refused("GET", f"{V1}/companionships/1/proof")[0] == 404
    assert api.refused("GET", f"{V1}/animals/1/proof")[0] == 404


def test_a_change_comes_with_its_interval_and_what_it_rests_on(api: Api) -> None:
    pairing = a_fortnight(api.database, 0.3)
    (told,) = api.json(f"{V1}/proof")["pairings"]
    assert told["names"] == {"1": "Mia", "2": "Tom"}
    minutes = told["found"]["minutes"]
    assert 0.2 < minutes["change"]["low"] < minutes["change"]["ratio"] < minutes["change"]["high"]
    assert minutes["change"]["high"] < 0.5
    assert (minutes["too_few"], minutes["days_before"], minutes["hours_before"]) == (None, 6, 144)
    assert minutes["headline"].endswith("% less crying")
    assert minutes["words"].startswith("95 % sure: between")
    assert minutes["after"] == pytest.approx(minutes["expected"] * minutes["change"]["ratio"])
    assert (
        api.json(f"{V1}/companionships/{pairing}/proof")["found"]["calls"]
        == (told["found"]["calls"])
    )
    assert api.json(f"{V1}/animals/1/proof")["pairings"] == [told]
    typical = api.json(f"{V1}/proof")["typical"]
    assert (typical["pairs"], typical["minutes"]) == (1, None)  # one pair is no house


def test_company_that_has_just_begun_says_which_data_are_too_few(api: Api) -> None:
    two_babies(api.database)
    api.now = BEGAN + HOUR
    minutes = api.json(f"{V1}/proof")["pairings"][0]["found"]["minutes"]
    assert (minutes["change"], minutes["too_few"]) == (None, "days_before")
    assert minutes["headline"] == "Too few data"
    assert "3 are needed" in minutes["words"]


def test_what_stopped_the_cries_is_told_with_how_many_nobody_told_of(api: Api) -> None:
    with api.database.writing() as session:
        session.add(Box(id="one", created_at=BEGAN))
        for number, by in enumerate(["fed"] * 3 + ["company", None]):
            cry(session, number, "one", BEGAN + number * HOUR, stopped_by=by)
    told = api.json(f"{V1}/proof")["stopped"]
    assert (told["cries"], told["told"]) == (5, 4)
    assert [(one["stopped_by"], one["cries"]) for one in told["causes"]] == [
        ("fed", 3),
        ("company", 1),
    ]
