"""From the Reporting API to the marts: what the books say, to the cent and the unit, whatever came when and however often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.appstore.marketplaces import MARKETPLACES
from tests.appstore.conftest import START, Console, new_console
from tests.appstore.test_months import DAY, only, prove, receive
from tieout.documents import Region
from tieout.intake.load import load_business_day
from tieout.lake import Lake
from tieout.warehouse import Warehouse

MARTS = (
    "appstore_revenue", "appstore_refund", "appstore_subscription_month", "appstore_subscription_gap", "appstore_tie_out",
    "appstore_payment",
)  # fmt: skip
COUNTRIES = {each.country: each.name for each in MARKETPLACES}


def run_day(console: Console, lake: Lake, warehouse: Warehouse, folder: Path, day: dt.date = DAY) -> None:
    """The run of one business day, and the warehouse's run that follows it."""
    receive(console, lake, day)
    prove(lake, day)
    folder.mkdir(exist_ok=True)
    load_business_day(warehouse, lake, Region.APPSTORE, day, run_id=str(day), folder=folder)
    warehouse.build_marts()


def marts(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    with warehouse.connect(read_only=True) as con:
        found = {name: con.execute(f"SELECT * FROM mart.{name} ORDER BY ALL").fetchall() for name in MARTS}
        # versions are numbered by when they came
        gap = [column[0] for column in con.execute("SELECT * FROM mart.appstore_subscription_gap").description]
    at = gap.index("document_id")
    found["appstore_subscription_gap"] = [row[:at] + row[at + 1 :] for row in found["appstore_subscription_gap"]]
    return found


def fresh(console: Console, lake_of: Any, tmp_path: Path, day: dt.date) -> dict[str, list[tuple[Any, ...]]]:
    """The marts of a first load of what Amazon says now."""
    warehouse = Warehouse(tmp_path / "fresh.duckdb")
    run_day(console, lake_of, warehouse, tmp_path / "fresh", day)
    return marts(warehouse)


@pytest.fixture
def other_lake(s3_client: Any) -> Iterator[Lake]:
    import uuid

    bucket = f"test-{uuid.uuid4().hex[:20]}"
    s3_client.create_bucket(Bucket=bucket)
    yield Lake(s3_client, bucket)
    s3_client.delete_bucket(Bucket=bucket)


def test_marts_equal_the_truth_of_27_months_and_11_marketplaces(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    console = new_console()
    run_day(console, lake, warehouse, tmp_path / "files")
    truth = console.amazon.appstore.truth()
    with warehouse.connect(read_only=True) as con:
        revenue = con.execute(
            "SELECT marketplace, strftime(month, '%Y-%m'), asin, app, currency, transactions, units, sales, refunds, "
            "chargebacks, estimated_earnings, adjustments FROM mart.appstore_revenue ORDER BY 2, 1, 3"
        ).fetchall()
        subscriptions = con.execute(
            "SELECT marketplace, strftime(month, '%Y-%m'), asin, trials_started, trials_ended, trials_active, paid_started, "
            "paid_ended, paid_refunded, paid_active FROM mart.appstore_subscription_month ORDER BY 2, 1, 3"
        ).fetchall()
        invoices = con.execute(
            "SELECT marketplace, strftime(month, '%Y-%m'), earnings, adjustments, tax_withheld, payable, payment_status, "
            "state, unexplained FROM mart.appstore_tie_out WHERE invoices IS NOT NULL ORDER BY 2, 1"
        ).fetchall()
        gaps = con.execute(
            "SELECT day, marketplace, difference FROM mart.appstore_subscription_gap ORDER BY 1"
        ).fetchall()
        payments = con.execute(
            "SELECT state, count(*), max(abs(difference)) FROM mart.appstore_payment GROUP BY 1 ORDER BY 1"
        ).fetchall()
    wanted = [
        (
            each["marketplace"], each["month"], each["asin"], each["app"], each["currency"], each["transactions"],
            each["units"],
            *(Decimal(each[name]) for name in ("sales_price", "refunds", "chargebacks", "earnings", "adjustments")),
        )
        for each in sorted(truth["sales"], key=lambda each: (each["month"], each["marketplace"], each["asin"]))
    ]  # fmt: skip
    assert len({row[1] for row in revenue}) >= 24
    assert {row[0] for row in revenue} == set(COUNTRIES.values())
    assert revenue == wanted
    of_kind: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for each in truth["subscriptions"]:
        key = (each["month"], each["marketplace"], each["asin"])
        of_kind.setdefault(key, {})[each["subscription_type"]] = each
    nothing = dict.fromkeys(("started", "ended", "active_at_end", "refunded"), 0)
    assert subscriptions == [
        (
            market, month, asin,
            *(found.get("trial", nothing)[name] for name in ("started", "ended", "active_at_end")),
            *(found.get("paid", nothing)[name] for name in ("started", "ended", "refunded", "active_at_end")),
        )
        for (month, market, asin), found in sorted(of_kind.items())
    ]  # fmt: skip
    # every invoice is what was estimated; what differs are adjustments and tax, which the invoice names
    assert [row[:7] for row in invoices] == [
        (each["marketplace"], each["month"], Decimal(each["earnings"]), Decimal(each["adjustments"]),
         Decimal(each["withheld"]), Decimal(each["net"]), each["payment_status"])
        for each in sorted(truth["earnings"], key=lambda each: (each["month"], each["marketplace"]))
    ]  # fmt: skip
    assert {row[7:] for row in invoices} == {("ties_out", Decimal("0.00"))}
    assert gaps == [(dt.date(2025, 11, 17), "Amazon.in", 1), (dt.date(2025, 11, 18), "Amazon.in", -1)]
    assert {row[0] for row in payments} == {"rejected", "ties_out"}
    assert max(row[2] for row in payments) == 0

    # run again, everything stays as it is
    before = marts(warehouse)
    run_day(console, lake, warehouse, tmp_path / "files")
    assert marts(warehouse) == before
    with warehouse.connect(read_only=True) as con:
        states = dict(con.execute("SELECT state, count(*) FROM ops.document GROUP BY 1").fetchall())
    assert states == {"loaded": 28 + 27 + 27 - 1 + 1, "skipped": 3 * 104 - 82}


def small(start: dt.datetime = START) -> Console:
    console = new_console(start)
    console.since = dt.date(2026, 4, 1)
    months = ("2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
    only(console, *(f"{kind}/{month}" for kind in ("sales", "subscription", "earnings") for month in months))
    return console


def test_days_that_come_one_by_one_end_as_one_load_does(
    lake: Lake, other_lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    """Six weeks in steps: months grow and are restated, adjustments of earlier sales come, earnings are made and paid."""
    console = small(START - dt.timedelta(days=46))
    versions = 0
    for step in (0, 1, 3, 18, 19, 5):
        console.pass_time(days=step)
        run_day(console, lake, warehouse, tmp_path / "files", console.clock.now().date() - dt.timedelta(days=1))
        with warehouse.connect(read_only=True) as con:
            versions = con.execute("SELECT count(*) FROM ops.document WHERE state = 'loaded'").fetchall()[0][0]
    assert console.clock.now().date() == START.date()
    assert versions > 15
    assert marts(warehouse) == fresh(small(), other_lake, tmp_path, DAY)


def test_an_adjustment_in_a_later_month_leaves_the_month_of_the_sale_as_it_was(
    lake: Lake, other_lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    console = small()
    run_day(console, lake, warehouse, tmp_path / "files")
    before = marts(warehouse)
    text = console.amazon.appstore.reports.text("sales", dt.date(2026, 8, 1), console.clock.now())
    assert text
    sold = console.amazon.appstore.reports.text("sales", dt.date(2026, 6, 1), console.clock.now())
    assert sold
    cells = next(line for line in sold.decode().splitlines() if ",In-App," in line and "Amazon.com," in line).split(",")
    cells[4:7] = ["08/20/26 10:00 PST", "Refund", "Yes"]
    cells[17:21] = [f"-{cells[17]}", "-0.10", "", ""]
    console.trouble.texts = {("sales", "2026-08"): text + ",".join(cells).encode() + b"\r\n"}
    console.pass_time(days=1)
    run_day(console, lake, warehouse, tmp_path / "files", DAY + dt.timedelta(days=1))
    after = marts(warehouse)
    june = dt.date(2026, 6, 1)
    assert [row for row in after["appstore_revenue"] if row[1] == june] == [
        row for row in before["appstore_revenue"] if row[1] == june
    ]
    august = dt.date(2026, 8, 1)

    def adjustments(found: dict[str, list[tuple[Any, ...]]]) -> Decimal:
        rows = found["appstore_revenue"]
        return sum((row[17] for row in rows if row[1:3] == (august, "Amazon.com")), Decimal(0))

    assert adjustments(after) - adjustments(before) == Decimal("-0.10")
    assert after == fresh(console, other_lake, tmp_path, DAY + dt.timedelta(days=1))


def test_a_month_that_is_taken_back_to_what_it_was_is_as_it_was(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    console = small()
    run_day(console, lake, warehouse, tmp_path / "files")
    before = [row for row in marts(warehouse)["appstore_revenue"] if row[1] == dt.date(2026, 7, 1)]
    text = console.amazon.appstore.reports.text("sales", dt.date(2026, 7, 1), console.clock.now())
    assert text
    console.trouble.texts = {("sales", "2026-07"): b"\r\n".join(text.splitlines()[:20]) + b"\r\n"}
    for number in (1, 2):
        console.pass_time(days=1)
        run_day(console, lake, warehouse, tmp_path / "files", DAY + dt.timedelta(days=number))
        now = [row for row in marts(warehouse)["appstore_revenue"] if row[1] == dt.date(2026, 7, 1)]
        if number == 1:
            assert sum(row[9] for row in now) == 19  # the header is no row
            console.trouble.texts = {}
    assert now == before
