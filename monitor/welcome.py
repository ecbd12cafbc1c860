"""What `nursery-monitor up` tells the person who started it: where to look, and how to sign in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import segno

from monitor.settings.reach import is_loopback


@dataclass(frozen=True)
class Welcome:
    """What is to be said once the dashboard answers."""

    addresses: Sequence[str]  # of the dashboard, the one for other devices first
    listens_to: Sequence[str]  # a line a box
    setup_code: str | None = None  # while nobody can sign in yet
    demo: bool = False
    in_terminal: bool = True  # whether somebody can press Ctrl-C

    def text(self, *, picture: bool) -> str:
        """The lines to show; `picture` adds a QR code for the phone."""
        path = f"/first-run?code={self.setup_code}" if self.setup_code else "/"
        urls = [address + path for address in self.addresses]
        lines = ["", *(["A made-up night (demo): nothing here is real."] if self.demo else [])]
        lines += [f"  {line}" for line in self.listens_to]
        lines += ["", self._invitation(), *(f"  {url}" for url in urls), ""]
        if picture and not is_loopback(urlsplit(urls[0]).hostname or ""):
            lines += ["With a phone in the same network, point the camera here:", "", qr(urls[0])]
        return "\n".join([*lines, *(["Stop with Ctrl-C.", ""] if self.in_terminal else [])])

    def _invitation(self) -> str:
        if self.setup_code:
            return "Nobody can sign in yet. Choose your name and passphrase here:"
        return "Open:"


def qr(url: str) -> str:
    """A QR code of half blocks, for a dark terminal; phones read the inverse of a light one too."""
    out = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
