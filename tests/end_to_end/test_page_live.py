"""The page on a phone-sized Chromium: a cry comes, the server dies, the server lives again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser import chromium, complaints
from tests.mosquitto import free_port
from tests.web.dashboard import NAME, PASSPHRASE, Dashboard, dashboard
from web import journal

pytestmark = pytest.mark.end_to_end

PROGRAM = Path(sys.executable).parent / "nursery-monitor"
START_S = 40.0
RED_S = 12.0  # six seconds of silence, and a slow machine
HEAL_S = 20.0


@contextmanager
def web(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`nursery-monitor web` as a program of its own, answering."""
    program = subprocess.Popen([PROGRAM, "--config", config, "web"])
    try:
        until(lambda: answers(port), START_S, "the dashboard did not answer")
        yield program
    finally:
        program.kill()
        program.wait(10)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False


def until(holds: Callable[[], bool], seconds: float, otherwise: str) -> float:
    """Wait for something; gives how long it took, s."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, otherwise
        time.sleep(0.05)
    return time.monotonic() - begun


def words(phone: Chrome, where: str) -> str:
    """What can be read there; nothing of what is hidden."""
    script = (
        "const e = document.querySelector(arguments[0]); return e?.checkVisibility() && e.innerText"
    )
    return str(phone.execute_script(script, where) or "")


def tap(phone: Chrome, where: str) -> None:
    button = phone.find_element(By.CSS_SELECTOR, where)
    phone.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()


def sign_in(phone: Chrome, address: str) -> None:
    phone.get(f"{address}/sign-in")
    phone.find_element(By.ID, "name").send_keys(NAME)
    phone.find_element(By.ID, "passphrase").send_keys(PASSPHRASE)
    phone.find_element(By.CSS_SELECTOR, "main button").click()
    until(lambda: "Live" in words(phone, "[data-link]"), HEAL_S, "the page is not live")


@pytest.fixture
def config(tmp_path: Path) -> tuple[Path, int]:
    port = free_port()
    path = tmp_path / "config.toml"
    path.write_text(
        f'state_dir = "{tmp_path}"\n[house]\ntime_zone = "Europe/London"\n'
        f'[web]\nhost = "127.0.0.1"\nport = {port}\n[[box]]\nid = "nest"\nname = "Nest"\n'
    )
    return path, port


def what_is_being_typed_stays(shown: Dashboard, phone: Chrome) -> list[object]:
    """Someone types the nest's temperature while the cry goes on."""
    phone.execute_script("document.querySelector('#questions-nest').open = true")
    field = phone.find_element(By.CSS_SELECTOR, '#questions-nest [name="number"]')
    field.send_keys("31.5")
    shown.cry("cry_updated", calls=30)
    until(lambda: "30 calls" in words(phone, "#box-nest .facts"), 3, "the cry does not grow")
    script = "return [arguments[0].value, document.activeElement === arguments[0]]"
    return list(phone.execute_script(script, field))


def a_whole_night(shown: Dashboard, phone: Chrome) -> None:
    """A cry grows on the page, is answered with one tap, and ends; nothing is reloaded."""
    phone.execute_script("window.sameLife = true")
    shown.state(state="crying")
    shown.cry(onset=shown.now() - timedelta(seconds=31))
    shown.advise()
    until(lambda: "Crying for" in words(phone, "#box-nest .big"), 3, "no cry on the page")
    until(lambda: "What may help" in words(phone, "#box-nest"), 3, "no suggestions on the page")
    before = words(phone, "#box-nest [data-since]")
    until(lambda: words(phone, "#box-nest [data-since]") != before, 3, "the duration stands still")
    shown.cry("cry_updated", calls=29)
    until(lambda: "29 calls" in words(phone, "#box-nest .facts"), 3, "the cry does not grow")
    typed = what_is_being_typed_stays(shown, phone)
    assert typed == ["31.5", True]
    tap(phone, '#box-nest [name="because"][value="fed"]')
    until(lambda: "feed is noted" in words(phone, ".toasts"), 5, "no toast")
    until(lambda: "just now" in words(phone, "#box-nest .fed"), 5, "the feed is not on the card")
    tap(phone, ".toast button")
    until(lambda: "not known" in words(phone, "#box-nest .fed"), 5, "the feed was not taken back")
    shown.state()
    shown.cry("cry_ended", calls=31)
    until(lambda: "All quiet" in words(phone, "#box-nest .big"), 3, "the cry does not end")
    assert phone.execute_script("return window.sameLife") is True


def test_a_cry_appears_the_page_goes_red_with_its_server_and_heals_missing_nothing(
    tmp_path: Path, config: tuple[Path, int]
) -> None:
    path, port = config
    address = f"http://127.0.0.1:{port}"
    with dashboard(tmp_path, ticking=True) as shown, chromium() as phone:
        shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
        shown.state()
        with web(path, port) as program:
            sign_in(phone, address)
            a_whole_night(shown, phone)
            assert complaints(phone) == []
            program.kill()
            alarm = ".link-dead"
            until(lambda: "No link" in words(phone, alarm), RED_S, "the page did not turn red")
            assert "link-lost" in str(phone.execute_script("return document.body.className"))
        shown.state(state="crying")
        shown.cry("cry_started", id="01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c44")
        with web(path, port) as program:
            healed = '!document.body.classList.contains("link-lost")'
            until(lambda: bool(phone.execute_script(f"return {healed}")), HEAL_S, "it did not heal")
            until(lambda: "Crying for" in words(phone, "#box-nest .big"), 5, "the cry was missed")
            assert phone.execute_script("return window.sameLife") is True
            program.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            assert program.wait(10) == 0
            assert time.monotonic() - begun < 3, "stopping took too long with a page open"


def test_a_box_whose_listener_falls_silent_turns_red_on_the_page(
    tmp_path: Path, config: tuple[Path, int]
) -> None:
    path, port = config
    with dashboard(tmp_path, ticking=True) as shown, chromium(dark=True) as phone:
        shown.state()
        with web(path, port):
            sign_in(phone, f"http://127.0.0.1:{port}")
            until(lambda: "All quiet" in words(phone, "#box-nest .big"), 5, "not quiet at first")
            until(
                lambda: "No word from the listener" in words(phone, "#box-nest .big"),
                25,
                "old word is shown as if it were of now",
            )
            shown.level()
            until(lambda: "All quiet" in words(phone, "#box-nest .big"), 5, "it did not heal")


def refused(*words: str | Path, **env: str) -> str:
    """The last line of a dashboard that does not start; exit code 2 and no more than one line."""
    done = subprocess.run(
        [PROGRAM, *words, "web"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_a_port_that_is_taken_is_told_in_one_line(config: tuple[Path, int]) -> None:
    path, port = config
    with web(path, port):
        said = refused("--config", path)
    assert said.startswith(f"nursery-monitor: web.port: {port} is taken")


def test_a_state_directory_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    assert str(blocked) in refused(NURSERY_STATE_DIR=str(blocked / "state"))
