"""The input of the rules: what was heard, the box, the house and the animals, strictly checked.

`None` means "not known" and is a value like any other. Nothing here guesses: a value out of its
range, of the wrong type, missing or not known to the schema raises `ScenarioError`. Values too old
to trust (`TRUST_*`) must be passed as `None` by the caller, who has the clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from types import NoneType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

Species = Literal["kitten", "puppy"]
Mother = Literal["present", "available", "none"]
BodyFeel = Literal["warm", "cool", "cold", "hot"]
LastFeed = Literal["full", "short", "refused"]
HealthCheck = Literal["ok", "suspect", "ill"]
Parasites = Literal["clear", "treated", "present"]
Temperament = Literal["calm", "rough"]

SHOWN_CHARACTERS = 40  # of a wrong value, in an error message
MAX_ANIMALS = 20  # babies in the box and possible companions elsewhere
# How long a measurement may be used before it counts as unknown (min).
TRUST_BODY_MIN = 60  # body temperature, touch
TRUST_SIGNS_MIN = 60  # red flags, hunger signs, spread
TRUST_BOX_MIN = 10  # temperature of the nest
TRUST_WEIGHT_MIN = 24 * 60  # weight and its change


class ScenarioError(ValueError):
    """A scenario cannot be used; the message is one sentence that begins with the field."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem

    def inside(self, where: str) -> ScenarioError:
        """The same error, its field seen from one level further out."""
        return ScenarioError(f"{where}.{self.field}" if self.field else where, self.problem)


class Kind(NamedTuple):
    """What a field accepts."""

    accepts: Callable[[Any], bool]
    words: str


def whole(low: int, high: int) -> Kind:
    """A whole number within both limits; `True` is not a number."""
    return Kind(
        lambda value: type(value) is int and low <= value <= high,
        f"a whole number from {low} to {high}",
    )


def number(low: float, high: float) -> Kind:
    """A number within both limits."""
    return Kind(
        lambda value: type(value) in (int, float) and low <= value <= high,
        f"a number from {low:g} to {high:g}",
    )


def one_of(choices: Any) -> Kind:
    """One of the words of a `Literal`."""
    words = get_args(choices)
    return Kind(lambda value: isinstance(value, str) and value in words, " or ".join(words))


def _is_set_of_names(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and all(isinstance(name, str) and name for name in value)
        and len(set(value)) == len(value)
    )


YES_NO = Kind(lambda value: value is True or value is False, "true or false")
TEXT = Kind(lambda value: isinstance(value, str), "text")
NAME = Kind(lambda value: isinstance(value, str) and value != "", "text that is not empty")
NAMES = Kind(_is_set_of_names, "a list of different names")


FieldKind = tuple[str, Kind, bool]  # name, what it accepts, whether it may be null
Part = TypeVar("Part", bound="_Checked")


class _Checked:
    """Holds every field of a data class to the `Kind` in its annotation."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, kind, may_be_null in _KINDS[type(self)]:
            value = getattr(self, name)
            if not ((may_be_null and value is None) or kind.accepts(value)):
                words = f"{kind.words}, or null" if may_be_null else kind.words
                raise ScenarioError(name, f"must be {words}, not {_shown(value)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlags(_Checked):
    """Signs of which one alone means: call the vet."""

    limp: Annotated[bool | None, YES_NO] = None
    unresponsive: Annotated[bool | None, YES_NO] = None
    gasping: Annotated[bool | None, YES_NO] = None
    pale_gums: Annotated[bool | None, YES_NO] = None
    no_suck: Annotated[bool | None, YES_NO] = None
    convulsion: Annotated[bool | None, YES_NO] = None
    bleeding: Annotated[bool | None, YES_NO] = None


RED_FLAGS = tuple(flag.name for flag in fields(RedFlags))


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal(_Checked):
    """One baby, in the box or elsewhere on the site; what has a default may be unknown."""

    id: Annotated[str, NAME]
    species: Annotated[Species, one_of(Species)]
    in_box: Annotated[bool, YES_NO]
    age_days: Annotated[int | None, whole(0, 70)] = None
    weight_g: Annotated[float | None, number(20, 8000)] = None
    litter_id: Annotated[str | None, TEXT] = None  # born and taken in together
    mother: Annotated[Mother | None, one_of(Mother)] = None  # own or foster mother
    body_temp_c: Annotated[float | None, number(15, 45)] = None
    body_feel: Annotated[BodyFeel | None, one_of(BodyFeel)] = None  # of belly, ears and paws
    min_since_fed: Annotated[int | None, whole(0, 2880)] = None
    last_feed: Annotated[LastFeed | None, one_of(LastFeed)] = None
    plan_interval_min: Annotated[int | None, whole(60, 720)] = None  # its own plan; None: none
    hungry_signs: Annotated[bool | None, YES_NO] = None  # rooting, sucking at fingers or cloth
    min_since_toilet: Annotated[int | None, whole(0, 2880)] = None
    red_flags: RedFlags = field(default_factory=RedFlags)
    weight_change_pct: Annotated[float | None, number(-50, 50)] = None  # over the last 24 h
    health: Annotated[HealthCheck | None, one_of(HealthCheck)] = None
    stool_score: Annotated[int | None, whole(1, 7)] = None  # Purina scale: 7 is water
    exposed: Annotated[bool | None, YES_NO] = None  # to infection, in the last 14 days
    parasites: Annotated[Parasites | None, one_of(Parasites)] = None
    days_in_care: Annotated[int | None, whole(0, 365)] = None
    vaccinated: Annotated[bool | None, YES_NO] = None
    cross_ok: Annotated[bool | None, YES_NO] = None  # coordinator's approval for other species
    temperament: Annotated[Temperament | None, one_of(Temperament)] = None
    suckles_others: Annotated[bool, YES_NO]
    keep_apart: Annotated[bool, YES_NO]
    ok_with: Annotated[tuple[str, ...], NAMES] = ()  # ids; supervised trial passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Cry(_Checked):
    """What the microphone, and perhaps a person, know of the cry."""

    episode_s: Annotated[int, whole(0, 86400)]  # since this cry began; 0: quiet
    species: Annotated[Species | None, one_of(Species)] = None
    source_id: Annotated[str | None, TEXT] = None  # the crying baby, if a person saw it
    unusual: Annotated[bool | None, YES_NO] = None  # unlike this baby's usual cry


@dataclass(frozen=True, slots=True, kw_only=True)
class Box(_Checked):
    """The nest."""

    temp_c: Annotated[float | None, number(0, 60)] = None  # on the warm side
    spread: Annotated[bool | None, YES_NO] = None  # babies lie apart, panting or flushed
    comfort: Annotated[bool | None, YES_NO] = None  # heat to move away from, and a soft companion
    min_since_change: Annotated[int | None, whole(0, 1440)] = None  # None: no change lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(_Checked):
    """The house right now."""

    night: Annotated[bool, YES_NO]  # the night interval of feeding applies
    carer_can_watch: Annotated[bool | None, YES_NO] = None  # the first 30 min of a trial
    formula_kcal_ml: Annotated[float | None, number(0.5, 1.5)] = None  # of the milk as mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol(_Checked):
    """The rescue's own rules, which win."""

    quarantine_days: Annotated[int, whole(7, 30)] = 14
    vet_phone: Annotated[str | None, TEXT] = None
    urgent_text: Annotated[str | None, TEXT] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that the rules know; valid once it exists."""

    cry: Cry
    box: Box
    context: Context
    protocol: Protocol
    animals: tuple[Animal, ...]

    def __post_init__(self) -> None:
        if len(self.animals) > MAX_ANIMALS:
            raise ScenarioError(
                "animals", f"must be at most {MAX_ANIMALS}, not {len(self.animals)}"
            )
        seen: set[str] = set()
        for place, animal in enumerate(self.animals):
            if animal.id in seen:
                raise ScenarioError(f"animals[{place}].id", f"{_shown(animal.id)} is there twice")
            seen.add(animal.id)
        source = self.cry.source_id
        # A quiet box has no source: what stands there is left over, and ignored.
        heard = source is not None and self.cry.episode_s > 0
        if heard and source not in {animal.id for animal in self.animals if animal.in_box}:
            raise ScenarioError("cry.source_id", f"{_shown(source)} is not in the box")


def read_scenario(plain: object) -> Scenario:
    """A scenario from plain JSON data (the `input` of a case); every field must be there.

    Raises `ScenarioError`.
    """
    try:
        parts = _members(plain, Scenario)
        animals = parts["animals"]
        if not isinstance(animals, list):
            raise ScenarioError("animals", f"must be a list, not {_shown(animals)}")
        return Scenario(
            cry=_build(Cry, parts["cry"], "cry"),
            box=_build(Box, parts["box"], "box"),
            context=_build(Context, parts["context"], "context"),
            protocol=_build(Protocol, parts["protocol"], "protocol"),
            animals=tuple(
                _read_animal(animal, f"animals[{place}]") for place, animal in enumerate(animals)
            ),
        )
    except ScenarioError as error:
        raise error.inside("input") from None


def _read_animal(plain: object, where: str) -> Animal:
    try:
        members = dict(_members(plain, Animal))
        members["red_flags"] = _build(RedFlags, members["red_flags"], "red_flags")
        if isinstance(members["ok_with"], list):
            members["ok_with"] = tuple(members["ok_with"])
        return Animal(**members)
    except ScenarioError as error:
        raise error.inside(where) from None


def _build(part: type[Part], plain: object, where: str) -> Part:
    try:
        return part(**_members(plain, part))
    except ScenarioError as error:
        raise error.inside(where) from None


def _members(plain: object, part: type[Any]) -> dict[str, Any]:
    """The members of a JSON object that has exactly the fields of the data class."""
    if not isinstance(plain, dict):
        raise ScenarioError("", f"must be an object, not {_shown(plain)}")
    names = _NAMES[part]
    if plain.keys() != names:
        for name in sorted(names - plain.keys()):
            raise ScenarioError(name, "is missing")
        raise not_known(plain.keys() - names)
    return plain


def not_known(names: Iterable[str]) -> ScenarioError:
    """The refusal of fields that nobody defined; of several, the first by name is told."""
    name = min(names)
    plain = name.isascii() and name.isidentifier() and len(name) <= SHOWN_CHARACTERS
    return ScenarioError(name if plain else _shown(name), "is not a field that I know")


def _shown(value: object) -> str:
    """A value for an error message: as JSON, short, ASCII."""
    try:
        text = json.dumps(value, default=repr)
    except RecursionError:
        return "lists without a bottom"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."


def _kinds(part: type[Any]) -> tuple[FieldKind, ...]:
    """What each annotated field accepts."""
    rows = []
    for name, hint in get_type_hints(part, include_extras=True).items():
        if get_origin(hint) is Annotated:
            accepted, kind = get_args(hint)
            rows.append((name, kind, NoneType in get_args(accepted)))
    return tuple(rows)


_KINDS: dict[type[_Checked], tuple[FieldKind, ...]] = {
    part: _kinds(part) for part in (RedFlags, Animal, Cry, Box, Context, Protocol)
}
_NAMES = {
    part: frozenset(member.name for member in fields(part))
    for part in (RedFlags, Animal, Cry, Box, Context, Protocol, Scenario)
}


def plain_scenario(scenario: Scenario) -> dict[str, Any]:
    """The scenario as JSON-ready dictionaries and lists: `read_scenario` gives it back."""
    plain = asdict(scenario)
    plain["animals"] = [{**one, "ok_with": list(one["ok_with"])} for one in plain["animals"]]
    return plain
