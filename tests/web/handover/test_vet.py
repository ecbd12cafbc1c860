"""A baby's record for the vet: PDF and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from tests.web.dashboard import Dashboard, dashboard
from tests.web.handover.a_baby import RED_CRUMB, raised
from web import journal
from web.handover import paper


@pytest.fixture(scope="module")
def shown(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("vet")
    (folder / "records.db").write_bytes(blank_sqlite.read_bytes())
    with dashboard(folder, box=[{"id": "nest", "name": "Nest"}]) as found:
        yield found


@pytest.fixture(scope="module")
def baby(shown: Dashboard) -> int:
    return raised(shown)


def words_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_pdf_tells_what_matters(shown: Dashboard, baby: int) -> None:
    answer = shown.client().get(f"/handover/baby/{baby}.pdf")
    assert answer.content_type == "application/pdf"
    assert unquote(answer.headers["Content-Disposition"]).endswith("Żółta-2026-11-22.pdf")
    said = words_of(answer.data)
    Path("/tmp/X/baby.pdf").write_bytes(answer.data)
    print(said)
