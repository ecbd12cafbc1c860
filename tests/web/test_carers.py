"""Carers, their passphrases, the first-run code, and the commands for carers and tokens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.command_line import cli
from tests.web.cry_messages import NOW
from web import carers, tokens
from web.carers import CarerError, PassphraseError
from web.database import Database
from web.records import Carer, Token

WORDS = "correct horse battery"


def test_a_carer_signs_in_with_name_and_passphrase(database: Database) -> None:
    with database.writing() as session:
        assert not carers.any_carer(session)
        carers.add(session, " Ada  Lovelace ", WORDS, NOW)
    with database.reading() as session:
        assert carers.any_carer(session)
        found = carers.check(session, "ada lovelace", WORDS)
        assert found is not None
        assert found.name == "Ada Lovelace"
        assert carers.check(session, "Ada Lovelace", WORDS.upper()) is None
        assert carers.check(session, "Bea", WORDS) is None


def test_the_passphrase_itself_is_not_kept(records: Database) -> None:
    with records.writing() as session:
        carer = carers.add(session, "Ada", WORDS, NOW)
        assert carer.passphrase_hash.startswith("$argon2id$")
        assert WORDS not in carer.passphrase_hash


def test_accents_may_be_typed_on_any_keyboard(records: Database) -> None:
    with records.writing() as session:
        carers.add(session, "Ada", "cafe\u0301 cre\u0300me br\u00fbl\u00e9e", NOW)
    with records.reading() as session:
        assert carers.check(session, "Ada", "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e") is not None


@pytest.mark.parametrize(
    ("passphrase", "says"),
    [
        ("short", "at least 10 characters"),
        ("   short   ", "at least 10 characters"),
        ("aaaaaaaaaaaa", "more different"),
        ("Ada Lovelace", "other than the name"),
        ("x y z a b c" * 50, "at most 200"),
    ],
)
def test_a_passphrase_that_is_easy_to_guess_is_refused_in_plain_words(
    records: Database, passphrase: str, says: str
) -> None:
    with records.writing() as session, pytest.raises(PassphraseError, match=says):
        carers.add(session, "Ada Lovelace", passphrase, NOW)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "ada"])
def test_a_name_that_cannot_be_kept_is_refused(records: Database, name: str) -> None:
    with records.writing() as session:
        carers.add(session, "Ada", WORDS, NOW)
        with pytest.raises(CarerError):
            carers.add(session, name, WORDS, NOW)


def test_a_new_passphrase_ends_all_sign_ins(records: Database) -> None:
    with records.writing() as session:
        before = carers.add(session, "Ada", WORDS, NOW).session_key
        after = carers.reset(session, "Ada", "another one of these", NOW).session_key
        assert before != after
        assert carers.check(session, "Ada", WORDS) is None
        assert carers.check(session, "Ada", "another one of these") is not None


def test_the_code_lets_the_first_carer_in_and_then_nobody(tmp_path: Path) -> None:
    code = carers.setup_code(tmp_path)
    assert carers.setup_code(tmp_path) == code
    assert (tmp_path / "setup-code").stat().st_mode & 0o777 == 0o600
    assert carers.check_setup_code(tmp_path, code)
    assert carers.check_setup_code(tmp_path, code.upper().replace("-", " "))
    for wrong in ("", "-", code[:-1], code + "a"):
        assert not carers.check_setup_code(tmp_path, wrong)
    carers.forget_setup_code(tmp_path)
    assert not carers.check_setup_code(tmp_path, code)
    assert carers.setup_code(tmp_path) != code


def test_a_broken_hash_lets_nobody_in(records: Database) -> None:
    with records.writing() as session:
        session.add(Carer(name="Ada", passphrase_hash="x", session_key="y", created_at=NOW))
    with records.reading() as session:
        assert carers.check(session, "Ada", WORDS) is None


def test_a_token_is_as_good_as_its_hash(database: Database) -> None:
    with database.writing() as session:
        secret = tokens.add(session, "ha", NOW)
        assert len(secret) >= 43  # 256 bits
        with pytest.raises(tokens.TokenError, match="already"):
            tokens.add(session, "ha", NOW)
    with database.reading() as session:
        found = tokens.check(session, secret)
        assert found is not None
        assert tokens.is_stale(found, NOW)
        assert tokens.check(session, secret + "x") is None
        assert tokens.check(session, "\ud800") is None
    with database.writing() as session:
        tokens.note_use(session, found.id, NOW)
        tokens.revoke(session, "ha", NOW)
        assert tokens.check(session, secret) is None
    assert not tokens.is_stale(Token(last_used_at=NOW), NOW + timedelta(seconds=30))


class Shell:
    """The command line, on a state directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, typed: str = "") -> Result:
        environment = {"NURSERY_STATE_DIR": str(self.folder), "NURSERY_CONFIG": ""}
        return CliRunner().invoke(cli, words, input=typed, env=environment)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "state")


def test_carers_by_command(shell: Shell) -> None:
    code = carers.setup_code(shell.folder)
    added = shell.run("carer", "add", "Ada", typed=f"{WORDS}\n")
    assert (added.exit_code, added.output) == (0, "Ada may sign in.\n")
    assert not carers.check_setup_code(shell.folder, code)  # nobody else comes in that way
    assert shell.run("carer", "list").output.startswith("Ada\t")
    split = shell.run("carer", "add", "Bea\nof the night", typed=f"{WORDS}\n")
    assert split.output == "Bea of the night may sign in.\n"
    file = shell.folder / "words"
    file.write_text("a passphrase in a file\n")
    reset = shell.run("carer", "reset", "Ada", "--passphrase-file", str(file))
    assert (reset.exit_code, "signed out everywhere" in reset.output) == (0, True)


def test_the_first_carer_coordinates_and_others_when_they_are_named(shell: Shell) -> None:
    for name in ("Ada", "Bea"):
        shell.run("carer", "add", name, typed=f"{WORDS}\n")
    assert [line.endswith("\tcoordinator") for line in _carers(shell)] == [True, False]
    only = shell.run("carer", "coordinator", "ada", "--no")
    assert (only.exit_code, "only coordinator" in only.output) == (2, True)
    assert shell.run("carer", "coordinator", "Bea").exit_code == 0
    assert shell.run("carer", "coordinator", "Ada", "--no").exit_code == 0
    shell.run("carer", "add", "Cy", "--coordinator", typed=f"{WORDS}\n")
    assert [line.endswith("\tcoordinator") for line in _carers(shell)] == [False, True, True]


def _carers(shell: Shell) -> list[str]:
    return shell.run("carer", "list").output.splitlines()


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("carer", "add", "Ada"), "short\n", "at least 10 characters"),
        (("carer", "reset", "Bea"), f"{WORDS}\n", "no carer called Bea"),
        (("carer", "add", "Ada", "--passphrase-file", "/nowhere"), "", "/nowhere"),
        (("token", "revoke", "x"), "", "no token called x"),
        (("token", "add", " "), "", "1 to 60 characters"),
        (("token", "add", "a\nb"), "", "in one line"),
        (("token", "revoke", "\udcff"), "", "text in UTF-8"),
        (("carer", "add", "\udcff"), f"{WORDS}\n", "text in UTF-8"),
    ],
)
def test_a_command_that_cannot_says_so_in_one_line(
    shell: Shell, words: tuple[str, ...], typed: str, says: str
) -> None:
    done = shell.run(*words, typed=typed)
    assert done.exit_code == 2
    assert says in done.output
    assert done.output.startswith("nursery-monitor: ")
    assert done.output.count("\n") == 1


def test_tokens_by_command(shell: Shell) -> None:
    made = shell.run("token", "add", "ha")
    secret = made.stdout.strip()
    assert (made.exit_code, secret.startswith("nm_"), "\n" in secret) == (0, True, False)
    listed = shell.run("token", "list").output
    assert listed.startswith("ha\treads\t")
    assert secret not in listed
    assert shell.run("token", "revoke", "ha").exit_code == 0
    assert shell.run("token", "add", "scales", "--write").exit_code == 0
    assert shell.run("token", "list").output.startswith("scales\treads and writes\t")
