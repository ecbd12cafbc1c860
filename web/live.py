"""Live pages: server-sent events from the change feed of the records.

What a page shows is sent as the same HTML that the page itself was made of, under the id of the
newest change it holds. To resume after a gap is to ask for what came after that id, so nothing is
missed, whichever process answers. A pulse every two seconds proves that the link lives and tells
how old each box's newest word is; the page turns red by itself when it stays away.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request, stream_with_context
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from web import auth, changes
from web.database import Database, DatabaseError
from web.nursery import Look, reading, settings, tick
from web.pages import fragments, words
from web.presence import presence
from web.records import BoxStatus

POLL_S = 0.1  # how often the feed is asked for its newest id while anyone listens
PULSE_S = 2.0  # proof of life, with levels and ages
RETRY_MS = 1000  # how soon a browser comes back after a broken link
STREAMS = 24  # at once; each takes a thread of the server, and threads must remain for pages
CLOSE_WAIT_S = 1.0
IDLE_S = 60.0  # with nobody listening, the feed is looked at this seldom
MOST_CHANGES = 500  # a page that missed more is loaded anew
NEVER = 2**63  # a change id that does not come

log = logging.getLogger(__name__)
bp = Blueprint("live", __name__)


class Feed:
    """Watches the newest change id for all streams of this process, in one thread.

    The thread is started by the first stream, sleeps while there is none, and ends with `close`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._newest = 0
        self._streams = 0
        self._ended: set[str] = set()  # sign-ins that ended while their streams were open
        self._open: list[str] = []
        self.closed = False

    def join(self, sign_in: str) -> bool:
        """Count one more stream; False when there are as many as there may be."""
        with self._changed:
            if self._streams >= STREAMS or self.closed:
                return False
            self._streams += 1
            self._open.append(sign_in)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="change feed", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return True

    def leave(self, sign_in: str) -> None:
        """Count one stream less."""
        with self._changed:
            self._streams -= 1
            self._open.remove(sign_in)
            if sign_in not in self._open:
                self._ended.discard(sign_in)

    def end(self, sign_in: str) -> None:
        """Let the streams of one sign-in end now."""
        with self._changed:
            if sign_in in self._open:
                self._ended.add(sign_in)
                self._changed.notify_all()

    def has_ended(self, sign_in: str) -> bool:
        """Whether a stream of this sign-in must end."""
        return self.closed or sign_in in self._ended

    def wait(self, seen: int, sign_in: str, timeout_s: float) -> bool:
        """Wait until there is something newer than `seen`; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._newest > seen or self.has_ended(sign_in), timeout_s
            )

    def close(self) -> None:
        """End all streams and the thread."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_WAIT_S)

    def _watch(self) -> None:
        broken = False
        while not self.closed:
            try:
                with self._database.reading() as session:
                    newest = changes.newest(session)
                if broken:
                    log.info("live pages: the records answer again")
                broken = False
            except DatabaseError as error:
                if not broken:
                    log.warning("live pages wait: %s", error)
                broken, newest = True, self._newest
            with self._changed:
                if newest != self._newest:  # another way round only when the records were replaced
                    self._newest = newest
                    self._changed.notify_all()
                self._changed.wait_for(lambda: self.closed, POLL_S)
                self._changed.wait_for(lambda: self.closed or self._streams > 0, IDLE_S)


def register(app: Flask) -> None:
    """Put the live routes into the app, and the feed where `feed` finds it."""
    app.extensions["feed"] = Feed(app.extensions["database"])
    app.register_blueprint(bp)


def feed() -> Feed:
    """The feed of the current app."""
    found: Feed = current_app.extensions["feed"]
    return found


@bp.get("/live")
def stream() -> BaseResponse:
    """Events for one page: `?page=home&after=ID`; the browser's Last-Event-ID wins over `after`."""
    page, seen, sign_in = request.args.get("page", ""), _seen(), auth.sign_in_id()
    if not feed().join(sign_in):
        return Response("Too many live pages are open.\n", 503, {"Retry-After": "30"})
    body = stream_with_context(_events(feed(), page, seen, sign_in, current_user.get_id()))
    response = Response(_leaving(body, feed(), sign_in), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy must not hold events back
    return response


@bp.get("/live/changes")
def poll() -> BaseResponse:
    """The same as JSON, once: for a page that got no stream."""
    news = _news(request.args.get("page", ""), _seen(), {})
    return jsonify(
        {"id": news.newest, "parts": news.parts, "reload": news.reload, "pulse": news.pulse}
    )


def _seen() -> int:
    given = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
    return int(given) if given.isdecimal() and len(given) < 19 else 0


class _leaving:  # noqa: N801 - reads as a word where it is used
    """The body of a stream; whatever way it ends, also unread, it is counted out once."""

    def __init__(self, body: Iterator[str], of: Feed, sign_in: str) -> None:
        self._body, self._feed, self._sign_in = body, of, sign_in
        self._left = False

    def __iter__(self) -> Iterator[str]:
        return self._body

    def close(self) -> None:
        """Called by the server at the end, also when the browser has gone."""
        if not self._left:
            self._left = True
            self._feed.leave(self._sign_in)
        if hasattr(self._body, "close"):
            self._body.close()


def _events(source: Feed, page: str, seen: int, sign_in: str, user_id: str) -> Iterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    ears: dict[str, str] = {}  # how each box was heard when it was last sent
    while not source.has_ended(sign_in):
        try:
            if not auth.still_signed_in(user_id):
                break
            news = _news(page, seen, ears)
            if news.parts or news.reload or news.newest != seen:
                seen = news.newest
                yield _event("news", {"parts": news.parts, "reload": news.reload}, seen)
            yield _event("pulse", news.pulse)
            source.wait(seen, sign_in, PULSE_S)
        except DatabaseError as error:
            yield _event("problem", {"text": str(error)})
            source.wait(NEVER, sign_in, PULSE_S)
    if not source.closed:
        yield _event("signed-out", {})


@dataclass(frozen=True)
class News:
    """What a page has to show anew, all of one moment of the records."""

    newest: int
    parts: dict[str, str]
    reload: bool
    pulse: dict[str, Any]


def _news(page: str, seen: int, ears: dict[str, str]) -> News:
    """What changed on `page` after the change `seen`.

    `ears` is put right on the way: a box whose listener fell silent or spoke again is sent too,
    for silence writes no change.
    """
    with reading() as session:
        beat, newest = pulse(session), changes.newest(session)
        if not page:  # a form, or what is past: it follows nothing, and keeps what is typed in it
            return News(newest, {}, reload=False, pulse=beat)
        came = changes.after(session, seen, limit=MOST_CHANGES)
        if came.reset or len(came.items) == MOST_CHANGES:
            return News(newest, {}, reload=True, pulse=beat)
        turned = {box for box, of in beat["boxes"].items() if ears.get(box) != of["ear"]}
        ears.update((box, of["ear"]) for box, of in beat["boxes"].items())
        look = Look(session, settings(), tick())
        parts = fragments.changed(look, page, came.items, turned)
        return News(newest, parts, reload=False, pulse=beat)


def pulse(session: Session) -> dict[str, Any]:
    """Server time, and for each box the age of its newest word, its level and how it is heard."""
    at = tick()
    boxes = {}
    for status in session.scalars(select(BoxStatus)):
        age = at - status.heard_at if status.heard_at else None
        heard = words.hearing(presence(status, at))
        boxes[status.box_id] = {
            "age_s": round(max(0.0, age.total_seconds()), 1) if age is not None else None,
            "level": words.level_share(status.level_dbfs if heard.heard else None),
            "ear": heard.ear,
        }
    return {"now": at.isoformat(), "boxes": boxes}


def _event(kind: str, data: Any, change: int | None = None) -> str:
    number = f"id: {change}\n" if change is not None else ""
    return f"{number}event: {kind}\ndata: {json.dumps(data)}\n\n"
