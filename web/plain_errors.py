"""What pydantic finds wrong, in words for the person behind the program that sent it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from monitor.messages import BOX_PATTERN, CRY_PATTERN

_MOMENT = "must be a date and time with its zone, such as 2026-11-22T14:05:00Z"
_DAY = "must be a date such as 2026-11-22"
_NUMBER, _WHOLE = "must be a number", "must be a whole number"
_YES_NO = "must be true or false"
# By the beginning of pydantic's own name for it; in braces what it tells of the limits.
_WORDS: Mapping[str, str] = {
    "missing": "is needed",
    "extra_forbidden": "is not known here",
    "int_from_float": _WHOLE,
    "int_": _WHOLE,
    "float_": _NUMBER,
    "finite_number": _NUMBER,
    "bool_": _YES_NO,
    "string_type": "must be text",
    "string_unicode": "holds a character that cannot be kept",
    "string_too_long": "is too long; at most {max_length} characters",
    "string_too_short": "is too short; at least {min_length} characters",
    "too_long": "holds too many; at most {max_length}",
    "too_short": "holds too few; at least {min_length}",
    "literal_error": "must be one of: {expected}",
    "enum": "must be one of: {expected}",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object of names and values",
    "model_type": "must be an object of names and values",
    "model_attributes_type": "must be an object of names and values",
    "datetime_": _MOMENT,
    "timezone_": _MOMENT,
    "date_": _DAY,
}
_PATTERNS = {
    BOX_PATTERN: "must be 1 to 32 of a-z, 0-9, _ and -",
    CRY_PATTERN: "must be the id of a cry",
    r"^[0-9]{1,9}$": "not a cursor; take `next` of the page before",
    r"^[!-~]+$": "must be letters, digits and signs without spaces",
    r"^[A-Z_]{1,50}$": "must be the code of a suggestion, such as FEED",
    r"^[a-z_]+$": "must be the name of a fact, such as body_temp_c",
}


def first_wrong(error: ValidationError) -> tuple[str, str]:
    """Where the first thing is that is wrong ("" if it is the whole), and what."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part != "[key]")
    return where, _in_words(first["type"], first["msg"], first.get("ctx", {}))


def _in_words(kind: str, message: str, limits: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return str(limits["error"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(limits["pattern"], f"must be written as {limits['pattern']}")
    fitting = [words for begin, words in _WORDS.items() if kind.startswith(begin)]
    return fitting[0].format(**limits).replace("'", "") if fitting else message
