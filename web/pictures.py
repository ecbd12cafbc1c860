"""Pictures as they are kept: upright, small, and without what a phone writes beside them.

A photo taken at home holds the home's position, the phone's name and the moment. The picture is
read and another one is written of its pixels alone, so that nothing else can come along.
"""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageOps

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
FORMATS = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP}  # Pillow's names
MOST_PIXELS = 8_000_000  # as it comes: unpacked each takes 4 to 16 bytes, of a Pi's 512 MB
LONGEST_PX = 1600  # of the longer side, as it is kept
QUALITY = 85
SMALLER = 0.8  # of each side, as often as it takes to fit

# What Pillow raises at files that are none, or are spoiled.
_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, LookupError, TypeError)
_HUGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class PictureError(ValueError):
    """What was sent cannot be kept as a picture; the text says why, to follow its name."""


def bare(sent: bytes, most_bytes: int) -> tuple[str, bytes]:
    """Media type and bytes of the picture alone, turned upright. Raises PictureError."""
    try:
        with Image.open(io.BytesIO(sent), formats=tuple(FORMATS)) as read:
            form = str(read.format)
            if read.width * read.height > MOST_PIXELS:
                raise PictureError(_too_large())
            read.thumbnail((LONGEST_PX, LONGEST_PX))
            picture = _plain(_upright(read), form)
    except PictureError:
        raise
    except _HUGE:
        raise PictureError(_too_large()) from None
    except _UNREADABLE:
        raise PictureError("must be a JPEG, PNG or WebP picture that can be read") from None
    while len(written := _written(picture, form)) > most_bytes:
        width, height = (max(1, int(SMALLER * side)) for side in picture.size)
        picture = picture.resize((width, height))
    return FORMATS[form], written


def _too_large() -> str:
    return f"is too large; at most {MOST_PIXELS // 1_000_000} million pixels"


def _upright(picture: Image.Image) -> Image.Image:
    """As it was held; where that is told in a way that cannot be read, as it is."""
    try:
        return ImageOps.exif_transpose(picture)
    except _UNREADABLE:
        return picture


def _plain(picture: Image.Image, form: str) -> Image.Image:
    """Colours that its format can hold, and nothing beside the pixels."""
    see_through = form != "JPEG" and picture.has_transparency_data
    plain = picture.convert("RGBA" if see_through else "RGB")
    plain.info.clear()
    return plain


def _written(picture: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, optimize=True, quality=QUALITY)
    return file.getvalue()
