"""Read what a form or a tap gives: text or plain values in, checked values out.

Empty text and None mean "not known". Every function raises EntryError with the field's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unicodedata import category

from web.journal.entry import Doubt, Entry, EntryError

Reader = Callable[[str, Any], Any]

CLOCKS_DIFFER = timedelta(minutes=2)  # a phone's clock may run ahead of ours by so much
OLDEST = timedelta(days=30)  # an entry for longer ago is more likely a slip than a memory
FURTHEST = timedelta(days=750)  # an old notebook; the next year's vaccine
MORNING = time(8)  # of what is due on a day
MOST_DIGITS = 10  # of an id
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def is_empty(value: Any) -> bool:
    """Whether nothing was entered."""
    return value is None or (isinstance(value, str) and not value.strip())


def text(longest: int, *, needed: bool = False) -> Reader:
    """Words on one line, or on several."""

    def read(field: str, value: Any) -> str:
        words = "" if value is None else str(value).strip()
        if needed and not words:
            raise EntryError(field, "is needed")
        if len(words) > longest:
            raise EntryError(field, f"is too long; at most {longest} characters")
        if "\x00" in words or not _is_text(words):
            raise EntryError(field, "holds a character that cannot be kept")
        return words

    return read


def _is_text(words: str) -> bool:
    """Whether it can be written down: half a pair of surrogates cannot."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def line(longest: int, *, needed: bool = False) -> Reader:
    """Words on one line, of which something can be seen: a name stands in lists and messages."""

    def read(field: str, value: Any) -> str:
        words: str = text(longest, needed=needed)(field, " ".join(str(value or "").split()))
        if any(category(letter) == "Cc" for letter in words):
            raise EntryError(field, "holds a character that cannot be kept")
        if words and not any(letter.isprintable() for letter in words):
            raise EntryError(field, "holds nothing that can be seen")
        return words

    return read


def line_or_unknown(longest: int) -> Reader:
    """Words on one line, or None."""
    return lambda field, value: line(longest)(field, value) or None


def text_or_unknown(longest: int) -> Reader:
    """Words, or None."""
    return lambda field, value: text(longest)(field, value) or None


def choice(*choices: str, unknown: bool = True) -> Reader:
    """One of some words; None when empty, if that is allowed."""

    def read(field: str, value: Any) -> str | None:
        if is_empty(value) and unknown:
            return None
        if value not in choices:
            raise EntryError(field, f"must be one of: {', '.join(choices)}")
        return str(value)

    return read


def yes_no(field: str, value: Any) -> bool | None:
    """Yes, no, or None when empty."""
    if is_empty(value):
        return None
    word = str(value).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise EntryError(field, "must be yes or no")


def yes_or_no(field: str, value: Any) -> bool:
    """Yes, or no when empty: a box that is not ticked."""
    return yes_no(field, value) or False


def number(low: float, high: float, unit: str) -> Reader:
    """A number within limits, or None; a decimal comma is as good as a point."""

    def read(field: str, value: Any) -> float | None:
        if is_empty(value):
            return None
        try:
            if isinstance(value, bool):
                raise TypeError
            found = float(value.strip().replace(",", ".") if isinstance(value, str) else value)
        except (TypeError, ValueError, OverflowError):
            raise EntryError(field, "must be a number") from None
        if not math.isfinite(found) or not low <= found <= high:
            raise EntryError(field, f"must be from {low:g} to {high:g} {unit}".rstrip())
        return found

    return read


def whole(low: int, high: int, unit: str) -> Reader:
    """A whole number within limits, or None."""

    def read(field: str, value: Any) -> int | None:
        found = number(low, high, unit)(field, value)
        if found is not None and found != int(found):
            raise EntryError(field, "must be a whole number")
        return None if found is None else int(found)

    return read


def day(field: str, value: Any) -> date | None:
    """A day, or None; text as browsers send it (2026-11-22)."""
    if is_empty(value) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value or None
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise EntryError(field, "must be a date such as 2026-11-22") from None


def past_day(entry: Entry, field: str, value: date | None, oldest_years: int) -> date | None:
    """The day, which must not lie ahead nor too far back."""
    if value is None:
        return None
    if value > entry.today:
        raise EntryError(field, "is in the future")
    if value < entry.today - timedelta(days=366 * oldest_years):
        raise EntryError(field, f"is more than {oldest_years} years ago; is the date right?")
    return value


def moment(entry: Entry, value: Any, field: str = "at") -> datetime:
    """When it happened: now if not said; text as browsers send it, in the house's zone.

    Of an hour that the house has twice, when the clocks go back, the later one is meant as soon
    as it is past: what is written down was mostly just done.
    """
    if is_empty(value):
        return entry.now
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        if found.tzinfo is None:
            found = _in_house(entry, found)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise EntryError(field, "must be a date and time such as 2026-11-22T14:05") from None
    if found > entry.now + CLOCKS_DIFFER:
        raise EntryError(field, "is in the future")
    if found < entry.now - FURTHEST:
        raise EntryError(field, f"is more than {FURTHEST.days} days ago")
    if found < entry.now - OLDEST and not entry.sure:
        raise Doubt(field, f"is more than {OLDEST.days} days ago; is the date right?")
    return min(found, entry.now)


def _in_house(entry: Entry, clock: datetime) -> datetime:
    later = clock.replace(tzinfo=entry.zone, fold=1)
    past = later.astimezone(UTC) <= entry.now + CLOCKS_DIFFER
    return later if past else clock.replace(tzinfo=entry.zone, fold=0)


def moment_ahead(entry: Entry, value: Any, field: str) -> datetime:
    """When it is to be done; a day alone means its morning in the house."""
    if is_empty(value):
        raise EntryError(field, "is needed")
    try:
        found = value if isinstance(value, date) else _day_or_moment(str(value).strip())
        if not isinstance(found, datetime):
            found = datetime.combine(found, MORNING)
        if found.tzinfo is None:
            found = found.replace(tzinfo=entry.zone)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise EntryError(field, "must be a day such as 2026-11-22, or a day and time") from None
    if abs(found - entry.now) > FURTHEST:
        raise EntryError(field, f"is more than {FURTHEST.days} days away; is the date right?")
    return found


def _day_or_moment(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return datetime.fromisoformat(words)


def id_of(value: Any) -> int | None:
    """The id that a form or a program gives, as a number or in digits; None if it is none."""
    told = str(value)
    return int(told) if told.isdecimal() and len(told) <= MOST_DIGITS else None


def ids(field: str, values: Iterable[Any]) -> list[int]:
    """Ids of animals, at least one, each once."""
    found: list[int] = []
    for value in values:
        known = id_of(value)
        if known is None:
            raise EntryError(field, "is not an animal")
        if known not in found:
            found.append(known)
    if not found:
        raise EntryError(field, "choose at least one animal")
    return found
