"""Every code, reason, question and gate has words, and the words are those of a suggestion."""

from __future__ import annotations

import re

import pytest

from tests.web.care.care_cases import flagged
from web.care.gates import GATES, Verdict
from web.care.rules import PAIRING_RULES, RULES, Code, Rule
from web.care.scenario import RED_FLAGS, Animal, Box, Context, Cry, RedFlags
from web.care.unknowns import AGE, READS
from web.care.wording import CARDS, QUESTIONS, REASONS, RED_FLAG_ANSWERS, VERDICTS, question
from web.care.wording import GATES as GATE_WORDS

EVERY_TEXT = [
    *(words for card in CARDS.values() for words in card),
    *REASONS.values(),
    *(asked.text for asked in QUESTIONS.values()),
    *(words for asked in QUESTIONS.values() for words, _ in asked.answers),
    *GATE_WORDS.values(),
    *VERDICTS.values(),
]


def test_every_code_has_a_card() -> None:
    assert set(CARDS) == set(Code)


def test_every_reason_has_words_and_no_words_are_left_over() -> None:
    given = {
        reason
        for rule in RULES
        for reason in (*rule.because, *(rule.also if isinstance(rule, Rule) else ()))
    }
    given |= {reason for _, _, reason in PAIRING_RULES.values()}
    given |= {"first_trial", "watch_weight", "facts_missing", "alone", "comfort_did_not_help"}
    given |= {"short_cry", "settling", "needs_met"}
    assert set(REASONS) == given


def test_every_gate_and_verdict_has_words() -> None:
    assert set(GATE_WORDS) == {gate.name for gate in GATES}
    assert set(VERDICTS) == set(Verdict)


def test_every_fact_that_a_rule_may_miss_has_a_question() -> None:
    of_rules = {fact for reads in READS.values() for fact in reads.facts + reads.facts_crying}
    of_gates = {"days_in_care", "exposed", "parasites", "cross_ok", "temperament", "vaccinated"}
    around = {"box.temp_c", "box.spread", "box.comfort"}
    around |= {"cry.source_id", "cry.species", "cry.unusual", "context.carer_can_watch"}
    assert set(QUESTIONS) == (of_rules - {AGE}) | {"age_days"} | of_gates | around


@pytest.mark.parametrize("fact", QUESTIONS)
def test_every_answer_is_one_that_a_scenario_accepts(fact: str) -> None:
    asked = QUESTIONS[fact]
    known = {"id": "mia", "species": "kitten", "in_box": True}
    told = {"suckles_others": False, "keep_apart": False}
    for words, value in asked.answers:
        assert words
        part, _, field = asked.field.rpartition(".")
        if part == "box":
            Box(**{field: value})
        elif part == "cry":
            Cry(episode_s=1, **{field: value})
        elif part == "context":
            Context(night=False, **{field: value})
        elif field == "red_flags":
            flags = flagged(value) if value else flagged()
            assert isinstance(flags, RedFlags)
        else:
            Animal(**known, **told, **{field: value})  # type: ignore[arg-type]


def test_the_question_of_red_flags_offers_each_of_them_and_none() -> None:
    assert {flag for _, flag in RED_FLAG_ANSWERS} == {None, *RED_FLAGS}


def test_a_question_is_about_an_animal_or_the_box() -> None:
    assert question("mia.warmth") == ("mia", QUESTIONS["warmth"])
    assert question("st. john.warmth") == ("st. john", QUESTIONS["warmth"])
    assert question("box.temp_c") == (None, QUESTIONS["box.temp_c"])
    assert question("box.warmth") == ("box", QUESTIONS["warmth"])


@pytest.mark.parametrize("text", EVERY_TEXT)
def test_nothing_names_a_medicine_a_dose_or_a_diagnosis_and_nothing_commands(text: str) -> None:
    assert text == text.strip() != ""
    assert text.isascii()
    forbidden = (
        r"\b(mg|ml|dose|drug|medicine|antibiotic|inject|sugar|glucose|must|never give|parvo)\b"
    )
    assert not re.search(forbidden, text, re.IGNORECASE)
