"""The live pieces of pages: the same templates, rendered alone when something changed.

A page names itself (`home`, `cries`, `cry/<id>`, `animals`, `health`); a piece is sent under the
id of the element that it replaces.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import render_template

from web.nursery import Look
from web.pages import about, babies, boxes, cry_lists
from web.records import Change


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
        return {"cries": render_template("_cries.html", watches=cry_lists.newest(look))}
    if page == "animals" and "animal" in kinds:
        return {"babies": render_template("_babies.html", babies=babies.babies(look))}
    if page == "health":  # judged by the age of each sign of life, which makes no change
        return {"health": render_template("_health.html", **about.how_it_is(look))}
    if page.startswith("cry/"):
        cry_id = page.removeprefix("cry/")
        touched = any(change.subject == cry_id for change in changes)
        found = cry_lists.one(look, cry_id) if touched else None
        if found is not None:
            return {"cry": render_template("_cry.html", **found)}
    return {}


def _home(look: Look, changes: Sequence[Change], turned: Collection[str]) -> dict[str, str]:
    """The boxes concerned; all of them when an animal may have become somebody's company."""
    everywhere = any(change.kind == "animal" for change in changes)
    touched = {change.box_id for change in changes if change.box_id} | set(turned)
    if not touched and not everywhere:
        return {}
    cards = boxes.box_cards(look, None if everywhere else touched)
    nobody = not any(card.babies or card.elsewhere for card in cards)
    return {
        f"box-{card.id}": render_template("_box.html", card=card, nobody=nobody) for card in cards
    }
