"""Suggestions as cards: what may help, what can be tapped, what would change it, what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from monitor.messages import SuggestionItem
from web.care.rules import Code
from web.care.scenario import RED_FLAGS
from web.care.sources import SOURCES
from web.care.voice import Voice
from web.care.wording import CARDS, ENDS
from web.care.would_change import Turn as Outcome
from web.care.would_change import turns, wait
from web.known import House
from web.nursery import Look
from web.pages.acts import Act, acts
from web.pages.babies import Baby
from web.pages.questions import Question, Turn, question
from web.records import Animal, Suggestion
from web.suggesting import NEVER_SETTLED, Advice, advise, answered, covers, settled

URGENT = "URGENT_VET"  # of the care rules
ASKED_AT_ONCE = 2  # questions a card asks; the others wait below


@dataclass(frozen=True)
class Card:
    """One suggestion with what can be tapped on it."""

    item: SuggestionItem
    names: tuple[str, ...]
    partner: str | None
    questions: tuple[Question, ...]
    outcome: str | None
    """What a carer said of it, while it still holds."""
    told: Suggestion | None = None
    volumes: tuple[str, ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)
    """By id: what "fed" writes down, mL."""
    acts: tuple[Act, ...] = ()
    elsewhere: bool = False
    """About nobody who lives in this box: its own box says it in full."""
    later: str = ""
    """What time alone would bring."""

    @property
    def urgent(self) -> bool:
        """Whether it wants a vet now."""
        return self.item.code == URGENT

    @property
    def dismissals(self) -> tuple[tuple[str, str], ...]:
        """How it can be put aside; what cannot wait has no "not now"."""
        if self.urgent:
            return ()
        later = () if self.item.code in NEVER_SETTLED else (("not_now", "Not now"),)
        return (*later, ("did_not_help", "Did not help"), ("wrong", "Wrong"))

    @property
    def ends(self) -> str:
        """What makes it go away."""
        return ENDS[Code(self.item.code)]

    @property
    def source(self) -> str:
        """What it rests on."""
        return SOURCES[Code(self.item.code)]


@dataclass(frozen=True)
class Suggested:
    """All that is suggested for a box."""

    cards: tuple[Card, ...] = ()
    folded: tuple[Card, ...] = ()
    """Done or put aside."""
    questions: tuple[Question, ...] = ()
    """What the cards do not ask yet."""
    notes: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    """Names of those who may be crying."""
    voice: Voice | None = None
    """Whose voice it is, by its sound and by who is here."""
    unusual: tuple[str, ...] = ()
    """How it is unlike this baby's usual cry, as far as a carer has not said otherwise."""


def suggested(
    look: Look, box_ids: Iterable[str], everyone: House, babies: Sequence[Baby]
) -> dict[str, Suggested]:
    """What may help at each of these boxes now, whether it cries or not."""
    session, now = look.session, look.now
    advices = [advise(session, look.settings, box_id, now, everyone) for box_id in box_ids]
    rows = answered(session, advices, now)
    found = {}
    for one in advices:
        box_id = one.box.id
        inside = [baby for baby in babies if baby.box_id == box_id]
        found[box_id] = _suggested(look, one, rows.get(box_id, {}), inside)
    return found


def _suggested(
    look: Look, advice: Advice, rows: Mapping[str, Suggestion], inside: Sequence[Baby]
) -> Suggested:
    in_box = [str(one.id) for one in inside]
    wanted = [*(key for item in advice.items for key in item.unknown), *advice.result.unknown]
    found = {key: question(key, advice.names, in_box) for key in wanted}
    unasked = {key: one for key, one in found.items() if one}  # each is asked in one place only
    plans = _own_plans(look.session, advice)
    shown: list[Card] = []
    folded: list[Card] = []
    for item in advice.items:
        row = rows.get(item.code)
        if row is not None and settled(row, item, look.now):
            folded.append(card(advice, item, row, plans))
            continue
        # The first card is changed by whatever stands above it, so that it asks for that too.
        # What cannot wait asks for nothing but its own.
        own = bool(shown) or item.code in NEVER_SETTLED
        keys = item.unknown if own else (*item.unknown, *advice.result.unknown)
        asked = list(dict.fromkeys(key for key in keys if key in unasked))[:ASKED_AT_ONCE]
        made = card(advice, item, row, plans, [unasked.pop(key) for key in asked])
        shown.append(made)
    return Suggested(
        cards=with_turns(advice, shown),
        folded=tuple(folded),
        questions=tuple(unasked.values()),
        notes=tuple(advice.notes),
        who=_who(advice, inside) if advice.cry else (),
        voice=advice.voice,
        unusual=_unusual(advice),
    )


def card(
    advice: Advice,
    item: SuggestionItem,
    row: Suggestion | None,
    plans: Mapping[str, float],
    asked: Sequence[Question] = (),
) -> Card:
    """A suggestion with its words, buttons and questions."""
    amounts = _amounts(item, plans)
    inside = {one.id for one in advice.scenario.animals if one.in_box}
    row = row if row is not None and covers(row, item) else None
    return Card(
        item=item,
        names=tuple(advice.names.get(one, one) for one in item.subjects),
        partner=advice.names.get(item.partner) if item.partner else None,
        questions=tuple(asked),
        outcome=row.outcome if row else None,
        told=row,
        volumes=_volumes(item, advice.names, plans),
        amounts=amounts,
        acts=acts(item, amounts),
        elsewhere=bool(item.subjects) and not inside & {*item.subjects},
        later=_later(advice) if item.rank == 1 else "",
    )


def with_turns(advice: Advice, shown: Sequence[Card]) -> tuple[Card, ...]:
    """The cards, each of their questions with what its answers would do to its card."""
    asked = [one.key for card in shown for one in card.questions]
    outcomes = turns(advice.scenario, asked) if asked else ()
    return tuple(
        replace(
            card,
            questions=tuple(
                replace(one, turns=_turns(one.key, card.item, outcomes, advice.names))
                for one in card.questions
            ),
        )
        for card in shown
    )


def _turns(
    key: str, item: SuggestionItem, outcomes: Iterable[Outcome], names: Mapping[str, str]
) -> tuple[Turn, ...]:
    found = []
    for turn in outcomes:
        if turn.key == key and (then := _then(turn, item)):
            answers = [names.get(one, one) for one in turn.answers]
            words = " or ".join(answers) if len(answers) < len(RED_FLAGS) else "Any of the others"
            found.append(Turn(words, then))
    return tuple(found)


def _later(advice: Advice) -> str:
    """What comes first if it cries on."""
    later = wait(advice.scenario)
    if later is None:
        return ""
    minutes = f"{later.minutes} minute{'s' if later.minutes > 1 else ''}"
    return f"If it cries on for {minutes}: {CARDS[later.first].title}"


def _then(turn: Outcome, item: SuggestionItem) -> str:
    """What becomes of a card; nothing to say where it stays."""
    first = item.rank == 1
    if first and turn.first is None:
        return "nothing to do"
    if first and turn.first is not None and turn.first != item.code:
        return CARDS[turn.first].title
    if item.code not in turn.codes:
        return "this falls away"
    return ""


def _unusual(advice: Advice) -> tuple[str, ...]:
    """Only while the rules go by it: a carer's word wins."""
    if advice.compared is None or not advice.scenario.cry.unusual:
        return ()
    return tuple(one.words for one in advice.compared.differences)


def _who(advice: Advice, inside: Sequence[Baby]) -> tuple[str, ...]:
    """Of none whose kind it does not sound like."""
    species = advice.voice.species if advice.voice else None
    alike = {str(baby.id) for baby in inside if species in (baby.species, None)}
    return tuple(advice.names[one] for one in advice.result.who if one in alike)


def _own_plans(session: Session, advice: Advice) -> dict[str, float]:
    """Amounts that a carer has planned, which win over the tables, mL."""
    fed = {one for item in advice.items for one in item.volume_ml or ()}
    animals = (session.get(Animal, int(one)) for one in fed)
    return {
        str(animal.id): animal.plan_volume_ml
        for animal in animals
        if animal is not None and animal.plan_volume_ml is not None
    }


def _amounts(item: SuggestionItem, plans: Mapping[str, float]) -> dict[str, float]:
    """What each would be given, mL: its own plan's, else the rules'; never over its stomach."""
    found = {}
    caps = item.cap_ml or {}
    for one, usual in (item.volume_ml or {}).items():
        amount, cap = plans.get(one, usual), caps.get(one)
        if amount is not None:
            found[one] = amount if cap is None else min(amount, cap)
    return found


def _volumes(
    item: SuggestionItem, names: Mapping[str, str], plans: Mapping[str, float]
) -> tuple[str, ...]:
    """`Miso: about 5.5 mL, never over 8 mL`, for each animal to be fed whose amount is known."""
    said = []
    for one, amount in _amounts(item, plans).items():
        cap = (item.cap_ml or {}).get(one)
        whose = " by its own plan" if one in plans else ""
        most = f", never over {cap:g} mL" if cap is not None else ""
        if cap is not None and plans.get(one, 0) > cap:
            whose, most = "", f": its plan says {plans[one]:g} mL, its stomach holds no more"
        said.append(f"{names.get(one, one)}: about {amount:g} mL{whose}{most}")
    return tuple(said)
