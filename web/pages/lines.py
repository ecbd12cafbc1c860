"""Forms with a line for each baby: what was typed, what is wrong with it, and writing it all.

All lines are written or none, so that a form that comes back never stands for half of itself.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, current_app, flash, redirect, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from web.journal import Doubt, Entry, EntryError, Written, once
from web.nursery import entry, writing
from web.pages.babies import Baby
from web.pages.offers import Offer
from web.pages.taps import came_from

Form = MultiDict[str, str]
LONGEST_ID = 19  # digits of an id that no database has
WriteOne = Callable[[Session, Entry, int], Sequence[Written]]
Write = Callable[[Session, Entry], Sequence[Written]]


@dataclass(frozen=True)
class Problem:
    """Why a line, or a form, cannot be written."""

    text: str
    doubt: bool = False
    """A carer may know better: the same again with "yes" writes it."""
    same: int | None = None
    """Of a feed: the one that this may be the rest of."""


@dataclass(frozen=True)
class Line:
    """One baby in a form."""

    baby: Baby
    ticked: bool
    values: Mapping[str, str]
    """By field: what was typed, else what is offered."""
    offer: Offer
    problem: Problem | None = None


@dataclass(frozen=True)
class Attempt:
    """What came of writing a form."""

    undo_ids: Sequence[int] = ()
    problems: Mapping[int, Problem] | None = None
    """By animal; 0 stands for the form as a whole. None: all is written."""

    @property
    def doubtful(self) -> bool:
        """Whether nothing is wrong but what a carer may know better."""
        return bool(self.problems) and all(one.doubt for one in (self.problems or {}).values())


@dataclass(frozen=True)
class Tried:
    """What came of writing a form about one thing."""

    undo_ids: Sequence[int] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    """By field; empty: it is written."""
    doubtful: bool = False
    """Only what a carer may know better."""


class _NotAllError(Exception):
    """Some lines cannot be written; none shall be."""


def write_each(ids: Iterable[int], write: WriteOne) -> Attempt:
    """Write every line, or none; a form that arrives twice is written once."""
    who = replace(entry(), sure=_is_sure())
    problems: dict[int, Problem] = {}

    def do() -> dict[str, Any]:
        return {"undo": _undo_ids(session, who, ids, write, problems)}

    try:
        with writing() as session:
            answer = once(session, _key(), f"form {request.path}", who.now, do).answer
        return Attempt(undo_ids=answer["undo"])
    except _NotAllError:
        return Attempt(problems=problems)
    except EntryError as error:  # the form as a whole
        return Attempt(problems={0: problem(error)})


def write_form(write: Write) -> Tried:
    """Write a form about one thing, or say which field is wrong."""
    who = replace(entry(), sure=_is_sure())
    try:
        with writing() as session:
            answer = once(
                session,
                _key(),
                f"form {request.path}",
                who.now,
                lambda: {"undo": [one.undo_id for one in write(session, who)]},
            )
        return Tried(undo_ids=answer.answer["undo"])
    except EntryError as error:
        found = problem(error)
        return Tried(errors={error.field: found.text}, doubtful=found.doubt)


def _undo_ids(
    session: Session, who: Entry, ids: Iterable[int], write: WriteOne, problems: dict[int, Problem]
) -> list[int]:
    """What was written; else `problems` is filled. Raises _NotAllError, to take it all back."""
    written: list[Written] = []
    for animal_id in ids:
        try:
            with session.begin_nested():
                written += write(session, who, animal_id)
        except EntryError as error:
            problems[animal_id] = _named_problem(error)
    if not written and not problems:
        problems[0] = Problem("Nothing is filled in yet.")
    if problems:
        raise _NotAllError
    return [one.undo_id for one in written]


def _key() -> str:
    """This form, with what is typed in it: a phone that is not sure it arrived sends it again."""
    return f"{request.form.get('key', '')[:40] or new_key()} {_typed('csrf_token')}"


def sure_word() -> str:
    """What the button sends that says "yes, write it": it holds for just what was typed."""
    return _typed("csrf_token", "key", "sure", "same")


def _is_sure() -> bool:
    return request.form.get("sure") == sure_word()


def _typed(*but: str) -> str:
    """A digest of what the form holds, but for some fields."""
    fields = request.form.items(multi=True)
    typed = sorted((k, v) for k, v in fields if k.partition("-")[0] not in but)
    return hashlib.sha256(repr(typed).encode()).hexdigest()[:24]


def new_key() -> str:
    """Names one opening of a form."""
    return secrets.token_urlsafe(9)


# What the journal's fields are called where its words stand beside a baby, not below a field.
_CALLED = {
    "at": "the time",
    "ago": "the time",
    "amount_ml": "the amount",
    "grams": "the weight",
    "before_g": "the weight before",
    "after_g": "the weight after",
    "text": "the note",
    "body_temp_c": "the temperature",
    "temp_c": "the temperature",
    "note": "the note",
    "stool_score": "the stool's score",
    "formula_id": "the milk",
}
_OF_A_FIELD = ("is ", "must ", "needs ", "holds ")  # how a message about the field begins


def _named_problem(error: EntryError) -> Problem:
    called = _CALLED.get(error.field)
    if called and error.message.startswith(_OF_A_FIELD):
        return replace(problem(error), text=_sentence(f"{called} {error.message}"))
    return problem(error)


def problem(error: EntryError) -> Problem:
    """The journal's refusal, as a sentence."""
    text = _sentence(error.message)
    if isinstance(error, Doubt):
        return Problem(text, doubt=True, same=error.same)
    return Problem(text)


def _sentence(words: str) -> str:
    said = words[0].upper() + words[1:]
    return said if said.endswith((".", "?")) else f"{said}."


def ids_of(form: Form, field: str) -> list[int]:
    """The animals that a field of the form names."""
    return [int(one) for one in form.getlist(field) if one.isdecimal() and len(one) < LONGEST_ID]


def ticked(form: Form) -> list[int]:
    """The animals that are meant."""
    return ids_of(form, "animal")


def done(text: str, undo_ids: Sequence[int], to: str = "") -> BaseResponse:
    """Back to where the form was opened from (or on `to` a page), with a toast that undoes it."""
    undo, place = "-".join(str(one) for one in undo_ids), to or came_from()
    flash({"text": text, "undo": undo, "back": place})  # type: ignore[arg-type]  # any JSON
    return leave(place)


def say(text: str) -> None:
    """A toast that something went wrong, on the next page."""
    flash({"text": text, "wrong": True})  # type: ignore[arg-type]  # any JSON lives in the session


def leave(path: str) -> BaseResponse:
    """Go on to a page; a script that sent the form is told where, and goes there itself."""
    if request.headers.get("X-Wants") == "page":
        answer: Response = current_app.response_class(status=204)
        answer.headers["X-Go"] = path
        return answer
    return redirect(path, 303)
