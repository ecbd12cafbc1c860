"""Writes `first_release.zip`: a small house in the format of the first release.

    python -m tests.web.handover.first_release

Once released the file is kept as it is: that is what it is for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.handover import whole_house
from web.database import open_database
from web.handover import export

TO = Path(__file__).with_name("first_release.zip")


def main() -> None:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/records.db")
        database.upgrade()
        with database.writing() as session:
            whole_house.fill(session, seed=1, rows=3)
        with database.reading() as session, TO.open("w+b") as out:
            export.write(session, out, datetime(2026, 11, 22, 2, 14, tzinfo=UTC))
        database.close()


if __name__ == "__main__":
    main()
