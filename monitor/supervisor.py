"""Keep several programs running: start them, start them again, end them together.

Written here because supervisord, the obvious library, gives up after a count of tries, waits
linearly and leaves orphans when it is killed; a monitor must try for ever and leave none.

One thread owns everything; it sleeps until a program writes, speaks or ends. Each program leads a
process group of its own, so that Ctrl-C reaches us alone and helpers end with their program; the
kernel ends it when we are killed (PR_SET_PDEATHSIG). Each has a socket of its own in
$NOTIFY_SOCKET (see `monitor.notify`): one that has fed the watchdog and falls silent is ended, and
so is one that should and never does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from monitor.notify import READY, WATCHDOG

FIRST_WAIT_S, MOST_WAIT_S = 1.0, 30.0  # before a restart; doubles between these
HEALTHY_S = 60.0  # after so long a run the wait starts small again
WATCHDOG_S = 30.0  # a program that has fed the watchdog must do so again within this
START_S = 120.0  # one that is to feed it must do so first within this, as in the units of systemd
FOUNDATION_S = 5.0  # how long the others wait for their foundation to be ready
GRACE_S = 2.0  # after SIGTERM, for all but the foundation
LAST_GRACE_S = 0.7  # for the foundation, once the others are gone; in all under 3 s
LINE_BYTES = 16_384  # a longer line is broken
AT_ONCE = 64  # reads from one program, so that one that floods us does not keep us from the others
TRIAL_S = 5.0  # for a program that does nothing
TURN_S = 0.5  # how long the loop sleeps when nothing happens

log = logging.getLogger("up")


@dataclass(frozen=True)
class Program:
    """What to run, and what it means when it ends."""

    name: str
    command: tuple[str, ...]
    foundation: bool = False  # the others need it: it starts first and ends last
    once: bool = False  # ending with code 0 means that its work is done
    watched: bool = False  # it feeds the watchdog; one that never does hangs in its beginning


@dataclass
class Watch:
    """When a program is to be started and when it is taken for hung; knows no process.

    All times are seconds of one monotonic clock.
    """

    retry_at: float | None = 0.0  # None while it runs, and when its work is done
    wait_s: float = 0.0  # the wait before the newest restart
    started_at: float = 0.0
    fed_at: float | None = None

    def is_due(self, now: float) -> bool:
        """Whether it is time to start."""
        return self.retry_at is not None and now >= self.retry_at

    def started(self, now: float) -> None:
        """It runs."""
        self.retry_at, self.started_at, self.fed_at = None, now, None

    def fed(self, now: float) -> None:
        """It says that it does its work."""
        self.fed_at = now

    def hangs(self, now: float) -> bool:
        """Whether it once fed the watchdog, and has stopped."""
        return self.fed_at is not None and now - self.fed_at > WATCHDOG_S

    def never_began(self, now: float) -> bool:
        """Whether it has been running for long and has not fed the watchdog once."""
        return self.retry_at is None and self.fed_at is None and now - self.started_at > START_S

    def ended(self, now: float) -> float:
        """It ended and is to be started again; returns the wait in seconds."""
        healthy = self.wait_s == 0.0 or now - self.started_at >= HEALTHY_S
        self.wait_s = FIRST_WAIT_S if healthy else min(2 * self.wait_s, MOST_WAIT_S)
        self.retry_at, self.fed_at = now + self.wait_s, None
        return self.wait_s


class Process:
    """A running program: what it writes, what it says, and how it ends."""

    def __init__(
        self, program: Program, write: Callable[[bytes], None], pass_fds: Sequence[int]
    ) -> None:
        """Start it; raises OSError when that is impossible."""
        self._write = write
        self._rest = b""
        self._closed = False  # it has closed its output, and runs on
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notify.bind("")  # the kernel picks a free name in the abstract namespace
        self._output, theirs = os.pipe()
        os.set_blocking(self._output, False)
        env = {**os.environ, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        env["NOTIFY_SOCKET"] = "@" + self._notify.getsockname()[1:].decode()
        env.pop("WATCHDOG_PID", None)
        try:
            self._popen = subprocess.Popen(
                [*_ends_with_us(), *program.command],
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=subprocess.STDOUT,
                env=env,
                process_group=0,
                pass_fds=pass_fds,
            )
            self._pidfd = os.pidfd_open(self._popen.pid)
        except OSError:
            self._notify.close()
            os.close(self._output)
            raise
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        """Its number, which is its group's too."""
        return self._popen.pid

    @property
    def files(self) -> tuple[int, ...]:
        """Descriptors that become readable when there is something to attend to."""
        output = () if self._closed else (self._output,)
        return *output, self._notify.fileno(), self._pidfd

    def has_ended(self) -> bool:
        """Whether it is over; it keeps its number until `collect`."""
        return bool(select.select([self._pidfd], [], [], 0)[0])

    def pass_output_on(self) -> None:
        """Hand every whole line that it has written to `write`."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                chunk = os.read(self._output, LINE_BYTES)
                if not chunk:
                    self._closed = True
                    break
                *lines, self._rest = (self._rest + chunk).split(b"\n")
                for line in lines:
                    self._write(line)
                if len(self._rest) >= LINE_BYTES:
                    self._write(self._rest)
                    self._rest = b""

    def heard(self) -> set[str]:
        """What it has said since the last call, such as `READY`."""
        states: set[str] = set()
        with contextlib.suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                states.update(self._notify.recv(4096).decode(errors="replace").split("\n"))
        return states

    def ask_to_end(self) -> None:
        """Ask it, and leave its helpers to it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and its helpers by force."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def collect(self) -> int:
        """End helpers that it left behind and close everything; returns its exit code."""
        self.kill()  # before its number can be given to another
        code = self._popen.wait()
        self.pass_output_on()
        if self._rest:
            self._write(self._rest)
        self._notify.close()
        os.close(self._output)
        os.close(self._pidfd)
        return code


@dataclass
class Child:
    """A program, when it is to run, and its process while it does."""

    program: Program
    write: Callable[[bytes], None]
    watch: Watch = field(default_factory=Watch)
    process: Process | None = None
    ready: bool = False


class Supervisor:
    """Runs programs until it is told to stop."""

    def __init__(
        self,
        programs: Sequence[Program],
        write: Callable[[bytes], None],
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Take `programs`; their lines go to `write`, `pass_fds` stay open in each of them."""
        width = max(len(program.name) for program in programs)
        self._pass_fds = pass_fds
        self._children = [
            Child(program, _prefixed(f"{program.name:<{width}} | ".encode(), write))
            for program in programs
        ]

    def turn(self, wake: Sequence[int] = (), timeout_s: float = TURN_S) -> None:
        """Sleep until something happens, or one of `wake` can be read, and attend to it."""
        self._start_what_is_due()
        running = [child for child in self._children if child.process]
        files = [f for child in running if child.process for f in child.process.files]
        select.select([*wake, *files], [], [], timeout_s)
        for child in running:
            self._attend(child)

    def is_ready(self, name: str) -> bool:
        """Whether a program has said that it is ready."""
        return any(child.ready for child in self._children if child.program.name == name)

    def stop(self) -> None:
        """End all: together, the foundation last, by force after the time of grace."""
        self._end([c for c in self._children if not c.program.foundation], GRACE_S)
        self._end(self._children, LAST_GRACE_S)

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.watch.is_due(now) and self._stands(child, now):
                self._start(child)

    def _stands(self, child: Child, now: float) -> bool:
        """Whether what the program needs is there, or has been waited for long enough."""
        return all(
            c.ready or 0.0 < c.watch.started_at <= now - FOUNDATION_S
            for c in self._children
            if c.program.foundation and c is not child
        )

    def _start(self, child: Child) -> None:
        now = time.monotonic()
        child.ready = False
        child.watch.started(now)
        try:
            child.process = Process(child.program, child.write, self._pass_fds)
        except OSError as error:
            wait_s = child.watch.ended(now)
            log.error("%s cannot start: %s; next try in %.0f s", child.program.name, error, wait_s)

    def _attend(self, child: Child) -> None:
        """Pass output on, hear messages, notice the end."""
        process, now = child.process, time.monotonic()
        if process is None:
            return
        process.pass_output_on()
        states = process.heard()
        child.ready = child.ready or READY in states
        if WATCHDOG in states:
            child.watch.fed(now)
        if process.has_ended():
            child.process = None
            self._ended(child, process.collect())
        elif child.watch.hangs(now):
            log.warning("%s has hung for %.0f s: ending it", child.program.name, WATCHDOG_S)
            process.kill()
            child.watch.fed_at = None  # once
        elif child.program.watched and child.watch.never_began(now):
            log.warning("%s does not begin within %.0f s: ending it", child.program.name, START_S)
            process.kill()
            child.watch.started(now)  # once

    def _ended(self, child: Child, code: int) -> None:
        name, once = child.program.name, child.program.once
        if once and code == 0:
            log.info("%s has finished", name)
            return
        wait_s = child.watch.ended(time.monotonic())
        log.warning("%s %s; starting it again in %.0f s", name, _how(code), wait_s)

    def _end(self, children: Iterable[Child], grace_s: float) -> None:
        deadline = time.monotonic() + grace_s
        running = {child.process for child in children if child.process}
        for process in running:
            process.ask_to_end()
        while running and (left_s := deadline - time.monotonic()) > 0:
            select.select([f for process in running for f in process.files], [], [], left_s)
            for process in list(running):
                process.pass_output_on()
                process.heard()
                if process.has_ended():
                    running.remove(process)
        for child in children:
            if child.process:
                child.process.kill()
                child.process.collect()
                child.process = None


def _prefixed(prefix: bytes, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    return lambda line: write(prefix + line)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


@cache
def _ends_with_us() -> tuple[str, ...]:
    """What goes before a command so that the kernel ends the program when this process dies.

    The shell looks whether that has happened already before the kernel was told. Nothing, where
    the system has no `setpriv` or a sandbox forbids it: then a kill -9 of ours leaves orphans.
    """
    setpriv = (shutil.which("setpriv") or "setpriv", "--pdeathsig", "TERM")
    try:
        subprocess.run([*setpriv, "true"], check=True, capture_output=True, timeout=TRIAL_S)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("programs would outlive a kill -9 of this one: %s", error)
        return ()
    check = f'[ "$PPID" -eq {os.getpid()} ] && exec "$@"'
    return (*setpriv, "sh", "-c", check, "sh")
