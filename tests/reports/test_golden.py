"""A small file of each locale, and beside it what it says, worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tieout.reports.settlement import LINES_SCHEMA, SETTLEMENTS_SCHEMA, stage_settlement

GOLDEN = Path(__file__).parent / "golden"
LINE = (
    "line_no", "source_column", "currency", "transaction_type", "amount_type", "amount_description", "amount",
    "posted_date", "posted_at", "sku", "quantity_purchased",
)  # fmt: skip
SETTLEMENT = (
    "settlement_id", "currency", "settlement_start_at", "settlement_end_at", "deposit_at", "control_total",
    "sum_of_lines", "lines", "summary_line_no",
)  # fmt: skip


def plain(value: object) -> object:
    """A value as the JSON beside a golden file spells it: money as text, instants in UTC without saying so."""
    if value is None or isinstance(value, int | str):
        return value
    if hasattr(value, "tzinfo"):
        return value.replace(tzinfo=None).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.txt")))
def test_golden_file(name: str, tmp_path: Path) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    lines_path, settlements_path = tmp_path / "lines.parquet", tmp_path / "settlements.parquet"
    reading = stage_settlement(
        GOLDEN / f"{name}.txt", document_id="doc", lines_path=lines_path, settlements_path=settlements_path
    )
    found = {key: getattr(reading, key) for key in ("layout", "encoding", "decimal", "dates", "file_lines")}
    assert found == {key: expected[key] for key in found}
    assert list(reading.unknown_columns) == expected["unknown_columns"]

    lines, settlements = pq.read_table(lines_path), pq.read_table(settlements_path)
    assert lines.schema.equals(LINES_SCHEMA)
    assert settlements.schema.equals(SETTLEMENTS_SCHEMA)
    assert [[plain(row[key]) for key in LINE] for row in lines.to_pylist()] == expected["lines"]
    assert [[plain(row[key]) for key in SETTLEMENT] for row in settlements.to_pylist()] == expected["settlements"]
    assert set(lines["document_id"].to_pylist()) == set(settlements["document_id"].to_pylist()) == {"doc"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lines.parquet", "settlements.parquet"]
