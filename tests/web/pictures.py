"""Pictures for tests: small ones, and such as phones make."""

from __future__ import annotations

import io
from typing import Any

from PIL import ExifTags, Image


def picture(
    form: str = "JPEG", size: tuple[int, int] = (6, 4), colour: Any = (217, 131, 36), **more: Any
) -> bytes:
    """A picture of one colour; `more` is written beside it."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form, **more)
    return file.getvalue()


def of_a_phone(form: str = "JPEG", turned: int = 6) -> bytes:
    """Left half red, right half blue as it lies; with where it was taken, and how it was held."""
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    image.paste((0, 0, 255), (32, 0, 64, 32))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    exif[ExifTags.Base.Make] = "PhoneMaker"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 29.0)
    file = io.BytesIO()
    image.save(file, form, exif=exif, quality=95)
    return file.getvalue() + b"and what some phones append"


def width_of(image: bytes) -> int:
    """Px."""
    with Image.open(io.BytesIO(image)) as read:
        return read.width
