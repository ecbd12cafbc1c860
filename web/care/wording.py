"""What the codes mean, in the words of somebody who is awake at three in the morning.

Suggestions, not orders; no medicine, no dose. Amounts of milk are the portion's business.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from web.care.gates import Verdict
from web.care.rules import Code


class Card(NamedTuple):
    """The words of a suggestion."""

    title: str
    text: str


_PAIR_TEXT = (
    "Everything that should be known of the two is on record. Stay with them for the first half "
    "hour, and part them if one sucks on the other, plays rough or cools down. Feed them apart. "
    "A litter that has settled is best left as it is."
)
CARDS: dict[Code, Card] = {
    Code.URGENT_VET: Card(
        "Call the vet now",
        "This looks like an emergency. Please do not feed. Keep it warm and level, on the way too.",
    ),
    Code.WARM_FIRST: Card(
        "Warm it first",
        "Slowly, over an hour or more: against your skin, or beside a warm source that is wrapped. "
        "Milk can wait, a cold stomach does not digest it. Then measure again and look here again.",
    ),
    Code.CHECK_BOX: Card(
        "Look at the nest's warmth",
        "The nest seems too warm or too cool for the youngest. Bring it back into its range, and "
        "leave a cooler side to crawl to.",
    ),
    Code.CHECK_WARMTH: Card(
        "Feel whether it is warm",
        "Touch belly, ears and paws. If they are cool, take its temperature.",
    ),
    Code.CHECK_SPECIES: Card(
        "Look who is crying",
        "This does not sound like anyone in this box. Another box, a visitor, or a wrong guess?",
    ),
    Code.REUNITE: Card(
        "Back to its mother",
        "Its mother is here. Put it to her, and watch that she takes it and lets it drink.",
    ),
    Code.FEED: Card(
        "Offer a feed",
        "On its belly, with milk made for its kind; never above the most that is shown. Stop when "
        "it stops, and at once if it coughs or milk comes from the nose. If it was quiet, look at "
        "it first: a baby may be silent because it is weak.",
    ),
    Code.CHECK_FEED_LOG: Card(
        "When did it last feed?",
        "And how much? If nobody knows and it is warm, you could offer a feed.",
    ),
    Code.STIMULATE: Card(
        "Help it with its toilet",
        "Stroke it below the tail with a warm, damp cloth until it has passed urine or stool.",
    ),
    Code.CHECK_ILL: Card(
        "See whether it is ill or in pain",
        "Look it over from nose to tail: breathing, gums, belly, navel, stool. Ask your vet or an "
        "experienced carer.",
    ),
    Code.PAIR_SAME_LITTER: Card("Put it with its littermate", _PAIR_TEXT),
    Code.PAIR_SAME_SPECIES: Card("Give it company of its own kind", _PAIR_TEXT),
    Code.PAIR_CROSS_SPECIES: Card("Let the two keep each other company", _PAIR_TEXT),
    Code.CHECK_COMPANION: Card(
        "Company may be possible",
        "There is somebody who might keep it company, but a few things about them are not known.",
    ),
    Code.COMFORT: Card(
        "Make it feel less alone",
        "A wrapped heat source on one side, a heartbeat toy, a soft blanket, your hand.",
    ),
    Code.WAIT_AND_WATCH: Card(
        "Wait a few minutes",
        "Nothing seems to be missing. Look again if it goes on.",
    ),
}

# When a card goes away: what has to be on record then.
_PAIRED = "they are together, or one is due, cool or unwell by then"
ENDS: dict[Code, str] = {
    Code.URGENT_VET: "a new look finds none of these signs",
    Code.WARM_FIRST: "it is warm again",
    Code.CHECK_BOX: "the nest is back in its range, and nobody is too warm",
    Code.CHECK_WARMTH: "somebody has felt it",
    Code.CHECK_SPECIES: "somebody says who cried",
    Code.REUNITE: "it is with its mother, or she does not take it",
    Code.FEED: "its feed is noted",
    Code.CHECK_FEED_LOG: "its last feed is noted",
    Code.STIMULATE: "urine or stool is noted",
    Code.CHECK_ILL: "it was found well, and what is told above no longer holds",
    Code.PAIR_SAME_LITTER: _PAIRED,
    Code.PAIR_SAME_SPECIES: _PAIRED,
    Code.PAIR_CROSS_SPECIES: _PAIRED,
    Code.CHECK_COMPANION: "the missing facts are known",
    Code.COMFORT: "it has its comforts",
    Code.WAIT_AND_WATCH: "it is quiet",
}

REASONS: dict[str, str] = {
    "limp": "It hangs limp.",
    "unresponsive": "It does not answer to touch.",
    "gasping": "It gasps for air.",
    "pale_gums": "Its gums are pale, grey or blue.",
    "no_suck": "It does not suck.",
    "convulsion": "It has fits.",
    "bleeding": "It bleeds.",
    "cold_body": "Its body is dangerously cold.",
    "overheated": "Its body is dangerously hot.",
    "weight_loss": "It has lost more than a tenth of its weight in a day.",
    "no_phone_recorded": "No vet's number is recorded yet.",
    "chilled": "Its body is too cool.",
    "box_cold": "The nest is cooler than the youngest needs.",
    "box_hot": "The nest is warmer than the youngest needs.",
    "baby_hot": "A baby in the box is too warm.",
    "spread_out": "They lie apart and cry, as babies do that are too warm.",
    "warmth_unknown": "Nobody has felt lately whether it is warm.",
    "box_empty": "No animal is recorded in this box.",
    "species_mismatch": "The voice does not match anyone in this box.",
    "mother_available": "Its mother is on site and accepts it.",
    "overdue": "Its feed is overdue.",
    "due_soon": "Its feed is nearly due.",
    "last_feed_short": "It took little at the last feed.",
    "hungry_signs": "It shows signs of hunger.",
    "feel_first": "Feel first whether it is warm: it is only likely.",
    "only_if_warm": "Only if it is warm: nobody has felt it.",
    "weigh_first": "Weigh it first: without its weight there is no amount.",
    "capped": "The amount is held to what its stomach takes with ease.",
    "feed_time_unknown": "Its last feed is not on record.",
    "toilet_due": "It has not been to the toilet since about a feed ago.",
    "toilet_unknown": "Nobody knows when it last went to the toilet.",
    "health_concern": "The last check or its stool gave cause for concern.",
    "hot_body": "Its body is too warm.",
    "no_gain": "It has not gained weight in the last day.",
    "refused_feed": "It refused its last feed.",
    "no_toilet": "No urine or stool for a day.",
    "unusual_cry": "It sounds unlike its usual self.",
    "still_crying": "Fed, warm and in company, it still cries.",
    "comfort_did_not_help": "It has its comforts, and still cries.",
    "same_litter": "They are littermates.",
    "same_species": "They are of the same kind and a like age.",
    "cross_species": "Of another kind, but approved, and a good match.",
    "first_trial": "It would be their first time together.",
    "watch_weight": "One is much heavier: keep an eye on that.",
    "facts_missing": "A few facts are missing.",
    "alone": "It is alone, and nothing else seems to be missing.",
    "short_cry": "It has cried for a short time only.",
    "settling": "It has just been fed or moved, and may be settling.",
    "needs_met": "As far as is known it has what it needs.",
}

# The red flags as one question and its seven answers; also the words of the one-minute check.
RED_FLAG_ANSWERS = (
    ("None of these", None),
    ("Limp", "limp"),
    ("No answer to touch", "unresponsive"),
    ("Gasping", "gasping"),
    ("Pale gums", "pale_gums"),
    ("Does not suck", "no_suck"),
    ("Fits", "convulsion"),
    ("Bleeding", "bleeding"),
)


class Question(NamedTuple):
    """A missing fact as a question; no answers: it takes a number."""

    text: str
    field: str  # of the scenario, the animal's or after its dot
    answers: tuple[tuple[str, Any], ...] = ()  # words, value of the field


_YES_NO = (("Yes", True), ("No", False))
QUESTIONS: dict[str, Question] = {
    "red_flags": Question("Do you see any of these?", "red_flags", RED_FLAG_ANSWERS),
    "warmth": Question(
        "Is its belly warm?",
        "body_feel",
        (("Warm", "warm"), ("Cool", "cool"), ("Cold", "cold"), ("Hot", "hot")),
    ),
    "growth": Question("How has its weight changed since yesterday?", "weight_change_pct"),
    "age_days": Question("How many days old is it, roughly?", "age_days"),
    "weight_g": Question("What does it weigh?", "weight_g"),
    "mother": Question(
        "Where is its mother?",
        "mother",
        (("With it", "present"), ("Here, and takes it", "available"), ("Not here", "none")),
    ),
    "health": Question(
        "Did it look well at the last check?",
        "health",
        (("Well", "ok"), ("Not sure", "suspect"), ("Ill", "ill")),
    ),
    "fed": Question(
        "When was it last fed?",
        "min_since_fed",
        (
            ("Just now", 0),
            ("An hour ago", 60),
            ("2 hours ago", 120),
            ("3 hours ago", 180),
            ("4 hours ago", 240),
            ("6 hours ago", 360),
        ),
    ),
    "last_feed": Question(
        "How did the last feed go?",
        "last_feed",
        (("All of it", "full"), ("A little", "short"), ("Refused", "refused")),
    ),
    "hungry": Question("Is it rooting or sucking at fingers?", "hungry_signs", _YES_NO),
    "toilet": Question(
        "When did it last pass urine or stool?",
        "min_since_toilet",
        (("Just now", 0), ("2 hours ago", 120), ("4 hours ago", 240), ("A day ago", 1440)),
    ),
    "days_in_care": Question("How many days has it been in care?", "days_in_care"),
    "exposed": Question("Was it near a sick animal in the last two weeks?", "exposed", _YES_NO),
    "parasites": Question(
        "Has it been checked or treated for parasites?",
        "parasites",
        (("Clear", "clear"), ("Treated", "treated"), ("Has them", "present")),
    ),
    "cross_ok": Question(
        "Has your coordinator approved company of another kind?", "cross_ok", _YES_NO
    ),
    "temperament": Question(
        "How does it play?", "temperament", (("Calm", "calm"), ("Rough", "rough"))
    ),
    "vaccinated": Question("Has it had its first vaccine?", "vaccinated", _YES_NO),
    "context.carer_can_watch": Question(
        "Can somebody stay for the first half hour?", "context.carer_can_watch", _YES_NO
    ),
    "box.temp_c": Question("How warm is the nest, on its warm side?", "box.temp_c"),
    "box.spread": Question("Do they lie apart, panting or flushed?", "box.spread", _YES_NO),
    "box.comfort": Question(
        "Are a heat source and something soft to snuggle up to in the box?", "box.comfort", _YES_NO
    ),
    "cry.source_id": Question("Did you see who cried?", "cry.source_id"),
    "cry.species": Question(
        "Was it a kitten or a puppy?", "cry.species", (("Kitten", "kitten"), ("Puppy", "puppy"))
    ),
    "cry.unusual": Question("Does it sound unlike its usual cry?", "cry.unusual", _YES_NO),
}

GATES: dict[str, str] = {
    "keep_apart": "Neither is to be kept apart",
    "suckles_others": "Neither sucks on others",
    "health": "Both are well",
    "urgent": "Neither is an emergency",
    "mother": "It is not with its mother",
    "warmth": "Both are warm",
    "fed": "Both are fed",
    "quarantine": "Both are through quarantine",
    "exposed": "Neither was exposed to infection",
    "parasites": "Neither has parasites",
    "age_difference": "They are close in age",
    "weight_ratio": "They are close in weight",
    "age_limit": "Both are young enough",
    "cross_ok": "The coordinator has approved both",
    "temperament": "Both are gentle",
    "vaccinated": "Both are vaccinated, or too young for it",
    "supervision": "Somebody can watch, or a trial went well",
}
VERDICTS = {Verdict.PASSED: "yes", Verdict.FAILED: "no", Verdict.UNKNOWN: "not known"}


def question(unknown: str) -> tuple[str | None, Question]:
    """The animal's id (None: about the cry, the box or the house) and the question of a fact.

    `unknown` as the advice names it: `k1.warmth`, `box.temp_c`. An animal may be called `box` too,
    but its facts have other names than the box's.
    """
    if unknown in QUESTIONS:
        return None, QUESTIONS[unknown]
    animal_id, _, fact = unknown.rpartition(".")
    return animal_id, QUESTIONS[fact]
