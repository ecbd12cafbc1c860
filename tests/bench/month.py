"""A simulated month through the public API. `python -m tests.bench.month [--season spring]`

Twelve babies (`web/month`): what carers write goes through REST as a program of theirs would send
it, what listeners hear through the messages of the contract. Every few hours, and at the moments
that matter, plan, growth and suggestions are asked for and held against what is true: who was fed
when is known here from what was sent, and how long that lasts from the table of the care rules as
it is written there. Every list of suggestions must keep the rules' invariants, and be the same
again from its scenario file. Autumn and spring: the clocks go back and on in the month.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.web.care.invariants import CHECKS
from tests.web.cry_messages import arrived, minute
from tests.web.dashboard import Dashboard, dashboard
from web import boxes, month, proof, tokens
from web.care.advice import plain, suggest
from web.care.scenario import read_scenario
from web.month import (
    Approved,
    Came,
    Checked,
    Cried,
    Dewormed,
    Edited,
    Fed,
    Helped,
    Milk,
    Nest,
    Noted,
    Parted,
    Reminded,
    Step,
    Together,
    Weighed,
)
from web.month.babies import LISTENING
from web.month.days import ALONE_AN_HOUR, HUNGRY_AN_HOUR, TOGETHER_AN_HOUR
from web.records import Companionship
from web.take import take

ZONE = ZoneInfo("Europe/London")
SEASONS = {"autumn": date(2026, 10, 4), "spring": date(2027, 3, 7)}  # first days
LOOKS = timedelta(hours=6)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# Care rules, section 2, as they stand there: first day of age, weight of a kitten from, minutes
# between feeds of a kitten and of a puppy, by day and by night.
ROWS: tuple[tuple[int, int, tuple[int, int], tuple[int, int]], ...] = (
    (0, 0, (120, 120), (120, 180)),
    (7, 150, (180, 180), (180, 240)),
    (14, 250, (240, 240), (240, 300)),
    (21, 350, (300, 360), (300, 360)),
    (28, 450, (360, 480), (360, 480)),
    (35, 550, (360, 480), (360, 480)),
)

# Who is to be company for whom, and what it is called.
COMPANY_JUDGED = 24  # days: a week after it began
COMPANY = {"Pip": ("Poppy", "PAIR_CROSS_SPECIES"), "Juno": ("Kiwi", "PAIR_SAME_SPECIES")}


@dataclass
class Baby:
    """What was sent of a baby: the truth."""

    id: int
    values: Mapping[str, Any]
    fed: datetime | None = None
    weighed: list[tuple[datetime, int]] = field(default_factory=list)
    cold: bool = False

    def interval_min(self, now: datetime) -> int:
        """By the table."""
        if self.values.get("plan_interval_min"):
            return int(self.values["plan_interval_min"])
        local = now.astimezone(ZONE)
        age = (local.date() - date.fromisoformat(self.values["born_on"])).days
        row = max(i for i, (first, *_) in enumerate(ROWS) if first <= age)
        kitten = self.values["species"] == "kitten"
        at, grams = self.weighed[-1] if self.weighed else (None, 0)
        if kitten and at is not None and now - at <= DAY:
            row = min(row, max(i for i, (_, g, *_) in enumerate(ROWS) if g <= grams))
        night = local.hour >= 22 or local.hour < 7
        _, _, of_kittens, of_puppies = ROWS[row]
        return (of_kittens if kitten else of_puppies)[night]

    def is_wasting(self, now: datetime) -> bool:
        """More than a tenth lost in a day: an emergency."""
        if not self.weighed or now - self.weighed[-1][0] > DAY:
            return False
        at, grams = self.weighed[-1]
        before = [
            g for a, g in self.weighed if timedelta(hours=18) <= at - a <= timedelta(hours=30)
        ]
        return bool(before) and grams < 0.9 * before[-1]

    def is_overdue(self, now: datetime) -> bool:
        """As a carer with a watch would say."""
        return self.fed is not None and (now - self.fed) // MINUTE >= self.interval_min(now)


class House:
    """A dashboard and a program that writes into it over REST."""

    def __init__(self, shown: Dashboard) -> None:
        self.shown = shown
        self.babies: dict[str, Baby] = {}
        self.counts: Counter[str] = Counter()
        self.doubts: list[str] = []
        self.took_ms: list[float] = []
        self._pairs: dict[str, int] = {}
        self._milks: dict[str, int] = {}
        self._reminders: dict[str, int] = {}
        self._client = shown.app.test_client()
        self._chance = random.Random(1)
        with shown.database.writing() as session:
            for box in month.BOXES:
                boxes.box_of(session, box, shown.now())
            token = tokens.add(session, "month", shown.now(), scope=tokens.WRITE)
        self._headers = {"Authorization": f"Bearer {token}"}

    # What happens.

    def happen(self, step: Step) -> None:  # noqa: C901 - a case for each kind of step
        """A step of the month, at its time."""
        self.shown.at = step.at
        self.counts[type(step).__name__] += 1
        match step:
            case Milk():
                body = {"name": step.name, "species": step.species, "kcal_ml": step.kcal_ml}
                self._milks[step.name] = self.send("POST", "formulas", body)["id"]
            case Came():
                values = {k: _plain(v) for k, v in step.values.items()}
                given = {"formula_id": self._milks[step.milk], "box_id": step.box}
                made = self.send("POST", "animals", {**values, **given})
                self.babies[step.who] = Baby(made["id"], step.values)
            case Edited():
                values = {k: _plain(v) for k, v in step.values.items()}
                self.send("PATCH", f"animals/{self.id(step.who)}", values)
                if "status" in step.values:
                    del self.babies[step.who]
            case Fed():
                body = {"animal_ids": [self.id(step.who)], "amount_ml": step.ml, "how": step.how}
                self.send("POST", "feeds", body)
                self.babies[step.who].fed = step.at
            case Weighed():
                self.send("POST", "weights", {"grams": {self.id(step.who): step.grams}})
                self.babies[step.who].weighed.append((step.at, step.grams))
            case Helped():
                nothing = step.came == "nothing"
                self.check(step.who, {"toilet_tried": True} if nothing else {"toilet": step.came})
            case Checked():
                self.check(step.who, dict(step.facts))
                if "body_feel" in step.facts:
                    self.babies[step.who].cold = step.facts["body_feel"] in ("cool", "cold")
            case Nest():
                watch = {"carer_can_watch": True} if step.can_watch else {}
                body = {"temp_c": step.temp_c, "comfort": True, **watch}
                self.send("PATCH", f"boxes/{step.box}", body)
            case Noted():
                body = {"animal_id": self.id(step.who), "text": step.text}
                self.send("POST", "notes", body)
            case Reminded():
                body = {"kind": "deworming", "due_at": step.due.isoformat(), "every_days": 14}
                made = self.send("POST", "reminders", {"animal_ids": [self.id(step.who)], **body})
                self._reminders[step.who] = made["id"]
            case Dewormed():
                done = self.send("POST", f"reminders/{self._reminders[step.who]}/done", {})
                self._reminders[step.who] = done["ids"][-1]
            case Approved():
                body = {"ok": True, "partner_id": self.id(step.partner)}
                self.send("POST", f"animals/{self.id(step.who)}/cross-approval", body)
            case Together():
                pair = {"animal_id": self.id(step.who), "partner_id": self.id(step.partner)}
                made = self.send("POST", "companionships", {**pair, "box_id": step.box})
                self._pairs[step.who] = made["id"]
            case Parted():
                path = f"companionships/{self._pairs[step.who]}/outcome"
                self.send("POST", path, {"outcome": step.outcome})
            case Cried():
                self.cry(step)

    def id(self, name: str) -> int:
        """In the records."""
        return self.babies[name].id

    def check(self, name: str, values: Mapping[str, Any]) -> None:
        """Somebody looked."""
        self.send("POST", "checks", {"animal_ids": [self.id(name)], "values": values})

    def cry(self, step: Cried) -> None:
        """A listener hears it; in the middle of it the suggestions are asked for."""
        self.counts["cries heard"] += 1
        name = f"{self.counts['cries heard']:012x}"
        said: dict[str, Any] = {
            "id": f"01929b1e-7c1a-7aa0-a2ef-{name}",
            "box": step.box,
            "species": step.species,
        }
        calls = step.calls
        onset: dict[str, Any] = {
            **said,
            "onset": step.at,
            "calls": len(calls),
            "call_times": list(calls[:100]),
        }
        self.shown._said = 0
        self.shown.at = step.at + timedelta(seconds=min(step.lasts_s, 40))
        self.shown.cry("cry_started", offset=self.shown.at, **onset)
        self.shown.advise(step.box)
        if step.stopped_by == "company":
            self._is_offered_company(step)
        elif self.counts["cries heard"] % 10 == 0:
            self.suggestions(step.box)
        self.shown.at = step.at + timedelta(seconds=step.lasts_s)
        self.shown.cry("cry_ended", offset=self.shown.at, **onset)
        if step.stopped_by:
            self.send("PATCH", f"cries/{said['id']}", {"stopped_by": step.stopped_by})

    def _is_offered_company(self, step: Cried) -> None:
        """The founding moment: all is on record, and the partner is named."""
        found = {card["code"]: card for card in self.suggestions(step.box)}
        partner, code = COMPANY[step.who]
        assert found[code]["partner"] == str(self.id(partner)), found
        self.counts["company offered"] += 1

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """A request that writes; a doubt is noted, and what was meant sent again as sure."""
        answer = self._open(method, f"/api/v1/{path}", body)
        if answer.status_code == 409:
            self.doubts.append(answer.json["detail"])
            answer = self._open(method, f"/api/v1/{path}?sure=true", body)
        assert answer.status_code in (200, 201), (method, path, dict(body), answer.text)
        return answer.json

    def get(self, path: str) -> Any:
        """What the API says now."""
        answer = self._open("GET", f"/api/v1/{path}")
        assert answer.status_code == 200, (path, answer.text)
        return answer.json

    def _open(self, method: str, path: str, body: Any = None) -> Any:
        began = time.perf_counter()
        answer = self._client.open(path, method=method, json=body, headers=self._headers)
        self.took_ms.append(1000 * (time.perf_counter() - began))
        return answer

    # What is true of it.

    def look(self, now: datetime, *, suggestions: bool = True) -> None:
        """Plan, care and suggestions of everybody, held against what was sent."""
        self.shown.at = now
        self.counts["looks"] += 1
        plan = self.get("plan")
        by_id = {one["animal_id"]: one for one in plan["items"]}
        care = {int(one["animal"]): one for one in self.get("care")["items"]}
        assert set(by_id) == set(care) == {baby.id for baby in self.babies.values()}
        for name, baby in self.babies.items():
            item = by_id[baby.id]
            self.counts["plan rows"] += 1
            where = (name, now.isoformat(), item)
            assert _moment(item["fed_at"]) == _whole_ms(baby.fed), where
            assert (item["state"] == "overdue") == baby.is_overdue(now), where
            wasting = baby.is_wasting(now)
            assert (item["not_now"] is not None) == (wasting or self._felt_cold(baby)), where
            if item["state"] == "overdue":
                self.counts["overdue"] += 1
            elif item["due_at"] is not None:
                self._due_is_when_it_turns(baby, item, now)
            if item["volume_ml"] is not None:
                grams = baby.weighed[-1][1]
                assert 0.5 <= item["volume_ml"] <= max(0.5, 0.04 * grams), where
            assert care[baby.id]["overdue"] == (item["state"] == "overdue"), where
            assert _moment(care[baby.id]["next_due"]) == _moment(item["due_at"]), where
        overdue = [one["state"] == "overdue" for one in plan["items"]]
        assert overdue == sorted(overdue, reverse=True)
        for box in sorted({one["box_id"] for one in plan["items"]} - {None}) * suggestions:
            self.suggestions(box)

    def _due_is_when_it_turns(self, baby: Baby, item: Mapping[str, Any], now: datetime) -> None:
        """At that moment the watch says so, and a minute before it did not."""
        due = _moment(item["due_at"])
        assert due is not None
        fresh = Baby(baby.id, baby.values, baby.fed, [(due, g) for _, g in baby.weighed[-1:]])
        if baby.weighed and now - baby.weighed[-1][0] > DAY:
            fresh.weighed = []
        assert fresh.is_overdue(due), (item, now)
        if due - MINUTE > now:
            assert not fresh.is_overdue(due - MINUTE), (item, now)
        self.counts["due moments"] += 1

    def _felt_cold(self, baby: Baby) -> bool:
        """What was felt counts for an hour; what was cold longer ago is asked for again."""
        if not baby.cold:
            return False
        page = self.get(f"checks?animal={baby.id}&fact=body_feel&limit=1")["items"]
        at = _moment(page[0]["at"]) if page else None
        return at is not None and self.shown.at - at <= timedelta(hours=1)

    def listened(self, begin: datetime, end: datetime) -> None:
        """The boxes with a microphone tell that they listened all the time."""
        hours = int((end - begin) / timedelta(hours=1))
        said = [
            minute(
                number + 1,
                box=box,
                run=f"{place:016x}",
                at=begin + timedelta(hours=number),
                length_s=3600.0,
                listened_s=3600.0,
            )
            for place, box in enumerate(LISTENING)
            for number in range(hours)
        ]
        with self.shown.database.writing() as session:
            told = [arrived(one) for one in said]
            assert set(take(session, told, self.shown.settings, self.shown.now())) == {None}

    def company_helped(self) -> None:
        """In this house company takes most of the crying away, and none that is for food."""
        with self.shown.database.reading() as session:
            pair = session.get_one(Companionship, self._pairs["Pip"])
            found = proof.of_pairing(session, self.shown.settings.house, pair, self.shown.now())
        away, due = found.away.found, found.due.found
        assert away is not None, found
        assert away.low < TOGETHER_AN_HOUR / ALONE_AN_HOUR < away.high < 1, found
        true = (TOGETHER_AN_HOUR + HUNGRY_AN_HOUR) / (ALONE_AN_HOUR + HUNGRY_AN_HOUR)
        assert due is None or due.low < true < due.high, found
        self.counts["proof of company"] += 1

    def suggestions(self, box: str) -> list[dict[str, Any]]:
        """Those of a box: as its scenario file gives them again, and within the invariants."""
        said = self.get(f"boxes/{box}/suggestions")
        scenario = read_scenario(self.get(f"boxes/{box}/scenario"))
        advice = suggest(scenario)
        again = plain(advice)
        assert [one["code"] for one in again["suggestions"]] == [
            one["code"] for one in said["suggestions"]
        ]
        assert (again["who"], again["unknown"]) == (said["who"], said["unknown"])
        for check in CHECKS:
            check(scenario, advice, self._chance)
        self.counts["suggestion lists"] += 1
        self.counts["cards"] += len(said["suggestions"])
        found: list[dict[str, Any]] = said["suggestions"]
        return found


def _plain(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _whole_ms(at: datetime | None) -> datetime | None:
    return at and at.replace(microsecond=at.microsecond // 1000 * 1000)


def spots(house: House, first: date) -> list[tuple[datetime, Any]]:
    """Moments that matter, and what must be so at each."""

    def at(day: int, clock: str) -> datetime:
        local = datetime.combine(first + timedelta(days=day), datetime.min.time(), ZONE)
        hour, minute = map(int, clock.split(":"))
        return local.replace(hour=hour, minute=minute).astimezone(UTC)

    def growth(name: str) -> Any:
        return house.get(f"animals/{house.id(name)}/growth")

    def healthy_litter() -> None:
        for name in ("Ash", "Birch"):
            assert not growth(name)["red"], growth(name)

    def runt_fades() -> None:
        found = growth("Fern")
        assert found["red"], found
        assert found["gain_g"] < 0
        points = [(_moment(p["at"]), p["grams"]) for p in found["weighings"]]
        assert points == [(a, g) for a, g in house.babies["Fern"].weighed]
        healthy_litter()

    def cold() -> None:
        cards = house.suggestions("demo-pen")
        assert "WARM_FIRST" in {card["code"] for card in cards}
        of_fern = str(house.id("Fern"))
        fed = [c for c in cards if c["code"] in ("FEED", "STIMULATE") and of_fern in c["subjects"]]
        assert fed == []

    def emergency() -> None:
        cards = house.suggestions("demo-pen")
        assert (cards[0]["code"], cards[0]["subjects"]) == ("URGENT_VET", [str(house.id("Fern"))])
        assert {"limp", "no_suck", "cold_body"} <= set(cards[0]["reasons"])

    def nobody_woke() -> None:
        plan = house.get("plan")["items"]
        waiting = {one["name"] for one in plan if one["state"] != "overdue"}
        assert waiting <= {"Juno", "Kiwi"}, plan  # the oldest may sleep eight hours
        assert len(plan) == 8
        cards = [card for box in month.BOXES for card in house.suggestions(box)]
        assert "FEED" in {card["code"] for card in cards}

    def night_is(hours: int) -> Any:
        def so() -> None:
            night = house.get("plan/night")
            begin, end = _moment(night["begin"]), _moment(night["end"])
            assert begin is not None
            assert end is not None
            assert end - begin == timedelta(hours=hours)
            assert [begin.astimezone(ZONE).hour, end.astimezone(ZONE).hour] == [22, 7]
            assert all(begin <= (_moment(r["at"]) or end) < end for r in night["rounds"])
            assert night["rounds"]

        return so

    back = next(d for d in range(40) if at(d + 1, "12:00") - at(d, "12:00") != DAY)
    longer = (at(back + 1, "12:00") - at(back, "12:00")) // timedelta(hours=1) - 24
    return [
        (at(3, "12:00"), healthy_litter),
        (at(8, "12:00"), runt_fades),
        (at(8, "21:50"), cold),
        (at(9, "2:00"), emergency),
        (at(12, "6:00"), nobody_woke),
        (at(back, "21:00"), night_is(9 + longer)),
        (at(back + 2, "21:00"), night_is(9)),
    ]


def run(
    first: date,
    days: int,
    folder: Path,
    *,
    looks: timedelta = LOOKS,
    only: tuple[type[Step], ...] | None = None,
) -> House:
    """The month in records of its own; `only` leaves out the other kinds of steps, and suggestions.

    Raises AssertionError where something is not so.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(dashboard(folder, carer=False, house={"time_zone": ZONE.key}))
        start = datetime.combine(first, datetime.min.time(), ZONE).astimezone(UTC)
        shown.at = start
        house = House(shown)
        end = start + days * DAY
        coming: list[tuple[datetime, Any]] = [
            (moment, None) for moment in _every(looks, start, end)
        ]
        coming += [(moment, check) for moment, check in spots(house, first) if moment < end]
        coming.sort(key=lambda one: one[0])
        for step in month.steps(first, ZONE, days=days):
            while coming and coming[0][0] <= step.at:
                moment, check = coming.pop(0)
                house.look(moment, suggestions=only is None)
                if check is not None:
                    check()
                    house.counts["spot checks"] += 1
            if only is None or isinstance(step, only):
                house.happen(step)
        if only is None and days >= COMPANY_JUDGED:
            house.listened(start, end)
            house.company_helped()
        return house


def _every(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    at = start + step
    while at < end:
        yield at
        at += step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--season", choices=[*SEASONS, "both"], default="both")
    parser.add_argument("--days", type=int, default=month.DAYS)
    asked = parser.parse_args()
    seasons = list(SEASONS) if asked.season == "both" else [asked.season]
    for season in seasons:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            house = run(SEASONS[season], asked.days, Path(folder))
        took = sorted(house.took_ms)
        lines = [f"{season}, {asked.days} days from {SEASONS[season]}: all as it must be"]
        lines += [f"  {count:6} {what}" for what, count in house.counts.most_common()]
        lines += [f"  doubt, sent again as sure: {doubt}" for doubt in house.doubts]
        lines.append(
            f"  {len(took)} requests, median {median(took):.1f} ms, "
            f"p95 {took[int(0.95 * len(took))]:.1f} ms; {time.monotonic() - began:.0f} s in all"
        )
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
