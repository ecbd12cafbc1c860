"""Two days of the made-up month through the public API, across each change of the clocks.

The whole of it: `python -m tests.bench.month`.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.bench.month import run
from web.month import Came, Fed, Milk, Weighed


@pytest.mark.parametrize("first", [date(2026, 10, 24), date(2027, 3, 27)])
def test_across_a_clock_change_the_plan_is_what_a_carer_with_a_watch_would_say(
    first: date, tmp_path: Path, sqlite_url: str
) -> None:
    assert sqlite_url
    told = (Milk, Came, Fed, Weighed)
    house = run(first, 2, tmp_path, looks=timedelta(hours=6), only=told)
    assert house.counts["spot checks"] == 1  # the night is an hour longer, or shorter
    assert house.counts["plan rows"] > 40
    assert house.counts["due moments"] > 30
    assert house.doubts == []
