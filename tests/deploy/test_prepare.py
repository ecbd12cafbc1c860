"""The installer on computers that are not as they should be: one clear line each, exit code 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash")

# Answers `-c CODE` as a Python of another kind of computer would.
PRETENDER = """\
#!{python}
import platform, sys
if sys.argv[1] != "-c":
    print("Python {shown}")
    raise SystemExit
sys.version_info = {version}
sys.maxsize = {maxsize}
platform.machine = lambda: {machine!r}
platform.architecture = lambda *_: ({bits!r}, "")
exec(sys.argv[2])
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the installer reads, in a folder with a space in its name."""
    folder = tmp_path / "my nursery"
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def pretend(
    tmp_path: Path,
    version: tuple[int, int] = (3, 11),
    machine: str = "x86_64",
    bits: str = "64bit",
) -> Path:
    """A folder for PATH with a `python3` that claims to be another."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        text = PRETENDER.format(
            python=sys.executable,
            version=(*version, 0),
            shown=".".join(map(str, version)),
            maxsize=2**63 - 1 if bits == "64bit" else 2**31 - 1,
            machine=machine,
            bits=bits,
        )
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def deploy_run(checkout: Path, path: str, *words: str) -> subprocess.CompletedProcess[str]:
    assert BASH
    return subprocess.run(
        [BASH, str(checkout / "deploy" / "run"), *words],
        env={"PATH": path, "HOME": str(checkout)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shell(
    checkout: Path, code: str, path: str = "/usr/bin:/bin"
) -> subprocess.CompletedProcess[str]:
    """Run `code` after the installer's functions have been read in."""
    assert BASH
    given = 'set -euo pipefail; ROOT=$1; . "$ROOT/deploy/prepare.sh"; ' + code
    return subprocess.run(
        [BASH, "-c", given, "deploy/run", str(checkout)],
        env={"PATH": path, "HOME": str(checkout)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14)])
def test_a_python_that_is_not_supported_is_told(
    checkout: Path, tmp_path: Path, version: tuple[int, int]
) -> None:
    answer = deploy_run(checkout, f"{pretend(tmp_path, version)}:/usr/bin:/bin", "--setup")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "deploy/run: needs Python 3.11, 3.12 or 3.13" in answer.stderr
    assert f"Python 3.{version[1]}" in answer.stderr


@pytest.mark.parametrize(("machine", "bits"), [("armv7l", "32bit"), ("aarch64", "32bit")])
def test_a_system_of_32_bits_is_told(
    checkout: Path, tmp_path: Path, machine: str, bits: str
) -> None:
    path = f"{pretend(tmp_path, machine=machine, bits=bits)}:/usr/bin:/bin"
    answer = deploy_run(checkout, path, "--setup")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "needs a 64-bit system" in answer.stderr
    assert machine in answer.stderr


def test_help_needs_nothing(checkout: Path) -> None:
    answer = deploy_run(checkout, "/nowhere:/usr/bin:/bin", "--help")
    assert answer.returncode == 0
    for word in ("--setup", "--replay", "--demo", "--config"):
        assert word in answer.stdout


def test_config_without_a_file_is_told(checkout: Path) -> None:
    answer = deploy_run(checkout, "/usr/bin:/bin", "--config")
    assert answer.returncode == 2
    assert "--config needs the name of a settings file" in answer.stderr


def test_without_sudo_it_says_what_to_type(checkout: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root needs no sudo")
    code = 'command() { [[ $2 != sudo ]]; }; become_root "apt-get install x"'
    answer = shell(checkout, code)
    assert answer.returncode == 2
    assert "As root, type:  apt-get install x" in answer.stderr


def test_what_is_there_is_not_installed_again(checkout: Path) -> None:
    code = "has() { true; }; install_packages libportaudio2 mosquitto; echo done"
    answer = shell(checkout, code)
    assert (answer.stdout, answer.stderr) == ("done\n", "")


def stamped(checkout: Path, lock: str) -> str:
    code = f'PYTHON=python3; wanted_stamp "$ROOT/deploy/{lock}"'
    answer = shell(checkout, code)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def is_current(checkout: Path, lock: str = "requirements.txt") -> bool:
    code = f'PYTHON=python3; venv_is_current "$ROOT/deploy/{lock}"'
    return shell(checkout, code).returncode == 0


def test_packages_are_looked_at_again_only_when_the_lock_has_changed(checkout: Path) -> None:
    assert not is_current(checkout)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".complete").write_text(stamped(checkout, "requirements.txt") + "\n")
    assert is_current(checkout)
    assert not is_current(checkout, "requirements-test.txt")
    with (checkout / "deploy" / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    assert not is_current(checkout)


def test_a_checkout_that_was_moved_makes_its_packages_anew(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".complete").write_text(stamped(checkout, "requirements.txt") + "\n")
    moved = checkout.rename(checkout.parent / "elsewhere")
    assert not is_current(moved)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_every_package_is_pinned_with_its_hash(lock: str) -> None:
    text = (ROOT / "deploy" / lock).read_text("utf-8")
    entries = [entry for entry in text.replace("\\\n", "").splitlines() if entry.strip()]
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert any(entry.startswith("setuptools==") for entry in entries)


def test_the_locks_agree_about_what_both_hold() -> None:
    pins = []
    for lock in ("requirements.txt", "requirements-test.txt"):
        lines = (ROOT / "deploy" / lock).read_text("utf-8").splitlines()
        pins.append({line.rstrip(" \\") for line in lines if line[:1].isalnum()})
    assert pins[0] < pins[1]
