"""Looks at cries in a process of its own: listening never waits, and the memory comes back.

It tells what a cry sounded like, and whether somebody talks in its sound. librosa brings numba:
seconds of importing and compiling that would hold the interpreter's lock, and more memory than all
the rest. The child starts with the first cry, is kept while cries come, and ends after a quiet
time, or when our end of its pipe closes, however we ended. Whether somebody talks it can tell
while librosa is still on its way.

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
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from models.speech import ModelError, Speech, SpeechGuard
from models.synthesis import kitten_call
from monitor import compiled
from monitor.blocks import RATE_HZ, Samples
from monitor.messages import Acoustics

IDLE_S = 120.0  # after so long without a cry the child ends
ANSWER_S = 180.0  # to import and, once, compile: 10 s here, more on a small board
LOADING_S = 8.0  # for librosa to be ready; the cry waits 10 s, and the next one's speech as well
SPEECH_S = 60.0  # to start the child, and to listen for speech: 0.1 s here for 12 s of sound
NICENESS = 10  # listening goes first
ANSWER_BYTES = 4096  # an answer is one short line
GONE_S = 1.0  # for a child that has closed its pipe to be gone
SPOILED = 74  # exit status of the child: EX_IOERR of sysexits.h
# Died of code that does not fit, or found what cannot be code.
CRASHES = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGABRT, SPOILED)
COMPILED = "NUMBA_CACHE_DIR"  # numba's own setting: where it keeps what it compiles
COMMAND = (sys.executable, "-m", "monitor.describing")
SAMPLE = np.dtype("<f4")

Calls = list[tuple[float, float]]  # onset and offset in s from the first sample
Wanted = Literal["ready", "speech", "acoustics"]

log = logging.getLogger(__name__)


class Describer:
    """Our end of the pipe; for one thread, and `stop` for any."""

    def __init__(self, cache: Path) -> None:
        """`cache` is for what numba compiles, so that it is compiled once; numba's own goes first.

        A service may not write beside librosa, nor into anybody's home.
        """
        self._cache = Path(os.environ.get(COMPILED, cache))
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()  # guards the two above
        self.speech_trouble: str | None = None
        """Why speech cannot be told; empty when it can, None when it was not tried."""

    def warm_up(self) -> None:
        """Have the child ready before the cry has ended, and see that it can tell speech."""
        self._speech("ready", np.zeros(RATE_HZ, np.float32))

    def speech(self, samples: Samples) -> Speech | None:
        """What `models.speech` says; None where that cannot be told, see `speech_trouble`."""
        return self._speech("speech", samples)

    def describe(self, samples: Samples, calls: Calls) -> Acoustics | None:
        """What `monitor.acoustics.describe` says; None without an answer, and the log says why."""
        try:
            answer = self._ask("acoustics", samples, calls, ANSWER_S)
        except OSError as error:
            if not self._stopped:
                log.warning("a cry could not be described: the process for it: %s", error)
            return None
        if answer and "trouble" in answer:
            log.warning("a cry could not be described: %s", answer["trouble"])
            return None
        return None if answer is None else Acoustics.model_validate(answer)

    def _speech(self, want: Wanted, samples: Samples) -> Speech | None:
        found, trouble = None, ""
        try:
            answer = self._ask(want, samples, [], SPEECH_S)
            if "trouble" in answer:
                trouble = answer["trouble"]
            else:
                found = Speech(**answer)
        except OSError as error:
            trouble = f"the process for it: {error}"
        if trouble and trouble != self.speech_trouble and not self._stopped:
            log.warning("no sound of cries is kept, speech cannot be told: %s", trouble)
        self.speech_trouble = trouble
        return found

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

    def _ask(self, want: Wanted, samples: Samples, calls: Calls, within_s: float) -> Any:
        """The child's answer; raises OSError where there is none."""
        head = json.dumps({"want": want, "samples": len(samples), "calls": calls}).encode()
        request = head + b"\n" + samples.astype(SAMPLE).tobytes()
        try:
            return self._exchange(request, within_s)
        except OSError:  # it has just gone to rest, or has died: another one
            self._bury_child()
        try:
            return self._exchange(request, within_s)
        except OSError:
            self._bury_child()
            raise

    def _bury_child(self) -> None:
        """End a child that did not answer; the next one compiles anew what it has died of."""
        child = self._child
        try:
            if child is not None and child.wait(GONE_S) in CRASHES:
                log.warning("the process that describes cries died of what numba had compiled")
                compiled.forget(self._cache)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._end_child()

    def _exchange(self, request: bytes, within_s: float) -> Any:
        try:
            return self._talk(request, within_s)
        except ValueError as error:  # `stop` has closed the pipes meanwhile, or no JSON came
            raise BrokenPipeError(str(error)) from error

    def _talk(self, request: bytes, within_s: float) -> Any:
        with self._lock:
            if self._stopped:
                raise BrokenPipeError("no more is wanted")
            child = self._child = self._child or self._start()
        if child.stdin is None or child.stdout is None:
            raise BrokenPipeError("it has no pipes")
        child.stdin.write(request)
        child.stdin.flush()
        line, end = b"", time.monotonic() + within_s
        while not line.endswith(b"\n"):
            wait_s = max(0.0, end - time.monotonic())
            if not select.select([child.stdout], [], [], wait_s)[0]:
                raise TimeoutError(f"no answer within {within_s:.0f} s")
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
            env={**os.environ, COMPILED: str(self._cache)},
        )


def answer_requests(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child: answer until nothing has come for IDLE_S, or the pipe is closed."""
    answering = Answering()
    # One request follows the answer to another, so nothing waits unseen in a buffer here.
    while select.select([requests], [], [], IDLE_S)[0]:
        head = requests.readline()
        if not head:
            return
        request = json.loads(head)
        sound = requests.read(SAMPLE.itemsize * request["samples"])
        if len(sound) < SAMPLE.itemsize * request["samples"]:
            return
        answer = answering.to(request["want"], np.frombuffer(sound, SAMPLE), request["calls"])
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


class Answering:
    """What the child knows."""

    def __init__(self) -> None:
        self._guard: SpeechGuard | None = None
        self._librosa: threading.Thread | None = None

    def to(self, want: Wanted, samples: Samples, calls: Calls) -> Any:
        """The answer to one request, as JSON; raises OSError."""
        if want == "acoustics":
            loading = self._begin_loading()
            loading.join(LOADING_S)
            if loading.is_alive():
                return {"trouble": "what measures it is not ready yet, the first time takes long"}
            found = _describe(samples, calls)
            return None if found is None else found.model_dump(mode="json")
        try:
            self._guard = self._guard or SpeechGuard.load()
            answer = asdict(self._guard.hears(samples))
        except ModelError as error:
            answer = {"trouble": str(error)}
        if want == "ready":
            self._begin_loading()
        return answer

    def _begin_loading(self) -> threading.Thread:
        if self._librosa is None:
            self._librosa = threading.Thread(target=_load_or_end, daemon=True)
            self._librosa.start()
        return self._librosa


def _load_or_end() -> None:
    """Load librosa; whatever is wrong with it, the next child is to find it compiled anew.

    numba does not wait for the disk: a power cut leaves empty files, which would be no code for
    ever.
    """
    try:
        _load_librosa()
    except Exception:
        log.exception("librosa cannot be loaded")
        os._exit(SPOILED)


def _load_librosa() -> None:
    """Describe a made-up call: what is too faint to be described would leave all to be compiled."""
    rng = np.random.default_rng(0)
    call = kitten_call(rng)
    sound = (0.001 * rng.standard_normal(len(call) + 2 * RATE_HZ)).astype(np.float32)
    sound[RATE_HZ : RATE_HZ + len(call)] += call
    with (
        contextlib.suppress(OSError),  # when a cry is described it will be told
        compiled.compiling(Path(os.environ[COMPILED])),
    ):
        _describe(sound, [(1.0, 1.0 + len(call) / RATE_HZ)])


def _describe(samples: Samples, calls: Calls) -> Acoustics | None:
    from monitor.acoustics import describe  # noqa: PLC0415 - librosa, in the child alone

    return describe(samples, calls)


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
