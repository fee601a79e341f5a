"""Appstore files that a person downloaded: what the API does not have, or does not give."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from simulator.appstore.files import yearly_sums
from tests.appstore.conftest import START, new_console
from tests.appstore.test_months import DEVELOPER
from tieout.documents import State
from tieout.intake.imports import import_id, receive_files
from tieout.intake.load import load_import
from tieout.intake.settling import check, read, settle
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse


def test_sums_of_2017_and_earnings_that_are_not_given_are_imported(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    """Sums have NA for their ids, a day for a time, and positive earnings for what was taken back."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "sales_2017.csv").write_bytes(yearly_sums(2017))
    earnings = new_console().amazon.appstore.reports.file("earnings", dt.date(2026, 6, 1), START)
    assert earnings
    (folder / "earnings_2026_06.zip").write_bytes(earnings)
    (listing,) = receive_files(lake, str(folder), DEVELOPER.name, [DEVELOPER])
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    name = import_id(str(folder), DEVELOPER.name)
    found = settle(lake, listing, Keys.import_outcomes(name, DEVELOPER.name))
    assert {outcome.state for outcome in found.outcomes} == {State.READY}
    assert {outcome.document.report_type for outcome in found.outcomes} == {
        "IMPORTED_APPSTORE_SALES",
        "IMPORTED_APPSTORE_EARNINGS",
    }
    staged = tmp_path / "staged"
    staged.mkdir()
    load_import(warehouse, lake, name, dt.date(2026, 8, 31), run_id="import", folder=staged)
    warehouse.build_marts()
    with warehouse.connect(read_only=True) as con:
        sums = con.execute(
            "SELECT count(*), sum(units), sum(sales), sum(refunds), sum(estimated_earnings) FROM mart.appstore_revenue"
        ).fetchall()
        ids = con.execute("SELECT DISTINCT invoice_id, transaction_id, booked_at FROM core.appstore_sale").fetchall()
        invoices = con.execute("SELECT DISTINCT state FROM mart.appstore_tie_out ORDER BY 1").fetchall()
    # twelve months of 40 sold for 199.60 and 2 refunded for 9.98
    assert sums == [
        (12, 12 * 38, 12 * Decimal("199.60"), 12 * Decimal("-9.98"), 12 * (Decimal("139.72") - Decimal("6.98")))
    ]
    assert ids == [(None, None, None)]
    assert invoices == [("not_covered",)]  # there is no sales report of 2018, and no earnings report of 2017
