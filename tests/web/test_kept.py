"""What is made at the first start is made once, and survives the plug being pulled."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from web import carers
from web.app import signing_key
from web.kept import kept


def test_the_first_of_several_that_start_at_once_makes_everybodys(tmp_path: Path) -> None:
    path = tmp_path / "house" / "key"
    with ThreadPoolExecutor(8) as starting:
        found = list(starting.map(lambda _: kept(path, secrets.token_hex), range(40)))
    assert set(found) == {kept(path, lambda: "another")}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut soon after the first start leaves a name without a content."""
    path = tmp_path / "key"
    there: list[bool] = []
    monkeypatch.setattr("os.fsync", lambda _: there.append(path.exists()))
    kept(path, lambda: "secret")
    assert there == [False, True], "the content, and then the folder"


def test_what_a_power_cut_has_left_empty_is_made_anew(tmp_path: Path) -> None:
    """The dashboard would not have started again, and nobody could have signed in first."""
    for name in ("web.key", "setup-code"):
        (tmp_path / name).touch()
    assert len(signing_key(tmp_path)) > 32
    assert carers.check_setup_code(tmp_path, carers.setup_code(tmp_path))
