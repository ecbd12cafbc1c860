"""What a silence is worth: calm is never said of what was not heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.cry_messages import QUIET_MINUTE
from web.silence import CONCERNS, LATE, Code, Cried, Heard, Silence, gaps, look

BEGIN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def heard(number: int, **more: object) -> Heard:
    values: dict[str, Any] = {
        **QUIET_MINUTE,
        "at": BEGIN + number * MINUTE,
        "muted_s": 0.0,
        "deaf_s": 0.0,
        "reason": None,
        "near_calls": 0,
        "lone_calls": 0,
        **more,
    }
    values["end"] = values["at"] + timedelta(seconds=values["length_s"])
    return Heard(**{name: values[name] for name in Heard._fields})


def deaf(number: int) -> Heard:
    nothing = dict.fromkeys(("level_dbfs", "loud_dbfs", "peak_dbfs", "noise_dbfs"))
    return heard(number, listened_s=0.0, deaf_s=60.0, reason="unplugged", **nothing)


def judged(minutes: list[Heard], *cries: Cried, hours: float = 8, **more: object) -> Silence:
    end = BEGIN + timedelta(hours=hours)
    return look(BEGIN, end, minutes, cries, goes_on=False, **more)  # type: ignore[arg-type]


def night(**of_each: object) -> list[Heard]:
    return [heard(number, **of_each) for number in range(480)]


def codes(found: Silence) -> list[Code]:
    return [finding.code for finding in found.findings]


def test_a_night_that_was_heard_is_quiet_since_its_last_cry() -> None:
    cry = Cried(BEGIN + timedelta(hours=2), BEGIN + timedelta(hours=2, minutes=3))
    found = judged(night(), cry)
    assert codes(found) == ["heard"]
    assert found.first.since == cry.offset
    assert found.listened_s == 8 * 3600
    assert not found.first.concern


def test_no_minutes_are_a_gap_and_never_a_calm_night() -> None:
    found = judged([])
    assert codes(found) == ["gaps"]
    assert (found.listened_s, found.first.missing_s) == (0.0, 8 * 3600)
    assert [gap.why for gap in found.gaps] == ["no_word"]


def test_a_microphone_that_hears_not_even_a_rustle_is_told() -> None:
    hiss = night(peak_dbfs=-63.2, noise_dbfs=-64.0)
    found = judged(hiss)
    assert codes(found) == ["flat"]
    assert found.first.since == BEGIN
    stirred = [*hiss[:100], heard(100), *hiss[101:140], heard(140), *hiss[141:150]]
    assert codes(judged(stirred, hours=2.5)) == ["flat"]  # the first 100 minutes were
    assert codes(judged([heard(n % 45 and 1 and n) for n in range(480)])) == ["heard"]


def test_a_stretch_of_nothing_goes_on_only_until_the_room_is_heard_again() -> None:
    hiss = [heard(n, peak_dbfs=-63.5) for n in range(90)]
    end = BEGIN + timedelta(minutes=100)
    lively = [heard(n) for n in range(90, 100)]
    assert look(BEGIN, end, [*hiss, *lively], [], goes_on=True).first.until is not None
    on = look(BEGIN, BEGIN + timedelta(minutes=90), hiss, [], goes_on=True)
    assert on.first.code == "flat"
    assert on.first.until is None


def test_a_room_too_loud_for_a_faint_cry_is_told_by_the_boxs_own_cries_where_they_are_known() -> (
    None
):
    fan = night(noise_dbfs=-28.0, level_dbfs=-27, loud_dbfs=-25, peak_dbfs=-20)
    assert "loud" in codes(judged(fan))
    assert "loud" not in codes(judged(fan, usual_cry_dbfs=[-15, -20, -10]))
    assert "loud" in codes(judged(night(), usual_cry_dbfs=[-60, -61, -59]))


def test_many_near_calls_count_at_the_sensitivity_in_force_and_apart_from_cries() -> None:
    some = [heard(n, near_calls=1 if n % 30 == 0 else 0, sensitivity="low") for n in range(480)]
    found = judged(some)
    assert codes(found) == ["near"]
    assert (found.first.count, found.first.sensitivity) == (16, "low")
    raised = [*some[:240], *(heard(n) for n in range(240, 480))]
    assert codes(judged(raised)) == ["heard"]  # since it was raised there were none
    cry = Cried(BEGIN + 200 * MINUTE, BEGIN + 203 * MINUTE)
    near_the_cry = [heard(n, near_calls=20 if 199 <= n <= 203 else 0) for n in range(480)]
    assert codes(judged(near_the_cry, cry)) == ["heard"]
    assert judged(near_the_cry, cry).near == 0


def test_slow_single_calls_are_told() -> None:
    assert codes(judged([heard(n, lone_calls=int(n in {50, 51, 53})) for n in range(480)])) == [
        "lone"
    ]


def test_gaps_have_their_reason_and_short_ones_are_none() -> None:
    minutes = [heard(n) for n in range(60)]
    minutes += [deaf(n) for n in range(60, 100)]
    minutes += [heard(n) for n in range(100, 200)]  # then a listener that was away for 3 min
    minutes += [heard(n) for n in range(203, 300)]
    minutes += [heard(300, listened_s=0.0, deaf_s=60.0, reason="starting")]
    minutes += [heard(n) for n in range(301, 480)]
    found = judged(minutes)
    assert [(gap.why, gap.length_s / 60) for gap in found.gaps] == [
        ("unplugged", 40),
        ("no_word", 3),
    ]
    assert codes(found) == ["gaps", "heard"]
    assert (found.first.since, found.first.missing_s) == (BEGIN + 60 * MINUTE, 43 * 60)
    assert found.findings[1].since == BEGIN + 301 * MINUTE  # a minute of starting is no silence


def test_a_minute_that_is_not_told_yet_is_no_gap() -> None:
    minutes = [heard(n) for n in range(30)]
    now = BEGIN + 30 * MINUTE
    for late_s, expected in ((10, "heard"), (LATE.total_seconds() + 95, "gaps")):
        found = look(BEGIN, now + timedelta(seconds=late_s), minutes, [], goes_on=True)
        assert found.first.code == expected


def test_too_little_is_too_little() -> None:
    assert (
        look(BEGIN, BEGIN + 5 * MINUTE, [heard(n) for n in range(5)], [], goes_on=True).first.code
        == "unknown"
    )


kinds = st.sampled_from(["heard", "hiss", "deaf", "muted", "missing", "near"])


def made(kind: str, number: int) -> list[Heard]:
    if kind == "missing":
        return []
    if kind == "deaf":
        return [deaf(number)]
    more: dict[str, dict[str, object]] = {
        "hiss": {"peak_dbfs": -63.9},
        "muted": {"listened_s": 0.0, "muted_s": 60.0},
        "near": {"near_calls": 1},
    }
    return [heard(number, **more.get(kind, {}))]


@given(st.lists(st.tuples(kinds, st.integers(1, 90)), max_size=8), st.booleans())
def test_calm_is_said_only_of_time_that_was_listened_to(
    stretches: list[tuple[str, int]], goes_on: bool
) -> None:
    minutes, number = [], 0
    for kind, length in stretches:
        for _ in range(length):
            minutes += made(kind, number)
            number += 1
    end = BEGIN + max(1, number) * MINUTE
    found = look(BEGIN, end, minutes, [], goes_on=goes_on)
    assert found.findings
    assert 0 <= found.listened_s <= found.length_s
    missing_s = sum(gap.length_s for gap in found.gaps)
    assert found.listened_s + missing_s <= found.length_s + 1e-6
    assert all(a.end <= b.begin for a, b in zip(found.gaps, found.gaps[1:], strict=False))
    calm = found.findings[-1]
    if calm.code == "heard":
        assert CONCERNS & set(codes(found)) <= {"gaps"}
        assert calm.since is not None
        since = calm.since
        late_s = LATE.total_seconds() if goes_on else 0
        unheard = gaps(since, end, minutes)
        assert sum(gap.length_s for gap in unheard) <= late_s
        assert found.listened_s >= 600


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75])
def test_a_minute_over_the_edge_counts_by_the_part_inside(share: float) -> None:
    over = heard(0, at=BEGIN - share * MINUTE)
    assert judged([over]).listened_s == pytest.approx(60 * (1 - share))


levels = st.none() | st.floats(-120, 0)
shares = st.floats(0, 1)


@st.composite
def any_minute(draw: st.DrawFn) -> Heard:
    length_s = draw(st.floats(0.1, 3600))
    return heard(
        0,
        at=BEGIN + timedelta(seconds=draw(st.floats(-7200, 9000))),
        length_s=length_s,
        listened_s=length_s * draw(shares),
        muted_s=length_s * draw(shares),
        deaf_s=length_s * draw(shares),
        reason=draw(st.sampled_from([None, "frozen", "silent"])),
        level_dbfs=draw(levels),
        peak_dbfs=draw(levels),
        noise_dbfs=draw(levels),
        near_calls=draw(st.integers(0, 50)),
        sensitivity=draw(st.sampled_from(["low", "normal", "high"])),
    )


@given(st.lists(any_minute(), max_size=30), st.booleans(), st.floats(0, 9000))
def test_whatever_minutes_there_are_also_two_at_once_the_time_is_told_once(
    minutes: list[Heard], goes_on: bool, length_s: float
) -> None:
    end = BEGIN + timedelta(seconds=length_s)
    minutes = [one for one in minutes if one.end > BEGIN and one.at < end]
    minutes.sort(key=lambda minute: minute.at)
    found = look(BEGIN, end, minutes, [], goes_on=goes_on)
    assert 0 <= found.listened_s <= found.length_s
    assert all(BEGIN <= gap.begin < gap.end <= end for gap in found.gaps)
    assert all(a.end <= b.begin for a, b in zip(found.gaps, found.gaps[1:], strict=False))
    assert found.first.since is None or BEGIN <= found.first.since <= end
