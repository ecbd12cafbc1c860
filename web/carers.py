"""Carers: who may sign in, and the code that lets the first one in.

Passphrases are kept as Argon2id hashes. The functions on a session take one of `Database`.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web import changes
from web.kept import kept
from web.records import Audit, Carer

SHORTEST, LONGEST = 10, 200  # characters of a passphrase
FEWEST_DIFFERENT = 5  # different characters in it
LONGEST_NAME = 60

# OWASP's second choice (19 MiB, 2 rounds, 1 lane): a sign-in costs a Pi Zero 2 some 0.3 s, and
# several at once do not exhaust its 512 MB.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What an unknown name is checked against, so that it takes as long as a known one.
NOBODY = HASHER.hash(secrets.token_hex(16))

CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
CODE_GROUPS, CODE_GROUP = 3, 4  # 31^12 codes: 59 bits


class CarerError(ValueError):
    """A carer cannot be kept like this; the text is in plain words."""


class PassphraseError(CarerError):
    """A passphrase is too easy to guess or cannot be kept; the text is in plain words."""


def add(session: Session, name: str, passphrase: str, now: datetime) -> Carer:
    """Let a carer sign in; the first one is a coordinator.

    Raises CarerError (the name is taken), PassphraseError.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise CarerError(f"a name has 1 to {LONGEST_NAME} characters")
    if named(session, name) is not None:
        raise CarerError(f"there is a carer called {name} already")
    carer = Carer(
        name=name,
        passphrase_hash=_hash(passphrase, name),
        session_key=secrets.token_hex(32),
        created_at=now,
        coordinator=not any_carer(session),
    )
    session.add(carer)
    session.flush()
    _tell(session, now, carer, "carer added")
    return carer


def appoint(session: Session, name: str, now: datetime, *, coordinator: bool) -> None:
    """Let a carer approve company across species, or no longer. Raises CarerError.

    A house keeps one coordinator at least: without one nobody could approve anything.
    """
    carer = _known(session, name)
    others = [one for one in everybody(session) if one.coordinator and one.id != carer.id]
    if not coordinator and not others:
        raise CarerError(f"{carer.name} is the only coordinator; name another one first")
    carer.coordinator = coordinator
    _tell(session, now, carer, "coordinator" if coordinator else "no longer coordinator")


def reset(session: Session, name: str, passphrase: str, now: datetime) -> Carer:
    """Give a carer a new passphrase and end all their sign-ins. Raises CarerError."""
    carer = _known(session, name)
    carer.passphrase_hash = _hash(passphrase, carer.name)
    carer.session_key = secrets.token_hex(32)
    _tell(session, now, carer, "passphrase reset")
    return carer


def check(session: Session, name: str, passphrase: str) -> Carer | None:
    """The carer, if name and passphrase are right; takes as long if they are not."""
    carer = named(session, name)
    try:
        HASHER.verify(carer.passphrase_hash if carer else NOBODY, _normal(passphrase))
    except (VerificationError, InvalidHashError):
        return None
    return carer


def named(session: Session, name: str) -> Carer | None:
    """The carer of that name; capitals do not matter, phones make them on their own."""
    wanted = " ".join(name.split()).casefold()
    return next((c for c in everybody(session) if c.name.casefold() == wanted), None)


def _known(session: Session, name: str) -> Carer:
    carer = named(session, name)
    if carer is None:
        known = ", ".join(c.name for c in everybody(session)) or "nobody yet"
        raise CarerError(f"there is no carer called {name}; there is: {known}")
    return carer


def everybody(session: Session) -> list[Carer]:
    """All carers by name; a house has a handful."""
    return list(session.scalars(select(Carer).order_by(Carer.name)))


def any_carer(session: Session) -> bool:
    """Whether anybody can sign in yet."""
    return bool(session.scalar(select(func.count(Carer.id))))


def _hash(passphrase: str, name: str) -> str:
    words = _normal(passphrase)
    if len(words) < SHORTEST:
        raise PassphraseError(
            f"use at least {SHORTEST} characters; three or four words are easy to remember"
        )
    if len(words) > LONGEST:
        raise PassphraseError(f"use at most {LONGEST} characters")
    if len(set(words)) < FEWEST_DIFFERENT:
        raise PassphraseError("use more different characters")
    if words.casefold() == _normal(name).casefold():
        raise PassphraseError("use something other than the name")
    return HASHER.hash(words)


def _normal(passphrase: str) -> str:
    """The same text however a keyboard composes its accents; lone surrogates cannot be hashed."""
    text = unicodedata.normalize("NFKC", passphrase).strip()
    return text.encode("utf-8", "replace").decode()


def _tell(session: Session, now: datetime, carer: Carer, action: str) -> None:
    session.add(Audit(at=now, by=None, action=action, subject=carer.name))
    changes.append(session, now, "carer", carer.id)


def setup_code(state_dir: Path) -> str:
    """The code that lets the first carer in; made when there is none.

    It lies in `<state_dir>/setup-code`, readable by its owner only, until the first carer is in;
    whoever starts the program is shown it. Raises OSError.
    """
    groups = (
        "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP)) for _ in range(CODE_GROUPS)
    )
    return kept(_code_path(state_dir), lambda: "-".join(groups))


def check_setup_code(state_dir: Path, given: str) -> bool:
    """Whether this is the code; capitals and dashes do not matter."""
    try:
        code = _code_path(state_dir).read_text(encoding="ascii").strip()
    except OSError:
        return False
    typed = "".join(letter for letter in given.casefold() if letter in CODE_LETTERS)
    return bool(code) and secrets.compare_digest(code.replace("-", ""), typed)


def forget_setup_code(state_dir: Path) -> None:
    """The first carer is in; nobody else comes in this way."""
    _code_path(state_dir).unlink(missing_ok=True)


def _code_path(state_dir: Path) -> Path:
    return state_dir / "setup-code"
