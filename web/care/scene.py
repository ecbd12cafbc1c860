"""The scene: who is in the box, who may be crying, how long it has been going on."""

from __future__ import annotations

from dataclasses import dataclass

from web.care import tables
from web.care.facts import Crying, Facts, Warmth, facts_of
from web.care.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Scene:
    """A scenario with the facts of its animals."""

    scenario: Scenario
    everyone: tuple[Facts, ...]  # also those elsewhere on the site
    in_box: tuple[Facts, ...]
    criers: tuple[Facts, ...]  # whoever in the box may be crying; all of them when it is quiet
    cry: Crying
    settling: bool  # just fed or just moved: give it time
    wrong_species: bool  # a species was heard that is not in the box
    youngest: Facts | None  # in the box, by working age

    @property
    def crying(self) -> bool:
        """Somebody cries right now."""
        return self.cry is not Crying.QUIET

    @property
    def persistent(self) -> bool:
        """This cry has been going on for very long."""
        return self.cry is Crying.PERSISTENT

    @property
    def who_is_unsure(self) -> bool:
        """More than one baby may be the crying one."""
        return self.crying and len(self.criers) > 1

    @property
    def box_cold(self) -> bool:
        """The nest is below the band of the youngest."""
        nest = self.scenario.box.temp_c
        return (
            self.youngest is not None and nest is not None and nest < self.youngest.row.nest_low_c
        )

    @property
    def box_hot(self) -> bool:
        """The nest is above the band of the youngest."""
        nest = self.scenario.box.temp_c
        return (
            self.youngest is not None and nest is not None and nest > self.youngest.row.nest_high_c
        )

    @property
    def baby_hot(self) -> bool:
        """Somebody in the box is hot."""
        return any(facts.warmth is Warmth.HOT for facts in self.in_box)

    @property
    def spread_out(self) -> bool:
        """They cry and lie apart at an age at which they would huddle, and not for cold."""
        return (
            self.crying
            and self.scenario.box.spread is True
            and self.youngest is not None
            and self.youngest.age < tables.SPREAD_BELOW_DAYS
            and not self.box_cold
        )

    def company(self, facts: Facts) -> bool:
        """Has a baby of the box others, or its mother, with it?"""
        return len(self.in_box) > 1 or not facts.motherless


def everyone(scene: Scene) -> tuple[Facts, ...]:
    """All animals listed, also those outside the box."""
    return scene.everyone


def in_box(scene: Scene) -> tuple[Facts, ...]:
    """All in the box."""
    return scene.in_box


def criers(scene: Scene) -> tuple[Facts, ...]:
    """Those who may be crying; all in the box when it is quiet."""
    return scene.criers


def scene_of(scenario: Scenario) -> Scene:
    """Derive all facts of a scenario."""
    all_facts = tuple(facts_of(animal, scenario) for animal in scenario.animals)
    nest = tuple(facts for facts in all_facts if facts.animal.in_box)
    cry = _crying(scenario.cry.episode_s)
    source, heard = scenario.cry.source_id, scenario.cry.species
    if cry is Crying.QUIET:  # what was heard before no longer counts
        source = heard = None
    if source is not None:
        fitting = tuple(facts for facts in nest if facts.id == source)
    else:
        fitting = tuple(facts for facts in nest if facts.animal.species == heard)
    suspects = fitting or nest
    return Scene(
        scenario=scenario,
        everyone=all_facts,
        in_box=nest,
        criers=suspects,
        cry=cry,
        settling=_settling(scenario, suspects),
        wrong_species=bool(nest) and heard is not None and not fitting,
        youngest=min(nest, key=lambda facts: facts.age, default=None),
    )


def _crying(episode_s: int) -> Crying:
    if episode_s >= tables.PERSISTENT_CRY_FROM_S:
        return Crying.PERSISTENT
    if episode_s >= tables.LONG_CRY_FROM_S:
        return Crying.LONG
    return Crying.SHORT if episode_s > 0 else Crying.QUIET


def _settling(scenario: Scenario, suspects: tuple[Facts, ...]) -> bool:
    changed = scenario.box.min_since_change
    return scenario.cry.episode_s < tables.SETTLING_BELOW_S and (
        (changed is not None and changed <= tables.SETTLES_AFTER_CHANGE_MIN)
        or any(
            facts.animal.min_since_fed is not None
            and facts.animal.min_since_fed <= tables.SETTLES_AFTER_FEED_MIN
            for facts in suspects
        )
    )
