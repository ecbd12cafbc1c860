"""The first page: each box as a card, as it is now."""

from __future__ import annotations

from flask import Blueprint, render_template

from web import changes
from web.nursery import looking
from web.pages import boxes

bp = Blueprint("home", __name__)


@bp.get("/")
def home() -> str:
    """All boxes."""
    with looking() as look:
        cards = boxes.box_cards(look)
        return render_template(
            "home.html",
            cards=cards,
            boxless=boxes.boxless(cards),
            nobody=not any(card.babies or card.elsewhere for card in cards),
            change=changes.newest(look.session),
            live_page="home",
        )
