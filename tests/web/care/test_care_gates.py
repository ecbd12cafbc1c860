"""Each gate of company: what it lets through, what it stops, and what it would like to know."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.care.care_cases import (
    a_case,
    advice,
    an_animal,
    card,
    codes,
    flagged,
    kitten,
    reasons,
)
from web.care.company import companions_of
from web.care.gates import GATES_OF, Level, Verdict
from web.care.scenario import Animal, Scenario

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
LEVELS: dict[Level, dict[str, Any]] = {
    Level.LITTER: {"species": "kitten", "litter_id": "spring"},
    Level.SPECIES: {"species": "kitten", "litter_id": None},
    Level.CROSS: {"species": "puppy", "litter_id": "spring"},
}
PAIR_CODES = {
    Level.LITTER: "PAIR_SAME_LITTER",
    Level.SPECIES: "PAIR_SAME_SPECIES",
    Level.CROSS: "PAIR_CROSS_SPECIES",
}
ANY = list(Level)
STRANGERS = [Level.SPECIES, Level.CROSS]


def mia(**changes: Any) -> Animal:
    """The lonely one."""
    return kitten("mia", **({"litter_id": "spring"} | changes))


def tom(level: Level, **changes: Any) -> Animal:
    """The possible companion."""
    return an_animal("tom", **({"in_box": False} | LEVELS[level] | changes))


def one_ruling(scenario: Scenario, gate: str) -> tuple[Verdict, tuple[str, ...]]:
    """What one gate says of mia and tom."""
    (pairing,) = companions_of(scenario, "mia")
    (ruling,) = [ruling for ruling in pairing.rulings if ruling.gate == gate]
    return ruling.verdict, ruling.unknown


def expect(scenario: Scenario, level: Level, verdict: Verdict) -> None:
    """The advice follows the verdict: pair, ask, or neither."""
    (pairing,) = companions_of(scenario, "mia")
    assert pairing.verdict is verdict
    said = codes(scenario)
    assert (PAIR_CODES[level] in said) is (verdict is PASSED)
    assert ("CHECK_COMPANION" in said) is (verdict is UNKNOWN)


@pytest.mark.parametrize("level", ANY)
def test_with_everything_on_record_the_two_may_meet(level: Level) -> None:
    scenario = a_case(mia(), tom(level))
    expect(scenario, level, PASSED)
    assert card(scenario, PAIR_CODES[level]).partner == "tom"
    assert card(scenario, PAIR_CODES[level]).subjects == ("mia",)


# gate, levels, change to one of the two, verdict, missing fact
ONE_SIDED: list[tuple[str, list[Level], dict[str, Any], Verdict, str | None]] = [
    ("keep_apart", ANY, {"keep_apart": True}, FAILED, None),
    ("suckles_others", ANY, {"suckles_others": True}, FAILED, None),
    ("health", ANY, {"health": "ill"}, FAILED, None),
    ("health", ANY, {"health": "suspect"}, FAILED, None),
    ("health", ANY, {"stool_score": 6}, FAILED, None),
    ("health", ANY, {"stool_score": 5}, PASSED, None),
    ("health", ANY, {"red_flags": flagged("limp")}, FAILED, None),
    ("health", ANY, {"health": None}, UNKNOWN, "health"),
    ("urgent", ANY, {"red_flags": flagged("limp")}, FAILED, None),
    ("urgent", ANY, {"weight_change_pct": -11}, FAILED, None),
    ("warmth", ANY, {"body_feel": "cool"}, FAILED, None),
    ("warmth", ANY, {"body_feel": "hot"}, FAILED, None),
    ("warmth", ANY, {"body_temp_c": None}, UNKNOWN, "warmth"),
    ("fed", STRANGERS, {"min_since_fed": 200}, FAILED, None),
    ("fed", STRANGERS, {"min_since_fed": 144}, FAILED, None),
    ("fed", STRANGERS, {"min_since_fed": 90, "last_feed": "short"}, FAILED, None),
    ("fed", STRANGERS, {"min_since_fed": 60, "hungry_signs": True}, FAILED, None),
    ("fed", STRANGERS, {"min_since_fed": None, "hungry_signs": True}, FAILED, None),
    ("fed", STRANGERS, {"min_since_fed": None}, UNKNOWN, "fed"),
    ("quarantine", STRANGERS, {"days_in_care": 13}, FAILED, None),
    ("quarantine", STRANGERS, {"days_in_care": 14}, PASSED, None),
    ("quarantine", STRANGERS, {"days_in_care": None}, UNKNOWN, "days_in_care"),
    ("exposed", STRANGERS, {"exposed": True}, FAILED, None),
    ("exposed", STRANGERS, {"exposed": None}, UNKNOWN, "exposed"),
    ("parasites", STRANGERS, {"parasites": "present"}, FAILED, None),
    ("parasites", STRANGERS, {"parasites": "treated"}, PASSED, None),
    ("parasites", STRANGERS, {"parasites": None}, UNKNOWN, "parasites"),
    ("age_difference", STRANGERS, {"age_days": None}, UNKNOWN, "age_days"),
    ("weight_ratio", STRANGERS, {"weight_g": 401}, FAILED, None),
    ("weight_ratio", STRANGERS, {"weight_g": 400}, PASSED, None),
    ("weight_ratio", STRANGERS, {"weight_g": 99.9, "min_since_fed": 0}, FAILED, None),
    ("weight_ratio", STRANGERS, {"weight_g": 100, "min_since_fed": 0}, PASSED, None),
    ("weight_ratio", STRANGERS, {"weight_g": None}, UNKNOWN, "weight_g"),
    ("age_limit", [Level.CROSS], {"age_days": None}, UNKNOWN, "age_days"),
    ("cross_ok", [Level.CROSS], {"cross_ok": False}, FAILED, None),
    ("cross_ok", [Level.CROSS], {"cross_ok": None}, UNKNOWN, "cross_ok"),
    ("temperament", [Level.CROSS], {"temperament": "rough"}, PASSED, None),
    ("temperament", [Level.CROSS], {"temperament": None}, PASSED, None),
    ("vaccinated", [Level.CROSS], {"vaccinated": False}, PASSED, None),
    ("vaccinated", [Level.CROSS], {"vaccinated": None}, PASSED, None),
]


AT_ITS_LEVELS = [
    (gate, level, change, verdict, missing)
    for gate, levels, change, verdict, missing in ONE_SIDED
    for level in levels
]
AT_OTHER_LEVELS = [
    (level, change)
    for gate, levels, change, _, _ in ONE_SIDED
    for level in ANY
    if level not in levels and gate not in {"exposed", "age_limit"}  # judged by other gates there
]


@pytest.mark.parametrize(("gate", "level", "change", "verdict", "missing"), AT_ITS_LEVELS)
def test_a_gate_judges_the_companion(
    gate: str, level: Level, change: dict[str, Any], verdict: Verdict, missing: str | None
) -> None:
    scenario = a_case(mia(), tom(level, **change))
    assert one_ruling(scenario, gate) == (verdict, (f"tom.{missing}",) if missing else ())
    expect(scenario, level, verdict)
    if missing:
        assert f"tom.{missing}" in card(scenario, "CHECK_COMPANION").unknown


@pytest.mark.parametrize(("gate", "level", "change", "verdict", "missing"), AT_ITS_LEVELS)
def test_a_gate_judges_the_lonely_one_as_well(
    gate: str, level: Level, change: dict[str, Any], verdict: Verdict, missing: str | None
) -> None:
    scenario = a_case(mia(**change), tom(level))
    assert one_ruling(scenario, gate) == (verdict, (f"mia.{missing}",) if missing else ())


@pytest.mark.parametrize(("level", "change"), AT_OTHER_LEVELS)
def test_nearer_kin_passes_fewer_gates(level: Level, change: dict[str, Any]) -> None:
    expect(a_case(mia(), tom(level, **change)), level, PASSED)


@pytest.mark.parametrize("level", ANY)
@pytest.mark.parametrize(
    ("mother", "verdict"),
    [("none", PASSED), ("available", PASSED), ("present", FAILED), (None, UNKNOWN)],
)
def test_nobody_is_taken_from_its_mother(
    level: Level, mother: str | None, verdict: Verdict
) -> None:
    scenario = a_case(mia(), tom(level, mother=mother))
    missing = ("tom.mother",) if mother is None else ()
    assert one_ruling(scenario, "mother") == (verdict, missing)
    expect(scenario, level, verdict)
    assert one_ruling(a_case(mia(mother=None), tom(level)), "mother") == (PASSED, ())


def test_a_companion_with_its_mother_and_a_plan_is_judged_by_the_plan() -> None:
    far = tom(Level.SPECIES, mother="present", min_since_fed=900)
    assert one_ruling(a_case(mia(), far), "fed") == (PASSED, ())


def test_the_rescue_sets_the_quarantine() -> None:
    for days, verdict in ((20, FAILED), (21, PASSED)):
        scenario = a_case(
            mia(days_in_care=30), tom(Level.CROSS, days_in_care=days), quarantine_days=21
        )
        expect(scenario, Level.CROSS, verdict)


@pytest.mark.parametrize(
    ("mine", "its", "verdict", "missing"),
    [
        (False, False, PASSED, []),
        (True, True, PASSED, []),
        (True, False, FAILED, []),
        (False, True, FAILED, []),
        (True, None, UNKNOWN, ["tom.exposed"]),
        (None, True, UNKNOWN, ["mia.exposed"]),
        (None, False, PASSED, ["mia.exposed"]),
        (False, None, PASSED, ["tom.exposed"]),
        (None, None, PASSED, ["mia.exposed", "tom.exposed"]),
    ],
)
def test_littermates_stay_together_unless_one_alone_was_exposed(
    mine: bool | None, its: bool | None, verdict: Verdict, missing: list[str]
) -> None:
    scenario = a_case(mia(exposed=mine), tom(Level.LITTER, exposed=its))
    assert one_ruling(scenario, "exposed") == (verdict, tuple(missing))
    expect(scenario, Level.LITTER, verdict)
    assert list(advice(scenario).unknown) == missing
    if verdict is PASSED:
        pair = card(scenario, "PAIR_SAME_LITTER")
        assert list(pair.unknown) == missing
        assert pair.confidence == ("low" if missing else "high")
    if verdict is UNKNOWN:
        assert list(card(scenario, "CHECK_COMPANION").unknown) == missing


@pytest.mark.parametrize("level", ANY)
def test_a_gate_that_is_shut_says_by_whom(level: Level) -> None:
    def whose(mine: dict[str, Any], its: dict[str, Any], gate: str) -> tuple[str, ...]:
        (pairing,) = companions_of(a_case(mia(**mine), tom(level, **its)), "mia")
        (ruling,) = [one for one in pairing.rulings if one.gate == gate]
        return ruling.failing

    well, ill = {"health": "ok"}, {"health": "ill"}
    assert whose(well, ill, "health") == ("tom",)
    assert whose(ill, ill, "health") == ("mia", "tom")
    assert whose(well, well, "health") == ()
    near_sick: dict[str, Any] = {"exposed": True}
    assert whose(near_sick, {}, "exposed") == ("mia",)
    assert whose({}, near_sick, "exposed") == ("tom",)


@pytest.mark.parametrize(("level", "limit"), [(Level.SPECIES, 10), (Level.CROSS, 7)])
@pytest.mark.parametrize("older", [True, False])
def test_they_must_be_close_in_age(level: Level, limit: int, older: bool) -> None:
    for gap, verdict in ((limit, PASSED), (limit + 1, FAILED)):
        ages = (15, 15 + gap) if older else (15 + gap, 15)
        young = {"weight_g": 400, "body_temp_c": 37.5, "min_since_fed": 30}
        scenario = a_case(
            mia(age_days=ages[0], **young), tom(level, age_days=ages[1], **young), temp_c=27.0
        )
        assert one_ruling(scenario, "age_difference") == (verdict, ())
        expect(scenario, level, verdict)


def test_littermates_need_not_be_close_in_anything() -> None:
    scenario = a_case(mia(), tom(Level.LITTER, age_days=40, weight_g=900, body_temp_c=38.0))
    assert reasons(scenario, "PAIR_SAME_LITTER") == {"same_litter", "first_trial", "watch_weight"}


def older(age: int | None, **changes: Any) -> dict[str, Any]:
    """What fits a baby of some weeks."""
    return {"age_days": age, "weight_g": 600, "body_temp_c": 38.0} | changes


@pytest.mark.parametrize(
    ("gate", "mine", "its", "verdict", "missing"),
    [
        ("age_limit", older(42), older(42), PASSED, ()),
        ("age_limit", older(42), older(43), FAILED, ()),
        ("age_limit", older(43), older(42), FAILED, ()),
        ("temperament", older(21), older(20, temperament="rough"), PASSED, ()),
        ("temperament", older(21), older(21, temperament="rough"), FAILED, ()),
        ("temperament", older(21, temperament="rough"), older(21), FAILED, ()),
        ("temperament", older(21), older(20, temperament=None), PASSED, ()),
        ("temperament", older(21), older(21, temperament=None), UNKNOWN, ("tom.temperament",)),
        ("temperament", older(21), older(None), PASSED, ()),
        ("temperament", older(21), older(None, temperament="rough"), UNKNOWN, ("tom.age_days",)),
        ("temperament", older(21), older(None, temperament=None), UNKNOWN, ("tom.temperament",)),
        ("vaccinated", older(28), older(27, vaccinated=False), PASSED, ()),
        ("vaccinated", older(28), older(28, vaccinated=False), FAILED, ()),
        ("vaccinated", older(28, vaccinated=False), older(28), FAILED, ()),
        ("vaccinated", older(28), older(27, vaccinated=None), PASSED, ()),
        ("vaccinated", older(28), older(28, vaccinated=None), UNKNOWN, ("tom.vaccinated",)),
        ("vaccinated", older(28), older(None, vaccinated=True), PASSED, ()),
        ("vaccinated", older(28), older(None, vaccinated=False), UNKNOWN, ("tom.age_days",)),
        ("vaccinated", older(28), older(None, vaccinated=None), UNKNOWN, ("tom.vaccinated",)),
    ],
)
def test_across_species_age_decides_what_is_asked(
    gate: str, mine: dict[str, Any], its: dict[str, Any], verdict: Verdict, missing: tuple[str, ...]
) -> None:
    scenario = a_case(mia(**mine), tom(Level.CROSS, **its), temp_c=25.0)
    assert one_ruling(scenario, gate) == (verdict, missing)


@pytest.mark.parametrize(
    ("mine", "its", "watch", "verdict"),
    [
        ((), (), True, PASSED),
        ((), (), False, FAILED),
        ((), (), None, UNKNOWN),
        (("tom",), ("mia",), False, PASSED),
        (("tom",), ("mia",), None, PASSED),
        (("tom",), (), False, FAILED),
        ((), ("mia",), None, UNKNOWN),
        (("kim",), ("mia",), False, FAILED),
    ],
)
def test_a_first_trial_across_species_needs_somebody_who_watches(
    mine: tuple[str, ...], its: tuple[str, ...], watch: bool | None, verdict: Verdict
) -> None:
    scenario = a_case(mia(ok_with=mine), tom(Level.CROSS, ok_with=its), carer_can_watch=watch)
    missing = ("context.carer_can_watch",) if verdict is UNKNOWN else ()
    assert one_ruling(scenario, "supervision") == (verdict, missing)
    expect(scenario, Level.CROSS, verdict)
    for level in (Level.LITTER, Level.SPECIES):
        expect(
            a_case(mia(ok_with=mine), tom(level, ok_with=its), carer_can_watch=watch), level, PASSED
        )


@pytest.mark.parametrize("level", ANY)
def test_a_pair_says_whether_it_is_new_and_whether_one_is_much_heavier(level: Level) -> None:
    said = {
        Level.LITTER: "same_litter",
        Level.SPECIES: "same_species",
        Level.CROSS: "cross_species",
    }[level]
    code = PAIR_CODES[level]
    assert reasons(a_case(mia(), tom(level)), code) == {said, "first_trial"}
    tried = (mia(ok_with=("tom",)), tom(level, ok_with=("mia",)))
    assert reasons(a_case(*tried), code) == {said}
    half_tried = (mia(ok_with=("tom",)), tom(level))
    assert reasons(a_case(*half_tried), code) == {said, "first_trial"}
    assert reasons(a_case(mia(), tom(level, weight_g=300)), code) == {said, "first_trial"}
    heavy = reasons(a_case(mia(), tom(level, weight_g=300.1)), code)
    assert heavy == {said, "first_trial", "watch_weight"}
    light = reasons(a_case(mia(weight_g=300.1), tom(level)), code)
    assert light == {said, "first_trial", "watch_weight"}


def test_a_pair_of_littermates_without_weights_says_nothing_of_weight() -> None:
    scenario = a_case(mia(), tom(Level.LITTER, weight_g=None))
    assert reasons(scenario, "PAIR_SAME_LITTER") == {"same_litter", "first_trial"}


# --- who is chosen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "its", "level"),
    [
        ({"litter_id": "a"}, {"litter_id": "a"}, Level.LITTER),
        ({"litter_id": "a"}, {"litter_id": "b"}, Level.SPECIES),
        ({"litter_id": None}, {"litter_id": None}, Level.SPECIES),
        ({"litter_id": "a"}, {"litter_id": "a", "species": "puppy"}, Level.CROSS),
    ],
)
def test_who_is_a_littermate(mine: dict[str, Any], its: dict[str, Any], level: Level) -> None:
    (pairing,) = companions_of(a_case(mia(**mine), an_animal("tom", in_box=False, **its)), "mia")
    assert pairing.level is level


def others(
    level: Level, *, skip: frozenset[str] = frozenset(), **by_name: dict[str, Any]
) -> list[Animal]:
    """Several companions of one level."""
    return [
        an_animal(name, **({"in_box": False} | LEVELS[level] | changes))
        for name, changes in by_name.items()
    ]


@pytest.mark.parametrize("level", ANY)
def test_the_closest_in_age_is_chosen_then_in_weight_then_by_name(level: Level) -> None:
    by_age = others(level, ann={"age_days": 12}, bob={"age_days": 11}, cyd={"age_days": 8})
    assert card(a_case(mia(), *by_age), PAIR_CODES[level]).partner == "bob"
    by_weight = others(level, ann={"weight_g": 260}, bob={"weight_g": 160}, cyd={"weight_g": 300})
    assert card(a_case(mia(), *by_weight), PAIR_CODES[level]).partner == "bob"
    for order in (1, -1):
        alike = others(level, bob={}, ann={}, cyd={})[::order]
        assert card(a_case(mia(), *alike), PAIR_CODES[level]).partner == "ann"


def test_a_littermate_of_unknown_age_or_weight_comes_last() -> None:
    unknown_age = others(
        Level.LITTER, ann={"age_days": None}, bob={"age_days": 60, "body_temp_c": 38}
    )
    assert card(a_case(mia(), *unknown_age), "PAIR_SAME_LITTER").partner == "bob"
    unknown_weight = others(Level.LITTER, ann={"weight_g": None}, bob={"weight_g": 1900})
    assert card(a_case(mia(), *unknown_weight), "PAIR_SAME_LITTER").partner == "bob"


def test_one_that_passes_is_chosen_though_a_closer_one_fails() -> None:
    scenario = a_case(mia(), *others(Level.LITTER, ann={"body_feel": "cool"}, bob={"age_days": 12}))
    assert codes(scenario) == ["PAIR_SAME_LITTER"]
    assert card(scenario, "PAIR_SAME_LITTER").partner == "bob"


def three(litter: dict[str, Any], species: dict[str, Any], cross: dict[str, Any]) -> Scenario:
    """One possible companion of each level."""
    return a_case(
        mia(),
        *others(Level.CROSS, pip=cross),
        *others(Level.SPECIES, kim=species),
        *others(Level.LITTER, leo=litter),
    )


ILL, UNSEEN = {"health": "ill"}, {"health": None}


@pytest.mark.parametrize(
    ("litter", "species", "cross", "what"),
    [
        ({}, {}, {}, [("PAIR_SAME_LITTER", "leo")]),
        (ILL, {}, {}, [("PAIR_SAME_SPECIES", "kim")]),
        (ILL, ILL, {}, [("PAIR_CROSS_SPECIES", "pip")]),
        (ILL, ILL, ILL, [("COMFORT", None)]),
        (UNSEEN, {}, {}, [("PAIR_SAME_SPECIES", "kim"), ("CHECK_COMPANION", "leo")]),
        (ILL, UNSEEN, {}, [("PAIR_CROSS_SPECIES", "pip"), ("CHECK_COMPANION", "kim")]),
        (UNSEEN, UNSEEN, {}, [("PAIR_CROSS_SPECIES", "pip"), ("CHECK_COMPANION", "leo")]),
        ({}, UNSEEN, UNSEEN, [("PAIR_SAME_LITTER", "leo")]),
        (ILL, {}, UNSEEN, [("PAIR_SAME_SPECIES", "kim")]),
        (ILL, ILL, UNSEEN, [("CHECK_COMPANION", "pip"), ("COMFORT", None)]),
        (UNSEEN, ILL, ILL, [("CHECK_COMPANION", "leo"), ("COMFORT", None)]),
    ],
)
def test_the_nearest_kin_that_passes_is_chosen_and_nearer_kin_asked_about(
    litter: dict[str, Any], species: dict[str, Any], cross: dict[str, Any],
    what: list[tuple[str, str | None]],
) -> None:  # fmt: skip
    said = advice(three(litter, species, cross)).suggestions
    assert [(str(given.code), given.partner) for given in said] == what
    for given in said:
        if given.code == "CHECK_COMPANION":
            assert given.reasons == ("facts_missing",)
            assert given.unknown == (f"{given.partner}.health",)
            assert given.subjects == ("mia",)
            assert given.confidence == "low"


def test_the_companion_with_the_fewest_gaps_is_asked_about_then_by_name() -> None:
    gaps = others(
        Level.SPECIES,
        ann={"health": None, "exposed": None},
        bob={"health": None},
        cyd={"parasites": None},
    )
    for order in (1, -1):
        assert card(a_case(mia(), *gaps[::order]), "CHECK_COMPANION").partner == "bob"


def test_a_card_about_a_companion_also_asks_what_is_missing_of_the_lonely_one() -> None:
    scenario = a_case(
        mia(parasites=None, cross_ok=None), *others(Level.SPECIES, kim={"exposed": None})
    )
    assert card(scenario, "CHECK_COMPANION").unknown == ("kim.exposed", "mia.parasites")


def test_every_gate_is_said_of_every_companion_nearest_first() -> None:
    scenario = three(ILL, UNSEEN, {})
    pairings = companions_of(scenario, "mia")
    assert [pairing.other.id for pairing in pairings] == ["leo", "kim", "pip"]
    assert [pairing.verdict for pairing in pairings] == [FAILED, UNKNOWN, PASSED]
    for pairing in pairings:
        said = [ruling.gate for ruling in pairing.rulings]
        assert said == [gate.name for gate in GATES_OF[pairing.level]]
        assert len(said) == len(set(said))
    assert [len(pairing.rulings) for pairing in pairings] == [7, 12, 17]


def test_an_animal_elsewhere_can_be_asked_about_too_and_is_not_its_own_company() -> None:
    scenario = three({}, {}, {})
    assert [pairing.other.id for pairing in companions_of(scenario, "kim")] == ["leo", "pip"]
    with pytest.raises(KeyError):
        companions_of(scenario, "nobody")
