"""A missing rate leaves money unconverted and is reported; newer rates, of any source, convert it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import rows
from tieout.documents import Region
from tieout.settings import settings
from tieout.warehouse import Warehouse, reference

BANK = b"""Date,USD,JPY,EGP,
2026-08-31,1.1,160,N/A,
2026-08-14,1.25,175.68,N/A,
"""


def test_settlements_are_converted_and_a_missing_rate_is_never_one(
    warehouse: Warehouse, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rival reads a missing rate as 1. Here the amount stays null, stands in mart.trouble, and newer rates mend it."""
    bank = tmp_path / "eurofxref-hist.csv"

    def rates(text: bytes, currency: str = "EUR") -> None:
        bank.write_bytes(text)
        own = dataclasses.replace(settings(), exchange_rates=bank, reporting_currency=currency)
        monkeypatch.setattr(reference, "settings", lambda: own)

    def converted() -> list[tuple[object, ...]]:
        warehouse.build_marts()
        found = rows(
            warehouse,
            "SELECT currency, amount, reporting_currency, rate_on, converted_amount, rate_source "
            "FROM mart.settlement_converted ORDER BY 1",
        )
        by_month = rows(
            warehouse, "SELECT currency, sum(converted_amount) FROM mart.month_converted GROUP BY 1 ORDER BY 1"
        )
        assert [(row[0], row[4]) for row in found] == by_month
        return found

    rates(BANK)
    outcome = shelf.ready(
        "acme_na.1",
        Settlement([sale("10.00")], "1", "USD"),
        Settlement([sale("367.00")], "2", "EGP"),
    )
    warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=dt.date(2026, 8, 18), run_id="run")
    friday = dt.date(2026, 8, 14)  # the deposits are of Monday the 17th
    assert converted() == [
        ("EGP", Decimal("367.00"), "EUR", None, None, None),
        ("USD", Decimal("10.00"), "EUR", friday, Decimal("8.00"), "ecb"),
    ]
    assert rows(warehouse, "SELECT subject, amount FROM mart.trouble WHERE kind = 'exchange_rate_missing'") == [
        ("EGP EUR", Decimal("367.00"))
    ]
    rates(BANK.replace(b"175.68,N/A", b"175.68,4.5875"))
    assert converted()[0] == ("EGP", Decimal("367.00"), "EUR", friday, Decimal("80.00"), "ecb")
    assert rows(warehouse, "SELECT count(*) FROM mart.trouble WHERE kind = 'exchange_rate_missing'") == [(0,)]
    rates(BANK, "USD")
    assert converted()[1] == ("USD", Decimal("10.00"), "USD", dt.date(2026, 8, 17), Decimal("10.00"), None)
