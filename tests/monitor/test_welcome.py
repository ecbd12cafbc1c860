"""What the person who started it is told."""

from __future__ import annotations

import pytest

from monitor import running
from monitor.household import Wish
from monitor.settings import Settings, WebSettings, addresses, own_address
from monitor.welcome import Welcome

PHONE = "http://10.0.0.2:8420"


@pytest.mark.parametrize(
    ("host", "own", "hosts"),
    [
        ("0.0.0.0", "192.168.1.7", ["192.168.1.7", "localhost"]),
        ("::", "192.168.1.7", ["192.168.1.7", "localhost"]),
        ("0.0.0.0", None, ["localhost"]),
        ("0.0.0.0", "127.0.0.1", ["localhost"]),
        ("127.0.0.1", "192.168.1.7", ["127.0.0.1"]),
        ("fd00::7", "192.168.1.7", ["[fd00::7]"]),
    ],
)
def test_the_address_for_a_phone_comes_first(host: str, own: str | None, hosts: list[str]) -> None:
    found = addresses(WebSettings(host=host, port=81), own)
    assert found == [f"http://{name}:81" for name in hosts]


def test_who_cannot_sign_in_yet_is_shown_the_way() -> None:
    text = Welcome([PHONE], ["Nest: listening"], "ab-cd").text(picture=False)
    assert "http://10.0.0.2:8420/first-run?code=ab-cd" in text
    assert "Nest: listening" in text
    assert "Ctrl-C" in text
    assert "demo" not in text


def test_who_can_sign_in_is_shown_the_page() -> None:
    text = Welcome([PHONE], []).text(picture=False)
    assert "http://10.0.0.2:8420/\n" in text
    assert "first-run" not in text


def test_a_demo_is_called_one() -> None:
    text = Welcome([PHONE], [], demo=True).text(picture=False)
    assert "nothing here is real" in text


def test_a_phone_gets_a_picture_only_of_an_address_that_it_can_reach() -> None:
    assert "▄" in Welcome([PHONE], []).text(picture=True)
    assert "▄" not in Welcome([PHONE], []).text(picture=False)
    assert "▄" not in Welcome(["http://localhost:8420"], []).text(picture=True)
    assert "▄" not in Welcome(["http://[::1]:8420"], []).text(picture=True)


def test_nobody_is_told_of_ctrl_c_where_there_is_no_terminal() -> None:
    assert "Ctrl-C" not in Welcome([PHONE], [], in_terminal=False).text(picture=False)


def test_our_own_address_is_found_without_asking_anybody() -> None:
    assert own_address() is None or own_address() != ""


def test_the_address_is_shown_again_when_the_network_comes_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service starts before the router has given its computer an address."""
    own = [None, None, "192.168.1.7", "192.168.1.8"]
    monkeypatch.setattr(running, "own_address", lambda: own.pop(0))
    monkeypatch.setattr(running, "NETWORK_S", 0.0)
    greeting = running.Greeting(Settings(), Wish(service=True))
    greeting.tick(ready=False)
    for _ in range(5):
        greeting.tick(ready=True)
    told = capsys.readouterr().out
    assert told.count("http://") == 3
    assert told.index("http://localhost:8420") < told.index("http://192.168.1.7:8420")
    assert own == ["192.168.1.8"], "then all is said"
