"""What the page says of a proof; pure: numbers in, words out.

Never surer than the numbers: an interval that holds "no change" is called no clear change, and too
few data are called that, with what is missing.
"""

from __future__ import annotations

from web.care.proof import FEWEST_CRIES, FEWEST_DAYS, FEWEST_HOURS_OF_DAY, Change
from web.care.stopping import Share
from web.care.trend import Ratio

WITHOUT_END = 20.0  # times as much: more is not worth a number

CAUSES = {
    "fed": "A feed",
    "company": "Company",
    "warmth": "Warmth",
    "comfort": "Comfort",
    "by_itself": "It stopped by itself",
    "unknown": "Nobody knows",
}


def headline(change: Change, calls: bool = False) -> str:
    """What company changed, in a few words: of the crying, or of the calls."""
    found = change.found
    if found is None:
        return "Too few data"
    if found.high < 1:
        return f"{_part(found.ratio)} {'fewer calls' if calls else 'less crying'}"
    if found.low > 1:
        return f"{_more(found.ratio)} more {'calls' if calls else 'crying'}"
    return "No clear change"


def of_house(found: Ratio) -> str:
    """The typical change."""
    if found.low <= 1 <= found.high:
        return "No clear change"
    how = f"{_part(found.ratio)} less" if found.high < 1 else f"{_more(found.ratio)} more"
    return f"Typically {how} crying"


def certainty(change: Change) -> str:
    """How sure that is, or what is missing."""
    if change.found is not None:
        return interval(change.found)
    missing = {
        "days_before": f"{_days(change.days_before)} heard before company; "
        f"{FEWEST_DAYS} are needed to know what was usual",
        "days_after": f"{_days(change.days_after)} heard with company; {FEWEST_DAYS} are needed",
        "hours_of_day": f"Only {change.hours_of_day} hours of the day were heard both before and "
        f"with company; {FEWEST_HOURS_OF_DAY} are needed",
        "cries_before": f"{change.cries_before} cries before; what was hardly there cannot fall "
        f"({FEWEST_CRIES} are needed)",
        "too_wide": "The days differ too much to tell",
    }
    return missing[change.too_few or "too_wide"]


def interval(found: Ratio) -> str:
    """The 95 % interval: `in 19 of 20 such cases between 31 % and 68 % less`."""
    low, high = found.low, found.high
    if high < 1:
        between = f"{_part(high)} and {_part(low)} less"
    elif low > 1:
        between = f"{_more(low)} and {_more(high)} more"
    else:
        between = f"{_part(low)} less and {_more(high)} more"
    return f"95 % sure: between {between}"


def rate(per_hour: float | None) -> str:
    """Minutes an hour, as short as it is exact."""
    if per_hour is None:
        return "not heard"
    return f"{per_hour:.0f}" if per_hour >= 10 else f"{per_hour:.1f}"


def near_feeds(share: tuple[float, float] | None) -> str:
    """How much of the crying fell near due feeds, beside how much of the time did."""
    if share is None:
        return "not known: no feeds, or no crying, on record"
    return f"{share[0]:.0%} of the crying, in {share[1]:.0%} of the time"


def hits(share: Share) -> str:
    """`31 of 44 (70 %; 95 % sure: 56 to 82 %)`."""
    told = f"{share.hits} of {share.of}"
    if share.interval is None:
        return f"{told}: too few to speak of a share"
    low, high = share.interval
    return f"{told} ({share.share:.0%}; 95 % sure: {low:.0%} to {high:.0%})"


def _part(ratio: float) -> str:
    return f"{min(100, max(0, round(100 * (1 - ratio))))} %"


def _more(ratio: float) -> str:
    if ratio >= WITHOUT_END:
        return f"more than {WITHOUT_END:.0f} times"
    return f"{round(100 * (ratio - 1))} %" if ratio < 3 else f"{ratio:.0f} times"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number or 'No'} days"
