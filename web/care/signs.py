"""The carer's checklist: one minute at the box, red flags first.

One red flag is enough to call the vet. Amber signs are a reason to look again, to warm, to part or
to ask; they name no illness. Sources: the fading kitten protocol of Austin Pets Alive!, Evaluating
fading puppies and kittens (Veterinary Medicine, 2005), the neonatal care proceedings of 2010 (suck,
righting and rooting tests) and the National Kitten Coalition's charts.
"""

from __future__ import annotations

from dataclasses import dataclass

from web.care.scenario import RED_FLAGS


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the checklist."""

    name: str  # as it is kept
    look: str  # what to look at, and how it is when all is well
    seen: str  # what is to be ticked
    do: str  # what follows


_VET = "Call the vet now."

RED_SIGNS = (
    Sign("gasping", "Breathing: quiet and even", "Gasping, open mouth, long pauses", _VET),
    Sign("pale_gums", "Gums and tongue: pink, moist", "White, grey or blue gums", _VET),
    Sign("limp", "Pick it up: wriggles, feels firm", "Limp", _VET),
    Sign("unresponsive", "Touch it: it answers", "No answer to touch", _VET),
    Sign("no_suck", "Clean warm finger in the mouth: sucks", "Does not suck", _VET),
    Sign("convulsion", "Moves as it should", "Fits", _VET),
    Sign("bleeding", "Whole skin, no blood", "Bleeding or injured", _VET),
)
AMBER_SIGNS = (
    Sign("weak", "Rights itself, pushes into a cupped hand", "Weak", "Warm? Fed? Ask the mentor."),
    Sign(
        "tight_belly",
        "Belly round, not tight",
        "Tight belly",
        "Ask the mentor before its next feed.",
    ),
    Sign("wet_navel", "Navel dry", "Navel wet, red or swollen", "Ask the mentor or the vet today."),
    Sign(
        "odd_stool",
        "Stool yellow-brown (the first one is dark)",
        "Blood in it, or black, white or grey",
        "Call the vet today.",
    ),
    Sign(
        "apart",
        "Sleeps in the pile, twitching",
        "Apart and restless",
        "Cold, too hot or ill: feel it, look at the nest.",
    ),
    Sign(
        "suckled_on",
        "Faces and private parts dry and whole",
        "Wet face, or sore wet private parts",
        "They suck on each other: part them.",
    ),
)

RED = tuple(sign.name for sign in RED_SIGNS)
AMBER = tuple(sign.name for sign in AMBER_SIGNS)
assert set(RED) == set(RED_FLAGS)  # noqa: S101 - the rules know the same ones
