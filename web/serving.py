"""Serve the dashboard: Waitress with room for live streams, ended within seconds."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from flask import Flask
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher
from waitress.wasyncore import close_all

from monitor.settings import SettingsError, WebSettings
from web.live import STREAMS

THREADS = STREAMS + 8  # a live stream holds its thread; these remain for everything else
STOP_WAIT_S = 2  # a request that takes longer at the end is cut off
IDLE_CONNECTION_S = 60
YOUNG = 20_000  # things made since the collector of garbage last looked; a page makes about as many
CONNECTIONS = 500  # a browser opens up to six; of 1024 files, the records need some
# A phone that has left the house says no goodbye. Without these the kernel takes 15 minutes to see
# it, and its live stream keeps a thread for so long.
GONE_AFTER_S = 30
SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # Waitress's own
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, GONE_AFTER_S),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_S * 1000),
]

log = logging.getLogger(__name__)


class _Dispatcher(ThreadedTaskDispatcher):
    """Waitress's threads, which first let the live streams end when all is to end."""

    def __init__(self, end_streams: Callable[[], None]) -> None:
        super().__init__()
        self._end_streams = end_streams

    def shutdown(self, cancel_pending: bool = True, timeout: int = STOP_WAIT_S) -> bool:
        """End streams, then threads."""
        self._end_streams()
        return bool(super().shutdown(cancel_pending, timeout))


def open_server(app: Flask, web: WebSettings) -> Any:
    """A server that listens already; `serve` it. Raises SettingsError when it cannot listen."""
    dispatcher = _Dispatcher(app.extensions["feed"].close)
    dispatcher.set_thread_count(THREADS)
    trusted: dict[str, Any] = {}
    if web.behind_proxy:  # then nobody but the proxy can reach us; it says who asks and how
        trusted = {
            "trusted_proxy": "*",
            "trusted_proxy_headers": {
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
            },
        }
    opened: dict[int, Any] = {}  # what Waitress has open; it leaves that behind when it fails
    try:
        server = create_server(
            app,
            map=opened,
            _dispatcher=dispatcher,
            host=web.host,
            port=web.port,
            threads=THREADS,
            channel_timeout=IDLE_CONNECTION_S,
            connection_limit=CONNECTIONS,
            log_socket_errors=False,  # a phone that left is no news, and takes twelve lines
            ident=None,
            **trusted,
        )
    except (OSError, ValueError) as error:
        dispatcher.shutdown()
        close_all(opened)
        raise SettingsError(_why_not(web, error)) from None
    server.adj.socket_options = SOCKET_OPTIONS  # of all its addresses; no argument takes it
    return server


def _why_not(web: WebSettings, error: OSError | ValueError) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return (
            f"web.port: {web.port} is taken by another program (another dashboard?); "
            "end that one, or set another port"
        )
    if code == errno.EACCES:
        return f"web.port: {web.port} is not allowed to this user; set one from 1024 to 65535"
    return f"web.host: cannot listen on {web.host}: {error}"


def serve(server: Any) -> None:
    """Answer until SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    settle()
    server.run()  # ends on SystemExit, through the dispatcher's shutdown


def settle() -> None:
    """What is loaded by now stays for good: let the collector of garbage not look at it again.

    Looking through it all takes 0.1 s on a PC and more on a Pi, in the middle of some request. What
    a request makes is mostly gone at its end without the collector, which need not look so often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def _stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a signal handler's
    sys.exit(0)


def tell_ready() -> None:
    """Tell systemd, or `nursery-monitor up`, that pages are answered; nobody may have asked."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.sendto(b"READY=1", address)
