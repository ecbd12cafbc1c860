"""The pages: one module a subject, each with its blueprint; templates only show."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from flask_login import current_user

from monitor.messages import utc_text
from web import nursery, times
from web.care.wording import REASONS
from web.nursery import now, zone
from web.pages import (
    about,
    animal_form,
    animals,
    company,
    corrections,
    cries,
    cry_lists,
    doing,
    entry,
    handover,
    home,
    learning,
    milk,
    nights,
    plan,
    proof,
    reminders,
    taps,
    words,
)
from web.presence import STALE

# Under which tab of the bottom navigation a subject stands, where it is not one itself.
TAB_OF = {"milk": "plan", "handover": "plan", "cards": "home", "company": "home", "entry": "home"}
TAB_OF |= {"proof": "cries"}
TAB_OF |= dict.fromkeys(("animal_form", "corrections", "reminders"), "animals")


def register(app: Flask) -> None:
    """Put all pages and the words that templates use into the app."""
    care = (home, doing, company, taps, entry, plan, milk)
    of_one = (animals, animal_form, corrections, reminders)
    for module in (*care, *of_one, nights, cries, proof, handover, learning, about):
        app.register_blueprint(module.bp)
    app.jinja_env.filters.update(
        age=times.age_words,
        ago=lambda moment: times.ago(moment, now()),
        arousal=words.arousal,
        clock=lambda moment: times.clock_time(moment, zone()),
        cry_end=words.cry_end,
        day=lambda day: times.day_name(day, now().astimezone(zone()).date()),
        day_time=lambda moment: times.day_and_time(moment, now(), zone()),
        how_sure=words.how_sure,
        iso=utc_text,
        lasting=times.lasting,
        picture=_picture,
        reason=lambda code: REASONS.get(code, code),
        sound=words.sound,
        stopped=lambda because: words.STOPPED.get(because, because),
        tel=lambda number: "".join(sign for sign in number if sign in "+0123456789"),
        who_cries=words.who_cries,
    )
    plan.add_words(app.jinja_env.filters)
    app.context_processor(_shared)


def _shared() -> dict[str, object]:
    moment: datetime = now()
    return {
        "house": nursery.settings().house.name,
        "is_demo": nursery.is_demo(),
        "now": moment,
        "stale_s": STALE.total_seconds(),
        "tab_of": TAB_OF,
        "signed_in": current_user.is_authenticated,
    }


def _picture(view: cry_lists.CryView) -> list[cry_lists.Bar]:
    return cry_lists.picture(view.calls, view.lasting_s, going_on=view.open)
