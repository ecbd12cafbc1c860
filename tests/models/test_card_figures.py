"""The model's README says what its card says, and figures are told with the weights they are of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.card import Card, read_card
from tests.bench.card import MARKED, filled, joined, told
from tests.bench.figures import Alarm, Bout, Result, only, with_intervals
from tests.bench.parts import MODELS
from tests.bench.streams import calls_in

CARD = read_card(MODELS / "card.json")
README = (MODELS / "README.md").read_text(encoding="utf-8")


def bout(recording: str, *, found: bool, snr_db: float = 10.0) -> Bout:
    return Bout(
        stream="7/cries_000.flac",
        onset_s=10.0,
        offset_s=16.0,
        recording=recording,
        species="kitten",
        label="kitten_distress",
        snr_db=snr_db,
        second_call_s=1.0,
        pieces=int(found),
        said="kitten" if found else None,
        delay_s=1.5 if found else float("nan"),
    )


def test_the_tables_of_the_readme_are_those_of_the_card() -> None:
    assert filled(README, CARD) == README, "run: python -m tests.bench.card"


def test_the_readme_has_a_place_for_every_part_of_the_card() -> None:
    places = {found[2] for found in MARKED.finditer(README)}
    assert {"headline", "seeds", "detail", "recordings", "model", "data"} <= places
    assert set(CARD.figures) - {"ear"} <= places


def test_what_was_not_measured_is_said_to_be_missing() -> None:
    assert "Not measured yet" in told("headline", replace(CARD, figures={}))


def test_figures_of_other_weights_are_left_out_or_told_as_such(tmp_path: Path) -> None:
    part = {"model": "cry-0 sha256:0", "words": "All is well."}
    (tmp_path / "speech.json").write_text(json.dumps(part))
    assert joined(CARD, tmp_path, keep_old=False) == {}
    kept = joined(CARD, tmp_path, keep_old=True)
    text = told("speech", replace(CARD, figures=kept))
    assert "Measured with cry-0" in text
    assert "All is well." in text


def test_a_card_keeps_its_lists_of_numbers_on_one_line_and_its_values() -> None:
    card = Card("cry-test", "", figures={"f1": [0.5, -1e-05, None], "words": ["a [b]  c", "d"]})
    text = card.to_json()
    assert "[0.5, -1e-05, null]" in " ".join(text.split())
    assert json.loads(text)["figures"] == card.figures


def test_an_interval_is_drawn_over_recordings_and_not_over_bouts() -> None:
    one_voice = [bout("a", found=True)] * 10 + [bout("b", found=False)] * 10
    many = [bout(f"r{i}", found=i % 2 == 0) for i in range(20)]
    wide = only("recall", Result(one_voice, [], frozenset(), 1.0))
    narrow = only("recall", Result(many, [], frozenset(), 1.0))
    assert wide == [0.5, 0.0, 1.0]
    assert narrow[0] == 0.5
    assert narrow[1] is not None
    assert narrow[1] > 0.2


def test_figures_count_what_was_found_missed_and_wrongly_told() -> None:
    bouts = [bout("a", found=True), bout("a", found=True, snr_db=0.0), bout("b", found=False)]
    alarms = [Alarm("7/quiet.flac", 3.0, 0.9, "bird", "robin")]
    found = with_intervals(Result(bouts, alarms, frozenset({"robin", "bell"}), 2.0))
    assert found["recall"][0] == pytest.approx(0.667)
    assert found["f1"][0] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1), abs=1e-3)
    assert found["false_alarms_an_hour"] == [0.5, 0.0, 1.0]
    assert found["recall_0dB"][0] == 1.0
    assert found["recall_10dB"][0] == 0.5
    assert found["announced_median_s"][0] == 1.5
    assert found["species_right_kitten"][0] == 1.0


def test_the_calls_of_a_bout_are_found_between_its_silences() -> None:
    samples = np.zeros(32_000, np.float32)
    samples[3_200:6_400] = 0.1
    samples[5_000] = 0.0  # a zero crossing is no gap
    samples[12_800:16_000] = -0.1
    assert calls_in(samples, 32_000) == [(0.1, 0.2), (0.4, 0.5)]
