"""What each suggestion rests on, in a line for the card.

Where a line says judgement, no source was found that gives the limit: it is ours, and to be
reviewed by a veterinarian. The rescue's own protocol always wins.
"""

from __future__ import annotations

from web.care.rules import RULES, Code

_NUTRITION = "Small Animal Clinical Nutrition, 5th ed., ch. 16 (puppies) and 23 (kittens)"
_COMPANY = (
    "Two weeks apart, parasites treated, sucking on each other: Kitten Lady and National Kitten "
    "Coalition. Ages, weights and the half hour of watching are judgement"
)

SOURCES: dict[Code, str] = {
    Code.URGENT_VET: (
        "Signs: fading kitten protocol (Austin Pets Alive!), Evaluating fading puppies and kittens "
        "(Veterinary Medicine 2005). Under 32.5 °C: Problem-Based Feline Medicine. The limits of "
        "heat and of weight loss are judgement"
    ),
    Code.WARM_FIRST: (
        "Milk only once warm: Husbandry of the neonate (textbook chapter). Warm slowly: "
        "Problem-Based Feline Medicine. "
        f"Limits by age: {_NUTRITION}; sources differ from 32 to 36.1 °C, the careful end stands"
    ),
    Code.CHECK_BOX: f"Nest by age: {_NUTRITION}; Root Kustritz, University of Minnesota",
    Code.CHECK_WARMTH: (
        "Warmth comes before any milk: Husbandry of the neonate (textbook chapter). To feel it "
        "first is judgement"
    ),
    Code.CHECK_SPECIES: (
        "A cry tells who and how strongly, not why: Scheumann et al. 2012 (Frontiers in Zoology). "
        "That a person looks is judgement"
    ),
    Code.REUNITE: (
        "Newborns cry when parted from mother and litter: Guyot et al. 1980; judgement as to the "
        "order"
    ),
    Code.FEED: (
        f"Intervals and energy by age: {_NUTRITION}, Quist-Rybachuk 2017. Stomach, 4 mL per 100 g: "
        "Lawler 2008 (Theriogenology 70:384)"
    ),
    Code.CHECK_FEED_LOG: f"Intervals by age: {_NUTRITION}. To ask the log first is judgement",
    Code.STIMULATE: f"Help for about the first three weeks: {_NUTRITION}; harmless if continued",
    Code.CHECK_ILL: (
        "Well newborns cry only briefly: Veterinary Medicine 2005. Weight rises every day: Mila et "
        "al. 2015. 15 minutes and the order are judgement"
    ),
    Code.PAIR_SAME_LITTER: _COMPANY,
    Code.PAIR_SAME_SPECIES: _COMPANY,
    Code.PAIR_CROSS_SPECIES: (
        f"{_COMPANY}. Dogs and cats apart unless somebody has judged the risk: Koret shelter "
        "medicine, UC Davis. Company across species itself rests on stories, not on trials"
    ),
    Code.CHECK_COMPANION: _COMPANY,
    Code.COMFORT: "A soft companion for a single baby: Forgotten Felines; judgement",
    Code.WAIT_AND_WATCH: "Well newborns cry only briefly: Veterinary Medicine 2005; judgement",
}

# The rank of each code in the decision table, for whoever looks it up.
RANKS: dict[Code, int] = {
    **{rule.code: rule.rank for rule in RULES},
    Code.PAIR_SAME_LITTER: 11,
    Code.PAIR_SAME_SPECIES: 12,
    Code.PAIR_CROSS_SPECIES: 13,
    Code.CHECK_COMPANION: 14,
    Code.COMFORT: 15,
    Code.WAIT_AND_WATCH: 16,
}
