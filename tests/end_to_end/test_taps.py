"""Noting a feed with one thumb, on a phone-sized Chromium: the taps are counted from opening."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from sqlalchemy import select

from tests.browser import chromium, complaints
from tests.end_to_end.test_page_live import sign_in, until, words
from tests.mosquitto import free_port
from tests.web.dashboard import Dashboard, dashboard, served
from web import journal
from web.records import Feed, Photo

pytestmark = pytest.mark.end_to_end

NAMES = ("Bean", "Fig", "Luna", "Miso", "Oskar", "Pip", "Rolo", "Tansy")
LEAST_TARGET_PX = 48
WAIT_S = 10


@dataclass
class Thumb:
    """A thumb on the phone; it counts what it does, and misses what is too small for it."""

    phone: Chrome
    taps: int = 0

    def tap(self, where: str, number: int = 0) -> None:
        target = self.find(where, number)
        self.phone.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        box = self.phone.execute_script(
            "const e = arguments[0].closest('label, a, button') || arguments[0];"
            "return [e.offsetWidth, e.offsetHeight]",
            target,
        )
        assert min(box) >= LEAST_TARGET_PX, (where, box)
        target.click()
        self.taps += 1

    def find(self, where: str, number: int = 0) -> WebElement:
        until(
            lambda: len(self.phone.find_elements(By.CSS_SELECTOR, where)) > number,
            WAIT_S,
            f"{where} is not on the page",
        )
        return self.phone.find_elements(By.CSS_SELECTOR, where)[number]

    def open(self, address: str) -> None:
        self.phone.get(address)
        self.taps = 0


@contextmanager
def nursery(folder: Path) -> Iterator[tuple[Dashboard, Thumb, str]]:
    """Eight babies in a nest, fed 6 mL three hours ago; and a signed-in phone."""
    boxes = [{"id": "nest", "name": "Nest"}]
    port = free_port()
    with dashboard(folder, ticking=True, box=boxes) as shown:
        values = {"species": "kitten", "age_days": 14}
        ids = [shown.write(journal.add_animal, values | {"name": n}, "nest") for n in NAMES]
        then = shown.now() - timedelta(hours=3)
        shown.write(journal.feed, ids, 6, "full", then)
        shown.write(journal.weigh_each, dict.fromkeys(ids, 260), then)
        shown.state()
        with served(shown.app, port) as address, chromium() as phone:
            sign_in(phone, address)
            yield shown, Thumb(phone), address


def noted(shown: Dashboard) -> dict[str, tuple[float | None, str]]:
    """What was fed in the last hour: name -> (mL, how)."""
    with shown.database.reading() as session:
        rows = session.scalars(
            select(Feed).where(Feed.undone_at.is_(None), Feed.at > shown.now() - timedelta(hours=1))
        )
        return {NAMES[row.animal_id - 1]: (row.amount_ml, row.how) for row in rows}


def test_a_feed_takes_three_taps_eight_babies_five_and_a_dead_link_loses_nothing(
    tmp_path: Path,
) -> None:
    with nursery(tmp_path) as (shown, thumb, address):
        one_baby_in_three(shown, thumb, address)
        eight_in_five(shown, thumb, address)
        assert complaints(thumb.phone) == []
        a_dead_link_loses_nothing(shown, thumb, address)
        a_photo_is_made_small(shown, thumb, address, tmp_path)


def one_baby_in_three(shown: Dashboard, thumb: Thumb, address: str) -> None:
    thumb.open(address)
    thumb.tap('#box-nest a[href*="/note/feed?animal=4"]')
    thumb.tap('.near button[value="6.5"]')
    thumb.tap(".save button")
    until(lambda: "Fed: Miso 6.5 mL" in words(thumb.phone, ".toasts"), WAIT_S, "no toast")
    assert thumb.taps == 3
    assert noted(shown) == {"Miso": (6.5, "full")}
    thumb.tap(".toast button")
    until(lambda: noted(shown) == {}, WAIT_S, "the feed was not taken back")


def eight_in_five(shown: Dashboard, thumb: Thumb, address: str) -> None:
    """All a little more than usual; one drank less, one was not fed."""
    thumb.open(address)
    thumb.tap('#box-nest a.button[href*="/note/feed?box=nest"]')
    thumb.tap('.everyone [data-by="1"]')
    thumb.tap('[name="how-2"][value="short"]')
    thumb.tap('[name="animal"][value="8"]')
    thumb.tap(".save button")
    until(lambda: "Fed: 7 babies" in words(thumb.phone, ".toasts"), WAIT_S, "no toast")
    assert thumb.taps == 5
    others = {name: (6.5, "full") for name in NAMES if name not in ("Fig", "Tansy")}
    assert noted(shown) == {**others, "Fig": (3.5, "short")}
    thumb.tap(".toast button")
    until(lambda: noted(shown) == {}, WAIT_S, "the feeds were not taken back")


def a_dead_link_loses_nothing(shown: Dashboard, thumb: Thumb, address: str) -> None:
    """What was typed outlives the link, the sign-in and the server's doubt."""
    phone = thumb.phone
    thumb.open(f"{address}/note/feed?animal=1")
    field = thumb.find('[name="ml-1"]')
    field.clear()
    field.send_keys("12")
    link_is(phone, up=False)
    thumb.tap(".save button")
    until(lambda: "still here" in words(phone, ".toasts"), WAIT_S, "nothing is said")
    assert field.get_attribute("value") == "12"
    link_is(phone, up=True)
    phone.delete_cookie("nursery")
    thumb.tap(".save button")
    until(lambda: "signed out" in words(phone, ".toasts"), WAIT_S, "nothing is said")
    page = phone.current_window_handle
    phone.switch_to.new_window("tab")
    sign_in(phone, address)
    phone.close()
    phone.switch_to.window(page)
    thumb.tap(".save button")  # its token is of the old sign-in
    until(lambda: "Is that right?" in words(phone, "main"), WAIT_S, "no doubt")
    assert thumb.find('[name="ml-1"]').get_attribute("value") == "12"
    thumb.tap('[name="sure"]')
    until(lambda: noted(shown) == {"Bean": (12, "full")}, WAIT_S, "not written")


def link_is(phone: Chrome, *, up: bool) -> None:
    conditions = {"offline": not up, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    phone.execute_cdp_cmd("Network.enable", {})
    phone.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)


def a_photo_is_made_small(shown: Dashboard, thumb: Thumb, address: str, folder: Path) -> None:
    picture = folder / "large.png"
    picture.write_bytes(noise(1200, 900))
    assert picture.stat().st_size > 3_000_000
    thumb.open(f"{address}/babies/4")
    thumb.find('.photo [type="file"]').send_keys(str(picture))
    thumb.find("main img.big-face")
    with shown.database.reading() as session:
        [photo] = session.scalars(select(Photo))
        assert (photo.content_type, len(photo.image) < 300_000) == ("image/jpeg", True)


def noise(width: int, height: int) -> bytes:
    """A PNG that cannot be packed small, as a camera's picture."""
    random_bytes = random.Random(7).randbytes
    rows = b"".join(b"\x00" + random_bytes(3 * width) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(rows, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )
