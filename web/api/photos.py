"""Photos: an animal's face."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models import RawModel

from web import journal
from web.api.access import blueprint, database
from web.api.paging import NURSERY, IdPath
from web.api.problems import Responses, described, problem
from web.api.writing import REFUSALS, Key, Sure, WriteAnswer, write
from web.journal.photos import MOST_BYTES
from web.pictures import JPEG, PNG, WEBP
from web.records import Animal

PHOTO: Responses = {
    "200": {"description": "the picture", "content": {kind: {} for kind in (JPEG, PNG, WEBP)}}
}


class Picture(RawModel):
    """The request itself, whose body is the picture."""

    mimetypes = [JPEG, PNG, WEBP]  # noqa: RUF012 - the library reads it of the class


@blueprint.get(
    "/api/v1/animals/<int:id>/photo",
    tags=[NURSERY],
    summary="The picture of an animal",
    responses={**PHOTO, **described(404)},
)
def photo(path: IdPath) -> Response:
    """The newest one."""
    with database().reading() as session:
        found = journal.photo_of(session, path.id)
        if found is None:
            return problem(404, "there is no picture of this animal")
        return Response(found.image, content_type=found.content_type)


@blueprint.put(
    "/api/v1/animals/<int:id>/photo",
    tags=[NURSERY],
    summary="Show this picture of an animal from now on",
    description="The body is the picture itself: JPEG, PNG or WebP, at most 300 KB and "
    "8 million pixels. It is turned upright, and only what is seen of it is kept: not where, when "
    "and by what it was taken.",
    responses={"200": WriteAnswer, **REFUSALS, **described(413)},
)
def set_photo(path: IdPath, query: Sure, header: Key, raw: Picture) -> Response:
    """The picture before it stays on record a while, so that undo brings it back."""
    raw.max_content_length = MOST_BYTES  # a 413 says so without reading more
    image = raw.get_data()
    return write(
        query, header, lambda s, e: journal.set_photo(s, e, path.id, image), of=(Animal, path.id)
    )


@blueprint.delete(
    "/api/v1/animals/<int:id>/photo",
    tags=[NURSERY],
    summary="Show no picture of an animal",
    responses={"200": WriteAnswer, **REFUSALS},
)
def remove_photo(path: IdPath, query: Sure, header: Key) -> Response:
    """Undo brings it back."""
    return write(
        query, header, lambda s, e: journal.remove_photo(s, e, path.id), of=(Animal, path.id)
    )
