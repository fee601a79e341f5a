"""Rates are the European Central Bank's, exact and dated; a missing one leaves money unconverted, and is told."""

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
from tieout.warehouse.reference import exchange_rates

BANK = b"""Date,USD,JPY,AED,
2026-08-31,1.1,160,N/A,
2026-08-14,1.25,175.68,N/A,
"""


def test_rates_are_exact_and_held_for_seven_days_or_until_the_next() -> None:
    found = {(row["currency"], row["rate_on"]): row for row in exchange_rates(BANK, "EUR", {"USD", "JPY", "AED"})}
    assert set(found) == {(code, dt.date(2026, 8, day)) for code in ("USD", "JPY") for day in (14, 31)}
    dollar = found["USD", dt.date(2026, 8, 14)]
    assert (dollar["rate"], dollar["euro_rate"]) == (Decimal("0.8"), Decimal("1.25"))
    assert dollar["valid_until"] == dt.date(2026, 8, 21)
    assert found["JPY", dt.date(2026, 8, 14)]["rate"] == Decimal("0.005692167577")


def test_another_reporting_currency_goes_through_the_euro() -> None:
    found = {
        row["currency"]: row["rate"] for row in exchange_rates(BANK, "USD", {"USD", "JPY"}) if row["rate_on"].day == 31
    }
    assert found == {"EUR": Decimal("1.1"), "JPY": Decimal("0.006875")}


@pytest.mark.parametrize(("file", "reporting"), [(b"Day,USD\n2026-08-14,1.25\n", "EUR"), (BANK, "SAR"), (b"", "EUR")])
def test_what_is_no_file_of_rates_or_no_currency_of_the_bank_is_refused(file: bytes, reporting: str) -> None:
    with pytest.raises(ValueError, match="European Central Bank"):
        list(exchange_rates(file, reporting, {"USD"}))


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
            "SELECT currency, amount, reporting_currency, rate_on, converted_amount FROM mart.settlement_converted ORDER BY 1",
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
        Settlement([sale("367.00")], "2", "AED"),
    )
    warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=dt.date(2026, 8, 18), run_id="run")
    friday = dt.date(2026, 8, 14)  # the deposits are of Monday the 17th
    assert converted() == [
        ("AED", Decimal("367.00"), "EUR", None, None),
        ("USD", Decimal("10.00"), "EUR", friday, Decimal("8.00")),
    ]
    assert rows(warehouse, "SELECT subject, amount FROM mart.trouble WHERE kind = 'exchange_rate_missing'") == [
        ("AED EUR", Decimal("367.00"))
    ]
    rates(BANK.replace(b"175.68,N/A", b"175.68,4.5875"))
    assert converted()[0] == ("AED", Decimal("367.00"), "EUR", friday, Decimal("80.00"))
    assert rows(warehouse, "SELECT count(*) FROM mart.trouble WHERE kind = 'exchange_rate_missing'") == [(0,)]
    rates(BANK, "USD")
    assert converted()[1] == ("USD", Decimal("10.00"), "USD", dt.date(2026, 8, 17), Decimal("10.00"))
