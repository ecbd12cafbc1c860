"""Tell whoever started this process how it does: systemd, or `nursery-monitor up`.

Both speak systemd's notification protocol: a datagram to the socket named in $NOTIFY_SOCKET.
A listener sends `READY` once it is up and `WATCHDOG` while sound keeps coming in (or while it
knows that it is deaf and is doing something about it): without that it is ended and started anew.
"""

from __future__ import annotations

import contextlib
import os
import socket

READY = "READY=1"
WATCHDOG = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def notify(state: str) -> None:
    """Send one state, such as READY; does nothing when nobody asked, and never raises."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.sendto(state.encode(), address)
