"""Describing in a process of its own: the same answers, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monitor import compiled, describing
from monitor.acoustics import describe
from monitor.blocks import RATE_HZ, Samples
from monitor.describing import Describer

CALLS = [(0.5, 1.0)]


PATIENT = "from monitor import describing; describing.LOADING_S = 90; describing.main()"


@pytest.fixture
def describer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Describer]:
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", PATIENT))
    made = Describer(tmp_path)
    yield made
    made.stop()


def call() -> Samples:
    """Half a second of a steady 1.2 kHz voice in two seconds of faint noise."""
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 1e-4, 2 * RATE_HZ)
    times = np.arange(RATE_HZ // 2) / RATE_HZ
    sound[RATE_HZ // 2 : RATE_HZ] += 0.1 * np.sin(2 * np.pi * 1200 * times)
    return sound.astype(np.float32)


def child_of(describer: Describer) -> int:
    assert describer._child is not None
    return describer._child.pid


def test_the_child_says_what_the_function_says(describer: Describer) -> None:
    assert describer.describe(call(), CALLS) == describe(call(), CALLS)
    assert describer.describe(np.zeros(8, np.float32), []) is None


def test_a_child_that_was_killed_is_replaced(describer: Describer) -> None:
    describer.describe(np.zeros(8, np.float32), [])
    first = child_of(describer)
    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)
    assert describer.describe(call(), CALLS) is not None
    assert child_of(describer) != first


def test_the_child_rests_after_a_quiet_time_and_comes_again(
    describer: Describer, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = "from monitor import describing; describing.IDLE_S = 0.1; describing.main()"
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", quick))
    assert describer.describe(np.zeros(8, np.float32), []) is None
    assert describer._child is not None
    assert describer._child.wait(10) == 0
    assert describer.describe(np.zeros(8, np.float32), []) is None


def test_the_child_ends_with_our_end_of_the_pipe(describer: Describer) -> None:
    describer.describe(np.zeros(8, np.float32), [])
    child = describer._child
    assert child is not None
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(10) == 0


def test_a_child_that_cannot_start_is_told(
    describer: Describer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    assert describer.describe(call(), CALLS) is None
    assert "could not be described" in caplog.text


def test_a_full_disk_is_one_line_of_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    full = (
        "import errno\nfrom monitor import describing\n"
        "def answer(*_): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "describing._describe = answer\ndescribing.main()"
    )
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", full))
    describer = Describer(tmp_path)
    assert describer.describe(call(), CALLS) is None
    describer.stop()
    said = capfd.readouterr().err
    assert "cries cannot be described: [Errno 28] No space left on device" in said
    assert "Traceback" not in said


def test_a_child_that_does_not_answer_is_given_up(
    describer: Describer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(describing, "ANSWER_S", 0.3)
    deaf = "import sys; sys.stdin.buffer.read()"
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", deaf))
    assert describer.describe(call(), CALLS) is None
    assert "no answer" in caplog.text


def test_the_child_tells_speech_before_it_has_librosa(
    describer: Describer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = (
        "import time\nfrom monitor import describing\n"
        "describing._describe = lambda *_: time.sleep(60)\ndescribing.main()"
    )
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", slow))
    untried = describer.speech_trouble
    describer.warm_up()
    assert untried is None
    assert describer.speech_trouble == ""
    found = describer.speech(call())
    assert found is not None
    assert not found.found


def test_without_the_weights_speech_cannot_be_told_and_it_is_said_why(
    describer: Describer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bare = (
        "from models import speech\nfrom monitor import describing\n"
        "speech.WEIGHTS = 'none.onnx'\ndescribing.main()"
    )
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", bare))
    assert describer.speech(call()) is None
    assert "none.onnx: the weights cannot be read" in str(describer.speech_trouble)
    assert "no sound of cries is kept" in caplog.text
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    os.kill(child_of(describer), signal.SIGKILL)
    assert describer.speech(call()) is None
    assert "the process for it" in str(describer.speech_trouble)


PITCH = "pitch._pi_wrapper-*"  # librosa's function that yin calls, and numba's shell around it


@pytest.fixture
def unfit(tmp_path: Path) -> Path:
    """Files as two processes leave them that compile at the same time: each names another code."""
    kept, later = tmp_path / "kept", tmp_path / "later"
    describing._load_librosa()
    for copy in (kept, later):
        shutil.copytree(os.environ["NUMBA_CACHE_DIR"], copy)
    for file in later.rglob(f"*{PITCH}"):
        file.unlink()
    anew = [sys.executable, "-c", "from monitor import describing; describing._load_librosa()"]
    subprocess.run(anew, check=True, env={**os.environ, "NUMBA_CACHE_DIR": str(later)})
    for file in later.rglob(PITCH):
        shutil.copy(file, kept / file.relative_to(later))
    return kept


def test_compiled_code_that_kills_is_compiled_anew(
    unfit: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", PATIENT))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(unfit))
    describer = Describer(unfit)
    assert describer.describe(call(), CALLS) == describe(call(), CALLS)
    describer.stop()
    assert "died of what numba had compiled" in caplog.text


@pytest.mark.parametrize("files", ["*.nbc", "*.nbi"])
def test_files_that_a_power_cut_has_emptied_are_compiled_anew(
    tmp_path: Path, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling takes long: here it is enough that they are gone, and the next child is asked."""
    describing._load_librosa()
    kept = tmp_path / "kept"
    shutil.copytree(os.environ["NUMBA_CACHE_DIR"], kept)
    for file in kept.rglob(files):
        file.write_bytes(b"")
    again = "import os, sys\nif os.path.exists(sys.argv[1]): describing.main()"
    reads = f"from monitor import describing\n{again}"
    spoiled = next(kept.rglob(files))
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", reads, str(spoiled)))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(kept))
    describer = Describer(kept)
    assert describer.describe(call(), CALLS) is None, "the second child does nothing"
    assert not spoiled.exists()
    describer.stop()


def test_boxes_that_share_a_folder_compile_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mark = tmp_path / "described"
    marking = (
        "from pathlib import Path\nfrom monitor import describing\n"
        f"describing._describe = lambda *_: Path({str(mark)!r}).touch()\n"
        "describing.LOADING_S = 1\ndescribing.main()"
    )
    monkeypatch.setattr(describing, "COMMAND", (sys.executable, "-c", marking))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    describer = Describer(tmp_path)
    with compiled.compiling(tmp_path):
        assert describer.describe(call(), CALLS) is None
        assert "not ready yet" in caplog.text
        assert describer.speech(call()) is not None, "it waits for nobody"
        assert not mark.exists()
    assert describer.describe(call(), CALLS) is None
    assert mark.exists()
    describer.stop()


def test_warming_up_measures_all_that_a_cry_is_measured_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first cry would wait for what was not compiled, and be told without its voice."""
    found = []
    monkeypatch.setattr(
        describing, "_describe", lambda samples, calls: found.append(describe(samples, calls))
    )
    describing._load_librosa()
    (acoustics,) = found
    assert acoustics is not None
    assert acoustics.pitch_hz is not None
    assert [call.rough for call in acoustics.per_call] == [False]
