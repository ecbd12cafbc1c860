"""All records out and in again, field by field."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from monitor.command_line import cli
from monitor.settings import Settings
from tests.postgresql import PostgreSQL
from tests.web.handover import whole_house
from web import boxes, carers, journal
from web.database import Database, open_database
from web.handover import archive, export, importing
from web.handover.archive import ArchiveError
from web.journal import Entry
from web.records import Audit, Base, Carer, Change

NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
FIRST = Path(__file__).with_name("first_release.zip")


def exported(database: Database, path: Path, without: tuple[str, ...] = ()) -> Path:
    with database.reading() as session, path.open("w+b") as out:
        export.write(session, out, NOW, without)
    return path


def empty(sqlite_url: str, path: Path) -> Database:
    shutil.copy(sqlite_url.removeprefix("sqlite:///"), path)
    return open_database(f"sqlite:///{path}")


@pytest.mark.parametrize("seed", range(2))
def test_an_export_taken_in_elsewhere_is_equal_field_by_field(
    sqlite_url: str, postgresql: PostgreSQL, blank_postgresql: str, tmp_path: Path, seed: int
) -> None:
    here = empty(sqlite_url, tmp_path / "here.db")
    there = open_database(postgresql.new_database(like=blank_postgresql))
    again = empty(sqlite_url, tmp_path / "again.db")
    try:
        with here.writing() as session:
            whole_house.fill(session, seed)
        for source, target in ((here, there), (there, again)):
            importing.read(target, exported(source, tmp_path / f"{target.dialect}.zip"), NOW)
        before, after = _rows(here), _rows(again)
        noted = [row for row in after["audit"] if row["action"] == "records imported"]
        assert len(noted) == 2  # each house notes it, beside what came in
        after["audit"] = after["audit"][: len(before["audit"])]
        assert all(before.values())
        assert after == before
        with there.writing() as session:  # and it goes on counting from there
            written = journal.add_animal(
                session, Entry("Ana", NOW), {"name": "New", "species": "puppy"}
            )
            assert written.id == max(row["id"] for row in before["animal"]) + 1
    finally:
        for database in (here, there, again):
            database.close()


def _rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    with database.reading() as session:
        return whole_house.rows(session)


@pytest.fixture(scope="module")
def full(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `records.db`, which has something in every table, and its export `all.zip`."""
    folder = tmp_path_factory.mktemp("full")
    shutil.copy(blank_sqlite, folder / "records.db")
    database = open_database(f"sqlite:///{folder / 'records.db'}")
    with database.writing() as session:
        whole_house.fill(session, seed=7)
    exported(database, folder / "all.zip")
    database.close()
    return folder


@pytest.fixture
def house(full: Path) -> Iterator[Database]:
    """Records with something in every table; only to be read."""
    opened = open_database(f"sqlite:///{full / 'records.db'}")
    yield opened
    opened.close()


def test_a_house_that_was_only_set_up_is_empty_enough(
    full: Path, records: Database, tmp_path: Path
) -> None:
    settings = Settings.model_validate({"state_dir": tmp_path, "box": [{"id": "id-1"}]})
    with records.writing() as session:
        carers.add(session, "Ana", "three warm blankets", NOW)
        boxes.configured(session, settings, NOW)  # its box has the name of one that comes in
    importing.read(records, full / "all.zip", NOW)
    with records.reading() as session:
        assert session.scalar(select(func.count(Carer.id))) == 1
        told = session.scalars(select(Audit.action).order_by(Audit.id.desc()).limit(2)).all()
        assert told == ["records imported", "carer added"]  # after what came in
        assert session.scalar(select(func.count(Change.id)))


def test_records_in_use_are_left_alone(house: Database, full: Path) -> None:
    before = _rows(house)
    with pytest.raises(ArchiveError, match="only be taken into empty records"):
        importing.read(house, full / "all.zip", NOW)
    assert _rows(house) == before


def test_sounds_and_photos_can_be_left_out(
    house: Database, records: Database, tmp_path: Path
) -> None:
    path = exported(house, tmp_path / "small.zip", ("clip", "photo"))
    done = importing.read(records, path, NOW)
    assert done.manifest.left_out == ["clip", "photo"]
    after = _rows(records)
    assert not after["clip"]
    assert not after["photo"]
    assert after["cry"] == _rows(house)["cry"]


def spoiled(whole: Path, changed: Path, spoil: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with some of its files changed."""
    with zipfile.ZipFile(whole) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    spoil(files)
    with zipfile.ZipFile(changed, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return changed


def _manifest(**changed: Any) -> Callable[[dict[str, bytes]], None]:
    def spoil(files: dict[str, bytes]) -> None:
        said = json.loads(files[archive.MANIFEST]) | changed
        files[archive.MANIFEST] = json.dumps(said).encode()

    return spoil


def _first_line(table: str, **changed: Any) -> Callable[[dict[str, bytes]], None]:
    def spoil(files: dict[str, bytes]) -> None:
        name = f"records/{table}.jsonl"
        first, _, rest = files[name].partition(b"\n")
        files[name] = json.dumps(json.loads(first) | changed).encode() + b"\n" + rest

    return spoil


def _cut(files: dict[str, bytes]) -> None:
    files["records/feed.jsonl"] = files["records/feed.jsonl"][:-20]


def _shortened(files: dict[str, bytes]) -> None:
    files["records/feed.jsonl"] = files["records/feed.jsonl"].split(b"\n")[0] + b"\n"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_manifest(format=2), "newer version"),
        (_manifest(tables="9999"), "newer version"),
        (_manifest(program="another"), "another program"),
        (_manifest(format=float("inf")), "manifest.json cannot be read"),
        (lambda files: files.update({archive.MANIFEST: b"[" * 99_999}), "json cannot be read"),
        (lambda files: files.pop(archive.MANIFEST), "holds no manifest.json"),
        (lambda files: files.pop("records/feed.jsonl"), "holds no records/feed.jsonl"),
        (lambda files: files.pop("clips/cry_id-1.flac"), "holds no clips/cry_id-1.flac"),
        (_cut, "feed.jsonl, line 4: is cut off"),
        (_shortened, "holds 1 rows instead of 4"),
        (_first_line("feed", at="yesterday"), "feed.jsonl, line 1: at: 'yesterday'"),
        (_first_line("feed", at="2026-11-22T02:14:00"), "line 1: at:"),
        (_first_line("feed", how=None), "line 1: how: is needed"),
        (_first_line("feed", how="x" * 11), "line 1: how:"),
        (_first_line("feed", note="\ud83d"), "line 1: note:"),
        (_manifest(rows={"mystery": 3}), "not known here: mystery"),
        (_first_line("feed", amount_ml="6"), "line 1: amount_ml:"),
        (_first_line("feed", animal_id=10**12), "line 1: animal_id:"),
        (_first_line("feed", animal_id=999), "do not fit together"),
        (_first_line("feed", colour="red"), "line 1: colour: is not known here"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line_and_nothing_is_written(
    full: Path, records: Database, tmp_path: Path, spoil: Any, said: str
) -> None:
    path = spoiled(full / "all.zip", tmp_path / "spoiled.zip", spoil)
    with pytest.raises(ArchiveError, match=said) as refused:
        importing.read(records, path, NOW)
    assert "\n" not in str(refused.value)
    assert not any(_rows(records).values())


def _in_directory(content: bytes, *places: int) -> bytes:
    """A ZIP with bytes of its directory spoiled."""
    spoiled_one = bytearray(content)
    end = content.rindex(b"PK\x05\x06")
    begin = int.from_bytes(content[end + 16 : end + 20], "little")
    for place in places:
        spoiled_one[begin + place] = 0xFE
    return bytes(spoiled_one)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"PK\x03\x04 nothing",
        lambda content: content[: len(content) // 2],
        lambda content: _in_directory(content, 6),  # to be unpacked by a zip of the future
        lambda content: _in_directory(content, 9, 46),  # a name that says it is UTF-8, and is not
    ],
)
def test_a_file_that_is_no_export_is_said_to_be_none(
    records: Database, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(spoil(FIRST.read_bytes()))
    with pytest.raises(ArchiveError, match="is not an export"):
        importing.read(records, other, NOW)


def test_a_column_younger_than_the_export_takes_its_default() -> None:
    table = Base.metadata.tables["feed"]
    row = archive.row_of(table, b'{"id":1,"animal_id":1,"at":"2026-01-01T00:00:00Z"}\n')
    assert (row["how"], row["note"], row["route"]) == ("full", "", None)


def test_no_secret_leaves_the_house(records: Database, tmp_path: Path) -> None:
    with records.writing() as session:
        carers.add(session, "Ana", "three warm blankets", NOW)
    with zipfile.ZipFile(exported(records, tmp_path / "all.zip")) as packed:
        names = packed.namelist()
        everything = b"".join(packed.read(name) for name in names)
    assert not {"records/carer.jsonl", "records/token.jsonl"} & set(names)
    assert b"argon2" not in everything


def test_every_table_is_either_in_an_export_or_left_out_on_purpose_and_described() -> None:
    described = Path(archive.__file__).with_name("README.md").read_text(encoding="utf-8")
    for table in Base.metadata.sorted_tables:
        assert f"`{table.name}`" in described
        for column in () if table.name in archive.LEFT_OUT else table.columns:
            assert f"`{column.name}`" in described, f"{table.name}.{column.name}"


def test_the_commands_take_a_house_from_one_folder_to_another(full: Path, tmp_path: Path) -> None:
    def run(state_dir: Path, *words: str) -> Result:
        config = tmp_path / "config.toml"
        config.write_text(f'state_dir = "{state_dir}"\n', encoding="utf-8")
        return CliRunner().invoke(cli, ["--config", str(config), *words])

    path = tmp_path / "out.zip"
    done = run(full, "export", str(path))
    assert done.exit_code == 0, done.output
    assert "4 animals" in done.output
    assert path.stat().st_mode & 0o077 == 0
    assert run(full, "export", str(path)).exit_code == 2  # never over another file
    done = run(tmp_path / "new", "import", str(path))
    assert done.exit_code == 0, done.output
    done = run(tmp_path / "new", "import", str(path))
    assert done.exit_code == 2
    assert "empty records" in done.output


@pytest.mark.parametrize("name", ["all.zip", "all.zip/below_a_file", "x" * 300, "gone/all.zip"])
def test_a_target_that_cannot_be_written_is_refused_in_one_line(
    full: Path, tmp_path: Path, name: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'state_dir = "{full}"\n', encoding="utf-8")
    done = CliRunner().invoke(cli, ["--config", str(config), "export", str(full / name)])
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert done.output.startswith("nursery-monitor: ")
    assert not list(full.rglob("*.part"))


def test_an_export_of_the_first_release_is_taken_in(records: Database) -> None:
    done = importing.read(records, FIRST, NOW)
    assert done.manifest.format == 1
    with zipfile.ZipFile(FIRST) as packed:
        for name, rows in _rows(records).items():
            lines = packed.read(f"records/{name}.jsonl").splitlines()
            for line, row in zip(lines, rows, strict=name != "audit"):
                said = json.loads(line)
                plain = {k: v for k, v in row.items() if k in said}
                assert json.loads(archive.line_of(plain)) == said
