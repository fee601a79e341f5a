"""The demo's comparison of a source with the truth: it says what is missing, what is too much, and what differs by a cent."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from demo.sources import SOURCES, compare_sources
from tieout.models import models

TOLD = {
    "account": "a",
    "reimbursement_id": "1",
    "sku": "CUP",
    "fnsku": "X1",
    "reason": "Lost_Warehouse",
    "approved_at": "2026-08-10T10:00:00Z",
    "currency_unit": "EUR",
    "amount_total": "12.30",
    "quantity_reimbursed_cash": 1,
    "quantity_reimbursed_inventory": 0,
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA core")
        for name in {source.table for source in SOURCES.values()}:
            connection.execute(models()[name].create())
        connection.execute(
            "INSERT INTO core.reimbursement BY NAME SELECT 'EU' AS region, 'a' AS account, 'd' AS document_id, 2 AS line_no, "
            "TIMESTAMPTZ '2026-08-30 00:00:00+00' AS as_of, '1' AS reimbursement_id, 'CUP' AS sku, 'X1' AS fnsku, "
            "'Lost_Warehouse' AS reason, TIMESTAMPTZ '2026-08-10 10:00:00+00' AS approved_at, DATE '2026-08-10' AS approved_on, "
            "'EUR' AS currency, 12.30 AS amount, 1 AS quantity_in_cash, 0 AS quantity_in_stock"
        )
    return path


@pytest.mark.parametrize(
    ("told", "equal", "wrong"),
    [
        ([TOLD], 1, 0),
        ([{**TOLD, "amount_total": "12.31"}], 0, 2),
        ([{**TOLD, "quantity_reimbursed_cash": None}], 0, 2),
        ([TOLD, TOLD], 1, 1),
        ([], 0, 1),
        ([TOLD, {**TOLD, "reimbursement_id": "2", "approved_at": "2026-08-29T00:00:00Z"}], 1, 0),
    ],
    ids=["equal", "a cent", "unknown is not one", "told twice", "not told", "a day that is not compared"],
)
def test_a_source_is_compared_row_by_row(
    warehouse: Path, told: list[dict[str, object]], equal: int, wrong: int
) -> None:
    truth = {name: told if name == "reimbursements" else [] for name in SOURCES}
    found = {each.source: each for each in compare_sources(warehouse, truth, dt.date(2026, 8, 2), dt.date(2026, 8, 29))}
    assert (found["reimbursements"].equal, len(found["reimbursements"].wrong)) == (equal, wrong)
    assert all(not each.wrong for name, each in found.items() if name != "reimbursements")
