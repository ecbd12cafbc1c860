"""How upset a cry sounds, coarsely, and what that was judged by. Pure.

What is known (../shared/acoustics/README.md, where each source is named):
- Calls come faster with arousal: lone puppies yelp up to over 100 times a minute (Scott & Marston
  1950), kittens from a few to about 60 times. Company or the mother's warmth slows them.
- The voice grows rougher: chaos and subharmonics raise the distress that is heard in puppy whines
  at every pitch (Massenet et al. 2022); measures of time, source and tonality change with arousal
  in kittens (Scheumann et al. 2012).
- Pitch and length differ more between animals than within one, so they count only beside the
  animal's own history (`web/care/usual.py`), never alone.
No sound has been found to tell hunger from cold or loneliness: arousal is not the cause.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.cries import CryEvent
from monitor.messages import Acoustics, Arousal, Species

# Calls a minute up to which arousal is low, and from which it is high. The mean rates of
# synthesised animals at arousal 0.3 and 0.7, between those at 0.1, 0.5 and 0.8 (kitten 17, 32, 44;
# puppy 14, 37, 61); their order is that of the sources, the figures are an assumption.
CALL_RATES: dict[Species, tuple[float, float]] = {
    Species.KITTEN: (24.0, 40.0),
    Species.PUPPY: (26.0, 53.0),
    Species.UNKNOWN: (24.0, 53.0),
}
LEAST_CALLS, LEAST_S = 4, 5.0  # fewer calls, or a shorter cry, tell nothing
FAINT_SNR_DB = 3.0  # below, calls are missed: what is heard is no rate
ROUGH_SHARE = 0.4  # of the calls: more than half again the 0.3 or less of calm synthesised animals
HOARSE_TONALITY = 0.4  # share of frames with a clear pitch; told, but roughness alone counts


@dataclass(frozen=True)
class Judged:
    """The arousal, and its evidence in words for people."""

    arousal: Arousal
    evidence: tuple[str, ...]


def judge(event: CryEvent, acoustics: Acoustics | None = None) -> Judged:
    """Judge a cry so far by its rate, and once it was measured by its roughness as well."""
    if event.calls < LEAST_CALLS or event.offset_s - event.onset_s < LEAST_S:
        return Judged(Arousal.UNKNOWN, (f"too little to tell by ({_calls(event.calls)})",))
    snr_db = acoustics.snr_db if acoustics else None
    if acoustics and _faint(acoustics):
        over = "no louder than" if snr_db is None else f"only {snr_db:.0f} dB above"
        return Judged(Arousal.UNKNOWN, (f"too faint to tell by ({over} the room)",))
    rate = event.calls_per_minute
    if acoustics and acoustics.voices_per_minute is not None:
        rate = max(rate, acoustics.voices_per_minute)  # hops join calls with short gaps
    low, high = CALL_RATES[event.species]
    step = 0 if rate < low else 2 if rate >= high else 1
    pace = ("slowly", "steadily", "fast")[step]
    evidence = [f"calls come {pace} ({rate:.0f} a minute)"]
    if acoustics and acoustics.rough is not None:
        if acoustics.rough >= ROUGH_SHARE:
            step = min(step + 1, 2)
        evidence.append(_voice(acoustics, acoustics.rough))
    elif acoustics and acoustics.tonality is not None and acoustics.tonality < HOARSE_TONALITY:
        evidence.append("the voice is hoarse or covered by noise, which does not count")
    return Judged((Arousal.LOW, Arousal.MEDIUM, Arousal.HIGH)[step], tuple(evidence))


def _faint(acoustics: Acoustics) -> bool:
    """Whether the room hides it; not so where there was no quiet moment to compare with."""
    if acoustics.snr_db is None:
        return acoustics.tonality is None
    return acoustics.snr_db < FAINT_SNR_DB


def _voice(acoustics: Acoustics, rough: float) -> str:
    """`voice rough in 40 % of calls (chaos in 30 %, jumps in 10 %)`."""
    kinds = (
        ("doubled", acoustics.subharmonics),
        ("chaos", acoustics.chaos),
        ("jumps", acoustics.jumps),
    )
    parts = [f"{name} in {share:.0%}" for name, share in kinds if share]
    if not parts:
        return "voice smooth in all calls"
    return f"voice rough in {rough:.0%} of calls ({', '.join(parts)})"


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
