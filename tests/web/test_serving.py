"""Listening, being ready, and ending."""

from __future__ import annotations

import socket
import time
import urllib.request
from pathlib import Path

import pytest
from flask import Response, request

from monitor.settings import Settings, SettingsError
from tests.mosquitto import free_port
from tests.web.dashboard import dashboard, served
from web import serving


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_told_in_one_line(
    tmp_path: Path, sqlite_url: str, host: str
) -> None:
    assert sqlite_url
    web = Settings.model_validate({"web": {"host": host, "port": free_port()}}).web
    with (
        dashboard(tmp_path) as shown,
        pytest.raises(SettingsError, match=rf"web\.host: cannot listen on {host}"),
    ):
        serving.open_server(shown.app, web)


def test_a_port_that_is_taken_names_the_setting(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path) as shown, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        web = Settings.model_validate({"web": {"host": "127.0.0.1", "port": port}}).web
        with pytest.raises(SettingsError, match=rf"web\.port: {port} is taken"):
            serving.open_server(shown.app, web)


def test_the_server_does_not_tell_what_it_is_made_of(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with (
        dashboard(tmp_path) as shown,
        served(shown.app, free_port()) as address,
        urllib.request.urlopen(f"{address}/sign-in") as answer,
    ):
        assert answer.headers["Server"] is None


def test_behind_a_proxy_the_sign_in_is_limited_by_who_really_asks(
    tmp_path: Path, sqlite_url: str
) -> None:
    assert sqlite_url
    port = free_port()
    web = {"host": "127.0.0.1", "port": port, "behind_proxy": True}
    with dashboard(tmp_path, web=web) as shown:
        seen: list[str | None] = []

        @shown.app.after_request
        def see(answer: Response) -> Response:
            seen.append(request.remote_addr)
            return answer

        with served(shown.app, port, behind_proxy=True) as address:
            asked = urllib.request.Request(
                f"{address}/sign-in",
                headers={"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https"},
            )
            with urllib.request.urlopen(asked) as answer:
                assert "Secure" in answer.headers["Set-Cookie"]
        assert seen == ["198.51.100.9"]


def test_readiness_is_told_to_whoever_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.tell_ready()  # nobody asked
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asked:
        asked.bind(str(path))
        asked.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        serving.tell_ready()
        assert asked.recv(64) == b"READY=1"


def test_threads_end_within_their_time(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path) as shown:
        with served(shown.app, free_port()) as address:
            urllib.request.urlopen(f"{address}/sign-in").close()
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
