"""The first page: each box as a card, as it is now."""

from __future__ import annotations

from flask import Blueprint, render_template

from web import changes
from web.nursery import now, reading, settings
from web.pages import boxes

bp = Blueprint("home", __name__)


@bp.get("/")
def home() -> str:
    """All boxes."""
    with reading() as session:
        cards = boxes.box_cards(session, settings(), now())
        return render_template(
            "home.html",
            cards=cards,
            nobody=not any(card.babies or card.elsewhere for card in cards),
            change=changes.newest(session),
            live_page="home",
        )
