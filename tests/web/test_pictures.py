"""Pictures as they are kept: nothing that a phone writes beside them, upright, small, no bombs."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.web.pictures import of_a_phone, picture
from web.pictures import FORMATS, LONGEST_PX, PictureError, bare

MOST = 300_000


@pytest.mark.parametrize("form", FORMATS)
def test_where_and_by_what_it_was_taken_goes_and_it_stands_upright(form: str) -> None:
    sent = of_a_phone(form)
    with Image.open(io.BytesIO(sent)) as before:
        assert before.getexif()
    kind, kept = bare(sent, MOST)
    assert kind == FORMATS[form]
    assert b"PhoneMaker" not in kept
    assert b"append" not in kept
    with Image.open(io.BytesIO(kept)) as after:
        assert (after.format, after.size, len(after.getexif())) == (form, (32, 64), 0)
        top, bottom = (after.convert("RGB").getpixel((16, y)) for y in (8, 56))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 60 > top[2]  # red: what lay left stands above
    assert bottom[2] > 200 > 60 > bottom[0]


def test_words_and_profiles_beside_the_pixels_go_too() -> None:
    xmp = b"<x:xmpmeta>home</x:xmpmeta>"
    kept = [
        bare(picture("JPEG", comment=b"home", xmp=xmp, icc_profile=b"home" * 40), MOST)[1],
        bare(picture("WEBP", xmp=xmp, icc_profile=b"home" * 40), MOST)[1],
    ]
    file = io.BytesIO()
    told = PngInfo()
    told.add_text("Location", "home")
    told.add_itxt("XML:com.adobe.xmp", "home")
    Image.new("RGBA", (6, 4), (1, 2, 3, 0)).save(file, "PNG", pnginfo=told)
    kept.append(bare(file.getvalue(), MOST)[1])
    assert all(b"home" not in one for one in kept)
    with Image.open(io.BytesIO(kept[-1])) as after:
        assert after.mode == "RGBA"  # what is seen through stays so


def png_of(width: int, height: int) -> bytes:
    """A file of a few bytes that says it is of this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [2_900, 12_000, 60_000])
def test_a_bomb_is_not_unpacked(side: int) -> None:
    with pytest.raises(PictureError, match="8 million pixels"):
        bare(png_of(side, side), MOST)


def test_what_would_be_too_large_is_made_smaller() -> None:
    noise = Image.effect_noise((190, 130), 90).convert("RGB")
    for form in FORMATS:
        file = io.BytesIO()
        noise.save(file, form, quality=20)
        _, kept = bare(file.getvalue(), 8_000)
        with Image.open(io.BytesIO(kept)) as after:
            assert len(kept) <= 8_000
            assert after.width / after.height == pytest.approx(190 / 130, rel=0.05)
    with Image.open(io.BytesIO(bare(picture(size=(2 * LONGEST_PX, 9)), MOST)[1])) as after:
        assert after.width == LONGEST_PX


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_colours_can_be_kept(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    file = io.BytesIO()
    Image.new(mode, (9, 7)).save(file, form)
    with Image.open(io.BytesIO(bare(file.getvalue(), MOST)[1])) as after:
        assert (after.size, after.mode in ("RGB", "RGBA")) == ((9, 7), True)


@pytest.mark.filterwarnings("ignore::UserWarning")  # what Pillow says of spoiled metadata
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_spoiled_picture_is_kept_or_refused_in_words(data: st.DataObject) -> None:
    sent = bytearray(of_a_phone(data.draw(st.sampled_from(list(FORMATS)))))
    for place in data.draw(st.lists(st.integers(0, len(sent) - 1), max_size=6)):
        sent[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(sent)))
    with suppress(PictureError):
        _, kept = bare(bytes(sent[:end] if data.draw(st.booleans()) else sent), MOST)
        assert b"PhoneMaker" not in kept
