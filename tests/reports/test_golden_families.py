"""A small file of each family and locale, and beside it what it says, worked out by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.reports.test_golden import plain as in_words
from tests.test_arrows import imports
from tieout.reports import families
from tieout.reports.families import FAMILIES
from tieout.reports.report import recognise, stage_report

GOLDEN = Path(__file__).parent / "golden_families"
FILES = sorted(path for path in GOLDEN.iterdir() if not path.name.endswith(".expected.json"))


def plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else in_words(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_golden_file(path: Path, tmp_path: Path) -> None:
    """Pain 4 and 22: encodings, decimals and dates of every locale, with the columns found by name."""
    expected = json.loads((GOLDEN / f"{path.name}.expected.json").read_text("utf-8"))
    reading = stage_report(path, document_id="doc", target=tmp_path / "rows.parquet")
    found = reading.model_dump(mode="json")
    assert {key: found[key] for key in expected["reading"]} == expected["reading"]

    rows = pq.read_table(tmp_path / "rows.parquet")
    family = FAMILIES[reading.family]
    assert rows.schema.equals(family.schema)
    assert set(rows["document_id"].to_pylist()) <= {"doc"}
    # what is not written down is unknown: a blank is never read as 0
    assert [
        {name: plain(value) for name, value in row.items() if value is not None and name != "document_id"}
        for row in rows.to_pylist()
    ] == expected["rows"]
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]

    assert recognise(path) is family


def test_every_family_has_a_golden_file() -> None:
    assert {path.name.split("-")[0].split(".")[0] for path in FILES} == set(FAMILIES)


@pytest.mark.parametrize("path", sorted(Path(families.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_a_family_is_a_declaration_that_knows_no_reader(path: Path) -> None:
    own = {name for name in imports(path) if name.startswith("tieout")}
    assert own <= {"tieout.reports.family", "tieout.reports.families", "tieout.reports.json_values"}
