"""What `nursery-monitor up` tells the person who started it: where to look, and how to sign in."""

from __future__ import annotations

import io
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import segno

# From the block kept for documentation: nothing is sent there, the kernel only picks a route.
FAR_ADDRESS = ("192.0.2.1", 9)
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - as the settings may say


@dataclass(frozen=True)
class Welcome:
    """What is to be said once the dashboard answers."""

    host: str  # as set: where the dashboard listens
    port: int
    listens_to: Sequence[str]  # a line a box
    setup_code: str | None = None  # while nobody can sign in yet
    demo: bool = False
    in_terminal: bool = True  # whether somebody can press Ctrl-C

    def text(self, own_address: str | None, *, picture: bool) -> str:
        """The lines to show; `picture` adds a QR code for the phone."""
        addresses = reachable(self.host, own_address)
        path = f"/first-run?code={self.setup_code}" if self.setup_code else "/"
        urls = [f"http://{address}:{self.port}{path}" for address in addresses]
        lines = ["", *(["A made-up night (demo): nothing here is real."] if self.demo else [])]
        lines += [f"  {line}" for line in self.listens_to]
        lines += ["", *self._invitation(), *(f"  {url}" for url in urls), ""]
        if picture and not _is_loopback(addresses[0]):
            lines += ["With a phone in the same network, point the camera here:", "", qr(urls[0])]
        return "\n".join([*lines, *(["Stop with Ctrl-C.", ""] if self.in_terminal else [])])

    def _invitation(self) -> list[str]:
        if self.setup_code:
            return ["Nobody can sign in yet. Choose your name and passphrase here:"]
        return ["Open:"]


def reachable(host: str, own_address: str | None) -> list[str]:
    """Addresses to open a dashboard on `host` by, the one for other devices first."""
    if host not in EVERYWHERE:
        return [f"[{host}]" if ":" in host else host]
    if own_address is None or _is_loopback(own_address):
        return ["localhost"]
    return [own_address, "localhost"]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def own_address() -> str | None:
    """This computer's address in the house's network; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(FAR_ADDRESS)
        except OSError:
            return None
        return str(sock.getsockname()[0])


def qr(url: str) -> str:
    """A QR code of half blocks, readable on a dark and on a light terminal."""
    out = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
