"""Where the dashboard is found by a browser, as far as the settings and this computer tell."""

from __future__ import annotations

import ipaddress
import socket

from monitor.settings.model import WebSettings

# From the block kept for documentation: nothing is sent there, the kernel only picks a route.
FAR_ADDRESS = ("192.0.2.1", 9)
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - as the settings may say


def addresses(web: WebSettings, own: str | None) -> list[str]:
    """Addresses to open, the one for other devices first; `own` is this computer's."""
    if web.host not in EVERYWHERE:
        hosts = [f"[{web.host}]" if ":" in web.host else web.host]
    elif own is None or is_loopback(own):
        hosts = ["localhost"]
    else:
        hosts = [own, "localhost"]
    return [f"http://{host}:{web.port}" for host in hosts]


def own_address() -> str | None:
    """This computer's address in the house's network; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(FAR_ADDRESS)
        except OSError:
            return None
        return str(sock.getsockname()[0])


def is_loopback(host: str) -> bool:
    """Whether only this computer itself can reach it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
