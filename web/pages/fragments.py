"""The live pieces of pages: the same templates, rendered alone when something changed.

A page names itself (`home`, `plan`, `cries`, `cry/<id>`, `night/<box>`, `animals`, `animal/<id>`,
`health`); a piece is sent under the id of the element that it replaces.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from flask import render_template

from web.nursery import Look
from web.pages import about, animals, babies, boxes, company, cry_lists, learning, nights, plan
from web.records import Animal, Change

PLAN_EVERY_S, AT_LEAST_ONCE_S = 20, 2  # the second is how often a live page is asked for news


def changed(
    look: Look, page: str, changes: Sequence[Change], turned: Collection[str]
) -> dict[str, str]:
    """Element id -> new HTML of what `changes` may have changed on `page`.

    `turned` are boxes that are heard in another way than before, with or without a change.
    """
    kinds = {change.kind for change in changes}
    if page == "home":
        return _home(look, changes, turned)
    if page == "cries" and "cry" in kinds:
        return _piece("cries", {"watches": cry_lists.newest(look)})
    if page == "animals" and "animal" in kinds:
        return _piece("babies", {"babies": babies.babies(look)})
    if page == "learning" and kinds & {"box", "cry"}:
        return {"learning": render_template("_learning.html", **learning.how_it_stands(look))}
    if page in ("health", "plan"):
        return _by_time(look, page, kinds)
    return _of_one(look, page, changes, turned)


def _by_time(look: Look, page: str, kinds: AbstractSet[str]) -> dict[str, str]:
    """Pages on which time alone makes news, without any change."""
    if page == "health":  # judged by the age of each sign of life
        return _piece("health", about.how_it_is(look))
    if kinds & {"animal", "formula"} or look.now.second % PLAN_EVERY_S < AT_LEAST_ONCE_S:
        return _piece("plan", plan.next_feeds(look))
    return {}


def _of_one(
    look: Look, page: str, changes: Sequence[Change], turned: Collection[str]
) -> dict[str, str]:
    """The page of one night at a box, of one baby, trial or cry."""
    kind, _, subject = page.partition("/")
    if kind == "night" and (subject in turned or any(c.box_id == subject for c in changes)):
        return _piece("night", nights.night(look, subject, look.now))
    if kind == "animal" and any(c.kind == "animal" and c.subject == subject for c in changes):
        row = look.session.get(Animal, int(subject))
        return _piece("animal", animals.shown(look, row) if row else None)
    if kind == "trial" and changes and subject.isdecimal():  # of a box, a cry, or the two
        return _piece("trial", company.trial_shown(look, int(subject)))
    if kind == "cry" and any(change.subject == subject for change in changes):
        return _piece("cry", cry_lists.one(look, subject))
    return {}


def _piece(name: str, shown: Mapping[str, Any] | None) -> dict[str, str]:
    """The piece of that name, if there is anything to be shown in it."""
    return {name: render_template(f"_{name}.html", **shown)} if shown is not None else {}


def _home(look: Look, changes: Sequence[Change], turned: Collection[str]) -> dict[str, str]:
    """The boxes concerned; all of them when an animal may have become somebody's company."""
    everywhere = any(change.kind == "animal" for change in changes)
    touched = {change.box_id for change in changes if change.box_id} | set(turned)
    if not touched and not everywhere:
        return {}
    cards = boxes.box_cards(look, None if everywhere else touched)
    nobody = not any(card.babies or card.elsewhere for card in cards)
    pieces = {
        f"box-{card.id}": render_template("_box.html", card=card, nobody=nobody) for card in cards
    }
    return pieces | _piece("boxless", {"boxless": boxes.boxless(cards)} if everywhere else None)
