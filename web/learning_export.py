"""Reviewed sounds for whoever improves the next model: no speech, no names, no times.

Only sound that the listener has checked: it keeps none in which somebody talks, and says so. What
was not checked is left out, and so is what is made up for the demo.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from web.records import Clip, Cry, Review

MOST = 500  # sounds in one file, the newest reviews
IN_MEMORY = 4 * 1024 * 1024  # bytes; more goes to the disk
CONSENT = (
    "The person who made this file ticked: these sounds and my reviews of them may be used to "
    "improve the cry model, and be passed on for that."
)


def exportable(session: Session) -> int:
    """How many sounds an export would hold."""
    return sum(1 for _ in _reviewed(session))


def write_export(session: Session) -> tuple[IO[bytes], int]:
    """The ZIP, ready to be read, and how many sounds it holds."""
    out = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer reads and closes it
    entries = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for number, (cry, review) in enumerate(_reviewed(session), 1):
            flac = session.scalar(select(Clip.flac).where(Clip.cry_id == cry.id))
            if flac is None:
                continue
            name = f"{number:04}.flac"
            packed.writestr(zipfile.ZipInfo(name), flac)
            entries.append(
                {
                    "file": name,
                    "verdict": review.verdict,
                    "species": review.species,
                    "heard_species": cry.species,
                    "score": cry.score,
                    "calls": cry.calls,
                    "model": cry.model,
                }
            )
        labels = {"schema": 1, "consent": CONSENT, "sounds": entries}
        text = json.dumps(labels, indent=1, ensure_ascii=False) + "\n"
        packed.writestr(zipfile.ZipInfo("labels.json"), text)
    out.seek(0)
    return out, len(entries)


def _reviewed(session: Session) -> Iterator[tuple[Cry, Review]]:
    """Cries with their newest review, whose sound is kept and is known to hold no speech."""
    later = aliased(Review)
    said_since = select(later.id).where(later.cry_id == Review.cry_id, later.id > Review.id)
    rows = session.execute(
        select(Cry, Review)
        .join(Review, Review.cry_id == Cry.id)
        .where(~said_since.exists(), Cry.demo.is_(False))
        .where(Cry.id.in_(select(Clip.cry_id)))
        .order_by(Review.id.desc())
        .limit(MOST)
    )
    for cry, review in rows:
        if is_free_of_speech(cry):
            yield cry, review


def is_free_of_speech(cry: Cry) -> bool:
    """Whether the cry's listener checked its sound and found nobody talking."""
    details = cry.details
    return details.get("clip") is True and details.get("speech_checked") is True
