"""What goes over the wire comes back the same, fits its frozen schema, and bad input is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from monitor.messages import (
    MAX_CALLS_A_MESSAGE,
    MAX_PAYLOAD_BYTES,
    SCHEMAS,
    Acoustics,
    AnimalCareMessage,
    AnimalCommand,
    AnimalTopics,
    Answer,
    Arousal,
    BoxState,
    Check,
    CheckStatus,
    ClockState,
    Command,
    Companion,
    CryMessage,
    CryStep,
    DeafReason,
    FeedState,
    HealthMessage,
    LearnedVersion,
    LearningMessage,
    LevelMessage,
    Message,
    MinuteMessage,
    Species,
    SpeciesScores,
    StateMessage,
    SuggestionItem,
    SuggestionMessage,
    Tolerance,
    Topics,
    utc_text,
)

SCHEMA_FILES = Path(__file__).parents[2] / "monitor" / "schemas"

# The cry event of ARCHITECTURE.md, word for word.
EXAMPLE = """
{"schema": 1, "id": "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11", "seq": 3, "type": "cry_ended",
 "box": "nest", "onset": "2026-11-22T02:14:07.310Z", "offset": "2026-11-22T02:14:31.900Z",
 "clock": "synchronised", "species": "kitten", "species_scores": {"kitten": 0.93, "puppy": 0.04},
 "score": 0.93, "calls": 14, "calls_per_minute": 34.1, "call_times": [[0.0, 0.41], [1.3, 0.52]],
 "arousal": "high", "acoustics": {"pitch_hz": 1240, "pitch_range_hz": 310, "call_s": 0.42,
 "tonality": 0.81, "level_dbfs": -31.2, "snr_db": 14.5}, "clip": true,
 "model": "cry-1 sha256:ab12", "demo": false}
"""

shares = st.floats(0, 1)
decibels = st.floats(-200, 100)
maybe_decibels = st.none() | decibels
words = st.text(max_size=50)
boxes = st.from_regex(r"[a-z0-9_-]{1,32}", fullmatch=True)
cry_ids = st.uuids(version=4).map(str)
# Milliseconds, since that is what the wire holds.
moments = st.integers(0, 7_258_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
acoustics = st.builds(
    Acoustics, pitch_hz=st.none() | st.floats(0, 24_000), snr_db=maybe_decibels, tonality=shares
)


@st.composite
def cries(draw: st.DrawFn) -> CryMessage:
    onset = draw(moments.filter(lambda moment: moment.year < 2199))
    seconds = st.floats(0, 7 * 86_400)
    return CryMessage(
        id=draw(cry_ids),
        seq=draw(st.integers(1, 1_000_000)),
        type=draw(st.sampled_from(CryStep)),
        box=draw(boxes),
        onset=onset,
        offset=onset + timedelta(milliseconds=draw(st.integers(0, 86_400_000))),
        clock=draw(st.sampled_from(ClockState)),
        species=draw(st.sampled_from(Species)),
        species_scores=SpeciesScores(kitten=draw(shares), puppy=draw(shares)),
        score=draw(shares),
        calls=draw(st.integers(0, 1_000_000)),
        calls_per_minute=draw(st.floats(0, 6000)),
        call_times=tuple(draw(st.lists(st.tuples(seconds, seconds), max_size=5))),
        arousal=draw(st.sampled_from(Arousal)),
        acoustics=draw(st.none() | acoustics),
        clip=draw(st.booleans()),
        model=draw(words),
        demo=draw(st.booleans()),
        reason=draw(st.none() | words),
    )


states = st.builds(
    StateMessage,
    box=boxes,
    state=st.sampled_from(BoxState),
    reason=st.none() | st.sampled_from(DeafReason),
    detail=st.none() | words,
    since=moments,
    cry=st.none() | cry_ids,
    last_cry=st.none() | moments,
    cries_today=st.integers(0, 10**9),
    device=st.none() | words,
    demo=st.booleans(),
)
levels = st.builds(
    LevelMessage,
    box=boxes,
    at=moments,
    level_dbfs=maybe_decibels,
    noise_dbfs=maybe_decibels,
    kitten=shares,
    puppy=shares,
    frame_age_s=st.floats(0, 86_400),
)
minutes = st.builds(
    MinuteMessage,
    box=boxes,
    run=st.from_regex(r"[0-9a-f]{8,32}", fullmatch=True),
    number=st.integers(1, 10**9),
    at=moments,
    clock=st.sampled_from(ClockState),
    length_s=st.floats(0.1, 3600),
    listened_s=st.floats(0, 3600),
    reason=st.none() | st.sampled_from(DeafReason),
    level_dbfs=maybe_decibels,
    score=shares,
    threshold=shares,
    sensitivity=st.sampled_from(["low", "normal", "high"]),
    near_calls=st.integers(0, 10**9),
    demo=st.booleans(),
)
checks = st.builds(
    Check,
    name=words,
    status=st.sampled_from(CheckStatus),
    message=words,
    advice=st.none() | words,
)
healths = st.builds(
    HealthMessage,
    box=boxes,
    at=moments,
    version=words,
    model=words,
    device=st.none() | words,
    rate_hz=st.none() | st.integers(1, 1_000_000),
    uptime_s=st.floats(0, 1e9),
    latency_s=st.none() | st.floats(0, 1e6),
    clock=st.sampled_from(ClockState),
    problem=st.booleans(),
    checks=st.lists(checks, max_size=3).map(tuple),
)
items = st.builds(
    SuggestionItem,
    code=words,
    rank=st.integers(1, 100),
    subjects=st.lists(words, max_size=3).map(tuple),
    reasons=st.lists(words, max_size=3).map(tuple),
    volume_ml=st.none() | st.dictionaries(words, st.none() | st.floats(0, 100), max_size=3),
    confidence=st.sampled_from(["high", "low"]),
    title=words,
)
suggestions = st.builds(
    SuggestionMessage,
    box=boxes,
    at=moments,
    cry=st.none() | cry_ids,
    who=st.lists(words, max_size=3).map(tuple),
    suggestions=st.lists(items, max_size=3).map(tuple),
)
ids = st.text(min_size=1, max_size=64)
values = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | words
commands = st.builds(Command, id=ids, value=values, cry=st.none() | cry_ids)
versions = st.builds(
    LearnedVersion,
    version=st.integers(1, 1_000_000),
    at=moments,
    text=words,
    right=st.integers(0, 400),
    not_a_cry=st.integers(0, 400),
)
learnings = st.builds(
    LearningMessage,
    box=boxes,
    at=moments,
    model=words,
    on=st.booleans(),
    version=st.integers(0, 1_000_000),
    tolerance=st.sampled_from(Tolerance),
    right=st.integers(0, 400),
    not_a_cry=st.integers(0, 400),
    text=words,
    versions=st.lists(versions, max_size=3).map(tuple),
)
answers = st.builds(Answer, id=ids, ok=st.booleans(), message=words, value=values)

animal_ids = st.integers(1, 999_999_999).map(str)
cares = st.builds(
    AnimalCareMessage,
    animal=animal_ids,
    name=words,
    species=st.sampled_from(["kitten", "puppy"]),
    at=moments,
    box=st.none() | boxes,
    feed=st.sampled_from(FeedState),
    overdue=st.none() | st.booleans(),
    last_fed=st.none() | moments,
    last_feed=st.none() | st.sampled_from(["full", "short", "refused"]),
    next_due=st.none() | moments,
    weight_g=st.none() | st.floats(0, 8000),
    gain_24h_g=st.none() | st.floats(-1000, 1000),
    company=st.lists(st.builds(Companion, id=animal_ids, name=words), max_size=3).map(tuple),
    suggestion=st.none() | items,
)
animal_commands = st.builds(
    AnimalCommand,
    id=ids,
    at=st.none() | moments,
    by=st.none() | words,
    ml=st.none() | st.floats(0, 50),
    came=st.none() | st.sampled_from(["urine", "stool", "both", "nothing"]),
)

ALL: dict[str, st.SearchStrategy[Any]] = {
    "cry": cries(),
    "state": states,
    "level": levels,
    "minute": minutes,
    "health": healths,
    "suggestion": suggestions,
    "learning": learnings,
    "set": commands,
    "answer": answers,
    "animal_care": cares,
    "animal_set": animal_commands,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_message_comes_back_the_same_and_fits_its_frozen_schema(name: str) -> None:
    validator = Draft202012Validator(json.loads((SCHEMA_FILES / f"{name}.json").read_text()))

    @settings(max_examples=60, deadline=None)
    @given(ALL[name])
    def holds(message: Message) -> None:
        payload = message.payload()
        assert type(message).model_validate_json(payload) == message
        validator.validate(json.loads(payload))

    holds()


def test_the_example_of_the_architecture_is_read_and_written_again_with_every_key() -> None:
    written = json.loads(CryMessage.model_validate_json(EXAMPLE).payload())
    given = json.loads(EXAMPLE)
    sound = given.pop("acoustics")
    assert sound.items() <= written["acoustics"].items()
    assert {key: written[key] for key in given} == given


def test_a_reader_ignores_keys_that_it_does_not_know() -> None:
    given = {**json.loads(EXAMPLE), "mood": "hungry"}
    assert CryMessage.model_validate(given) == CryMessage.model_validate_json(EXAMPLE)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 2),
        ("id", "../../etc/passwd"),
        ("id", "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11\n"),
        ("seq", 0),
        ("type", "cry_paused"),
        ("box", "Nest"),
        ("box", "a/b"),
        ("box", "x" * 33),
        ("onset", "2026-11-22T02:14:07.310"),
        ("onset", "yesterday"),
        ("onset", "0001-01-01T00:00:00+14:00"),
        ("offset", "2026-11-22T02:14:07.309Z"),
        ("offset", "9999-12-31T23:59:59-14:00"),
        ("score", 1.01),
        ("score", None),
        ("calls", -1),
        ("call_times", [[0.0, 0.1]] * (MAX_CALLS_A_MESSAGE + 1)),
        ("call_times", [[-0.1, 0.1]]),
        ("species", "hamster"),
        ("model", "m" * 201),
    ],
)
def test_what_breaks_the_contract_is_refused(key: str, value: object) -> None:
    given = {**json.loads(EXAMPLE), key: value}
    with pytest.raises(ValidationError):
        CryMessage.model_validate_json(json.dumps(given))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        CryMessage.model_validate_json(EXAMPLE.replace("34.1", number))


def test_the_longest_cry_message_fits_the_limit() -> None:
    calls = ((123456.78901234567, 0.12345678901234568),) * MAX_CALLS_A_MESSAGE
    example = CryMessage.model_validate_json(EXAMPLE)
    longest = example.model_copy(update={"call_times": calls, "model": "m" * 200})
    assert len(longest.payload()) <= MAX_PAYLOAD_BYTES


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    there = datetime(2026, 11, 22, 3, 14, 7, 310999, tzinfo=timezone(timedelta(hours=1)))
    assert utc_text(there) == "2026-11-22T02:14:07.310Z"


def test_topics_are_those_of_the_architecture() -> None:
    topics = Topics("nursery", "nest")
    assert topics.cry == "nursery/nest/cry"
    assert topics.clip("7") == "nursery/nest/clip/7"
    assert topics.state == "nursery/nest/state"
    assert topics.level == "nursery/nest/level"
    assert topics.minute == "nursery/nest/minute"
    assert topics.health == "nursery/nest/health"
    assert topics.availability == "nursery/nest/availability"
    assert topics.suggestion == "nursery/nest/suggestion"
    assert topics.command("mute") == "nursery/nest/set/mute"
    assert topics.answer("mute") == "nursery/nest/answer/mute"


def test_no_box_is_called_as_the_topics_of_animals_are() -> None:
    with pytest.raises(ValidationError, match="no name for a box"):
        StateMessage.model_validate(
            {"box": "animal", "state": "listening", "since": "2026-11-22T02:14:07Z"}
        )
    assert AnimalTopics("nursery", "7").care == "nursery/animal/7/care"
