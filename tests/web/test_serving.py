"""Listening, being ready, and ending."""

from __future__ import annotations

import socket
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from waitress.channel import HTTPChannel

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


def test_thirty_phones_with_their_idle_connections_shut_nobody_out(
    tmp_path: Path, sqlite_url: str
) -> None:
    assert sqlite_url
    with ExitStack() as open_at_once:
        shown = open_at_once.enter_context(dashboard(tmp_path))
        address = open_at_once.enter_context(served(shown.app, port := free_port()))
        for _ in range(30 * 6):
            open_at_once.enter_context(socket.create_connection(("127.0.0.1", port)))
        with urllib.request.urlopen(f"{address}/sign-in", timeout=5) as answer:
            assert answer.status == 200


def test_a_phone_that_left_without_a_goodbye_is_let_go_soon(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sqlite_url
    seen: list[tuple[int, int]] = []
    told = HTTPChannel.__init__

    def look(
        channel: HTTPChannel, server: Any, sock: socket.socket, *rest: Any, **more: Any
    ) -> None:
        wait_ms = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        seen.append((wait_ms, sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)))
        told(channel, server, sock, *rest, **more)

    monkeypatch.setattr(HTTPChannel, "__init__", look)
    with dashboard(tmp_path) as shown, served(shown.app, free_port()) as address:
        urllib.request.urlopen(f"{address}/sign-in").close()
    assert seen == [(30_000, 30)]
