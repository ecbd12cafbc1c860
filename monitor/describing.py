"""Describes cries in a process of its own: listening never waits, and the memory comes back.

librosa brings numba: seconds of importing and compiling that would hold the interpreter's lock,
and more memory than all the rest. The child starts with the first cry, is kept while cries come,
and ends after a quiet time, or when our end of its pipe closes, however we ended.

    python -m monitor.describing        the child: requests on standard input, answers on output
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np

from monitor.blocks import RATE_HZ, Samples
from monitor.messages import Acoustics

IDLE_S = 120.0  # after so long without a cry the child ends
ANSWER_S = 180.0  # to import and, once, compile: 10 s here, more on a small board
NICENESS = 10  # listening goes first
ANSWER_BYTES = 4096  # an answer is one short line
COMMAND = (sys.executable, "-m", "monitor.describing")
SAMPLE = np.dtype("<f4")

log = logging.getLogger(__name__)


class Describer:
    """Our end of the pipe; for one thread, and `stop` for any."""

    def __init__(self, cache: Path) -> None:
        """`cache` is a folder for what numba compiles, so that it is compiled once."""
        self._cache = cache
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()  # guards the two above

    def warm_up(self) -> None:
        """Have the child ready before the cry has ended."""
        self.describe(np.zeros(RATE_HZ, np.float32), [(0.25, 0.75)])

    def describe(self, samples: Samples, calls: list[tuple[float, float]]) -> Acoustics | None:
        """What `monitor.acoustics.describe` says; None without an answer, and the log says why."""
        head = json.dumps({"samples": len(samples), "calls": calls}).encode() + b"\n"
        request = head + samples.astype(SAMPLE).tobytes()
        try:
            answer = self._ask(request)
        except OSError:  # it has just gone to rest: another one
            self._end_child()
            try:
                answer = self._ask(request)
            except OSError as error:
                self._end_child()
                if not self._stopped:
                    log.warning("a cry could not be described: the process for it: %s", error)
                return None
        return None if answer is None else Acoustics.model_validate(answer)

    def stop(self) -> None:
        """End the child, and start none any more; may be called from another thread."""
        with self._lock:
            self._stopped = True
        self._end_child()

    def _end_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what was not sent is not needed
                        pipe.close()

    def _ask(self, request: bytes) -> object:
        with self._lock:
            if self._stopped:
                raise BrokenPipeError("no more is wanted")
            child = self._child = self._child or self._start()
        if child.stdin is None or child.stdout is None:
            raise BrokenPipeError("it has no pipes")
        child.stdin.write(request)
        child.stdin.flush()
        line, end = b"", time.monotonic() + ANSWER_S
        while not line.endswith(b"\n"):
            wait_s = max(0.0, end - time.monotonic())
            if not select.select([child.stdout], [], [], wait_s)[0]:
                raise TimeoutError(f"no answer within {ANSWER_S:.0f} s")
            piece = os.read(child.stdout.fileno(), ANSWER_BYTES)
            if not piece:
                raise BrokenPipeError("it is gone")
            line += piece
        return json.loads(line)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A service may not write beside librosa, nor into anybody's home.
            env={"NUMBA_CACHE_DIR": str(self._cache), **os.environ},
        )


def answer_requests(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child: answer until nothing has come for IDLE_S, or the pipe is closed."""
    # One request follows the answer to another, so nothing waits unseen in a buffer here.
    while select.select([requests], [], [], IDLE_S)[0]:
        head = requests.readline()
        if not head:
            return
        request = json.loads(head)
        sound = requests.read(SAMPLE.itemsize * request["samples"])
        if len(sound) < SAMPLE.itemsize * request["samples"]:
            return
        answers.write(_answer(np.frombuffer(sound, SAMPLE), request["calls"]) + b"\n")
        answers.flush()


def _answer(samples: Samples, calls: list[tuple[float, float]]) -> bytes:
    from monitor.acoustics import describe  # noqa: PLC0415 - librosa, in the child alone

    found = describe(samples, calls)
    return b"null" if found is None else found.model_dump_json().encode()


def main() -> None:
    """Be the child."""
    for ours_alone in (signal.SIGINT, signal.SIGTERM):  # the parent ends us, by closing the pipe
        signal.signal(ours_alone, signal.SIG_IGN)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # should memory run out, we are to go, not the listening
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    try:
        answer_requests(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # nobody waits for the answer any more
        pass
    except OSError as error:  # numba cannot keep what it compiled, as when the disk is full
        sys.exit(f"cries cannot be described: {error}")


if __name__ == "__main__":
    main()
